//! Columns that number samples, repetitions and devices.

use super::*;

/// Twelve files of two labels, 400 rows each, with what `number` gives in a column in front.
fn files(column: &str, number: impl Fn(usize) -> usize) -> tempfile::TempDir {
    let all: Vec<(String, String)> = (0..12)
        .map(|seed| {
            let rows = noisy(["walk", "rest"][seed % 2], seed, 400);
            let rows = rows.lines().enumerate();
            let rows: String = rows
                .map(|(i, row)| format!("{},{row}\n", number(i)))
                .collect();
            (
                format!("{seed:02}.csv"),
                format!("{column},label,ax,ay,az\n{rows}"),
            )
        })
        .collect();
    let all: Vec<(&str, String)> = (all.iter())
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    folder(&all)
}

fn windows(folder: &tempfile::TempDir) -> usize {
    let loaded = load_all(folder, &cutting(32, 32)).unwrap();
    windows_of(&loaded).iter().flatten().sum()
}

#[test]
fn no_window_spans_two_repetitions() {
    for column in [
        "rep",
        "trial",
        "gesture_id",
        "segment_id",
        "session",
        "window_id",
        "take",
    ] {
        let folder = files(column, |i| 41 + i / 40);
        assert_eq!(windows(&folder), 12 * 10, "{column}");
        let loaded = load_all(&folder, &cutting(32, 32)).unwrap();
        let parts = ["108 gaps by column", column, "12 files"];
        assert!(has_note(&loaded, &parts), "{:?}", loaded.own.notes);
    }
    for column in ["index", "sample", "frame", "measurement_number"] {
        assert_eq!(windows(&files(column, |i| i % 40)), 12 * 10, "{column}");
        assert_eq!(windows(&files(column, |i| i)), 12 * 12, "{column}");
    }
    // Two packets were lost: stretches of 100, 100 and 200 rows.
    let lossy = files("packet", |i| i + i / 100 * 3 - i / 300 * 3);
    assert_eq!(windows(&lossy), 12 * (3 + 3 + 6));
    assert_eq!(windows(&files("session", |_| 3)), 12 * 12);
    // One of ten is lost: no stretch is as long as a window.
    let error = error_of(&files("packet", |i| i + i / 10), &cutting(32, 32));
    for part in ["the longest has 10", "gaps by columns that number"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn devices_that_take_turns_are_refused() {
    for column in ["device_id", "node", "sensor"] {
        let error = error_of(&files(column, |i| 7 + i % 2), &cutting(32, 32));
        for part in ["00.csv", column, "take turns", "recording", "--channels"] {
            assert!(error.contains(part), "{error}");
        }
    }
    for column in ["recording", "subject"] {
        let error = error_of(&files(column, |i| i % 2), &cutting(32, 32));
        for part in ["00.csv from line 2", column, "Sort the rows"] {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn times_out_of_order_are_refused() {
    for (time, line) in [
        (
            &(|i: usize| 8000 - 20 * i) as &dyn Fn(usize) -> usize,
            "line 3",
        ),
        (&|i| 20 * (i * 77 % 400), "line 8"),
    ] {
        let error = error_of(&files("t_ms", time), &cutting(32, 32));
        for part in ["00.csv", line, "t_ms", "runs back"] {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn originals_break_and_are_refused_alike() {
    // Values with a point are no counts.
    let original = |folder: &tempfile::TempDir| {
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let rows = text.lines().enumerate().map(|(i, line)| match i {
                0 => format!("{line}\n"),
                _ => format!("{line}.5\n"),
            });
            std::fs::write(&path, rows.collect::<String>()).unwrap();
        }
    };
    let folder = files("rep", |i| i / 40);
    original(&folder);
    assert_eq!(windows(&folder), 12 * 10);
    for (column, number, part) in [
        (
            "node",
            &(|i: usize| 7 + i % 2) as &dyn Fn(usize) -> usize,
            "take turns",
        ),
        ("subject", &|i| i % 2, "changes from row to row"),
        ("t_ms", &|i| 8000 - 20 * i, "runs back"),
    ] {
        let folder = files(column, number);
        original(&folder);
        let error = error_of(&folder, &cutting(32, 32));
        assert!(error.contains(part) && error.contains(column), "{error}");
    }
}

#[test]
fn logs_that_are_cut_into_files_are_told() {
    let of = |begin: &dyn Fn(usize) -> usize| {
        let all: Vec<(String, String)> = (0..12)
            .map(|file| {
                let rows = noisy(["walk", "rest"][file % 2], file, 200);
                let rows = rows.lines().enumerate();
                let rows: String = rows
                    .map(|(i, row)| format!("{},{row}\n", 20 * (begin(file) + i)))
                    .collect();
                (
                    format!("{file:02}.csv"),
                    format!("t_ms,label,ax,ay,az\n{rows}"),
                )
            })
            .collect();
        let all: Vec<(&str, String)> = (all.iter())
            .map(|(name, text)| (name.as_str(), text.clone()))
            .collect();
        load_all(&folder(&all), &cutting(32, 32)).unwrap()
    };
    // Each file goes on where the one before of its label ended.
    let cut = of(&|file| 200 * (file / 2));
    let parts = ["10 recordings go on in another file", "column recording"];
    assert!(has_note(&cut, &parts), "{:?}", cut.own.notes);
    for apart in [of(&|_| 0), of(&|file| 210 * (file / 2))] {
        assert!(!has_note(&apart, &["go on in another file"]));
    }
}
