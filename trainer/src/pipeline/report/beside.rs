//! Finished models beside the one that a report is about.

use std::path::Path;

use super::facts::Place;
use crate::card::{Card, files};
use crate::data::Task;
use crate::jobs::{BoardRecord, Done, MODEL_NAME, Plan};
use crate::pipeline::evaluate::Measured;
use crate::report::{ModelFacts, Neighbour, Report};

/// Folders that are looked into.
const MOST: usize = 300;

/// Finds finished models of the same task, classes and data in the folder above: the jobs of its plan, else runs and models. A
/// note tells of those that were left out.
pub(super) fn neighbours(
    place: &Place,
    measured: &Measured,
    model: &ModelFacts,
) -> (Vec<Neighbour>, Option<String>) {
    let Some(above) = place.folder.parent() else {
        return Default::default();
    };
    let wanted = Wanted {
        task: measured.loaded.config.task,
        classes: measured.data.task.classes(),
        data: measured.data.describe(&measured.loaded.config),
        board: model.boards.first().map(|board| board.board.clone()),
    };
    match Plan::read(above) {
        Ok(plan) => (wanted.of_plan(above, &plan, &place.name), None),
        Err(_) => wanted.of_folder(above, &place.name),
    }
}

/// What makes models comparable.
struct Wanted {
    task: Task,
    classes: Vec<String>,
    data: String,
    board: Option<String>,
}

impl Wanted {
    fn of_plan(&self, above: &Path, plan: &Plan, this: &str) -> Vec<Neighbour> {
        let report = Report::read("", above, plan);
        let jobs = report.jobs.iter().filter(|job| job.entry.name != this);
        let neighbour = |job: &crate::report::JobReport| {
            let config = job.config.as_ref()?;
            let done = job.record.as_ref()?.done()?;
            let is_alike = config.task == self.task && done.data == self.data;
            is_alike.then(|| self.of_job(&job.entry.name, done))
        };
        jobs.filter_map(neighbour).collect()
    }

    fn of_job(&self, name: &str, done: &Done) -> Neighbour {
        let is_same = |board: &&BoardRecord| Some(&board.board) == self.board.as_ref();
        let board = done.boards.iter().find(is_same);
        Neighbour {
            name: name.into(),
            bytes: done.bytes,
            accuracy: done.results.integer_test.accuracy,
            instructions: board.map(|board| board.instructions_per_window),
        }
    }

    fn of_folder(&self, above: &Path, this: &str) -> (Vec<Neighbour>, Option<String>) {
        let entries = std::fs::read_dir(above).into_iter().flatten().flatten();
        let mut folders: Vec<_> = entries.map(|entry| entry.path()).collect();
        folders.retain(|folder| folder.is_dir());
        folders.sort();
        let beyond = folders.len().saturating_sub(MOST);
        folders.truncate(MOST);
        let (mut found, mut others) = (Vec::new(), 0);
        for folder in folders {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            if name == this {
                continue;
            }
            let inside = folder.join(MODEL_NAME);
            let has_card = |folder: &&Path| folder.join(files::CARD).is_file();
            let Some(folder) = [&*inside, &*folder].into_iter().find(has_card) else {
                continue;
            };
            let Ok(card) = Card::read(folder) else {
                others += 1;
                continue;
            };
            if card.config.task != self.task {
                continue;
            }
            if card.classes != self.classes || card.data != self.data {
                others += 1;
                continue;
            }
            found.push(Neighbour {
                name: name.into_owned(),
                bytes: card.bytes,
                accuracy: card.results.integer_test.accuracy,
                instructions: None,
            });
        }
        let left_out = (others + beyond > 0).then(|| {
            format!(
                "note: {} models beside this one are not compared: they are of other classes or data, cannot be read, or are too \
                 many",
                others + beyond
            )
        });
        (found, left_out)
    }
}
