//! The configuration of a new run.

use std::path::{Path, PathBuf};

use super::error::{Error, Fault, Result, Sort};
use crate::checkpoint::Checkpoint;
use crate::config::RunConfig;
use crate::data::Task;
use crate::observer::Observer;
use crate::recipe::{Recipe, file};

/// Sources of the configuration of a new run.
#[derive(Clone, Debug, Default)]
pub struct ConfigOptions {
    /// Task; it may be left out where the file names it.
    pub task: Option<Task>,
    /// Configuration file: a whole one, or the settings that differ from the recipe's.
    pub file: Option<PathBuf>,
    /// Recipe to start from; none is [`Recipe::Fast`], and the only choice with a whole file.
    pub recipe: Option<Recipe>,
}

impl ConfigOptions {
    /// Reads the configuration. The observer gets a notice where a recipe completes a file.
    ///
    /// # Errors
    /// [`Error::Config`]: no task is named or another one than the file's, or the file cannot be read, has a setting that
    /// does not exist, or a value out of its range.
    pub fn read(&self, observer: &mut dyn Observer) -> Result<RunConfig> {
        match (&self.file, self.task) {
            (Some(path), task) => read_file(path, task, self.recipe, observer),
            (None, Some(task)) => Ok(self.recipe.unwrap_or_default().config(task)),
            (None, None) => Err(Error::Config(Fault::new(format_args!(
                "which task? Give one of {}, or recordings for your own data",
                Task::ALL.map(Task::name).join(", ")
            )))),
        }
    }
}

/// Reads the configuration of the run in `folder`, which it goes on with.
///
/// # Errors
/// [`Error::Checkpoint`]: there is no run, or it is damaged, or its `config.toml` is not what it was started with.
pub fn config_of_run(folder: &Path) -> Result<RunConfig> {
    let (_, config) = Checkpoint::open(folder).sort_at(Error::Checkpoint, folder)?;
    Ok(config)
}

fn read_file(
    path: &Path,
    task: Option<Task>,
    recipe: Option<Recipe>,
    observer: &mut dyn Observer,
) -> Result<RunConfig> {
    let found = file::read(path, task, recipe).sort_at(Error::Config, path)?;
    if let Some(recipe) = found.recipe {
        observer.notice(&format!(
            "note: what {} does not say is as in the recipe {} for {}",
            path.display(),
            recipe.name(),
            found.config.task
        ));
    }
    Ok(found.config)
}
