//! Complete configurations for every task: the paper's, and the fast ones that are recommended.

mod fast;
pub mod file;
mod paper;

use crate::choice::{Choice, words};
use crate::config::{ExportConfig, NetworkConfig, Preparation, RunConfig, TrainingConfig};
use crate::data::recordings::Cutting;
use crate::data::{CopyTask, Holdout, Task};
use crate::nn::ReadoutKind;

/// Where a configuration comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
        self.word()
    }
}

impl RunConfig {
    /// The recommended configuration for a task: that of the [fast recipe](Recipe::Fast).
    pub fn for_task(task: Task) -> Self {
        Recipe::Fast.config(task)
    }
}

impl Choice for Recipe {
    const CHOICES: &'static [Self] = &[Self::Paper, Self::Fast];
    const KIND: &'static str = "recipe";

    fn word(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Fast => "fast",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Paper => {
                "The paper's sizes and training: signs trained with the step size of all weights"
            }
            Self::Fast => "Ours: signs frozen, cosine schedule, the best epoch by validation",
        }
    }
}

words!(Recipe);

/// The settings that all recipes share: one layer of `hidden_size` units and the full Hadamard matrix, U and V of four bits,
/// plain Adam, no augmentation.
fn common(task: Task, hidden_size: usize) -> RunConfig {
    RunConfig {
        task,
        seed: 1,
        copy_steps: CopyTask::PUBLISHED_STEPS,
        without_classes: Vec::new(),
        holdout: Holdout::default(),
        recordings: (task == Task::Recordings).then(Cutting::default),
        preparation: Preparation::default(),
        network: NetworkConfig {
            readout: match task {
                Task::Copy => ReadoutKind::EveryStep,
                _ => ReadoutKind::LastState,
            },
            ..NetworkConfig::of_size(hidden_size)
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
}
