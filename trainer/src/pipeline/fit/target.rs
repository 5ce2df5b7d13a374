//! The board or core that a model is for, and what it says about a candidate before there is a model.

use std::fmt;
use std::path::Path;

use anyhow::Context;
use hadamrnn_firmware_support::boards::{Board, Registry};

use crate::board::{self, FirmwareFolder};
use crate::config::RunConfig;
use crate::cost::{CostTable, Costs, Shape, Uncovered};
use crate::fit::{Candidate, Excess, Limits};
use crate::flash::model_parts;
use crate::integer::{KernelName, ModelFile};
use crate::observer::Silent;
use crate::pipeline::board_model::BoardModel;
use crate::pipeline::data::RunData;
use crate::pipeline::error::{Error, Fault, Result, Sort};
use crate::usage::Usage;
use crate::visible;

/// What a model is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FitTarget {
    /// A board of the registry, by its name: the model must run on its firmware, too.
    Board(String),
    /// A core, by its name or by that of an emulated board: for firmware of the user's own.
    Core(String),
}

impl fmt::Display for FitTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Board(name) => write!(f, "board {name}"),
            Self::Core(name) => write!(f, "core {name}"),
        }
    }
}

/// A [`FitTarget`] with its costs and its firmware.
pub(super) struct Target {
    /// The emulated board whose core counts.
    pub(super) core: Board,
    /// The board whose firmware must take the model.
    pub(super) board: Option<Board>,
    table: CostTable,
}

/// All that candidates of a task have in common.
pub(super) struct Facts {
    pub(super) outputs: usize,
    pub(super) classes: Vec<String>,
    pub(super) channels: Vec<(String, f32)>,
    /// Samples of the sensor a second, in Hz, by the data where the configuration does not have them.
    rate_hz: Option<f32>,
}

impl Facts {
    pub(super) fn of(data: &RunData) -> Self {
        let names = data.task.channel_names();
        Self {
            outputs: data.task.outputs(),
            classes: data.task.classes(),
            channels: names
                .into_iter()
                .zip(data.input_lsb.iter().copied())
                .collect(),
            rate_hz: data.task.rate_hz(),
        }
    }

    /// How a model of a configuration would be used, with windows of so many steps: at the rate of the data.
    pub(super) fn usage(&self, config: &RunConfig, steps: usize) -> Usage {
        let usage = Usage::of_config(config, steps, self.classes.clone(), &self.channels);
        Usage {
            rate_hz: usage.rate_hz.or(self.rate_hz),
            ..usage
        }
    }
}

/// The costs of a candidate, and what speaks against it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) costs: Costs,
    pub(super) excesses: Vec<Excess>,
    /// Why the board's firmware refuses it.
    pub(super) refusal: Option<String>,
}

impl Judged {
    pub(super) fn fits(&self) -> bool {
        self.excesses.is_empty() && self.refusal.is_none()
    }

    /// How many times a limit the costs are, at worst.
    pub(super) fn ratio(&self) -> f64 {
        self.excesses.iter().map(Excess::ratio).fold(1.0, f64::max)
    }
}

impl Target {
    pub(super) fn find(target: &FitTarget, firmware_dir: Option<&Path>) -> Result<Self> {
        let folder = firmware_dir.map(|folder| FirmwareFolder::locate(Some(folder)));
        let folder = folder.transpose().sort(Error::Board)?;
        let registry = board::registry(folder.as_ref()).sort(Error::Board)?;
        let table = CostTable::built_in().sort(Error::Board)?;
        let found = match target {
            FitTarget::Board(name) => {
                let board = registry.board(name);
                let board = board.map_err(|message| Error::Board(Fault::new(message)))?;
                (core_of(&registry, board)?, Some(board.clone()))
            }
            FitTarget::Core(name) => (core_named(&registry, name)?, None),
        };
        let (core, board) = found;
        if !table.boards().any(|known| known == core.name) {
            let fault = Fault::new(format_args!(
                "the costs of {} are not known: `hadamrnn bench costs --board {}` measures them",
                core.core, core.name
            ));
            return Err(Error::Board(fault));
        }
        Ok(Self { core, board, table })
    }

    /// Flash and RAM that there are, where the user says no less.
    pub(super) fn limits(&self, limits: &Limits) -> Limits {
        let Some(board) = &self.board else {
            return *limits;
        };
        let least = |wanted: Option<u64>, there: u32| {
            Some(wanted.unwrap_or(u64::MAX).min(u64::from(there)))
        };
        Limits {
            flash: least(limits.flash, board.flash_size),
            ram: least(limits.ram, board.ram_size),
            ..*limits
        }
    }

    /// The limits that a model with these estimated costs may break: estimates count with their margin.
    pub(super) fn excesses(
        &self,
        limits: &Limits,
        costs: &Costs,
        steps: usize,
        decimation: usize,
    ) -> Vec<Excess> {
        let limits = self.limits(limits);
        limits.excesses(&costs.with_margin(), steps, decimation)
    }

    /// Whether the estimates of the core are exact for a shape.
    pub(super) fn covers(&self, shape: &Shape) -> bool {
        CostTable::covers(&self.core.target, shape)
    }

    /// Costs of a shape on the core.
    pub(super) fn costs(&self, shape: &Shape) -> Result<(KernelName, Costs)> {
        let kernel = shape.best_kernel();
        let costs = self.table.costs(&self.core.name, kernel, shape);
        let costs = costs.with_context(|| {
            format!(
                "there is no estimate of {shape:?} with {kernel} on {}",
                self.core.name
            )
        });
        Ok((kernel, costs.sort(Error::Config)?))
    }

    /// What a candidate is expected to cost, and what the board says to it.
    pub(super) fn judge(
        &self,
        candidate: &Candidate,
        facts: &Facts,
        limits: &Limits,
    ) -> Result<Judged, Uncovered> {
        let config = &candidate.config;
        let shape = Shape::of_config(config, candidate.steps, facts.channels.len(), facts.outputs)?;
        if !self.covers(&shape) {
            return Err(Uncovered::WideSums);
        }
        let (_, costs) = self.costs(&shape).map_err(|_| Uncovered::Sizes)?;
        let decimation = config.preparation.decimation.max(1);
        let excesses = self.excesses(limits, &costs, candidate.steps, decimation);
        // The firmware is asked only where all else is well: it takes longer.
        let refusal = match excesses.is_empty() {
            true => self.refusal_of_shape(&shape, candidate, facts),
            false => None,
        };
        Ok(Judged {
            costs,
            excesses,
            refusal,
        })
    }

    fn refusal_of_shape(
        &self,
        shape: &Shape,
        candidate: &Candidate,
        facts: &Facts,
    ) -> Option<String> {
        let usage = facts.usage(&candidate.config, candidate.steps);
        match shape.placeholder() {
            Ok(file) => self.refusal(&file, usage),
            Err(error) => Some(format!("{error:#}")),
        }
    }

    /// Whether it is a board with firmware of this project.
    pub(super) fn has_firmware(&self) -> bool {
        let board = self.board.as_ref();
        board.is_some_and(|board| board.descriptor().is_some() && board.stream.is_some())
    }

    /// Why the firmware of the board refuses a model, by the checks that `flash` makes; none where it takes it, or there is no
    /// firmware to ask.
    pub(super) fn refusal(&self, file: &ModelFile, usage: Usage) -> Option<String> {
        let board = self.board.as_ref()?;
        let (firmware, stream) = board.descriptor().zip(board.stream.as_ref())?;
        let model = BoardModel::new(file.clone(), usage);
        let timing = match model.timing_on(&firmware, &mut Silent) {
            Ok(timing) => timing,
            Err(error) => return Some(error.with_causes()),
        };
        let parts = model_parts(&firmware, stream.erase_size, file, timing);
        parts.err().map(|error| format!("{error:#}"))
    }
}

/// The emulated board with the core of `board`: the same target, compiled with the same flags.
fn core_of(registry: &Registry, board: &Board) -> Result<Board> {
    let is_core = |other: &&Board| {
        (&other.target, &other.rustflags) == (&board.target, &board.rustflags)
            || other.target == board.target
                && board.rustflags.is_empty()
                && other.rustflags.is_empty()
    };
    let same = registry.emulated().find(|other| other.name == board.name);
    let found = same.or_else(|| registry.emulated().find(is_core));
    let found = found.or_else(|| {
        registry
            .emulated()
            .find(|other| other.target == board.target)
    });
    found.cloned().ok_or_else(|| {
        Error::Board(Fault::new(format_args!(
            "no emulated board has the core of {}, {}: its costs are not known",
            board.name, board.core
        )))
    })
}

fn core_named(registry: &Registry, name: &str) -> Result<Board> {
    let is_named = |board: &&Board| board.name == name || board.core.eq_ignore_ascii_case(name);
    registry.emulated().find(is_named).cloned().ok_or_else(|| {
        let mut cores: Vec<&str> = registry
            .emulated()
            .map(|board| board.core.as_str())
            .collect();
        cores.dedup();
        Error::Board(Fault::new(format_args!(
            "no core named {}; there are {}",
            visible::name(name),
            cores.join(", ")
        )))
    })
}
