//! A training run as a typed value: what `config.toml` of a run folder holds.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::data::{CopyTask, Holdout, Task};
use crate::nn::{HadamRnnConfig, Input, Readout, SecondLayer};

/// Everything that determines a run: equal configurations on the same data give equal weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// What is learnt.
    pub task: Task,
    /// Seed of the weights and of the order of the samples.
    pub seed: u64,
    /// Length of the copying-memory task; other tasks ignore it.
    #[serde(default = "published_copy_steps")]
    pub copy_steps: usize,
    /// What is held out to choose the weights by.
    #[serde(default)]
    pub holdout: Holdout,
    /// The network.
    pub network: NetworkConfig,
    /// How it is trained.
    pub training: TrainingConfig,
    /// How it becomes integers.
    pub export: ExportConfig,
}

fn published_copy_steps() -> usize {
    CopyTask::PUBLISHED_STEPS
}

/// The sizes of the network that are free to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Hidden units, a power of two in `16..=1024`.
    pub hidden_size: usize,
    /// Hadamard blocks of `2^log2_block`; `log2(hidden_size)` is the full matrix (HadamRNN).
    pub log2_block: usize,
    /// The recurrent matrix is scaled by `1 - 2^-leak`, `1..=15`; absent it is orthogonal (the paper's).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leak: Option<u8>,
    /// Bits of the input weights U, `1..=8` (1 is ternary); absent they keep full precision and cannot be exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_bits: Option<u8>,
    /// Bits of the output weights V, `1..=8` (1 is ternary); absent they keep full precision and cannot be exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readout_bits: Option<u8>,
    /// Which states the outputs are read from.
    #[serde(default)]
    pub readout: Readout,
    /// Length of the embedding of a token; absent the table of tokens is trained itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<usize>,
    /// A second layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondLayer>,
}

/// How the weights are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training split (copy task: blocks of `batches_per_epoch`).
    pub epochs: u32,
    /// Sequences per step of the optimiser.
    pub batch_size: usize,
    /// Batches of an epoch of a generated task; tasks with data ignore it.
    pub batches_per_epoch: usize,
    /// Adam's step size at the start.
    pub learning_rate: f64,
    /// How the step size changes.
    pub schedule: Schedule,
    /// Whether the signs of the recurrent matrix move.
    pub signs: Signs,
    /// Which epoch's weights are kept.
    pub keep: Keep,
    /// Decoupled weight decay (AdamW) of U, V and the biases; 0 is plain Adam.
    #[serde(default)]
    pub weight_decay: f32,
    /// Random changes of the training windows.
    #[serde(default)]
    pub augmentation: Augmentation,
}

/// Random changes of training windows, drawn anew for every window of every epoch; zeros leave it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Standard deviation in degrees of the angle by which a window is rotated about a random axis, the same for all
    /// triaxial sensors: how a device is worn.
    pub rotation: f32,
    /// Standard deviation of the logarithm of a factor on all channels: how strongly a person moves.
    pub scale: f32,
    /// Standard deviation of noise on every value, in standardised units.
    pub noise: f32,
}

impl Augmentation {
    /// Whether it changes anything.
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }
}

/// The step size over the course of training, as a factor on `learning_rate`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Constant.
    Constant,
    /// Half a cosine from 1 to 0 over all steps.
    Cosine,
    /// Multiplied by the factor after each epoch: the paper's.
    Exponential(f64),
}

impl Schedule {
    /// The factor at `step` of `total`, in epoch `epoch`.
    pub fn factor(self, step: u64, total: u64, epoch: u32) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let progress = step as f64 / total.max(1) as f64;
                0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
            Self::Exponential(gamma) => gamma.powi(epoch as i32),
        }
    }
}

/// What happens to the sign vector of the recurrent matrix.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signs {
    /// Stays at its random start: each flip rewrites every power of W, so this trains 10 to 50 times faster.
    Frozen,
    /// Trained through a straight-through estimator with this step size (the paper's recipe: the common one).
    Trained(f64),
}

/// Which weights a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Those of the epoch with the best validation accuracy (of equal ones, the lowest validation loss).
    Best,
    /// Those of the last epoch.
    Last,
}

/// Widths of the integer model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportConfig {
    /// Bits of the hidden states, `8..=16`; absent the fewest that keep rounding 40 dB below the states seen in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_bits: Option<u8>,
    /// Bits of a standardised input, `4..=16`.
    pub input_bits: u8,
    /// Bits of the table of tokens with an embedding, 2, 4 or 8; other tables have the input weights' bits.
    #[serde(default = "byte")]
    pub table_bits: u8,
    /// Bits, `1..=8`, that U and V get where they were trained in full precision; absent such a network is not exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_bits: Option<u8>,
}

impl Default for ExportConfig {
    fn default() -> Self {
        Self {
            state_bits: None,
            input_bits: 10,
            table_bits: byte(),
            weight_bits: None,
        }
    }
}

fn byte() -> u8 {
    8
}

/// Frozen signs are part of the architecture, and some draws remember better: this one has the best mean accuracy in
/// cross-validation over four groups of training subjects (`models/README.md`).
const HAR_SEED: u64 = 4;

impl RunConfig {
    /// The recommended configuration for a task.
    pub fn for_task(task: Task) -> Self {
        let copy = task == Task::Copy;
        Self {
            task,
            seed: if copy { 1 } else { HAR_SEED },
            copy_steps: published_copy_steps(),
            holdout: Holdout::default(),
            network: NetworkConfig {
                hidden_size: 128,
                log2_block: 7,
                leak: None,
                input_bits: Some(4),
                readout_bits: Some(4),
                readout: match copy {
                    true => Readout::EveryStep,
                    false => Readout::LastState,
                },
                embedding: None,
                second: None,
            },
            training: TrainingConfig {
                epochs: if copy { 30 } else { 60 },
                batch_size: if copy { 128 } else { 100 },
                batches_per_epoch: 100,
                learning_rate: if copy { 3e-3 } else { 1e-3 },
                schedule: Schedule::Cosine,
                signs: Signs::Frozen,
                keep: Keep::Best,
                weight_decay: 0.0,
                augmentation: Augmentation {
                    rotation: if copy { 0.0 } else { 20.0 },
                    ..Augmentation::default()
                },
            },
            export: ExportConfig {
                state_bits: Some(12),
                ..ExportConfig::default()
            },
        }
    }

    /// The network for a task of `outputs` logits; `input` as the data have it, without an embedding.
    pub fn network(&self, input: Input, outputs: usize) -> HadamRnnConfig {
        let network = &self.network;
        HadamRnnConfig {
            input: match input {
                Input::Tokens { vocabulary, .. } => Input::Tokens {
                    vocabulary,
                    embedding: network.embedding,
                },
                numbers => numbers,
            },
            hidden_size: network.hidden_size,
            log2_block: network.log2_block,
            leak: network.leak,
            second: network.second,
            readout: network.readout,
            output_size: outputs,
            input_bits: network.input_bits,
            readout_bits: network.readout_bits,
            train_signs: matches!(self.training.signs, Signs::Trained(_)),
        }
    }

    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        let input = Input::Numbers(self.network.embedding.unwrap_or(1));
        self.network(input, 1).validate().context("[network]")?;
        let training = &self.training;
        ensure!(training.epochs > 0, "[training] epochs must be at least 1");
        ensure!(
            training.batch_size > 0,
            "[training] batch_size must be at least 1"
        );
        ensure!(
            training.batches_per_epoch > 0,
            "[training] batches_per_epoch must be at least 1"
        );
        positive("learning_rate", training.learning_rate)?;
        if let Signs::Trained(rate) = training.signs {
            positive("signs", rate)?;
        }
        if let Schedule::Exponential(gamma) = training.schedule {
            positive("schedule", gamma)?;
        }
        let augmentation = &training.augmentation;
        for (field, value) in [
            ("weight_decay", training.weight_decay),
            ("augmentation.rotation", augmentation.rotation),
            ("augmentation.scale", augmentation.scale),
            ("augmentation.noise", augmentation.noise),
        ] {
            ensure!(
                value.is_finite() && value >= 0.0,
                "[training] {field} must not be negative, it is {value}"
            );
        }
        let export = &self.export;
        ensure!(
            export
                .state_bits
                .is_none_or(|bits| (8..=16).contains(&bits)),
            "[export] state_bits must be in 8..=16, not {}",
            export.state_bits.unwrap_or(0)
        );
        ensure!(
            export
                .weight_bits
                .is_none_or(|bits| (1..=8).contains(&bits)),
            "[export] weight_bits must be in 1..=8, not {}",
            export.weight_bits.unwrap_or(0)
        );
        ensure!(
            (4..=16).contains(&export.input_bits),
            "[export] input_bits must be in 4..=16, not {}",
            export.input_bits
        );
        ensure!(
            matches!(export.table_bits, 2 | 4 | 8),
            "[export] table_bits must be 2, 4 or 8, not {}",
            export.table_bits
        );
        if self.task == Task::Copy {
            CopyTask::new(self.copy_steps, self.seed).context("copy_steps")?;
        }
        Ok(())
    }

    /// The text of `config.toml`.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration has no map with non-string keys")
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// The text is not TOML, has unknown or missing fields, or a value is out of range.
    pub fn from_toml(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.validate()?;
        Ok(config)
    }
}

fn positive(field: &str, value: f64) -> Result<()> {
    ensure!(
        value.is_finite() && value > 0.0,
        "[training] {field} must be a positive number, not {value}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_round_trips() {
        for task in Task::ALL {
            let mut config = RunConfig::for_task(task);
            config.training.signs = Signs::Trained(1e-5);
            config.training.schedule = Schedule::Exponential(0.98);
            config.holdout = Holdout::Subjects(vec![1, 3]);
            assert_eq!(RunConfig::from_toml(&config.to_toml()).unwrap(), config);
        }
    }

    #[test]
    fn errors_name_the_field() {
        let text = RunConfig::for_task(Task::Har2).to_toml();
        for (from, to, message) in [
            ("hidden_size = 128", "hidden_size = 100", "hidden_size"),
            ("epochs = 60", "epochs = 0", "epochs"),
            ("epochs = 60", "epoch = 60", "epoch"),
            ("state_bits = 12", "state_bits = 40", "state_bits"),
            (
                "learning_rate = 0.001",
                "learning_rate = nan",
                "learning_rate",
            ),
        ] {
            assert!(text.contains(from), "{text}");
            let error = RunConfig::from_toml(&text.replace(from, to)).unwrap_err();
            assert!(format!("{error:#}").contains(message), "{error:#}");
        }
    }

    #[test]
    fn schedules_start_at_one() {
        for schedule in [
            Schedule::Constant,
            Schedule::Cosine,
            Schedule::Exponential(0.98),
        ] {
            assert_eq!(schedule.factor(0, 100, 0), 1.0);
        }
        assert!(Schedule::Cosine.factor(100, 100, 9) < 1e-12);
        assert_eq!(Schedule::Exponential(0.5).factor(0, 0, 2), 0.25);
    }
}
