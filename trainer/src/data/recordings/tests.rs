use super::*;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Rows of one label: channel `a` is `from` and a number that goes up and down, channel `b` is its negative.
fn rows(label: &str, from: i16, samples: usize) -> String {
    let mut text = String::new();
    for i in 0..samples as i16 {
        writeln!(text, "{label},{},{}", from + (i ^ 1), -(from + (i ^ 1))).unwrap();
    }
    text
}

/// Noise that no two seeds share.
fn noise(seed: usize, i: usize) -> i16 {
    let mixed = ((seed * 1_000_003 + i) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 48) as u16 as i16 / 40
}

/// Rows of noise in three channels.
fn noisy(before: &str, seed: usize, samples: usize) -> String {
    let mut text = String::new();
    for i in 0..samples {
        let [x, y, z] = [0, 1, 2].map(|channel| noise(3 * seed + channel, i));
        writeln!(text, "{before},{x},{y},{z}").unwrap();
    }
    text
}

fn file(parts: &[String]) -> String {
    format!("label,a,b\n{}", parts.concat())
}

fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn cutting(steps: usize, hop: usize) -> Cutting {
    Cutting {
        steps,
        hop,
        ..Cutting::default()
    }
}

fn load_folder(folder: &tempfile::TempDir, cutting: &Cutting) -> Result<Dataset> {
    load(&locate(folder.path())?, cutting, &Holdout::Standard)
}

fn load_all(folder: &tempfile::TempDir, cutting: &Cutting) -> Result<Loaded> {
    load_whole(&locate(folder.path())?, cutting, &Holdout::Standard)
}

fn error_of(folder: &tempfile::TempDir, cutting: &Cutting) -> String {
    format!("{:#}", load_folder(folder, cutting).unwrap_err())
}

fn has_note(loaded: &Loaded, parts: &[&str]) -> bool {
    let notes = &loaded.own.notes;
    notes
        .iter()
        .any(|note| parts.iter().all(|part| note.contains(part)))
}

/// Windows of each class in training, validation and test.
fn windows_of(loaded: &Loaded) -> Vec<[usize; 3]> {
    let rows = loaded.own.overview.classes.iter();
    rows.map(|row| [row.train, row.valid, row.test]).collect()
}

/// Ten recordings, each with both classes.
fn ten() -> tempfile::TempDir {
    let text = |i: i16| file(&[rows("walk", 100 * i, 20), rows("rest", 100 * i + 50, 12)]);
    let names: Vec<String> = (0..10).map(|i| format!("{i}.csv")).collect();
    let files: Vec<(&str, String)> = (names.iter().zip(0..))
        .map(|(name, i)| (name.as_str(), text(i)))
        .collect();
    folder(&files)
}

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
fn no_recording_is_in_two_splits_and_every_class_is_in_all() {
    let data = load_folder(&ten(), &cutting(8, 4)).unwrap();
    let parts = [&data.train, &data.valid, &data.test];
    for (i, part) in parts.iter().enumerate() {
        assert!(part.class_counts(2).iter().all(|&count| count > 0), "{i}");
        for other in &parts[..i] {
            assert!(
                part.groups
                    .iter()
                    .all(|group| !other.groups.contains(group))
            );
        }
    }
    // A fifth each of ten recordings.
    assert_eq!((data.test.len(), data.valid.len()), (12, 12));
    let again = load_folder(&ten(), &cutting(8, 4)).unwrap();
    assert_eq!(again, data);
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
fn a_recording_is_its_name_over_all_places_and_files() {
    let table = |order: &[(&str, usize)]| -> String {
        let parts = order.iter().map(|(label, person)| {
            let seed = 10 * person + usize::from(*label == "b");
            noisy(&format!("p{person},{label}"), seed, 40)
        });
        format!("recording,label,x,y,z\n{}", parts.collect::<String>())
    };
    let by_label: Vec<(&str, usize)> = ["a", "b"]
        .into_iter()
        .flat_map(|label| (1..=6).map(move |p| (label, p)))
        .collect();
    let by_person: Vec<(&str, usize)> = (1..=6)
        .flat_map(|p| ["a", "b"].map(|label| (label, p)))
        .collect();
    let sorted = folder(&[("all.csv", table(&by_label))]);
    let grouped = folder(&[("all.csv", table(&by_person))]);
    let (first, second) = (table(&by_label[..6]), table(&by_label[6..]));
    let two_files = folder(&[("first.csv", first), ("second.csv", second)]);
    let cutting = cutting(10, 10);
    let expected = load_all(&grouped, &cutting).unwrap();
    assert!(
        expected
            .own
            .overview
            .classes
            .iter()
            .all(|row| row.recordings == 6)
    );
    for other in [sorted, two_files] {
        let loaded = load_all(&other, &cutting).unwrap();
        assert_eq!(loaded.own.overview, expected.own.overview);
        let persons = |part: &Sequences| part.groups.iter().copied().collect::<BTreeSet<u32>>();
        let data = &loaded.data;
        assert!(persons(&data.train).is_disjoint(&persons(&data.test)));
        assert!(persons(&data.train).is_disjoint(&persons(&data.valid)));
        assert_eq!(data.train, expected.data.train);
    }
}

#[test]
fn a_column_of_persons_keeps_each_in_one_split() {
    let recordings: Vec<(String, String)> = (0..12)
        .map(|i| {
            let text = ["a", "b"].map(|label| {
                let seed = 2 * i + usize::from(label == "b");
                noisy(&format!("{label},{}", 10 + i / 3), seed, 40)
            });
            (
                format!("{i:02}.csv"),
                format!("label,Subject,x,y,z\n{}", text.concat()),
            )
        })
        .collect();
    let files: Vec<(&str, String)> = recordings
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let all = folder(&files);
    let loaded = load_all(&all, &cutting(10, 10)).unwrap();
    assert_eq!(loaded.own.cutting.split.as_ref().unwrap().by, By::Group);
    let lines = loaded.own.overview.lines();
    assert!(lines[0].contains("by column Subject"), "{lines:?}");
    let named = &loaded.own.overview.units;
    assert_eq!(
        [named.train.len(), named.valid.len(), named.test.len()],
        [2, 1, 1]
    );
    assert_eq!(lines[3], format!("test: {}", named.test[0]));
    let persons = |part: &Sequences| -> BTreeSet<u32> {
        part.groups.iter().map(|group| (group - 1) / 3).collect()
    };
    let parts = [&loaded.data.train, &loaded.data.valid, &loaded.data.test].map(persons);
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), 4);
    // By the numbers that the column gives them.
    let holdout = Holdout::Subjects(vec![10 + *parts[1].first().unwrap()]);
    let held = load_whole(&locate(all.path()).unwrap(), &cutting(10, 10), &holdout).unwrap();
    assert_eq!(held.data.valid, loaded.data.valid);
    assert_eq!(held.data.test, loaded.data.test);
    // Two persons are too few to train on one, choose by another and test on a third.
    let few = folder(&files[..6]);
    let error = error_of(&few, &cutting(10, 10));
    for part in ["\"a\" is in 2 groups, it takes 1 more", "--group none"] {
        assert!(error.contains(part), "{error}");
    }
    let none = Cutting {
        group: Some("none".into()),
        ..cutting(10, 10)
    };
    let loaded = load_all(&few, &none).unwrap();
    assert_eq!(loaded.own.cutting.split.unwrap().by, By::Recording);
}

#[test]
fn the_same_content_counts_once_and_is_in_one_split() {
    let recording = |i: usize| {
        let label = ["a", "b"][i % 2];
        (
            format!("{i}.csv"),
            format!("label,x,y,z\n{}", noisy(label, i, 60)),
        )
    };
    let mut files: Vec<(String, String)> = (0..10).map(recording).collect();
    let alone = {
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        load_all(&folder(&files), &cutting(10, 10)).unwrap()
    };
    for i in 0..10 {
        let (name, text) = recording(i);
        files.push((name.replace(".csv", " (1).csv"), text));
        // A part of it, under a third name.
        let (_, text) = recording(i);
        let part: String = text
            .lines()
            .take(41)
            .map(|line| format!("{line}\n"))
            .collect();
        files.push((format!("part-{i}.csv"), part));
    }
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let loaded = load_all(&folder(&files), &cutting(10, 10)).unwrap();
    assert!(
        has_note(
            &loaded,
            &["10 intervals are there twice", "(1).csv", "is a copy of"]
        ),
        "{:?}",
        loaded.own.notes
    );
    // Six windows of each recording, four of each part; the copies do not count.
    let count = |loaded: &Loaded| windows_of(loaded).iter().flatten().sum::<usize>();
    assert_eq!((count(&alone), count(&loaded)), (60, 100));
    let first_values = |part: &Sequences| -> BTreeSet<String> {
        (0..part.len())
            .map(|i| format!("{:?}", &part.window(i)[..6]))
            .collect()
    };
    let data = &loaded.data;
    let [train, valid, test] = [&data.train, &data.valid, &data.test].map(first_values);
    assert!(train.is_disjoint(&test) && train.is_disjoint(&valid) && valid.is_disjoint(&test));
    // Samples with two labels are told, and stay together.
    let mut twice: Vec<(&str, String)> = files[..10].to_vec();
    twice.push(("odd.csv", files[0].1.replace("a,", "b,")));
    let loaded = load_all(&folder(&twice), &cutting(10, 10)).unwrap();
    assert!(
        has_note(
            &loaded,
            &[
                "1 intervals are there with two labels",
                "odd.csv",
                "is \"b\""
            ]
        ),
        "{:?}",
        loaded.own.notes
    );
}

#[test]
fn short_gestures_between_long_idle_stretches_are_all_trained_and_tested() {
    let person = |person: usize| {
        let mut text = "label,x,y,z\n".to_owned();
        text += &noisy("idle", 1000 * person, 3000);
        for (g, gesture) in ["circle", "wave"].into_iter().enumerate() {
            for k in 0..12 {
                text += &noisy(gesture, 1000 * person + 100 * (g + 1) + k, 150);
                text += &noisy("", 1000 * person + 500 + 20 * g + k, 40);
            }
        }
        text
    };
    let all = folder(&[("person0.csv", person(0)), ("person1.csv", person(1))]);
    let loaded = load_all(&all, &Cutting::default()).unwrap();
    assert_eq!(loaded.data.classes, ["circle", "idle", "wave"]);
    let [circle, idle, wave] = windows_of(&loaded)[..] else {
        panic!()
    };
    for gesture in [circle, wave] {
        assert_eq!(gesture.iter().sum::<usize>(), 24);
        assert!(
            gesture[1].abs_diff(5) <= 1 && gesture[2].abs_diff(5) <= 1,
            "{gesture:?}"
        );
    }
    // Two stretches of 3000: cut by time, with half a window between the splits.
    assert_eq!(
        idle,
        [
            2 * ((1800 - 64 - 128) / 64 + 1),
            2 * ((600 - 64 - 128) / 64 + 1),
            2 * ((600 - 128) / 64 + 1)
        ]
    );
    assert!(has_note(&loaded, &["cut by time", "idle"]));
    assert!(has_note(
        &loaded,
        &["split by interval", "\"circle\" is in 2 recordings"]
    ));
}

#[test]
fn few_intervals_are_cut_by_time_without_overlap() {
    let one = folder(&[("all.csv", file(&[rows("x", 0, 100), rows("y", 1000, 100)]))]);
    let data = load_folder(&one, &cutting(10, 5)).unwrap();
    let first = |part: &Sequences, class: u32| -> Vec<f32> {
        let of_class = |i: &usize| part.targets.values()[*i] == class;
        let windows = (0..part.len()).filter(of_class);
        windows
            .map(|i| part.window(i)[1].abs().min(part.window(i)[0].abs()))
            .collect()
    };
    let start = |value: i32| (value ^ 1) as f32;
    // 60 samples less a gap of half a window, 20 less a gap, 20.
    assert_eq!(first(&data.train, 0).last(), Some(&start(45)));
    assert_eq!(first(&data.valid, 0), [start(60), start(65)]);
    assert_eq!(first(&data.test, 1), [1080, 1085, 1090].map(start));
    let none = load(
        &locate(one.path()).unwrap(),
        &cutting(10, 5),
        &Holdout::None,
    )
    .unwrap();
    assert_eq!(none.valid.len(), 0);
    assert_eq!(none.test, data.test);
    // Too short to be cut.
    let short = folder(&[("all.csv", file(&[rows("x", 0, 100), rows("y", 1000, 30)]))]);
    let error = error_of(&short, &cutting(10, 5));
    for part in [
        "\"y\" has no windows",
        "to choose by (validation)",
        "record 2 more",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn shares_are_balanced_by_windows_of_each_class() {
    let mut files: Vec<(String, String)> = (0..8)
        .map(|k| {
            (
                format!("walk{k}.csv"),
                format!("label,x,y,z\n{}", noisy("walk", k, 1200)),
            )
        })
        .collect();
    for (k, samples) in [60, 110, 1050].into_iter().enumerate() {
        let text = format!("label,x,y,z\n{}", noisy("fall", 100 + k, samples));
        files.push((format!("fall{k}.csv"), text));
    }
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    let loaded = load_all(&folder(&files), &cutting(50, 50)).unwrap();
    // Of 1, 2 and 21 windows in three recordings, the many are trained on.
    assert_eq!(windows_of(&loaded)[0], [21, 1, 2]);
    let [train, valid, test] = windows_of(&loaded)[1];
    assert_eq!([train, valid, test].map(|windows| windows / 24), [4, 2, 2]);
    assert!(loaded.own.overview.warning().unwrap().contains("fall 2"));
}

#[test]
fn a_split_follows_from_content_and_seed_and_not_from_file_names() {
    let text = |i: usize| format!("label,x,y,z\n{}", noisy(["a", "b"][i % 2], i, 60));
    let named = |name: &dyn Fn(usize) -> String| {
        let files: Vec<(String, String)> = (0..20).map(|i| (name(i), text(i))).collect();
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        folder(&files)
    };
    let (forth, back) = (
        named(&|i| format!("{i:02}.csv")),
        named(&|i| format!("{:02}.csv", 19 - i)),
    );
    let cutting = cutting(10, 10);
    let split = |folder: &tempfile::TempDir, cutting: &Cutting| {
        load_all(folder, cutting).unwrap().own.cutting.split
    };
    assert_eq!(split(&forth, &cutting), split(&back, &cutting));
    let [a, b] = [&forth, &back].map(|folder| load_folder(folder, &cutting).unwrap());
    assert_eq!(
        (a.train.values, a.test.values),
        (b.train.values, b.test.values)
    );
    let seeds: BTreeSet<String> = (0..8)
        .map(|split_seed| {
            format!(
                "{:?}",
                split(
                    &forth,
                    &Cutting {
                        split_seed,
                        ..cutting.clone()
                    }
                )
            )
        })
        .collect();
    assert!(seeds.len() > 4, "{}", seeds.len());
}

#[test]
fn a_run_keeps_its_split_and_what_is_added_later_is_new() {
    let text = |i: usize, label: &str| format!("label,x,y,z\n{}", noisy(label, i, 60));
    let mut files: Vec<(String, String)> = (0..12)
        .map(|i| (format!("day2-{i:02}.csv"), text(i, ["a", "b"][i % 2])))
        .collect();
    let folder_of = |files: &[(String, String)]| {
        let files: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| (&**name, text.clone()))
            .collect();
        folder(&files)
    };
    let before = load_all(&folder_of(&files), &cutting(10, 10)).unwrap();
    assert!(before.own.new.is_empty());
    let kept = before.own.cutting.clone();
    // It is in the configuration of the run, and that stands in the checkpoint and the card.
    let config = crate::config::RunConfig {
        recordings: Some(kept.clone()),
        ..crate::config::RunConfig::for_task(Task::Recordings)
    };
    let again = crate::config::RunConfig::from_toml(&config.to_toml()).unwrap();
    assert_eq!(again.recordings, Some(kept.clone()));

    for (i, label) in [(100, "a"), (101, "b")] {
        files.insert(0, (format!("day1-late-{label}.csv"), text(i, label)));
    }
    let after = load_all(&folder_of(&files), &kept).unwrap();
    assert_eq!(windows_of(&after), windows_of(&before));
    for (a, b) in [
        (&after.data.train, &before.data.train),
        (&after.data.valid, &before.data.valid),
        (&after.data.test, &before.data.test),
    ] {
        assert_eq!(a.values, b.values);
    }
    assert_eq!(after.own.new.len(), 12);
    assert!(
        has_note(&after, &["2 intervals are new", "--split new"]),
        "{:?}",
        after.own.notes
    );
    // New ones alone, and a known one under another name, which is not new.
    let known = (files[5].0.replace("day2", "day3"), files[5].1.clone());
    let late = load_all(
        &folder_of(&[files[0].clone(), files[1].clone(), known]),
        &kept,
    )
    .unwrap();
    assert_eq!(late.own.new.len(), 12);
    assert_eq!(windows_of(&late).iter().flatten().sum::<usize>(), 6);
    // A recording that went on after the run was split is not new to it, and that is said.
    let grown = (
        files[5].0.clone(),
        files[5].1.clone() + &noisy("b", 999, 60),
    );
    let grown = load_all(&folder_of(&[grown]), &kept).unwrap();
    assert!(
        has_note(&grown, &["begin like ones that the run knows"]),
        "{:?}",
        grown.own.notes
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
    assert!(
        error.contains("no column \"z\" for a channel among label, x, y, w"),
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
fn runs_of_earlier_versions_read_and_split_as_then() {
    let earlier = |text: &str| -> Cutting { toml::from_str(text).unwrap() };
    let cutting = earlier("steps = 10\nhop = 5\nrate_hz = 50.0\n");
    assert_eq!((cutting.rules, cutting.rate_hz), (1, Some(50.0)));
    // Two long rows of samples: the last fifth was the test split, with no gap.
    let one = folder(&[("all.csv", file(&[rows("x", 0, 100), rows("y", 1000, 100)]))]);
    let loaded = load_all(&one, &cutting).unwrap();
    let first = |part: &Sequences| -> Vec<i16> {
        (0..part.len())
            .map(|i| part.window(i)[0] as i16 ^ 1)
            .collect()
    };
    assert_eq!(first(&loaded.data.valid), [60, 65, 70, 1060, 1065, 1070]);
    assert_eq!(first(&loaded.data.test)[..3], [80, 85, 90]);
    assert!(has_note(&loaded, &["earlier version", "train anew"]));
    assert_eq!(loaded.own.cutting, cutting);
    // By recording where there are enough of them, whatever columns there are.
    let eight = earlier("steps = 8\nhop = 4\nrate_hz = 50.0\n");
    let data = load_folder(&ten(), &eight).unwrap();
    assert_eq!(
        (data.train.len(), data.valid.len(), data.test.len()),
        (36, 12, 12)
    );
    // A configuration that is written anew is of these rules.
    assert_eq!(
        earlier(&toml::to_string(&Cutting::default()).unwrap()),
        Cutting::default()
    );
}

#[test]
fn memory_and_lines_are_bounded() {
    let text = file(&[rows("x", 0, 100), rows("y", 0, 100)]);
    let one = folder(&[("a.csv", text)]);
    let source = locate(one.path()).unwrap();
    let read = |bytes| {
        read::read(
            source.paths().unwrap(),
            Wanted::default(),
            &Budget::new(bytes),
        )
    };
    read(4000).unwrap();
    let error = format!("{:#}", read(2500).unwrap_err());
    assert!(
        error.contains("a.csv") && error.contains("more than 2500 bytes"),
        "{error}"
    );
    let check = |windows, most| check_memory(windows, 2, &cutting(8, 1), &Budget::new(most));
    let size = (8 * 2 * 4 + size_of::<Window>()) as u64;
    check(386, 386 * size).unwrap();
    let error = format!("{:#}", check(386, 386 * size - 1).unwrap_err());
    assert!(error.contains("set a larger --hop"), "{error}");
    let long = format!("label,a\nx,1\n{}\n", "y".repeat((1 << 16) + 1));
    std::fs::write(one.path().join("a.csv"), long).unwrap();
    let error = error_of(&one, &cutting(8, 4));
    assert!(
        error.contains("a.csv: line 3: it has 65537 bytes"),
        "{error}"
    );
}

/// Whatever is in a file, reading it ends with windows or an error.
#[test]
fn no_bytes_make_it_panic() {
    use rand_chacha::rand_core::{Rng, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let valid = format!(
        "label,time,subject,recording,a\nx,0,p,r,1\n\n#x,0.5,p,r,2\n\"y, \"\"z\"\"\",1e300,q,s,-3\n,,,,\nx,2024-01-01 10:00:00,p,r,4\n{}",
        (0..40)
            .map(|i| format!("x,{i},p,{},{}\ny,{i},q,1,{}\n", i / 20, i % 7, i % 5))
            .collect::<String>()
    );
    let (mut loaded, mut failed) = (0, 0);
    for _ in 0..500 {
        let mut bytes = valid.clone().into_bytes();
        for _ in 0..1 + random.next_u32() % 6 {
            let at = random.next_u32() as usize % bytes.len().max(1);
            if bytes.len() < 2 {
                continue;
            }
            match random.next_u32() % 4 {
                0 => bytes[at] = random.next_u32() as u8,
                1 => bytes[at] = b",\n\r\"#-.0e"[random.next_u32() as usize % 9],
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let one = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        std::fs::write(one.path(), bytes).unwrap();
        let source = locate(one.path()).unwrap();
        for group in [None, Some("none".to_owned())] {
            let cutting = Cutting {
                group,
                ..cutting(1, 1)
            };
            match load(&source, &cutting, &Holdout::Standard) {
                Ok(_) => loaded += 1,
                Err(_) => failed += 1,
            }
        }
    }
    assert!(loaded + failed == 1000 && failed > 200, "{loaded} {failed}");
}

#[cfg(unix)]
#[test]
fn pipes_are_no_recordings() {
    let all = ten();
    crate::untrusted::tests::make_pipe(&all.path().join("pipe.csv"));
    // Neither in a folder, where nothing is left out in silence, nor by name.
    for place in [all.path().to_path_buf(), all.path().join("pipe.csv")] {
        let source = locate(&place).unwrap();
        let error = load(&source, &cutting(8, 4), &Holdout::Standard);
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("pipe.csv: it is a pipe"), "{error}");
    }
}

#[test]
fn errors_name_file_line_and_column() {
    for (text, parts) in [
        ("a,b\n1,2\n", &["bad.csv", "line 1", "\"label\""][..]),
        ("label\nx\n", &["no column is a channel"]),
        ("label,a,a\nx,1,2\n", &["two columns are named \"a\""]),
        (
            "label,a,label\nx,1,y\n",
            &["two columns are named \"label\""],
        ),
        (
            "label,a\nx,1.5\n",
            &["line 2", "column a", "\"1.5\"", "whole number"],
        ),
        ("label,a\nx,1\nx,40000\n", &["line 3", "\"40000\""]),
        // The fault is in line 4, whatever ends the lines.
        (
            "label,a\r\nx,1\r\nx,2\r\nx,oops\r\ny,3\r\n",
            &["line 4", "\"oops\""],
        ),
        ("label,a\n\nx,2\nx,oops\ny,3\n", &["line 4", "\"oops\""]),
        ("label,a\nx,1,2\n", &["line 2", "3 fields", "has 2"]),
        ("label,a\nx,1\n\"x,1\nx,2\n", &["line 3", "not closed"]),
        ("label,a\nx,nan\n", &["line 2", "column a"]),
        (
            "label,time,a\nx,1,1\nx,noon,1\n",
            &["line 3", "column time", "\"noon\""],
        ),
        ("label,subject,a\nx,,1\n", &["line 2", "subject"]),
        (
            "label,a\nx,1\nx,2\n",
            &["bad.csv", "1 class", "nothing to tell apart"],
        ),
        (
            "label,a\nx,1\ny,2\n",
            &["bad.csv", "\"x\"", "window of 8 samples", "--steps"],
        ),
        ("", &["bad.csv", "empty"]),
    ] {
        let one = folder(&[("bad.csv", text.into())]);
        let error = error_of(&one, &cutting(8, 4));
        for part in parts {
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }
    let none = folder(&[("notes.txt", String::new())]);
    let error = load_folder(&none, &cutting(8, 4)).unwrap_err().to_string();
    assert!(error.contains("no .csv file"), "{error}");
    let two = folder(&[
        ("a.csv", "label,a\nx,1\n".into()),
        ("b.csv", "label,b\nx,1\n".into()),
    ]);
    let error = error_of(&two, &cutting(8, 4));
    assert!(error.contains("must have the same"), "{error}");
    let all = ten();
    let held = Holdout::Subjects(vec![99]);
    let error = load(&locate(all.path()).unwrap(), &cutting(8, 4), &held).unwrap_err();
    let (error, place) = (format!("{error:#}"), all.path().display().to_string());
    assert!(error.contains("recording 99"), "{error}");
    assert!(error.starts_with(&place), "{error}");
}
