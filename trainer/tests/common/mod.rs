//! Running the program as its users do.
#![allow(dead_code, reason = "every test program uses a part")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub fn hadamrnn(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hadamrnn"));
    command
        .args(args)
        .env_remove("HADAMRNN_DATA")
        .stdin(Stdio::null());
    command
}

pub fn run(args: &[&str]) -> Output {
    hadamrnn(args).output().expect("the program starts")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Results and notes that a command prints, which succeeds.
pub fn succeeds(args: &[&str]) -> String {
    let output = run(args);
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{args:?}: {printed}");
    printed
}

/// Expects every one of `parts` in a text.
pub fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no \"{part}\" in {text}");
    }
}

/// Runs and expects a failure whose message has every one of `parts`, without a panic.
pub fn fails(args: &[&str], parts: &[&str]) {
    let output = run(args);
    let message = text(&output.stderr);
    assert!(!output.status.success(), "{args:?} succeeds");
    assert!(!message.contains("panicked"), "{args:?}: {message}");
    for part in parts {
        assert!(
            message.contains(part),
            "{args:?} does not say \"{part}\":\n{message}"
        );
    }
}

pub fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

pub fn epochs_in(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("metrics.jsonl")).map_or(0, |text| text.lines().count())
}

pub fn wait_for_epochs(folder: &Path, count: usize) {
    let start = Instant::now();
    while epochs_in(folder) < count {
        assert!(start.elapsed() < Duration::from_secs(300), "no progress");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Presses Ctrl-C, for this program alone.
pub fn interrupt(child: &Child) {
    send(ctrl_c(), &child.id().to_string());
}

/// Presses Ctrl-C as a terminal does: for the program, which leads a group of its own, and all that it has started.
pub fn interrupt_group(child: &Child) {
    send(ctrl_c(), &format!("-{}", child.id()));
}

/// The signal of Ctrl-C, or where these tests run in the background of a script, and they and all that they start ignore
/// it, one that does the same.
fn ctrl_c() -> &'static str {
    let shell = Command::new("sh").args(["-c", "kill -INT $$"]).status();
    match shell.expect("sh").success() {
        true => "TERM",
        false => "INT",
    }
}

/// Sends a signal to a process, or with a dash before its number to its group.
pub fn send(signal: &str, process: &str) {
    let kill = Command::new("kill")
        .args(["-s", signal, "--", process])
        .status()
        .expect("kill");
    assert!(kill.success());
}
