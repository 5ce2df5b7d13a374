//! A task's sequences as the trainer, the evaluation and the exporter want them.

mod digest;
mod order;

use std::borrow::Cow;

use anyhow::Result;

use crate::config::{RunConfig, windows};
use crate::data::recordings::{self, OwnData};
use crate::data::{self, CopyTask, Dataset, Sequences, Source, Split, Task, Values};
use crate::metrics::Confusion;
use crate::nn::Input;
use crate::standardise::{RANGE_OF_COUNTS, Standardisation};
use crate::visible;

pub use digest::DataDigest;

/// Sequences of the copying-memory task that are evaluated and calibrated on.
const COPY_EVALUATION: usize = 2000;
const COPY_CALIBRATION: usize = 100;

/// The data of one run.
pub enum TaskData {
    /// Sequences with one class each, read from files.
    Windows(Box<Windows>),
    /// Generated sequences with one class a step.
    Copy(CopyTask),
}

/// Sequences that were read, as a run wants them.
pub struct Windows {
    /// The data set in three splits, decimated.
    pub data: Dataset,
    /// How its channels become inputs, fitted on the training split.
    pub standardisation: Standardisation,
    /// The class that a related task gives each training sequence; empty without an auxiliary loss.
    pub auxiliary: Vec<u32>,
    /// The training split before decimation, where training cuts its windows anew or from streams; else none.
    pub undecimated: Option<Sequences>,
    /// All else that is known of the user's own recordings; none of other data.
    pub own: Option<Box<OwnData>>,
}

impl From<Dataset> for TaskData {
    /// The data as they are.
    fn from(data: Dataset) -> Self {
        Self::Windows(Box::new(Windows {
            standardisation: fitted(&data.train),
            data,
            auxiliary: Vec::new(),
            undecimated: None,
            own: None,
        }))
    }
}

impl Windows {
    fn load(config: &RunConfig, source: &Source) -> Result<Self> {
        let (mut data, own) = match &config.recordings {
            Some(cutting) => {
                let loaded = recordings::load_whole(source, cutting, &config.holdout)?;
                (loaded.data, Some(Box::new(loaded.own)))
            }
            None => (data::load(config.task, source, &config.holdout)?, None),
        };
        let mut auxiliary = match config.training.auxiliary > 0.0 {
            true => related_classes(config, source)?,
            false => Vec::new(),
        };
        if !config.without_classes.is_empty() {
            let kept = data.leave_out(&config.without_classes)?;
            auxiliary = (kept.iter())
                .filter_map(|&i| auxiliary.get(i).copied())
                .collect();
        }
        Self::prepared(data, own, auxiliary, config)
    }

    /// Decimates and standardises what was read.
    fn prepared(
        mut data: Dataset,
        mut own: Option<Box<OwnData>>,
        auxiliary: Vec<u32>,
        config: &RunConfig,
    ) -> Result<Self> {
        let decimation = config.preparation.decimation;
        let runs_on = config.network.fading.is_some();
        if runs_on {
            let hop = windows::hop(config).unwrap_or(data.train.steps);
            for split in splits(&mut data, &mut own) {
                split.streams = data::streams(split, hop);
            }
        }
        let cuts_anew = config.training.augmentation.cuts_anew() || runs_on;
        let undecimated = cuts_anew.then(|| data.train.clone());
        if decimation > 1 {
            for split in splits(&mut data, &mut own) {
                *split = split.decimated(decimation);
            }
            data.sample_rate_hz /= decimation as f32;
        }
        let mut standardisation = fitted(&data.train);
        if let Some(own) = own.as_mut().filter(|own| own.cutting.has_floor()) {
            let (floored, raised) = standardisation.floored(&data.train, &data.input_lsb);
            standardisation = floored;
            if !raised.is_empty() && !data.train.is_empty() {
                own.notes
                    .extend(still_channels(&data, &raised, &standardisation));
            }
        }
        if let Values::Numbers(_) = data.train.values {
            standardisation = standardisation.prepared(&config.preparation)?;
        }
        Ok(Self {
            data,
            standardisation,
            auxiliary,
            undecimated,
            own,
        })
    }
}

/// The splits, and the user's own recordings that are in none of them.
fn splits<'a>(
    data: &'a mut Dataset,
    own: &'a mut Option<Box<OwnData>>,
) -> impl Iterator<Item = &'a mut Sequences> {
    let new = own.as_mut().map(|own| &mut own.new);
    [&mut data.train, &mut data.valid, &mut data.test]
        .into_iter()
        .chain(new)
}

/// Warnings about channels that hardly moved in training, whose deviations are set by `standardisation`.
fn still_channels(
    data: &Dataset,
    channels: &[usize],
    standardisation: &Standardisation,
) -> Vec<String> {
    let is_weightless = |channel: &&usize| {
        standardisation.deviation[**channel] >= RANGE_OF_COUNTS * data.input_lsb[**channel]
    };
    let (never, hardly): (Vec<&usize>, Vec<&usize>) = channels.iter().partition(is_weightless);
    let names = |channels: &[&usize]| {
        visible::names(
            channels
                .iter()
                .map(|channel| &data.channel_names[**channel]),
        )
    };
    let remedy = "Leave them out with --channels, or record what moves them";
    let never = (!never.is_empty()).then(|| {
        format!(
            "warning: channels that hardly moved in training, not once within a window, and weigh next to nothing in the model: {}. {remedy}",
            names(&never)
        )
    });
    let hardly = (!hardly.is_empty()).then(|| {
        format!(
            "warning: channels that hardly moved in training, mostly by less than their smallest step, such as switches: {}. In the model such \
             a step weighs as much as a deviation of any other channel. {remedy}",
            names(&hardly)
        )
    });
    never.into_iter().chain(hardly).collect()
}

/// The standardisation that sequences give; tokens stay as they are.
fn fitted(train: &Sequences) -> Standardisation {
    match train.values {
        Values::Numbers(_) => Standardisation::fit(train),
        Values::Tokens { .. } => Standardisation::identity(1),
    }
}

/// The classes that the other UCI HAR task gives the training sequences of `config`.
fn related_classes(config: &RunConfig, source: &Source) -> Result<Vec<u32>> {
    let related = match config.task {
        Task::Har2 => Task::Har6,
        Task::Har6 => Task::Har2,
        task => anyhow::bail!(
            "[training] auxiliary: there is no task related to {task}; it must be 0 there"
        ),
    };
    let data = data::load(related, source, &config.holdout)?;
    Ok(data.train.targets.values().to_vec())
}

impl TaskData {
    /// Reads, or prepares to generate, the data of `config`.
    ///
    /// # Errors
    /// The data are missing or malformed, or the configuration does not fit them.
    pub fn load(config: &RunConfig, source: Option<&Source>) -> Result<Self> {
        match (config.task, source) {
            (Task::Copy, _) => Ok(Self::Copy(CopyTask::new(config.copy_steps, config.seed)?)),
            (_, Some(source)) => Ok(Self::Windows(Box::new(Windows::load(config, source)?))),
            (task, None) => anyhow::bail!("task {task} needs data"),
        }
    }

    /// The same data with the preparation of `config`, which is otherwise that of these data. These must not be decimated.
    ///
    /// # Errors
    /// The preparation does not fit the data.
    pub(crate) fn prepared(&self, config: &RunConfig) -> Result<Self> {
        match self {
            Self::Windows(windows) => {
                let Windows {
                    data,
                    own,
                    auxiliary,
                    ..
                } = &**windows;
                let made = Windows::prepared(data.clone(), own.clone(), auxiliary.clone(), config)?;
                Ok(Self::Windows(Box::new(made)))
            }
            Self::Copy(_) => Self::load(config, None),
        }
    }

    /// Takes the validation split out, so that training does not look at it after every epoch, and the test split, which no search
    /// may look at.
    pub(crate) fn take_validation(&mut self) -> Sequences {
        match self {
            Self::Windows(windows) => {
                let none = windows.data.valid.select(&[]);
                windows.data.test = none.clone();
                std::mem::replace(&mut windows.data.valid, none)
            }
            Self::Copy(task) => task.batch(Split::Valid, 0, COPY_EVALUATION),
        }
    }

    /// Classes of the auxiliary loss; 0 without one.
    pub fn auxiliary_classes(&self) -> usize {
        let classes = match self {
            Self::Windows(windows) => &windows.auxiliary[..],
            Self::Copy(_) => &[],
        };
        classes.iter().max().map_or(0, |&last| last as usize + 1)
    }

    /// Channels of a sample.
    pub fn channels(&self) -> usize {
        match self {
            Self::Windows(windows) => windows.data.train.channels,
            Self::Copy(_) => 1,
        }
    }

    /// Input of the network in a step.
    pub fn input(&self) -> Input {
        match self {
            Self::Windows(windows) => match windows.data.train.values {
                Values::Numbers(_) => Input::Numbers(windows.standardisation.inputs()),
                Values::Tokens { vocabulary, .. } => Input::Tokens {
                    vocabulary,
                    embedding: None,
                },
            },
            Self::Copy(_) => Input::Tokens {
                vocabulary: CopyTask::VOCABULARY,
                embedding: None,
            },
        }
    }

    /// Logits: one for a binary task.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Windows(windows) if windows.data.classes.len() == 2 => 1,
            Self::Windows(windows) => windows.data.classes.len(),
            Self::Copy(_) => CopyTask::CLASSES,
        }
    }

    /// Steps of a sequence.
    pub fn steps(&self) -> usize {
        match self {
            Self::Windows(windows) => windows.data.train.steps,
            Self::Copy(task) => task.steps(),
        }
    }

    /// Names of the classes.
    pub fn classes(&self) -> Vec<String> {
        match self {
            Self::Windows(windows) => windows.data.classes.clone(),
            Self::Copy(_) => (0..CopyTask::CLASSES)
                .map(|class| class.to_string())
                .collect(),
        }
    }

    /// Names of the channels, in the order of a sample.
    pub fn channel_names(&self) -> Vec<String> {
        match self {
            Self::Windows(windows) => windows.data.channel_names.clone(),
            Self::Copy(_) => vec!["token".into()],
        }
    }

    /// Physical units per raw count.
    pub fn input_lsb(&self) -> Vec<f32> {
        match self {
            Self::Windows(windows) => windows.data.input_lsb.clone(),
            Self::Copy(_) => vec![1.0],
        }
    }

    /// Fitted on the training split; tokens have none.
    pub fn standardisation(&self) -> Standardisation {
        match self {
            Self::Windows(windows) => windows.standardisation.clone(),
            Self::Copy(_) => Standardisation::identity(1),
        }
    }

    /// The sequences of a split: lent where they were read, made where they are generated.
    pub fn split(&self, split: Split) -> Cow<'_, Sequences> {
        match (self, split) {
            (Self::Windows(windows), Split::Train) => Cow::Borrowed(&windows.data.train),
            (Self::Windows(windows), Split::Valid) => Cow::Borrowed(&windows.data.valid),
            (Self::Windows(windows), Split::Test) => Cow::Borrowed(&windows.data.test),
            (Self::Copy(task), split) => Cow::Owned(task.batch(split, 0, COPY_EVALUATION)),
        }
    }

    /// All that is known of the user's own recordings; none of other data.
    pub fn own(&self) -> Option<&OwnData> {
        match self {
            Self::Windows(windows) => windows.own.as_deref(),
            Self::Copy(_) => None,
        }
    }

    /// `config` with all that the data say of a run that begins with them: of the user's own recordings rate, channels, classes
    /// and split. A run keeps those, whatever is recorded later.
    pub fn completed(&self, config: RunConfig) -> RunConfig {
        match self.own() {
            Some(own) => RunConfig {
                recordings: Some(own.cutting.clone()),
                ..config
            },
            None => config,
        }
    }

    /// Samples a second of the user's own recordings, in Hz, as they were measured or stated; none of other data.
    pub(crate) fn rate_hz(&self) -> Option<f32> {
        self.own()?.cutting.rate_hz
    }

    /// How `answers`, one a sequence, to sequences of the user's own recordings compare with the truth; none of other data.
    pub fn confusion(&self, sequences: &Sequences, answers: &[u32]) -> Option<Confusion> {
        let own = self.own()?;
        let classes = self.classes();
        let trained = self.split(Split::Train).class_counts(classes.len());
        let truth = sequences.targets.values().iter().copied();
        let found = Confusion::new(classes, &trained, truth.zip(answers.iter().copied()));
        let names = sequences.groups.iter().map(|&group| {
            let number = (group as usize).checked_sub(1);
            number.and_then(|number| own.unit_names.get(number))
        });
        let truth = sequences.targets.values().iter().zip(answers);
        let units = (names.zip(truth))
            .filter_map(|(name, (class, answer))| Some((name?.as_str(), class == answer)));
        Some(found.with_units(units).with_doubts(own.doubts.clone()))
    }

    /// Checks that classes and channels of the user's own recordings have the names that a model's card has, and puts them into
    /// its order.
    ///
    /// # Errors
    /// They have other names; the message has both lists.
    pub fn ordered_as(&mut self, classes: &[String], channels: &[String]) -> Result<()> {
        match self {
            Self::Windows(windows) if windows.own.is_some() => windows.order(classes, channels),
            _ => Ok(()),
        }
    }

    /// Windows of the training split for the exporter to find ranges on.
    pub fn calibration(&self) -> Cow<'_, Sequences> {
        match self {
            Self::Windows(windows) => Cow::Borrowed(&windows.data.train),
            Self::Copy(task) => Cow::Owned(task.batch(Split::Train, 0, COPY_CALIBRATION)),
        }
    }
}
