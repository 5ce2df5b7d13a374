//! Finished models beside the one that a report is about.

use std::path::Path;

use super::cores;
use super::facts::Place;
use crate::card::{Card, files};
use crate::config::RunConfig;
use crate::data::Task;
use crate::jobs::{Done, MODEL_NAME, Plan};
use crate::pipeline::evaluate::Measured;
use crate::report::{Neighbour, Report};

/// Folders that are looked into.
const MOST: usize = 300;

/// Models beside one.
#[derive(Default)]
pub(super) struct Beside {
    pub neighbours: Vec<Neighbour>,
    /// Folder that they lie in.
    pub folder: String,
    /// Lines about those that are not compared.
    pub left_out: Vec<String>,
}

/// Finds finished models of the same task, classes and data in the folder above: the jobs of its plan, else runs and models.
pub(super) fn found(place: &Place, measured: &Measured) -> Beside {
    let Some(above) = place.folder.parent() else {
        return Beside::default();
    };
    let wanted = Wanted {
        config: &measured.loaded.config,
        classes: measured.data.task.classes(),
        data: measured.data.describe(&measured.loaded.config),
    };
    let found = match Plan::read(above) {
        Ok(plan) => wanted.of_plan(above, &plan, &place.name),
        Err(_) => wanted.of_folder(above, &place.name),
    };
    Beside {
        folder: above.display().to_string(),
        ..found
    }
}

/// What makes models comparable.
struct Wanted<'a> {
    config: &'a RunConfig,
    classes: Vec<String>,
    data: String,
}

/// Models that are not compared, by the reason.
#[derive(Default)]
struct LeftOut {
    others: usize,
    unreadable: usize,
    beyond: usize,
}

impl LeftOut {
    fn lines(&self) -> Vec<String> {
        let line = |(count, what): (usize, &str)| match count {
            0 => None,
            1 => Some(format!(
                "One more model in that folder is not compared: {what}."
            )),
            count => Some(format!(
                "{count} more models in that folder are not compared: {what}."
            )),
        };
        let all = [
            (self.others, "other classes, or other data"),
            (self.unreadable, "the card cannot be read"),
            (self.beyond, "only the first 300 folders are looked into"),
        ];
        all.into_iter().filter_map(line).collect()
    }
}

impl Wanted<'_> {
    fn of_plan(&self, above: &Path, plan: &Plan, this: &str) -> Beside {
        let report = Report::read("", above, plan);
        let jobs = report.jobs.iter().filter(|job| job.entry.name != this);
        let neighbour = |job: &crate::report::JobReport| {
            let config = job.config.as_ref()?;
            let done = job.record.as_ref()?.done()?;
            let is_alike = config.task == self.config.task && done.data == self.data;
            is_alike.then(|| self.of_job(above, &job.entry.name, config, done))
        };
        Beside {
            neighbours: jobs.filter_map(neighbour).collect(),
            ..Beside::default()
        }
    }

    fn of_job(&self, above: &Path, name: &str, config: &RunConfig, done: &Done) -> Neighbour {
        Neighbour {
            name: name.into(),
            bytes: done.bytes,
            accuracy: done.results.integer_test.accuracy,
            cores: cores::of_job(&above.join(name), config.task, done),
            is_same_test: self.is_same_test(config),
        }
    }

    /// Whether a model was tested on the same windows.
    fn is_same_test(&self, config: &RunConfig) -> bool {
        // Every run on recordings has its own split, and benchmarks are split as published.
        config.recordings == self.config.recordings || config.task != Task::Recordings
    }

    fn of_folder(&self, above: &Path, this: &str) -> Beside {
        let entries = std::fs::read_dir(above).into_iter().flatten().flatten();
        let mut folders: Vec<_> = entries.map(|entry| entry.path()).collect();
        folders.retain(|folder| folder.is_dir());
        folders.sort();
        let mut left_out = LeftOut {
            beyond: folders.len().saturating_sub(MOST),
            ..LeftOut::default()
        };
        folders.truncate(MOST);
        let mut neighbours = Vec::new();
        for folder in folders {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let inside = folder.join(MODEL_NAME);
            let has_card = |folder: &&Path| folder.join(files::CARD).is_file();
            let found = [&*inside, &*folder].into_iter().find(has_card);
            let Some(model) = found.filter(|_| name != this) else {
                continue;
            };
            let Ok(card) = Card::read(model) else {
                left_out.unreadable += 1;
                continue;
            };
            if card.config.task != self.config.task {
                continue;
            }
            if card.classes != self.classes || card.data != self.data {
                left_out.others += 1;
                continue;
            }
            neighbours.push(self.of_card(name.into_owned(), model, &card));
        }
        Beside {
            neighbours,
            left_out: left_out.lines(),
            ..Beside::default()
        }
    }

    fn of_card(&self, name: String, folder: &Path, card: &Card) -> Neighbour {
        Neighbour {
            name,
            bytes: card.bytes,
            accuracy: card.results.integer_test.accuracy,
            cores: cores::of_folder(folder, card.config.task, &[]),
            is_same_test: self.is_same_test(&card.config),
        }
    }
}
