//! How the weights are found.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::ImageAugmentation;
use super::Stretch;
use crate::bounds::{self, within};
use crate::visible;

/// How the weights are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training split (copy task: blocks of `batches_per_epoch`), `1..=1_000_000`.
    pub epochs: u32,
    /// Sequences per step of the optimiser, `1..=65_536`. Copy task: at most `2^22` steps in all of them.
    pub batch_size: usize,
    /// Batches of an epoch of a generated task, `1..=1_000_000`; tasks with data ignore it.
    pub batches_per_epoch: usize,
    /// Adam's step size at the start.
    pub learning_rate: f64,
    /// Adam's decay of the mean of squared gradients, `0..1`; lower forgets a steep start sooner.
    #[serde(default = "usual_beta_2")]
    pub beta_2: f32,
    /// How the step size changes.
    pub schedule: Schedule,
    /// Epochs over which the step size rises from 0, in a straight line, before the schedule has its say.
    #[serde(default)]
    pub warmup: f64,
    /// Largest norm of the gradient of a weight tensor, longer ones are shortened to it; 0 leaves them.
    #[serde(default)]
    pub clip_norm: f32,
    /// Largest norm of the gradient of all weights together, a longer one is shortened to it; 0 leaves it.
    #[serde(default)]
    pub clip_total_norm: f32,
    /// Weight of the loss of an auxiliary readout that predicts a related task's classes (har2: the six activities of har6;
    /// har6: har2's two classes) and is not exported; 0 is none.
    #[serde(default)]
    pub auxiliary: f32,
    /// Factor on the random start of the layers' biases; 0 starts them at zero.
    #[serde(default = "one")]
    pub initial_bias: f32,
    /// Added to the start of the first output's bias. For the copy task it is the blank's, by far the most frequent.
    #[serde(default)]
    pub initial_first: f32,
    /// Whether the signs of the recurrent matrix move.
    pub signs: Signs,
    /// Which epoch's weights are kept.
    pub keep: Keep,
    /// Stops after this many epochs, `1..=1_000_000`, without a better validation accuracy; absent all epochs are trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    /// Decoupled weight decay (AdamW) of all weights but the recurrent signs; 0 is plain Adam.
    #[serde(default)]
    pub weight_decay: f32,
    /// Share of each target that is spread evenly over all classes, `0..1`.
    #[serde(default)]
    pub label_smoothing: f32,
    /// Copy task: how much a step that recalls a token counts in the training loss, relative to a blank one.
    #[serde(default = "one")]
    pub recall_weight: f32,
    /// Which sequences an epoch sees.
    #[serde(default)]
    pub sampling: Sampling,
    /// Decay of a running mean of the weights, per step, which is then what is evaluated and kept; 0 is none.
    #[serde(default)]
    pub averaging: f32,
    /// Steps at which the signs move, where they are trained.
    #[serde(default)]
    pub sign_schedule: SignSchedule,
    /// Factors on the step size of groups of weights.
    #[serde(default)]
    pub rates: GroupRates,
    /// Random changes of the training windows.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Stretches of streams that a network with a fading pool is trained on; absent it is trained on windows, as others are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretch: Option<Stretch>,
    /// Factors, each above 0, on how often the windows of a class are drawn, by its name; classes that are not named have 1. With
    /// any, an epoch draws with replacement.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub class_weights: BTreeMap<String, f64>,
}

fn usual_beta_2() -> f32 {
    0.999
}

fn one() -> f32 {
    1.0
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 60,
            batch_size: 100,
            batches_per_epoch: 100,
            learning_rate: 1e-3,
            beta_2: usual_beta_2(),
            schedule: Schedule::Cosine,
            warmup: 0.0,
            clip_norm: 0.0,
            clip_total_norm: 0.0,
            auxiliary: 0.0,
            initial_bias: 1.0,
            initial_first: 0.0,
            signs: Signs::Frozen,
            keep: Keep::Best,
            patience: None,
            weight_decay: 0.0,
            label_smoothing: 0.0,
            recall_weight: 1.0,
            sampling: Sampling::Shuffled,
            averaging: 0.0,
            sign_schedule: SignSchedule::default(),
            rates: GroupRates::default(),
            augmentation: Augmentation::default(),
            stretch: None,
            class_weights: BTreeMap::new(),
        }
    }
}

/// Random changes of training sequences, drawn anew for each one of every epoch; zeros leave it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Standard deviation in degrees of the angle by which a window is rotated about a random axis, the same for all
    /// triaxial sensors of a unit: how it is worn.
    pub rotation: f32,
    /// Channels of a unit, which is worn in its own way: a multiple of 3 that no model has more inputs than; 0 is all channels.
    pub unit: usize,
    /// The like angle of one more rotation of the last sensor of each unit, a magnetometer: which way a person faces.
    pub magnetometer: f32,
    /// Standard deviation of the logarithm of a factor on all channels: how strongly a person moves.
    pub scale: f32,
    /// Standard deviation of noise on every value, in standardised units.
    pub noise: f32,
    /// Standard deviation of the logarithm of a factor on time: how fast a person moves. Samples between are interpolated in a
    /// straight line before decimation; a window that is over too early goes back.
    #[serde(skip_serializing_if = "is_zero")]
    pub tempo: f32,
    /// Whether a window begins at any sample from which on it is whole, and not at its first one alone: one of those that decimation
    /// leaves out, or a later one where a slower [`tempo`](Self::tempo) leaves room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub phases: bool,
    /// Probability, `0..1`, that a token becomes padding.
    pub token_dropout: f32,
    /// Movements of images.
    #[serde(skip_serializing_if = "ImageAugmentation::is_still")]
    pub image: ImageAugmentation,
}

fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

impl Augmentation {
    /// Whether it changes anything.
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    /// Whether windows are cut anew: they begin elsewhere, or time runs at another speed.
    pub fn cuts_anew(&self) -> bool {
        self.phases || self.tempo > 0.0
    }

    /// Whether values change where they are.
    pub fn changes_values(&self) -> bool {
        let values = Self {
            tempo: 0.0,
            phases: false,
            image: ImageAugmentation::default(),
            ..*self
        };
        values.is_active()
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

/// Training of the sign vector of the recurrent matrix.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signs {
    /// Stays at its random start: each flip rewrites every power of W, so this trains 10 to 50 times faster.
    Frozen,
    /// Trained through a straight-through estimator with this step size (the paper's recipe: the common one).
    Trained(f64),
}

/// Steps at which trained signs move. Every flip rewrites every power of W, and the other weights need time to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignSchedule {
    /// Epochs in which they do not move, at the start, `0..=1_000_000`.
    pub start_epoch: u32,
    /// Steps of the optimiser from one step of the signs to the next, `1..=1_000_000`.
    pub every: u32,
    /// Flips of an epoch, `0..=1_000_000`, after which they stay to its end; absent there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flips_per_epoch: Option<usize>,
}

impl Default for SignSchedule {
    fn default() -> Self {
        Self {
            start_epoch: 0,
            every: 1,
            flips_per_epoch: None,
        }
    }
}

/// Factors on the step size of groups of weights, each at least 0; 0 freezes the group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupRates {
    /// U, or the table of tokens.
    pub input: f64,
    /// The embedding of tokens.
    pub embedding: f64,
    /// The biases of the layers.
    pub bias: f64,
    /// The signs that mix the first layer into the second, and those of a hidden readout layer.
    pub mixing: f64,
    /// V and the output biases.
    pub readout: f64,
}

impl Default for GroupRates {
    fn default() -> Self {
        Self {
            input: 1.0,
            embedding: 1.0,
            bias: 1.0,
            mixing: 1.0,
            readout: 1.0,
        }
    }
}

/// Which sequences an epoch sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Every sequence once, in random order.
    #[default]
    Shuffled,
    /// Draws with replacement, as many as there are sequences, all classes equally often (the paper's for GLUE).
    Balanced,
}

/// Which weights a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The weights of the epoch with the best validation accuracy (of equal ones, the lowest validation loss).
    Best,
    /// The weights of the last epoch.
    Last,
}

impl TrainingConfig {
    /// Checks that the classes that have weights are among those of the data.
    ///
    /// # Errors
    /// One is not; the message names it and all classes.
    pub fn check_classes(&self, classes: &[String]) -> Result<()> {
        let unknown = self
            .class_weights
            .keys()
            .find(|name| !classes.contains(name));
        ensure!(
            unknown.is_none(),
            "class_weights names \"{}\", which is none of the classes {}",
            visible::name(unknown.map_or("", String::as_str)),
            visible::names(classes)
        );
        Ok(())
    }

    /// The factor on the step size at `step` of an epoch of `batches`.
    pub fn rate_factor(&self, epoch: u32, batch: u32, batches: u32) -> f64 {
        let steps = |epochs: f64| epochs * f64::from(batches);
        let step = u64::from(epoch) * u64::from(batches) + u64::from(batch);
        let total = u64::from(self.epochs) * u64::from(batches);
        let factor = self.schedule.factor(step, total, epoch);
        factor * ((step + 1) as f64 / steps(self.warmup).max(1.0)).min(1.0)
    }

    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        within("batch_size", self.batch_size, bounds::BATCH_SIZE)?;
        let signs = &self.sign_schedule;
        for (field, value) in [
            ("epochs", self.epochs as usize),
            ("batches_per_epoch", self.batches_per_epoch),
            ("sign_schedule.every", signs.every as usize),
            ("patience", self.patience.unwrap_or(1) as usize),
        ] {
            within(field, value, bounds::REPETITIONS)?;
        }
        for (field, value) in [
            ("sign_schedule.start_epoch", signs.start_epoch as usize),
            (
                "sign_schedule.flips_per_epoch",
                signs.flips_per_epoch.unwrap_or(0),
            ),
        ] {
            within(field, value, bounds::REPETITIONS_OR_NONE)?;
        }
        positive("learning_rate", self.learning_rate)?;
        positive("recall_weight", self.recall_weight.into())?;
        if let Signs::Trained(rate) = self.signs {
            positive("signs", rate)?;
        }
        self.stretch.as_ref().map_or(Ok(()), Stretch::validate)?;
        for (class, &weight) in &self.class_weights {
            positive(&format!("class_weights.{}", visible::name(class)), weight)?;
        }
        if let Schedule::Exponential(gamma) = self.schedule {
            positive("schedule", gamma)?;
        }
        ensure!(
            self.patience.is_none() || self.keep == Keep::Best,
            "patience waits for a better epoch, which keep = \"last\" does not look for"
        );
        self.validate_factors()?;
        for (field, value) in [
            ("label_smoothing", self.label_smoothing),
            ("averaging", self.averaging),
            ("beta_2", self.beta_2),
            (
                "augmentation.token_dropout",
                self.augmentation.token_dropout,
            ),
        ] {
            ensure!(
                (0.0..1.0).contains(&value),
                "{field} must be at least 0 and below 1, it is {value}"
            );
        }
        Ok(())
    }

    fn validate_factors(&self) -> Result<()> {
        let (augmentation, rates) = (&self.augmentation, &self.rates);
        for (field, value) in [
            ("weight_decay", self.weight_decay.into()),
            ("warmup", self.warmup),
            ("clip_norm", self.clip_norm.into()),
            ("clip_total_norm", self.clip_total_norm.into()),
            ("auxiliary", self.auxiliary.into()),
            ("initial_bias", self.initial_bias.into()),
            ("augmentation.rotation", augmentation.rotation.into()),
            (
                "augmentation.magnetometer",
                augmentation.magnetometer.into(),
            ),
            ("augmentation.scale", augmentation.scale.into()),
            ("augmentation.noise", augmentation.noise.into()),
            ("augmentation.tempo", augmentation.tempo.into()),
            ("rates.input", rates.input),
            ("rates.embedding", rates.embedding),
            ("rates.bias", rates.bias),
            ("rates.mixing", rates.mixing),
            ("rates.readout", rates.readout),
        ] {
            let value: f64 = value;
            ensure!(
                value.is_finite() && value >= 0.0,
                "{field} must not be negative, it is {value}"
            );
        }
        ensure!(
            self.initial_first.is_finite(),
            "initial_first must be a number, it is {}",
            self.initial_first
        );
        within("augmentation.unit", augmentation.unit, bounds::CHANNELS)?;
        ensure!(
            augmentation.unit.is_multiple_of(3),
            "augmentation.unit must be a multiple of 3, not {}",
            augmentation.unit
        );
        augmentation.image.validate()
    }
}

fn positive(field: &str, value: f64) -> Result<()> {
    ensure!(
        value.is_finite() && value > 0.0,
        "{field} must be a positive number, not {value}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warmup_rises_in_a_straight_line() {
        let training = TrainingConfig {
            schedule: Schedule::Constant,
            warmup: 0.5,
            ..TrainingConfig::default()
        };
        let factors = [0, 1, 4, 9].map(|batch| training.rate_factor(0, batch, 10));
        assert_eq!(factors, [0.2, 0.4, 1.0, 1.0]);
        assert_eq!(training.rate_factor(3, 0, 10), 1.0);
        assert_eq!(TrainingConfig::default().rate_factor(0, 0, 10), 1.0);
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

    #[test]
    fn ranges_are_checked() {
        let with = |change: fn(&mut TrainingConfig)| {
            let mut config = TrainingConfig::default();
            change(&mut config);
            config.validate().map_err(|error| error.to_string())
        };
        assert_eq!(with(|_| {}), Ok(()));
        type Change = fn(&mut TrainingConfig);
        let refused: [(Change, &str); 13] = [
            (|config| config.batch_size = 65_537, "batch_size"),
            (|config| config.epochs = u32::MAX, "epochs"),
            (
                |config| config.batches_per_epoch = usize::MAX,
                "batches_per_epoch",
            ),
            (
                |config| config.sign_schedule.start_epoch = u32::MAX,
                "start_epoch",
            ),
            (
                |config| config.sign_schedule.flips_per_epoch = Some(usize::MAX),
                "flips_per_epoch",
            ),
            (
                |config| config.augmentation.unit = usize::MAX / 3 * 3,
                "augmentation.unit",
            ),
            (|config| config.averaging = 1.0, "averaging"),
            (|config| config.label_smoothing = -0.1, "label_smoothing"),
            (|config| config.recall_weight = 0.0, "recall_weight"),
            (|config| config.patience = Some(0), "patience"),
            (
                |config| (config.patience, config.keep) = (Some(1), Keep::Last),
                "patience",
            ),
            (|config| config.sign_schedule.every = 0, "every"),
            (|config| config.rates.readout = f64::NAN, "rates.readout"),
        ];
        for (change, field) in refused {
            let error = with(change).expect_err(field);
            assert!(error.contains(field), "{error}");
        }
    }
}
