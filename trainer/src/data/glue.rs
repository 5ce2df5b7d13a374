//! The GLUE tasks SST-2 (a sentence, negative or positive) and QQP (two questions, the same or not) as word pieces.
//!
//! The published tables are read from a folder or an archive and cut into the word pieces of bert-base-uncased, whose
//! `vocab.txt` is read beside them. A sentence becomes `[CLS] sentence [SEP]`, a pair of questions
//! `[CLS] question1 [SEP] [SEP] question2 [SEP]`. What is longer than [`STEPS`] is cut at the end, before the last
//! `[SEP]`; what is shorter is padded with 0 at the side that [`Padding`] says.
//!
//! # Splits
//! GLUE publishes no labels of its test part, so its development part is the test split, as is the custom. The standard
//! validation split is of the training part: of QQP rows 20, 40, 60, … (5 %); of SST-2, whose training part holds sentences
//! and phrases of them, every tenth sentence, and no phrase of these alone is trained on. The unlabelled test part gives a table
//! for the GLUE site: [`Submission`].

mod encode;
mod sentences;
mod submission;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

pub use submission::Submission;
pub(super) use table::qqp_form;

use super::archive::Select;
use super::{Dataset, Holdout, Sequences, Source, Targets, Task, Values, cache, holdout};
use crate::untrusted::Budget;
use encode::Encoder;
use table::{TableRow, Tables};

/// Word pieces of a sentence or a pair.
pub const STEPS: usize = 128;
/// One row in so many of QQP is held out by [`Holdout::Standard`].
const STANDARD_EVERY: usize = 20;

/// SHA-256 of the published tables.
pub(super) const SST2_SHA256: [(&str, &str); 3] = [
    (
        "train.tsv",
        "48eac26399f8456935f81dd9e3a745c1430adb6c62e233ccfe22db4a0d15d1d1",
    ),
    (
        "dev.tsv",
        "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
    ),
    (
        "test.tsv",
        "69a938605609b3e6663b4487918fe1565eb293734e6e520d0366d1d412fd2a13",
    ),
];

/// The side at which short sequences are padded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// Padding is in front, so that a sequence ends with its last piece.
    Left,
    /// Padding is behind, as the tokenizer of bert-base-uncased does it.
    #[default]
    Right,
}

/// Reads `task` ([`Task::Sst2`] or [`Task::Qqp`]) from `source`.
///
/// # Errors
/// A file cannot be read or is malformed (the message names it and the line), or `holdout` names subjects.
pub fn load(task: Task, source: &Source, holdout: &Holdout, padding: Padding) -> Result<Dataset> {
    let classes = match task {
        Task::Sst2 => ["negative", "positive"],
        Task::Qqp => ["different", "same"],
        other => bail!("{other} is not a task of GLUE"),
    };
    let kind = match padding {
        Padding::Left => format!("{task}-left"),
        Padding::Right => format!("{task}-right"),
    };
    let names = table::NAMES.map(str::to_owned);
    let parts = cache::cached(&kind, source, Select::Names(&names), || {
        let budget = Budget::of_data_set();
        let (tables, encoder) = open(task, source, &budget)?;
        [&tables.train, &tables.dev]
            .map(|rows| sequences(&encoder, rows, padding, &budget))
            .into_iter()
            .collect()
    })?;
    let Ok([train, test]) = <[Sequences; 2]>::try_from(parts) else {
        bail!("{task} has two parts");
    };
    let standard = |row| row % STANDARD_EVERY == STANDARD_EVERY - 1;
    let (kept, held) = match task {
        Task::Sst2 => sentences::split(&train, holdout, &Budget::of_data_set())?,
        _ => holdout::rows(train.len(), holdout, standard)?,
    };
    Ok(Dataset {
        name: task.name().to_owned(),
        valid: train.select(&held),
        train: train.select(&kept),
        test,
        classes: classes.map(str::to_owned).to_vec(),
        channel_names: vec!["piece".to_owned()],
        input_lsb: vec![1.0],
        sample_rate_hz: 0.0,
    })
}

/// The tables and the encoder of a task.
fn open(task: Task, source: &Source, budget: &Budget) -> Result<(Tables, Encoder)> {
    let set = task.data_set();
    let [tables, vocabulary] = source.paths()? else {
        bail!("{} is made of tables and a vocabulary", set.name);
    };
    Ok((
        Tables::read(task, tables, budget)?,
        Encoder::read(vocabulary, set, budget)?,
    ))
}

/// Rows with labels as sequences.
fn sequences(
    encoder: &Encoder,
    rows: &[TableRow],
    padding: Padding,
    budget: &Budget,
) -> Result<Sequences> {
    budget.take_items::<u16>(rows.len() * STEPS)?;
    let classes = rows.iter().map(|row| row.label).collect();
    let values = Values::Tokens {
        ids: encoder.encode(rows, padding)?,
        vocabulary: encoder.vocabulary(),
    };
    Sequences::new(1, STEPS, values, Targets::Class(classes), Vec::new())
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
