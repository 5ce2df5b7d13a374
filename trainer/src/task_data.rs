//! A task's sequences as the trainer, the evaluation and the exporter want them.

use anyhow::Result;

use crate::config::RunConfig;
use crate::data::{self, CopyTask, Dataset, Sequences, Source, Split, Task, Values};
use crate::nn::Input;
use crate::standardise::Standardisation;

/// Sequences of the copying-memory task that are evaluated and calibrated on.
const COPY_EVALUATION: usize = 2000;
const COPY_CALIBRATION: usize = 100;

/// The data of one run.
pub enum TaskData {
    /// One class for each sequence, read from files.
    Windows(Box<Dataset>),
    /// One class for each step, generated.
    Copy(CopyTask),
}

impl TaskData {
    /// Reads, or prepares to generate, the data of `config`.
    ///
    /// # Errors
    /// The data are missing or malformed.
    pub fn load(config: &RunConfig, source: Option<&Source>) -> Result<Self> {
        match (config.task, source) {
            (Task::Copy, _) => Ok(Self::Copy(CopyTask::new(config.copy_steps, config.seed)?)),
            (task, Some(source)) => Ok(Self::Windows(Box::new(data::load(
                task,
                source,
                &config.holdout,
            )?))),
            (task, None) => anyhow::bail!("task {task} needs data"),
        }
    }

    /// Channels of a sample.
    pub fn channels(&self) -> usize {
        match self {
            Self::Windows(data) => data.train.channels,
            Self::Copy(_) => 1,
        }
    }

    /// What a step feeds the network.
    pub fn input(&self) -> Input {
        match self {
            Self::Windows(data) => match data.train.values {
                Values::Numbers(_) => Input::Numbers(data.train.channels),
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
            Self::Windows(data) if data.classes.len() == 2 => 1,
            Self::Windows(data) => data.classes.len(),
            Self::Copy(_) => CopyTask::CLASSES,
        }
    }

    /// Steps of a sequence.
    pub fn steps(&self) -> usize {
        match self {
            Self::Windows(data) => data.train.steps,
            Self::Copy(task) => task.steps(),
        }
    }

    /// Names of the classes.
    pub fn classes(&self) -> Vec<String> {
        match self {
            Self::Windows(data) => data.classes.clone(),
            Self::Copy(_) => (0..CopyTask::CLASSES)
                .map(|class| class.to_string())
                .collect(),
        }
    }

    /// Names of the channels, in the order of a sample.
    pub fn channel_names(&self) -> Vec<String> {
        match self {
            Self::Windows(data) => data.channel_names.clone(),
            Self::Copy(_) => vec!["token".into()],
        }
    }

    /// Physical units per raw count.
    pub fn input_lsb(&self) -> Vec<f32> {
        match self {
            Self::Windows(data) => data.input_lsb.clone(),
            Self::Copy(_) => vec![1.0],
        }
    }

    /// Fitted on the training split; tokens have none.
    pub fn standardisation(&self) -> Standardisation {
        match self {
            Self::Windows(data) => match data.train.values {
                Values::Numbers(_) => Standardisation::fit(&data.train),
                Values::Tokens { .. } => Standardisation::identity(1),
            },
            Self::Copy(_) => Standardisation::identity(1),
        }
    }

    /// The sequences of a split.
    pub fn split(&self, split: Split) -> Sequences {
        match (self, split) {
            (Self::Windows(data), Split::Train) => data.train.clone(),
            (Self::Windows(data), Split::Valid) => data.valid.clone(),
            (Self::Windows(data), Split::Test) => data.test.clone(),
            (Self::Copy(task), split) => task.batch(split, 0, COPY_EVALUATION),
        }
    }

    /// Windows of the training split for the exporter to find ranges on.
    pub fn calibration(&self) -> Sequences {
        match self {
            Self::Windows(data) => data.train.clone(),
            Self::Copy(task) => task.batch(Split::Train, 0, COPY_CALIBRATION),
        }
    }
}
