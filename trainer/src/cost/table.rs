//! The measured factors, by core and kernel.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use hadamrnn_runtime::Capacities;
use serde::{Deserialize, Serialize};

use super::features::{Room, of_fading, of_readout, of_step, readout_way, room_of_cases, step_way};
use super::{Costs, Shape};
use crate::integer::KernelName;

/// Bytes of a session beside its arrays, on cores of 32 bits.
const SESSION: usize = 12;
/// Bytes of stack that the inputs of a step, or the units of a hidden readout layer, take each.
const STACK_UNIT: usize = 4;

/// Factors for all cores, as `cost/table.json` has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostTable {
    /// Compilers and emulators that they were measured with.
    pub tools: Vec<String>,
    /// Day of the measurement, in UTC.
    pub date: String,
    /// Factors by emulated board and kernel.
    pub(super) cores: BTreeMap<String, BTreeMap<String, Factors>>,
}

/// Factors for a kernel on a core.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Factors {
    /// Instructions of the parts of a step, by the way it takes.
    pub(super) step: BTreeMap<String, Vec<f64>>,
    /// Instructions of the parts that a fading pool adds to a step.
    #[serde(default)]
    pub(super) fading: Vec<f64>,
    /// Instructions of the parts of a readout, by the way it takes.
    pub(super) readout: BTreeMap<String, Vec<f64>>,
    /// Bytes of stack of a step beside its inputs, by the way it takes.
    pub(super) step_stack: BTreeMap<String, u64>,
    /// Bytes of stack of a readout beside the units of its hidden layer, by the way it takes.
    pub(super) readout_stack: BTreeMap<String, u64>,
    /// Bytes of code, by what is compiled: see [`code_key`].
    pub(super) code: BTreeMap<String, u64>,
}

/// Parts of the runtime that a model needs compiled.
pub(super) fn code_key(shape: &Shape) -> String {
    let parts = [
        (!shape.fast, "portable"),
        (shape.pooled, "pool"),
        (shape.read > 0, "hidden"),
    ];
    let parts: Vec<&str> = (parts.iter())
        .filter_map(|(is, name)| is.then_some(*name))
        .collect();
    match parts.is_empty() {
        true => "plain".into(),
        false => parts.join("+"),
    }
}

impl CostTable {
    /// The table that is part of this program.
    ///
    /// # Errors
    /// None but for faults of the file, which the tests find.
    pub fn built_in() -> Result<Self> {
        serde_json::from_str(include_str!("table.json")).context("cost/table.json is malformed")
    }

    /// Names of the emulated boards whose cores it knows.
    pub fn boards(&self) -> impl Iterator<Item = &str> {
        self.cores.keys().map(String::as_str)
    }

    /// Whether estimates for a core of this target are exact to 2 % for a shape. Cortex-M0 has no division, and portable code for sums
    /// beyond 16 bits divides: by some numbers it takes up to a tenth longer than by others.
    pub fn covers(target: &str, shape: &Shape) -> bool {
        shape.fits_lanes || target != "thumbv6m-none-eabi"
    }

    /// Costs of a model on the core of the emulated board of this name; none where the table has no such core, or nothing of
    /// this kind for it.
    pub fn costs(&self, board: &str, kernel: KernelName, shape: &Shape) -> Option<Costs> {
        self.costs_in(Room::exact(shape), board, kernel, shape)
    }

    /// Costs of a model in the emulated firmware `cases`, whose sessions have room for more than most models need.
    pub fn costs_of_case(&self, board: &str, kernel: KernelName, shape: &Shape) -> Option<Costs> {
        self.costs_in(room_of_cases(shape), board, kernel, shape)
    }

    fn costs_in(
        &self,
        room: Room,
        board: &str,
        kernel: KernelName,
        shape: &Shape,
    ) -> Option<Costs> {
        let factors = self.cores.get(board)?.get(kernel.name())?;
        let (step, readout) = (step_way(shape, kernel), readout_way(shape));
        let capacities = Capacities {
            hidden: u16::try_from(room.hidden).ok()?,
            pool: u16::try_from(room.pool).ok()?,
            ..shape.capacities()?
        };
        let session = capacities.session_bytes(kernel.unit_bytes()) + SESSION;
        let stack_of = |base: Option<&u64>, units: usize| Some(base? + (STACK_UNIT * units) as u64);
        let step_stack = stack_of(factors.step_stack.get(&step), room.inputs)?;
        let readout_stack = stack_of(factors.readout_stack.get(&readout), room.read)?;
        Some(Costs {
            instructions_per_step: sum(factors.step.get(&step)?, &of_step(shape, room))
                + sum(&factors.fading, &of_fading(shape, room)),
            readout_instructions: sum(factors.readout.get(&readout)?, &of_readout(shape, room)),
            session_bytes: session as u64,
            stack_bytes: step_stack.max(readout_stack),
            code_bytes: *factors.code.get(&code_key(shape))?,
            model_bytes: shape.model_bytes()?,
        })
    }
}

/// The sum of parts times their factors, a whole number of instructions.
fn sum(factors: &[f64], parts: &[f64]) -> u64 {
    let sum: f64 = factors
        .iter()
        .zip(parts)
        .map(|(factor, part)| factor * part)
        .sum();
    sum.round().max(0.0) as u64
}
