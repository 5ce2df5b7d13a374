//! Copies of recordings that were resampled, which have no sample in common.

use std::fmt::Write;
use std::path::Path;

use super::*;
use crate::data::import;

/// Rows at 100 a second; those of a trimmed copy are counted from 0 again.
const ROWS: usize = 600;

fn text(seed: usize, rows: std::ops::Range<usize>) -> String {
    let mut text = String::from("t_ms,ax (g),ay (g),gx (rad/s)\n");
    for (i, row) in rows.enumerate() {
        let [x, y, z] = [0, 1, 2].map(|c| f64::from(noise(3 * seed + c, row)) / 400.0);
        writeln!(text, "{},{x:.4},{y:.4},{z:.4}", 10 * i).unwrap();
    }
    text
}

fn write(place: &Path, seed: usize, name: &str, rows: std::ops::Range<usize>) {
    let folder = place.join(["a", "b"][seed % 2]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join(format!("{seed:02}{name}.csv")),
        text(seed, rows),
    )
    .unwrap();
}

fn resampled(steps: usize) -> Cutting {
    Cutting {
        import: Some(ImportOptions {
            resample_hz: Some(50.0),
            ..ImportOptions::default()
        }),
        ..cutting(steps, steps / 2)
    }
}

fn load_place(place: &Path, cutting: &Cutting) -> Loaded {
    load_whole(&locate(place).unwrap(), cutting, &Holdout::Standard).unwrap()
}

/// The split of each recording, by the name of its file.
fn splits(loaded: &Loaded) -> Vec<(String, usize)> {
    let mut all = Vec::new();
    let sets = [&loaded.data.train, &loaded.data.valid, &loaded.data.test];
    for (split, set) in sets.into_iter().enumerate() {
        for &group in &set.groups {
            let name = &loaded.own.unit_names[group as usize - 1];
            let name = name.rsplit(['/', '-']).next().unwrap().to_owned();
            all.push((name, split));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Ten recordings, each with a copy that begins 0.37 s later.
fn with_copies() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for seed in 0..10 {
        write(place.path(), seed, "whole", 0..ROWS);
        write(place.path(), seed, "trim", 37..ROWS);
    }
    place
}

fn check_copies_stay_together(loaded: &Loaded) {
    let splits = splits(loaded);
    for seed in 0..10 {
        let of: Vec<usize> = (splits.iter())
            .filter(|(name, _)| name.starts_with(&format!("{seed:02}")))
            .map(|(_, split)| *split)
            .collect();
        assert!(of.len() == 2 && of[0] == of[1], "{seed}: {splits:?}");
    }
    let used: std::collections::BTreeSet<usize> = splits.iter().map(|(_, split)| *split).collect();
    assert_eq!(used.len(), 3);
}

#[test]
fn trimmed_copies_stay_in_one_split() {
    let place = with_copies();
    check_copies_stay_together(&load_place(place.path(), &resampled(32)));
    // By way of a folder that an import writes; the copies have no row in common.
    let folder = tempfile::tempdir().unwrap();
    let options = import::Options {
        resample_hz: Some(50.0),
        ..import::Options::default()
    };
    let imported = import::import(place.path(), &options).unwrap();
    import::write(&imported, folder.path()).unwrap();
    check_copies_stay_together(&load_place(folder.path(), &cutting(32, 16)));
    // To a higher rate, too.
    let up = Cutting {
        import: Some(ImportOptions {
            resample_hz: Some(173.0),
            ..ImportOptions::default()
        }),
        ..cutting(64, 32)
    };
    check_copies_stay_together(&load_place(place.path(), &up));
}

#[test]
fn a_trimmed_copy_is_not_new_to_a_run() {
    let place = tempfile::tempdir().unwrap();
    for seed in 0..10 {
        write(place.path(), seed, "", 0..ROWS);
    }
    let run = load_place(place.path(), &resampled(32));
    let split_of: Vec<usize> = splits(&run).into_iter().map(|(_, split)| split).collect();
    for (seed, split) in split_of.into_iter().enumerate() {
        let other = tempfile::tempdir().unwrap();
        write(other.path(), seed, "copy", 37..ROWS);
        // Of the other class, new.
        write(other.path(), 101 - seed % 2, "", 0..ROWS);
        let loaded = load_place(other.path(), &run.own.cutting);
        let windows = run.own.cutting.windows_in((ROWS - 37) / 2 + 1);
        let sets = [&loaded.data.train, &loaded.data.valid, &loaded.data.test];
        // A window at an end may be left out; none is new.
        let counts = sets.map(Sequences::len);
        let total: usize = counts.iter().sum();
        assert!(
            (windows - 1..=windows).contains(&counts[split]),
            "{seed}: {counts:?}, {:?}",
            loaded.own.doubts
        );
        assert_eq!(total, counts[split], "{seed}");
        assert_eq!(loaded.own.new.len(), run.own.cutting.windows_in(ROWS / 2));
        let doubts = &loaded.own.doubts;
        assert!(doubts[0].contains("share samples"), "{doubts:?}");
    }
    // Another recording is new, and a run without such digests says that it cannot tell.
    let other = tempfile::tempdir().unwrap();
    write(other.path(), 77, "", 0..ROWS);
    write(other.path(), 78, "", 0..ROWS);
    let loaded = load_place(other.path(), &run.own.cutting);
    assert_eq!(
        loaded.own.new.len(),
        2 * run.own.cutting.windows_in(ROWS / 2)
    );
    assert!(!has_note(&loaded, &["cannot be compared"]));
    let mut text = toml::to_string(&run.own.cutting).unwrap();
    text = text.replace("by_sources = true\n", "");
    let older: Cutting = toml::from_str(&text).unwrap();
    assert!(has_note(
        &load_place(other.path(), &older),
        &["cannot be compared"]
    ));
}

#[test]
fn digests_that_are_none_are_refused() {
    let folder = folder(&[(
        "a.csv",
        "label,x,source_digest\na,1,00000000ff\na,2,\na,3,zz\n".to_owned(),
    )]);
    let error = error_of(&folder, &cutting(8, 4));
    assert!(
        error.contains("line 4") && error.contains("source_digest"),
        "{error}"
    );
}
