//! The names of the benchmarks and how their validation split is held out.

use serde::{Deserialize, Serialize};

use super::catalog::{self, DataSet};
use crate::choice::{Choice, words};

/// A benchmark: what is read and what is predicted from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Task {
    /// The copying-memory task, generated.
    Copy,
    /// MNIST, one pixel a step, row by row.
    Smnist,
    /// MNIST, one pixel a step, in one fixed random order.
    Pmnist,
    /// Film reviews: positive or negative.
    Imdb,
    /// GLUE SST-2, sentences of film reviews: positive or negative.
    Sst2,
    /// GLUE QQP, two questions: the same or not.
    Qqp,
    /// UCI HAR: {sitting, laying, walking upstairs} against the rest.
    Har2,
    /// UCI HAR: its six activities.
    Har6,
    /// UCI Daily and Sports Activities: its nineteen activities, other people in the test split.
    Dsa19,
    /// The user's own recordings.
    Recordings,
}

impl Task {
    /// Every benchmark.
    pub const ALL: [Self; 9] = [
        Self::Copy,
        Self::Smnist,
        Self::Pmnist,
        Self::Imdb,
        Self::Sst2,
        Self::Qqp,
        Self::Har2,
        Self::Har6,
        Self::Dsa19,
    ];

    /// The name, as on the command line.
    pub fn name(self) -> &'static str {
        self.word()
    }

    /// The data set it stands on.
    pub fn data_set(self) -> &'static DataSet {
        match self {
            Self::Copy => &catalog::COPY,
            Self::Smnist | Self::Pmnist => &catalog::MNIST,
            Self::Imdb => &catalog::IMDB,
            Self::Sst2 => &catalog::SST2,
            Self::Qqp => &catalog::QQP,
            Self::Har2 | Self::Har6 => &catalog::UCI_HAR,
            Self::Dsa19 => &catalog::DSA,
            Self::Recordings => &catalog::RECORDINGS,
        }
    }
}

impl Choice for Task {
    const CHOICES: &'static [Self] = &[
        Self::Copy,
        Self::Smnist,
        Self::Pmnist,
        Self::Imdb,
        Self::Sst2,
        Self::Qqp,
        Self::Har2,
        Self::Har6,
        Self::Dsa19,
        Self::Recordings,
    ];
    const KIND: &'static str = "task";

    fn word(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Smnist => "smnist",
            Self::Pmnist => "pmnist",
            Self::Imdb => "imdb",
            Self::Sst2 => "sst2",
            Self::Qqp => "qqp",
            Self::Har2 => "har2",
            Self::Har6 => "har6",
            Self::Dsa19 => "dsa19",
            Self::Recordings => "recordings",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Copy => "The copying-memory task, generated",
            Self::Smnist => "MNIST, one pixel a step, row by row",
            Self::Pmnist => "MNIST, one pixel a step, in one fixed random order",
            Self::Imdb => "Film reviews: positive or negative",
            Self::Sst2 => "GLUE SST-2, sentences of film reviews: positive or negative",
            Self::Qqp => "GLUE QQP, two questions: the same or not",
            Self::Har2 => "UCI HAR: sitting, laying or walking upstairs against the rest",
            Self::Har6 => "UCI HAR: its six activities",
            Self::Dsa19 => "UCI Daily and Sports Activities: its nineteen activities",
            Self::Recordings => "The user's own recordings",
        }
    }
}

words!(Task);

/// Which training subjects are held out as the validation split. Subjects are never shared between the splits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holdout {
    /// The data set's documented choice, about a fifth of the windows.
    #[default]
    Standard,
    /// None: all training subjects are trained on, the validation split is empty.
    None,
    /// Subjects with these numbers.
    Subjects(Vec<u32>),
    /// Groups, or recordings, of the user's own with these names.
    Names(Vec<String>),
    /// Subjects in an order drawn from `seed`, until they make up `percent` of the windows or more.
    Random {
        /// The least share of the windows, 1 to 99.
        percent: u8,
        /// Equal seeds hold out equal subjects.
        seed: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for &task in Task::CHOICES {
            assert_eq!(task.to_string().parse(), Ok(task));
        }
        assert_eq!(
            Task::CHOICES.split_last(),
            Some((&Task::Recordings, &Task::ALL[..]))
        );
        let message = "har7".parse::<Task>().unwrap_err().to_string();
        assert_eq!(
            message,
            "no task is named \"har7\"; the tasks are copy, smnist, pmnist, imdb, sst2, qqp, har2, har6, dsa19, recordings"
        );
    }
}
