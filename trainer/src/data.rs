//! Data sets: finding, reading, checking and downloading them, and the generated copying-memory task.
//!
//! A benchmark is a [`Task`]. [`locate()`] finds its data (a folder or archive of the user's, else the small sample that
//! ships inside the program), [`load`] reads them into a [`Dataset`] of three splits of [`Sequences`]. The copying task
//! is generated batch by batch instead: [`CopyTask`]. [`catalog`] is the table behind `hadamrnn data list`.

mod archive;
pub mod catalog;
mod copy_task;
#[cfg(feature = "fetch")]
mod fetch;
mod locate;
mod sequences;
mod task;
pub mod uci_har;

pub use catalog::DataSet;
pub use copy_task::{CopyTask, Split};
#[cfg(feature = "fetch")]
pub use fetch::{Progress, fetch};
pub use locate::{DATA_DIR_VARIABLE, Source, locate};
pub use sequences::{Dataset, Sequences, Targets, Values};
pub use task::{Holdout, Task};

/// Reads the data of `task` from `source`, with `holdout` as the validation split.
///
/// # Errors
/// The source cannot be read, is malformed (the message names file, line and field), lacks a held-out subject, or the
/// task is generated rather than read.
pub fn load(task: Task, source: &Source, holdout: &Holdout) -> anyhow::Result<Dataset> {
    match task {
        Task::Har2 | Task::Har6 => uci_har::load(task, source, holdout),
        Task::Copy => {
            anyhow::bail!("the copy task is generated, not read from files: use `CopyTask`")
        }
    }
}
