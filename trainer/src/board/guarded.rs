//! Runs a model under a watchdog.

use std::path::Path;

use anyhow::{Context, Result};
use hadamrnn_device::windows::WindowFile;

use super::Request;
use super::emulate::answers;
use crate::integer::Answer;

/// Builds the firmware `guarded` and runs it over its windows: it hangs before answer `hangs_at` after its first start, until its
/// watchdog restarts it. Gives the answers of the last start, and the number of starts; `scratch` is the emulator's folder.
///
/// # Errors
/// The firmware cannot be built or run, or its report is incomplete.
pub fn run_guarded(
    request: &Request<'_>,
    hangs_at: u32,
    scratch: &Path,
) -> Result<(Vec<Answer>, u64)> {
    let firmware = request.build("guarded", scratch)?;
    let (hang, boots) = (scratch.join("hang.bin"), scratch.join("boots.bin"));
    std::fs::write(hang, hangs_at.to_le_bytes()).context("cannot write when to hang")?;
    std::fs::write(&boots, []).context("cannot write the number of starts")?;
    let (messages, _) = firmware.emulate(request.board, scratch)?;
    let windows = WindowFile::parse(request.windows)?.header().windows;
    let answers = answers(&messages, windows.into())?;
    let boots = std::fs::metadata(boots).context("cannot read the number of starts")?;
    Ok((answers, boots.len()))
}
