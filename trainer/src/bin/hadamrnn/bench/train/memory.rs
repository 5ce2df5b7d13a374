//! Peak memory of a training step, each length in a process of its own.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn::optim::AdamConfig;
use burn::tensor::Device;
use hadamrnn::pipeline::DeviceName;
use serde::{Deserialize, Serialize};

use super::shapes::{Shape, copy_batch};
use super::train;
use crate::bench::process;
use crate::progress::Spinner;

/// Lengths measured.
const LENGTHS: [usize; 3] = [1_000, 10_000, 100_000];

/// Sequences of a batch.
const BATCH: usize = 16;

/// Memory of one step of the copy task.
#[derive(Serialize, Deserialize)]
pub struct Peak {
    /// Steps of a sequence.
    pub steps: usize,
    /// Bytes of inputs and targets.
    pub input_bytes: u64,
    /// By how much the step raises the memory that the process holds, which has its inputs already.
    pub step_bytes: u64,
    /// Milliseconds of the step.
    pub step_ms: f64,
}

/// The memory of a step for each length; nothing where the system does not tell.
pub fn by_length(device: DeviceName) -> Result<Vec<Peak>> {
    if process::memory("VmRSS").is_err() {
        return Ok(Vec::new());
    }
    LENGTHS
        .into_iter()
        .map(|steps| in_child(steps, device))
        .collect()
}

fn in_child(steps: usize, device: DeviceName) -> Result<Peak> {
    let _spinner = Spinner::new(format!("measuring memory at T = {steps}"));
    let program = std::env::current_exe().context("where is this program?")?;
    let output = Command::new(program)
        .args(["bench", "train", "--memory-of", &steps.to_string()])
        .args(["--device", &device.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start another process of this program")?;
    ensure!(output.status.success(), "measuring memory failed");
    serde_json::from_slice(&output.stdout).context("the other process printed something else")
}

/// One step of `steps` time steps in this process.
///
/// A short step goes first, so that threads and the optimiser have what they need.
pub fn measure(steps: usize, device: &Device) -> Result<Peak> {
    let mut network = Shape::Copy.config(true).init(0, device)?;
    let mut optimizer = AdamConfig::new().init();
    let short = copy_batch(BATCH, LENGTHS[0]);
    network = train(network, &mut optimizer, |network| short.loss(network));
    let batch = copy_batch(BATCH, steps);
    let before = process::memory("VmRSS")?;
    let start = Instant::now();
    train(network, &mut optimizer, |network| batch.loss(network)).signs_on_host();
    let step_ms = start.elapsed().as_secs_f64() * 1e3;
    Ok(Peak {
        steps,
        // A place of 32 bits and a class of 32 bits a step.
        input_bytes: (BATCH * steps * 8) as u64,
        step_bytes: process::memory("VmHWM")?.saturating_sub(before),
        step_ms,
    })
}
