//! Data sets: finding, reading, checking and downloading them, and the generated copying-memory task.
//!
//! A benchmark is a [`Task`]. [`locate()`] finds its data (a folder or archive of the user's, else the small sample that
//! ships inside the program), [`load`] reads them into a [`Dataset`] of three splits of [`Sequences`]. The copying task
//! is generated batch by batch instead: [`CopyTask`]. [`recordings`] are the user's own data. [`catalog`] is the table behind `hadamrnn data list`.

mod archive;
pub(crate) mod axes;
mod belonging;
mod cache;
pub mod catalog;
mod check;
mod copy_task;
pub mod dsa;
#[cfg(feature = "fetch")]
mod fetch;
mod fill_values;
pub mod glue;
mod gravity;
pub(crate) mod hex;
mod holdout;
mod image;
pub mod imdb;
pub mod import;
mod judge;
mod locate;
pub mod mnist;
mod npz;
mod numbering;
mod numbers;
mod people;
pub mod quality;
pub mod recordings;
mod row_digests;
mod sequences;
mod spot;
mod streams;
mod task;
#[cfg(test)]
mod testing;
mod text;
mod time;
pub mod uci_har;
pub(crate) mod words;

pub use cache::CACHE_VARIABLE;
pub use catalog::DataSet;
pub use check::{Checked, Verdict, check};
pub use copy_task::{CopyTask, Split};
#[cfg(feature = "fetch")]
pub use fetch::{Progress, fetch};
pub use glue::Padding;
pub use image::ImageLayout;
pub use locate::{DATA_DIR_VARIABLE, Source, locate, named_folder};
pub use numbers::Numbers;
pub use sequences::{Dataset, Sequences, Targets, Values, counts};
pub use spot::{Spot, Spots};
pub use streams::{End, Stream, streams};
pub use task::{Holdout, Task};

/// Reads the data of `task` from `source`, with `holdout` as the validation split and sequences padded as usual.
///
/// # Errors
/// The source cannot be read, is malformed (the message names file, line and field), lacks a held-out subject, or the
/// task is generated rather than read.
pub fn load(task: Task, source: &Source, holdout: &Holdout) -> anyhow::Result<Dataset> {
    load_padded(task, source, holdout, Padding::default())
}

/// Loads a task like [`load`]; `padding` says at which side short sequences of the GLUE tasks are padded. It has no
/// effect on other tasks.
///
/// # Errors
/// The errors of [`load`].
pub fn load_padded(
    task: Task,
    source: &Source,
    holdout: &Holdout,
    padding: Padding,
) -> anyhow::Result<Dataset> {
    match task {
        Task::Smnist | Task::Pmnist => mnist::load(task, source, holdout),
        Task::Imdb => imdb::load(source, holdout),
        Task::Sst2 | Task::Qqp => glue::load(task, source, holdout, padding),
        Task::Har2 | Task::Har6 => uci_har::load(task, source, holdout),
        Task::Dsa19 => dsa::load(source, holdout),
        Task::Recordings => recordings::load(source, &recordings::Cutting::default(), holdout),
        Task::Copy => {
            anyhow::bail!("the copy task is generated, not read from files: use `CopyTask`")
        }
    }
}

/// The persons that `holdout` may name in the training part of a published set, by its name in the catalogue, and the documented
/// choice; none where rows have no persons.
pub fn known_subjects(set: &str) -> Option<String> {
    let (training, standard): (&[u32], &[u32]) = match set {
        "uci-har" => (&uci_har::TRAINING_SUBJECTS, &uci_har::STANDARD_HOLDOUT),
        "dsa" => (&dsa::TRAINING_SUBJECTS, &dsa::STANDARD_HOLDOUT),
        _ => return None,
    };
    Some(format!(
        "persons {} (standard: {})",
        holdout::numbers(training.iter()),
        holdout::numbers(standard.iter())
    ))
}
