//! Costs of a finished model on the cores of the built-in table.

use anyhow::{Result, ensure};
use serde::Serialize;

use super::{CostTable, Costs, Shape};
use crate::board::{self, Cost};
use crate::integer::{KernelName, ModelFile};

/// Costs of a model on a core.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Name of the emulated board with this core.
    pub board: String,
    /// Name of the core.
    pub core: String,
    /// The costs, with the bytes of this very model.
    pub costs: Costs,
    /// Whether the instructions of a step are within 2 % of those that the core counts; else within about a tenth.
    pub is_close: bool,
}

/// Costs of a model on every core of the built-in table that has its kernel.
///
/// # Errors
/// The table has nothing of this kind of model: it has tokens, a second layer or sizes beyond those measured. Or the table or the
/// registry of boards cannot be read.
pub fn estimates(file: &ModelFile) -> Result<Vec<Estimate>> {
    let model = file.model()?;
    let shape = Shape::of(&model)?;
    let table = CostTable::built_in()?;
    let registry = board::registry(None)?;
    let kernel = KernelName::best_for(&model);
    let of_board = |name: &str| {
        let board = registry.board(name).ok()?;
        let costs = table.costs(name, kernel, &shape)?;
        Some(Estimate {
            board: name.to_owned(),
            core: board.core.clone(),
            costs: Costs {
                model_bytes: file.bytes().len() as u64,
                ..costs
            },
            is_close: CostTable::covers(&board.target, &shape),
        })
    };
    let all: Vec<Estimate> = table.boards().filter_map(of_board).collect();
    ensure!(
        !all.is_empty(),
        "models of the kernel {kernel} were not measured"
    );
    Ok(all)
}

impl Estimate {
    /// The costs as a board would count them, of windows of so many steps.
    pub fn counted(&self, steps: usize) -> Cost {
        let least = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Cost {
            instructions_per_window: self.costs.instructions_per_step * steps as u64,
            instructions_per_step: least(self.costs.instructions_per_step),
            readout_instructions: least(self.costs.readout_instructions),
            load_instructions: None,
            session_bytes: least(self.costs.session_bytes),
            stack_bytes: least(self.costs.stack_bytes),
        }
    }
}
