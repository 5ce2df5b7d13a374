//! Running jobs one after the other in this process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::Result;

use super::{Done, Lock, Outcome, Plan, Record, is_done};

/// How the work on a job ended, if not with an error.
#[derive(Debug)]
pub enum Ended {
    /// The job is done; its results.
    Done(Box<Done>),
    /// The job was asked to stop, and can go on from its folder.
    Interrupted,
}

/// Outcome of running a plan: jobs by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs that were done before.
    pub skipped: usize,
    /// Jobs that were done now.
    pub done: usize,
    /// Jobs that failed now; their errors are in their records.
    pub failed: usize,
    /// Jobs that another process is working on.
    pub busy: usize,
    /// Whether it was asked to stop before the end.
    pub interrupted: bool,
}

/// How an attempt at a job ended.
#[derive(Debug)]
pub enum Attempt {
    /// The job ended, and its record says so.
    Ended(Outcome),
    /// The job was done before.
    Skipped,
    /// The job was asked to stop, and can go on from its folder.
    Interrupted,
    /// Another process is working on the job.
    Busy,
}

impl Tally {
    /// Counts an attempt.
    pub(super) fn count(&mut self, attempt: &Attempt) {
        match attempt {
            Attempt::Ended(Outcome::Done(_)) => self.done += 1,
            Attempt::Ended(Outcome::Failed { .. }) => self.failed += 1,
            Attempt::Skipped => self.skipped += 1,
            Attempt::Busy => self.busy += 1,
            Attempt::Interrupted => self.interrupted = true,
        }
    }
}

impl Attempt {
    /// An error that kept the attempt from its work, or its outcome from being recorded, is a failure of this job alone.
    pub(super) fn or_failed(attempt: Result<Self>) -> Self {
        attempt.unwrap_or_else(|error| Self::Ended(failed(&error)))
    }
}

fn failed(error: &anyhow::Error) -> Outcome {
    Outcome::Failed {
        error: format!("{error:#}"),
    }
}

/// Does the jobs of `plan` that are not done: `work` trains, exports and evaluates the job in a folder. A job that fails
/// (or panics) is recorded, and the next one follows; it is tried again the next time. `show` is told of each attempt.
pub fn run_here(
    out: &Path,
    plan: &Plan,
    mut work: impl FnMut(&Path) -> Result<Ended>,
    mut show: impl FnMut(&str, &Attempt),
) -> Tally {
    let mut tally = Tally::default();
    for entry in &plan.jobs {
        let attempt = Attempt::or_failed(run_one(&out.join(&entry.name), &mut work));
        show(&entry.name, &attempt);
        tally.count(&attempt);
        if tally.interrupted {
            break;
        }
    }
    tally
}

/// Does the job in `folder` unless it is done, and records how it ended.
///
/// # Errors
/// The folder is missing or cannot be written.
pub fn run_one(folder: &Path, work: &mut impl FnMut(&Path) -> Result<Ended>) -> Result<Attempt> {
    let Some(_lock) = Lock::take(folder)? else {
        return Ok(Attempt::Busy);
    };
    if is_done(folder) {
        return Ok(Attempt::Skipped);
    }
    let outcome = match catch_unwind(AssertUnwindSafe(|| work(folder))) {
        Ok(Ok(Ended::Interrupted)) => return Ok(Attempt::Interrupted),
        Ok(Ok(Ended::Done(done))) => Outcome::Done(done),
        Ok(Err(error)) => failed(&error),
        Err(panic) => Outcome::Failed {
            error: format!("internal error: {}", panic_message(&*panic)),
        },
    };
    Record::write(folder, outcome.clone())?;
    Ok(Attempt::Ended(outcome))
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::RECORD_NAME;
    use crate::jobs::testing::{self, plan};

    fn done(folder: &Path) -> Result<Ended> {
        Ok(Ended::Done(Box::new(testing::done(folder))))
    }

    #[test]
    fn failures_are_recorded_and_tried_again_and_done_jobs_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b", "c"]);
        let work = |folder: &Path| match folder.file_name().and_then(|name| name.to_str()) {
            Some("a") => anyhow::bail!("no data"),
            Some("b") => panic!("out of range"),
            _ => done(folder),
        };
        let tally = run_here(out, &plan, work, |_, _| {});
        assert_eq!((tally.done, tally.failed, tally.skipped), (1, 2, 0));
        let error = |name: &str| match Record::read(&out.join(name)).unwrap().unwrap().outcome {
            Outcome::Failed { error } => error,
            Outcome::Done(_) => panic!("{name} is done"),
        };
        assert_eq!(error("a"), "no data");
        assert_eq!(error("b"), "internal error: out of range");
        let tally = run_here(out, &plan, done, |_, _| {});
        assert_eq!((tally.done, tally.failed, tally.skipped), (2, 0, 1));
    }

    #[test]
    fn a_stop_ends_the_row_and_leaves_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b"]);
        let mut calls = 0;
        let work = |_: &Path| {
            calls += 1;
            Ok(Ended::Interrupted)
        };
        let tally = run_here(out, &plan, work, |_, _| {});
        assert!(tally.interrupted);
        assert_eq!(calls, 1);
        assert_eq!(Record::read(&out.join("a")).unwrap(), None);
    }

    #[test]
    fn a_job_that_another_process_works_on_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a"]);
        let lock = Lock::take(&out.join("a")).unwrap().unwrap();
        let tally = run_here(out, &plan, done, |_, _| {});
        assert_eq!((tally.busy, tally.done), (1, 0));
        assert_eq!(Record::read(&out.join("a")).unwrap(), None);
        drop(lock);
        let tally = run_here(out, &plan, done, |_, _| {});
        assert_eq!((tally.busy, tally.done), (0, 1));
    }

    #[test]
    fn a_damaged_job_is_done_again_and_one_without_a_folder_stops_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["gone", "damaged", "lost", "whole"]);
        run_here(out, &plan, done, |_, _| {});
        std::fs::remove_dir_all(out.join("gone")).unwrap();
        std::fs::write(out.join("damaged").join(RECORD_NAME), "{").unwrap();
        std::fs::remove_dir_all(out.join("lost/model")).unwrap();
        let mut shown = Vec::new();
        let show = |name: &str, attempt: &Attempt| shown.push(format!("{name}: {attempt:?}"));
        let tally = run_here(out, &plan, done, show);
        assert_eq!((tally.failed, tally.done, tally.skipped), (1, 2, 1));
        assert!(shown[0].contains("gone"), "{shown:?}");
        assert!(!out.join("gone").exists());
    }
}
