//! A task file from `init` to a model, as the commands show it.

mod common;

use std::fmt::Write;
use std::path::Path;

use common::{fails, hadamrnn, path, run, text};

/// Ten recordings of two classes, in a folder of their own.
fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("recordings");
    std::fs::create_dir(&data).expect("a folder");
    for number in 0..10_u32 {
        let (label, speed) = [("rest", 0.02_f32), ("walk", 0.3)][number as usize % 2];
        let mut rows = String::from("label,a,b\n");
        for i in 0..240_u32 {
            let angle = number as f32 + i as f32 * speed;
            let noise = (number.wrapping_mul(31).wrapping_add(i)).wrapping_mul(2_654_435_761) >> 24;
            let (a, b) = (1000.0 * angle.sin(), 1000.0 * angle.cos());
            writeln!(
                rows,
                "{label},{},{}",
                a as i32 + noise as i32,
                b as i32 - noise as i32
            )
            .expect("text");
        }
        std::fs::write(data.join(format!("{label}{number}.csv")), rows).expect("written");
    }
    folder
}

fn succeeds(args: &[&str], folder: &Path) -> String {
    let output = hadamrnn(args)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{args:?}: {}{}",
        text(&output.stderr),
        text(&output.stdout)
    );
    text(&output.stdout) + &text(&output.stderr)
}

/// The command that follows `next:`, without the program's name.
fn next(printed: &str) -> Vec<String> {
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("next: hadamrnn "));
    shlex::split(line.expect("a command")).expect("words")
}

#[test]
fn a_task_goes_from_recordings_to_a_model() {
    let folder = desk();
    let place = folder.path();
    let printed = succeeds(
        &["init", "recordings", "--yes", "--out", "task.toml"],
        place,
    );
    assert!(printed.contains("10 recordings, 2400 samples"), "{printed}");
    fails(
        &[
            "init",
            path(&place.join("recordings")),
            "--yes",
            "--out",
            path(&place.join("task.toml")),
        ],
        &["task.toml is there already", "--overwrite"],
    );
    let file = std::fs::read_to_string(place.join("task.toml")).expect("text");
    assert!(
        file.contains("data = \"recordings\"") && file.contains("name = \"recordings\""),
        "{file}"
    );
    // Small, to be trained in a moment.
    let small = file.replace(
        "[training.augmentation]",
        "[network]\nhidden_size = 32\n\n[training]\nepochs = 8\n\n[training.augmentation]",
    );
    let small = small.replace(
        "name = \"recordings\"",
        "name = \"desk\"\nclass_weights = { walk = 1.5 }",
    );
    std::fs::write(place.join("task.toml"), small).expect("written");

    let printed = succeeds(
        &[
            "data",
            "check",
            "task.toml",
            "--json",
            "found.json",
            "--pictures",
            "pictures",
        ],
        place,
    );
    assert!(printed.contains("0 errors"), "{printed}");
    let found = std::fs::read_to_string(place.join("found.json")).expect("text");
    let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    assert_eq!(found["summary"]["classes"][1]["name"], "walk");
    assert!(place.join("pictures/recordings.svg").exists());

    let printed = succeeds(&["train", "task.toml"], place);
    assert!(
        printed.contains("trained 8 epochs in runs/desk-1"),
        "{printed}"
    );
    // As it is printed, from another folder.
    let mut words = next(&printed);
    words[1] = place.join(&words[1]).to_string_lossy().into_owned();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let printed = run(&words);
    assert!(
        printed.status.success(),
        "{words:?}: {}",
        text(&printed.stderr)
    );
    succeeds(
        &[
            "sweep",
            "task.toml",
            "--grid",
            "seed=1,2",
            "--set",
            "training.epochs=1",
            "--out",
            "sweep",
            "--jobs",
            "2",
        ],
        place,
    );
    succeeds(
        &[
            "reproduce",
            "task.toml",
            "--seeds",
            "3",
            "--set",
            "training.epochs=1",
            "--out",
            "jobs",
        ],
        place,
    );
    assert!(
        place.join("jobs/desk-fast-3/done.json").exists()
            || place.join("jobs/desk-fast-3").is_dir()
    );
}

#[test]
fn what_is_asked_needs_somebody_to_answer() {
    let folder = desk();
    fails(
        &["init", path(folder.path())],
        &["ended before all was answered", "--yes"],
    );
    fails(
        &["init", path(&folder.path().join("nowhere")), "--yes"],
        &["is not there"],
    );
}

#[test]
fn data_with_errors_end_with_a_status() {
    let folder = desk();
    let data = folder.path().join("recordings");
    for number in (1..10).step_by(2) {
        std::fs::remove_file(data.join(format!("walk{number}.csv"))).expect("removed");
    }
    let output = run(&["data", "check", path(&data)]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("error (classes): 1 class(es)"),
        "{}",
        text(&output.stdout)
    );
    fails(
        &["data", "check", "no-such-set"],
        &["no-such-set is not there"],
    );
    // The names of data sets and benchmarks are what they were.
    let sample = run(&["data", "check", "har2"]);
    assert!(sample.status.success(), "{}", text(&sample.stderr));
    let generated = run(&["data", "check", "copy"]);
    assert!(
        text(&generated.stdout).contains("generated"),
        "{}",
        text(&generated.stdout)
    );
}

#[test]
fn task_files_with_mistakes_are_refused_by_every_command() {
    let folder = desk();
    let file = folder.path().join("task.toml");
    std::fs::write(
        &file,
        "name = \"desk\"\ndata = \"recordings\"\n[recordings]\nstep = 20\n",
    )
    .expect("written");
    let file = path(&file);
    for command in [
        &["train", file][..],
        &["data", "check", file],
        &["sweep", file, "--grid", "seed=1", "--out", "out"],
        &["reproduce", file, "--out", "out"],
    ] {
        fails(command, &["task.toml", "did you mean steps?"]);
    }
}

#[test]
fn answers_may_come_from_a_pipe() {
    let folder = desk();
    let data = folder.path().join("recordings");
    let init = |answers: &str| {
        let mut child = hadamrnn(&["init", path(&data), "--overwrite"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // It may end before it has read all.
        let _ = std::io::Write::write_all(&mut pipe, answers.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        (
            output.status.success(),
            text(&output.stdout) + &text(&output.stderr),
        )
    };
    let (done, printed) = init(&"\n".repeat(20));
    assert!(done, "{printed}");
    let file = data.join("task.toml");
    let written = std::fs::read_to_string(&file).expect("text");
    // A wrong answer is not followed by those to other questions.
    let (done, printed) = init("keep\nno-such-channel\n\n\n\n\n\n\n");
    assert!(!done, "{printed}");
    assert!(printed.contains("nothing is written"), "{printed}");
    assert_eq!(std::fs::read_to_string(&file).expect("text"), written);
}

#[test]
fn weights_of_classes_that_are_not_there_are_found() {
    let folder = desk();
    let file = folder.path().join("task.toml");
    let task = "name = \"desk\"\ndata = \"recordings\"\nclass_weights = { run = 2.0 }\n[recordings]\nsteps = 20\nhop = 10\n";
    std::fs::write(&file, task).expect("written");
    let output = run(&["data", "check", path(&file)]);
    assert_eq!(output.status.code(), Some(1));
    let printed = text(&output.stdout);
    assert!(
        printed.contains("class_weights names \"run\"") && printed.contains("rest, walk"),
        "{printed}"
    );
}
