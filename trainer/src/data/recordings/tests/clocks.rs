//! Rates and rows that are not what they seem.

use std::fmt::Write;

use super::*;

/// Files of noise; `stamp` gives the stamp of a row of a file, or none for a file without a time column.
fn files(stamp: impl Fn(usize, usize) -> Option<f64>) -> tempfile::TempDir {
    let mut all = Vec::new();
    for seed in 0..12 {
        let label = ["a", "b"][seed % 2];
        let is_timed = stamp(seed, 0).is_some();
        let mut text = String::from(if is_timed {
            "label,t_ms,x,y,z\n"
        } else {
            "label,x,y,z\n"
        });
        for i in 0..300 {
            let [x, y, z] = [0, 1, 2].map(|c| noise(3 * seed + c, i));
            match stamp(seed, i) {
                Some(stamp) => writeln!(text, "{label},{stamp},{x},{y},{z}").unwrap(),
                None => writeln!(text, "{label},{x},{y},{z}").unwrap(),
            }
        }
        all.push((format!("{seed:02}.csv"), text));
    }
    let all: Vec<(&str, String)> = all
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    folder(&all)
}

#[test]
fn files_without_time_do_not_take_the_rate_of_others_in_silence() {
    let mixed = files(|seed, i| (seed != 4).then_some(10.0 * i as f64));
    let error = error_of(&mixed, &cutting(16, 8));
    for part in ["04.csv has no column", "100 samples", "--rate"] {
        assert!(error.contains(part), "{error}");
    }
    let stated = Cutting {
        rate_hz: Some(100.0),
        ..cutting(16, 8)
    };
    let loaded = load_all(&mixed, &stated).unwrap();
    assert!(has_note(
        &loaded,
        &["1 files tell no time", "100 samples", "04.csv"]
    ));
    assert_eq!(loaded.data.sample_rate_hz, 100.0);
    let loaded = load_all(&files(|_, _| None), &stated).unwrap();
    assert!(has_note(&loaded, &["12 files tell no time", "as stated"]));
    let all = files(|_, i| Some(10.0 * i as f64));
    assert!(!has_note(
        &load_all(&all, &cutting(16, 8)).unwrap(),
        &["tell no time"]
    ));
}

#[test]
fn rates_that_differ_a_little_are_told() {
    let of = |slow: f64| files(move |seed, i| Some(i as f64 * if seed == 7 { slow } else { 20.0 }));
    let loaded = load_all(&of(21.0), &cutting(16, 8)).unwrap();
    assert!(has_note(
        &loaded,
        &["07.csv has 47.62 samples", ".csv has 50", "--resample"]
    ));
    // Clocks that are off by a percent each way.
    let loaded = load_all(&of(20.4), &cutting(16, 8)).unwrap();
    assert!(!has_note(&loaded, &["different rates"]));
    assert!(error_of(&of(30.0), &cutting(16, 8)).contains("different rates"));
}

#[test]
fn lost_samples_are_gaps_and_do_not_change_the_rate() {
    // A row in eight is missing, at random.
    let lossy = files(|seed, i| {
        let lost = (0..i)
            .filter(|&i| noise(999 + seed, i).unsigned_abs().is_multiple_of(8))
            .count();
        Some(20.0 * (i + lost) as f64)
    });
    let loaded = load_all(&lossy, &cutting(4, 2)).unwrap();
    assert_eq!(loaded.data.sample_rate_hz, 50.0);
    assert!(has_note(
        &loaded,
        &[
            "samples are missing one by one in 12 recordings",
            "--resample"
        ]
    ));
    assert!(has_note(&loaded, &["gaps in the time column"]));
    let error = error_of(&lossy, &cutting(128, 64));
    assert!(
        error.contains("gaps in the time column break") && error.contains("--resample"),
        "{error}"
    );
}

#[test]
fn rows_that_were_logged_twice_count_once() {
    let once = files(|_, i| Some(20.0 * i as f64));
    let twice = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(once.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let rows: String = (text.lines().enumerate())
            .map(|(i, line)| match i > 0 && i % 2 == 0 {
                true => format!("{line}\n{line}\n"),
                false => format!("{line}\n"),
            })
            .collect();
        std::fs::write(twice.path().join(path.file_name().unwrap()), rows).unwrap();
    }
    let [plain, repeated] =
        [&once, &twice].map(|folder| load_all(folder, &cutting(16, 8)).unwrap());
    assert_eq!(repeated.data, plain.data);
    assert_eq!(repeated.data.sample_rate_hz, 50.0);
    assert!(has_note(
        &repeated,
        &["1800 rows in 12 files", "logged twice"]
    ));
    // Samples that share a stamp, for it is coarse, are not repeated.
    let coarse = files(|_, i| Some(20.0 * (i / 2) as f64));
    let loaded = load_all(&coarse, &cutting(16, 8)).unwrap();
    assert_eq!(loaded.data.sample_rate_hz, 100.0);
    assert!(!has_note(&loaded, &["logged twice"]));
}

#[test]
fn impossible_rates_are_refused() {
    let fast = files(|_, i| Some(1000.0 + 1e-5 * i as f64));
    let renamed = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fast.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text
            .replace("t_ms", "time_s")
            .replace("1000.00", "1000.0000");
        std::fs::write(renamed.path().join(path.file_name().unwrap()), text).unwrap();
    }
    let error = error_of(&renamed, &cutting(16, 8));
    assert!(
        error.contains("no sensor gives") && error.contains("--rate"),
        "{error}"
    );
}

#[test]
fn counts_of_two_scales_and_fill_values_are_refused() {
    let of = |change: &dyn Fn(usize, usize, [i32; 3]) -> [i32; 3]| {
        let mut all = Vec::new();
        for seed in 0..6 {
            let mut text = String::from("label,ax,ay,az\n");
            for i in 0..200 {
                let [x, y, z] = [0, 1, 2].map(|c| i32::from(noise(3 * seed + c, i)) / 10);
                let [x, y, z] = change(seed, i, [x, y, z + 1000]);
                writeln!(text, "{},{x},{y},{z}", ["a", "b"][seed % 2]).unwrap();
            }
            all.push((format!("{seed}.csv"), text));
        }
        let all: Vec<(&str, String)> = all
            .iter()
            .map(|(name, text)| (name.as_str(), text.clone()))
            .collect();
        folder(&all)
    };
    load_all(&of(&|_, _, row| row), &cutting(16, 8)).unwrap();
    let scales = of(&|seed, _, row| row.map(|value| if seed == 3 { value * 8 } else { value }));
    let error = error_of(&scales, &cutting(16, 8));
    for part in ["3.csv", "raw counts", "as of mg", "--unit"] {
        assert!(error.contains(part), "{error}");
    }
    let missing = of(&|_, i, row| if i % 50 == 7 { [-9999; 3] } else { row });
    let error = error_of(&missing, &cutting(16, 8));
    for part in [
        "channel ax holds -9999 in 24 samples",
        "0.csv",
        "--channels",
    ] {
        assert!(error.contains(part), "{error}");
    }
    let full = of(&|_, i, row| if i % 50 == 7 { [32_767; 3] } else { row });
    let loaded = load_all(&full, &cutting(16, 8)).unwrap();
    assert!(has_note(&loaded, &["channel az holds 32767 in 24 samples"]));
}
