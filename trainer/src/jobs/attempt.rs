//! Attempts at jobs, and how they end.

use super::{Done, Outcome};

/// Exit code of a job that was asked to stop, and has saved.
pub const INTERRUPTED: u8 = 130;
/// Exit code of a job that another process is working on: that of a failure for the time being.
pub const BUSY: u8 = 75;

/// How the work on a job ended, if not with an error.
#[derive(Debug)]
pub enum Ended {
    /// With a result.
    Done(Box<Done>),
    /// It was asked to stop, and can go on from its folder.
    Interrupted,
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

/// Counts of a plan's jobs, by their outcome.
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

impl Tally {
    /// Counts an attempt.
    pub(crate) fn count(&mut self, attempt: &Attempt) {
        match attempt {
            Attempt::Ended(Outcome::Done(_)) => self.done += 1,
            Attempt::Ended(Outcome::Failed { .. }) => self.failed += 1,
            Attempt::Skipped => self.skipped += 1,
            Attempt::Busy => self.busy += 1,
            Attempt::Interrupted => self.interrupted = true,
        }
    }
}
