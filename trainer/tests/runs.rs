//! Run folders as users treat them: gone on with, edited, damaged, used twice at once, on other data.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hadamrnn::checkpoint::Checkpoint;
use hadamrnn::files::Lock;

use common::{epochs_in, fails, hadamrnn, interrupt, path, run, text, wait_for_epochs};

/// A folder of recordings, and folders for runs on them.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// Four recordings of each of two classes, in a folder whose name a shell would cut.
    fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        std::fs::create_dir(bench.data()).expect("a folder");
        for number in 0..4 {
            bench.record("rest", number, 0.02);
            bench.record("walk", number, 0.3);
        }
        bench
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("my data")
    }

    fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// A recording whose counts swing so fast.
    fn record(&self, label: &str, number: u32, speed: f32) {
        let mut rows = "label,a,b\n".to_owned();
        for i in 0..240 {
            let angle = (i as f32 + 7.0 * number as f32) * speed;
            let (a, b) = (1000.0 * angle.sin(), 1000.0 * angle.cos());
            writeln!(rows, "{label},{a:.0},{b:.0}").expect("text");
        }
        std::fs::write(self.data().join(format!("{label}{number}.csv")), rows).expect("written");
    }

    /// Changes every recording.
    fn replace(&self, from: &str, to: &str) {
        for file in std::fs::read_dir(self.data()).expect("a folder") {
            let file = file.expect("a file").path();
            let rows = std::fs::read_to_string(&file).expect("text");
            std::fs::write(file, rows.replace(from, to)).expect("written");
        }
    }

    /// Arguments that train in the run folder.
    fn training<'a>(&self, run: &'a Path, data: &'a Path, epochs: &'a str) -> Vec<&'a str> {
        let words = "--steps 20 --hop 10 --hidden-size 16 --hidden-readout 0 --out";
        let mut args = vec![
            "train",
            "recordings",
            "--data-dir",
            path(data),
            "--epochs",
            epochs,
        ];
        args.extend(words.split(' '));
        args.push(path(run));
        args
    }

    /// A finished run of two epochs.
    fn trained() -> Self {
        let bench = Self::new();
        let output = run(&bench.training(&bench.run(), &bench.data(), "2"));
        assert!(output.status.success(), "{}", text(&output.stderr));
        bench
    }

    /// A run of two epochs or more that was stopped.
    fn stopped() -> Self {
        let bench = Self::new();
        let (folder, data) = (bench.run(), bench.data());
        let mut child = hadamrnn(&bench.training(&folder, &data, "100000"))
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        wait_for_epochs(&folder, 2);
        interrupt(&child);
        assert_eq!(child.wait().expect("ends").code(), Some(130));
        bench
    }
}

#[test]
fn a_resumed_run_ignores_nothing_that_it_is_given() {
    let bench = Bench::trained();
    let (folder, data) = (bench.run(), bench.data());
    let resume = [
        "train",
        "--resume",
        path(&folder),
        "--data-dir",
        path(&data),
    ];
    let with = |more: &[&'static str]| [&resume[..], more].concat();
    fails(
        &with(&["--epochs", "6", "--signs", "0.1"]),
        &[
            "training.epochs = 2, not 6",
            "training.signs.trained = absent, not 0.1",
            "--config",
        ],
    );
    fails(&with(&["--recipe", "paper"]), &["cannot be used with"]);
    // Options that the run was started with change nothing.
    let output = run(&with(&["--epochs", "2", "--steps", "20"]));
    assert!(output.status.success(), "{}", text(&output.stderr));

    let config = folder.join("config.toml");
    let started_with = std::fs::read_to_string(&config).expect("a configuration");
    for (edited, part) in [
        (
            started_with.replace("epochs = 2", "epochs = 6"),
            "training.epochs = 6, not 2",
        ),
        (
            started_with.replace("epochs = 2", "epoch = 2"),
            "did you mean epochs?",
        ),
        ("not a configuration".into(), "line 1"),
    ] {
        std::fs::write(&config, edited).expect("written");
        for args in [
            &resume[..],
            &["export", path(&folder), "--data-dir", path(&data)],
        ] {
            fails(args, &["config.toml", part, "remove that file"]);
        }
    }
    std::fs::remove_file(&config).expect("removed");
    assert!(run(&resume).status.success());
    assert_eq!(
        std::fs::read_to_string(&config).expect("written anew"),
        started_with
    );
}

#[test]
fn other_data_are_found_by_their_content() {
    let bench = Bench::trained();
    let (folder, data) = (bench.run(), bench.data());
    let resume = [
        "train",
        "--resume",
        path(&folder),
        "--data-dir",
        path(&data),
    ];
    let export = ["export", path(&folder), "--data-dir", path(&data)];
    let eval = ["eval", path(&folder), "--data-dir", path(&data)];
    let fail = |parts: &[&str]| {
        fails(&resume, parts);
        fails(&export, parts);
    };
    // The labels swapped: windows, class names and standardisation are as before.
    for (from, to) in [
        ("rest,", "swapped,"),
        ("walk,", "rest,"),
        ("swapped,", "walk,"),
    ] {
        bench.replace(from, to);
    }
    fail(&["training split", "--data-dir"]);
    let output = run(&eval);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("warning"),
        "{}",
        text(&output.stderr)
    );
    // A class spelt otherwise, which changes the order of the classes.
    bench.replace("walk,", "march,");
    fail(&["march, rest, not rest, walk"]);
    fails(&eval, &["march, rest, not rest, walk"]);
}

#[test]
fn the_command_that_is_printed_goes_on() {
    let bench = Bench::new();
    let (folder, data) = (bench.run(), bench.data());
    let child = hadamrnn(&bench.training(&folder, &data, "100000"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    wait_for_epochs(&folder, 2);
    interrupt(&child);
    let output = child.wait_with_output().expect("ends");
    let messages = text(&output.stderr);
    let command = messages
        .lines()
        .find_map(|line| line.strip_prefix("saved; continue with: hadamrnn "))
        .unwrap_or_else(|| panic!("no command in {messages}"));
    let before = epochs_in(&folder);
    let mut shell = Command::new("sh");
    let script = format!("exec \"$0\" {command}");
    let child = shell
        .args(["-c", &script, env!("CARGO_BIN_EXE_hadamrnn")])
        .env_remove("HADAMRNN_DATA")
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    wait_for_epochs(&folder, before + 2);
    interrupt(&child);
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
}

#[test]
fn lost_lines_of_the_record_do_not_stop_a_run() {
    let bench = Bench::stopped();
    let (folder, data) = (bench.run(), bench.data());
    let metrics = folder.join("metrics.jsonl");
    let lines = std::fs::read_to_string(&metrics).expect("lines");
    let (_, rest) = lines.split_once('\n').expect("two lines");
    std::fs::write(&metrics, format!("{{\"epoch\"\n{rest}")).expect("written");
    let picture = bench.folder.path().join("curves.svg");
    let output = run(&["plot", path(&folder), "--out", path(&picture)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("metrics.jsonl"),
        "{}",
        text(&output.stderr)
    );
    let resume = [
        "train",
        "--resume",
        path(&folder),
        "--data-dir",
        path(&data),
    ];
    let before = epochs_in(&folder);
    let child = hadamrnn(&resume)
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    wait_for_epochs(&folder, before + 1);
    interrupt(&child);
    let output = child.wait_with_output().expect("ends");
    let messages = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{messages}");
    assert!(messages.contains("metrics.jsonl lacks 1 of"), "{messages}");
}

#[test]
fn a_folder_that_another_process_trains_in_is_busy() {
    let bench = Bench::trained();
    let (folder, data) = (bench.run(), bench.data());
    let before = std::fs::read(folder.join("checkpoint.bin")).expect("a checkpoint");
    let lock = Lock::take(&folder).expect("a folder").expect("free");
    let mut overwrite = bench.training(&folder, &data, "3");
    overwrite.push("--overwrite");
    fails(&overwrite, &["busy", path(&folder)]);
    let resume = [
        "train",
        "--resume",
        path(&folder),
        "--data-dir",
        path(&data),
    ];
    fails(&resume, &["busy", path(&folder)]);
    assert_eq!(
        std::fs::read(folder.join("checkpoint.bin")).expect("a checkpoint"),
        before
    );
    drop(lock);
    let output = run(&overwrite);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(epochs_in(&folder), 3);
}

#[test]
fn a_run_that_diverges_is_an_error_and_leaves_nothing_to_export() {
    let bench = Bench::new();
    let (folder, data) = (bench.run(), bench.data());
    let mut training = bench.training(&folder, &data, "3");
    training.extend(["--learning-rate", "1e9"]);
    fails(&training, &["diverged", "learning_rate (now 1000000000)"]);
    let resume = [
        "train",
        "--resume",
        path(&folder),
        "--data-dir",
        path(&data),
    ];
    fails(&resume, &["diverged"]);
    let export = ["export", path(&folder), "--data-dir", path(&data)];
    fails(&export, &["no trained weights", path(&folder)]);
    let picture = bench.folder.path().join("curves.svg");
    let plot = ["plot", path(&folder), "--out", path(&picture)];
    fails(&plot, &["no finished epoch", path(&folder)]);
}

#[test]
fn errors_about_a_checkpoint_s_content_name_its_file() {
    let bench = Bench::trained();
    let (folder, data) = (bench.run(), bench.data());
    let whole = Checkpoint::load(&folder).expect("a checkpoint");
    type Change = fn(&mut Checkpoint);
    let changes: [Change; 5] = [
        |run| run.config = "task = \"har2\"".into(),
        |run| run.network = vec![1, 2, 3],
        |run| run.best.as_mut().expect("a best epoch").network.truncate(9),
        |run| run.optimizer = vec![0; 3],
        |run| run.position.epoch = u32::MAX,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = whole.clone();
        change(&mut changed);
        changed.save(&folder).expect("saved");
        // The best weights are not looked at before they are used.
        let args = match number {
            2 => ["export", path(&folder), "--data-dir", path(&data)].to_vec(),
            _ => [
                "train",
                "--resume",
                path(&folder),
                "--data-dir",
                path(&data),
            ]
            .to_vec(),
        };
        fails(&args, &["checkpoint.bin"]);
    }
}

#[test]
fn a_file_of_a_few_settings_changes_the_recipe() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("mine.toml");
    std::fs::write(
        &config,
        "[training]\nepochs = 3\n[network]\nhidden_size = 64\n",
    )
    .expect("written");
    let shown = |more: &[&str]| {
        let output = run(&[
            &["train", "har2", "--print-config", "--config", path(&config)],
            more,
        ]
        .concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains("recipe"),
            "{}",
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    let usual = shown(&[]);
    assert!(
        usual.contains("\nepochs = 3\n") && usual.contains("\nlog2_block = 6\n"),
        "{usual}"
    );
    // The command line has the last word.
    assert!(shown(&["--epochs", "4"]).contains("\nepochs = 4\n"));
    assert!(shown(&["--recipe", "paper"]).contains("exponential"));
    std::fs::write(&config, "[training]\nepoch = 3\n").expect("written");
    fails(
        &["train", "har2", "--config", path(&config)],
        &["mine.toml", "epoch", "did you mean epochs?"],
    );
    fails(
        &["train", "--config", path(&config)],
        &["mine.toml", "names no task"],
    );
}

#[test]
fn sizes_beyond_use_are_refused() {
    let huge = u64::MAX.to_string();
    for (task, option, field) in [
        ("copy", "--copy-steps", "copy_steps"),
        ("copy", "--batch-size", "batch_size"),
        ("har2", "--batch-size", "batch_size"),
        ("copy", "--batches-per-epoch", "batches_per_epoch"),
        ("har2", "--hidden-size", "hidden_size"),
        ("har2", "--hidden-readout", "hidden_readout"),
        ("har2", "--input-rows", "input_rows"),
        ("recordings", "--steps", "steps"),
        ("recordings", "--hop", "hop"),
    ] {
        fails(&["train", task, option, &huge], &[field, "must be"]);
    }
}
