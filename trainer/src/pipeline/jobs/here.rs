//! Running jobs one after the other in this process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::jobs::{Attempt, Ended, Lock, Outcome, Plan, Record, Tally, is_done};
use crate::observer::Observer;
use crate::pipeline::error::{Error, Result, Sort};

/// Work on the job in a folder.
pub(super) trait Work: FnMut(&Path, &mut dyn Observer) -> Result<Ended> {}

impl<T: FnMut(&Path, &mut dyn Observer) -> Result<Ended>> Work for T {}

/// Does the jobs of `plan` that are not done: `work` trains, exports and evaluates the job in a folder. A job that fails
/// (or panics) is recorded, and the next one follows; it is tried again the next time. The observer is told of each
/// attempt.
pub(super) fn run_here(
    out: &Path,
    plan: &Plan,
    observer: &mut dyn Observer,
    mut work: impl Work,
) -> Tally {
    let mut tally = Tally::default();
    for entry in &plan.jobs {
        let attempt = run_one(&out.join(&entry.name), observer, &mut work);
        // What kept it from its work, or its outcome from being recorded, is a failure of this job alone.
        let attempt = attempt.unwrap_or_else(|error| Attempt::Ended(failed(&error)));
        observer.job_ended(&entry.name, &attempt);
        tally.count(&attempt);
        if tally.interrupted {
            break;
        }
    }
    tally
}

fn failed(error: &Error) -> Outcome {
    Outcome::Failed {
        error: error.with_causes(),
    }
}

/// Does the job in `folder` unless it is done, and records how it ended.
///
/// # Errors
/// The folder is missing or cannot be written.
pub(super) fn run_one(
    folder: &Path,
    observer: &mut dyn Observer,
    work: &mut impl Work,
) -> Result<Attempt> {
    let Some(_lock) = Lock::take(folder).sort_at(Error::Io, folder)? else {
        return Ok(Attempt::Busy);
    };
    if is_done(folder) {
        return Ok(Attempt::Skipped);
    }
    let outcome = match catch_unwind(AssertUnwindSafe(|| work(folder, observer))) {
        Ok(Ok(Ended::Interrupted)) => return Ok(Attempt::Interrupted),
        Ok(Ok(Ended::Done(done))) => Outcome::Done(done),
        Ok(Err(error)) => failed(&error),
        Err(panic) => {
            // Whatever stage it was in.
            observer.stage_ended();
            let message = panic_message(&*panic);
            Outcome::Failed {
                error: format!("internal error: {message}"),
            }
        }
    };
    Record::write(folder, outcome.clone()).sort_at(Error::Io, folder)?;
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
    use crate::observer::Silent;
    use crate::pipeline::error::Fault;

    /// Keeps what became of each job.
    #[derive(Default)]
    struct Told(Vec<String>);

    impl Observer for Told {
        fn job_ended(&mut self, job: &str, attempt: &Attempt) {
            self.0.push(format!("{job}: {attempt:?}"));
        }
    }

    fn done(folder: &Path, _: &mut dyn Observer) -> Result<Ended> {
        Ok(Ended::Done(Box::new(testing::done(folder))))
    }

    #[test]
    fn failures_are_recorded_and_tried_again_and_done_jobs_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b", "c"]);
        let work = |folder: &Path, observer: &mut dyn Observer| match folder
            .file_name()
            .and_then(|name| name.to_str())
        {
            Some("a") => Err(Error::Data(Fault::new("no data"))),
            Some("b") => panic!("out of range"),
            _ => done(folder, observer),
        };
        let tally = run_here(out, &plan, &mut Silent, work);
        assert_eq!((tally.done, tally.failed, tally.skipped), (1, 2, 0));
        let error = |name: &str| match Record::read(&out.join(name)).unwrap().unwrap().outcome {
            Outcome::Failed { error } => error,
            Outcome::Done(_) => panic!("{name} is done"),
        };
        assert_eq!(error("a"), "no data");
        assert_eq!(error("b"), "internal error: out of range");
        let tally = run_here(out, &plan, &mut Silent, done);
        assert_eq!((tally.done, tally.failed, tally.skipped), (2, 0, 1));
    }

    #[test]
    fn a_stop_ends_the_row_and_leaves_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["a", "b"]);
        let mut calls = 0;
        let work = |_: &Path, _: &mut dyn Observer| {
            calls += 1;
            Ok(Ended::Interrupted)
        };
        let tally = run_here(out, &plan, &mut Silent, work);
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
        let tally = run_here(out, &plan, &mut Silent, done);
        assert_eq!((tally.busy, tally.done), (1, 0));
        assert_eq!(Record::read(&out.join("a")).unwrap(), None);
        drop(lock);
        let tally = run_here(out, &plan, &mut Silent, done);
        assert_eq!((tally.busy, tally.done), (0, 1));
    }

    #[test]
    fn a_damaged_job_is_done_again_and_one_without_a_folder_stops_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let plan = plan(out, &["gone", "damaged", "lost", "whole"]);
        run_here(out, &plan, &mut Silent, done);
        std::fs::remove_dir_all(out.join("gone")).unwrap();
        std::fs::write(out.join("damaged").join(RECORD_NAME), "{").unwrap();
        std::fs::remove_dir_all(out.join("lost/model")).unwrap();
        let mut told = Told::default();
        let tally = run_here(out, &plan, &mut told, done);
        assert_eq!((tally.failed, tally.done, tally.skipped), (1, 2, 1));
        let Told(attempts) = told;
        assert_eq!(attempts.len(), 4);
        assert!(attempts[0].contains("gone"), "{attempts:?}");
        assert!(!out.join("gone").exists());
    }
}
