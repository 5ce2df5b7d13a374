//! A job and what came out of it.

use std::path::Path;

use crate::config::RunConfig;
use crate::data::Task;
use crate::jobs::{self, Done, Entry, Record};
use crate::report::CoreCost;
use crate::results;
use crate::run_log::{self, Line};

/// A job and what came out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobReport {
    /// Entry of the job in the plan.
    pub entry: Entry,
    /// Configuration of the job, if it could be read.
    pub config: Option<RunConfig>,
    /// Outcome of the job; none if it has not ended.
    pub record: Option<Record>,
    /// Epochs of the job.
    pub lines: Vec<Line>,
    /// Instructions of a window of its model, core by core, as far as they are known; [`gather`](crate::pipeline::gather) looks them
    /// up.
    pub cores: Vec<CoreCost>,
    /// Error in the job's folder: a file that is missing or damaged. The fields above have what could be read.
    pub damage: Option<String>,
}

impl JobReport {
    /// Reads the job of `entry` in `out`, or what is left of it.
    pub(super) fn read(out: &Path, entry: &Entry) -> Self {
        let folder = out.join(&entry.name);
        let config = jobs::read_config(&folder).map(Some);
        let record = Record::read(&folder);
        let lines = match folder.join(run_log::FILE_NAME).exists() {
            true => run_log::read(&folder).map(|epochs| epochs.lines),
            false => Ok(Vec::new()),
        };
        let errors = [
            config.as_ref().err(),
            record.as_ref().err(),
            lines.as_ref().err(),
        ];
        let damage = errors.into_iter().flatten().next();
        Self {
            entry: entry.clone(),
            damage: damage.map(|error| format!("{error:#}")),
            config: config.unwrap_or_default(),
            record: record.unwrap_or_default(),
            lines: lines.unwrap_or_default(),
            cores: Vec::new(),
        }
    }

    /// Instructions of a window on the board that results are told of.
    pub(super) fn window(&self) -> Option<&CoreCost> {
        self.cores.iter().find(|cost| cost.board == results::BOARD)
    }

    /// Configuration and results of the job, if it is done and both could be read.
    pub(super) fn result(&self) -> Option<(&RunConfig, &Done)> {
        let done = self.record.as_ref().and_then(Record::done)?;
        Some((self.config.as_ref()?, done))
    }

    pub(super) fn done(&self) -> Option<&Done> {
        self.result().map(|(_, done)| done)
    }

    /// Why there is no result.
    pub(super) fn error(&self) -> Option<&str> {
        match (self.done(), &self.damage, &self.record) {
            (None, Some(damage), _) => Some(damage),
            (None, None, Some(record)) => record.error(),
            _ => None,
        }
    }

    /// `done`, `failed`, `damaged` or `waiting`.
    pub(super) fn status(&self) -> &'static str {
        match (self.done(), &self.damage, &self.record) {
            (Some(_), _, _) => "done",
            (None, Some(_), _) => "damaged",
            (None, None, Some(_)) => "failed",
            (None, None, None) => "waiting",
        }
    }

    pub(super) fn is_of(&self, task: Task) -> bool {
        self.config
            .as_ref()
            .is_some_and(|config| config.task == task)
    }
}
