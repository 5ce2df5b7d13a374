//! `hadamrnn bench train`: a training step in its fast form against the same step recorded time step by time step, and
//! the memory of a step by the length of its sequences.

mod memory;
mod shapes;
mod subject;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use hadamrnn::nn::HadamRnn;
use serde::Serialize;

use crate::Status;
use crate::common::DeviceArgs;
use crate::output;
use crate::progress::Spinner;
use shapes::{Batch, Shape};
use subject::{Case, Subject};

#[derive(clap::Args)]
pub struct Args {
    /// Shapes to measure: har, pmnist, copy, pooled or tokens, or the task file of your own data, of whose recipe a step is measured
    /// [default: all shapes]
    #[arg(value_name = "SHAPE")]
    shapes: Vec<Subject>,
    /// Steps of the fast form; the fastest and the median are reported
    #[arg(long, default_value_t = 20)]
    steps: usize,
    /// Steps of the slow form, of which the fastest is reported; 0 leaves it out
    #[arg(long, default_value_t = 2)]
    slow_steps: usize,
    /// Leave out the memory by length
    #[arg(long)]
    no_memory: bool,
    /// Train the recurrent signs, too
    #[arg(long)]
    signs: bool,
    /// Measure the memory of one step of this length in this process, and print it
    #[arg(long, value_name = "T", hide = true)]
    memory_of: Option<usize>,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Times of one shape.
#[derive(Serialize)]
struct TrainRow {
    shape: String,
    what: String,
    /// Milliseconds of the fastest and the median fast step.
    fastest_ms: f64,
    median_ms: f64,
    /// Milliseconds of the fastest step of the slow form.
    stepwise_ms: Option<f64>,
    /// How many times faster the fast form is.
    ratio: Option<f64>,
}

pub fn run(args: &Args) -> Result<Status> {
    let device = args.device.device.open()?.autodiff();
    if let Some(steps) = args.memory_of {
        output::json(&memory::measure(steps, &device)?)?;
        return Ok(Status::Success);
    }
    let shapes = match args.shapes.as_slice() {
        [] => Shape::ALL.map(Subject::Shape).into(),
        shapes => shapes.to_vec(),
    };
    let rows: Result<Vec<TrainRow>> = shapes
        .iter()
        .map(|subject| row(&subject.case(args.signs, &device)?, args, &device))
        .collect();
    let (rows, memory) = (
        rows?,
        match args.no_memory {
            true => Vec::new(),
            false => memory::by_length(args.device.device)?,
        },
    );
    match args.json {
        true => output::json(&serde_json::json!({
            "threads": rayon::current_num_threads(), "steps": rows, "memory": memory,
        }))?,
        false => print(&rows, &memory)?,
    }
    Ok(Status::Success)
}

fn print(rows: &[TrainRow], memory: &[memory::Peak]) -> Result<()> {
    let ms = |time: f64| format!("{time:.2} ms");
    let mut table = vec![
        [
            "shape",
            "what",
            "fastest",
            "median",
            "step by step",
            "ratio",
        ]
        .map(String::from)
        .to_vec(),
    ];
    table.extend(rows.iter().map(|row| {
        vec![
            row.shape.clone(),
            row.what.clone(),
            ms(row.fastest_ms),
            ms(row.median_ms),
            row.stepwise_ms.map_or("-".into(), ms),
            row.ratio.map_or("-".into(), |ratio| format!("{ratio:.0}")),
        ]
    }));
    output::table(&table)?;
    output::line(&format!("{} threads", rayon::current_num_threads()))?;
    if memory.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let mut table = vec![
        ["copy task, batch 16", "inputs and targets", "step", "time"]
            .map(String::from)
            .to_vec(),
    ];
    table.extend(memory.iter().map(|peak| {
        let length = format!("T = {}", output::grouped(peak.steps as u64));
        vec![
            length,
            mib(peak.input_bytes),
            mib(peak.step_bytes),
            ms(peak.step_ms),
        ]
    }));
    output::table(&table)
}

fn row(case: &Case, args: &Args, device: &Device) -> Result<TrainRow> {
    let _spinner = Spinner::new(format!("measuring {}", case.name));
    let batch = &case.batch;
    let fast = times(case, device, args.steps.max(1), |network| {
        batch.loss(network)
    })?;
    let slow = times(case, device, args.slow_steps, |network| {
        batch.loss_stepwise(network)
    })?;
    let ms = |time: &Duration| time.as_secs_f64() * 1e3;
    let fastest_ms = fast.first().map(ms).context("no step was measured")?;
    let stepwise_ms = slow.first().map(ms);
    Ok(TrainRow {
        shape: case.name.clone(),
        what: case.what.clone(),
        fastest_ms,
        median_ms: ms(&fast[fast.len() / 2]),
        stepwise_ms,
        ratio: stepwise_ms.map(|slow| slow / fastest_ms),
    })
}

/// Times of `steps` steps of forward, backward and Adam, in rising order, after one more to warm up.
fn times(
    case: &Case,
    device: &Device,
    steps: usize,
    loss: impl Fn(&HadamRnn) -> Tensor<1>,
) -> Result<Vec<Duration>> {
    if steps == 0 {
        return Ok(Vec::new());
    }
    let mut network = case.config.init(0, device)?;
    let mut optimizer = AdamConfig::new().init();
    let mut times = Vec::with_capacity(steps);
    for step in 0..=steps {
        let start = Instant::now();
        network = train(network, &mut optimizer, &loss);
        // A device that computes asynchronously is done when its numbers can be read.
        network.signs_on_host();
        if step > 0 {
            times.push(start.elapsed());
        }
    }
    times.sort();
    Ok(times)
}

fn train(
    network: HadamRnn,
    optimizer: &mut ModuleOptimizer,
    loss: impl Fn(&HadamRnn) -> Tensor<1>,
) -> HadamRnn {
    let gradients = loss(&network).backward();
    let gradients = GradientsParams::from_grads(gradients, &network);
    optimizer.step(1e-3, network, gradients)
}

impl Batch {
    /// Loss in the fast form.
    fn loss(&self, network: &HadamRnn) -> Tensor<1> {
        match &self.step_targets {
            Some(targets) => network.step_loss(&self.inputs, targets),
            None => class_zero(network.logits(&self.inputs)),
        }
    }

    /// The same loss, time step by time step.
    fn loss_stepwise(&self, network: &HadamRnn) -> Tensor<1> {
        match &self.step_targets {
            Some(targets) => network.step_loss_stepwise(&self.inputs, targets),
            None => class_zero(network.logits_stepwise(&self.inputs)),
        }
    }
}

/// The cross-entropy of class 0: the arithmetic does not depend on the targets.
fn class_zero(logits: Tensor<2>) -> Tensor<1> {
    let log_p = burn::tensor::activation::log_softmax(logits, 1);
    log_p.narrow(1, 0, 1).mean().neg()
}
