//! Running jobs one after the other in this process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::Result;

use super::{Done, Lock, Outcome, Plan, Record, is_done};

/// How the work on a job ended, if not with an error.
#[derive(Debug)]
pub enum Ended {
    /// With a result.
    Done(Box<Done>),
    /// It was asked to stop, and can go on from its folder.
    Interrupted,
}

/// What running a plan came to.
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
    /// It was done before.
    Skipped,
    /// It was asked to stop, and can go on from its folder.
    Interrupted,
    /// Another process is working on it.
    Busy,
}

/// Does the jobs of `plan` that are not done: `work` trains, exports and evaluates the job in a folder. A job that fails
/// (or panics) is recorded, and the next one follows; it is tried again the next time. `show` is told of each attempt.
///
/// # Errors
/// A record cannot be read or written.
pub fn run_here(
    out: &Path,
    plan: &Plan,
    mut work: impl FnMut(&Path) -> Result<Ended>,
    mut show: impl FnMut(&str, &Attempt),
) -> Result<Tally> {
    let mut tally = Tally::default();
    for entry in &plan.jobs {
        let attempt = run_one(&out.join(&entry.name), &mut work)?;
        show(&entry.name, &attempt);
        match attempt {
            Attempt::Ended(Outcome::Done(_)) => tally.done += 1,
            Attempt::Ended(Outcome::Failed { .. }) => tally.failed += 1,
            Attempt::Skipped => tally.skipped += 1,
            Attempt::Busy => tally.busy += 1,
            Attempt::Interrupted => {
                tally.interrupted = true;
                break;
            }
        }
    }
    Ok(tally)
}

/// Does the job in `folder` unless it is done, and records how it ended.
///
/// # Errors
/// Its record cannot be read or written.
pub fn run_one(folder: &Path, work: &mut impl FnMut(&Path) -> Result<Ended>) -> Result<Attempt> {
    let Some(_lock) = Lock::take(folder)? else {
        return Ok(Attempt::Busy);
    };
    if is_done(folder)? {
        return Ok(Attempt::Skipped);
    }
    let outcome = match catch_unwind(AssertUnwindSafe(|| work(folder))) {
        Ok(Ok(Ended::Interrupted)) => return Ok(Attempt::Interrupted),
        Ok(Ok(Ended::Done(done))) => Outcome::Done(done),
        Ok(Err(error)) => Outcome::Failed {
            error: format!("{error:#}"),
        },
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
    use crate::card::Results;
    use crate::jobs::testing::plan;
    use crate::metrics::Metrics;

    fn done() -> Ended {
        Ended::Done(Box::new(Done {
            data: "test".into(),
            sample: false,
            epochs: 1,
            epoch: 1,
            train_seconds: 1.0,
            bytes: 10,
            sha256: "00".into(),
            results: Results {
                float_valid: None,
                float_test: Metrics::default(),
                integer_test: Metrics::default(),
            },
            boards: vec![],
        }))
    }

    #[test]
    fn failures_are_recorded_and_tried_again_and_done_jobs_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b", "c"]);
        let work = |folder: &Path| match folder.file_name().and_then(|name| name.to_str()) {
            Some("a") => anyhow::bail!("no data"),
            Some("b") => panic!("out of range"),
            _ => Ok(done()),
        };
        let tally = run_here(out, &plan, work, |_, _| {}).unwrap();
        assert_eq!((tally.done, tally.failed, tally.skipped), (1, 2, 0));
        let error = |name: &str| match Record::read(&out.join(name)).unwrap().unwrap().outcome {
            Outcome::Failed { error } => error,
            Outcome::Done(_) => panic!("{name} is done"),
        };
        assert_eq!(error("a"), "no data");
        assert_eq!(error("b"), "internal error: out of range");
        let tally = run_here(out, &plan, |_| Ok(done()), |_, _| {}).unwrap();
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
        let tally = run_here(out, &plan, work, |_, _| {}).unwrap();
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
        let tally = run_here(out, &plan, |_| Ok(done()), |_, _| {}).unwrap();
        assert_eq!((tally.busy, tally.done), (1, 0));
        assert_eq!(Record::read(&out.join("a")).unwrap(), None);
        drop(lock);
        let tally = run_here(out, &plan, |_| Ok(done()), |_, _| {}).unwrap();
        assert_eq!((tally.busy, tally.done), (0, 1));
    }
}
