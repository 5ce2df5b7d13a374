//! Report about one run or model: what its data are, how it does on a split, which windows go wrong, what it costs.

mod compact;
mod costs;
mod data;
mod drawing;
pub(super) mod markup;
mod matrix;
mod parts;
mod results;
mod streams;
mod wrong;

use anyhow::Result;

use crate::data::Task;
use crate::events::StreamEvaluation;
use crate::integer::KernelName;
use crate::jobs::BoardRecord;
use crate::metrics::{Confusion, Metrics};
use crate::run_log::Line;
use crate::usage::Channel;

pub use wrong::{WrongWindow, WrongWindows};

/// All that a page tells about a run or a model.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Name of the run's or the model's folder.
    pub name: String,
    /// Task of the model.
    pub task: Task,
    /// Word of the split that it was measured on.
    pub split: String,
    /// Number of sequences of the split.
    pub sequences: usize,
    /// Kernel of the integer runtime.
    pub kernel: KernelName,
    /// Data of the run.
    pub data: DataFacts,
    /// Notes and warnings about data and model, a line each.
    pub notes: Vec<String>,
    /// Epochs of the run; none of a model without its run.
    pub curves: Vec<Line>,
    /// Loss and accuracy of the float network; none of a model without its run.
    pub float: Option<Metrics>,
    /// Loss and accuracy of the integer model.
    pub integer: Metrics,
    /// Answers of the integer model; none where every step has a target.
    pub confusion: Option<Confusion>,
    /// Windows that the integer model answers wrong.
    pub wrong: WrongWindows,
    /// Accuracy by person and by recording, as far as they are known.
    pub parts: Vec<Parts>,
    /// Events in the streams of the split; none where windows follow each other in no stream.
    pub streams: Option<StreamEvaluation>,
    /// The model.
    pub model: ModelFacts,
    /// Finished models beside this one, of the same task, classes and data.
    pub neighbours: Vec<Neighbour>,
    /// Folder that these lie in.
    pub beside: String,
    /// Lines about models in that folder which are not compared.
    pub left_out: Vec<String>,
}

/// Data of a run: their source, and the windows of each class and split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataFacts {
    /// Place that they are from, for people.
    pub source: String,
    /// The things that windows are counted in, "recordings" or "persons"; none where there are none.
    pub units: Option<&'static str>,
    /// One a class; empty where every step has a class.
    pub classes: Vec<ClassFacts>,
    /// Lines about how they are split.
    pub lines: Vec<String>,
}

/// Windows of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassFacts {
    /// The class.
    pub name: String,
    /// Number of recordings or persons that have windows of it.
    pub units: usize,
    /// Number of its windows in training, validation, test and none of them.
    pub windows: [usize; 4],
}

/// Accuracy by person or by recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The thing a row is of, "person" or "recording".
    pub what: &'static str,
    /// One a person or recording.
    pub rows: Vec<Part>,
}

/// Answers to the windows of one person or recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Name of the person or the recording.
    pub name: String,
    /// Number of windows that are answered right.
    pub right: u64,
    /// Number of its windows in the split.
    pub windows: u64,
}

/// Facts of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFacts {
    /// Name in the model file.
    pub name: String,
    /// Length of the model file.
    pub bytes: usize,
    /// Digest of the model file.
    pub sha256: String,
    /// Layers, in words.
    pub layers: String,
    /// Samples of a window, of those that are used.
    pub window: usize,
    /// Samples of the sensor from a window of training to the next, where windows follow each other.
    pub hop: Option<usize>,
    /// One of so many samples is used.
    pub decimation: usize,
    /// Samples of the sensor a second, in Hz; none where a step is not a time.
    pub rate_hz: Option<f32>,
    /// Values of a sample; empty of tokens.
    pub channels: Vec<Channel>,
    /// Epoch whose weights these are, where it is known.
    pub epoch: Option<u32>,
    /// Commands that make it again.
    pub commands: Vec<String>,
    /// Emulated boards that this very model was run on.
    pub boards: Vec<BoardRecord>,
    /// Instructions of a window, core by core of [`CORES`], or the reason why they are not known.
    pub cores: Result<Vec<CoreCost>, String>,
}

/// Cores whose instructions a report tells: the emulated boards that have them, and their names.
pub const CORES: [(&str, &str); 3] = [
    ("qemu-m0", "Cortex-M0"),
    ("qemu-m4", "Cortex-M4"),
    ("qemu-rv32", "RISC-V"),
];

/// Instructions of a window on a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreCost {
    /// Emulated board that has the core, of [`CORES`].
    pub board: &'static str,
    /// Instructions of a window.
    pub instructions: u64,
    /// Whether they were counted on the emulated core; estimates are within some 3 % of that.
    pub is_measured: bool,
}

/// A finished model of the same task, classes and data.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// Name of its folder.
    pub name: String,
    /// Length of the model file.
    pub bytes: usize,
    /// Accuracy of the integer model on the test split, `0..=1`.
    pub accuracy: f64,
    /// Instructions of a window, core by core of [`CORES`], as far as they are known.
    pub cores: Vec<CoreCost>,
    /// Whether it was measured on the same windows as this report's model.
    pub is_same_test: bool,
}

impl RunReport {
    /// The page: one file without scripts, which loads nothing.
    ///
    /// # Errors
    /// A picture cannot be drawn.
    pub fn html(&self) -> Result<String> {
        let sections = [
            ("summary", "Summary", results::summary(self)),
            ("data", "Data", data::section(self)),
            ("curves", "Learning curves", results::curves(self)?),
            ("classes", "Recall and precision", results::classes(self)),
            ("confusion", "Confusion matrix", matrix::section(self)),
            ("wrong", "Windows that went wrong", wrong::section(self)),
            ("parts", "By person and recording", parts::section(self)),
            ("streams", "Events in streams", streams::section(self)?),
            ("costs", "Accuracy against cost", costs::section(self)?),
            ("model", "Model", costs::card(self)),
        ];
        Ok(markup::page(&self.name, &sections))
    }
}

#[cfg(test)]
mod tests;
