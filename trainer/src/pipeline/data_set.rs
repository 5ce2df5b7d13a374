//! Data sets: downloading them, and comparing them with what was published.

use std::path::Path;
#[cfg(feature = "fetch")]
use std::path::PathBuf;

use super::error::{Error, Result, Sort};
use crate::data::{self, Checked, DataSet, Task, Verdict, catalog};
#[cfg(feature = "fetch")]
use crate::observer::Transfer;
use crate::observer::{Observer, Stage, staged};

/// Outcome of comparing a data set with the published one, a part each; none where it is generated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataCheck {
    /// The parts.
    pub parts: Vec<Checked>,
}

impl DataCheck {
    /// Whether no part is something else than what was published.
    pub fn passed(&self) -> bool {
        let is_other = |part: &Checked| part.verdict == Verdict::Other;
        !self.parts.iter().any(is_other)
    }
}

/// Compares the data set called `name` with the published one.
///
/// # Errors
/// [`Error::Config`]: the name is unknown; [`Error::Data`]: the data set is missing, or a part cannot be read.
pub fn check_data(
    name: &str,
    data_dir: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<DataCheck> {
    let set = catalog::find(name).sort(Error::Config)?;
    let Some(task) = task_of(set).filter(|_| !set.is_generated()) else {
        return Ok(DataCheck::default());
    };
    let source = data::locate(task, data_dir).sort(Error::Data)?;
    let stage = Stage::CheckingData {
        source: source.to_string(),
    };
    let parts = staged(observer, &stage, || data::check(set, &source));
    Ok(DataCheck {
        parts: parts.sort(Error::Data)?,
    })
}

/// Words for where a data set was found, or how to get it.
pub fn place_of_data(set: &DataSet, data_dir: Option<&Path>) -> String {
    match task_of(set).map(|task| data::locate(task, data_dir)) {
        Some(Ok(source)) => source.to_string(),
        Some(Err(_)) => format!("nowhere: `hadamrnn data fetch {}`", set.name),
        None => "unused".into(),
    }
}

/// A task that stands on `set`.
fn task_of(set: &DataSet) -> Option<Task> {
    let mut tasks = Task::ALL.into_iter();
    tasks.find(|task| task.data_set().name == set.name)
}

/// Downloads the data set called `name` from its official source into `folder` and checks it; gives the paths of its parts.
/// Goes on where an earlier download broke off.
///
/// # Errors
/// [`Error::Data`]: the name is unknown, the network fails, or the content is not the published one.
#[cfg(feature = "fetch")]
pub fn fetch_data(name: &str, folder: &Path, observer: &mut dyn Observer) -> Result<Vec<PathBuf>> {
    observer.stage_begun(&Stage::Transferring { what: name.into() });
    let paths = data::fetch(name, folder, &mut |part, progress| {
        observer.transfer(&Transfer {
            what: part.what,
            done: progress.done,
            total: progress.total,
        });
    });
    observer.stage_ended();
    paths.sort_at(Error::Data, folder)
}
