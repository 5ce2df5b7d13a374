use super::*;
use std::fmt::Write;

/// Rows of one label: channel `a` counts from `from`, channel `b` is its negative.
fn rows(label: &str, from: i16, samples: usize) -> String {
    let mut text = String::new();
    for i in 0..samples as i16 {
        writeln!(text, "{label},{},{}", from + i, -(from + i)).unwrap();
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

/// Ten recordings, each with both classes.
fn ten() -> tempfile::TempDir {
    let text = |i: i16| file(&[rows("walk", 100 * i, 20), rows("rest", 100 * i, 12)]);
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
            let start = f32::from(100 * (part.groups[i] as i16 - 1));
            let offset = window[0] - start;
            assert!([0.0, 4.0, 8.0, 12.0].contains(&offset), "{offset}");
            for (step, sample) in window.chunks(2).enumerate() {
                let value = window[0] + step as f32;
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
fn few_recordings_are_split_by_time_without_overlap() {
    let one = folder(&[("all.csv", file(&[rows("x", 0, 100), rows("y", 1000, 100)]))]);
    let data = load_folder(&one, &cutting(10, 5)).unwrap();
    let first = |part: &Sequences, class: u32| -> Vec<f32> {
        let of_class = |i: &usize| part.targets.values()[*i] == class;
        let windows = (0..part.len()).filter(of_class);
        windows.map(|i| part.window(i)[0]).collect()
    };
    assert_eq!(first(&data.train, 0).last(), Some(&50.0));
    assert_eq!(first(&data.valid, 0), [60.0, 65.0, 70.0]);
    assert_eq!(first(&data.test, 1), [1080.0, 1085.0, 1090.0]);
}

#[test]
fn columns_labels_and_recordings_are_told_apart() {
    let text = "# made by hand\nrecording,time,label,a\nr1,0,x,1\nr1,1,x,2\nr1,2,,9\nr1,3,x,3\nr2,4,x,4\nr2,5,y,5\n";
    let one = folder(&[("a.csv", text.into())]);
    let source = locate(one.path()).unwrap();
    let recorded = read::read(source.paths().unwrap(), &Budget::of_data_set()).unwrap();
    assert_eq!(recorded.channels, ["a"]);
    let found: Vec<(&str, u32, &[i16])> = (recorded.segments.iter())
        .map(|segment| (&*segment.label, segment.recording, &segment.counts[..]))
        .collect();
    assert_eq!(
        found,
        [
            ("x", 1, &[1, 2][..]),
            ("x", 1, &[3]),
            ("x", 2, &[4]),
            ("y", 2, &[5]),
        ]
    );
}

#[test]
fn windows_are_counted_before_they_are_cut() {
    let text = file(&[rows("x", 0, 200), rows("y", 0, 200)]);
    let one = folder(&[("a.csv", text)]);
    let source = locate(one.path()).unwrap();
    let recorded = read::read(source.paths().unwrap(), &Budget::of_data_set()).unwrap();
    for (steps, hop, windows) in [
        (8, 1, 2 * 193),
        (200, 1, 2),
        (201, 1, 0),
        (8, usize::MAX, 2),
    ] {
        let cutting = cutting(steps, hop);
        let check =
            |most: usize| check_windows(&recorded.segments, 2, &cutting, &Budget::new(most as u64));
        let size = steps * 2 * 4 + size_of::<Window>();
        check(windows * size).unwrap();
        if windows > 0 {
            let error = format!("{:#}", check(windows * size - 1).unwrap_err());
            assert!(error.contains("set a larger --hop"), "{error}");
        }
        let all = cut(&recorded.segments, &["x".into(), "y".into()], &cutting);
        assert_eq!(all.map_or(0, |all| all.len()), windows);
    }
}

#[test]
fn memory_and_lines_are_bounded() {
    let text = file(&[rows("x", 0, 100), rows("y", 0, 100)]);
    let one = folder(&[("a.csv", text)]);
    let source = locate(one.path()).unwrap();
    let read = |bytes| read::read(source.paths().unwrap(), &Budget::new(bytes));
    read(4000).unwrap();
    let error = format!("{:#}", read(2500).unwrap_err());
    assert!(
        error.contains("a.csv") && error.contains("more than 2500 bytes"),
        "{error}"
    );
    let long = format!("label,a\nx,1\n{}\n", "y".repeat((1 << 16) + 1));
    std::fs::write(one.path().join("a.csv"), long).unwrap();
    let error = format!("{:#}", load_folder(&one, &cutting(8, 4)).unwrap_err());
    assert!(error.contains("a.csv: line 3 has 65537 bytes"), "{error}");
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
            "label,a\nx,1.5\n",
            &["line 2", "column a", "\"1.5\"", "whole number"],
        ),
        ("label,a\nx,1\nx,40000\n", &["line 3", "\"40000\""]),
        ("label,a\nx,1,2\n", &["line: 2"]),
        (
            "label,a\nx,1\nx,2\n",
            &["bad.csv", "1 class", "nothing to tell apart"],
        ),
        (
            "label,a\nx,1\ny,2\n",
            &["bad.csv", "\"x\"", "window of 8 samples", "--steps"],
        ),
        ("", &["bad.csv"]),
    ] {
        let one = folder(&[("bad.csv", text.into())]);
        let error = format!("{:#}", load_folder(&one, &cutting(8, 4)).unwrap_err());
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
    let error = load_folder(&two, &cutting(8, 4)).unwrap_err().to_string();
    assert!(error.contains("must have the same"), "{error}");
    let all = ten();
    let held = Holdout::Subjects(vec![99]);
    let error = load(&locate(all.path()).unwrap(), &cutting(8, 4), &held).unwrap_err();
    let (error, place) = (format!("{error:#}"), all.path().display().to_string());
    assert!(error.contains("recording 99"), "{error}");
    assert!(error.starts_with(&place), "{error}");
}
