//! Running jobs in processes of their own, several at a time.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::JobCommand;
use crate::files::open_own;
use crate::jobs::{
    Attempt, BUSY, INTERRUPTED, LOG_NAME, Lock, Outcome, Plan, Record, Tally, is_done,
};
use crate::observer::Observer;

/// Exit code of a job that failed and has recorded why.
const FAILED: u8 = 1;
/// Time between two looks at the children.
const POLL: Duration = Duration::from_millis(50);

/// How processes are run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Processes {
    /// Processes at a time, at least 1.
    pub(super) at_once: usize,
    /// Time that they are given to save and stop; then they are killed.
    pub(super) patience: Duration,
}

struct Running<'a> {
    name: &'a str,
    child: Child,
}

/// Does the jobs of `plan` that are not done, each as the process that `command` makes for its folder. When the observer
/// asks to stop, the processes are asked to save and stop. It is told of each attempt at a job that is not done.
///
/// A process writes its job's record itself; for one that dies without, a failure is recorded here.
pub(super) fn run_processes(
    out: &Path,
    plan: &Plan,
    how: Processes,
    command: &JobCommand<'_>,
    observer: &mut dyn Observer,
) -> Tally {
    let mut tally = Tally::default();
    let mut waiting = plan.jobs.iter();
    let mut running: Vec<Running<'_>> = Vec::new();
    let mut asked: Option<Instant> = None;
    loop {
        if asked.is_none() && observer.stop_requested() {
            asked = Some(Instant::now());
            tally.interrupted = true;
            running.iter().for_each(|job| ask_to_stop(&job.child));
        }
        if asked.is_some_and(|asked| asked.elapsed() >= how.patience) {
            running.iter_mut().for_each(|job| kill(&mut job.child));
        }
        while !tally.interrupted && running.len() < how.at_once {
            let Some(entry) = waiting.next() else { break };
            let name = &*entry.name;
            let folder = out.join(name);
            match start(&folder, command, how.threads()) {
                Ok(Start::Running(child)) => running.push(Running { name, child }),
                Ok(Start::Not(attempt)) => count(name, Ok(attempt), &mut tally, observer),
                Err(error) => count(name, Err(error), &mut tally, observer),
            }
        }
        if running.is_empty() {
            return tally;
        }
        std::thread::sleep(POLL);
        running.retain_mut(|job| {
            let attempt = match job.child.try_wait() {
                Ok(None) => return true,
                // Whoever was asked to stop and is ended by a signal has not failed.
                Ok(Some(status)) if asked.is_some() && status.code().is_none() => {
                    Ok(Attempt::Interrupted)
                }
                Ok(Some(status)) => judge(&out.join(job.name), status),
                Err(error) => Err(error).context("cannot wait for the process"),
            };
            count(job.name, attempt, &mut tally, observer);
            false
        });
    }
}

/// Counts an attempt and tells of it. An error that kept it from its work, or its outcome from being recorded, is a failure
/// of this job alone.
fn count(name: &str, attempt: Result<Attempt>, tally: &mut Tally, observer: &mut dyn Observer) {
    let failed = |error: anyhow::Error| {
        Attempt::Ended(Outcome::Failed {
            error: format!("{error:#}"),
        })
    };
    let attempt = attempt.unwrap_or_else(failed);
    tally.count(&attempt);
    if !matches!(attempt, Attempt::Skipped) {
        observer.job_ended(name, &attempt);
    }
}

impl Processes {
    /// Threads of a process, so that all of them together keep every core busy.
    fn threads(self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        (cores / self.at_once).max(1)
    }
}

enum Start {
    Running(Child),
    Not(Attempt),
}

fn start(folder: &Path, command: &JobCommand<'_>, threads: usize) -> Result<Start> {
    // A process that is at the job already writes its own messages.
    let Some(lock) = Lock::take(folder)? else {
        return Ok(Start::Not(Attempt::Busy));
    };
    if is_done(folder) {
        return Ok(Start::Not(Attempt::Skipped));
    }
    let path = folder.join(LOG_NAME);
    let log = open_own(&path, true)?;
    let words = command(folder);
    let (program, arguments) = words
        .split_first()
        .context("the command of the job has no words")?;
    let mut command = Command::new(program);
    own_process_group(&mut command);
    command
        .args(arguments)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot share the log")?)
        .stderr(log);
    // The process takes the lock itself.
    drop(lock);
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    Ok(Start::Running(child))
}

/// Outcome of an attempt whose process ended with `status`.
fn judge(folder: &Path, status: ExitStatus) -> Result<Attempt> {
    let is = |code: u8| status.code() == Some(code.into());
    if is(INTERRUPTED) {
        return Ok(Attempt::Interrupted);
    }
    if is(BUSY) {
        return Ok(Attempt::Busy);
    }
    // If another process has come in between, the job is that one's.
    let Some(_lock) = Lock::take(folder)? else {
        return Ok(Attempt::Busy);
    };
    match Record::read(folder) {
        Ok(Some(record)) if record.done().is_some() || is(FAILED) => {
            return Ok(Attempt::Ended(record.outcome));
        }
        _ => {}
    }
    let outcome = Outcome::Failed {
        error: format!(
            "the process ended with {status} and no result; see {}",
            folder.join(LOG_NAME).display()
        ),
    };
    Record::write(folder, outcome.clone())?;
    Ok(Attempt::Ended(outcome))
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

/// Asks a process to stop. It does not use SIGINT, which the processes ignore if it was ignored when this program
/// started.
#[cfg(unix)]
fn ask_to_stop(child: &Child) {
    use rustix::process::{Signal, kill_process};
    if let Some(pid) = pid(child) {
        // It may have ended meanwhile; then there is nobody to ask.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Where there are no groups, the terminal's Ctrl-C has reached the children already.
#[cfg(not(unix))]
fn ask_to_stop(_: &Child) {}

/// Ends a process and all that it has started.
#[cfg(unix)]
fn kill(child: &mut Child) {
    use rustix::process::{Signal, kill_process_group};
    if let Some(pid) = pid(child) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(child: &mut Child) {
    // It may have ended meanwhile.
    let _ = child.kill();
}

#[cfg(unix)]
fn pid(child: &Child) -> Option<rustix::process::Pid> {
    let pid = i32::try_from(child.id()).ok()?;
    rustix::process::Pid::from_raw(pid)
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::jobs::testing::{self, plan};
    use crate::observer::Silent;

    /// Two at a time, and all the time that they need.
    const PATIENT: Processes = Processes {
        at_once: 2,
        patience: Duration::MAX,
    };

    /// A process that runs `script` in the folder of its job.
    fn shell(script: &str) -> impl Fn(&Path) -> Vec<OsString> {
        move |folder: &Path| {
            let words = ["sh", "-c", "cd \"$1\" && eval \"$0\"", script];
            let words = words.into_iter().map(OsString::from);
            words.chain([folder.into()]).collect()
        }
    }

    /// Asks to stop when its condition holds.
    struct Until<F>(F);

    impl<F: Fn() -> bool> Observer for Until<F> {
        fn stop_requested(&self) -> bool {
            (self.0)()
        }
    }

    #[test]
    fn a_process_that_dies_is_a_failure_and_its_messages_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b", "c"]);
        let command = shell("echo something happened >&2; exit 3");
        let tally = run_processes(out, &plan, PATIENT, &command, &mut Silent);
        assert_eq!((tally.failed, tally.done, tally.interrupted), (3, 0, false));
        let log = std::fs::read_to_string(out.join("b").join(LOG_NAME)).unwrap();
        assert_eq!(log, "something happened\n");
        let record = Record::read(&out.join("c")).unwrap().unwrap();
        assert!(record.done().is_none());
    }

    /// Another process holds the lock of one job, has finished the second while this one's was starting, and takes over
    /// the third, of which there is an older failure.
    #[test]
    fn what_another_process_works_on_is_busy_and_its_result_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["held", "finished", "taken over", "missing"]);
        let held = Lock::take(&out.join("held")).unwrap();
        std::fs::write(out.join("held").join(LOG_NAME), "of the other\n").unwrap();
        std::fs::remove_dir_all(out.join("missing")).unwrap();
        let failure = || Outcome::Failed {
            error: "earlier".into(),
        };
        Record::write(&out.join("taken over"), failure()).unwrap();
        let command = |folder: &Path| {
            let script = match folder.ends_with("finished") {
                true => {
                    let done = Outcome::Done(Box::new(testing::done(folder)));
                    Record::write(folder, done).unwrap();
                    "kill -KILL $$".to_string()
                }
                false => format!("exit {BUSY}"),
            };
            shell(&script)(folder)
        };
        let tally = run_processes(out, &plan, PATIENT, &command, &mut Silent);
        assert_eq!((tally.busy, tally.done, tally.failed), (2, 1, 1));
        assert_eq!(Record::read(&out.join("held")).unwrap(), None);
        let log = std::fs::read_to_string(out.join("held").join(LOG_NAME)).unwrap();
        assert_eq!(log, "of the other\n");
        let record = Record::read(&out.join("taken over")).unwrap().unwrap();
        assert_eq!(record.outcome, failure());
        assert!(is_done(&out.join("finished")));
        drop(held);
    }

    fn until_stopped(script: &str, how: Processes) {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b", "c"]);
        let started = || out.join("a/started").exists() && out.join("b/started").exists();
        let tally = run_processes(out, &plan, how, &shell(script), &mut Until(started));
        assert!(tally.interrupted);
        assert_eq!((tally.done, tally.failed), (0, 0));
        assert!(!out.join("c/started").exists());
        assert_eq!(Record::read(&out.join("a")).unwrap(), None);
    }

    const WORK: &str = "touch started; while :; do sleep 0.02; done";

    #[test]
    fn a_stop_reaches_the_processes_once_and_starts_no_more() {
        until_stopped(&format!("trap 'exit 130' TERM; {WORK}"), PATIENT);
    }

    /// Programs that a script starts in the background ignore interrupts, too.
    #[test]
    fn processes_that_ignore_interrupts_are_stopped() {
        until_stopped(&format!("trap '' INT HUP QUIT; {WORK}"), PATIENT);
    }

    #[test]
    fn processes_that_do_not_stop_are_killed() {
        let impatient = Processes {
            patience: Duration::ZERO,
            ..PATIENT
        };
        until_stopped(&format!("trap '' INT TERM; {WORK}"), impatient);
    }
}
