//! Memory of the passes, and how states come back in the backward pass.

use super::head::Scratch;
use super::plan::SequencePlan;
use crate::nn::ops::recurrence::{Recurrence, SignSums, Sums};

/// Memory for one sequence.
pub(super) struct Buffers {
    pub first: LayerBuffers,
    pub second: LayerBuffers,
    /// `relu(h_t)` of the first layer under a second.
    pub relu: Vec<f32>,
    pub scratch: Scratch,
}

/// Memory of one layer for one block, each `[steps, n]`, and what it hands from block to block, each `[n]`.
pub(super) struct LayerBuffers {
    pub layer_inputs: Vec<f32>,
    pub states: Vec<f32>,
    pub grads: Vec<f32>,
    pub state: Vec<f32>,
    pub grad: Vec<f32>,
}

impl Buffers {
    pub fn new(plan: &SequencePlan) -> Self {
        let (n, steps) = (plan.first.hidden, plan.longest());
        let second = plan.second.map_or(0, |(layer, _)| layer.hidden);
        Self {
            first: LayerBuffers::new(n, steps),
            second: LayerBuffers::new(second, steps),
            relu: vec![0.0; if second > 0 { steps * n } else { 0 }],
            scratch: Scratch::new(plan),
        }
    }

    /// Zeroes what is handed on, for a new sequence.
    pub fn restart(&mut self) {
        for layer in [&mut self.first, &mut self.second] {
            layer.state.fill(0.0);
            layer.grad.fill(0.0);
        }
    }
}

impl LayerBuffers {
    fn new(n: usize, steps: usize) -> Self {
        let block = || vec![0.0; steps * n];
        Self {
            layer_inputs: block(),
            states: block(),
            grads: block(),
            state: vec![0.0; n],
            grad: vec![0.0; n],
        }
    }

    /// Fills `states` from `layer_inputs`: rewound from the state handed on, or advanced from `kept`, the states before blocks.
    #[inline(always)]
    pub fn rebuild(&mut self, layer: &Recurrence, kept: &[f32], block: usize, steps: usize) {
        let n = layer.hidden();
        let layer_inputs = &self.layer_inputs[..steps * n];
        let states = &mut self.states[..steps * n];
        if layer.is_orthogonal() {
            return layer.rewind(&mut self.state, layer_inputs, states);
        }
        self.state.copy_from_slice(&kept[block * n..][..n]);
        states.copy_from_slice(layer_inputs);
        layer.advance(&mut self.state, states);
    }

    /// Turns `grads` by the states of a block into `grads` by its layer inputs, and adds up the rest.
    #[inline(always)]
    pub fn backward(
        &mut self,
        layer: &Recurrence,
        steps: usize,
        bias: &mut [f32],
        signs: Option<&mut [f32]>,
    ) {
        let len = steps * layer.hidden();
        let (states, layer_inputs) = (&self.states[..len], &self.layer_inputs[..len]);
        let signs = signs.map(|sum| SignSums {
            sum,
            states,
            layer_inputs,
        });
        let mut sums = Sums { bias, signs };
        layer.backward(&mut self.grad, &mut self.grads[..len], &mut sums);
    }
}

/// Keeps the state before a block, where the layer has a leak.
pub(super) fn keep_start(layer: &Recurrence, block: usize, state: &[f32], kept: &mut [f32]) {
    if !layer.is_orthogonal() && !kept.is_empty() {
        kept[block * state.len()..][..state.len()].copy_from_slice(state);
    }
}

/// Keeps the last state, where the layer has no leak.
pub(super) fn keep_end(layer: &Recurrence, state: &[f32], kept: &mut [f32]) {
    if layer.is_orthogonal() && !kept.is_empty() {
        kept.copy_from_slice(state);
    }
}

/// Starts from the last state, where the layer has no leak.
pub(super) fn take_end(layer: &Recurrence, kept: &[f32], state: &mut [f32]) {
    if layer.is_orthogonal() {
        state.copy_from_slice(kept);
    }
}
