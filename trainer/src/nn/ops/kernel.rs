//! The one-product kernel and its gradients, on host slices.
//!
//! ```text
//! forward, column u of U:     k_0 = u, k_{m+1} = W k_m               row of time t: k_{T-1-t}
//! forward, bias b:            a_0 = b, a_{m+1} = W a_m + b           last row: a_{T-1}
//!
//! backward, column u of U:    g_{T-1} = dK_{T-1}, g_m = Wᵀ g_{m+1} + dK_m           du = g_0
//!                             ds = Σ g_{m+1} ⊙ s ⊙ k_{m+1}                          (H k_m / sqrt(B) = s ⊙ k_{m+1})
//! backward, bias b:           g_{T-1} = da, g_m = Wᵀ g_{m+1}                        db = Σ g_m
//!                             ds = Σ g_{m+1} ⊙ H a_m / sqrt(B)
//! ```
//!
//! The states `a_m` of the bias are not stored: `W` is orthogonal, so `H a_m / sqrt(B) = s ⊙ (a_{m+1} - b)` runs the
//! recurrence backwards from the last row. With a leak `W` stands for `γ W`; running backwards would amplify rounding by
//! `1/γ`, so the states are then computed again, and powers that have faded beyond single precision are left out. Columns are independent and run in parallel; the gradients of the signs are
//! summed per column, then over columns in order.

use super::recurrence::{Recurrence, add, add_product, horizon, sum_rows};
use crate::nn::fwht::block_scale;
use rayon::prelude::*;

/// Sizes of one call.
pub(super) struct KernelShape {
    /// Rows of the input, `C`: the columns of `U` and the bias.
    pub columns: usize,
    /// `n`.
    pub hidden: usize,
    /// `q`.
    pub log2_block: usize,
    /// `T`.
    pub steps: usize,
    /// `γ`.
    pub leak_factor: f32,
}

impl KernelShape {
    pub fn new(columns: usize, hidden: usize, log2_block: usize, steps: usize) -> Self {
        Self {
            columns,
            hidden,
            log2_block,
            steps,
            leak_factor: 1.0,
        }
    }

    /// The same shape, but with a leak: the recurrence is scaled by `leak factor`.
    pub fn with_leak_factor(self, leak_factor: f32) -> Self {
        Self {
            leak_factor,
            ..self
        }
    }

    /// The recurrence with these signs.
    fn recurrence(&self, signs: &[f32]) -> Recurrence {
        Recurrence::new(signs, self.log2_block, self.leak_factor)
    }

    /// Powers of `γ W` that have not faded, at most `steps`.
    fn powers(&self) -> usize {
        horizon(self.leak_factor).min(self.steps)
    }

    /// The shape that belongs to the rows of a kernel or of its gradient.
    pub fn of_grad(rows: usize, hidden: usize, log2_block: usize, steps: usize) -> Self {
        Self::new((rows - 1) / steps + 1, hidden, log2_block, steps)
    }

    /// Rows of the kernel.
    pub fn rows(&self) -> usize {
        self.steps * self.channels() + 1
    }

    /// Dimensions of the kernel and of its gradient.
    pub fn dims(&self) -> [usize; 2] {
        [self.rows(), self.hidden]
    }

    /// Columns of `U`.
    fn channels(&self) -> usize {
        self.columns - 1
    }

    /// Row of the kernel that holds `channel` at time `t`.
    fn row<'a>(&self, kernel: &'a [f32], t: usize, channel: usize) -> &'a [f32] {
        let start = (t * self.channels() + channel) * self.hidden;
        &kernel[start..start + self.hidden]
    }

    /// The row of the bias.
    fn last_row<'a>(&self, rows: &'a [f32]) -> &'a [f32] {
        &rows[rows.len() - self.hidden..]
    }
}

/// Values of the forward pass that the gradient of the signs uses.
pub(super) struct Forward<'a> {
    kernel: &'a [f32],
    bias: &'a [f32],
}

impl<'a> Forward<'a> {
    pub fn new(input: &'a [f32], kernel: &'a [f32], shape: &KernelShape) -> Self {
        Self {
            kernel,
            bias: shape.last_row(input),
        }
    }
}

/// The kernel, `[rows, n]`.
pub(super) fn forward(signs: &[f32], input: &[f32], shape: &KernelShape) -> Vec<f32> {
    let recurrence = shape.recurrence(signs);
    let n = shape.hidden;
    let mut kernel = vec![0.0; shape.rows() * n];
    let (powers, sum) = kernel.split_at_mut(shape.steps * shape.channels() * n);
    let columns = rows_by_channel(powers, shape);
    let inputs = input.par_chunks_exact(n);
    rayon::join(
        || {
            let tasks = columns.into_par_iter().zip(inputs);
            tasks.for_each(|(rows, column)| {
                let faded = shape.steps - shape.powers();
                fill_powers(&recurrence, column, rows.into_iter().skip(faded));
            });
        },
        || fill_sum(&recurrence, shape.last_row(input), shape.steps, sum),
    );
    kernel
}

/// The rows of each channel, in time order.
fn rows_by_channel<'a>(powers: &'a mut [f32], shape: &KernelShape) -> Vec<Vec<&'a mut [f32]>> {
    let mut channels: Vec<_> = (0..shape.channels())
        .map(|_| Vec::with_capacity(shape.steps))
        .collect();
    for (i, row) in powers.chunks_exact_mut(shape.hidden).enumerate() {
        channels[i % shape.channels()].push(row);
    }
    channels
}

/// `W^(T-1-t) column` into the row of time `t`.
fn fill_powers<'a>(
    recurrence: &Recurrence,
    column: &[f32],
    rows: impl DoubleEndedIterator<Item = &'a mut [f32]>,
) {
    let mut previous: Option<&[f32]> = None;
    for row in rows.rev() {
        match previous {
            Some(previous) => recurrence.forward_into(previous, row),
            None => row.copy_from_slice(column),
        }
        previous = Some(row);
    }
}

/// `Σ_m W^m bias` over `steps` powers, by Horner's rule.
fn fill_sum(recurrence: &Recurrence, bias: &[f32], steps: usize, sum: &mut [f32]) {
    sum.copy_from_slice(bias);
    for _ in 1..steps {
        recurrence.transform(sum);
        recurrence.scale(sum);
        add(sum, bias);
    }
}

/// The gradient of the input, `[C, n]`.
pub(super) fn input_grad(signs: &[f32], grad: &[f32], shape: &KernelShape) -> Vec<f32> {
    let recurrence = shape.recurrence(signs);
    let mut input = vec![0.0; shape.columns * shape.hidden];
    let columns = input.par_chunks_exact_mut(shape.hidden).enumerate();
    columns.for_each(|(column, input)| match column < shape.channels() {
        true => powers_grad(&recurrence, grad, shape, column, input, |_, _| {}),
        false => sum_grad(&recurrence, grad, shape, input, |_| {}),
    });
    input
}

/// The gradients of the signs, `[n]`, and of the input, `[C, n]`.
pub(super) fn grads(
    signs: &[f32],
    forward: &Forward,
    grad: &[f32],
    shape: &KernelShape,
) -> (Vec<f32>, Vec<f32>) {
    let recurrence = shape.recurrence(signs);
    let mut input = vec![0.0; shape.columns * shape.hidden];
    let mut partial = vec![0.0; shape.columns * shape.hidden];
    let columns = input.par_chunks_exact_mut(shape.hidden);
    let columns = columns.zip(partial.par_chunks_exact_mut(shape.hidden));
    columns.enumerate().for_each(|(column, (input, partial))| {
        if column < shape.channels() {
            powers_grad(&recurrence, grad, shape, column, input, |t, scaled| {
                add_product(partial, scaled, shape.row(forward.kernel, t, column));
            });
        } else {
            let mut states = BackwardStates::new(&recurrence, forward, shape);
            sum_grad(&recurrence, grad, shape, input, |g| states.step(g, partial));
        }
    });
    // Each term carries one factor γ / sqrt(B) that s ⊙ k does not have.
    let norm = (1.0 / f64::from(block_scale(shape.log2_block) * shape.leak_factor)) as f32;
    let mut signs_grad = sum_rows(&partial, shape.hidden);
    signs_grad.iter_mut().for_each(|x| *x *= norm);
    (signs_grad, input)
}

/// Gradient of one column of `U` into `g`; `visit(t, s / sqrt(B) ⊙ g)` sees the gradient of the row of time `t`.
fn powers_grad(
    recurrence: &Recurrence,
    grad: &[f32],
    shape: &KernelShape,
    channel: usize,
    g: &mut [f32],
    mut visit: impl FnMut(usize, &[f32]),
) {
    let first = shape.steps - shape.powers();
    g.copy_from_slice(shape.row(grad, first, channel));
    for t in first + 1..shape.steps {
        recurrence.scale(g);
        visit(t - 1, g);
        recurrence.transform(g);
        add(g, shape.row(grad, t, channel));
    }
}

/// Gradient of the bias into `sum`; `visit(g)` sees each `g_{m+1}`, last power first.
fn sum_grad(
    recurrence: &Recurrence,
    grad: &[f32],
    shape: &KernelShape,
    sum: &mut [f32],
    mut visit: impl FnMut(&[f32]),
) {
    let mut g = shape.last_row(grad).to_vec();
    sum.copy_from_slice(&g);
    for _ in 1..shape.powers() {
        visit(&g);
        recurrence.scale(&mut g);
        recurrence.transform(&mut g);
        add(sum, &g);
    }
}

/// The states `a_m` of the bias, from the last to the first.
struct BackwardStates<'a> {
    recurrence: &'a Recurrence,
    bias: &'a [f32],
    state: Vec<f32>,
    /// The states before `state`, computed forward; only for a recurrence with a leak.
    earlier: Option<Vec<f32>>,
}

impl<'a> BackwardStates<'a> {
    fn new(recurrence: &'a Recurrence, forward: &Forward<'a>, shape: &KernelShape) -> Self {
        let bias = forward.bias;
        let earlier = (shape.leak_factor < 1.0).then(|| {
            let mut states = bias.to_vec();
            for m in 0..shape.steps.saturating_sub(2) {
                let mut next = vec![0.0; shape.hidden];
                recurrence.forward_add(&states[m * shape.hidden..], bias, &mut next);
                states.extend(next);
            }
            states
        });
        Self {
            recurrence,
            bias,
            state: shape.last_row(forward.kernel).to_vec(),
            earlier,
        }
    }

    /// Computes `a_m` from `a_{m+1}`, and adds `g ⊙ γ s / sqrt(B) ⊙ (a_{m+1} - b)` to `partial`.
    fn step(&mut self, g: &[f32], partial: &mut [f32]) {
        for (state, bias) in self.state.iter_mut().zip(self.bias) {
            *state -= bias;
        }
        self.recurrence.scale(&mut self.state);
        add_product(partial, g, &self.state);
        match &mut self.earlier {
            Some(earlier) => {
                let start = earlier.len().saturating_sub(self.state.len());
                self.state.copy_from_slice(&earlier[start..]);
                earlier.truncate(start);
            }
            None => self.recurrence.transform(&mut self.state),
        }
    }
}
