//! Training under fire: killed at any moment, also inside system calls, on a full or read-only disk, with a clock that goes back.
//! Whatever happens, the run goes on and ends with the very same weights.
//!
//! Kills inside system calls and errors of the disk are made by strace, which `firmware-examples/setup.sh --fire` installs; these
//! tests are ignored unless asked for: `cargo test --test under_fire -- --ignored`. `HADAMRNN_KILLS` says how many kills at least.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use burn::tensor::Device;
use hadamrnn::checkpoint::Checkpoint;
use hadamrnn::nn::HostWeights;
use hadamrnn::train::chosen_network;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use common::{hadamrnn, path, run, text};

/// The calls that give a file its name: which one is made, the C library decides.
const RENAME: &str = "rename,renameat,renameat2";
/// Calls that a run makes while it saves.
const CALLS: [&str; 6] = ["fsync", RENAME, "write", "openat", "ftruncate", "unlink"];
/// Errors that a disk gives, and what the program says of them.
const ERRORS: [(&str, &str); 3] = [
    ("ENOSPC", "No space left on device"),
    ("EROFS", "Read-only file system"),
    ("EIO", "Input/output error"),
];

/// A run of a few seconds; to go on where it has begun.
fn training(folder: &Path) -> Vec<&str> {
    if folder.join("checkpoint.bin").exists() {
        return vec!["train", "--resume", path(folder)];
    }
    let out = path(folder);
    let small = ["--epochs", "4", "--hidden-size", "32", "--keep", "last"];
    [&["train", "har2", "--out", out][..], &small].concat()
}

fn weights(folder: &Path) -> HostWeights {
    let checkpoint = Checkpoint::load(folder).expect("a checkpoint");
    chosen_network(&checkpoint, &Device::flex())
        .expect("weights")
        .weights()
}

/// The weights of a run that nothing disturbs.
fn undisturbed(folder: &Path) -> HostWeights {
    let output = run(&training(folder));
    assert!(output.status.success(), "{}", text(&output.stderr));
    weights(folder)
}

/// Trains with `inject` done to the program's call number `when` of `call`.
fn under(inject: &str, call: &str, when: u32, folder: &Path) -> Output {
    Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("trace={call}"))
        .arg("-e")
        .arg(format!("inject={call}:{inject}:when={when}"))
        .arg(env!("CARGO_BIN_EXE_hadamrnn"))
        .args(training(folder))
        .env_remove("HADAMRNN_DATA")
        .stdin(Stdio::null())
        .output()
        .expect("strace: firmware-examples/setup.sh --fire installs it")
}

fn killed_after(delay: Duration, folder: &Path) -> Output {
    let mut child = hadamrnn(&training(folder))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    std::thread::sleep(delay);
    child.kill().expect("SIGKILL");
    child.wait_with_output().expect("ends")
}

/// No output of the program says that it panicked.
fn has_no_panic(output: &Output) {
    let said = text(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
}

/// Every file of a folder is from the future, as after a clock that went back.
fn age(folder: &Path) {
    let future = SystemTime::now() + Duration::from_secs(3600 * 24 * 400);
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let file = std::fs::File::options()
            .append(true)
            .open(entry.expect("readable").path());
        file.and_then(|file| file.set_modified(future))
            .expect("a time");
    }
}

/// Kills runs until there were `least` kills. Gives their number, and that of runs that were brought to their end.
fn kill(least: usize, mut attempt: impl FnMut(&mut ChaCha8Rng, &Path) -> Output) -> [usize; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = undisturbed(&folder.path().join("whole"));
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let [mut kills, mut runs] = [0; 2];
    while kills < least {
        let of_run = folder.path().join(format!("run-{runs}"));
        loop {
            let output = attempt(&mut random, &of_run);
            has_no_panic(&output);
            if output.status.success() {
                break;
            }
            // Nothing but the kill ended it.
            assert_eq!(
                text(&output.stderr).matches("error").count(),
                0,
                "{}",
                text(&output.stderr)
            );
            kills += 1;
            if of_run.exists() && kills % 5 == 0 {
                age(&of_run);
            }
            // A killed process may leave an unfinished file, one in all: the next one removes it.
            let unfinished = std::fs::read_dir(&of_run)
                .into_iter()
                .flatten()
                .filter(|entry| {
                    let name = entry.as_ref().expect("readable").file_name();
                    name.to_string_lossy().starts_with(".hadamrnn-")
                });
            assert!(unfinished.count() <= 1);
        }
        assert_eq!(weights(&of_run), expected, "run {runs}");
        runs += 1;
    }
    [kills, runs]
}

#[test]
fn runs_that_are_killed_at_any_moment_end_with_the_same_weights() {
    let [kills, runs] = kill(4, |random, folder| {
        killed_after(
            Duration::from_millis(random.random_range(100..3000)),
            folder,
        )
    });
    println!("{kills} kills in {runs} runs");
}

#[test]
#[ignore = "minutes, and needs strace"]
fn runs_that_are_killed_inside_of_system_calls_end_with_the_same_weights() {
    let least =
        std::env::var("HADAMRNN_KILLS").map_or(20, |kills| kills.parse().expect("a number"));
    let mut of_call = std::collections::BTreeMap::<&str, usize>::new();
    let [kills, runs] = kill(least, |random, folder| {
        let call = CALLS[random.random_range(0..CALLS.len())];
        // Later than the start of the program, which opens many files.
        let when = match call {
            "openat" => random.random_range(20..120),
            _ => random.random_range(1..9),
        };
        let output = under("signal=KILL", call, when, folder);
        *of_call.entry(call).or_default() += usize::from(!output.status.success());
        output
    });
    println!("{kills} kills in {runs} runs: {of_call:?}");
}

#[test]
#[ignore = "minutes, and needs strace"]
fn a_disk_that_fails_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let expected = undisturbed(&folder.path().join("whole"));
    let mut told = 0;
    for (error, says) in ERRORS {
        for call in ["fsync", RENAME] {
            for when in [1, 2, 5] {
                let of_run = folder.path().join(format!("{error}-{call}-{when}"));
                let output = under(&format!("error={error}"), call, when, &of_run);
                has_no_panic(&output);
                if output.status.success() {
                    // The program makes not so many of these calls.
                    continue;
                }
                let said = text(&output.stderr);
                assert!(
                    said.contains("cannot write") && said.contains(says),
                    "{said}"
                );
                let output = run(&training(&of_run));
                assert!(output.status.success(), "{}", text(&output.stderr));
                assert_eq!(weights(&of_run), expected, "{error} in {call} {when}");
                told += 1;
            }
        }
    }
    println!("{told} errors of the disk were told");
    assert!(told >= 12, "{told}");
}

#[test]
fn a_checkpoint_that_is_damaged_anywhere_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let of_run = folder.path().join("run");
    undisturbed(&of_run);
    let file = of_run.join("checkpoint.bin");
    let whole = std::fs::read(&file).expect("a checkpoint");
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for i in 0..200 {
        let mut bytes = whole.clone();
        match i % 2 {
            0 => bytes[random.random_range(0..whole.len())] ^= 1 << random.random_range(0..8),
            _ => bytes.truncate(random.random_range(0..whole.len())),
        }
        std::fs::write(&file, bytes).expect("written");
        let error = Checkpoint::load(&of_run).expect_err("damaged");
        let said = format!("{error:#}");
        assert!(said.contains("checkpoint.bin"), "{said}");
    }
    let output = run(&["train", "--resume", path(&of_run)]);
    let said = text(&output.stderr);
    assert!(
        !output.status.success() && said.contains("checkpoint.bin"),
        "{said}"
    );
}
