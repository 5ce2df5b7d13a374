//! What can be said of a result on the user's own recordings: folds, and data that were seen before.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use common::{contains, fails, path, run, succeeds, text};

/// Noise that no two seeds share.
fn noise(seed: u64, i: u64) -> i64 {
    let mixed = (seed * 1_000_003 + i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 48) as i64 - 32_768
}

/// A person's recording of both classes: noise of two loudnesses, or of one.
fn recording(person: u64, tells: bool, samples: u64) -> String {
    let mut text = "label,subject,x,y\n".to_owned();
    for (class, label) in ["calm", "wild"].into_iter().enumerate() {
        for i in 0..samples {
            let size = if tells && class == 0 { 300 } else { 30 };
            let [x, y] =
                [0, 1].map(|channel| noise(10 * person + 2 * class as u64 + channel, i) / size);
            writeln!(text, "{label},p{person},{x},{y}").expect("text");
        }
    }
    text
}

fn write(folder: &Path, people: std::ops::Range<u64>, tells: bool) {
    std::fs::create_dir_all(folder).expect("a folder");
    for person in people {
        let file = folder.join(format!("p{person}.csv"));
        std::fs::write(file, recording(person, tells, 300)).expect("written");
    }
}

const SMALL: [&str; 10] = [
    "--set",
    "recordings.steps=20",
    "--set",
    "recordings.hop=20",
    "--set",
    "network.hidden_size=16",
    "--set",
    "training.epochs=3",
    "--seeds",
    "1",
];

fn folds<'a>(data: &'a Path, out: &'a Path, count: &'a str) -> Vec<&'a str> {
    let mut args = vec![
        "reproduce",
        "recordings",
        "--folds",
        count,
        "--data-dir",
        path(data),
        "--out",
        path(out),
    ];
    args.extend(SMALL);
    args
}

#[test]
fn every_person_is_tested_in_one_fold() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write(&data, 0..7, true);
    let printed = succeeds(&folds(&data, &out, "3"));
    contains(
        &printed,
        &[
            "3 done",
            "1/3",
            "3/3",
            "mean and standard deviation of 3 folds",
            "all folds together",
            "lowest first",
            "recall",
        ],
    );
    let found = std::fs::read_to_string(out.join("cross-validation.json")).expect("written");
    let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    let mut tested: Vec<&str> = Vec::new();
    for fold in found[0]["folds"].as_array().expect("folds") {
        let names = fold["tested"].as_array().expect("names");
        tested.extend(names.iter().map(|name| name.as_str().expect("a name")));
    }
    tested.sort_unstable();
    assert_eq!(tested, ["p0", "p1", "p2", "p3", "p4", "p5", "p6"]);
    // Seven people, two classes, fifteen windows: each once.
    let counts = &found[0]["confusion"]["counts"];
    let sum: u64 = (0..4).filter_map(|i| counts[i / 2][i % 2].as_u64()).sum();
    assert_eq!(sum, 7 * 2 * 15);
    // Weights are chosen by people who are neither trained on nor tested on.
    let config =
        std::fs::read_to_string(out.join("recordings-fast-fold2-1/config.toml")).expect("written");
    contains(&config, &["fold = \"2/3\"", "valid = ["]);
    // The same command again does nothing, and is as before.
    let again = succeeds(&folds(&data, &out, "3"));
    contains(&again, &["3 done before", "all folds together"]);
    // After a person joined the data are others, and so is a job that is done anew, where a folder does not tell.
    write(&data, 7..8, true);
    fails(
        &folds(&data, &out, "3"),
        &["not those that the jobs in", "another --out"],
    );
    std::fs::remove_file(out.join("data.sha256")).expect("was there");
    std::fs::remove_dir_all(out.join("recordings-fast-fold2-1")).expect("was there");
    fails(
        &folds(&data, &out, "3"),
        &["drawn of other recordings", "--out"],
    );
    // Other folds in the same folder, and more than there are people.
    fails(
        &folds(&data, &out, "4"),
        &["recordings.fold", "give another --out"],
    );
    let failed = run(&folds(&data, &folder.path().join("many"), "9"));
    let printed = text(&failed.stdout) + &text(&failed.stderr);
    assert!(!failed.status.success(), "{printed}");
    contains(
        &printed,
        &[
            "9 folds need every class in at least 9 groups",
            "take --folds 8",
        ],
    );
    fails(
        &["reproduce", "har2", "--folds", "3"],
        &["--folds is for your own recordings"],
    );
    fails(&folds(&data, &out, "1"), &["--folds must be in 2..=1000"]);
}

struct Trained {
    folder: tempfile::TempDir,
}

impl Trained {
    fn new(tells: bool) -> Self {
        let trained = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        write(&trained.data(), 0..6, tells);
        let words = "--steps 20 --hop 10 --hidden-size 16 --epochs 3";
        let (data, run, model) = (trained.data(), trained.path("run"), trained.path("model"));
        let mut args = vec![
            "train",
            "recordings",
            "--data-dir",
            path(&data),
            "--out",
            path(&run),
        ];
        args.extend(words.split(' '));
        succeeds(&args);
        succeeds(&[
            "export",
            path(&run),
            "--data-dir",
            path(&data),
            "--out",
            path(&model),
        ]);
        trained
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }
}

#[test]
fn trimmed_training_data_are_not_taken_for_new() {
    let trained = Trained::new(false);
    let (model, other) = (trained.path("model"), trained.path("other"));
    std::fs::create_dir(&other).expect("a folder");
    for person in 0..6 {
        // The first and the last rows of each class are cut off.
        let text = recording(person, false, 300);
        let rows = text
            .lines()
            .enumerate()
            .filter(|(i, _)| *i == 0 || (40..260).contains(&((i - 1) % 300)));
        let rows: String = rows.map(|(_, line)| format!("{line}\n")).collect();
        std::fs::write(other.join(format!("trimmed{person}.csv")), rows).expect("written");
    }
    let eval = |split| {
        [
            "eval",
            path(&model),
            "--data-dir",
            path(&other),
            "--split",
            split,
        ]
        .map(String::from)
    };
    let args = eval("new");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    fails(
        &args,
        &[
            "share samples with what the run was split of",
            "of the training split",
            "the split new is empty",
        ],
    );
    let args = eval("train");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    contains(
        &succeeds(&args),
        &["share samples with what the run was split of", "trimmed"],
    );
}

#[test]
fn other_labels_and_samples_than_those_of_the_model_are_told() {
    let trained = Trained::new(true);
    let (model, data) = (trained.path("model"), trained.data());
    let args = ["eval", path(&model), "--data-dir", path(&data)];
    let same = succeeds(&args);
    assert!(
        !same.contains("another label") && !same.contains("its card says"),
        "{same}"
    );
    for person in 0..6 {
        let text = recording(person, true, 300);
        let swapped = text
            .replace("calm", "x")
            .replace("wild", "calm")
            .replace("\nx,", "\nwild,");
        std::fs::write(data.join(format!("p{person}.csv")), swapped).expect("written");
    }
    let swapped = succeeds(&args);
    contains(
        &swapped,
        &[
            "another label than when the model was trained and tested",
            "of the test split",
            "its card says",
        ],
    );
}

#[test]
fn a_channel_that_tells_the_classes_by_its_level_is_told_beside_the_accuracy() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, out) = (folder.path().join("data"), folder.path().join("run"));
    std::fs::create_dir(&data).expect("a folder");
    for recording in 0..12_u64 {
        let label = if recording < 6 { "calm" } else { "wild" };
        let mut text = "label,ax,ay,battery\n".to_owned();
        for i in 0..300 {
            let [x, y] = [0, 1].map(|channel| noise(3 * recording + channel, i) / 30);
            // It flickers by a count.
            let battery = 3900 - (300 * recording + i) / 15 + (i * i) % 3 % 2;
            writeln!(text, "{label},{x},{y},{battery}").expect("text");
        }
        std::fs::write(data.join(format!("{recording:02}.csv")), text).expect("written");
    }
    let mut args = vec![
        "train",
        "recordings",
        "--data-dir",
        path(&data),
        "--out",
        path(&out),
    ];
    args.extend("--steps 20 --hop 10 --hidden-size 16 --epochs 2".split(' '));
    let output = run(&args);
    let told = text(&output.stderr);
    contains(
        &told,
        &[
            "channel battery alone tells the classes",
            "--channels ax,ay",
        ],
    );
    assert_eq!(told.matches("alone tells the classes").count(), 2, "{told}");
}

#[test]
fn more_folds_than_groups_are_refused_before_a_job_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write(&data, 0..6, true);
    fails(
        &folds(&data, &out, "7"),
        &["7 folds need every class in at least 7", "of 6 in all"],
    );
    assert!(!out.exists());
}
