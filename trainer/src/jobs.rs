//! Jobs: independent runs of train, export and evaluate, of which `reproduce` and `sweep` are made.
//!
//! A job is a folder, and the folder is a run folder with its outcome:
//!
//! | file | what |
//! |---|---|
//! | `config.toml` | what is trained; the job is defined by it |
//! | `checkpoint.bin`, `metrics.jsonl`, … | the run, from which a stopped job goes on |
//! | `model/` | the exported model |
//! | `results.json` | [`Record`]: what came out, or why it failed |
//! | `job.log` | messages, where the job ran in a process of its own |
//! | `lock` | held while a process works on the job |
//!
//! The folder above holds the jobs and [`Plan`], `plan.json`. Nothing else is shared, so jobs may run in any order, on
//! any machine that sees the folder, and be started again at any time: those that are done stay as they are.
//! [`pipeline`](crate::pipeline) runs them.

mod attempt;
mod grid;
mod name;
mod same_plan;
mod scheduler;
mod seeds;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::card::{self, Results};
use crate::checkpoint::CONFIG_NAME;
use crate::config::RunConfig;
use crate::data::recordings::{Cutting, ImportOptions};
use crate::files::write_atomically;
use crate::metrics::Confusion;
use crate::untrusted::{self, Kind};

pub use crate::files::Lock;
pub use attempt::{Attempt, BUSY, Ended, INTERRUPTED, Tally};
pub use grid::{Axis, NoSetting, Setting, combinations, with_settings};
pub use scheduler::Scheduler;
pub use seeds::{NoSeeds, Seeds};

/// Name of the outcome in a job's folder.
pub const RECORD_NAME: &str = "results.json";
/// Name of the model folder in a job's folder.
pub const MODEL_NAME: &str = "model";
/// Name of the messages in a job's folder.
pub const LOG_NAME: &str = "job.log";
pub(crate) const PLAN_NAME: &str = "plan.json";

/// A job to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Entry of the job in the plan.
    pub entry: Entry,
    /// Configuration of its training.
    pub config: RunConfig,
}

/// A job's entry in a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Name of the job's folder: one plain component of a path.
    pub name: String,
    /// Name of its group: jobs of a group differ in their seeds only.
    pub group: String,
    /// Settings that distinguish the job, as paths into its configuration.
    pub settings: Vec<Setting>,
}

/// The jobs of a folder, `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The command that planned them.
    pub command: String,
    /// The jobs, in order.
    pub jobs: Vec<Entry>,
}

/// The outcome of a job, `results.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Time at which it ended, UTC.
    pub date: String,
    /// Machine that it ran on.
    pub machine: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The job ended with a model.
    Done(Box<Done>),
    /// The job ended with an error.
    Failed {
        /// The message.
        error: String,
    },
}

/// Results of a finished job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Data that it was measured on.
    pub data: String,
    /// Whether that is the sample that ships with the program, whose accuracies are not the data set's.
    pub sample: bool,
    /// Epochs trained.
    pub epochs: u32,
    /// Epoch whose weights were exported.
    pub epoch: u32,
    /// Training time, validation included.
    pub train_seconds: f64,
    /// Length of the model file.
    pub bytes: usize,
    /// Digest of the model file.
    pub sha256: String,
    /// Metrics of the float network and of the integer model.
    pub results: Results,
    /// Classes that the integer model answers on the test split of the user's own recordings; none of other data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Confusion>,
    /// Emulated boards the model ran on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boards: Vec<BoardRecord>,
}

/// Results of an emulated board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoardRecord {
    /// Name of the board.
    pub board: String,
    /// Windows on which class, logits and every state are the host's.
    pub equal: usize,
    /// Windows run.
    pub windows: usize,
    /// Instructions of a time step.
    pub instructions_per_step: u32,
    /// Instructions of a window: all steps and the readout of its answer. Records of earlier versions lack the readout.
    pub instructions_per_window: u64,
    /// RAM of a session, in bytes.
    pub session_bytes: u32,
    /// Deepest stack, in bytes.
    pub stack_bytes: u32,
}

impl Record {
    /// Reads the record in a job's folder, if there is one. A result is worth nothing without the model that it is of.
    ///
    /// # Errors
    /// It cannot be read or is malformed, or the model of a finished job is missing or another one.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let record = Self::stored(folder)?;
        if let Some(done) = record.as_ref().and_then(Self::done) {
            done.check_model(folder)?;
        }
        Ok(record)
    }

    fn stored(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(RECORD_NAME);
        if !path.exists() {
            return Ok(None);
        }
        let text = untrusted::text(&path, Kind::RECORD)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let record = serde_json::from_str(&text)
            .with_context(|| format!("{} is malformed", path.display()))?;
        Ok(Some(record))
    }

    /// Writes the outcome of a job that ended now, here. The job's lock must be held. A failure does not replace a result.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(folder: &Path, outcome: Outcome) -> Result<()> {
        let is_done = matches!(Self::stored(folder), Ok(Some(record)) if record.done().is_some());
        if is_done && matches!(outcome, Outcome::Failed { .. }) {
            return Ok(());
        }
        let record = Self {
            date: crate::machine::date(),
            machine: crate::machine::describe(),
            outcome,
        };
        let text = serde_json::to_string_pretty(&record)? + "\n";
        write_atomically(&folder.join(RECORD_NAME), text.as_bytes())
    }

    /// Results of the job, if it did not fail.
    pub fn done(&self) -> Option<&Done> {
        match &self.outcome {
            Outcome::Done(done) => Some(done),
            Outcome::Failed { .. } => None,
        }
    }

    /// Why the job failed, if it did.
    pub fn error(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed { error } => Some(error),
            Outcome::Done(_) => None,
        }
    }
}

impl Done {
    fn check_model(&self, folder: &Path) -> Result<()> {
        let path = folder.join(MODEL_NAME).join(card::files::MODEL);
        let bytes = untrusted::read(&path, Kind::MODEL).with_context(|| {
            format!(
                "the job is done, but its model is gone: cannot read {}",
                path.display()
            )
        })?;
        ensure!(
            card::sha256(&bytes) == self.sha256,
            "{} is not the model that {} is about",
            path.display(),
            folder.join(RECORD_NAME).display()
        );
        Ok(())
    }
}

/// Whether the job in `folder` is done, with a model. One whose record or model is damaged is not.
pub fn is_done(folder: &Path) -> bool {
    matches!(Record::read(folder), Ok(Some(record)) if record.done().is_some())
}

/// Reads the configuration of the job in `folder`.
///
/// # Errors
/// It is missing or invalid.
pub fn read_config(folder: &Path) -> Result<RunConfig> {
    let path = folder.join(CONFIG_NAME);
    let text = untrusted::text(&path, Kind::SETTINGS).with_context(|| {
        format!(
            "cannot read {}: is {} the folder of a job?",
            path.display(),
            folder.display()
        )
    })?;
    RunConfig::from_toml(&text).with_context(|| format!("{}", path.display()))
}

impl Plan {
    /// Writes the folders of jobs under `out`, and the plan. Jobs that a plan in `out` has already stay in it.
    ///
    /// # Errors
    /// `out` holds jobs of another sweep, a folder exists with another configuration, two jobs have one name, a name is not one plain component of a path, or
    /// `out` cannot be written.
    pub fn write(out: &Path, command: &str, jobs: &[Job]) -> Result<Self> {
        let mut plan = match out.join(PLAN_NAME).exists() {
            true => Self::read(out)?,
            false => Self {
                command: String::new(),
                jobs: Vec::new(),
            },
        };
        check_names(jobs.iter().map(|job| &job.entry))?;
        same_plan::check(out, &plan, command, jobs)?;
        plan.command = command.into();
        for job in jobs {
            let name = &job.entry.name;
            write_job(&out.join(name), &job.config)?;
            plan.jobs.retain(|entry| entry.name != *name);
            plan.jobs.push(job.entry.clone());
        }
        let text = serde_json::to_string_pretty(&plan)? + "\n";
        write_atomically(&out.join(PLAN_NAME), text.as_bytes())?;
        Ok(plan)
    }

    /// Reads the plan in `out`.
    ///
    /// # Errors
    /// There is none, it is malformed, two jobs have one name, or a name is not one plain component of a path.
    pub fn read(out: &Path) -> Result<Self> {
        let path = out.join(PLAN_NAME);
        let text = untrusted::text(&path, Kind::RECORD).with_context(|| {
            format!(
                "cannot read {}: is {} a folder that `hadamrnn reproduce` or `hadamrnn sweep` wrote?",
                path.display(),
                out.display()
            )
        })?;
        let plan: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is malformed", path.display()))?;
        check_names(&plan.jobs).with_context(|| format!("{}", path.display()))?;
        Ok(plan)
    }
}

fn check_names<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<()> {
    let mut names = BTreeSet::new();
    for entry in entries {
        name::check(&entry.name)?;
        ensure!(
            names.insert(&entry.name),
            "two jobs are named {}",
            entry.name
        );
    }
    Ok(())
}

fn write_job(folder: &Path, config: &RunConfig) -> Result<()> {
    let path = folder.join(CONFIG_NAME);
    if path.exists() {
        let differences = config.differences(&as_planned(read_config(folder)?, config));
        ensure!(
            differences.is_empty(),
            "{} holds a job with other settings ({}): give another --out, or remove that folder",
            folder.display(),
            differences.join("; ")
        );
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write_atomically(&path, config.to_toml().as_bytes())
}

/// A job's configuration without what its recordings have said, where `planned` leaves that open.
fn as_planned(config: RunConfig, planned: &RunConfig) -> RunConfig {
    let Some((own, open)) = config.recordings.clone().zip(planned.recordings.as_ref()) else {
        return config;
    };
    let names = |own: Vec<String>, open: &[String]| match open {
        [] => Vec::new(),
        _ => own,
    };
    let units = match &open.units[..] {
        [] => Vec::new(),
        _ => own.units,
    };
    // A run keeps how an import read its recordings.
    let of_plan = open.import.clone().unwrap_or_default();
    let import = own.import.map(|own| ImportOptions {
        counts_per_unit: match &of_plan.counts_per_unit[..] {
            [] => Vec::new(),
            _ => own.counts_per_unit,
        },
        channels: names(own.channels, &of_plan.channels),
        rate_hz: of_plan.rate_hz.and(own.rate_hz),
        ..own
    });
    RunConfig {
        recordings: Some(Cutting {
            units,
            import: import.filter(|own| open.import.is_some() || *own != ImportOptions::default()),
            rate_hz: open.rate_hz.and(own.rate_hz),
            channels: names(own.channels, &open.channels),
            classes: names(own.classes, &open.classes),
            split: open.split.as_ref().and(own.split),
            ..own
        }),
        ..config
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Task;

    fn job(name: &str, seed: u64) -> Job {
        let mut config = RunConfig::for_task(Task::Har2);
        config.seed = seed;
        Job {
            entry: Entry {
                name: name.into(),
                group: "har2".into(),
                settings: vec![],
            },
            config,
        }
    }

    #[test]
    fn plans_grow_and_refuse_other_settings() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        Plan::write(out, "one", &[job("a", 1)]).unwrap();
        let plan = Plan::write(out, "two", &[job("b", 2), job("a", 1)]).unwrap();
        assert_eq!(Plan::read(out).unwrap(), plan);
        let names: Vec<&str> = plan.jobs.iter().map(|entry| &*entry.name).collect();
        assert_eq!((names, &*plan.command), (vec!["b", "a"], "two"));
        assert_eq!(read_config(&out.join("b")).unwrap().seed, 2);
        let error = Plan::write(out, "three", &[job("a", 3)]).unwrap_err();
        assert!(error.to_string().contains("other settings"), "{error}");
        let error = Plan::write(out, "four", &[job("c", 3), job("c", 4)]).unwrap_err();
        assert!(
            error.to_string().contains("two jobs are named c"),
            "{error}"
        );
    }

    #[test]
    fn what_recordings_say_of_a_job_is_no_other_setting() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let mut job = job("a", 1);
        job.config = RunConfig::for_task(Task::Recordings);
        Plan::write(out, "one", std::slice::from_ref(&job)).unwrap();
        let mut done = job.config.clone();
        let own = done.recordings.as_mut().unwrap();
        own.rate_hz = Some(50.0);
        own.channels = vec!["x".into()];
        own.classes = vec!["a".into(), "b".into()];
        std::fs::write(out.join("a/config.toml"), done.to_toml()).unwrap();
        Plan::write(out, "one", std::slice::from_ref(&job)).unwrap();
        let own = job.config.recordings.as_mut().unwrap();
        own.channels = vec!["y".into()];
        let error = format!("{:#}", Plan::write(out, "one", &[job]).unwrap_err());
        assert!(error.contains("recordings.channels"), "{error}");
    }

    #[test]
    fn names_that_leave_the_folder_are_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        for name in ["../outside", "/tmp/outside", "a\nb", "-a"] {
            let error = Plan::write(&out, "one", &[job("a", 1), job(name, 2)]).unwrap_err();
            assert!(error.to_string().contains("plain name"), "{error}");
        }
        assert!(!out.exists());
        Plan::write(&out, "one", &[job("a", 1), job("b", 2)]).unwrap();
        let path = out.join(PLAN_NAME);
        let written = std::fs::read_to_string(&path).unwrap();
        for (name, part) in [("../b", "plain name"), ("a", "two jobs are named a")] {
            let plan = written.replace("\"name\": \"b\"", &format!("\"name\": \"{name}\""));
            std::fs::write(&path, plan).unwrap();
            let error = format!("{:#}", Plan::read(&out).unwrap_err());
            assert!(error.contains(part), "{error}");
            assert!(error.contains(PLAN_NAME), "{error}");
        }
    }

    #[test]
    fn a_result_counts_with_its_model_only_and_no_failure_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(Record::read(folder).unwrap(), None);
        let failure = || Outcome::Failed { error: "no".into() };
        Record::write(folder, failure()).unwrap();
        let done = Outcome::Done(Box::new(testing::done(folder)));
        Record::write(folder, done.clone()).unwrap();
        assert!(is_done(folder));
        Record::write(folder, failure()).unwrap();
        assert_eq!(Record::read(folder).unwrap().unwrap().outcome, done);

        let model = folder.join(MODEL_NAME).join(card::files::MODEL);
        std::fs::write(&model, "another").unwrap();
        let error = Record::read(folder).unwrap_err().to_string();
        assert!(error.contains("is not the model"), "{error}");
        std::fs::remove_file(&model).unwrap();
        let error = Record::read(folder).unwrap_err().to_string();
        assert!(error.contains("its model is gone"), "{error}");
        assert!(!is_done(folder));
        Record::write(folder, failure()).unwrap();
        let stored = Record::stored(folder).unwrap().unwrap();
        assert_eq!(stored.outcome, done, "what it reached is still known");
    }
}
