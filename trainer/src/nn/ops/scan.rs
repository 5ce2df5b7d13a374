//! Every state of the recurrence and its gradients, on host slices.
//!
//! ```text
//! forward:     h_t = W h_{t-1} + z_t
//! backward:    g_t = dH_t + Wᵀ g_{t+1},   dz_t = g_t,   ds = s ⊙ Σ_t g_t ⊙ (h_t - z_t)
//! ```
//!
//! `W` stands for `γ W`. The last form needs no transform: `h_t - z_t = W h_{t-1} = s ⊙ H h_{t-1} / sqrt(B)`. Sequences are independent and
//! run in parallel; the gradients of the signs are summed per sequence, then over sequences in order.

use super::recurrence::{Recurrence, add, add_turned, sum_rows};
use rayon::prelude::*;

/// Sizes of one call.
pub(super) struct ScanShape {
    batch: usize,
    steps: usize,
    /// `n`.
    pub hidden: usize,
    log2_block: usize,
    /// `γ`.
    leak_factor: f32,
}

impl ScanShape {
    /// The shape that belongs to the dimensions of the layer input.
    pub fn new([batch, steps, hidden]: [usize; 3], log2_block: usize, leak_factor: f32) -> Self {
        Self {
            batch,
            steps,
            hidden,
            log2_block,
            leak_factor,
        }
    }

    /// Dimensions of layer input, states and their gradients.
    pub fn dims(&self) -> [usize; 3] {
        [self.batch, self.steps, self.hidden]
    }

    /// Numbers in all sequences.
    fn len(&self) -> usize {
        self.batch * self.sequence()
    }

    /// Numbers in one sequence; at least 1, as the length of a chunk.
    fn sequence(&self) -> usize {
        (self.steps * self.hidden).max(1)
    }
}

/// Values of the forward pass that the gradient of the signs uses.
pub(super) struct Forward<'a> {
    pub layer_input: &'a [f32],
    pub states: &'a [f32],
}

/// The states, `[batch, T, n]`.
pub(super) fn forward(signs: &[f32], layer_input: &[f32], shape: &ScanShape) -> Vec<f32> {
    let recurrence = Recurrence::new(signs, shape.log2_block, shape.leak_factor);
    let mut states = vec![0.0; shape.len()];
    let sequences = states.par_chunks_exact_mut(shape.sequence());
    let sequences = sequences.zip(layer_input.par_chunks_exact(shape.sequence()));
    sequences.for_each(|(states, layer_input)| {
        let rows = states.chunks_exact_mut(shape.hidden);
        let mut previous: Option<&[f32]> = None;
        for (state, layer_input) in rows.zip(layer_input.chunks_exact(shape.hidden)) {
            match previous {
                Some(previous) => recurrence.forward_add(previous, layer_input, state),
                None => state.copy_from_slice(layer_input),
            }
            previous = Some(state);
        }
    });
    states
}

/// The gradient of the layer input, `[batch, T, n]`.
pub(super) fn drive_grad(signs: &[f32], grad: &[f32], shape: &ScanShape) -> Vec<f32> {
    let recurrence = Recurrence::new(signs, shape.log2_block, shape.leak_factor);
    let mut layer_input = vec![0.0; shape.len()];
    let sequences = layer_input.par_chunks_exact_mut(shape.sequence());
    let sequences = sequences.zip(grad.par_chunks_exact(shape.sequence()));
    sequences.for_each(|(layer_input, grad)| {
        let rows = layer_input.chunks_exact_mut(shape.hidden);
        let mut following: Option<&[f32]> = None;
        for (g, grad) in rows.zip(grad.chunks_exact(shape.hidden)).rev() {
            match following {
                Some(following) => {
                    recurrence.transposed_into(following, g);
                    add(g, grad);
                }
                None => g.copy_from_slice(grad),
            }
            following = Some(g);
        }
    });
    layer_input
}

/// The gradient of the signs, `[n]`, from the gradient of the layer input.
pub(super) fn signs_grad(
    signs: &[f32],
    forward: &Forward,
    drive_grad: &[f32],
    shape: &ScanShape,
) -> Vec<f32> {
    let mut partial = vec![0.0; shape.batch * shape.hidden];
    let sequences = partial.par_chunks_exact_mut(shape.hidden);
    sequences.enumerate().for_each(|(sequence, partial)| {
        let range = sequence * shape.sequence()..(sequence + 1) * shape.sequence();
        let layer_input = forward.layer_input[range.clone()].chunks_exact(shape.hidden);
        let states = forward.states[range.clone()].chunks_exact(shape.hidden);
        let grads = drive_grad[range].chunks_exact(shape.hidden);
        for ((g, state), layer_input) in grads.zip(states).zip(layer_input) {
            add_turned(partial, g, state, layer_input);
        }
    });
    let mut sum = sum_rows(&partial, shape.hidden);
    sum.iter_mut()
        .zip(signs)
        .for_each(|(sum, sign)| *sum *= sign);
    sum
}
