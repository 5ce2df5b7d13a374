//! Running jobs in processes of their own, several at a time.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::{LOG_NAME, Outcome, Plan, Record, Tally, is_done};

/// Time between two looks at the children.
const POLL: Duration = Duration::from_millis(50);
/// Exit code of a job that was asked to stop.
const INTERRUPTED: i32 = 130;

struct Running<'a> {
    name: &'a str,
    child: Child,
}

/// Does the jobs of `plan` that are not done, `at_once` at a time, each as the process that `command` makes for its
/// folder. When `stop` turns true, the processes are asked to save and stop. `show` is told of each end.
///
/// A process writes its job's record itself; for one that dies without, a failure is recorded here.
///
/// # Errors
/// A process cannot be started, or a record cannot be read or written.
pub fn run_processes(
    out: &Path,
    plan: &Plan,
    at_once: usize,
    command: impl Fn(&Path) -> Command,
    stop: impl Fn() -> bool,
    mut show: impl FnMut(&str, &Outcome),
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut waiting = plan.jobs.iter();
    let mut running: Vec<Running<'_>> = Vec::new();
    loop {
        if stop() && !tally.interrupted {
            tally.interrupted = true;
            running.iter().for_each(|job| ask_to_stop(&job.child));
        }
        while !tally.interrupted && running.len() < at_once {
            let Some(entry) = waiting.next() else { break };
            let folder = out.join(&entry.name);
            if is_done(&folder)? {
                tally.skipped += 1;
                continue;
            }
            running.push(Running {
                name: &entry.name,
                child: start(command(&folder), &folder)?,
            });
        }
        if running.is_empty() {
            return Ok(tally);
        }
        std::thread::sleep(POLL);
        let mut still = Vec::new();
        for mut job in running {
            match job.child.try_wait().context("cannot wait for a job")? {
                None => still.push(job),
                Some(status) if status.code() == Some(INTERRUPTED) => tally.interrupted = true,
                Some(status) => {
                    let outcome = outcome(&out.join(job.name), status)?;
                    match outcome {
                        Outcome::Done(_) => tally.done += 1,
                        Outcome::Failed { .. } => tally.failed += 1,
                    }
                    show(job.name, &outcome);
                }
            }
        }
        running = still;
    }
}

fn start(mut command: Command, folder: &Path) -> Result<Child> {
    let path = folder.join(LOG_NAME);
    let log = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    // A failure of an earlier attempt says nothing about this one.
    match std::fs::remove_file(folder.join(super::RECORD_NAME)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot write {}", folder.display()));
        }
        _ => {}
    }
    own_process_group(&mut command);
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot share the log")?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))
}

fn outcome(folder: &Path, status: std::process::ExitStatus) -> Result<Outcome> {
    if let Some(record) = Record::read(folder)? {
        return Ok(record.outcome);
    }
    let outcome = Outcome::Failed {
        error: format!(
            "the process ended with {status} and no result; see {}",
            folder.join(LOG_NAME).display()
        ),
    };
    Record::write(folder, outcome.clone())?;
    Ok(outcome)
}

/// Ctrl-C in a terminal goes to the whole foreground group. In a group of their own, jobs get the one signal that
/// [`ask_to_stop`] sends; a second one would stop them without saving.
#[cfg(unix)]
fn own_process_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_process_group(_: &mut Command) {}

#[cfg(unix)]
fn ask_to_stop(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile; then there is nobody to ask.
        let _ = kill_process(pid, Signal::INT);
    }
}

/// Where there are no groups, the terminal's Ctrl-C has reached the children already.
#[cfg(not(unix))]
fn ask_to_stop(_: &Child) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::jobs::testing::plan;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_that_dies_is_a_failure_and_its_messages_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b", "c"]);
        let command = |_: &Path| shell("echo something happened >&2; exit 3");
        let tally = run_processes(out, &plan, 2, command, || false, |_, _| {}).unwrap();
        assert_eq!((tally.failed, tally.done, tally.interrupted), (3, 0, false));
        let log = std::fs::read_to_string(out.join("b").join(LOG_NAME)).unwrap();
        assert_eq!(log, "something happened\n");
        let record = Record::read(&out.join("c")).unwrap().unwrap();
        assert!(record.done().is_none());
    }

    #[test]
    fn a_stop_reaches_the_processes_once_and_starts_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b", "c"]);
        let script = "trap 'exit 130' INT; touch started; while :; do sleep 0.02; done";
        let command = |folder: &Path| {
            let mut command = shell(script);
            command.current_dir(folder);
            command
        };
        let started = || out.join("a/started").exists() && out.join("b/started").exists();
        let tally = run_processes(out, &plan, 2, command, started, |_, _| {}).unwrap();
        assert!(tally.interrupted);
        assert_eq!((tally.done, tally.failed), (0, 0));
        assert!(!out.join("c/started").exists());
    }
}
