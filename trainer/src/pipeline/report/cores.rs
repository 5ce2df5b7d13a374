//! Instructions of models on the cores that every report tells of: measured ones, else estimates.

use std::path::Path;

use serde::Deserialize;

use crate::card::{files, sha256};
use crate::cost::{CostTable, Costs, Shape};
use crate::data::Task;
use crate::integer::{KernelName, ModelFile};
use crate::jobs::{BoardRecord, Done, MODEL_NAME};
use crate::model_folder::StoredModel;
use crate::report::{CORES, CoreCost};
use crate::untrusted::{self, Kind};
use crate::usage::Usage;

/// Instructions of a window of `steps` on each core: what a board's record says, else the estimate.
///
/// # Errors
/// There is no estimate of a core without a record; the message says why.
pub(super) fn cores(
    file: &ModelFile,
    task: Task,
    steps: usize,
    boards: &[BoardRecord],
) -> Result<Vec<CoreCost>, String> {
    let estimates = Estimates::of(file, task, steps);
    let cost = |board: &'static str| {
        let measured = boards.iter().find(|record| record.board == board);
        let instructions = match (measured, &estimates) {
            (Some(record), _) => Ok(record.instructions_per_window),
            (None, Ok(estimates)) => estimates.on(board),
            (None, Err(why)) => Err(why.clone()),
        };
        instructions.map(|instructions| CoreCost {
            board,
            instructions,
            is_measured: measured.is_some(),
        })
    };
    let costs: Vec<Result<CoreCost, String>> = CORES.map(|(board, _)| cost(board)).into();
    let why = costs.iter().find_map(|cost| cost.clone().err());
    let known: Vec<CoreCost> = costs.into_iter().filter_map(Result::ok).collect();
    match (known.is_empty(), why) {
        (true, Some(why)) => Err(why),
        _ => Ok(known),
    }
}

/// Instructions of a window of the model in a model folder, as far as they are known.
pub(in crate::pipeline) fn of_folder(
    folder: &Path,
    task: Task,
    boards: &[BoardRecord],
) -> Vec<CoreCost> {
    let known = StoredModel::read(folder).ok().and_then(|stored| {
        let window = Usage::of(&stored).ok()?.window?;
        cores(&stored.file, task, window, boards).ok()
    });
    known.unwrap_or_default()
}

/// The same of the model of a finished job.
pub(in crate::pipeline) fn of_job(job: &Path, task: Task, done: &Done) -> Vec<CoreCost> {
    of_folder(&job.join(MODEL_NAME), task, &done.boards)
}

/// What instructions of a model are estimated by.
struct Estimates {
    table: CostTable,
    shape: Shape,
    kernel: KernelName,
    steps: usize,
}

impl Estimates {
    fn of(file: &ModelFile, task: Task, steps: usize) -> Result<Self, String> {
        if task == Task::Copy {
            return Err("it answers at every step, of which there are no estimates".into());
        }
        let model = file.model().map_err(|error| error.to_string())?;
        let shape = Shape::of(&model).map_err(|why| why.to_string())?;
        Ok(Self {
            table: CostTable::built_in().map_err(|error| format!("{error:#}"))?,
            kernel: KernelName::best_for(&model),
            shape,
            steps,
        })
    }

    fn on(&self, board: &str) -> Result<u64, String> {
        let costs = self.table.costs(board, self.kernel, &self.shape);
        let none = || {
            format!(
                "there are no estimates for the kernel {} and models of this kind",
                self.kernel.name()
            )
        };
        costs.map(|costs| costs.window(self.steps)).ok_or_else(none)
    }
}

/// The part of a search's `fit.json` that is read.
#[derive(Deserialize)]
struct FitFile {
    measured: Option<Measured>,
}

/// Costs that a search measured of the model that it chose.
#[derive(Deserialize)]
struct Measured {
    board: String,
    costs: Costs,
    instructions_per_window: u64,
    equal: (usize, usize),
}

/// Measurement of the model of this digest by the search whose folder `above` is; none where it is of another model.
pub(super) fn of_search(above: &Path, digest: &str) -> Option<BoardRecord> {
    let model = untrusted::read(&above.join("model").join(files::MODEL), Kind::MODEL).ok()?;
    if sha256(&model) != digest {
        return None;
    }
    let text = untrusted::text(&above.join("fit.json"), Kind::RECORD).ok()?;
    let Measured {
        board,
        costs,
        instructions_per_window,
        equal,
    } = serde_json::from_str::<FitFile>(&text).ok()?.measured?;
    Some(BoardRecord {
        board,
        equal: equal.0,
        windows: equal.1,
        instructions_per_step: costs.instructions_per_step.try_into().ok()?,
        instructions_per_window,
        session_bytes: costs.session_bytes.try_into().ok()?,
        stack_bytes: costs.stack_bytes.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(name: &str) -> ModelFile {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        ModelFile::read(&folder.join(name).join(files::MODEL)).expect("a model")
    }

    #[test]
    fn estimates_stand_where_nothing_was_measured() {
        let record = BoardRecord {
            board: "qemu-m4".into(),
            equal: 8,
            windows: 8,
            instructions_per_step: 3218,
            instructions_per_window: 302_268,
            session_bytes: 268,
            stack_bytes: 100,
        };
        let har2 = shipped("har2");
        let with = cores(&har2, Task::Har2, 64, &[record]).unwrap();
        let without = cores(&har2, Task::Har2, 64, &[]).unwrap();
        assert_eq!(with.len(), CORES.len());
        for (with, without) in with.iter().zip(&without) {
            assert_eq!(with.is_measured, with.board == "qemu-m4");
            assert!(!without.is_measured && without.instructions > 50_000);
        }
        let two = cores(&shipped("har2-two-layers"), Task::Har2, 64, &[]).unwrap_err();
        assert!(two.contains("second recurrent layer"), "{two}");
        let copy = cores(&shipped("copy"), Task::Copy, 64, &[]).unwrap_err();
        assert!(copy.contains("every step"), "{copy}");
    }

    #[test]
    fn a_search_has_measured_its_own_model_alone() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        std::fs::create_dir(&model).unwrap();
        std::fs::write(model.join(files::MODEL), "a model").unwrap();
        let text = r#"{"target": "x", "measured": {"board": "qemu-m4", "instructions_per_window": 86583, "equal": [8, 8], "fits": true,
            "costs": {"instructions_per_step": 2700, "readout_instructions": 183, "session_bytes": 300, "stack_bytes": 200,
            "code_bytes": 3000, "model_bytes": 900}}}"#;
        std::fs::write(folder.path().join("fit.json"), text).unwrap();
        let record = of_search(folder.path(), &sha256(b"a model")).unwrap();
        assert_eq!(
            (record.board.as_str(), record.instructions_per_window),
            ("qemu-m4", 86_583)
        );
        assert_eq!(of_search(folder.path(), &sha256(b"another")), None);
        std::fs::write(folder.path().join("fit.json"), "{}").unwrap();
        assert_eq!(of_search(folder.path(), &sha256(b"a model")), None);
    }
}
