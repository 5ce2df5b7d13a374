//! The second layer's input projection from the first layer's states: `d' = M r + b'` with `r = relu(h)`.
//!
//! ```text
//! dense:        dr = Mᵀ g,                        dM = Σ g rᵀ
//! structured:   M = diag(a) H diag(c) / sqrt(n),  dr = c ⊙ H (a ⊙ g) / sqrt(n)
//!               da = a ⊙ Σ g ⊙ (d' - b'),         dc = Σ r ⊙ H (a ⊙ g) / sqrt(n)
//! ```

use super::matrix::{matrix, product};
use super::plan::{Mix, Sections};
use crate::nn::fwht::{block_scale, transform};
use crate::nn::ops::recurrence::add_product;
use hadamrnn_runtime::format::BinaryMatrixKind;

/// `d'` of some steps, `[steps, n']`, from `r`, `[steps, n]`.
#[inline(always)]
pub(super) fn layer_input(mix: Mix, weights: &Sections<&[f32]>, relu: &[f32], out: &mut [f32]) {
    match mix.mixing {
        BinaryMatrixKind::Dense => dense(weights, relu, out),
        BinaryMatrixKind::Hadamard => structured(weights, relu, out),
    }
}

/// States, input projections and gradients of some steps, from which the gradients are computed.
pub(super) struct Steps<'a> {
    /// `r`, `[steps, n]`.
    pub relu: &'a [f32],
    /// `d'`, `[steps, n']`.
    pub layer_inputs: &'a [f32],
    /// The gradient of `d'`, `[steps, n']`.
    pub grads: &'a [f32],
}

/// The gradient of `r` into `out`, `[steps, n]`; adds that of `M` to `mixing_grad`, where it is trained.
#[inline(always)]
pub(super) fn gradients(
    mix: Mix,
    weights: &Sections<&[f32]>,
    steps: Steps<'_>,
    mixing_grad: &mut [f32],
    out: &mut [f32],
) {
    let mixing_grad = mix.trained.then_some(mixing_grad);
    match mix.mixing {
        BinaryMatrixKind::Dense => dense_grads(weights, steps, mixing_grad, out),
        BinaryMatrixKind::Hadamard => structured_grads(weights, steps, mixing_grad, out),
    }
}

fn dense(weights: &Sections<&[f32]>, relu: &[f32], out: &mut [f32]) {
    let bias = weights.second_bias;
    for row in out.chunks_exact_mut(bias.len()) {
        row.copy_from_slice(bias);
    }
    let n = weights.mixing.len() / bias.len();
    let mixing = matrix(weights.mixing, n).reversed_axes();
    product(matrix(relu, n), mixing, out, true);
}

fn dense_grads(
    weights: &Sections<&[f32]>,
    steps: Steps<'_>,
    mixing_grad: Option<&mut [f32]>,
    out: &mut [f32],
) {
    let n2 = weights.second_bias.len();
    let n = weights.mixing.len() / n2;
    let grads = matrix(steps.grads, n2);
    product(grads, matrix(weights.mixing, n), out, false);
    if let Some(sum) = mixing_grad {
        product(grads.reversed_axes(), matrix(steps.relu, n), sum, true);
    }
}

#[inline(always)]
fn structured(weights: &Sections<&[f32]>, relu: &[f32], out: &mut [f32]) {
    let n = weights.second_bias.len();
    let (a, c) = weights.mixing.split_at(n);
    let (log2, scale) = log2_and_scale(n);
    for (out, relu) in out.chunks_exact_mut(n).zip(relu.chunks_exact(n)) {
        for (out, (relu, c)) in out.iter_mut().zip(relu.iter().zip(c)) {
            *out = relu * c;
        }
        transform(out, log2);
        for (out, (a, bias)) in out.iter_mut().zip(a.iter().zip(weights.second_bias)) {
            *out = *out * (a * scale) + bias;
        }
    }
}

#[inline(always)]
fn structured_grads(
    weights: &Sections<&[f32]>,
    steps: Steps<'_>,
    mut mixing_grad: Option<&mut [f32]>,
    out: &mut [f32],
) {
    let n = weights.second_bias.len();
    let (a, c) = weights.mixing.split_at(n);
    let (log2, scale) = log2_and_scale(n);
    let forward = steps
        .relu
        .chunks_exact(n)
        .zip(steps.layer_inputs.chunks_exact(n));
    let rows = out.chunks_exact_mut(n).zip(steps.grads.chunks_exact(n));
    for ((out, grad), (relu, layer_input)) in rows.zip(forward) {
        for (out, (grad, a)) in out.iter_mut().zip(grad.iter().zip(a)) {
            *out = grad * (a * scale);
        }
        transform(out, log2);
        if let Some(sum) = &mut mixing_grad {
            let (a_grad, c_grad) = sum.split_at_mut(n);
            let mixed = layer_input.iter().zip(weights.second_bias);
            for ((sum, a), (grad, (layer_input, bias))) in
                a_grad.iter_mut().zip(a).zip(grad.iter().zip(mixed))
            {
                *sum += a * grad * (layer_input - bias);
            }
            add_product(c_grad, relu, out);
        }
        for (out, c) in out.iter_mut().zip(c) {
            *out *= c;
        }
    }
}

fn log2_and_scale(n: usize) -> (usize, f32) {
    let log2 = n.ilog2() as usize;
    (log2, block_scale(log2))
}
