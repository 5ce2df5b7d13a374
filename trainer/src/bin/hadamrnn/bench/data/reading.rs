//! Reading and windowing recordings in a process of its own, whose memory is measured.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use hadamrnn::data::{Holdout, recordings};
use serde::{Deserialize, Serialize};

use super::corpus::CHANNELS;
use crate::bench::process;

/// One reading of all files.
#[derive(Clone, Serialize, Deserialize)]
pub struct Reading {
    pub seconds: f64,
    /// Seconds of work on all cores together.
    pub cpu_seconds: f64,
    /// Most memory that the process held.
    pub peak_bytes: u64,
    /// Number of windows of all splits.
    pub windows: u64,
    /// Bytes of these windows as 32-bit numbers, each window with samples of its own.
    pub window_bytes: u64,
}

/// Reads the recordings of `folder` in another process of this program.
pub fn in_child(folder: &Path, steps: usize, hop: usize) -> Result<Reading> {
    let program = std::env::current_exe().context("where is this program?")?;
    let output = Command::new(program)
        .args(["bench", "data", "--reading-of"])
        .arg(folder)
        .args(["--steps", &steps.to_string(), "--hop", &hop.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start another process of this program")?;
    ensure!(output.status.success(), "reading the recordings failed");
    serde_json::from_slice(&output.stdout).context("the other process printed something else")
}

/// Reads the recordings of `folder` and cuts them into windows, in this process, as `train recordings` does.
pub fn measure(folder: &Path, steps: usize, hop: usize) -> Result<Reading> {
    let cutting = recordings::Cutting {
        steps,
        hop,
        ..recordings::Cutting::default()
    };
    let cpu = process::cpu_seconds()?;
    let start = Instant::now();
    let source = recordings::locate(folder)?;
    let data = recordings::load(&source, &cutting, &Holdout::Standard)?;
    let seconds = start.elapsed().as_secs_f64();
    let windows = (data.train.len() + data.valid.len() + data.test.len()) as u64;
    ensure!(
        data.channel_names.len() == CHANNELS,
        "{} channels were read, {CHANNELS} were written",
        data.channel_names.len()
    );
    Ok(Reading {
        seconds,
        cpu_seconds: process::cpu_seconds()? - cpu,
        peak_bytes: process::memory("VmHWM")?,
        windows,
        window_bytes: windows * (steps * CHANNELS * size_of::<f32>()) as u64,
    })
}
