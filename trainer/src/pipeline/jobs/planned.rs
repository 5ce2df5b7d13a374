//! Plans of jobs: every task with every recipe and seed, or a grid of settings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::card::sha256;
use crate::data::recordings::{FOLDS, Fold, content_digest};
use crate::data::{Task, named_folder};
use crate::files::write_atomically;
use crate::jobs::{self, Axis, Entry, Job, Plan, Setting};
use crate::observer::{Observer, Silent};
use crate::pipeline::config::{ConfigOptions, TaskArgument, TaskSetup};
use crate::pipeline::data::RunData;
use crate::pipeline::error::{Error, Fault, Result, Sort};
use crate::recipe::Recipe;
use crate::untrusted::{self, Kind};

/// Name of the file, beside a plan, with the digest of the recordings that its jobs are of.
const DATA_NAME: &str = "data.sha256";

/// Jobs to plan, and where their data are.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedJobs {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Place of the data that a task file names, absolute: that of [`JobOptions::data_dir`](super::JobOptions::data_dir) where the
    /// user names none.
    pub data_dir: Option<PathBuf>,
}

/// Every task with every recipe and every seed.
#[derive(Clone, Debug, Default)]
pub struct ReproduceOptions {
    /// Tasks; none are all benchmarks.
    pub tasks: Vec<TaskArgument>,
    /// Recipes.
    pub recipes: Vec<Recipe>,
    /// Configuration in place of recipes: a whole one or that of a model's card, or the settings that differ from the fast recipe's.
    pub config: Option<PathBuf>,
    /// Name of the group, where there is one task with one recipe or configuration; a configuration must have one.
    pub name: Option<String>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Tasks by their names that have seeds of their own in place of these.
    pub own_seeds: Vec<(String, Vec<u64>)>,
    /// Settings that change every recipe.
    pub settings: Vec<Setting>,
    /// Number of folds of a cross-validation on the user's own recordings, `2..=1000`, each a job; none is no such thing.
    pub folds: Option<usize>,
}

impl ReproduceOptions {
    /// The jobs, named `TASK-RECIPE-SEED`, or `TASK-RECIPE-foldN-SEED`; those of a task and a recipe are one group. A name stands in
    /// place of `TASK-RECIPE`, and is that of the group. The observer gets
    /// a notice where a recipe completes a file. `data_dir` is the place of the data that the user names, if any.
    ///
    /// # Errors
    /// [`Error::Config`]: a file or a setting is invalid, a name is missing or is to be that of several groups, a task with seeds
    /// of its own is not among the tasks, tasks have different places of data, or
    /// folds are of another task than recordings; [`Error::Data`]: the place
    /// that a task file names is not there.
    pub fn jobs(
        &self,
        data_dir: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<PlannedJobs> {
        let sources = self.sources()?;
        let mut jobs = Vec::new();
        let mut places = Vec::new();
        let mut names = BTreeSet::new();
        for source in &sources {
            let mut base = source.read(observer)?;
            base.config = jobs::with_settings(&base.config, &self.settings).sort(Error::Config)?;
            places.push(base.data_dir(data_dir)?);
            let group = self.group(&base, source.recipe.unwrap_or_default());
            let folds = self.checked_folds(base.config.task)?;
            for &seed in self.seeds_of(&base.name) {
                let job = |&fold: &Option<Fold>| self.job(&base, &group, seed, fold);
                jobs.extend(folds.iter().map(job));
            }
            names.insert(base.name);
        }
        if let Some((other, _)) = (self.own_seeds.iter()).find(|(task, _)| !names.contains(task)) {
            return Err(Error::Config(Fault::new(format_args!(
                "{other} has seeds of its own, and is none of the tasks: {}",
                names.into_iter().collect::<Vec<_>>().join(", ")
            ))));
        }
        for job in &jobs {
            job.config.validate().sort(Error::Config)?;
        }
        places.dedup();
        match &places[..] {
            [] => Ok(PlannedJobs {
                jobs,
                data_dir: data_dir.map(Path::to_owned),
            }),
            [data_dir] => Ok(PlannedJobs {
                data_dir: data_dir.clone(),
                jobs,
            }),
            _ => Err(Error::Config(Fault::new(
                "the tasks have their data in different places: give each its own --out, or all one --data-dir",
            ))),
        }
    }

    /// Where the configurations of the groups come from.
    fn sources(&self) -> Result<Vec<ConfigOptions>> {
        let fault = |text: &str| Error::Config(Fault::new(text));
        if self.config.is_some() {
            if self.name.is_none() {
                return Err(fault(
                    "results of a configuration need a name of their own: give --name, such as har2-1k",
                ));
            }
            if self.tasks.len() > 1 {
                return Err(fault("a configuration is of one task: name one at most"));
            }
            return Ok(vec![ConfigOptions {
                task: self.tasks.first().cloned(),
                file: self.config.clone(),
                recipe: None,
            }]);
        }
        let all: Vec<TaskArgument> = match &self.tasks[..] {
            [] => Task::ALL.map(TaskArgument::Named).into(),
            tasks => tasks.into(),
        };
        if self.name.is_some() && all.len() * self.recipes.len() != 1 {
            return Err(fault(
                "--name is that of one group: give one task and one recipe",
            ));
        }
        let of = |task: &TaskArgument, &recipe: &Recipe| ConfigOptions {
            recipe: Some(recipe),
            ..ConfigOptions::of(task.clone())
        };
        let of_task = |task| self.recipes.iter().map(move |recipe| of(task, recipe));
        Ok(all.iter().flat_map(of_task).collect())
    }

    fn seeds_of(&self, task: &str) -> &[u64] {
        let own = self.own_seeds.iter().find(|(name, _)| name == task);
        own.map_or(&self.seeds, |(_, seeds)| seeds)
    }

    /// The group of a task with a recipe, and what its jobs' names begin with.
    fn group(&self, base: &TaskSetup, recipe: Recipe) -> (String, String) {
        match &self.name {
            Some(name) => (name.clone(), name.clone()),
            None => {
                let (task, recipe) = (&base.name, recipe.name());
                (format!("{task} {recipe}"), format!("{task}-{recipe}"))
            }
        }
    }

    /// The folds, or none in place of them.
    fn checked_folds(&self, task: Task) -> Result<Vec<Option<Fold>>> {
        let Some(of) = self.folds else {
            return Ok(vec![None]);
        };
        let fault = |text: String| Error::Config(Fault::new(text));
        if task != Task::Recordings {
            return Err(fault(
                "--folds is for your own recordings: hadamrnn reproduce recordings --folds 5 --data-dir DIR".into(),
            ));
        }
        if !FOLDS.contains(&of) {
            return Err(fault(format!("--folds must be in {FOLDS:?}, not {of}")));
        }
        Ok((1..=of).map(|number| Some(Fold { number, of })).collect())
    }

    fn job(
        &self,
        base: &TaskSetup,
        (group, prefix): &(String, String),
        seed: u64,
        fold: Option<Fold>,
    ) -> Job {
        let mut config = base.config.clone();
        config.seed = seed;
        if let Some(cutting) = &mut config.recordings {
            cutting.fold = fold.or(cutting.fold);
        }
        let of_fold = fold.map_or(String::new(), |fold| format!("fold{}-", fold.number));
        Job {
            entry: Entry {
                name: format!("{prefix}-{of_fold}{seed}"),
                group: group.clone(),
                settings: self.settings.clone(),
            },
            config,
        }
    }
}

/// A grid of settings.
#[derive(Clone, Debug, Default)]
pub struct SweepOptions {
    /// Configuration to start from.
    pub base: ConfigOptions,
    /// Settings of every job.
    pub settings: Vec<Setting>,
    /// Settings to combine, one axis at least.
    pub grid: Vec<Axis>,
}

impl SweepOptions {
    /// The jobs, one a combination, named by their settings; those that differ in their seeds only are one group. `data_dir` is
    /// the place of the data that the user names, if any.
    ///
    /// # Errors
    /// [`Error::Config`]: there is no configuration to start from or no grid, or a setting does not exist or is out of its
    /// range; [`Error::Data`]: the place that a task file names is not there.
    pub fn jobs(
        &self,
        data_dir: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<PlannedJobs> {
        let fault = |message: &str| Error::Config(Fault::new(message));
        if self.base.file.is_none() && self.base.task.is_none() {
            return Err(fault(
                "what is swept? Give a configuration or task file, or --task",
            ));
        }
        let base = self.base.read(observer)?;
        if self.grid.is_empty() {
            return Err(fault(
                "what is swept? Give at least one --grid, such as --grid training.learning_rate=1e-3,3e-3",
            ));
        }
        let combinations = jobs::combinations(&self.grid).sort(Error::Config)?;
        let jobs = combinations.into_iter();
        let jobs: Result<Vec<Job>> = jobs.map(|chosen| self.job(&base, chosen)).collect();
        Ok(PlannedJobs {
            jobs: jobs?,
            data_dir: base.data_dir(data_dir)?,
        })
    }

    fn job(&self, base: &TaskSetup, chosen: Vec<Setting>) -> Result<Job> {
        let all: Vec<Setting> = self.settings.iter().chain(&chosen).cloned().collect();
        let config = jobs::with_settings(&base.config, &all).sort(Error::Config)?;
        let without_seed: Vec<Setting> = chosen
            .iter()
            .filter(|setting| setting.key != "seed")
            .cloned()
            .collect();
        Ok(Job {
            entry: Entry {
                name: folder_name(&chosen),
                group: label(&without_seed),
                settings: chosen,
            },
            config,
        })
    }
}

/// Checks that the recordings can be shared out to the folds of a cross-validation, before there are jobs.
///
/// # Errors
/// [`Error::Data`]: they cannot, or cannot be read; the message says how many groups there are. [`Error::Config`]: the configuration
/// does not fit them.
pub fn check_folds(planned: &PlannedJobs) -> Result<()> {
    let has_fold = |job: &&Job| {
        job.config
            .recordings
            .as_ref()
            .is_some_and(|own| own.fold.is_some())
    };
    let mut groups = BTreeSet::new();
    for job in planned.jobs.iter().filter(has_fold) {
        // One fold's drawing looks at all folds, and seeds do not matter.
        if groups.insert(&job.entry.group) {
            RunData::load(&job.config, planned.data_dir.as_deref(), &mut Silent)?;
        }
    }
    Ok(())
}

/// Writes the folders of jobs under `out`, and their plan. Jobs that a plan in `out` has already stay in it. `command` is
/// the command that planned them, for the report.
///
/// # Errors
/// [`Error::Plan`]: `out` holds jobs of another plan, a folder exists with another configuration, two jobs have one name, or `out` cannot be written.
pub fn write_plan(out: &Path, command: &str, jobs: &[Job]) -> Result<Plan> {
    Plan::write(out, command, jobs).sort_at(Error::Plan, out)
}

/// Keeps in `out` which recordings the jobs are of, or checks that they are those of the jobs before: results of other recordings do
/// not stand beside each other.
///
/// # Errors
/// [`Error::Data`]: the recordings have changed, or cannot be read; [`Error::Io`].
pub fn keep_data(out: &Path, planned: &PlannedJobs) -> Result<()> {
    let is_own = |job: &Job| job.config.task == Task::Recordings;
    let Some(place) = named_folder(planned.data_dir.clone()) else {
        return Ok(());
    };
    if !planned.jobs.iter().any(is_own) {
        return Ok(());
    }
    let digest = content_digest(&place).sort_at(Error::Data, &place)?;
    let path = out.join(DATA_NAME);
    if path.symlink_metadata().is_err() {
        let text = format!("{digest}\n");
        return write_atomically(&path, text.as_bytes()).sort_at(Error::Io, &path);
    }
    let known = untrusted::text(&path, Kind::SETTINGS).sort_at(Error::Plan, &path)?;
    if known.trim() == digest {
        return Ok(());
    }
    let fault = Fault::new(format_args!(
        "the recordings in {} are not those that the jobs in {} were started with, so that their results would not compare: give \
         another --out, or the same recordings",
        place.display(),
        out.display()
    ));
    Err(Error::Data(fault.at(&place)))
}

/// Reads the plan in `out`.
///
/// # Errors
/// [`Error::Plan`]: there is none, or it is damaged.
pub fn read_plan(out: &Path) -> Result<Plan> {
    Plan::read(out).sort_at(Error::Plan, out)
}

/// The settings in short: the last parts of their paths, whole paths where two end alike.
fn label(settings: &[Setting]) -> String {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_string();
    let part = |setting: &Setting| {
        let short = last(&setting.key);
        let alike = settings.iter().filter(|other| last(&other.key) == short);
        let name = match alike.count() {
            1 => short,
            _ => setting.key.clone(),
        };
        format!("{name}={}", setting.value)
    };
    match settings.is_empty() {
        true => "all seeds".into(),
        false => settings.iter().map(part).collect::<Vec<_>>().join(" "),
    }
}

/// Longest name of a folder.
const LONGEST_NAME: usize = 120;

/// The label as a name for a folder. It depends on the job's settings only, so that a grid can grow.
fn folder_name(settings: &[Setting]) -> String {
    let label = label(settings);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-=".contains(c);
    let name: String = label
        .chars()
        .map(|c| match c {
            ' ' => ',',
            c if plain(c) => c,
            _ => '_',
        })
        .collect();
    let faithful = label.chars().all(|c| plain(c) || c == ' ');
    if faithful && name.len() <= LONGEST_NAME {
        return name;
    }
    // What the name does not show is in its digest.
    let kept: String = name.chars().take(LONGEST_NAME).collect();
    format!("{kept}-{}", &sha256(label.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(texts: &[&str]) -> Vec<Setting> {
        texts
            .iter()
            .map(|text| text.parse().expect("a setting"))
            .collect()
    }

    #[test]
    fn names_are_short_and_distinct() {
        let name = |texts: &[&str]| folder_name(&settings(texts));
        assert_eq!(
            name(&["network.hidden_size=64", "training.learning_rate=1e-3"]),
            "hidden_size=64,learning_rate=1e-3"
        );
        assert_eq!(
            name(&["network.input_bits=4", "export.input_bits=10"]),
            "network.input_bits=4,export.input_bits=10"
        );
        let odd = [
            name(&["training.signs={trained = 1e-4}"]),
            name(&["training.signs=[trained = 1e-4]"]),
        ];
        assert_ne!(odd[0], odd[1]);
        let long = "training.learning_rate=0.".to_string() + &"1".repeat(300);
        assert!(name(&[&long]).len() <= LONGEST_NAME + 9);
        assert_eq!(label(&[]), "all seeds");
    }
}
