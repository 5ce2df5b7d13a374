//! The passes of one sequence.

use super::binary_matrix;
use super::buffers::{Buffers, keep_end, keep_start, take_end};
use super::gates;
use super::head::{Place, gate, rectify, share};
use super::plan::{LayerSize, Mix, SECTIONS, Sections, SequencePlan};
use crate::nn::ops::recurrence::Recurrence;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Tensors of a run as the host reads them.
#[derive(Clone, Copy)]
pub(in super::super) struct Inputs<'a> {
    /// Signs of all layers.
    pub signs: &'a [f32],
    /// The flat vector of parameters.
    pub weights: &'a [f32],
    /// `[batch, T, d_in]`; unused where steps are tokens.
    pub x: &'a [f32],
}

/// Weights and inputs that the passes of all sequences use.
pub(super) struct Network<'a> {
    plan: &'a SequencePlan,
    weights: Sections<&'a [f32]>,
    first: Recurrence,
    second: Option<(Recurrence, Mix)>,
    x: &'a [f32],
}

/// The forward pass of one sequence.
pub(super) struct Forward<'a> {
    pub network: &'a Network<'a>,
    pub sequence: usize,
    pub buffers: &'a mut Buffers,
    pub output: &'a mut [f32],
    pub kept: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        self.network
            .forward(self.sequence, self.buffers, self.output, self.kept)
    }
}

/// The backward pass of one sequence.
pub(super) struct Backward<'a> {
    pub network: &'a Network<'a>,
    pub sequence: usize,
    pub kept: &'a [f32],
    pub grad: &'a [f32],
    pub train_signs: bool,
    pub buffers: &'a mut Buffers,
    pub sums: &'a mut Gradients,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            network,
            sequence,
            kept,
            grad,
            train_signs,
            buffers,
            sums,
        } = self;
        network.backward(sequence, kept, grad, train_signs, buffers, sums);
    }
}

/// Sums of gradients over a group of sequences.
pub(super) struct Gradients {
    /// Gradients of the signs, each still to be multiplied by its sign.
    pub signs: Vec<f32>,
    pub parameters: Vec<f32>,
}

impl Gradients {
    pub fn new(plan: &SequencePlan) -> Self {
        Self {
            signs: vec![0.0; plan.signs()],
            parameters: vec![0.0; plan.parameters()],
        }
    }
}

impl<'a> Network<'a> {
    pub fn new(plan: &'a SequencePlan, inputs: Inputs<'a>) -> Self {
        let (first_signs, second_signs) = inputs.signs.split_at(plan.first.hidden);
        let recurrence = |signs: &[f32], layer: LayerSize| {
            Recurrence::new(signs, layer.log2_block, layer.leak_factor)
        };
        Self {
            plan,
            weights: Sections::from(split(inputs.weights, plan.sections())),
            first: recurrence(first_signs, plan.first),
            second: plan
                .second
                .map(|(layer, mix)| (recurrence(second_signs, layer), mix)),
            x: inputs.x,
        }
    }

    /// Runs one sequence; returns its loss, 0 without one. An empty `kept` keeps nothing.
    #[inline(always)]
    fn forward(
        &self,
        sequence: usize,
        buffers: &mut Buffers,
        output: &mut [f32],
        kept: &mut [f32],
    ) -> f64 {
        let plan = self.plan;
        let mut loss = 0.0;
        buffers.restart();
        let (first_kept, second_kept) = kept.split_at_mut(self.first_kept().min(kept.len()));
        for (block, range) in plan.blocks().enumerate() {
            let Buffers {
                first,
                second,
                relu,
                scratch,
            } = buffers;
            let steps = range.len();
            let keeps_gates = plan.keeps_gates() && !first_kept.is_empty();
            if !keeps_gates {
                keep_start(&self.first, block, &first.state, first_kept);
            }
            let states = &mut first.states[..steps * plan.first.hidden];
            plan.layer_input(sequence, range.clone(), self.x, &self.weights, states);
            self.first.advance(&mut first.state, states);
            if keeps_gates {
                gates::keep(range.clone(), states, plan.first.hidden, first_kept);
            }
            let place = Place { sequence, range };
            let top = match &self.second {
                None => states,
                Some((layer, mix)) => {
                    keep_start(layer, block, &second.state, second_kept);
                    let relu = &mut relu[..states.len()];
                    rectify(states, relu);
                    let states = &mut second.states[..steps * layer.hidden()];
                    binary_matrix::layer_input(*mix, &self.weights, relu, states);
                    layer.advance(&mut second.state, states);
                    states
                }
            };
            plan.read(&place, top, &self.weights, scratch, output, &mut loss);
        }
        keep_end(&self.first, &buffers.first.state, first_kept);
        if let Some((layer, _)) = &self.second {
            keep_end(layer, &buffers.second.state, second_kept);
        }
        loss
    }

    /// Adds the gradients of one sequence to `sums`.
    #[inline(always)]
    fn backward(
        &self,
        sequence: usize,
        kept: &[f32],
        grad: &[f32],
        train_signs: bool,
        buffers: &mut Buffers,
        sums: &mut Gradients,
    ) {
        let plan = self.plan;
        let (first_kept, second_kept) = kept.split_at(self.first_kept());
        let (first_signs, second_signs) = sums.signs.split_at_mut(plan.first.hidden);
        let mut parameters = Sections::from(split_mut(&mut sums.parameters, plan.sections()));
        buffers.restart();
        take_end(&self.first, first_kept, &mut buffers.first.state);
        if let Some((layer, _)) = &self.second {
            take_end(layer, second_kept, &mut buffers.second.state);
        }
        for (block, range) in plan.blocks().enumerate().rev() {
            if plan.keeps_gates() {
                let first = &mut buffers.first;
                let grads = &mut first.grads[..range.len() * plan.first.hidden];
                gates::spread(range.clone(), first_kept, share(plan.steps), grad, grads);
                first.backward(&self.first, range.len(), parameters.bias, None);
                let grads = &first.grads[..range.len() * plan.first.hidden];
                plan.drive_grad(sequence, range, self.x, grads, parameters.rows);
                continue;
            }
            self.rebuild(
                sequence,
                block,
                range.clone(),
                [first_kept, second_kept],
                buffers,
            );
            let Buffers {
                first,
                second,
                relu,
                scratch,
            } = &mut *buffers;
            let (steps, n) = (range.len(), plan.first.hidden);
            let place = Place {
                sequence,
                range: range.clone(),
            };
            let top = if self.second.is_some() {
                &mut *second
            } else {
                &mut *first
            };
            let len = steps * plan.top();
            let (states, grads) = (&top.states[..len], &mut top.grads[..len]);
            plan.read_grad(
                &place,
                states,
                &self.weights,
                grad,
                scratch,
                &mut parameters,
                grads,
            );
            if let Some((layer, mix)) = &self.second {
                let signs = train_signs.then_some(&mut *second_signs);
                second.backward(layer, steps, parameters.second_bias, signs);
                let relu = &relu[..steps * n];
                let (layer_inputs, grads) = (&second.layer_inputs[..len], &second.grads[..len]);
                let of_steps = binary_matrix::Steps {
                    relu,
                    layer_inputs,
                    grads,
                };
                let out = &mut first.grads[..steps * n];
                binary_matrix::gradients(*mix, &self.weights, of_steps, parameters.mixing, out);
                gate(relu, out);
            }
            let signs = train_signs.then_some(&mut *first_signs);
            first.backward(&self.first, steps, parameters.bias, signs);
            let grads = &first.grads[..steps * n];
            plan.drive_grad(sequence, range, self.x, grads, parameters.rows);
        }
    }

    /// Fills layer inputs and states of all layers for one block.
    #[inline(always)]
    fn rebuild(
        &self,
        sequence: usize,
        block: usize,
        range: Range<usize>,
        kept: [&[f32]; 2],
        buffers: &mut Buffers,
    ) {
        let Buffers {
            first,
            second,
            relu,
            ..
        } = buffers;
        let (steps, n) = (range.len(), self.plan.first.hidden);
        let layer_inputs = &mut first.layer_inputs[..steps * n];
        self.plan
            .layer_input(sequence, range, self.x, &self.weights, layer_inputs);
        first.rebuild(&self.first, kept[0], block, steps);
        if let Some((layer, mix)) = &self.second {
            let relu = &mut relu[..steps * n];
            rectify(&first.states[..steps * n], relu);
            let layer_inputs = &mut second.layer_inputs[..steps * layer.hidden()];
            binary_matrix::layer_input(*mix, &self.weights, relu, layer_inputs);
            second.rebuild(layer, kept[1], block, steps);
        }
    }

    /// Numbers of the first layer that are kept.
    fn first_kept(&self) -> usize {
        self.plan.kept().next().unwrap_or(0)
    }
}

fn split(mut data: &[f32], lengths: [usize; SECTIONS]) -> [&[f32]; SECTIONS] {
    lengths.map(|length| {
        let (section, rest) = data.split_at(length);
        data = rest;
        section
    })
}

fn split_mut(mut data: &mut [f32], lengths: [usize; SECTIONS]) -> [&mut [f32]; SECTIONS] {
    lengths.map(|length| {
        let (section, rest) = std::mem::take(&mut data).split_at_mut(length);
        data = rest;
        section
    })
}
