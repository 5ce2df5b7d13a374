//! Costs of a model on a core, before there is a model: instructions, code, RAM and bytes, from its shape alone.
//!
//! Bytes of a model and of a session follow exactly from the shape. Instructions, code and stack were measured on the emulated
//! cores and are kept in `cost/table.json`. Code and stack are looked up. Instructions are a sum over the parts of a step and of
//! a readout, such as groups of rows times inputs, whose factors `hadamrnn bench costs` fits to random models.
//! Which parts there are depends on the way that a model takes: the target's assembly, or portable code ([`Shape::is_fast`]).
//! Estimates of most windows are within 2 % of the emulated core; `trainer/tests/fit.rs` holds them to it. [`Costs::with_margin`] is above
//! what all models measured so far cost.
//!
//! Tokens and second layers are not covered: [`Shape::of`] says so. The table that is built in has the kernel `fwht-packed`, which takes every
//! candidate of a search.

mod estimate;
mod features;
mod measure;
mod samples;
mod shape;
mod table;

use serde::{Deserialize, Serialize};

pub use estimate::{Estimate, estimates};
pub use measure::{Measured, measure};
pub use samples::{SampleModel, faded, full_blocks, sample_models};
pub use shape::{Shape, Uncovered};
pub use table::CostTable;

/// Costs of a model on a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Instructions of one step: standardisation of a sample, recurrence, and sums of a pooled readout.
    pub instructions_per_step: u64,
    /// Instructions of reading the answer, once a window.
    pub readout_instructions: u64,
    /// Bytes of a session: hidden state and all else that is kept between steps.
    pub session_bytes: u64,
    /// Bytes of the deepest stack of a step or a readout.
    pub stack_bytes: u64,
    /// Bytes of flash of a firmware that only infers, without the model.
    pub code_bytes: u64,
    /// Bytes of the model.
    pub model_bytes: u64,
}

impl Costs {
    /// Instructions of a window of so many steps, with the reading of its answer.
    pub const fn window(&self, steps: usize) -> u64 {
        self.instructions_per_step * steps as u64 + self.readout_instructions
    }

    /// Bytes of flash: code and model.
    pub const fn flash(&self) -> u64 {
        self.code_bytes + self.model_bytes
    }

    /// Bytes of RAM: session and stack.
    pub const fn ram(&self) -> u64 {
        self.session_bytes + self.stack_bytes
    }

    /// Estimated costs with the most that an estimate was found too low by: 2 % of a step, 10 % of a readout and 500 instructions, 7 %
    /// of the code, 16 bytes of the stack. Bytes of a model and of a session are exact.
    pub const fn with_margin(&self) -> Self {
        Self {
            instructions_per_step: self.instructions_per_step
                + self.instructions_per_step.div_ceil(50),
            readout_instructions: self.readout_instructions
                + self.readout_instructions.div_ceil(10)
                + 500,
            stack_bytes: self.stack_bytes + 16,
            code_bytes: self.code_bytes + (7 * self.code_bytes).div_ceil(100),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integer::{KernelName, ModelFile};
    use hadamrnn_runtime::format::Fading;

    fn shipped(name: &str) -> ModelFile {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        ModelFile::read(&folder.join(name).join("model.hdrn")).expect("a model")
    }

    /// What `hadamrnn verify models/NAME --board qemu-m4` measures (docs/RESULTS.md).
    #[test]
    fn shipped_models_cost_what_was_measured() {
        let table = CostTable::built_in().expect("the table");
        for (name, step, readout, session) in [
            ("har2", 3218, None, 268),
            ("har2-hidden", 4413, Some(19_836), 780),
            ("har6-hidden", 4413, None, 780),
            ("dsa19", 11_115, None, 396),
        ] {
            let file = shipped(name);
            let shape = Shape::of(&file.model().expect("valid")).expect("covered");
            let costs = table
                .costs("qemu-m4", KernelName::FwhtPacked, &shape)
                .expect("a core of the table");
            let near = |estimate: u64, measured: u64| {
                assert!(
                    (estimate as f64 / measured as f64 - 1.0).abs() <= 0.02,
                    "{name}: {estimate}, measured {measured}"
                );
            };
            near(costs.instructions_per_step, step);
            if let Some(readout) = readout {
                near(costs.readout_instructions, readout);
            }
            assert_eq!(costs.session_bytes, session, "{name}");
            let bytes = file.bytes().len() as u64;
            assert_eq!(costs.model_bytes, bytes, "{name}");
        }
    }

    /// What `hadamrnn verify` measured of a model of 128 units and windows of 64 used samples with a pool that fades
    /// (docs/STREAMS.md), where the same network with a windowed pool takes 4,433 instructions a step.
    #[test]
    fn a_pool_that_fades_costs_what_was_measured() {
        let table = CostTable::built_in().expect("the table");
        let file = shipped("har6-hidden");
        let pooled = Shape::of(&file.model().expect("valid")).expect("covered");
        let costs = |fading| {
            let shape = Shape { fading, ..pooled };
            let costs = table.costs("qemu-m4", KernelName::FwhtPacked, &shape);
            costs.expect("a core of the table").instructions_per_step
        };
        let every_fourth = Fading {
            shift: 3,
            log2_interval: 2,
        };
        let more = costs(Some(every_fourth)) - costs(None);
        assert!(more.abs_diff(4634 - 4433) <= 3, "{more} instructions more");
    }

    /// Estimates that were too low for models that searches had chosen, and what was measured: steps of a window, instructions of a
    /// step and of a readout, bytes of stack and of code.
    #[test]
    fn margins_cover_what_was_measured() {
        for (steps, estimate, measured) in [
            (22, [1254, 1653, 536, 17_464], [1260, 2378, 512, 18_320]),
            (16, [1337, 7129, 928, 20_564], [1352, 7625, 928, 20_588]),
            (22, [2585, 2143, 772, 26_848], [2581, 2512, 768, 28_576]),
            (13, [1890, 11_319, 928, 20_564], [1889, 11_714, 928, 19_244]),
            (8, [647, 746, 220, 15_128], [638, 746, 224, 15_092]),
            (32, [1464, 2612, 304, 17_148], [1438, 1828, 256, 17_348]),
        ] {
            let costs = |[step, readout, stack, code]: [u64; 4]| Costs {
                instructions_per_step: step,
                readout_instructions: readout,
                session_bytes: 76,
                stack_bytes: stack,
                code_bytes: code,
                model_bytes: 500,
            };
            let (most, measured) = (costs(estimate).with_margin(), costs(measured));
            // With the shortest windows readouts weigh most.
            for steps in [8, steps] {
                assert!(most.window(steps) >= measured.window(steps), "{measured:?}");
            }
            assert!(most.ram() >= measured.ram(), "{measured:?}");
            assert!(most.flash() >= measured.flash(), "{measured:?}");
        }
    }

    #[test]
    fn two_layers_and_tokens_are_not_covered() {
        for (name, expected) in [
            ("har2-two-layers", Uncovered::SecondLayer),
            ("sst2", Uncovered::Tokens),
        ] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
            if !path.join(name).is_dir() {
                continue;
            }
            let file = shipped(name);
            assert_eq!(Shape::of(&file.model().expect("valid")), Err(expected));
        }
    }
}
