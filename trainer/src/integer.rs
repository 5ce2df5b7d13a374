//! The exported model on the host: the very code that runs on the board, over whole data sets.

use std::path::Path;

use anyhow::{Context, Result, bail};
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::format::{MAX_HIDDEN, MAX_INPUTS};
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use hadamrnn_runtime::{Model, Session};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::Sequences;

/// The bytes of a model file, on a four-byte boundary.
#[derive(Clone, Debug)]
pub struct ModelFile {
    words: Vec<u32>,
    length: usize,
}

impl ModelFile {
    /// Copies `bytes` to a four-byte boundary.
    pub fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0u32; bytes.len().div_ceil(4)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self {
            words,
            length: bytes.len(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read. Whether it is a model, [`model`](Self::model) tells.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path)
            .with_context(|| format!("cannot read the model {}", path.display()))?;
        Ok(Self::new(&bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    /// The validated model.
    ///
    /// # Errors
    /// The bytes are not a model that this version runs.
    pub fn model(&self) -> Result<Model<'_>> {
        Ok(Model::from_bytes(self.bytes())?)
    }
}

/// Which of the runtime's kernels computes; all give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum KernelName {
    /// Fast Walsh-Hadamard transform on two 16-bit lanes a word.
    FwhtPacked,
    /// Fast Walsh-Hadamard transform on 32-bit words: any state width.
    Fwht,
    /// XNOR-popcount on bit planes.
    Xnor,
}

impl KernelName {
    /// Every kernel.
    pub const ALL: [Self; 3] = [Self::FwhtPacked, Self::Fwht, Self::Xnor];

    /// The runtime's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FwhtPacked => FwhtPacked::NAME,
            Self::Fwht => Fwht::NAME,
            Self::Xnor => XnorPopcount::NAME,
        }
    }

    /// The fastest kernel that computes `model` exactly.
    pub fn best_for(model: &Model<'_>) -> Self {
        if model.runs_on::<FwhtPacked>() {
            Self::FwhtPacked
        } else {
            Self::Fwht
        }
    }
}

/// What a model answers to one window, after its last step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The class.
    pub class: usize,
    /// The integer logits.
    pub logits: Vec<i32>,
    /// Digest of every hidden state of every step.
    pub state_hash: u32,
}

/// Runs a window of raw samples `[T][D]` from the zero state.
pub(crate) fn answer<K: Kernel>(model: &Model<'_>, window: &[i16]) -> Result<Answer> {
    let mut session = Session::<K, MAX_HIDDEN, MAX_INPUTS>::new(model)?;
    let mut hash = StateHash::new();
    for sample in window.chunks(model.input_size()) {
        session.push(sample)?;
        hash.update(session.states());
    }
    Ok(Answer {
        class: session.class(),
        logits: session.logits().collect(),
        state_hash: hash.finish(),
    })
}

/// The answers to all windows of `sequences`, in order, computed on all cores.
///
/// # Errors
/// The model takes another number of channels, or `kernel` cannot run it.
pub fn answers(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Answer>> {
    check_channels(model, sequences)?;
    (0..sequences.len())
        .into_par_iter()
        .map(|i| {
            let window = sequences.raw(i, input_lsb);
            match kernel {
                KernelName::FwhtPacked => answer::<FwhtPacked>(model, &window),
                KernelName::Fwht => answer::<Fwht>(model, &window),
                KernelName::Xnor => answer::<XnorPopcount>(model, &window),
            }
        })
        .collect()
}

/// The integer logits after every step, `[T][d_out]` for each window.
///
/// # Errors
/// As [`answers`].
pub fn step_logits(
    model: &Model<'_>,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Vec<i32>>> {
    check_channels(model, sequences)?;
    (0..sequences.len())
        .into_par_iter()
        .map(|i| {
            let mut session = Session::<Fwht, MAX_HIDDEN, MAX_INPUTS>::new(model)?;
            let mut logits = Vec::with_capacity(sequences.steps * model.output_size());
            for sample in sequences.raw(i, input_lsb).chunks(model.input_size()) {
                session.push(sample)?;
                logits.extend(session.logits());
            }
            Ok(logits)
        })
        .collect()
}

fn check_channels(model: &Model<'_>, sequences: &Sequences) -> Result<()> {
    if model.input_size() != sequences.channels {
        bail!(
            "the model takes {} channels, the data have {}: they are not of the same task",
            model.input_size(),
            sequences.channels
        );
    }
    Ok(())
}
