//! Reading files: columns, labels, time, lines.

use super::*;

#[test]
fn windows_are_what_the_files_hold() {
    let data = load_folder(&ten(), &cutting(8, 4)).unwrap();
    assert_eq!(data.classes, ["rest", "walk"]);
    assert_eq!(data.channel_names, ["a", "b"]);
    let all = [&data.train, &data.valid, &data.test];
    // Of 20 samples four windows, of 12 two, in ten recordings.
    assert_eq!(all.map(Sequences::len).iter().sum::<usize>(), 60);
    for part in all {
        for i in 0..part.len() {
            let window = part.window(i);
            let class = part.targets.values()[i] as i16;
            let start = 100 * (part.groups[i] as i16 - 1) + 50 * (1 - class);
            let offset = (window[0] as i16 - start) ^ 1;
            assert!([0, 4, 8, 12].contains(&offset), "{offset}");
            for (step, sample) in window.chunks(2).enumerate() {
                let value = f32::from(start + ((offset + step as i16) ^ 1));
                assert_eq!(sample, [value, -value]);
            }
        }
    }
}

#[test]
fn columns_labels_and_recordings_are_told_apart() {
    let text = "# made by hand\nrecording,time,label,a\nr1,0,x,1\nr1,1,x,2\nr1,2,,9\nr1,3,x,3\nr2,4,x,4\nr2,5,y,5\n\
                r1,6,x,6\n\nr1,7,x,7\n";
    let one = folder(&[("a.csv", text.into())]);
    let source = locate(one.path()).unwrap();
    let found = read::read(
        source.paths().unwrap(),
        Wanted::default(),
        &Budget::of_data_set(),
    )
    .unwrap();
    assert_eq!(found.channels, ["a"]);
    assert_eq!(found.unlabelled, 1);
    let runs: Vec<(&str, &str, &[i16], u64)> = (found.runs.iter())
        .map(|run| {
            let (label, recording) = (&*found.labels[run.label], &*found.recordings[run.recording]);
            (label, recording, &run.counts[..], run.line)
        })
        .collect();
    assert_eq!(
        runs,
        [
            ("x", "r1", &[1, 2][..], 3),
            ("x", "r1", &[3], 6),
            ("x", "r2", &[4], 7),
            ("y", "r2", &[5], 8),
            // It comes back later, and a blank line is a gap.
            ("x", "r1", &[6], 9),
            ("x", "r1", &[7], 11),
        ]
    );
}

#[test]
fn a_column_that_counts_or_tells_recordings_apart_is_no_channel() {
    for column in [
        "timestamp",
        "Time",
        "Subject",
        "index",
        "t_ms",
        "reading",
        "rig",
    ] {
        let files: Vec<(String, String)> = (0..6)
            .map(|recording| {
                let mut text = format!("{column},label,x,y,z\n");
                for (part, label) in ["moving", "still"].into_iter().enumerate() {
                    for i in 0..60 {
                        let value = match column {
                            "Subject" | "rig" => recording,
                            _ => 60 * part + i,
                        };
                        let before = format!("{value},{label}");
                        text += &noisy(&before, 1000 * recording + 100 * part + i, 1);
                    }
                }
                (format!("{recording}.csv"), text)
            })
            .collect();
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        let all = folder(&files);
        let loaded = load_all(&all, &cutting(10, 5)).unwrap();
        assert_eq!(loaded.data.channel_names, ["x", "y", "z"], "{column}");
        if column != "Time" {
            assert!(
                has_note(&loaded, &["channels", column, "--channels"]),
                "{column}: {:?}",
                loaded.own.notes
            );
        }
        // Where the user names them, they are what he says.
        let named = Cutting {
            channels: vec!["z".into(), column.into()],
            ..cutting(10, 5)
        };
        assert_eq!(
            load_folder(&all, &named).unwrap().channel_names,
            ["z", column]
        );
    }
    let counting = folder(&[("a.csv", {
        let rows = (0..200).map(|i| format!("{},{i}\n", ["x", "y"][i / 100]));
        format!("label,a\n{}", rows.collect::<String>())
    })]);
    let error = error_of(&counting, &cutting(8, 4));
    assert!(
        error.contains("no column is a channel") && error.contains("--channels"),
        "{error}"
    );
}

#[test]
fn names_of_classes_and_channels_are_those_of_the_run() {
    let text = |header: &str, i: usize, label: &str| format!("{header}\n{}", noisy(label, i, 60));
    let files = |header: &str, labels: [&str; 2]| {
        let all: Vec<(String, String)> = (0..8)
            .map(|i| (format!("{i}.csv"), text(header, i, labels[i % 2])))
            .collect();
        let all: Vec<(&str, String)> = all
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        folder(&all)
    };
    let before = load_all(&files("label,x,y,z", ["a", "b"]), &cutting(10, 10)).unwrap();
    let kept = before.own.cutting;
    // Columns in another order: the channels are where they were.
    let moved = {
        let swap = |text: String| -> String {
            text.lines()
                .map(|line| {
                    let fields: Vec<&str> = line.split(',').collect();
                    format!("{},{},{},{}\n", fields[3], fields[0], fields[1], fields[2])
                })
                .collect()
        };
        let all: Vec<(String, String)> = (0..8)
            .map(|i| {
                (
                    format!("{i}.csv"),
                    swap(text("label,x,y,z", i, ["a", "b"][i % 2])),
                )
            })
            .collect();
        let all: Vec<(&str, String)> = all
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        folder(&all)
    };
    let after = load_folder(&moved, &kept).unwrap();
    assert_eq!(
        (&after.test, &after.channel_names),
        (&before.data.test, &before.data.channel_names)
    );
    // A class that was added or is called otherwise.
    let error = error_of(&files("label,x,y,z", ["c", "b"]), &kept);
    for part in ["the classes are b, c, not a, b", "knows no \"c\""] {
        assert!(error.contains(part), "{error}");
    }
    let error = error_of(&files("label,x,y,w", ["a", "b"]), &kept);
    let both = "trained on are x, y, z, the columns are label, x, y, w: it lacks z";
    assert!(
        error.contains(both) && error.matches("it lacks").count() == 1,
        "{error}"
    );
    // Files whose columns are in different orders have the same channels.
    let mixed = folder(&[
        ("a.csv", format!("label,x,y\n{}", "a,1,2\n".repeat(9))),
        ("b.csv", format!("y,x,label\n{}", "2,1,b\n".repeat(9))),
    ]);
    let found = read::read(
        locate(mixed.path()).unwrap().paths().unwrap(),
        Wanted::default(),
        &Budget::of_data_set(),
    )
    .unwrap();
    assert!(found.runs.iter().all(|run| run.counts == [1, 2].repeat(9)));
}

#[test]
fn a_blank_line_is_a_gap() {
    let gestures = |label: &str, seed: usize| -> String {
        (0..20).map(|k| noisy(label, seed + k, 30) + "\n").collect()
    };
    let text = format!(
        "label,x,y,z\n{}{}",
        gestures("flex", 0),
        gestures("punch", 100)
    );
    let crlf = text.replace('\n', "\r\n");
    let commas = text.replace("\n\n", "\n,,,\n");
    for text in [text, crlf, commas] {
        let one = folder(&[("a.csv", text)]);
        let loaded = load_all(&one, &cutting(30, 5)).unwrap();
        // A window a gesture, and none across two.
        assert_eq!(windows_of(&loaded).iter().flatten().sum::<usize>(), 40);
        assert_eq!(windows_of(&loaded), [[12, 4, 4]; 2]);
    }
}

#[test]
fn the_rate_is_measured_and_gaps_in_time_break_windows() {
    let recording = |label: &str, seed: usize, step: usize| {
        let mut text = "label,time,x,y,z\n".to_owned();
        let mut time = 1_700_000_000_000;
        for i in 0..500 {
            time += step + if i % 100 == 99 { 3000 } else { 0 };
            text += &noisy(&format!("{label},{time}"), 1000 * seed + i, 1);
        }
        text
    };
    let all = |steps: [usize; 2]| {
        let files: Vec<(String, String)> = (0..8)
            .map(|i| {
                (
                    format!("{i}.csv"),
                    recording(["walk", "run"][i % 2], i, steps[i % 2]),
                )
            })
            .collect();
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        folder(&files)
    };
    let folder = all([10, 10]);
    let loaded = load_all(&folder, &cutting(50, 50)).unwrap();
    assert_eq!(loaded.data.sample_rate_hz, 100.0);
    assert_eq!(loaded.own.cutting.rate_hz, Some(100.0));
    // 99, 100, 100, 100, 100 and 1 samples between the gaps.
    assert_eq!(windows_of(&loaded).iter().flatten().sum::<usize>(), 8 * 9);
    assert!(has_note(&loaded, &["100 samples a second", "milliseconds"]));
    assert!(has_note(&loaded, &["40 gaps"]), "{:?}", loaded.own.notes);
    let stated = |rate| Cutting {
        rate_hz: Some(rate),
        ..cutting(50, 50)
    };
    let error = error_of(&folder, &stated(50.0));
    for part in ["said to be 50", "it is 100", "--rate"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(
        load_folder(&folder, &stated(101.0)).unwrap().sample_rate_hz,
        101.0
    );
    let error = error_of(&all([10, 20]), &cutting(50, 50));
    assert!(error.contains("different rates"), "{error}");
    // Without a time column the rate is what is said, or assumed and that is said.
    let loaded = load_all(&ten(), &cutting(8, 4)).unwrap();
    assert_eq!(loaded.data.sample_rate_hz, 50.0);
    assert!(has_note(&loaded, &["50", "assumed", "--rate"]));
    assert_eq!(
        load_folder(
            &ten(),
            &Cutting {
                rate_hz: Some(25.0),
                ..cutting(8, 4)
            }
        )
        .unwrap()
        .sample_rate_hz,
        25.0
    );
}

#[test]
fn recordings_of_different_rates_in_one_file_are_refused() {
    let text = |fast: usize| -> String {
        let rows = (0..12).flat_map(|k| {
            (0..60).map(move |i| {
                let time = i * if k < 8 { 20 } else { fast };
                noisy(&format!("r{k},{time},{}", ["a", "b"][k % 2]), 60 * k + i, 1)
            })
        });
        format!(
            "recording,time_ms,label,x,y,z\n{}",
            rows.collect::<String>()
        )
    };
    let error = error_of(&folder(&[("a.csv", text(10))]), &cutting(10, 10));
    for part in [
        "different rates",
        "recording r0 in",
        "recording r8 in",
        "100",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let one = folder(&[("a.csv", text(20))]);
    assert_eq!(
        load_folder(&one, &cutting(10, 10)).unwrap().sample_rate_hz,
        50.0
    );
}

#[test]
fn a_rate_that_coarse_stamps_do_not_tell_is_as_stated() {
    let text = |k: usize| -> String {
        let rows = (0..100).map(|i| {
            let time = format!("2024-01-01 10:00:{:02},{}", i / 50, ["a", "b"][k % 2]);
            noisy(&time, 100 * k + i, 1)
        });
        format!("time,label,x,y,z\n{}", rows.collect::<String>())
    };
    let files: Vec<(String, String)> = (0..8).map(|k| (format!("{k}.csv"), text(k))).collect();
    let files: Vec<(&str, String)> = (files.iter())
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let all = folder(&files);
    let stated = Cutting {
        rate_hz: Some(25.0),
        ..cutting(10, 10)
    };
    for (cutting, rate, word) in [(stated, 25.0, "stated"), (cutting(10, 10), 50.0, "assumed")] {
        let loaded = load_all(&all, &cutting).unwrap();
        assert_eq!(loaded.data.sample_rate_hz, rate);
        assert!(has_note(&loaded, &["share each stamp", word]));
    }
}

#[test]
fn labels_are_ordered_by_value_and_slips_are_told() {
    let text = |i: usize, label: &str| format!("label,x,y,z\n{}", noisy(label, i, 60));
    let of = |labels: &[&str]| {
        let files: Vec<(String, String)> = (0..3 * labels.len())
            .map(|i| (format!("{i}.csv"), text(i, labels[i % labels.len()])))
            .collect();
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        load_all(&folder(&files), &cutting(10, 10)).unwrap()
    };
    let numbers: Vec<String> = (0..12).map(|i| i.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert_eq!(of(&numbers).data.classes, numbers);
    let loaded = of(&["walk", "Walk", "rest"]);
    assert_eq!(loaded.data.classes, ["Walk", "rest", "walk"]);
    assert!(has_note(&loaded, &["warning", "\"Walk\" and \"walk\""]));
    // A label that begins with # is one, a missing one is none.
    let loaded = of(&["#1 walk", "rest", "nan", ""]);
    assert_eq!(loaded.data.classes, ["#1 walk", "rest"]);
    assert!(
        has_note(&loaded, &["360 rows have no label"]),
        "{:?}",
        loaded.own.notes
    );
    assert_eq!(windows_of(&loaded), [[6, 6, 6]; 2]);
}

#[test]
fn folders_that_are_not_read_and_groups_that_look_alike_are_told() {
    let all = ten();
    assert!(!has_note(
        &load_all(&all, &cutting(8, 4)).unwrap(),
        &["not read"]
    ));
    for name in ["more", "other", "notes", ".hidden"] {
        let below = all.path().join(name);
        std::fs::create_dir(&below).unwrap();
        let file = if name == "notes" { "a.txt" } else { "a.CSV" };
        std::fs::write(below.join(file), "label,a\n").unwrap();
    }
    let deep = all.path().join("phone/walk/anna");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("a.csv"), "x\n").unwrap();
    std::fs::write(all.path().join("all.Parquet"), "PAR1").unwrap();
    let loaded = load_all(&all, &cutting(8, 4)).unwrap();
    assert!(
        has_note(
            &loaded,
            &["warning", "4 files or folders", "the first is all.Parquet"]
        ),
        "{:?}",
        loaded.own.notes
    );
    let of = |groups: [&str; 4]| {
        let parts = groups.iter().enumerate().map(|(i, group)| {
            let parts = ["a", "b"].map(|label| {
                noisy(
                    &format!("{label},{group}"),
                    2 * i + usize::from(label == "b"),
                    40,
                )
            });
            parts.concat()
        });
        let text = format!("label,subject,x,y,z\n{}", parts.collect::<String>());
        load_all(&folder(&[("a.csv", text)]), &cutting(10, 10)).unwrap()
    };
    let loaded = of(["1", "1.0", "01", "2"]);
    assert!(
        has_note(
            &loaded,
            &[
                "\"1\" and \"1.0\" of column subject are two groups",
                "1 more"
            ]
        ),
        "{:?}",
        loaded.own.notes
    );
    assert!(has_note(
        &of(["P1", "p1", "P2", "P3"]),
        &["\"P1\" and \"p1\""]
    ));
    assert!(!has_note(&of(["1", "2", "10", "12"]), &["two groups"]));
}

#[test]
fn what_a_mac_keeps_beside_files_is_no_recording() {
    let all = ten();
    for i in 0..10 {
        std::fs::write(
            all.path().join(format!("._{i}.csv")),
            b"\x00\x05\x16\x07\x00",
        )
        .unwrap();
    }
    std::fs::write(all.path().join(".hidden.csv"), "no header").unwrap();
    assert_eq!(
        load_folder(&all, &cutting(8, 4)).unwrap(),
        load_folder(&ten(), &cutting(8, 4)).unwrap()
    );
}

#[test]
fn names_are_one_whatever_form_of_unicode_they_are_written_in() {
    let names = [
        ["Gehen \u{fc}", "J\u{fc}rg"],
        ["Gehen u\u{308}", "Ju\u{308}rg"],
    ];
    let files: Vec<(String, String)> = (0..12)
        .map(|i| {
            let [walk, person] = names[i / 2 % 2];
            let label = if i % 2 == 0 { walk } else { "rest" };
            let person = if i < 4 { person } else { ["a", "b"][i / 8] };
            let rows = noisy(&format!("{label},{person}"), i, 60);
            (format!("{i}.csv"), format!("label,subject,x,y,z\n{rows}"))
        })
        .collect();
    let files: Vec<(&str, String)> = (files.iter())
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let place = folder(&files);
    let loaded = load_all(&place, &cutting(10, 10)).unwrap();
    assert_eq!(loaded.data.classes, ["Gehen \u{fc}", "rest"]);
    assert!(has_note(
        &loaded,
        &["two forms of Unicode", "Gehen \u{fc}, J\u{fc}rg"]
    ));
    let people: std::collections::BTreeSet<&String> = loaded.own.unit_names.iter().collect();
    assert_eq!(people.len(), 3, "{people:?}");
    // A run whose classes are kept in the other form.
    let mut kept = loaded.own.cutting.clone();
    kept.classes[0] = names[1][0].into();
    let again = load_all(&place, &kept).unwrap();
    assert_eq!(again.data.train, loaded.data.train);
    assert_eq!(again.data.classes[0], names[1][0]);
}

#[test]
fn a_header_that_stands_twice_is_told() {
    let text = format!("label,x,y,z\n{}label,x,y,z\n", noisy("a", 1, 60));
    let place = folder(&[("a.csv", text)]);
    let error = format!("{:#}", load_all(&place, &cutting(10, 10)).unwrap_err());
    assert!(
        error.contains("line 62") && error.contains("the header stands here again"),
        "{error}"
    );
}

#[test]
fn comments_within_a_run_are_lines_of_the_file() {
    let mut text = String::from("label,a\n");
    for i in 0..40 {
        if i == 13 {
            text += "# a remark\n#another\n";
        }
        text += &format!("x,{i}\n");
    }
    let one = folder(&[("a.csv", text)]);
    let files = [one.path().join("a.csv")];
    for size in [1, 64, 1 << 20] {
        let found = read::read_in_blocks(&files, Wanted::default(), &Budget::of_data_set(), size);
        let found = found.unwrap();
        assert_eq!(found.runs.len(), 1);
        let spots = &found.runs[0].spots;
        let line = |sample| spots.get(sample).unwrap().to_string();
        assert_eq!(
            (line(0), line(12), line(13), line(39)),
            (
                "line 2".into(),
                "line 14".into(),
                "line 17".into(),
                "line 43".into()
            )
        );
    }
}
