//! Runs many models in one firmware, each over windows of its own.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use hadamrnn_device::windows;
use hadamrnn_firmware_support::boards::Board;
use hadamrnn_firmware_support::report::Report;

use super::emulate::{Cost, Messages, answer, cost};
use super::{Firmware, FirmwareFolder, Request};
use crate::integer::{Answer, KernelName, ModelFile};

/// A model and the window that it runs over.
#[derive(Clone, Debug)]
pub struct Case {
    /// The model: at most 48 inputs, 512 units (256 where the readout is pooled or has a hidden layer) and 6 KiB, which is the firmware's room.
    pub model: ModelFile,
    /// Raw samples `[T][D]`; the model starts from the zero state.
    pub window: Vec<i16>,
}

/// A board's answer to a [`Case`], and its cost.
#[derive(Clone, Debug)]
pub struct CaseRun {
    /// Class, logits and digest of all states.
    pub answer: Answer,
    /// Exact instruction counts and memory.
    pub cost: Cost,
}

impl Case {
    /// Bytes of the case in the layout that the firmware `cases` reads.
    fn to_bytes(&self) -> Result<Vec<u8>> {
        let model = self.model.model()?;
        let steps = self.window.len() / model.sample_size();
        let header = windows::WindowFileHeader {
            channels: u16::try_from(model.sample_size()).context("too many channels")?,
            steps: u16::try_from(steps).context("more than 65,535 steps")?,
            windows: 1,
        };
        let length = u32::try_from(self.model.bytes().len()).context("the model is too long")?;
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(self.model.bytes());
        bytes.extend(header.to_bytes());
        bytes.extend(self.window.iter().flat_map(|raw| raw.to_le_bytes()));
        Ok(bytes)
    }
}

/// Builds the firmware `cases` with `kernel` for a board and runs all cases; `scratch` is the emulator's folder.
///
/// # Errors
/// The firmware cannot be built or run, or it refuses a case.
pub fn run_cases(
    folder: &FirmwareFolder,
    board: &Board,
    kernel: KernelName,
    cases: &[Case],
    scratch: &Path,
) -> Result<Vec<CaseRun>> {
    let first = cases.first().context("no case to run")?;
    let header = windows::WindowFileHeader {
        channels: 1,
        steps: 1,
        windows: 1,
    };
    // The firmware embeds a model and a window that it does not use.
    let unused = [&header.to_bytes()[..], &[0; 2]].concat();
    let request = Request {
        folder,
        board,
        kernel,
        model: &first.model,
        windows: &unused,
        known: false,
    };
    let firmware = request.build("cases", scratch)?;
    firmware.run_cases(board, cases, scratch)
}

impl Firmware {
    fn run_cases(&self, board: &Board, cases: &[Case], scratch: &Path) -> Result<Vec<CaseRun>> {
        let mut bytes = Vec::new();
        for case in cases {
            bytes.extend(case.to_bytes()?);
        }
        std::fs::write(scratch.join("cases.bin"), bytes).context("cannot write the cases")?;
        let (messages, _) = self.emulate(board, scratch)?;
        let runs = collect(&messages)?;
        ensure!(
            runs.len() == cases.len(),
            "{} of {} cases were run",
            runs.len(),
            cases.len()
        );
        Ok(runs)
    }
}

/// Pairs each answer with the cost that follows it.
fn collect(messages: &Messages) -> Result<Vec<CaseRun>> {
    let (mut runs, mut answers, mut done) = (Vec::new(), Vec::new(), false);
    for message in messages {
        if let Some(cost) = cost(message) {
            let answer = answers.pop().context("a case has a cost but no answer")?;
            runs.push(CaseRun { answer, cost });
        }
        answers.extend(answer(message));
        if let Report::Done { windows } = message {
            done = *windows as usize == runs.len();
        }
    }
    ensure!(done, "the report ends early, after {} cases", runs.len());
    Ok(runs)
}
