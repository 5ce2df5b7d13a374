//! Properties of a run's data that its checkpoint keeps.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::nn::Input;
use crate::standardise::Standardisation;
use crate::task_data::TaskData;

/// Properties of the data that evaluation and export use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// Fitted on the training split.
    pub standardisation: Standardisation,
    /// Physical units per raw count, per channel.
    pub input_lsb: Vec<f32>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Input of the network in a step; tokens without their embedding, which is in the configuration.
    pub input: Input,
    /// Logits.
    pub outputs: usize,
    /// Logits of the auxiliary readout, 0 without one.
    pub auxiliary: usize,
}

impl TaskFacts {
    /// Properties of `data`.
    pub fn of(data: &TaskData) -> Self {
        Self {
            standardisation: data.standardisation(),
            input_lsb: data.input_lsb(),
            classes: data.classes(),
            input: data.input(),
            outputs: data.outputs(),
            auxiliary: data.auxiliary_classes(),
        }
    }

    /// Whether a network for these data takes those, and its answers mean the same.
    pub fn fit(&self, other: &Self) -> bool {
        let channels = |facts: &Self| facts.standardisation.channels();
        self.classes == other.classes
            && (self.input, self.outputs) == (other.input, other.outputs)
            && channels(self) == channels(other)
    }

    /// Checks that the parts belong together.
    pub(super) fn validate(&self) -> Result<()> {
        let Standardisation {
            source,
            mean,
            deviation,
            ..
        } = &self.standardisation;
        let in_order = source
            .windows(2)
            .all(|pair| pair[1].wrapping_sub(pair[0]) <= 1);
        ensure!(
            in_order
                && source.first() == Some(&0)
                && source.len() == mean.len()
                && source.len() == deviation.len(),
            "its standardisation does not belong together"
        );
        let inputs = match self.input {
            Input::Numbers(inputs) => inputs,
            Input::Tokens { .. } => 1,
        };
        ensure!(
            inputs == source.len() && self.input_lsb.len() == self.standardisation.channels(),
            "its standardisation is of {} inputs and {} channels, there are {inputs} and {}",
            source.len(),
            self.standardisation.channels(),
            self.input_lsb.len()
        );
        let binary = self.classes.len() == 2 && self.outputs == 1;
        ensure!(
            binary || self.classes.len() == self.outputs,
            "it has {} outputs for {} classes",
            self.outputs,
            self.classes.len()
        );
        Ok(())
    }
}
