//! The forward and the backward pass over a batch.

use super::buffers::Buffers;
use super::network::{Backward, Forward, Gradients, Inputs, Network};
use super::plan::{Head, SequencePlan};
use crate::nn::ops::recurrence::add;
use pulp::Arch;
use rayon::prelude::*;

/// Groups of sequences that sum gradients on their own, at most: as many threads can work.
const MOST_GROUPS: usize = 32;
/// Groups where parameters are many, as of a table of tokens.
const LEAST_GROUPS: usize = 8;
/// Numbers in the sums of all groups, where there are more groups than the least.
const GROUPED_NUMBERS: usize = 1 << 22;

/// The output, flat; where `keep`, also what [`gradients`] wants of the forward pass, else nothing.
pub(in super::super) fn forward(
    plan: &SequencePlan,
    inputs: Inputs<'_>,
    keep: bool,
) -> (Vec<f32>, Vec<f32>) {
    let network = Network::new(plan, inputs);
    let kept_len = if keep { plan.kept().sum() } else { 0 };
    let mut output = vec![0.0; plan.batch * plan.output_len()];
    let mut kept = vec![0.0; plan.batch * kept_len];
    // Without anything kept, every sequence gets an empty part.
    let mut parts: Vec<&mut [f32]> = match kept_len {
        0 => (0..plan.batch).map(|_| Default::default()).collect(),
        _ => kept.chunks_exact_mut(kept_len).collect(),
    };
    let losses: Vec<f64> = output
        .par_chunks_exact_mut(plan.output_len())
        .zip(parts.par_iter_mut())
        .enumerate()
        .map_init(
            || Buffers::new(plan),
            |buffers, (sequence, (output, kept))| {
                Arch::new().dispatch(Forward {
                    network: &network,
                    sequence,
                    buffers,
                    output,
                    kept,
                })
            },
        )
        .collect();
    if let Head::Loss { .. } = plan.head {
        let mean = losses.iter().sum::<f64>() / plan.batch.max(1) as f64;
        output = vec![mean as f32];
    }
    (output, kept)
}

/// The gradients of the signs, if `train_signs`, else zeros, and of the flat vector of parameters.
pub(in super::super) fn gradients(
    plan: &SequencePlan,
    inputs: Inputs<'_>,
    kept: &[f32],
    grad: &[f32],
    train_signs: bool,
) -> (Vec<f32>, Vec<f32>) {
    let network = Network::new(plan, inputs);
    let size = plan.batch.div_ceil(groups(plan)).max(1);
    let sequences: Vec<usize> = (0..plan.batch).collect();
    let sums: Vec<Gradients> = sequences
        .par_chunks(size)
        .map(|group| {
            let mut sums = Gradients::new(plan);
            let mut buffers = Buffers::new(plan);
            for &sequence in group {
                let grad = match plan.head {
                    Head::Loss { .. } => grad,
                    _ => &grad[sequence * plan.output_len()..][..plan.output_len()],
                };
                let kept_len: usize = plan.kept().sum();
                let kept = &kept[sequence * kept_len..][..kept_len];
                Arch::new().dispatch(Backward {
                    network: &network,
                    sequence,
                    kept,
                    grad,
                    train_signs,
                    buffers: &mut buffers,
                    sums: &mut sums,
                });
            }
            sums
        })
        .collect();
    let mut signs_grad = total(sums.iter().map(|sums| &sums.signs), plan.signs());
    for (grad, sign) in signs_grad.iter_mut().zip(inputs.signs) {
        *grad *= sign;
    }
    let parameters = sums.iter().map(|sums| &sums.parameters);
    (signs_grad, total(parameters, plan.parameters()))
}

/// Groups of sequences, from sizes alone.
fn groups(plan: &SequencePlan) -> usize {
    (GROUPED_NUMBERS / plan.parameters().max(1)).clamp(LEAST_GROUPS, MOST_GROUPS)
}

/// The sum of vectors of `length` numbers, in order.
fn total<'a>(vectors: impl Iterator<Item = &'a Vec<f32>>, length: usize) -> Vec<f32> {
    const CHUNK: usize = 1 << 14;
    let vectors: Vec<&Vec<f32>> = vectors.collect();
    let mut sum = vec![0.0; length];
    let chunks = sum.par_chunks_mut(CHUNK).enumerate();
    chunks.for_each(|(i, sum)| {
        for vector in &vectors {
            add(sum, &vector[i * CHUNK..][..sum.len()]);
        }
    });
    sum
}
