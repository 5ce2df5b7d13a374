//! Complete configurations for every task: the paper's, and the fast ones that are recommended.

mod fast;
mod paper;

use clap::ValueEnum;

use crate::config::{ExportConfig, NetworkConfig, Preparation, RunConfig, TrainingConfig};
use crate::data::recordings::Cutting;
use crate::data::{CopyTask, Holdout, Task};
use crate::nn::Readout;

/// Where a configuration comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Recipe {
    /// The paper's sizes and training: signs trained with the step size of all weights
    Paper,
    /// Ours: signs frozen, cosine schedule, the best epoch by validation
    #[default]
    Fast,
}

impl Recipe {
    /// The configuration for a task.
    pub fn config(self, task: Task) -> RunConfig {
        match self {
            Self::Paper => paper::config(task),
            Self::Fast => fast::config(task),
        }
    }

    /// The name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Fast => "fast",
        }
    }
}

/// Settings that all recipes share: one layer of `hidden_size` units and the full Hadamard matrix, U and V of four
/// bits, plain Adam, no augmentation.
fn common(task: Task, hidden_size: usize) -> RunConfig {
    RunConfig {
        task,
        seed: 1,
        copy_steps: CopyTask::PUBLISHED_STEPS,
        holdout: Holdout::default(),
        recordings: (task == Task::Recordings).then(Cutting::default),
        preparation: Preparation::default(),
        network: NetworkConfig {
            hidden_size,
            log2_block: hidden_size.ilog2() as usize,
            leak: None,
            input_bits: Some(4),
            input_rows: None,
            readout_bits: Some(4),
            readout: match task {
                Task::Copy => Readout::EveryStep,
                _ => Readout::LastState,
            },
            embedding: None,
            second: None,
            hidden_readout: None,
        },
        training: TrainingConfig::default(),
        export: ExportConfig {
            state_bits: Some(12),
            ..ExportConfig::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_is_valid_for_every_task() {
        for recipe in [Recipe::Paper, Recipe::Fast] {
            for task in Task::ALL.into_iter().chain([Task::Recordings]) {
                let config = recipe.config(task);
                config.validate().unwrap();
                assert_eq!(config.task, task);
                assert_eq!(RunConfig::from_toml(&config.to_toml()).unwrap(), config);
            }
        }
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for recipe in Recipe::value_variants() {
            let value = recipe.to_possible_value().unwrap();
            assert_eq!(value.get_name(), recipe.name());
        }
    }
}
