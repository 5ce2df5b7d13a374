//! Rows of results, and what must hold of each.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Row, Spread};
use crate::card::Card;
use crate::data::Task;
use crate::integer::KernelName;
use crate::jobs::Seeds;
use crate::metrics::Metrics;
use crate::verify::BoardVerdict;
use crate::visible::grouped;

/// Instructions of a window and the reading of its answer on a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Name of the emulated board.
    pub board: String,
    /// Instructions; the most of all seeds.
    pub instructions: u64,
    /// Whether they were counted on the board; estimates are within some 3 % of that.
    pub is_counted: bool,
}

impl Window {
    /// The instructions, with ≈ before an estimate.
    pub fn text(&self) -> String {
        let instructions = grouped(self.instructions);
        match self.is_counted {
            true => instructions,
            false => format!("≈ {instructions}"),
        }
    }
}

/// Result of one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// Metrics of the integer model on the test split.
    pub integer: Metrics,
    /// Metrics of the float network on the test split.
    pub float: Metrics,
    /// Training time, validation included.
    pub train_seconds: f64,
    /// Length of the model file.
    pub bytes: usize,
}

/// A recipe or a configuration over seeds, on the test split. Accuracies are shares of 1; the lists have a figure for each seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeededRow {
    /// Name of the row: that of the group of jobs.
    pub id: String,
    /// Task.
    pub task: Task,
    /// Recipe that the configuration is nearest to.
    pub recipe: String,
    /// Settings that differ from that recipe's, as `training.epochs = 15, not 50`.
    pub settings: Vec<String>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Predictions that an accuracy counts.
    pub tested: usize,
    /// Accuracies of the integer models.
    pub integer_accuracy: Vec<f64>,
    /// Mean cross-entropies of the integer models, in nats.
    pub integer_loss: Vec<f64>,
    /// Accuracies of the float networks.
    pub float_accuracy: Vec<f64>,
    /// Training times, validation included.
    pub train_seconds: Vec<f64>,
    /// Mean, deviation and range of the integer models' accuracies.
    pub accuracy: Spread,
    /// Length of the model file; the largest of all seeds.
    pub bytes: usize,
    /// Instructions of a window, where they are known.
    pub window: Option<Window>,
    /// Data that was measured on.
    pub data: String,
    /// Machine that trained.
    pub machine: String,
    /// Day of the last result, UTC.
    pub date: String,
    /// The command that measures it again.
    pub command: String,
}

impl SeededRow {
    /// Fills the figures that follow from the results of seeds; they are rounded to what the file keeps.
    pub fn with_results(self, results: &[SeedResult]) -> Self {
        let all = |of: &dyn Fn(&SeedResult) -> f64| results.iter().map(of).collect::<Vec<f64>>();
        let integer_accuracy = all(&|result| share(result.integer.accuracy));
        Self {
            seeds: results.iter().map(|result| result.seed).collect(),
            tested: results.first().map_or(0, |result| result.integer.count),
            integer_loss: all(&|result| significant(result.integer.loss)),
            float_accuracy: all(&|result| share(result.float.accuracy)),
            train_seconds: all(&|result| result.train_seconds.round()),
            accuracy: Spread::of(&integer_accuracy).map(share),
            integer_accuracy,
            bytes: results.iter().map(|result| result.bytes).max().unwrap_or(0),
            ..self
        }
    }

    /// What the row is of, in words: its task, its recipe and other settings.
    pub fn source(&self) -> String {
        let recipe = format!("{} by the recipe {}", self.task, self.recipe);
        match self.settings.is_empty() {
            true => recipe,
            false => format!("{recipe} but for {}", self.settings.join("; ")),
        }
    }

    /// Accuracies of the integer models in per cent.
    pub fn percent(&self) -> Spread {
        self.accuracy.map(|share| 100.0 * share)
    }

    /// Losses of the integer models.
    pub fn loss(&self) -> Spread {
        Spread::of(&self.integer_loss)
    }

    /// Training times in seconds.
    pub fn seconds(&self) -> Spread {
        Spread::of(&self.train_seconds)
    }

    /// The seeds as they are written on a command line, as `1,101..110`.
    pub fn seeds_text(&self) -> String {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for &seed in &self.seeds {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(seed) => *last = seed,
                _ => ranges.push((seed, seed)),
            }
        }
        let range = |&(first, last): &(u64, u64)| match first == last {
            true => first.to_string(),
            false => format!("{first}..{last}"),
        };
        ranges.iter().map(range).collect::<Vec<_>>().join(",")
    }
}

impl Row for SeededRow {
    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<()> {
        Seeds::new(self.seeds.clone()).context("seeds")?;
        ensure!(!self.seeds.is_empty(), "it has no seeds");
        for (name, list) in [
            ("integer_accuracy", &self.integer_accuracy),
            ("integer_loss", &self.integer_loss),
            ("float_accuracy", &self.float_accuracy),
            ("train_seconds", &self.train_seconds),
        ] {
            ensure!(
                list.len() == self.seeds.len(),
                "{name} has {} figures, and must have as many as there are seeds, {}",
                list.len(),
                self.seeds.len()
            );
            ensure!(
                list.iter()
                    .all(|figure| figure.is_finite() && *figure >= 0.0),
                "{name} has a figure below 0"
            );
        }
        for accuracies in [&self.integer_accuracy, &self.float_accuracy] {
            check_share(accuracies)?;
        }
        let expected = Spread::of(&self.integer_accuracy).map(share);
        ensure!(
            self.accuracy == expected,
            "accuracy is {:?}, and that of integer_accuracy is {expected:?}",
            self.accuracy
        );
        Ok(())
    }

    fn check_is_of(&self, old: &Self) -> Result<()> {
        ensure!(
            old.source() == self.source(),
            "the row {:?} is of {}, and this would be of {}: give --name, or remove that row",
            old.id,
            old.source(),
            self.source()
        );
        Ok(())
    }
}

/// A shipped model with its card's figures, and what it costs on an emulated board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippedRow {
    /// Name of its folder.
    pub id: String,
    /// Task.
    pub task: Task,
    /// Length of the model file.
    pub bytes: usize,
    /// Digest of the model file.
    pub sha256: String,
    /// Accuracy of the integer model on the test split, a share of 1.
    pub integer_accuracy: f64,
    /// Its mean cross-entropy there, in nats.
    pub integer_loss: f64,
    /// Predictions that the accuracy counts.
    pub tested: usize,
    /// Name of the emulated board.
    pub board: String,
    /// Kernel of the firmware.
    pub kernel: KernelName,
    /// Steps of a window.
    pub steps: usize,
    /// Instructions of a step, rounded up.
    pub step_instructions: u64,
    /// Instructions of all steps of a window.
    pub steps_instructions: u64,
    /// Instructions of reading the answer, once a window.
    pub readout_instructions: u64,
    /// RAM of a session, in bytes.
    pub session_bytes: u64,
    /// Deepest stack, in bytes.
    pub stack_bytes: u64,
    /// Flash of a firmware that only infers, model included, in bytes.
    pub flash_bytes: u64,
    /// Day of the count, UTC.
    pub date: String,
    /// The command that counts again.
    pub command: String,
}

impl ShippedRow {
    /// The row of the model in the folder `id`, whose windows have `steps`, as a board counted it.
    pub fn new(id: &str, card: &Card, steps: usize, verdict: &BoardVerdict) -> Self {
        let (cost, test) = (&verdict.cost, card.results.integer_test);
        Self {
            id: id.into(),
            task: card.config.task,
            bytes: card.bytes,
            sha256: card.sha256.clone(),
            integer_accuracy: share(test.accuracy),
            integer_loss: significant(test.loss),
            tested: test.count,
            board: verdict.board.clone(),
            kernel: verdict.kernel,
            steps,
            step_instructions: cost.instructions_per_step.into(),
            steps_instructions: cost.instructions_per_window,
            readout_instructions: cost.readout_instructions.into(),
            session_bytes: cost.session_bytes.into(),
            stack_bytes: cost.stack_bytes.into(),
            flash_bytes: verdict.inference_firmware.flash,
            date: crate::machine::now().date_naive().to_string(),
            command: format!("hadamrnn verify models/{id} --board {}", verdict.board),
        }
    }

    /// Instructions of a window and the reading of its answer.
    pub const fn window_instructions(&self) -> u64 {
        self.steps_instructions + self.readout_instructions
    }

    /// Whether the figures that a model's card has are those of `card`.
    pub fn is_of(&self, card: &Card) -> bool {
        let test = card.results.integer_test;
        (self.task, self.bytes, &self.sha256, self.tested)
            == (card.config.task, card.bytes, &card.sha256, test.count)
            && (self.integer_accuracy, self.integer_loss)
                == (share(test.accuracy), significant(test.loss))
    }
}

impl Row for ShippedRow {
    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<()> {
        check_share(&[self.integer_accuracy])
    }
}

/// A network of others, as it was measured on the same board, or as they tell of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerRow {
    /// Name, short enough for a picture.
    pub id: String,
    /// Its form in a few words: widths, samples that it takes.
    pub form: String,
    /// Task.
    pub task: Task,
    /// Accuracy on the same test split, a share of 1; none where it was not trained here.
    pub accuracy: Option<f64>,
    /// Bytes of its weights.
    pub bytes: Option<u64>,
    /// Instructions of a window on the same emulated board.
    pub instructions: Option<u64>,
    /// How it was measured: versions, what is counted.
    pub note: String,
}

impl Row for PeerRow {
    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<()> {
        check_share(self.accuracy.as_slice())
    }
}

fn check_share(accuracies: &[f64]) -> Result<()> {
    let is_share = |accuracy: &f64| (0.0..=1.0).contains(accuracy);
    ensure!(
        accuracies.iter().all(is_share),
        "an accuracy must be in 0..=1"
    );
    Ok(())
}

/// A share with the digits that are kept: a window of a hundred thousand is told apart.
fn share(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Four significant digits.
fn significant(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub fn seeded(id: &str) -> SeededRow {
        let result = |(seed, accuracy): (u64, f64)| SeedResult {
            seed,
            integer: Metrics {
                loss: 0.123_456_7,
                accuracy,
                count: 100,
            },
            float: Metrics {
                loss: 0.1,
                accuracy: accuracy + 0.001,
                count: 100,
            },
            train_seconds: 12.3,
            bytes: 996,
        };
        let empty = SeededRow {
            id: id.into(),
            task: Task::Har2,
            recipe: "fast".into(),
            settings: Vec::new(),
            seeds: Vec::new(),
            tested: 0,
            integer_accuracy: Vec::new(),
            integer_loss: Vec::new(),
            float_accuracy: Vec::new(),
            train_seconds: Vec::new(),
            accuracy: Spread::of(&[]),
            bytes: 0,
            window: Some(Window {
                board: super::super::BOARD.into(),
                instructions: 302_268,
                is_counted: false,
            }),
            data: "the full set".into(),
            machine: "linux".into(),
            date: "2026-11-30".into(),
            command: "hadamrnn reproduce har2 --seeds 1..3".into(),
        };
        empty.with_results(&[(1, 0.96), (2, 0.97), (3, 0.98)].map(result))
    }

    pub fn shipped(id: &str) -> ShippedRow {
        ShippedRow {
            id: id.into(),
            task: Task::Har2,
            bytes: 996,
            sha256: "00".into(),
            integer_accuracy: 0.9155,
            integer_loss: 0.2,
            tested: 100,
            board: super::super::BOARD.into(),
            kernel: KernelName::FwhtPacked,
            steps: 128,
            step_instructions: 3218,
            steps_instructions: 411_904,
            readout_instructions: 1000,
            session_bytes: 268,
            stack_bytes: 244,
            flash_bytes: 11_604,
            date: "2026-11-30".into(),
            command: "hadamrnn verify models/har2".into(),
        }
    }

    pub fn peer(id: &str) -> PeerRow {
        PeerRow {
            id: id.into(),
            form: "int8".into(),
            task: Task::Har2,
            accuracy: None,
            bytes: Some(6700),
            instructions: Some(3_730_000),
            note: "a test".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_seeds_are_rounded_and_follow_from_each_other() {
        let row = testing::seeded("a");
        row.check().unwrap();
        assert_eq!((row.tested, row.bytes), (100, 996));
        assert_eq!(row.integer_loss, [0.1235; 3]);
        assert_eq!(row.train_seconds, [12.0; 3]);
        assert_eq!(row.percent().text(2), "97.00 ± 1.00");
        assert_eq!(row.seeds_text(), "1..3");
        let row = SeededRow {
            seeds: vec![1, 3, 4, u64::MAX],
            ..row
        };
        assert_eq!(row.seeds_text(), format!("1,3..4,{}", u64::MAX));
        assert_eq!(significant(2.4e-8), 2.4e-8);
    }
}
