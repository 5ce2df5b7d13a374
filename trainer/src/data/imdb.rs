//! The IMDB film reviews as the last 500 of their words, numbered as Keras does.
//!
//! A word's number is its rank in the word index plus 3; 0 is padding, 1 starts a review, 2 stands for every word of
//! rank 9,997 or more, so that numbers are below 10,000. Reviews are padded with 0 in front, or cut at the front, to
//! [`STEPS`] numbers: `imdb.load_data(num_words=10000)` and `pad_sequences(maxlen=500)` of Keras.
//!
//! Two forms are read: the published texts with the Keras word index, and the `imdb.npz` of Keras, which holds ranks.
//! The texts are cut into words as Keras' `text_to_word_sequence` does. Keras publishes the reviews in another order,
//! so the two forms differ in the order of the reviews and, where Keras' own text differed, in single words.
//!
//! # Splits
//! The 25,000 training reviews are the training split. The first half of the published test part is the validation
//! split, the second half is the test split; from the texts, in the order of the numbers in the file names with
//! negative before positive, so that each half has as many of either and the reviews of a film, whose numbers follow
//! each other, stay together. [`Holdout::None`] and [`Holdout::Random`] leave the test split as it is.

mod keras;
mod pickle;
#[cfg(test)]
mod tests;
mod texts;
mod words;

use std::path::Path;

use anyhow::{Result, bail};

pub(super) use texts::content;

use super::archive::Select;
use super::{Dataset, Holdout, Sequences, Source, Targets, Task, Values, cache, holdout};
use crate::untrusted::Budget;

/// Words of a review that are kept.
pub const STEPS: usize = 500;
/// Numbers of words, with the three that stand for none.
pub const VOCABULARY: usize = 10_000;

const START: u16 = 1;
const UNKNOWN: u16 = 2;
/// Added to ranks, which count from 1.
const SHIFT: u32 = 3;

/// The number of the word of rank `rank`.
fn number(rank: u32) -> u16 {
    let shifted = u16::try_from(rank.saturating_add(SHIFT));
    shifted
        .ok()
        .filter(|&number| usize::from(number) < VOCABULARY)
        .unwrap_or(UNKNOWN)
}

/// Reviews as numbers, `[N][STEPS]`, with their classes.
#[derive(Default)]
struct Reviews {
    ids: Vec<u16>,
    classes: Vec<u32>,
}

impl Reviews {
    /// Adds a review of words with these ranks.
    fn push(&mut self, ranks: &[u32], class: u32, budget: &Budget) -> Result<()> {
        budget.take_items::<u16>(STEPS)?;
        let start = (ranks.len() < STEPS).then_some(START);
        let last = &ranks[ranks.len().saturating_sub(STEPS)..];
        let padding = STEPS - last.len() - start.iter().len();
        self.ids.resize(self.ids.len() + padding, 0);
        self.ids.extend(start);
        self.ids.extend(last.iter().map(|&rank| number(rank)));
        self.classes.push(class);
        Ok(())
    }

    fn sequences(self) -> Result<Sequences> {
        let values = Values::Tokens {
            ids: self.ids,
            vocabulary: VOCABULARY,
        };
        Sequences::new(1, STEPS, values, Targets::Class(self.classes), Vec::new())
    }
}

/// Reads [`Task::Imdb`] from `source`.
///
/// # Errors
/// A file cannot be read or is malformed (the message names it), or `holdout` names subjects.
pub fn load(source: &Source, holdout: &Holdout) -> Result<Dataset> {
    let select = Select::Paths(&texts::number);
    let parts = cache::cached("imdb", source, select, || read(source))?;
    let Ok([train, test]) = <[Sequences; 2]>::try_from(parts) else {
        bail!("IMDB has two parts");
    };
    let half = test.len() / 2;
    let (train, valid) = match holdout {
        Holdout::Standard => (train, test.select(&Vec::from_iter(0..half))),
        other => {
            let (kept, held) = holdout::rows(train.len(), other, |_| false)?;
            (train.select(&kept), train.select(&held))
        }
    };
    Ok(Dataset {
        name: Task::Imdb.name().to_owned(),
        train,
        valid,
        test: test.select(&Vec::from_iter(half..test.len())),
        classes: ["negative", "positive"].map(str::to_owned).to_vec(),
        channel_names: vec!["word".to_owned()],
        input_lsb: vec![1.0],
        sample_rate_hz: 0.0,
    })
}

/// The training and the test part.
fn read(source: &Source) -> Result<Vec<Sequences>> {
    let budget = Budget::of_data_set();
    match source.paths()? {
        [whole] => keras::read(whole, &budget),
        [reviews, index] => texts::read(reviews, index, &budget),
        other => bail!(
            "IMDB is made of reviews and a word index, these are {}",
            other.len()
        ),
    }
}

fn remedy() -> String {
    super::catalog::IMDB.remedy()
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
