//! Progress of long work: whoever starts it is told of it, and may ask it to stop.

use std::fmt;

use serde::Serialize;

use crate::data::recordings::Overview;
use crate::fit::Progress;
use crate::jobs::Attempt;
use crate::metrics::Metrics;

/// Listener to long work. It is told what goes on, in order and from one thread, and may ask for an end. Every method has
/// a default that does nothing.
pub trait Observer {
    /// A part of several begins or is done, such as "2. export to packed integers" or "firmware: written and verified".
    fn heading(&mut self, _title: &str) {}

    /// Work begins that takes a while. It lasts until [`stage_ended`](Self::stage_ended), also where it fails; stages do
    /// not overlap.
    fn stage_begun(&mut self, _stage: &Stage) {}

    /// The stage that began last is over.
    fn stage_ended(&mut self) {}

    /// Training has come a few steps further.
    fn step(&mut self, _step: &Step) {}

    /// An epoch is over and recorded.
    fn epoch(&mut self, _record: &EpochRecord) {}

    /// The work of a stage has come further: so many sequences are evaluated.
    fn counted(&mut self, _count: &Count) {}

    /// A transfer has come further, of a file or to a board.
    fn transfer(&mut self, _transfer: &Transfer<'_>) {}

    /// The user's own recordings are read: how they spread over classes and splits. Told before they are trained on or
    /// evaluated on.
    fn recordings(&mut self, _overview: &Overview) {}

    /// An attempt at a job of a plan is over.
    fn job_ended(&mut self, _job: &str, _attempt: &Attempt) {}

    /// A search for a model has come further.
    fn fit(&mut self, _progress: &Progress) {}

    /// Something that a person should know and that stops nothing: one line that starts with "note:" or "warning:", or that
    /// names the file it is about.
    fn notice(&mut self, _text: &str) {}

    /// Whether to save and stop. Training asks after every step of the optimiser, a job once more at its end, and processes
    /// of jobs are asked on as soon as this turns true.
    fn stop_requested(&self) -> bool {
        false
    }
}

/// Observer that shows nothing and never asks to stop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Work that takes a while. As text it says what is being done, as in "reading the shipped sample".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Reading a data set.
    Reading {
        /// Its place, for people.
        source: String,
    },
    /// Training a network.
    Training {
        /// Epochs of the whole run.
        epochs: u32,
    },
    /// Comparing the exported model with the float network on the test split.
    Exporting,
    /// Computing the accuracy on a split.
    Evaluating {
        /// Sequences of the split.
        sequences: usize,
    },
    /// Answering an unlabelled table.
    Answering {
        /// Rows of the table.
        rows: usize,
    },
    /// Running every kernel on the host.
    CheckingKernels,
    /// Comparing a data set with the published one.
    CheckingData {
        /// Its place, for people.
        source: String,
    },
    /// Transferring bytes, of which [`Observer::transfer`] tells.
    Transferring {
        /// The activity, such as "sending".
        what: String,
    },
    /// Building firmware for a board.
    BuildingFirmware {
        /// Name of the board.
        board: String,
    },
    /// Building firmware for a board and running it in an emulator.
    RunningBoard {
        /// Name of the board.
        board: String,
    },
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading { source } => write!(f, "reading {source}"),
            Self::Training { .. } => f.write_str("training"),
            Self::Exporting => f.write_str("evaluating the exported model"),
            Self::Evaluating { sequences } => write!(f, "evaluating {sequences} sequences"),
            Self::Answering { rows } => write!(f, "answering {rows} rows"),
            Self::CheckingKernels => f.write_str("running every kernel on the host"),
            Self::CheckingData { source } => write!(f, "reading {source}"),
            Self::Transferring { what } => f.write_str(what),
            Self::BuildingFirmware { board } => write!(f, "building firmware for {board}"),
            Self::RunningBoard { board } => {
                write!(f, "building firmware for {board} and running it")
            }
        }
    }
}

/// Place of a training run, after some step of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Epoch of the step, from 1.
    pub epoch: u32,
    /// Epochs of the whole run.
    pub epochs: u32,
    /// Steps done since the start of the run, at most `total`.
    pub done: u64,
    /// Steps of the whole run.
    pub total: u64,
    /// Mean loss of the epoch so far.
    pub loss: f64,
    /// Step size.
    pub learning_rate: f64,
}

/// Place in a number of sequences that are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// What evaluates them, such as "integer model".
    pub what: &'static str,
    /// Sequences done.
    pub done: usize,
    /// Sequences in all.
    pub total: usize,
}

/// Place of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// Description of the content, in a few words.
    pub what: &'a str,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, where that is known.
    pub total: Option<u64>,
}

/// How an epoch went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EpochRecord {
    /// Epochs completed.
    pub epoch: u32,
    /// Mean loss over the epoch's batches.
    pub train_loss: f64,
    /// On the validation split, if there is one.
    pub valid: Option<Metrics>,
    /// Step size at the end of the epoch.
    pub learning_rate: f64,
    /// Recurrent signs that changed during the epoch.
    pub sign_flips: usize,
    /// Whether these are the best weights so far.
    pub best: bool,
}

/// Does `work` as a stage that `observer` is told of.
pub(crate) fn staged<T>(observer: &mut dyn Observer, stage: &Stage, work: impl FnOnce() -> T) -> T {
    staged_with(observer, stage, |_| work())
}

/// The same with work that tells the observer of its progress.
pub(crate) fn staged_with<T>(
    observer: &mut dyn Observer,
    stage: &Stage,
    work: impl FnOnce(&mut dyn Observer) -> T,
) -> T {
    observer.stage_begun(stage);
    let result = work(observer);
    observer.stage_ended();
    result
}

/// A listener to how many of `total` sequences `what` has evaluated, which tells `observer`.
pub(crate) fn counting(
    observer: &mut dyn Observer,
    what: &'static str,
    total: usize,
) -> impl FnMut(usize) {
    move |done| observer.counted(&Count { what, done, total })
}
