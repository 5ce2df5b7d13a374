//! The forward and the backward pass over a batch.

use super::head::{Place, Scratch, gate, rectify};
use super::mixing;
use super::plan::{Mix, Plan, SECTIONS, Sections};
use crate::nn::ops::recurrence::{Recurrence, SignSums, Sums, add};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::ops::Range;

/// Groups of sequences that sum gradients on their own, at most: as many threads can work.
const MOST_GROUPS: usize = 32;
/// Groups where parameters are many, as of a table of tokens.
const LEAST_GROUPS: usize = 8;
/// Numbers in the sums of all groups, where there are more groups than the least.
const GROUPED_NUMBERS: usize = 1 << 22;

/// Tensors of a run as the host reads them.
#[derive(Clone, Copy)]
pub(in super::super) struct Inputs<'a> {
    /// Of all layers.
    pub signs: &'a [f32],
    /// The flat vector of parameters.
    pub weights: &'a [f32],
    /// `[batch, T, d_in]`; unused where steps are tokens.
    pub x: &'a [f32],
}

/// What all sequences share.
struct Network<'a> {
    plan: &'a Plan,
    weights: Sections<&'a [f32]>,
    first: Recurrence,
    second: Option<(Recurrence, Mix)>,
    x: &'a [f32],
}

/// The output, flat; where `keep`, also what [`gradients`] wants of the forward pass, else nothing.
pub(in super::super) fn forward(
    plan: &Plan,
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
    if let super::Head::Loss { .. } = plan.head {
        let mean = losses.iter().sum::<f64>() / plan.batch.max(1) as f64;
        output = vec![mean as f32];
    }
    (output, kept)
}

/// The gradients of the signs, if `train_signs`, else zeros, and of the flat vector of parameters.
pub(in super::super) fn gradients(
    plan: &Plan,
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
                    super::Head::Loss { .. } => grad,
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
fn groups(plan: &Plan) -> usize {
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

/// The forward pass of one sequence.
struct Forward<'a> {
    network: &'a Network<'a>,
    sequence: usize,
    buffers: &'a mut Buffers,
    output: &'a mut [f32],
    kept: &'a mut [f32],
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
struct Backward<'a> {
    network: &'a Network<'a>,
    sequence: usize,
    kept: &'a [f32],
    grad: &'a [f32],
    train_signs: bool,
    buffers: &'a mut Buffers,
    sums: &'a mut Gradients,
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
struct Gradients {
    /// Of the signs, each to be multiplied by its sign.
    signs: Vec<f32>,
    parameters: Vec<f32>,
}

impl Gradients {
    fn new(plan: &Plan) -> Self {
        Self {
            signs: vec![0.0; plan.signs()],
            parameters: vec![0.0; plan.parameters()],
        }
    }
}

/// Memory for one sequence.
struct Buffers {
    first: LayerBuffers,
    second: LayerBuffers,
    /// `relu(h_t)` of the first layer under a second.
    relu: Vec<f32>,
    scratch: Scratch,
}

/// Memory of one layer for one block, each `[steps, n]`, and what it hands from block to block, each `[n]`.
struct LayerBuffers {
    drives: Vec<f32>,
    states: Vec<f32>,
    grads: Vec<f32>,
    state: Vec<f32>,
    grad: Vec<f32>,
}

impl Buffers {
    fn new(plan: &Plan) -> Self {
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
    fn restart(&mut self) {
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
            drives: block(),
            states: block(),
            grads: block(),
            state: vec![0.0; n],
            grad: vec![0.0; n],
        }
    }

    /// Fills `states` from `drives`: rewound from the state handed on, or advanced from `kept`, the states before blocks.
    #[inline(always)]
    fn rebuild(&mut self, layer: &Recurrence, kept: &[f32], block: usize, steps: usize) {
        let n = layer.hidden();
        let drives = &self.drives[..steps * n];
        let states = &mut self.states[..steps * n];
        if layer.is_orthogonal() {
            return layer.rewind(&mut self.state, drives, states);
        }
        self.state.copy_from_slice(&kept[block * n..][..n]);
        states.copy_from_slice(drives);
        layer.advance(&mut self.state, states);
    }

    /// Turns `grads` by the states of a block into `grads` by its drives, and adds up the rest.
    #[inline(always)]
    fn backward(
        &mut self,
        layer: &Recurrence,
        steps: usize,
        bias: &mut [f32],
        signs: Option<&mut [f32]>,
    ) {
        let len = steps * layer.hidden();
        let (states, drives) = (&self.states[..len], &self.drives[..len]);
        let signs = signs.map(|sum| SignSums {
            sum,
            states,
            drives,
        });
        let mut sums = Sums { bias, signs };
        layer.backward(&mut self.grad, &mut self.grads[..len], &mut sums);
    }
}

impl<'a> Network<'a> {
    fn new(plan: &'a Plan, inputs: Inputs<'a>) -> Self {
        let (first_signs, second_signs) = inputs.signs.split_at(plan.first.hidden);
        let recurrence = |signs: &[f32], layer: super::LayerSize| {
            Recurrence::new(signs, layer.log2_block, layer.decay)
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
            keep_start(&self.first, block, &first.state, first_kept);
            let states = &mut first.states[..steps * plan.first.hidden];
            plan.drive(sequence, range.clone(), self.x, &self.weights, states);
            self.first.advance(&mut first.state, states);
            let place = Place { sequence, range };
            let top = match &self.second {
                None => states,
                Some((layer, mix)) => {
                    keep_start(layer, block, &second.state, second_kept);
                    let relu = &mut relu[..states.len()];
                    rectify(states, relu);
                    let states = &mut second.states[..steps * layer.hidden()];
                    mixing::drive(*mix, &self.weights, relu, states);
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
                let (drives, grads) = (&second.drives[..len], &second.grads[..len]);
                let of_steps = mixing::Steps {
                    relu,
                    drives,
                    grads,
                };
                let out = &mut first.grads[..steps * n];
                mixing::gradients(*mix, &self.weights, of_steps, parameters.mixing, out);
                gate(relu, out);
            }
            let signs = train_signs.then_some(&mut *first_signs);
            first.backward(&self.first, steps, parameters.bias, signs);
            let grads = &first.grads[..steps * n];
            plan.drive_grad(sequence, range, self.x, grads, parameters.rows);
        }
    }

    /// Fills drives and states of all layers for one block.
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
        let drives = &mut first.drives[..steps * n];
        self.plan
            .drive(sequence, range, self.x, &self.weights, drives);
        first.rebuild(&self.first, kept[0], block, steps);
        if let Some((layer, mix)) = &self.second {
            let relu = &mut relu[..steps * n];
            rectify(&first.states[..steps * n], relu);
            let drives = &mut second.drives[..steps * layer.hidden()];
            mixing::drive(*mix, &self.weights, relu, drives);
            second.rebuild(layer, kept[1], block, steps);
        }
    }

    /// Numbers of the first layer that are kept.
    fn first_kept(&self) -> usize {
        self.plan.kept().next().unwrap_or(0)
    }
}

/// Keeps the state before a block, where the layer has a leak.
fn keep_start(layer: &Recurrence, block: usize, state: &[f32], kept: &mut [f32]) {
    if !layer.is_orthogonal() && !kept.is_empty() {
        kept[block * state.len()..][..state.len()].copy_from_slice(state);
    }
}

/// Keeps the last state, where the layer has no leak.
fn keep_end(layer: &Recurrence, state: &[f32], kept: &mut [f32]) {
    if layer.is_orthogonal() && !kept.is_empty() {
        kept.copy_from_slice(state);
    }
}

/// Starts from the last state, where the layer has no leak.
fn take_end(layer: &Recurrence, kept: &[f32], state: &mut [f32]) {
    if layer.is_orthogonal() {
        state.copy_from_slice(kept);
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
