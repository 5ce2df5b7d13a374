//! Signals as shells and schedulers send them: what was ignored when the program started stays ignored, by jobs in
//! processes of their own, too; SIGTERM saves and stops.
#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{epochs_in, path, run, send, text, wait_for_epochs};

/// A copy task that goes on until it is stopped.
const ENDLESS: [&str; 3] = [
    "training.epochs=1000000",
    "training.batches_per_epoch=2",
    "copy_steps=20",
];

/// Starts the program in a process group of its own, as a shell's `trap '' SIGNALS` leaves it. What these tests were started with
/// does not count: under `nohup` a shell could not take it back.
fn start_ignoring(signals: &str, args: &[&str]) -> Child {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("env");
    if cfg!(target_os = "linux") {
        command.arg("--default-signal=HUP,INT,QUIT");
    }
    command
        .arg("sh")
        .args(["-c", &format!("trap '' {signals}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_hadamrnn"))
        .args(args)
        .env_remove("HADAMRNN_DATA")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command.spawn().expect("sh")
}

/// A configuration of [`ENDLESS`] training, and the folder to train in.
fn endless(folder: &Path) -> [PathBuf; 2] {
    let output = run(&["train", "copy", "--print-config", "--copy-steps", "20"]);
    let mut config = hadamrnn::config::RunConfig::from_toml(&text(&output.stdout)).expect("TOML");
    config.training.epochs = 1_000_000;
    config.training.batches_per_epoch = 2;
    config.network.resize(16);
    let file = folder.join("endless.toml");
    std::fs::write(&file, config.to_toml()).expect("written");
    [file, folder.join("run")]
}

#[test]
fn signals_ignored_at_the_start_stay_ignored_and_sigterm_saves() {
    let folder = tempfile::tempdir().expect("a folder");
    let [config, out] = endless(folder.path());
    let args = ["train", "--config", path(&config), "--out", path(&out)];
    let mut child = start_ignoring("HUP INT QUIT", &args);
    wait_for_epochs(&out, 1);
    let process = child.id().to_string();
    for signal in ["HUP", "INT", "QUIT"] {
        send(signal, &process);
    }
    wait_for_epochs(&out, epochs_in(&out) + 2);
    send("TERM", &process);
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    assert!(out.join("checkpoint.bin").exists());
}

#[test]
fn the_end_of_a_login_saves_where_it_is_not_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    let [config, out] = endless(folder.path());
    let args = ["train", "--config", path(&config), "--out", path(&out)];
    let mut child = start_ignoring("INT", &args);
    wait_for_epochs(&out, 1);
    send("HUP", &child.id().to_string());
    assert_eq!(child.wait().expect("ends").code(), Some(130));
}

/// All processes get the signal, as from a terminal that is closed.
#[test]
fn jobs_ignore_what_their_sweep_does_and_are_stopped_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("sweep");
    let mut args = vec![
        "sweep",
        "--task",
        "copy",
        "--jobs",
        "2",
        "--out",
        path(&out),
    ];
    args.extend(ENDLESS.iter().flat_map(|setting| ["--set", setting]));
    args.extend(["--set", "network.hidden_size=16", "--grid", "seed=1,2"]);
    let mut sweep = start_ignoring("HUP INT QUIT", &args);
    let jobs = [out.join("seed=1"), out.join("seed=2")];
    jobs.iter().for_each(|job| wait_for_epochs(job, 1));
    let children = children(&sweep);
    assert_eq!(children.len(), 2, "{children:?}");
    for process in children.iter().chain([&sweep.id().to_string()]) {
        send("HUP", process);
        send("INT", process);
    }
    for job in &jobs {
        wait_for_epochs(job, epochs_in(job) + 2);
    }
    send("TERM", &sweep.id().to_string());
    assert_eq!(sweep.wait().expect("ends").code(), Some(130));
    for job in &jobs {
        assert!(!job.join("results.json").exists(), "no failure");
        let log = std::fs::read_to_string(job.join("job.log")).expect("a log");
        assert!(log.contains("stopping after this step"), "{log}");
    }
}

fn children(parent: &Child) -> Vec<String> {
    let output = Command::new("ps")
        .args(["-A", "-o", "ppid=,pid="])
        .output()
        .expect("ps");
    let text = text(&output.stdout);
    let mut children = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some(&parent.id().to_string()) {
            children.extend(words.next().map(String::from));
        }
    }
    children
}
