//! Verification: compares the exported model with the trained network, and the board with the host.

mod judged;

use anyhow::{Context, Result, ensure};
use hadamrnn_device::windows;
use hadamrnn_runtime::Model;
use serde::Serialize;

use crate::board::{Cost, FirmwareFolder, FirmwareSize, Request};
use crate::data::{Sequences, Targets, Values};
use crate::integer::{self, Answer, KernelName, ModelFile};

pub use judged::{judge, parts};

/// Results of a run on a board, compared with the host.
#[derive(Clone, Debug, Serialize)]
pub struct BoardVerdict {
    /// Name in the registry.
    pub board: String,
    /// Core of the board.
    pub core: String,
    /// Kernel of the firmware.
    pub kernel: KernelName,
    /// Windows compared.
    pub windows: usize,
    /// Windows whose class, logits and digest of all hidden states equal the host's.
    pub equal: usize,
    /// Windows whose novelty score and decided class equal the host's; none of a model without a metric and a decision.
    pub judged_equal: Option<usize>,
    /// The first window that differs.
    pub first_difference: Option<Difference>,
    /// Share of windows classified correctly by the board; none where every step has a target of its own.
    pub accuracy: Option<f64>,
    /// Exact instruction counts and memory.
    pub cost: Cost,
    /// The smallest firmware: runtime, kernel and model, no logs or reports.
    pub inference_firmware: FirmwareSize,
    /// Functions of the panic machinery linked into that firmware: there should be none.
    pub panic_symbols: Vec<String>,
    /// The firmware's log.
    #[serde(skip)]
    pub log: Vec<String>,
}

/// A window on which board and host disagree.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Index of the window.
    pub window: usize,
    /// The host's answer.
    pub host: Answer,
    /// The board's answer, if it gave one.
    pub board: Option<Answer>,
}

impl BoardVerdict {
    /// Whether every window is equal, bit for bit.
    pub fn passed(&self) -> bool {
        self.windows > 0
            && self.equal == self.windows
            && self.judged_equal.is_none_or(|equal| equal == self.windows)
    }
}

/// Runs `model` over `sequences` on a board and compares every answer with the host's.
///
/// # Errors
/// The firmware cannot be built or run. A difference is not an error: it is in the verdict.
pub fn board(
    folder: &FirmwareFolder,
    board: &str,
    kernel: KernelName,
    file: &ModelFile,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<BoardVerdict> {
    let board = folder.emulated_board(board)?;
    let model = file.model()?;
    let host = integer::answers(&model, kernel, sequences, input_lsb)?;
    let judged = judge(&model, kernel, sequences, input_lsb)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let all = window_file(&model, sequences, input_lsb, sequences.len())?;
    let one = window_file(&model, sequences, input_lsb, 1)?;
    let request = Request {
        folder,
        board: &board,
        kernel,
        model: file,
        windows: &one,
        known: false,
    };
    let firmware = request.build("classify", scratch.path())?;
    let inference = request.build("nopanic", scratch.path())?;
    let run = firmware.run(&board, &all, scratch.path())?;
    let (equal, first_difference) = compare(&host, &run.answers);
    Ok(BoardVerdict {
        board: board.name.clone(),
        core: board.core.clone(),
        kernel,
        windows: host.len(),
        equal,
        judged_equal: (!parts(&model).is_empty()).then(|| {
            let both = judged.iter().zip(&run.judged);
            both.filter(|(host, board)| host == board).count()
        }),
        first_difference,
        accuracy: accuracy(&run.answers, sequences),
        cost: run.cost,
        inference_firmware: inference.size(&board)?,
        panic_symbols: inference.panic_symbols()?,
        log: run.log,
    })
}

fn accuracy(answers: &[Answer], sequences: &Sequences) -> Option<f64> {
    let Targets::Class(targets) = &sequences.targets else {
        return None;
    };
    let correct = answers
        .iter()
        .zip(targets)
        .filter(|(answer, target)| answer.class == **target as usize);
    Some(correct.count() as f64 / targets.len().max(1) as f64)
}

/// How many answers are equal, and the first that is not.
fn compare(host: &[Answer], board: &[Answer]) -> (usize, Option<Difference>) {
    let equal = |i: usize| board.get(i) == Some(&host[i]);
    let first = (0..host.len())
        .find(|&i| !equal(i))
        .map(|window| Difference {
            window,
            host: host[window].clone(),
            board: board.get(window).cloned(),
        });
    ((0..host.len()).filter(|&i| equal(i)).count(), first)
}

/// The first `count` windows as a window file in raw counts.
///
/// # Errors
/// There are more windows, steps or channels than the file format counts.
pub fn window_file(
    model: &Model<'_>,
    sequences: &Sequences,
    input_lsb: &[f32],
    count: usize,
) -> Result<Vec<u8>> {
    let count = count.min(sequences.len());
    let header = windows::WindowFileHeader {
        channels: u16::try_from(model.sample_size()).context("too many channels")?,
        steps: u16::try_from(sequences.steps).context("a window has more than 65,535 steps")?,
        windows: u16::try_from(count)
            .context("more than 65,535 windows: limit them with --windows")?,
    };
    let mut bytes = header.to_bytes().to_vec();
    for i in 0..count {
        bytes.extend(
            sequences
                .raw(i, input_lsb)
                .iter()
                .flat_map(|raw| raw.to_le_bytes()),
        );
    }
    Ok(bytes)
}

/// The windows of a window file, as counts: for an `input_lsb` of 1. Their targets are not known, so they are all 0.
///
/// # Errors
/// The file is malformed, of another number of channels, or has a token beyond the model's vocabulary.
pub fn windows_of_file(model: &Model<'_>, bytes: &[u8]) -> Result<Sequences> {
    let header = windows::WindowFile::parse(bytes)?.header();
    let (channels, steps) = (usize::from(header.channels), usize::from(header.steps));
    ensure!(
        channels == model.sample_size(),
        "windows of {channels} channels for a model of {}",
        model.sample_size()
    );
    let samples = bytes[windows::HEADER_LEN..].as_chunks().0.iter();
    let values = match model.tokens() {
        None => samples
            .map(|&two| f32::from(i16::from_le_bytes(two)))
            .collect::<Vec<f32>>()
            .into(),
        Some(tokens) => Values::Tokens {
            ids: samples.map(|&two| u16::from_le_bytes(two)).collect(),
            vocabulary: tokens.vocabulary as usize,
        },
    };
    let targets = Targets::Class(vec![0; usize::from(header.windows)]);
    Sequences::new(channels, steps, values, targets, Vec::new())
}

/// The answers to the windows of a window file.
///
/// # Errors
/// The errors of [`windows_of_file`].
pub fn answers_to_window_file(model: &Model<'_>, bytes: &[u8]) -> Result<Vec<Answer>> {
    let windows = windows_of_file(model, bytes)?;
    let lsb = vec![1.0; windows.channels];
    integer::answers(model, KernelName::Fwht, &windows, &lsb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_finds_differences_and_missing_windows() {
        let answer = |state_hash| Answer {
            class: 0,
            logits: vec![1],
            state_hash,
        };
        let host = [answer(1), answer(2), answer(3)];
        assert_eq!(compare(&host, &host).0, 3);
        assert!(compare(&host, &host).1.is_none());
        let (equal, first) = compare(&host, &[answer(1), answer(9), answer(3)]);
        assert_eq!((equal, first.unwrap().window), (2, 1));
        let (equal, first) = compare(&host, &host[..2]);
        assert_eq!((equal, first.unwrap().window), (2, 2));
    }
}
