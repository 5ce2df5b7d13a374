//! Accuracy of the float network and of the integer model on the same sequences.
//!
//! A model with a fading pool runs on over the [streams](Sequences::streams) of the sequences, if there are any; each sequence's
//! answer is that after its last step. All else begins each sequence anew.

mod streams;

use std::slice::ChunksExact;

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};
use hadamrnn_runtime::{Metric, Model};
use rayon::prelude::*;

use crate::data::{CopyTask, Sequences, Targets, Values};
use crate::integer::{self, KernelName, Scored};
use crate::metrics::{self, Evaluation, Metrics, Tally};
use crate::nn::{HadamRnn, Inputs, TokenBatch};
use crate::standardise::Standardisation;
use crate::taught;

/// Steps of a sequence that count for the accuracy where every step has a target: those that recall the tokens.
const RECALLED: usize = CopyTask::TOKENS;

/// Numbers or tokens that a core evaluates at once: bounds the memory that inputs and outputs take.
const CHUNK: usize = 1 << 19;

/// Times that an evaluation tells how far it is.
const TOLD: usize = 100;
/// Sequences that all cores share before that is told: enough that none waits long for the others.
const LEAST_AT_ONCE: usize = 64;

/// Sequences as the network takes them, on `device`; numbers are standardised.
pub fn inputs(sequences: &Sequences, standardisation: &Standardisation, device: &Device) -> Inputs {
    match &sequences.values {
        Values::Numbers(values) => {
            let shape = [sequences.len(), sequences.steps, standardisation.inputs()];
            let values = TensorData::new(standardisation.apply(&values.packed()), shape);
            Inputs::Numbers(Tensor::from_data(values, device))
        }
        Values::Tokens { ids, .. } => Inputs::Tokens(TokenBatch::new(ids, sequences.steps)),
    }
}

/// The float network's logits of every sequence, or of every step, in order.
///
/// `network` must be on a device without autodiff.
pub fn float_logits(
    network: &HadamRnn,
    sequences: &Sequences,
    standardisation: &Standardisation,
    device: &Device,
) -> Vec<Vec<f64>> {
    let mut logits = Vec::new();
    for_chunks(network, sequences, standardisation, device, |_, rows| {
        logits.extend(rows.map(<[f64]>::to_vec));
    });
    logits
}

/// The float network's loss and accuracy, without keeping all logits.
///
/// `network` must be on a device without autodiff.
pub fn float_metrics(
    network: &HadamRnn,
    sequences: &Sequences,
    standardisation: &Standardisation,
    device: &Device,
) -> Metrics {
    float_evaluation(network, sequences, standardisation, device, &mut |_| {}).metrics
}

/// The float network's loss and accuracy with its answers. `told` is called with the number of sequences that are done.
///
/// `network` must be on a device without autodiff.
pub fn float_evaluation(
    network: &HadamRnn,
    sequences: &Sequences,
    standardisation: &Standardisation,
    device: &Device,
    told: &mut dyn FnMut(usize),
) -> Evaluation {
    if let Some(found) = streams::float(network, sequences, standardisation, device, told) {
        return found;
    }
    let mut tally = Tally::default();
    let mut answers = Vec::new();
    let mut done = 0;
    for_chunks(network, sequences, standardisation, device, |part, rows| {
        if let Targets::Class(_) = part.targets {
            answers.extend(rows.clone().map(|row| metrics::class(row) as u32));
        }
        add_rows(&mut tally, rows, part);
        done += part.len();
        told(done);
    });
    Evaluation {
        metrics: tally.metrics(),
        answers,
    }
}

/// Calls `visit` with a part of the sequences and the rows of its logits, in order, until all are done. On a CPU, every core computes a
/// part; what a part gives does not depend on the others.
fn for_chunks(
    network: &HadamRnn,
    sequences: &Sequences,
    standardisation: &Standardisation,
    device: &Device,
    mut visit: impl FnMut(&Sequences, ChunksExact<'_, f64>),
) {
    let outputs = network.config().output_size;
    let width = sequences.steps * sequences.channels;
    let indices: Vec<usize> = (0..sequences.len()).collect();
    let chunks: Vec<&[usize]> = indices.chunks((CHUNK / width.max(1)).max(1)).collect();
    let logits = |network: &mut HadamRnn, indices: &&[usize]| {
        let part = sequences.select(indices);
        let inputs = inputs(&part, standardisation, device);
        let data = match part.targets {
            Targets::PerStep(_) => network.step_logits(&inputs).into_data(),
            Targets::Class(_) => network.logits(&inputs).into_data(),
        };
        let values: Vec<f64> = data.iter::<f64>().collect();
        (part, values)
    };
    for chunks in chunks.chunks(at_once(device)) {
        let found: Vec<(Sequences, Vec<f64>)> = match chunks {
            [chunk] => vec![logits(&mut network.clone(), chunk)],
            chunks => (chunks.par_iter().map_with(network.clone(), logits)).collect(),
        };
        for (part, values) in found {
            visit(&part, values.chunks_exact(outputs));
        }
    }
}

/// Parts of the data that a device computes at once: a GPU is busy with one.
fn at_once(device: &Device) -> usize {
    match is_cpu(device) {
        true => rayon::current_num_threads(),
        false => 1,
    }
}

/// Whether a device is the processor, whose cores are ours to share.
fn is_cpu(device: &Device) -> bool {
    match () {
        #[cfg(feature = "flex")]
        () if *device == Device::flex() => true,
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "the second CPU backend, kept for comparison")]
        () if *device == Device::ndarray() => true,
        () => false,
    }
}

/// Loss and accuracy of logits, one row for each target.
pub fn score(logits: &[Vec<f64>], sequences: &Sequences) -> Metrics {
    tally_of(logits, sequences).metrics()
}

fn tally_of(logits: &[Vec<f64>], sequences: &Sequences) -> Tally {
    let mut tally = Tally::default();
    add_rows(&mut tally, logits.iter().map(Vec::as_slice), sequences);
    tally
}

/// Counts rows of logits, one for each target of `sequences`.
fn add_rows<'a>(tally: &mut Tally, rows: impl Iterator<Item = &'a [f64]>, sequences: &Sequences) {
    let steps = sequences.steps;
    let counts = |i: usize| match sequences.targets {
        Targets::Class(_) => true,
        Targets::PerStep(_) => i % steps >= steps.saturating_sub(RECALLED),
    };
    for (i, (row, &target)) in rows.zip(sequences.targets.values()).enumerate() {
        tally.add(row, target, counts(i));
    }
}

/// Loss and accuracy of the integer model on the host, computed on all cores.
///
/// # Errors
/// The model does not fit the data or the kernel.
pub fn integer_metrics(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Metrics> {
    Ok(integer_evaluation(model, kernel, sequences, input_lsb, &mut |_| {})?.metrics)
}

/// The integer model's logits after the last step of each sequence at `indices`: over the streams of the sequences where the model runs
/// on over them.
///
/// # Errors
/// The model does not fit the data or the kernel.
pub fn integer_logits(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
    indices: &[usize],
) -> Result<Vec<Vec<i32>>> {
    integer::check_inputs(model, sequences)?;
    if let Some(rows) = streams::integer_rows(model, kernel, sequences, input_lsb, &mut |_| {})? {
        return Ok(indices.iter().map(|&i| rows[i].clone()).collect());
    }
    let answers = integer::answers(model, kernel, &sequences.select(indices), input_lsb)?;
    Ok(answers.into_iter().map(|answer| answer.logits).collect())
}

/// What the integer model says after the last step of each sequence: over the streams of the sequences where the model runs on over
/// them. `metric` is that of the model, if it has one.
///
/// # Errors
/// The model does not fit the data or the kernel.
pub fn integer_scores(
    model: &Model<'_>,
    kernel: KernelName,
    metric: Option<&Metric<'_>>,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Scored>> {
    integer::check_inputs(model, sequences)?;
    let Some(rows) = streams::integer_rows(model, kernel, sequences, input_lsb, &mut |_| {})?
    else {
        return integer::scores(model, kernel, metric, sequences, input_lsb);
    };
    let mut novelties: Vec<Option<u32>> = vec![None; rows.len()];
    if let Some(metric) = metric {
        let read = integer_read(model, kernel, sequences, input_lsb)?;
        for (novelty, read) in novelties.iter_mut().zip(read) {
            *novelty = Some(metric.score(&metric.place_of(&read)));
        }
    }
    let scored = |(logits, novelty)| Scored { logits, novelty };
    Ok(rows.into_iter().zip(novelties).map(scored).collect())
}

/// What the readout of the integer model reads after the last step of each sequence: over the streams of the sequences where the model
/// runs on over them.
///
/// # Errors
/// The model does not fit the data or the kernel.
pub fn integer_read(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Vec<i16>>> {
    integer::check_inputs(model, sequences)?;
    match streams::integer_read(model, kernel, sequences, input_lsb)? {
        Some(read) => Ok(read),
        None => integer::read(model, kernel, sequences, input_lsb),
    }
}

/// Loss and accuracy of the integer model on the host with its answers, computed on all cores. `told` is called with the number of
/// sequences that are done.
///
/// # Errors
/// The model does not fit the data or the kernel.
pub fn integer_evaluation(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
    told: &mut dyn FnMut(usize),
) -> Result<Evaluation> {
    integer::check_inputs(model, sequences)?;
    taught::refuse(model, "an evaluation of its network")?;
    if let Some(found) = streams::integer(model, kernel, sequences, input_lsb, told)? {
        return Ok(found);
    }
    let every_step = matches!(sequences.targets, Targets::PerStep(_));
    let scale = f64::from(model.header().logit_scale);
    let window = |i: usize| -> Result<(Tally, u32)> {
        let part = sequences.select(&[i]);
        let logits = kernel.logits(model, &part.raw(0, input_lsb), every_step)?;
        let logits: Vec<f64> = (logits.iter())
            .map(|&logit| f64::from(logit) * scale)
            .collect();
        let mut tally = Tally::default();
        add_rows(&mut tally, logits.chunks_exact(model.output_size()), &part);
        Ok((tally, metrics::class(&logits) as u32))
    };
    let mut windows: Vec<(Tally, u32)> = Vec::with_capacity(sequences.len());
    let at_once = sequences.len().div_ceil(TOLD).max(LEAST_AT_ONCE);
    while windows.len() < sequences.len() {
        let next = windows.len()..sequences.len().min(windows.len() + at_once);
        let found: Vec<(Tally, u32)> = next.into_par_iter().map(window).collect::<Result<_>>()?;
        windows.extend(found);
        told(windows.len());
    }
    // In order, so that the sum does not depend on the number of cores.
    let total = (windows.iter()).fold(Tally::default(), |sum, (tally, _)| sum.merge(*tally));
    Ok(Evaluation {
        metrics: total.metrics(),
        answers: match every_step {
            true => Vec::new(),
            false => windows.into_iter().map(|(_, answer)| answer).collect(),
        },
    })
}
