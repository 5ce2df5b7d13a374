//! The head: it reads the last layer's states, and its gradient goes back to them.

use super::matrix::{matrix, product};
use super::plan::{Head, Sections, SequencePlan};
use crate::nn::ops::recurrence::add;
use std::ops::Range;

/// Where in the batch a block of steps is.
#[derive(Clone)]
pub(super) struct Place {
    pub sequence: usize,
    pub range: Range<usize>,
}

/// Memory for one block.
pub(super) struct Scratch {
    /// `relu(h_t)`, `[steps, n]`.
    relu: Vec<f32>,
    /// Logits or their gradient, `[steps, outputs]`.
    logits: Vec<f32>,
}

impl Scratch {
    pub fn new(plan: &SequencePlan) -> Self {
        let steps = plan.longest();
        Self {
            relu: vec![0.0; steps * plan.top()],
            logits: vec![0.0; steps * plan.outputs()],
        }
    }
}

impl SequencePlan {
    /// Adds the states `[steps, n]` of a block to the sequence's output, whose losses are summed in `loss`.
    #[inline(always)]
    pub(super) fn read(
        &self,
        place: &Place,
        states: &[f32],
        weights: &Sections<&[f32]>,
        scratch: &mut Scratch,
        output: &mut [f32],
        loss: &mut f64,
    ) {
        let top = self.top();
        match &self.head {
            Head::Last => output.copy_from_slice(&states[states.len() - top..]),
            Head::Pooled => {
                let share = share(self.steps);
                for state in states.chunks_exact(top) {
                    add_relu(output, share, state);
                }
            }
            &Head::Logits { outputs } => {
                let range = place.range.start * outputs..place.range.end * outputs;
                let relu = &mut scratch.relu[..states.len()];
                logits(weights, states, relu, &mut output[range]);
            }
            Head::Loss { .. } => {
                let steps = states.len() / top;
                let relu = &mut scratch.relu[..states.len()];
                let rows = &mut scratch.logits[..steps * self.outputs()];
                logits(weights, states, relu, rows);
                *loss += self.cross_entropy(place, rows);
            }
        }
    }

    /// The gradient of the states `[steps, n]` of a block into `out`; `grad` is that of the sequence's output, of the
    /// mean loss where the output is a loss. Adds the gradients of `V` and `b_o`.
    #[inline(always)]
    #[expect(
        clippy::too_many_arguments,
        reason = "slices of one block; a struct of them would live for this call alone"
    )]
    pub(super) fn read_grad(
        &self,
        place: &Place,
        states: &[f32],
        weights: &Sections<&[f32]>,
        grad: &[f32],
        scratch: &mut Scratch,
        sums: &mut Sections<&mut [f32]>,
        out: &mut [f32],
    ) {
        let top = self.top();
        match &self.head {
            Head::Last => {
                out.fill(0.0);
                if place.range.end == self.steps {
                    let last = out.len() - top;
                    out[last..].copy_from_slice(grad);
                }
            }
            Head::Pooled => {
                let share = share(self.steps);
                for (out, state) in out.chunks_exact_mut(top).zip(states.chunks_exact(top)) {
                    for (out, (state, grad)) in out.iter_mut().zip(state.iter().zip(grad)) {
                        *out = if *state > 0.0 { grad * share } else { 0.0 };
                    }
                }
            }
            &Head::Logits { outputs } => {
                let grads = &grad[place.range.start * outputs..place.range.end * outputs];
                let relu = &mut scratch.relu[..states.len()];
                rectify(states, relu);
                readout_grad(weights, relu, grads, sums, out);
            }
            Head::Loss { .. } => {
                let steps = states.len() / top;
                let relu = &mut scratch.relu[..states.len()];
                let rows = &mut scratch.logits[..steps * self.outputs()];
                logits(weights, states, relu, rows);
                self.cross_entropy(place, rows);
                let factor = grad[0] / self.batch as f32;
                rows.iter_mut().for_each(|x| *x *= factor);
                readout_grad(weights, relu, rows, sums, out);
            }
        }
    }

    /// The weighted cross-entropies of a block, summed; each row of logits becomes their gradient.
    #[inline(always)]
    fn cross_entropy(&self, place: &Place, logits: &mut [f32]) -> f64 {
        let Head::Loss {
            outputs,
            targets,
            weights,
            smoothing,
        } = &self.head
        else {
            return 0.0;
        };
        let targets = &targets[self.span(place.sequence, place.range.clone(), 1)];
        let steps = targets.iter().zip(&weights[place.range.clone()]);
        let losses =
            logits
                .chunks_exact_mut(*outputs)
                .zip(steps)
                .map(|(row, (&target, &weight))| {
                    f64::from(weight)
                        * f64::from(softmax_loss(row, target as usize, *smoothing, weight))
                });
        losses.sum()
    }
}

/// `-Σ q ln softmax(row)` with the target's `q` smoothed; `row` becomes `weight (softmax(row) - q)`.
#[inline(always)]
fn softmax_loss(row: &mut [f32], target: usize, smoothing: f32, weight: f32) -> f32 {
    let spread = smoothing / row.len() as f32;
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let aimed = (1.0 - smoothing) * (row[target] - largest)
        + spread * row.iter().map(|x| x - largest).sum::<f32>();
    let mut sum = 0.0;
    for x in row.iter_mut() {
        *x = (*x - largest).exp();
        sum += *x;
    }
    let scale = weight / sum;
    for x in row.iter_mut() {
        *x = *x * scale - weight * spread;
    }
    row[target] -= weight * (1.0 - smoothing);
    sum.ln() - aimed
}

/// `V relu(h_t) + b_o`.
#[inline(always)]
fn logits(weights: &Sections<&[f32]>, states: &[f32], relu: &mut [f32], out: &mut [f32]) {
    let outputs = weights.readout_bias.len();
    rectify(states, relu);
    for row in out.chunks_exact_mut(outputs) {
        row.copy_from_slice(weights.readout_bias);
    }
    let n = weights.readout.len() / outputs;
    let readout = matrix(weights.readout, n).reversed_axes();
    product(matrix(relu, n), readout, out, true);
}

/// Gradients of the states, through the rectifier, and of `V` and `b_o`, from those of logits.
#[inline(always)]
fn readout_grad(
    weights: &Sections<&[f32]>,
    relu: &[f32],
    grads: &[f32],
    sums: &mut Sections<&mut [f32]>,
    out: &mut [f32],
) {
    let outputs = weights.readout_bias.len();
    let n = weights.readout.len() / outputs;
    for grad in grads.chunks_exact(outputs) {
        add(sums.readout_bias, grad);
    }
    let rows = matrix(grads, outputs);
    product(rows.reversed_axes(), matrix(relu, n), sums.readout, true);
    product(rows, matrix(weights.readout, n), out, false);
    gate(relu, out);
}

/// Weight of a state in the mean over `steps` steps.
#[inline(always)]
pub(super) fn share(steps: usize) -> f32 {
    1.0 / steps as f32
}

/// `relu(h)`.
#[inline(always)]
pub(super) fn rectify(states: &[f32], relu: &mut [f32]) {
    for (relu, state) in relu.iter_mut().zip(states) {
        *relu = state.max(0.0);
    }
}

/// The gradient of a rectifier's input from that of its output, in place.
#[inline(always)]
pub(super) fn gate(relu: &[f32], grads: &mut [f32]) {
    for (grad, relu) in grads.iter_mut().zip(relu) {
        // A factor rather than a choice, which the compiler would make a masked store: slow on many processors.
        let open = if *relu > 0.0 { 1.0 } else { 0.0 };
        *grad *= open;
    }
}

/// `sum += factor relu(a)`.
#[inline(always)]
fn add_relu(sum: &mut [f32], factor: f32, a: &[f32]) {
    for (sum, a) in sum.iter_mut().zip(a) {
        *sum += factor * a.max(0.0);
    }
}
