//! A training run as a typed value: what `config.toml` of a run folder holds.

mod differences;
mod image;
mod preparation;
mod stretch;
mod training;
pub(crate) mod unknown;
pub mod windows;

pub use image::ImageAugmentation;
pub use preparation::Preparation;
pub use stretch::Stretch;
pub use training::{
    Augmentation, GroupRates, Keep, Sampling, Schedule, SignSchedule, Signs, TrainingConfig,
};

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use anyhow::{Context, Result, ensure};
use hadamrnn_runtime::fields::FieldWidth;
use hadamrnn_runtime::limits;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::choice::{self, Choice};
use crate::data::recordings::Cutting;
use crate::data::{CopyTask, Holdout, Task};
pub use crate::nn::NetworkConfig;
use crate::nn::{HadamRnnConfig, Input};
use crate::sensor::SensorSetting;
use crate::visible;

/// Counts of a sensor for 1 of a unit.
const COUNTS_PER_UNIT: RangeInclusive<f64> = 1e-6..=1e9;
/// Steps of the copying-memory task: up to ten times the published length.
const COPY_STEPS: RangeInclusive<usize> = 2 * CopyTask::TOKENS..=10_000;

/// Everything that determines a run: equal configurations on the same data give equal weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Task that the network learns.
    pub task: Task,
    /// Seed of the weights and of the order of the samples.
    pub seed: u64,
    /// Length of the copying-memory task, `20..=10_000`; other tasks ignore it.
    #[serde(default = "published_copy_steps")]
    pub copy_steps: usize,
    /// Names of classes that are left out of all splits, as if nobody had recorded them: to see what a model makes of what it
    /// does not know. Of benchmarks of one class a sequence only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_classes: Vec<String>,
    /// Data held out of training to choose the weights by.
    #[serde(default)]
    pub holdout: Holdout,
    /// How recordings are cut into windows: of the user's own ones only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordings: Option<Cutting>,
    /// Steps between the sensor's channels and the network's inputs.
    #[serde(default, skip_serializing_if = "Preparation::is_identity")]
    pub preparation: Preparation,
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
    /// Bits of the stored field of a weight of U, 2, 4 or 8, at least the weight's own bits; absent the fewest that
    /// hold it. Weights and logits are the same. With 4, a U of 2 bits is larger, but runs in the assembly for 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_field_bits: Option<u8>,
    /// Leak of `2^-leak`, `1..=15`, that the states of layers without one get: so that rounding stays bounded in a stream without a reset
    /// ([`long_run`](crate::long_run)). The network was not trained with it: 8 changes the states of a window of 128 steps by up to 40 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leak: Option<u8>,
    /// Share of windows of known classes, above 0 and below 1, that the model may call none of its classes; absent it has no such answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub novelty: Option<f64>,
    /// Whether the model is given the dimensions in which classes can be taught; asks for [`novelty`](Self::novelty).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub teachable: bool,
    /// Raw counts that the model reads, where neither a sensor nor counts are stated.
    #[serde(default, skip_serializing_if = "Counts::are_of_training")]
    pub counts: Counts,
    /// Sensor whose counts the model reads, with its full scales, as [`SensorSetting`] has it: "lsm6dso@4g,2000dps".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
    /// Counts that stand for 1 of the unit of a channel, a sensor ("acc") or a quantity, which the model reads; they go before those
    /// of the sensor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts_per_unit: BTreeMap<String, f64>,
}

/// Raw counts that an exported model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counts {
    /// Counts of the training data.
    #[default]
    Training,
    /// Counts of this project's firmware, 1/8192 g and 70 m°/s, into which the data's physical units are converted.
    Firmware,
}

impl Counts {
    fn are_of_training(&self) -> bool {
        *self == Self::Training
    }
}

impl Choice for Counts {
    const CHOICES: &'static [Self] = &[Self::Training, Self::Firmware];
    const KIND: &'static str = "size of counts";

    fn word(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Firmware => "firmware",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Training => "Those of the training data",
            Self::Firmware => "Those of this project's firmware: 1/8192 g and 70 m°/s",
        }
    }
}

choice::words!(Counts);

impl Default for ExportConfig {
    fn default() -> Self {
        Self {
            state_bits: None,
            input_bits: 10,
            table_bits: byte(),
            weight_bits: None,
            input_field_bits: None,
            leak: None,
            novelty: None,
            teachable: false,
            counts: Counts::Training,
            sensor: None,
            counts_per_unit: BTreeMap::new(),
        }
    }
}

fn byte() -> u8 {
    8
}

impl ExportConfig {
    /// Whether the model reads the counts of its training data.
    pub fn reads_training_counts(&self) -> bool {
        self.counts == Counts::Training && !self.states_counts()
    }

    /// Whether a sensor or counts are stated.
    pub fn states_counts(&self) -> bool {
        self.sensor.is_some() || !self.counts_per_unit.is_empty()
    }

    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        for (field, bits, limit) in [
            ("state_bits", self.state_bits, limits::STATE_BITS),
            ("weight_bits", self.weight_bits, limits::WEIGHT_BITS),
            ("input_bits", Some(self.input_bits), limits::INPUT_BITS),
            ("leak", self.leak, limits::LEAK),
        ] {
            let bits = bits.map_or(limit.min, usize::from);
            ensure!(limit.holds(bits), "{field} must be in {limit}, not {bits}");
        }
        ensure!(
            self.counts == Counts::Training || !self.states_counts(),
            "counts = \"{}\" goes with neither sensor nor counts_per_unit: give one of them",
            self.counts
        );
        ensure!(
            self.novelty.is_some() || !self.teachable,
            "teachable asks for novelty, the share of false alarms: --novelty 0.05"
        );
        if let Some(share) = self.novelty {
            ensure!(
                share > 0.0 && share < 1.0,
                "novelty must be above 0 and below 1, not {share}"
            );
        }
        if let Some(sensor) = &self.sensor {
            SensorSetting::parse(sensor).context("sensor")?;
        }
        for (name, counts) in &self.counts_per_unit {
            ensure!(
                COUNTS_PER_UNIT.contains(counts),
                "counts_per_unit of {} must be a number in 1e-6..=1e9, not {counts}",
                visible::name(name)
            );
        }
        for (field, bits) in [
            ("table_bits", Some(self.table_bits)),
            ("input_field_bits", self.input_field_bits),
        ] {
            if let Some(bits) = bits {
                ensure!(
                    FieldWidth::from_bits(bits).is_some(),
                    "{field} must be 2, 4 or 8, not {bits}"
                );
            }
        }
        Ok(())
    }
}

impl RunConfig {
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
            network: network.clone(),
            output_size: outputs,
            auxiliary_size: 0,
            train_signs: matches!(self.training.signs, Signs::Trained(_)),
        }
    }

    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        let input = match self.network.embedding {
            None => Input::Numbers(1),
            embedding => Input::Tokens {
                vocabulary: 2,
                embedding,
            },
        };
        self.network(input, 1).validate().context("[network]")?;
        self.training.validate().context("[training]")?;
        self.preparation.validate().context("[preparation]")?;
        let image = &self.training.augmentation.image;
        image
            .check_task(self.task, self.preparation.decimation)
            .context("[training]")?;
        ensure!(
            self.task != Task::Copy || self.training.class_weights.is_empty(),
            "[training] class_weights are for tasks of one class a sequence, not {}",
            self.task
        );
        let is_fading = self.network.fading.is_some();
        ensure!(
            !is_fading || windows::is_sensor(self.task),
            "[network.fading] is for streams of sensors, not {}",
            self.task
        );
        ensure!(
            is_fading || self.training.stretch.is_none(),
            "[training.stretch] is for a network that fades: [network.fading]"
        );
        let export = &self.export;
        export.validate().context("[export]")?;
        ensure!(
            export.leak.is_none() || self.network.layers().any(|layer| layer.leak.is_none()),
            "[export] leak is for layers without a leak, and all of this network have one: leave it out"
        );
        let cutting = self.recordings.as_ref();
        ensure!(
            cutting.is_some() == (self.task == Task::Recordings),
            "[recordings] is for the task recordings, which needs it"
        );
        cutting.map_or(Ok(()), |cutting| cutting.validate().context("[recordings]"))?;
        ensure!(
            self.without_classes.is_empty() || !matches!(self.task, Task::Copy | Task::Recordings),
            "without_classes is for benchmarks of one class a sequence, not {}: leave the recordings of a class of your own out of the \
             folder",
            self.task
        );
        let split_seed = cutting.map_or(0, |cutting| cutting.split_seed);
        let holdout_seed = match self.holdout {
            Holdout::Random { seed, .. } => seed,
            _ => 0,
        };
        for (field, seed) in [
            ("seed", self.seed),
            ("[recordings] split_seed", split_seed),
            ("holdout seed", holdout_seed),
        ] {
            // TOML has no larger number, and the configuration must be read back.
            ensure!(
                seed <= i64::MAX as u64,
                "{field} must be in 0..={}, not {seed}",
                i64::MAX
            );
        }
        bounds::within("copy_steps", self.copy_steps, COPY_STEPS)?;
        if self.task == Task::Copy {
            bounds::within(
                "copy_steps times [training] batch_size",
                self.copy_steps * self.training.batch_size,
                bounds::COPY_BATCH_STEPS,
            )?;
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
        let config: Self =
            toml::from_str(text).map_err(|error| unknown::explained(error, &toml::Table::new()))?;
        config.validate()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{BinaryMatrixKind, HiddenReadout, SecondLayer};
    use crate::recipe::Recipe;

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
    fn layers_change_their_size_together() {
        let mut network = RunConfig::for_task(Task::Har2).network;
        network.log2_block = 3;
        let second = SecondLayer {
            hidden_size: network.hidden_size,
            log2_block: network.hidden_size.ilog2() as usize,
            leak: None,
            mixing: BinaryMatrixKind::Hadamard,
            train_mixing: false,
            bias: false,
        };
        network.second = Some(second);
        network.hidden_readout = Some(HiddenReadout {
            hidden_size: network.hidden_size,
            bias: true,
        });
        network.resize(32);
        let sizes = |network: &NetworkConfig| {
            let second = network
                .second
                .map(|second| (second.hidden_size, second.log2_block));
            (network.hidden_size, network.log2_block, second)
        };
        assert_eq!(sizes(&network), (32, 3, Some((32, 5))));
        assert_eq!(
            network.hidden_readout.map(|layer| layer.hidden_size),
            Some(32)
        );
        network.second = Some(SecondLayer {
            hidden_size: 64,
            log2_block: 6,
            ..second
        });
        network.resize(128);
        assert_eq!(sizes(&network), (128, 3, Some((64, 6))));
        network
            .hidden_readout
            .iter_mut()
            .for_each(|layer| layer.hidden_size = 48);
        network.resize(64);
        assert_eq!(
            network.hidden_readout.map(|layer| layer.hidden_size),
            Some(48)
        );
    }

    /// The largest numbers that TOML has, wherever a whole number is.
    #[test]
    fn huge_sizes_are_refused_by_name() {
        let mut config = RunConfig::for_task(Task::Recordings);
        config.network.embedding = Some(1);
        config.network.second = Some(SecondLayer {
            hidden_size: 128,
            log2_block: 7,
            leak: Some(1),
            mixing: BinaryMatrixKind::Dense,
            train_mixing: true,
            bias: true,
        });
        config.network.input_rows = Some(8);
        config.training.sign_schedule.flips_per_epoch = Some(1);
        config.training.patience = Some(1);
        config.preparation.decimation = 2;
        config.export.weight_bits = Some(4);
        config.export.input_field_bits = Some(4);
        let text = config.to_toml();
        RunConfig::from_toml(&text).unwrap();
        let mut sizes = 0;
        for line in text.lines() {
            let Some((field, value)) = line.split_once(" = ") else {
                continue;
            };
            // Any seed is as good as another.
            if field == "seed" || value.parse::<u64>().is_err() {
                continue;
            }
            sizes += 1;
            let huge = text.replace(line, &format!("{field} = {}", i64::MAX));
            let error = format!("{:#}", RunConfig::from_toml(&huge).unwrap_err());
            assert!(error.contains(field), "{line}: {error}");
        }
        assert!(sizes > 20, "{sizes}\n{text}");
        let mut copy = RunConfig::for_task(Task::Copy);
        (copy.copy_steps, copy.training.batch_size) = (10_000, 65_536);
        let error = copy.validate().unwrap_err().to_string();
        assert!(error.contains("copy_steps times"), "{error}");
    }

    #[test]
    fn seeds_that_no_file_can_hold_are_refused() {
        let mut config = RunConfig::for_task(Task::Recordings);
        config.seed = i64::MAX as u64;
        assert_eq!(RunConfig::from_toml(&config.to_toml()).unwrap(), config);
        config.seed += 1;
        assert!(
            config
                .validate()
                .unwrap_err()
                .to_string()
                .starts_with("seed must be in")
        );
        config.seed = 0;
        config.recordings.as_mut().unwrap().split_seed = u64::MAX;
        assert!(
            config
                .validate()
                .unwrap_err()
                .to_string()
                .contains("split_seed")
        );
    }

    #[test]
    fn errors_name_the_field() {
        let text = Recipe::Paper.config(Task::Har2).to_toml();
        for (from, to, message) in [
            ("hidden_size = 128", "hidden_size = 100", "hidden_size"),
            ("epochs = 200", "epochs = 0", "epochs"),
            ("epochs = 200", "epoch = 60", "epoch"),
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
}
