//! What a run keeps of its split, and what it finds again.

use super::*;

/// A run on ten recordings of noise, of two classes by turns.
struct Kept {
    files: Vec<(String, String)>,
    cutting: Cutting,
}

/// Samples of a recording.
const SAMPLES: usize = 400;

/// Rows `range` of recording `i`, with a header.
fn recording(i: usize, range: std::ops::Range<usize>) -> String {
    let text = noisy(["a", "b"][i % 2], i, SAMPLES);
    let rows: Vec<&str> = text.lines().collect();
    format!("label,x,y,z\n{}\n", rows[range].join("\n"))
}

fn load_files(files: &[(String, String)], cutting: &Cutting) -> Loaded {
    let files: Vec<(&str, String)> = (files.iter())
        .map(|(name, text)| (&**name, text.clone()))
        .collect();
    load_all(&folder(&files), cutting).unwrap()
}

impl Kept {
    fn new() -> Self {
        let files: Vec<(String, String)> = (0..10)
            .map(|i| (format!("{i}.csv"), recording(i, 0..SAMPLES)))
            .collect();
        let cutting = load_files(&files, &cutting(40, 20)).own.cutting;
        Self { files, cutting }
    }

    /// The numbers of the recordings in the training, the validation and the test split.
    fn splits(&self) -> [Vec<usize>; 3] {
        let mut all: [Vec<usize>; 3] = Default::default();
        for i in 0..10 {
            let loaded = self.load(&[("alone.csv", self.files[i].1.clone())]);
            let sums = [0, 1, 2].map(|split| {
                windows_of(&loaded)
                    .iter()
                    .map(|row| row[split])
                    .sum::<usize>()
            });
            let split = sums.iter().position(|&sum| sum > 0).unwrap();
            all[split].push(i);
        }
        all
    }

    fn load(&self, files: &[(&str, String)]) -> Loaded {
        load_all(&folder(files), &self.cutting).unwrap()
    }
}

/// Windows in training, validation and test, and new ones.
fn sums(loaded: &Loaded) -> [usize; 4] {
    let rows = windows_of(loaded);
    let of = |split: usize| rows.iter().map(|row| row[split]).sum();
    [of(0), of(1), of(2), loaded.own.new.len()]
}

fn doubts(loaded: &Loaded, parts: &[&str]) {
    let doubts = &loaded.own.doubts;
    let is_there = doubts
        .iter()
        .any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(is_there, "{parts:?} in {doubts:?}, {:?}", loaded.own.notes);
}

#[test]
fn parts_of_what_was_trained_on_are_not_new() {
    let kept = Kept::new();
    let [train, valid, test] = kept.splits();
    assert_eq!([train.len(), valid.len(), test.len()], [6, 2, 2]);
    // The first or the last second cut off, a part of the middle, all under other names.
    for range in [30..SAMPLES, 0..SAMPLES - 30, 111..333, 200..240] {
        for (split, recordings) in [&train, &valid, &test].into_iter().enumerate() {
            let files: Vec<(String, String)> = (recordings.iter())
                .map(|&i| (format!("other-{i}.csv"), recording(i, range.clone())))
                .collect();
            let loaded = load_files(&files, &kept.cutting);
            let mut expected = [0; 4];
            expected[split] = files.len() * kept.cutting.windows_in(range.len());
            assert_eq!(sums(&loaded), expected, "{range:?} {split}");
            let name = ["training split", "validation split", "test split"][split];
            doubts(
                &loaded,
                &[
                    "share samples",
                    &format!("{} of the {name}", expected[split]),
                    "other-",
                ],
            );
        }
    }
    // In another order of the channels.
    let swapped = recording(train[0], 50..SAMPLES)
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            format!("{},{},{},{}\n", fields[3], fields[1], fields[0], fields[2])
        })
        .collect::<String>();
    let loaded = kept.load(&[("swapped.csv", swapped)]);
    assert_eq!(
        sums(&loaded),
        [kept.cutting.windows_in(SAMPLES - 50), 0, 0, 0]
    );
    // Put together with what is new, before it or behind it.
    let new = recording(100, 0..SAMPLES)
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let i = train.iter().copied().find(|i| i % 2 == 0).unwrap();
    let old = recording(i, 100..300);
    let before = kept.load(&[("grown.csv", old.clone() + &new)]);
    let header = "label,x,y,z\n";
    let behind = kept.load(&[(
        "grown.csv",
        format!("{header}{new}{}", old.replace(header, "")),
    )]);
    for loaded in [before, behind] {
        let [known, 0, 0, fresh] = sums(&loaded) else {
            panic!("{:?}", sums(&loaded))
        };
        // A window of the border is known, or none.
        let all = kept.cutting.windows_in(SAMPLES);
        assert!((all - 3..=all).contains(&fresh), "{fresh} of {all}");
        assert!((9..=12).contains(&known), "{known}");
        doubts(&loaded, &["grown.csv"]);
    }
}

#[test]
fn parts_of_what_is_there_too_are_left_out() {
    let kept = Kept::new();
    let whole = load_files(&kept.files, &kept.cutting);
    let mut files = kept.files.clone();
    files.push(("trimmed.csv".into(), recording(3, 30..390)));
    let loaded = load_files(&files, &kept.cutting);
    assert_eq!(sums(&loaded), sums(&whole));
    assert_eq!(loaded.data.train.values, whole.data.train.values);
    assert!(
        has_note(&loaded, &["left out", "17 of the", "trimmed.csv"]),
        "{:?}",
        loaded.own.notes
    );
    files.push(("new.csv".into(), recording(11, 0..SAMPLES)));
    assert_eq!(load_files(&files, &kept.cutting).own.new.len(), 19);
}

#[test]
fn what_is_unlike_it_is_new_to_a_run() {
    let kept = Kept::new();
    let still = |value: i16| format!("b,{value},{value},{value}\n").repeat(100);
    // Few values, again and again.
    let idle: String = (0..SAMPLES)
        .map(|i| format!("a,{},0,1\n", noise(5, i) % 2))
        .collect();
    for rows in [noisy("a", 77, SAMPLES), still(0), still(7), idle] {
        let loaded = kept.load(&[("other.csv", format!("label,x,y,z\n{rows}"))]);
        let [0, 0, 0, new] = sums(&loaded) else {
            panic!("{:?}", sums(&loaded))
        };
        assert_eq!(new, kept.cutting.windows_in(rows.lines().count()));
        assert_eq!(loaded.own.doubts, [""; 0]);
    }
    // Idle stretches between known samples are of no other split than these.
    let idle = |i: usize| {
        let rows = recording(i, 0..SAMPLES);
        let still = format!("{},0,0,0\n", ["a", "b"][i % 2]).repeat(200);
        rows.clone() + &still + &rows.replace("label,x,y,z\n", "").replace(",1", ",2")
    };
    let files: Vec<(String, String)> = (0..10).map(|i| (format!("{i}.csv"), idle(i))).collect();
    let cutting = load_files(&files, &cutting(40, 20)).own.cutting;
    let trimmed: String = idle(2)
        .lines()
        .enumerate()
        .filter(|(i, _)| !(1..=30).contains(i))
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let loaded = load_files(&[("trimmed.csv".into(), trimmed)], &cutting);
    assert_eq!(loaded.own.new.len(), 0, "{:?}", sums(&loaded));
}

#[test]
fn other_labels_than_those_of_the_run_are_told() {
    let kept = Kept::new();
    let swapped: Vec<(String, String)> = (kept.files.iter())
        .map(|(name, text)| match &name[..1] {
            "0" | "1" | "2" | "3" => (
                name.clone(),
                text.replace("\na,", "\nc,")
                    .replace("\nb,", "\na,")
                    .replace("\nc,", "\nb,"),
            ),
            _ => (name.clone(), text.clone()),
        })
        .collect();
    let loaded = load_files(&swapped, &kept.cutting);
    assert_eq!(sums(&loaded), sums(&load_files(&kept.files, &kept.cutting)));
    let per = kept.cutting.windows_in(SAMPLES);
    let changed: Vec<usize> = (kept.splits().iter())
        .map(|split| per * split.iter().filter(|i| **i < 4).count())
        .collect();
    let told: Vec<String> = (changed.iter().zip(["training", "validation", "test"]))
        .filter(|(count, _)| **count > 0)
        .map(|(count, name)| format!("{count} of the {name} split"))
        .collect();
    doubts(&loaded, &["another label", &told.join(", "), "it was"]);
    // Half of a recording: other intervals than before.
    let rows = recording(4, 0..SAMPLES);
    let half: String = rows
        .lines()
        .enumerate()
        .map(|(i, line)| match i > 200 {
            true => format!("b{}\n", &line[1..]),
            false => format!("{line}\n"),
        })
        .collect();
    let loaded = kept.load(&[("half.csv", half)]);
    doubts(
        &loaded,
        &[
            "another label",
            &format!("{} of the", kept.cutting.windows_in(200)),
            "is \"b\", it was \"a\"",
        ],
    );
    let same = load_files(&kept.files, &kept.cutting);
    assert_eq!(same.own.doubts, [""; 0]);
    // Contradictory labels are told when they are read, and are no change.
    let mut twice = kept.files.clone();
    twice.push(("odd.csv".into(), kept.files[0].1.replace("\na,", "\nb,")));
    let cutting = load_files(&twice, &cutting(40, 20)).own.cutting;
    assert_eq!(load_files(&twice, &cutting).own.doubts, [""; 0]);
}

/// An hour at 50 samples a second, with windows of 128.
#[test]
fn a_sketch_is_compact_and_without_it_older_runs_go_on() {
    let files: Vec<(String, String)> = (0..12)
        .map(|i| {
            (
                format!("{i}.csv"),
                format!("label,x,y,z\n{}", noisy(["a", "b"][i % 2], i, 15_000)),
            )
        })
        .collect();
    let mut cutting = load_files(&files, &cutting(128, 64)).own.cutting;
    let text = |cutting: &Cutting| toml::to_string(cutting).unwrap().len();
    let with = text(&cutting);
    cutting.split.as_mut().unwrap().sketch = None;
    let bytes = with - text(&cutting);
    assert!((20_000..40_000).contains(&bytes), "{bytes}");
    cutting.split.as_mut().unwrap().classes.clear();
    let trimmed = (
        "trimmed.csv".into(),
        files[0]
            .1
            .lines()
            .filter(|line| !line.is_empty())
            .take(1000)
            .map(|line| format!("{line}\n"))
            .collect(),
    );
    let loaded = load_files(&[trimmed], &cutting);
    assert!(
        has_note(&loaded, &["kept no sketch"]),
        "{:?}",
        loaded.own.notes
    );
}

#[test]
fn a_sketch_in_a_file_is_checked() {
    let kept = Kept::new();
    let text = toml::to_string(&kept.cutting).unwrap();
    let error = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        let read: Result<Cutting, _> = toml::from_str(&text.replacen(from, to, 1));
        match read {
            Ok(cutting) => format!("{:#}", cutting.validate().unwrap_err()),
            Err(error) => error.to_string(),
        }
    };
    assert!(error("reach = 40", "reach = 0").contains("split.sketch"));
    assert!(error("row = 16", "row = 0").contains("split.sketch"));
    assert!(error("classes = [0", "classes = [7").contains("split.classes"));
    assert!(error("test = [\"", "test = [\"x").contains("hexadecimal"));
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
    let known: usize = windows_of(&grown).iter().flatten().sum();
    // A window on the border counts as known.
    assert_eq!((known, grown.own.new.len()), (6, 5));
    assert!(
        grown.own.doubts[0].contains("share samples with what the run was split of"),
        "{:?}",
        grown.own.doubts
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
