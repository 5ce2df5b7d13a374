//! Accuracy of the float network and of the integer model on the same sequences.

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};
use hadamrnn_runtime::Model;
use rayon::prelude::*;

use crate::data::{CopyTask, Sequences, Targets};
use crate::integer::{self, KernelName};
use crate::metrics::{Metrics, Tally};
use crate::nn::HadamRnn;
use crate::standardise::Standardisation;

/// Steps of a sequence that count for the accuracy where every step has a target: those that recall the tokens.
const RECALLED: usize = CopyTask::TOKENS;

/// Windows evaluated at once.
const CHUNK: usize = 500;
/// Sequences with a target at every step evaluated at once: their states are all kept.
const STEP_CHUNK: usize = 50;

/// Standardised windows as `[N, T * D + 1]`, the last column one: what `HadamRnn::last_logits` takes.
pub fn augmented(
    sequences: &Sequences,
    standardisation: &Standardisation,
    device: &Device,
) -> Tensor<2> {
    let (count, width) = (sequences.len(), sequences.steps * sequences.channels);
    let values = standardisation.apply(sequences.values.numbers());
    let mut rows = Vec::with_capacity(count * (width + 1));
    for window in values.chunks_exact(width) {
        rows.extend_from_slice(window);
        rows.push(1.0);
    }
    Tensor::from_data(TensorData::new(rows, [count, width + 1]), device)
}

/// The float network's logits of every window, or of every step, in order.
///
/// `network` must be on a device without autodiff.
pub fn float_logits(
    network: &HadamRnn,
    sequences: &Sequences,
    standardisation: &Standardisation,
    device: &Device,
) -> Vec<Vec<f64>> {
    let outputs = network.config().output_size;
    let every_step = matches!(sequences.targets, Targets::PerStep(_));
    let chunk = if every_step { STEP_CHUNK } else { CHUNK };
    let indices: Vec<usize> = (0..sequences.len()).collect();
    let mut logits = Vec::new();
    for indices in indices.chunks(chunk) {
        let part = sequences.select(indices);
        let data = if every_step {
            let shape = [part.len(), part.steps, part.channels];
            let x = TensorData::new(standardisation.apply(part.values.numbers()), shape);
            network.all_logits(Tensor::from_data(x, device)).into_data()
        } else {
            network
                .last_logits(augmented(&part, standardisation, device), part.steps)
                .into_data()
        };
        let values: Vec<f64> = data.iter::<f64>().collect();
        logits.extend(values.chunks_exact(outputs).map(<[f64]>::to_vec));
    }
    logits
}

/// Loss and accuracy of logits, one row for each target.
pub fn score(logits: &[Vec<f64>], sequences: &Sequences) -> Metrics {
    let mut tally = Tally::default();
    for (i, (logits, &target)) in logits.iter().zip(sequences.targets.values()).enumerate() {
        tally.add(logits, target, counts(sequences, i));
    }
    tally.metrics()
}

/// Whether target `i` counts for the accuracy.
fn counts(sequences: &Sequences, i: usize) -> bool {
    match sequences.targets {
        Targets::Class(_) => true,
        Targets::PerStep(_) => i % sequences.steps >= sequences.steps.saturating_sub(RECALLED),
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
    integer::check_inputs(model, sequences)?;
    let every_step = matches!(sequences.targets, Targets::PerStep(_));
    let scale = f64::from(model.header().logit_scale);
    let targets_each = if every_step { sequences.steps } else { 1 };
    let window = |i: usize| -> Result<Tally> {
        let logits = kernel.logits(model, &sequences.raw(i, input_lsb), every_step)?;
        let mut tally = Tally::default();
        for (t, logits) in logits.chunks(model.output_size()).enumerate() {
            let logits: Vec<f64> = logits
                .iter()
                .map(|&logit| f64::from(logit) * scale)
                .collect();
            let index = i * targets_each + t;
            let target = sequences.targets.values()[index];
            tally.add(&logits, target, counts(sequences, index));
        }
        Ok(tally)
    };
    let tallies: Vec<Tally> = (0..sequences.len())
        .into_par_iter()
        .map(window)
        .collect::<Result<_>>()?;
    // In order, so that the sum does not depend on the number of cores.
    Ok(tallies
        .into_iter()
        .fold(Tally::default(), Tally::merge)
        .metrics())
}
