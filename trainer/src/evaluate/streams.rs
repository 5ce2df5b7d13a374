//! Answers to the windows of streams over which a model with a fading pool runs on, without a reset between them: each after the
//! window's last step.

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};
use hadamrnn_runtime::Model;
use rayon::prelude::*;

use super::{at_once, tally_of};
use crate::data::{Sequences, Stream, counts};
use crate::integer::{self, KernelName};
use crate::metrics::{self, Evaluation};
use crate::nn::{HadamRnn, Inputs};
use crate::standardise::Standardisation;

/// Steps that the float network takes at once: bounds the memory of its states.
const CHUNK: usize = 1 << 13;

/// Windows, each with the logits after its last step.
type Answers<L> = Vec<(usize, Vec<L>)>;

/// Loss, accuracy and answers of the float network; none where it has no fading pool, or the sequences no streams. `told` is
/// called with the number of sequences that are done.
pub(super) fn float(
    network: &HadamRnn,
    sequences: &Sequences,
    standardisation: &Standardisation,
    device: &Device,
    told: &mut dyn FnMut(usize),
) -> Option<Evaluation> {
    if sequences.streams.is_empty() || network.config().network.fading.is_none() {
        return None;
    }
    let mut answers = Vec::with_capacity(sequences.len());
    for streams in sequences.streams.chunks(at_once(device)) {
        let of_stream = |network: &mut HadamRnn, stream: &Stream| {
            answers_of_stream(network, stream, standardisation, device)
        };
        let found: Vec<Answers<f64>> = match streams {
            [stream] => vec![of_stream(&mut network.clone(), stream)],
            streams => (streams.par_iter().map_with(network.clone(), of_stream)).collect(),
        };
        answers.extend(found.into_iter().flatten());
        told(answers.len());
    }
    Some(evaluation(rows(answers), sequences))
}

fn answers_of_stream(
    network: &HadamRnn,
    stream: &Stream,
    standardisation: &Standardisation,
    device: &Device,
) -> Answers<f64> {
    let Some(mut running) = network.running() else {
        return Vec::new();
    };
    let (mut answers, mut ends, mut done) = (Vec::new(), &stream.ends[..], 0);
    for samples in stream.samples.chunks(CHUNK * stream.channels) {
        let steps = samples.len() / stream.channels;
        let values = TensorData::new(
            standardisation.apply(samples),
            [1, steps, standardisation.inputs()],
        );
        let inputs = Inputs::Numbers(Tensor::from_data(values, device));
        let here = ends.partition_point(|end| end.samples <= done + steps);
        let (now, later) = ends.split_at(here);
        let steps_of_ends: Vec<usize> = now.iter().map(|end| end.samples - 1 - done).collect();
        let outputs = running.push(&inputs, &steps_of_ends);
        let rows = outputs.chunks_exact(network.config().output_size);
        answers.extend(
            now.iter()
                .zip(rows)
                .map(|(end, row)| (end.window, row.to_vec())),
        );
        (ends, done) = (later, done + steps);
    }
    answers
}

/// Loss, accuracy and answers of the integer model, as of [`float`].
///
/// # Errors
/// The model does not fit the data or the kernel.
pub(super) fn integer(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
    told: &mut dyn FnMut(usize),
) -> Result<Option<Evaluation>> {
    let rows = integer_rows(model, kernel, sequences, input_lsb, told)?;
    let scale = f64::from(model.header().logit_scale);
    let scaled = |row: Vec<i32>| {
        row.into_iter()
            .map(|logit| f64::from(logit) * scale)
            .collect()
    };
    Ok(rows.map(|rows| evaluation(rows.into_iter().map(scaled).collect(), sequences)))
}

/// The integer model's logits after the last step of each window.
///
/// # Errors
/// Those of [`integer`].
pub(super) fn integer_rows(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
    told: &mut dyn FnMut(usize),
) -> Result<Option<Vec<Vec<i32>>>> {
    let run = |samples: &[i16], steps: &[usize]| -> Result<Vec<Vec<i32>>> {
        let logits = kernel.logits_after(model, samples, steps)?;
        let rows = logits.chunks_exact(model.output_size());
        Ok(rows.map(<[i32]>::to_vec).collect())
    };
    at_ends(model, sequences, input_lsb, run, told)
}

/// What the readout reads after the last step of each window, as of [`integer_rows`].
///
/// # Errors
/// Those of [`integer`].
pub(super) fn integer_read(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Option<Vec<Vec<i16>>>> {
    let run = |samples: &[i16], steps: &[usize]| kernel.read_after(model, samples, steps);
    at_ends(model, sequences, input_lsb, run, &mut |_| {})
}

/// What `run` gives for the raw samples of a stream after each of some steps, in the order of the windows that end there; none where the
/// model has no fading pool, or the sequences no streams.
fn at_ends<T: Send>(
    model: &Model<'_>,
    sequences: &Sequences,
    input_lsb: &[f32],
    run: impl Fn(&[i16], &[usize]) -> Result<Vec<Vec<T>>> + Sync,
    told: &mut dyn FnMut(usize),
) -> Result<Option<Vec<Vec<T>>>> {
    if sequences.streams.is_empty() || !integer::runs_on(model) {
        return Ok(None);
    }
    let of_stream = |stream: &Stream| -> Result<Answers<T>> {
        let steps: Vec<usize> = stream.ends.iter().map(|end| end.samples - 1).collect();
        let rows = run(&counts(&stream.samples, input_lsb), &steps)?;
        let ends = stream.ends.iter().zip(rows);
        Ok(ends.map(|(end, row)| (end.window, row)).collect())
    };
    let mut answers = Vec::with_capacity(sequences.len());
    for streams in sequences.streams.chunks(rayon::current_num_threads()) {
        let found: Vec<Answers<T>> = streams.par_iter().map(of_stream).collect::<Result<_>>()?;
        answers.extend(found.into_iter().flatten());
        told(answers.len());
    }
    Ok(Some(rows(answers)))
}

/// The logits in the order of the windows, of which each has an answer.
fn rows<L>(mut answers: Answers<L>) -> Vec<Vec<L>> {
    answers.sort_by_key(|&(window, _)| window);
    answers.into_iter().map(|(_, row)| row).collect()
}

fn evaluation(rows: Vec<Vec<f64>>, sequences: &Sequences) -> Evaluation {
    Evaluation {
        metrics: tally_of(&rows, sequences).metrics(),
        answers: (rows.iter())
            .map(|row| metrics::class(row) as u32)
            .collect(),
    }
}
