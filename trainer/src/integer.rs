//! The exported model on the host: the very code that runs on the board, over whole data sets.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::format::{Addition, Bounds, Part, encode_with_parts};
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use hadamrnn_runtime::{Metric, Model, ModelError, Place, RoomOf, Session, limits};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::choice::{Choice, words};
use crate::data::{Sequences, Values};
use crate::untrusted::{self, Kind};

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
        let bytes = untrusted::read(path, Kind::MODEL)
            .with_context(|| format!("cannot read the model {}", path.display()))?;
        Ok(Self::new(&bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    /// The model with `words` as its part `id`, in place of an earlier one, or without this part. Nothing else changes, and the file is
    /// in the lowest version of the format that can hold it.
    ///
    /// # Errors
    /// The bytes are not a model, or the part is out of range.
    pub fn with_part(&self, id: u16, words: Option<&[u32]>) -> Result<Self> {
        let model = self.model()?;
        let mut parts: Vec<Part<'_>> = model.parts().iter().filter(|part| part.id != id).collect();
        parts.extend(words.map(|words| Part {
            id,
            critical: false,
            words,
        }));
        parts.sort_by_key(|part| part.id);
        let mut header = *model.header();
        header.addition.parts = 0;
        header.addition.bounds = Bounds::default();
        if !parts.is_empty() || header.addition != Addition::default() {
            header.addition.bounds = model.bounds();
        }
        let weights = model.sections().all().concat();
        let mut bytes = vec![0; self.length + 256 + 4 * words.map_or(0, <[u32]>::len)];
        let length = encode_with_parts(&header, &weights, &parts, &mut bytes)
            .context("the part cannot be written")?;
        let file = Self::new(&bytes[..length]);
        file.model()?;
        Ok(file)
    }

    /// The validated model.
    ///
    /// # Errors
    /// The bytes are not a model that this version runs.
    pub fn model(&self) -> Result<Model<'_>, ModelError> {
        Model::from_bytes(self.bytes())
    }
}

/// Which of the runtime's kernels computes; all give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Bytes that this kernel keeps of a hidden unit.
    pub const fn unit_bytes(self) -> usize {
        match self {
            Self::FwhtPacked => FwhtPacked::UNIT_BYTES,
            Self::Fwht => Fwht::UNIT_BYTES,
            Self::Xnor => XnorPopcount::UNIT_BYTES,
        }
    }

    /// The runtime's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FwhtPacked => FwhtPacked::NAME,
            Self::Fwht => Fwht::NAME,
            Self::Xnor => XnorPopcount::NAME,
        }
    }

    /// Whether this kernel computes `model` exactly.
    pub fn runs(self, model: &Model<'_>) -> bool {
        match self {
            Self::FwhtPacked => model.runs_on::<FwhtPacked>(),
            Self::Fwht => model.runs_on::<Fwht>(),
            Self::Xnor => model.runs_on::<XnorPopcount>(),
        }
    }

    /// The fastest kernel that computes `model` exactly.
    pub fn best_for(model: &Model<'_>) -> Self {
        if Self::FwhtPacked.runs(model) {
            Self::FwhtPacked
        } else {
            Self::Fwht
        }
    }
}

impl Choice for KernelName {
    const CHOICES: &'static [Self] = &Self::ALL;
    const KIND: &'static str = "kernel";

    fn word(self) -> &'static str {
        self.name()
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::FwhtPacked => "Fast Walsh-Hadamard transform on two 16-bit lanes a word",
            Self::Fwht => "Fast Walsh-Hadamard transform on 32-bit words: any state width",
            Self::Xnor => "XNOR-popcount on bit planes",
        }
    }
}

words!(KernelName);

/// Answer of a model's network to one window, after the last step; what it was [taught](crate::taught) is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The class.
    pub class: usize,
    /// The integer logits.
    pub logits: Vec<i32>,
    /// Digest of every hidden state of every step.
    pub state_hash: u32,
}

/// What a model says of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The integer logits after the last step.
    pub logits: Vec<i32>,
    /// How far the window is from all that the model was trained on; none without a metric.
    pub novelty: Option<u32>,
}

/// What the optional parts of a model say of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// How far the window is from all that the model was trained on; none without a metric.
    pub novelty: Option<u32>,
    /// The class that is decided, or none of them; absent without a decision.
    pub decided: Option<Option<usize>>,
}

/// A session with room for every model.
type HostRoom<K> = RoomOf<K, UNITS, INPUTS, UNITS, UNITS, UNITS>;
const UNITS: usize = limits::HIDDEN_SIZE.max;
const INPUTS: usize = limits::INPUTS.max;
type HostSession<'m, K> = Session<'m, HostRoom<K>>;

/// Runs a window of raw samples `[T][D]` from the zero state and calls `after_step` after each.
fn run<'m, K: Kernel>(
    model: &'m Model<'m>,
    window: &[i16],
    mut after_step: impl FnMut(&HostSession<'m, K>),
) -> Result<HostSession<'m, K>> {
    let mut session = HostSession::<K>::new(model)?;
    for sample in window.chunks(model.sample_size()) {
        session.push_raw(sample)?;
        after_step(&session);
    }
    Ok(session)
}

/// The answer to a window of raw samples `[T][D]`.
fn answer<K: Kernel>(model: &Model<'_>, window: &[i16]) -> Result<Answer> {
    let mut hash = StateHash::new();
    let session = run::<K>(model, window, |session| hash.update(session.states()))?;
    Ok(Answer {
        class: session.class(),
        logits: session.logits().collect(),
        state_hash: hash.finish(),
    })
}

/// The logits of a window of raw samples `[T][D]`, and its novelty by a metric.
fn scored<K: Kernel>(
    model: &Model<'_>,
    window: &[i16],
    metric: Option<&Metric<'_>>,
) -> Result<Scored> {
    let session = run::<K>(model, window, |_| {})?;
    Ok(Scored {
        logits: session.logits().collect(),
        novelty: metric.map(|metric| session.novelty(metric)),
    })
}

/// The class after the last step, and the place in the space of `metric`.
fn placed<K: Kernel>(
    model: &Model<'_>,
    metric: &Metric<'_>,
    window: &[i16],
) -> Result<(usize, Place)> {
    let session = run::<K>(model, window, |_| {})?;
    Ok((session.class(), session.place(metric)))
}

/// The logits after the last step, or `[T][d_out]` after every step.
fn window_logits<K: Kernel>(
    model: &Model<'_>,
    window: &[i16],
    every_step: bool,
) -> Result<Vec<i32>> {
    let mut all = Vec::new();
    let session = run::<K>(model, window, |session| {
        if every_step {
            all.extend(session.logits());
        }
    })?;
    Ok(if every_step {
        all
    } else {
        session.logits().collect()
    })
}

/// Whether a model runs on over a stream, without a reset between windows: it has a fading pool.
pub fn runs_on(model: &Model<'_>) -> bool {
    model.fading().is_some()
}

/// The logits of raw samples `[T][D]` from the zero state on after the steps `answers`, which rise, `[answers][d_out]`.
fn logits_after<K: Kernel>(
    model: &Model<'_>,
    samples: &[i16],
    answers: &[usize],
) -> Result<Vec<i32>> {
    let mut logits = Vec::new();
    let mut answers = answers.iter().copied().peekable();
    let mut step = 0;
    run::<K>(model, samples, |session| {
        while answers.next_if_eq(&step).is_some() {
            logits.extend(session.logits());
        }
        step += 1;
    })?;
    Ok(logits)
}

/// What the readout reads after the steps `answers` of raw samples, as of [`logits_after`].
fn read_after<K: Kernel>(
    model: &Model<'_>,
    samples: &[i16],
    answers: &[usize],
) -> Result<Vec<Vec<i16>>> {
    let mut read = Vec::with_capacity(answers.len());
    let mut answers = answers.iter().copied().peekable();
    let mut step = 0;
    run::<K>(model, samples, |session| {
        while answers.next_if_eq(&step).is_some() {
            read.push(session.read().collect());
        }
        step += 1;
    })?;
    Ok(read)
}

impl KernelName {
    /// The answer of this kernel to a window of raw samples `[T][D]`.
    pub(crate) fn answer(self, model: &Model<'_>, window: &[i16]) -> Result<Answer> {
        match self {
            Self::FwhtPacked => answer::<FwhtPacked>(model, window),
            Self::Fwht => answer::<Fwht>(model, window),
            Self::Xnor => answer::<XnorPopcount>(model, window),
        }
    }

    /// The logits of a window of raw samples `[T][D]`, and its novelty by a metric.
    fn scored(
        self,
        model: &Model<'_>,
        window: &[i16],
        metric: Option<&Metric<'_>>,
    ) -> Result<Scored> {
        match self {
            Self::FwhtPacked => scored::<FwhtPacked>(model, window, metric),
            Self::Fwht => scored::<Fwht>(model, window, metric),
            Self::Xnor => scored::<XnorPopcount>(model, window, metric),
        }
    }

    /// What the readout reads at the end of a window of raw samples `[T][D]`.
    fn read(self, model: &Model<'_>, window: &[i16]) -> Result<Vec<i16>> {
        Ok(match self {
            Self::FwhtPacked => run::<FwhtPacked>(model, window, |_| {})?.read().collect(),
            Self::Fwht => run::<Fwht>(model, window, |_| {})?.read().collect(),
            Self::Xnor => run::<XnorPopcount>(model, window, |_| {})?.read().collect(),
        })
    }

    /// The network's class at the end of a window of raw samples `[T][D]`, and where the window is in the space of the model's metric.
    ///
    /// # Errors
    /// The samples are not of the model's kind, or this kernel cannot run it.
    pub fn placed(
        self,
        model: &Model<'_>,
        metric: &Metric<'_>,
        window: &[i16],
    ) -> Result<(usize, Place)> {
        match self {
            Self::FwhtPacked => placed::<FwhtPacked>(model, metric, window),
            Self::Fwht => placed::<Fwht>(model, metric, window),
            Self::Xnor => placed::<XnorPopcount>(model, metric, window),
        }
    }

    /// The integer logits of a window of raw samples `[T][D]`: after its last step, or `[T][d_out]` after every step.
    ///
    /// # Errors
    /// The samples are not of the model's kind, or this kernel cannot run it.
    pub fn logits(self, model: &Model<'_>, window: &[i16], every_step: bool) -> Result<Vec<i32>> {
        match self {
            Self::FwhtPacked => window_logits::<FwhtPacked>(model, window, every_step),
            Self::Fwht => window_logits::<Fwht>(model, window, every_step),
            Self::Xnor => window_logits::<XnorPopcount>(model, window, every_step),
        }
    }

    /// What the readout reads after the steps `answers`, which rise, of a stream of raw samples `[T][D]`: `[answers][units]`.
    ///
    /// # Errors
    /// Those of [`logits`](Self::logits).
    pub fn read_after(
        self,
        model: &Model<'_>,
        samples: &[i16],
        answers: &[usize],
    ) -> Result<Vec<Vec<i16>>> {
        match self {
            Self::FwhtPacked => read_after::<FwhtPacked>(model, samples, answers),
            Self::Fwht => read_after::<Fwht>(model, samples, answers),
            Self::Xnor => read_after::<XnorPopcount>(model, samples, answers),
        }
    }

    /// The integer logits of a stream of raw samples `[T][D]` after the steps `answers`, which rise: `[answers][d_out]`.
    ///
    /// # Errors
    /// Those of [`logits`](Self::logits).
    pub fn logits_after(
        self,
        model: &Model<'_>,
        samples: &[i16],
        answers: &[usize],
    ) -> Result<Vec<i32>> {
        match self {
            Self::FwhtPacked => logits_after::<FwhtPacked>(model, samples, answers),
            Self::Fwht => logits_after::<Fwht>(model, samples, answers),
            Self::Xnor => logits_after::<XnorPopcount>(model, samples, answers),
        }
    }
}

/// The answers to all windows of `sequences`, in order, computed on all cores.
///
/// # Errors
/// The model is for other data, or `kernel` cannot run it.
pub fn answers(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Answer>> {
    of_windows(model, sequences, input_lsb, |window| {
        kernel.answer(model, window)
    })
}

/// The logits of each window of `sequences`, and its novelty by a metric, in order, computed on all cores.
///
/// # Errors
/// The model is for other data, or `kernel` cannot run it.
pub fn scores(
    model: &Model<'_>,
    kernel: KernelName,
    metric: Option<&Metric<'_>>,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Scored>> {
    of_windows(model, sequences, input_lsb, |window| {
        kernel.scored(model, window, metric)
    })
}

/// What `run` gives for the raw samples of each window, in order, computed on all cores.
fn of_windows<T: Send>(
    model: &Model<'_>,
    sequences: &Sequences,
    input_lsb: &[f32],
    run: impl Fn(&[i16]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    check_inputs(model, sequences)?;
    (0..sequences.len())
        .into_par_iter()
        .map(|i| run(&sequences.raw(i, input_lsb)))
        .collect()
}

/// What the readout reads at the end of each window of `sequences`, in order, computed on all cores.
///
/// # Errors
/// The model is for other data, or `kernel` cannot run it.
pub fn read(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Vec<i16>>> {
    of_windows(model, sequences, input_lsb, |window| {
        kernel.read(model, window)
    })
}

/// The metric of a model.
///
/// # Errors
/// It has none, or one that is not valid.
pub fn metric<'a>(model: &Model<'a>) -> Result<Metric<'a>> {
    match Metric::of(model)? {
        Some(metric) => Ok(metric),
        None => bail!(
            "the model has no metric, by which \"none of these\" is told: export its run with --novelty"
        ),
    }
}

/// Whether `sequences` are what `model` takes.
///
/// # Errors
/// They have another number of channels, or tokens where the model takes numbers, or tokens beyond its vocabulary.
pub fn check_inputs(model: &Model<'_>, sequences: &Sequences) -> Result<()> {
    match (model.tokens(), &sequences.values) {
        (None, Values::Numbers(_)) => ensure!(
            model.sample_size() == sequences.channels,
            "the model takes {} channels, the data have {}: they are not of the same task",
            model.sample_size(),
            sequences.channels
        ),
        (Some(tokens), Values::Tokens { vocabulary, .. }) => ensure!(
            *vocabulary <= tokens.vocabulary as usize,
            "the model knows {} tokens, the data have {vocabulary}: they are not of the same task",
            tokens.vocabulary
        ),
        (Some(_), Values::Numbers(_)) => bail!("the model takes tokens, the data are numbers"),
        (None, Values::Tokens { .. }) => bail!("the model takes numbers, the data are tokens"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_added_replaced_and_taken_off_and_change_nothing_else() {
        for name in ["har2", "har6-hidden", "har2-two-layers"] {
            let path = format!("../models/{name}/model.hdrn");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            let plain = ModelFile::read(&path).unwrap();
            let add =
                |file: &ModelFile, id, words: &[u32]| file.with_part(id, Some(words)).unwrap();
            let other = add(&add(&plain, 40, &[7]), 30, &[1, 2]);
            let replaced = add(&add(&other, 40, &[8, 9]), 30, &[3]);
            let (before, after) = (plain.model().unwrap(), replaced.model().unwrap());
            assert_eq!(after.parts().get(40), Some(&[8, 9][..]));
            assert_eq!(after.parts().get(30), Some(&[3][..]));
            assert_eq!(before.bounds(), after.bounds());
            let window = vec![77; 8 * before.sample_size()];
            let kernel = KernelName::best_for(&before);
            let answers = [&before, &after].map(|model| kernel.answer(model, &window).unwrap());
            assert_eq!(answers[0], answers[1], "{name}");
            let without = replaced.with_part(40, None).unwrap();
            let without = without.with_part(30, None).unwrap();
            assert_eq!(without.bytes(), plain.bytes(), "{name}");
        }
    }
}
