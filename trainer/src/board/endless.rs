//! Runs a model without a reset.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use hadamrnn_firmware_support::report::Report;

use super::Request;
use super::emulate::answer;
use crate::integer::Answer;

/// Builds the firmware `endless` and runs it over its windows `rounds` times, without a reset of the model's state; `scratch` is the
/// emulator's folder.
///
/// An answer for each round: the digest is of all states since the start.
///
/// # Errors
/// The firmware cannot be built or run, or its report is incomplete.
pub fn run_endless(request: &Request<'_>, rounds: u32, scratch: &Path) -> Result<Vec<Answer>> {
    let firmware = request.build("endless", scratch)?;
    let path = scratch.join("rounds.bin");
    std::fs::write(path, rounds.to_le_bytes()).context("cannot write the number of rounds")?;
    let (messages, _) = firmware.emulate(request.board, scratch)?;
    let answers: Vec<Answer> = messages.iter().filter_map(answer).collect();
    let is_done = matches!(messages.last(), Some(Report::Done { windows }) if *windows == rounds);
    ensure!(
        is_done && answers.len() == rounds as usize,
        "the report ends early, after {} of {rounds} rounds",
        answers.len()
    );
    Ok(answers)
}
