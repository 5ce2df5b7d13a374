//! The answers to the unlabelled test part, as the GLUE site takes them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::untrusted::Budget;

use super::{Padding, Sequences, Source, Task, open, sequences};

/// The unlabelled test part of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Sequences to be answered; their targets, all 0, mean nothing.
    pub sequences: Sequences,
    /// The number of each sequence in the published table.
    pub indices: Vec<u32>,
}

impl Submission {
    /// Reads the test part of `task` ([`Task::Sst2`] or [`Task::Qqp`]) from `source`.
    ///
    /// # Errors
    /// The errors of [`load`](super::load), or there is no `test.tsv`.
    pub fn load(task: Task, source: &Source, padding: Padding) -> Result<Self> {
        let budget = Budget::of_data_set();
        let (tables, encoder) = open(task, source, &budget)?;
        ensure!(!tables.test.is_empty(), "{source} has no test.tsv");
        Ok(Self {
            sequences: sequences(&encoder, &tables.test, padding, &budget)?,
            indices: tables.test.iter().map(|row| row.index).collect(),
        })
    }

    /// Writes the table to upload, `index` and `prediction`, with class `predictions[i]` for sequence `i`. The site
    /// expects it as `SST-2.tsv` or `QQP.tsv`.
    ///
    /// # Errors
    /// There are not as many predictions as sequences, or `path` cannot be written.
    pub fn write(&self, path: &Path, predictions: &[u32]) -> Result<()> {
        ensure!(
            predictions.len() == self.indices.len(),
            "{} predictions for {} rows",
            predictions.len(),
            self.indices.len()
        );
        let mut table = String::from("index\tprediction\n");
        for (index, prediction) in self.indices.iter().zip(predictions) {
            writeln!(table, "{index}\t{prediction}")?;
        }
        fs::write(path, table).with_context(|| format!("{} cannot be written", path.display()))
    }
}
