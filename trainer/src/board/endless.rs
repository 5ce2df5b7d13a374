//! Runs a model without a reset.

use std::path::Path;

use anyhow::{Context, Result};

use super::Request;
use super::emulate::answers;
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
    answers(&messages, rounds)
}
