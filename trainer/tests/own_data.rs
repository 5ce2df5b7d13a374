//! The user's own recordings from files to a result, as the commands show it.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use hadamrnn::card::Card;
use hadamrnn::checkpoint::{Checkpoint, Position};

use common::{contains, fails, path, run, succeeds, text};

/// A folder of recordings, and folders for a run and a model on them.
struct Desk {
    folder: tempfile::TempDir,
}

/// Two signals of one speed and a random start.
fn signals(seed: u32, speed: f32, i: u32) -> [i32; 2] {
    let start = seed.wrapping_mul(2_654_435_761) as f32 / 1e6;
    let noise = (seed.wrapping_mul(31).wrapping_add(i)).wrapping_mul(2_654_435_761) >> 24;
    let angle = start + i as f32 * speed;
    [
        (1000.0 * angle.sin()) as i32 + noise as i32,
        (1000.0 * angle.cos()) as i32 - noise as i32,
    ]
}

const SPEEDS: [(&str, f32); 2] = [("rest", 0.02), ("walk", 0.3)];

impl Desk {
    /// Five recordings of each of two classes.
    fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        std::fs::create_dir(desk.data()).expect("a folder");
        for number in 0..5 {
            for (label, speed) in SPEEDS {
                desk.record(&format!("{label}{number}"), label, speed, number);
            }
        }
        desk
    }

    fn record(&self, name: &str, label: &str, speed: f32, seed: u32) {
        let rows = (0..240).map(|i| {
            let [a, b] = signals(
                seed + 1000 * label.len() as u32 + label.as_bytes()[0] as u32,
                speed,
                i,
            );
            format!("{label},{a},{b}\n")
        });
        self.write(name, &format!("label,a,b\n{}", rows.collect::<String>()));
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.data().join(format!("{name}.csv")), text).expect("written");
    }

    /// Changes the text of every recording.
    fn change(&self, change: impl Fn(&str) -> String) {
        for file in std::fs::read_dir(self.data()).expect("a folder") {
            let file = file.expect("a file").path();
            let before = std::fs::read_to_string(&file).expect("text");
            std::fs::write(file, change(&before)).expect("written");
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    fn model(&self) -> PathBuf {
        self.folder.path().join("model")
    }

    /// Trains, and gives what was printed.
    fn train(&self, more: &[&str]) -> String {
        let (data, folder) = (self.data(), self.run());
        let mut args = vec![
            "train",
            "recordings",
            "--data-dir",
            path(&data),
            "--out",
            path(&folder),
        ];
        args.extend("--steps 20 --hop 10 --hidden-size 64 --epochs 20".split(' '));
        args.extend(more);
        succeeds(&args)
    }

    fn export(&self) -> String {
        let (data, folder, model) = (self.data(), self.run(), self.model());
        succeeds(&[
            "export",
            path(&folder),
            "--data-dir",
            path(&data),
            "--out",
            path(&model),
        ])
    }

    fn eval(&self, model: &Path, more: &[&str]) -> serde_json::Value {
        let data = self.data();
        let args = [
            &["eval", path(model), "--json", "--data-dir", path(&data)],
            more,
        ]
        .concat();
        let output = run(&args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_str(&text(&output.stdout)).expect("JSON")
    }
}

#[test]
fn a_result_comes_with_classes_splits_and_what_a_guess_would_give() {
    let desk = Desk::new();
    let table = [
        "recordings  windows  train  valid  test",
        "rest",
        "115",
        "split: whole recordings",
    ];
    let accuracy = [
        "recall",
        "precision",
        "balanced accuracy",
        "always answering \"rest\" 50.00 %",
    ];
    let trained = desk.train(&[]);
    contains(&trained, &table);
    contains(&trained, &accuracy);
    contains(
        &trained,
        &["validation split", "50 samples a second are assumed"],
    );
    let exported = desk.export();
    contains(&exported, &table);
    contains(&exported, &accuracy);
    let data = desk.data();
    for place in [desk.run(), desk.model()] {
        let evaluated = succeeds(&["eval", path(&place), "--data-dir", path(&data)]);
        contains(&evaluated, &table);
        contains(&evaluated, &accuracy);
        contains(&evaluated, &["integer model on the run's test split"]);
    }
    let matrix = desk.folder.path().join("matrix.csv");
    let found = desk.eval(&desk.model(), &["--confusion", path(&matrix)]);
    assert_eq!(found["sequences"], 46);
    let counts = &found["confusion"]["counts"];
    let sum: u64 = (0..4).filter_map(|i| counts[i / 2][i % 2].as_u64()).sum();
    assert_eq!(sum, 46);
    let rows = std::fs::read_to_string(matrix).expect("written");
    assert!(rows.starts_with("true class,rest,walk\n"), "{rows}");
}

#[test]
fn recordings_that_are_added_or_renamed_change_nothing_of_a_run() {
    let desk = Desk::new();
    desk.train(&[]);
    desk.export();
    let (model, folder, data) = (desk.model(), desk.run(), desk.data());
    let first = desk.eval(&model, &[]);
    let bytes = std::fs::read(model.join("model.hdrn")).expect("a model");
    // Names that come first, and another one for a recording of the run.
    desk.record("a-late-one", "rest", 0.02, 77);
    desk.record("b-late-one", "walk", 0.3, 77);
    std::fs::rename(data.join("rest3.csv"), data.join("0.csv")).expect("renamed");
    let exported = desk.export();
    contains(&exported, &["2 intervals are new", "--split new"]);
    assert_eq!(
        std::fs::read(model.join("model.hdrn")).expect("a model"),
        bytes
    );
    let again = desk.eval(&model, &[]);
    for key in ["integer", "sequences"] {
        assert_eq!(again[key], first[key], "{key}");
    }
    // Its units have other names now.
    let (again, first) = (&again["confusion"], &first["confusion"]);
    assert_eq!(
        (&again["counts"], &again["trained"]),
        (&first["counts"], &first["trained"])
    );
    assert_eq!(desk.eval(&model, &["--split", "new"])["sequences"], 46);
    succeeds(&[
        "train",
        "--resume",
        path(&folder),
        "--data-dir",
        path(&data),
    ]);
    // The card and the run say which content is in which split.
    let card = Card::read(&model).expect("a card");
    let split = card
        .config
        .recordings
        .expect("recordings")
        .split
        .expect("a split");
    assert_eq!(
        [split.train.len(), split.valid.len(), split.test.len()],
        [6, 2, 2]
    );
    let (_, config) = Checkpoint::open(&folder).expect("a run");
    assert_eq!(config.recordings.expect("recordings").split, Some(split));
    // With the new ones alone there is nothing that was held out for a test.
    for number in 0..5 {
        for (label, _) in SPEEDS {
            let _ = std::fs::remove_file(data.join(format!("{label}{number}.csv")));
        }
    }
    std::fs::remove_file(data.join("0.csv")).expect("was there");
    fails(
        &["eval", path(&model), "--data-dir", path(&data)],
        &["split test is empty", "--split new", "46 windows"],
    );
    fails(
        &[
            "eval",
            path(&folder),
            "--data-dir",
            path(&data),
            "--split",
            "new",
        ],
        &["training data are not among these"],
    );
}

#[test]
fn channels_and_classes_are_compared_by_name() {
    let desk = Desk::new();
    desk.train(&[]);
    desk.export();
    let (model, data) = (desk.model(), desk.data());
    let first = desk.eval(&model, &[]);
    // Columns in another order.
    desk.change(|text| {
        let rows = text.lines().map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            format!("{},{},{}\n", fields[2], fields[0], fields[1])
        });
        rows.collect()
    });
    assert_eq!(desk.eval(&model, &[])["confusion"], first["confusion"]);
    desk.change(|text| text.replace("b,label,a", "c,label,a"));
    for command in ["eval", "verify"] {
        let args = [command, path(&model), "--data-dir", path(&data)];
        fails(&args, &["it lacks b", "the columns are c, label, a"]);
    }
    desk.change(|text| text.replace("c,label,a", "b,label,a"));
    desk.record("new", "run", 0.5, 9);
    for command in ["eval", "verify"] {
        let args = [command, path(&model), "--data-dir", path(&data)];
        fails(
            &args,
            &["the classes are rest, run, walk, not rest, walk", "\"run\""],
        );
    }
    // A model whose card is lost may be of any channels, classes and recordings.
    let alone = desk.folder.path().join("alone.hdrn");
    std::fs::copy(model.join("model.hdrn"), &alone).expect("copied");
    fails(
        &["eval", path(&alone), "--data-dir", path(&data)],
        &["card.toml", "alone.hdrn"],
    );
}

/// In training it never moves; on the board it moves by nine counts.
#[test]
fn a_channel_that_never_moved_weighs_nothing() {
    let desk = Desk::new();
    let with = |text: &str, value: &dyn Fn(usize) -> i32| -> String {
        let rows = text.lines().enumerate().map(|(i, line)| match i {
            0 => format!("{line},still\n"),
            i => format!("{line},{}\n", value(i)),
        });
        rows.collect()
    };
    desk.change(|text| with(text, &|_| 8000));
    let trained = desk.train(&[]);
    contains(
        &trained,
        &["hardly moved in training", "still", "--channels"],
    );
    desk.export();
    let known = desk.eval(&desk.model(), &[]);
    assert_eq!(known["integer"]["accuracy"], 1.0, "{known}");
    desk.change(|text| {
        let mut all = String::new();
        for (i, line) in text.lines().enumerate() {
            let line = match i {
                0 => line.to_owned(),
                i => line.replace(",8000", &format!(",{}", 8000 + (i as i32 * 7 % 19) - 9)),
            };
            writeln!(all, "{line}").expect("text");
        }
        all
    });
    let moving = desk.eval(&desk.model(), &["--split", "new"]);
    assert_eq!(moving["sequences"], 230);
    assert!(
        moving["integer"]["accuracy"].as_f64().expect("a share") > 0.98,
        "{moving}"
    );
}

#[test]
fn runs_without_a_finished_epoch_are_not_exported() {
    let desk = Desk::new();
    desk.train(&[]);
    let (folder, data) = (desk.run(), desk.data());
    let whole = Checkpoint::load(&folder).expect("a run");
    let stopped = Checkpoint {
        position: Position {
            epoch: 0,
            batch: 3,
            ..whole.position
        },
        best: None,
        ..whole.clone()
    };
    stopped.save(&folder).expect("saved");
    for command in ["export", "eval", "verify"] {
        let args = [command, path(&folder), "--data-dir", path(&data)];
        fails(
            &args,
            &[
                "no trained weights",
                "before its first epoch ended",
                "--resume",
            ],
        );
    }
    // One that diverged after some epochs has their weights, and says that it diverged.
    whole.save(&folder).expect("saved");
    std::fs::write(
        folder.join("diverged.txt"),
        "training has diverged: the loss is NaN",
    )
    .expect("written");
    for command in ["export", "eval", "verify"] {
        let args = [command, path(&folder), "--data-dir", path(&data)];
        fails(
            &args,
            &[
                "no trained weights",
                "the loss is NaN",
                "--learning-rate",
                "--overwrite",
            ],
        );
    }
    std::fs::remove_file(folder.join("diverged.txt")).expect("was there");
    desk.export();
}

#[test]
fn runs_of_versions_without_splits_go_on() {
    let desk = Desk::new();
    let (folder, data) = (desk.run(), desk.data());
    // A whole configuration without the rules is of such a version.
    let words = "train recordings --steps 20 --hop 10 --hidden-size 64 --epochs 20 --rate 50 --print-config";
    let config = succeeds(&words.split(' ').collect::<Vec<_>>());
    let config = config.replace("rules = 2\n", "");
    let file = desk.folder.path().join("old.toml");
    std::fs::write(&file, config).expect("written");
    let trained = succeeds(&[
        "train",
        "--config",
        path(&file),
        "--data-dir",
        path(&data),
        "--out",
        path(&folder),
    ]);
    contains(&trained, &["earlier version"]);
    let exported = desk.export();
    contains(
        &exported,
        &[
            "earlier version, which kept no split",
            "by the rules of an earlier version",
        ],
    );
    let resumed = succeeds(&[
        "train",
        "--resume",
        path(&folder),
        "--data-dir",
        path(&data),
    ]);
    contains(&resumed, &["earlier version"]);
    let first = desk.eval(&desk.model(), &[]);
    assert_eq!(first["integer"]["accuracy"], 1.0);
    // Its classes and channels are compared by name, too.
    desk.change(|text| {
        let rows = text.lines().map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            format!("{},{},{}\n", fields[2], fields[0], fields[1])
        });
        rows.collect()
    });
    assert_eq!(
        desk.eval(&desk.model(), &[])["confusion"],
        first["confusion"]
    );
    desk.change(|text| text.replace("walk", "run"));
    fails(
        &["eval", path(&desk.model()), "--data-dir", path(&data)],
        &["the classes of the data are rest, run, not rest, walk"],
    );
}

#[test]
fn options_of_reading_are_kept_by_the_run() {
    let desk = Desk::new();
    desk.train(&["--channels", "b", "--split-seed", "3", "--rate", "40"]);
    let (folder, data) = (desk.run(), desk.data());
    let (_, config) = Checkpoint::open(&folder).expect("a run");
    let cutting = config.recordings.expect("recordings");
    assert_eq!(cutting.channels, ["b"]);
    assert_eq!((cutting.split_seed, cutting.rate_hz), (3, Some(40.0)));
    assert_eq!(cutting.classes, ["rest", "walk"]);
    fails(
        &[
            "train",
            "--resume",
            path(&folder),
            "--data-dir",
            path(&data),
            "--channels",
            "a",
        ],
        &["recordings.channels"],
    );
    fails(
        &["train", "har2", "--channels", "a"],
        &["--channels", "for the task recordings"],
    );
}

#[test]
fn a_run_finds_its_data_again() {
    let desk = Desk::new();
    let (folder, data) = (desk.run(), desk.data());
    let trained = desk.train(&[]);
    contains(&trained, &["next: hadamrnn export"]);
    let told = format!("the data are those in {}", data.display());
    let run = path(&folder);
    for args in [
        &["train", "--resume", run][..],
        &["eval", run],
        &["export", run, "--clock", "64MHz"],
        &["report", run],
    ] {
        contains(&succeeds(args), &[&told]);
    }
    let exported = succeeds(&["export", run, "--clock", "64MHz"]);
    contains(
        &exported,
        &["Cortex-M0", "Cortex-M4", "RV32IMC", "ms/window"],
    );
    let moved = folder.with_file_name("moved");
    std::fs::rename(&data, &moved).expect("moved");
    for args in [
        &["train", "--resume", run][..],
        &["eval", run],
        &["export", run],
    ] {
        fails(args, &[path(&data), "not there", "--data-dir"]);
    }
    succeeds(&["eval", run, "--data-dir", path(&moved)]);
    // The run goes on with what it is given, and keeps that.
    succeeds(&["train", "--resume", run, "--data-dir", path(&moved)]);
    contains(&succeeds(&["eval", run]), &[path(&moved)]);
}

#[test]
fn rotations_need_triads_of_one_unit() {
    let desk = Desk::new();
    let train = |more: &[&str]| {
        let (data, folder) = (desk.data(), desk.run());
        let mut args = vec!["train", "recordings", "--data-dir", path(&data), "--out"];
        args.extend([path(&folder), "--overwrite", "--augment-rotation", "10"]);
        args.extend("--steps 20 --hop 10 --hidden-size 16 --epochs 1".split(' '));
        args.extend(more);
        let output = run(&args);
        (
            output.status.success(),
            text(&output.stdout) + &text(&output.stderr),
        )
    };
    let (done, printed) = train(&[]);
    assert!(!done, "{printed}");
    contains(&printed, &["augmentation.rotation", "no such three: a, b"]);
    desk.change(|text| {
        let rows = text
            .lines()
            .skip(1)
            .enumerate()
            .map(|(i, row)| format!("{row},{}\n", (i * 7919) % 601));
        format!("label,ax,ay,az\n{}", rows.collect::<String>())
    });
    let (done, printed) = train(&[]);
    assert!(done, "{printed}");
    desk.change(|text| format!("# x; ax: 100 counts are 1 g, ay: 100 counts are 1 g\n{text}"));
    let (done, printed) = train(&[]);
    assert!(!done, "{printed}");
    contains(
        &printed,
        &["ax, ay, az are in different units: g, g, counts"],
    );
}
