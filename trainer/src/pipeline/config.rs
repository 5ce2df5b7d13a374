//! The task of a command, and the configuration of a new run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::{Error, Fault, Result, Sort};
use crate::checkpoint::Checkpoint;
use crate::choice::UnknownWord;
use crate::config::RunConfig;
use crate::data::Task;
use crate::observer::Observer;
use crate::recipe::{Recipe, file};
use crate::task_file::{self, TaskFile};
use crate::untrusted;

/// A task as a command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskArgument {
    /// By the name of a benchmark, or as `recordings`.
    Named(Task),
    /// By its task file; see [`task_file`](crate::task_file).
    File(PathBuf),
}

impl From<Task> for TaskArgument {
    fn from(task: Task) -> Self {
        Self::Named(task)
    }
}

impl FromStr for TaskArgument {
    type Err = UnknownTask;

    /// Reads a name, the path of a task file, or that of a folder that holds a `task.toml`.
    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let named = text.parse::<Task>();
        let path = Path::new(text);
        let inside = path.join(task_file::FILE_NAME);
        match named {
            Ok(task) => Ok(Self::Named(task)),
            Err(_) if inside.is_file() => Ok(Self::File(inside)),
            Err(_) if path.is_file() || path.extension().is_some_and(|end| end == "toml") => {
                Ok(Self::File(path.into()))
            }
            Err(unknown) => Err(UnknownTask(unknown)),
        }
    }
}

impl fmt::Display for TaskArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(task) => task.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A word that is neither the name of a task nor the path of a task file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; for recordings of your own name their task file, which `hadamrnn init` writes (no such file is there)"
)]
pub struct UnknownTask(UnknownWord);

/// Sources of the configuration of a new run.
#[derive(Clone, Debug, Default)]
pub struct ConfigOptions {
    /// Task; it may be left out where the file names it.
    pub task: Option<TaskArgument>,
    /// Configuration file: a whole one, or the settings that differ from the recipe's; or a task file.
    pub file: Option<PathBuf>,
    /// Recipe to start from; none is [`Recipe::Fast`], and the only choice with a whole file.
    pub recipe: Option<Recipe>,
}

/// A task with the configuration of a new run on it.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSetup {
    /// Name: the task's, or that of the task file. It is one component of a path.
    pub name: String,
    /// Configuration.
    pub config: RunConfig,
    /// Folder or file of the data, absolute, where a task file names it.
    pub data: Option<PathBuf>,
    /// The task file, where there is one.
    pub task_file: Option<PathBuf>,
}

impl TaskSetup {
    fn of(config: RunConfig) -> Self {
        Self {
            name: config.task.name().into(),
            config,
            data: None,
            task_file: None,
        }
    }

    /// The place of the data: `given` if there is one, else that of the task file.
    ///
    /// # Errors
    /// [`Error::Data`]: the place that the task file names is not there.
    pub fn data_dir(&self, given: Option<&Path>) -> Result<Option<PathBuf>> {
        let (None, Some(data)) = (given, &self.data) else {
            return Ok(given.map(Path::to_owned));
        };
        if data.exists() {
            return Ok(Some(data.clone()));
        }
        let file = self.task_file.as_deref().unwrap_or(data);
        let fault = Fault::new(format_args!(
            "{}: data: {} is not there: name the folder of the recordings as it is seen from the file's own folder, or give --data-dir",
            file.display(),
            data.display()
        ));
        Err(Error::Data(fault.at(file)))
    }
}

impl ConfigOptions {
    /// The options of a task without a configuration file.
    pub fn of(task: impl Into<TaskArgument>) -> Self {
        Self {
            task: Some(task.into()),
            ..Self::default()
        }
    }

    /// Reads task and configuration. The observer gets a notice where a recipe completes a file.
    ///
    /// # Errors
    /// [`Error::Config`]: no task is named or another one than the file's, or a file cannot be read, has a setting that
    /// does not exist, or a value out of its range.
    pub fn read(&self, observer: &mut dyn Observer) -> Result<TaskSetup> {
        match (&self.file, &self.task) {
            (Some(config), Some(TaskArgument::File(task))) => {
                Err(Error::Config(Fault::new(format_args!(
                    "{} is a task file, which has the settings of a configuration: put those of {} into it, or leave one of the two out",
                    task.display(),
                    config.display()
                ))))
            }
            (Some(path), None) if is_task_file(path)? => self.read_task(path, observer),
            (Some(path), Some(TaskArgument::Named(task))) => {
                read_file(path, Some(*task), self.recipe, observer)
            }
            (Some(path), None) => read_file(path, None, self.recipe, observer),
            (None, Some(TaskArgument::Named(task))) => {
                Ok(TaskSetup::of(self.recipe.unwrap_or_default().config(*task)))
            }
            (None, Some(TaskArgument::File(path))) => self.read_task(path, observer),
            (None, None) => Err(Error::Config(Fault::new(format_args!(
                "which task? Give one of {}, or for your own data the task file that `hadamrnn init` writes",
                Task::ALL.map(Task::name).join(", ")
            )))),
        }
    }

    fn read_task(&self, path: &Path, observer: &mut dyn Observer) -> Result<TaskSetup> {
        let file = TaskFile::read(path).sort_at(Error::Config, path)?;
        let recipe = self.recipe.unwrap_or_default();
        let config = file.config(recipe).sort_at(Error::Config, path)?;
        tell_recipe(path, recipe, &config, observer);
        Ok(TaskSetup {
            name: file.name,
            config,
            data: Some(file.data),
            task_file: Some(path.into()),
        })
    }
}

/// The place of data that `place` names: of a task file the one that it names itself, else `place` as it is.
///
/// # Errors
/// [`Error::Config`]: the task file is malformed; [`Error::Data`]: the place that it names is not there.
pub fn data_place(place: &Path) -> Result<PathBuf> {
    let inside = place.join(task_file::FILE_NAME);
    let is_toml = place.extension().is_some_and(|end| end == "toml") && place.is_file();
    let file = match (is_toml, inside.is_file()) {
        (true, _) => place,
        (false, true) => &inside,
        (false, false) => return Ok(place.to_path_buf()),
    };
    let task = TaskFile::read(file).sort_at(Error::Config, file)?;
    // As it was named, where the recordings lie beside their task file.
    let is_itself = place.canonicalize().is_ok_and(|place| place == task.data);
    if is_itself {
        return Ok(place.to_path_buf());
    }
    let setup = TaskSetup {
        name: task.name,
        config: RunConfig::for_task(Task::Recordings),
        data: Some(task.data),
        task_file: Some(file.to_path_buf()),
    };
    Ok(setup.data_dir(None)?.unwrap_or_else(|| place.to_path_buf()))
}

/// Whether a file of settings is a task file.
fn is_task_file(path: &Path) -> Result<bool> {
    use anyhow::Context;
    // A pipe can be read but once: it is a configuration.
    if !path.is_file() {
        return Ok(false);
    }
    let text = untrusted::named_settings(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .sort_at(Error::Config, path)?;
    Ok(task_file::is_task_file(&text))
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
) -> Result<TaskSetup> {
    let found = file::read(path, task, recipe).sort_at(Error::Config, path)?;
    if let Some(recipe) = found.recipe {
        tell_recipe(path, recipe, &found.config, observer);
    }
    Ok(TaskSetup::of(found.config))
}

fn tell_recipe(path: &Path, recipe: Recipe, config: &RunConfig, observer: &mut dyn Observer) {
    observer.notice(&format!(
        "note: what {} does not say is as in the recipe {} for {}",
        path.display(),
        recipe.name(),
        config.task
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;

    #[test]
    fn a_task_is_a_name_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (data, file) = (folder.path().join("data"), folder.path().join("task.toml"));
        std::fs::write(
            &file,
            "name = \"desk\"\ndata = \"data\"\n[recordings]\nsteps = 32\n",
        )
        .unwrap();
        let named = |text: &str| text.parse::<TaskArgument>();
        assert_eq!(named("har2"), Ok(TaskArgument::Named(Task::Har2)));
        for text in [&file, folder.path()] {
            let argument = named(text.to_str().unwrap()).unwrap();
            assert_eq!(argument, TaskArgument::File(file.clone()));
            let setup = ConfigOptions::of(Task::Har2);
            let setup = ConfigOptions {
                task: Some(argument),
                ..setup
            };
            let setup = setup.read(&mut Silent).unwrap();
            assert_eq!(
                (setup.name.as_str(), setup.config.task),
                ("desk", Task::Recordings)
            );
            assert_eq!(setup.config.recordings.as_ref().unwrap().steps, 32);
            let error = setup.data_dir(None).unwrap_err().to_string();
            assert!(error.contains("task.toml: data:"), "{error}");
            let other = Path::new("other");
            assert_eq!(setup.data_dir(Some(other)).unwrap(), Some(other.into()));
        }
        std::fs::create_dir(&data).unwrap();
        // The same as a configuration, as `sweep` takes it.
        let options = ConfigOptions {
            file: Some(file.clone()),
            ..ConfigOptions::default()
        };
        let setup = options.read(&mut Silent).unwrap();
        assert_eq!(setup.data_dir(None).unwrap(), Some(data));
        let both = ConfigOptions {
            task: Some(TaskArgument::File(file.clone())),
            file: Some(file),
            recipe: None,
        };
        let error = both.read(&mut Silent).unwrap_err().to_string();
        assert!(error.contains("leave one of the two out"), "{error}");
        let place = |place: &Path| data_place(place).unwrap();
        for named in [folder.path(), &folder.path().join("task.toml")] {
            assert_eq!(
                place(named),
                folder.path().join("data").canonicalize().unwrap()
            );
        }
        assert_eq!(place(Path::new("walk.csv")), Path::new("walk.csv"));
        assert_eq!(
            place(&folder.path().join("data")),
            folder.path().join("data")
        );
        std::fs::write(folder.path().join("task.toml"), "name = 3").unwrap();
        let error = data_place(folder.path()).unwrap_err().to_string();
        assert!(error.contains("task.toml"), "{error}");
        let error = named("har7").unwrap_err().to_string();
        assert!(
            error.contains("har2") && error.contains("hadamrnn init"),
            "{error}"
        );
    }
}
