//! Accuracy of the float network and of the integer model on the same sequences.

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};
use hadamrnn_runtime::Model;
use rayon::prelude::*;

use crate::data::{CopyTask, Sequences, Targets};
use crate::integer::{self, Answer, KernelName};
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
    let steps = sequences.steps;
    let counts = |i: usize| match sequences.targets {
        Targets::Class(_) => true,
        Targets::PerStep(_) => i % steps >= steps.saturating_sub(RECALLED),
    };
    let mut tally = Tally::default();
    for (i, (logits, &target)) in logits.iter().zip(sequences.targets.values()).enumerate() {
        tally.add(logits, target, counts(i));
    }
    tally.metrics()
}

/// Loss and accuracy of the integer model on the host; for windows also the answers.
///
/// # Errors
/// The model does not fit the data or the kernel.
pub fn integer_metrics(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<(Metrics, Vec<Answer>)> {
    let scale = f64::from(model.header().logit_scale);
    let to_float = |logits: &[i32]| {
        logits
            .iter()
            .map(|&logit| f64::from(logit) * scale)
            .collect::<Vec<_>>()
    };
    match sequences.targets {
        Targets::Class(_) => {
            let answers = integer::answers(model, kernel, sequences, input_lsb)?;
            let logits: Vec<_> = answers
                .iter()
                .map(|answer| to_float(&answer.logits))
                .collect();
            Ok((score(&logits, sequences), answers))
        }
        Targets::PerStep(_) => {
            let rows = integer::step_logits(model, sequences, input_lsb)?;
            let logits: Vec<_> = rows
                .par_iter()
                .flat_map_iter(|row| row.chunks(model.output_size()))
                .map(to_float)
                .collect();
            Ok((score(&logits, sequences), Vec::new()))
        }
    }
}
