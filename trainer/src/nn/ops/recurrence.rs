//! `W` and its transpose applied to one vector of `n` numbers, and to a run of steps.
//!
//! Functions that are always inlined are compiled for the instruction set that their caller has chosen.

use crate::nn::fwht::{block_scale, fwht, transform};

/// `γ W = γ diag(s) (I ⊗ H) / sqrt(B)`, held as `γ s / sqrt(B)`.
pub(super) struct Recurrence {
    /// `γ s / sqrt(B)`, `[n]`.
    scaled_signs: Vec<f32>,
    log2_block: usize,
    leak_factor: f32,
}

impl Recurrence {
    pub fn new(signs: &[f32], log2_block: usize, leak_factor: f32) -> Self {
        let scale = block_scale(log2_block) * leak_factor;
        Self {
            scaled_signs: signs.iter().map(|sign| sign * scale).collect(),
            log2_block,
            leak_factor,
        }
    }

    /// `n`.
    pub fn hidden(&self) -> usize {
        self.scaled_signs.len()
    }

    /// Whether `γ = 1`, so that steps can be taken back without amplifying rounding errors.
    pub fn is_orthogonal(&self) -> bool {
        self.leak_factor == 1.0
    }

    /// `next = γ W previous`; only the first `n` numbers of `previous` count.
    pub fn forward_into(&self, previous: &[f32], next: &mut [f32]) {
        next.copy_from_slice(&previous[..next.len()]);
        fwht(next, self.log2_block);
        self.scale(next);
    }

    /// `next = γ W previous + layer_input`.
    pub fn forward_add(&self, previous: &[f32], layer_input: &[f32], next: &mut [f32]) {
        next.copy_from_slice(&previous[..next.len()]);
        fwht(next, self.log2_block);
        let terms = self.scaled_signs.iter().zip(layer_input);
        for (x, (sign, layer_input)) in next.iter_mut().zip(terms) {
            *x = *x * sign + layer_input;
        }
    }

    /// `next = γ Wᵀ following`.
    pub fn transposed_into(&self, following: &[f32], next: &mut [f32]) {
        next.copy_from_slice(following);
        self.scale(next);
        fwht(next, self.log2_block);
    }

    /// `row = (I ⊗ H) row`: the second half of `γ Wᵀ row`, the first being [`scale`](Self::scale).
    pub fn transform(&self, grad: &mut [f32]) {
        fwht(grad, self.log2_block);
    }

    /// `row = γ s / sqrt(B) ⊙ row`.
    pub fn scale(&self, row: &mut [f32]) {
        for (x, sign) in row.iter_mut().zip(&self.scaled_signs) {
            *x *= sign;
        }
    }

    /// Drives `[steps, n]` become states, from the state `carry`, which becomes the last one.
    #[inline(always)]
    pub fn advance(&self, carry: &mut [f32], rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(carry.len()) {
            transform(carry, self.log2_block);
            let terms = carry.iter_mut().zip(&self.scaled_signs);
            for (x, (carry, sign)) in row.iter_mut().zip(terms) {
                *x += *carry * sign;
                *carry = *x;
            }
        }
    }

    /// The states `[steps, n]` of `layer_inputs`, from the state `carry` after them, which becomes the one before them.
    ///
    /// Undoes [`advance`](Self::advance) up to rounding; for an orthogonal recurrence only.
    #[inline(always)]
    pub fn rewind(&self, carry: &mut [f32], layer_inputs: &[f32], states: &mut [f32]) {
        debug_assert!(self.is_orthogonal());
        let n = carry.len();
        let steps = states.chunks_exact_mut(n).zip(layer_inputs.chunks_exact(n));
        for (state, layer_input) in steps.rev() {
            let rows = state.iter_mut().zip(carry.iter_mut());
            let terms = layer_input.iter().zip(&self.scaled_signs);
            for ((state, carry), (layer_input, sign)) in rows.zip(terms) {
                *state = *carry;
                *carry = (*carry - layer_input) * sign;
            }
            transform(carry, self.log2_block);
        }
    }

    /// Gradients `[steps, n]` of the loss by the states alone become gradients by the layer inputs.
    ///
    /// `carry` is the gradient that the steps after these send back, and becomes that which these send back. Adds to
    /// `sums` what the other parameters of the layer get of these steps.
    #[inline(always)]
    pub fn backward(&self, carry: &mut [f32], rows: &mut [f32], sums: &mut Sums<'_>) {
        let n = carry.len();
        for row in rows.chunks_exact_mut(n).rev() {
            let terms = carry.iter_mut().zip(sums.bias.iter_mut());
            let row = row.iter_mut().zip(&self.scaled_signs);
            for ((g, sign), (carry, bias)) in row.zip(terms) {
                *g += *carry;
                *bias += *g;
                *carry = *g * sign;
            }
            transform(carry, self.log2_block);
        }
        if let Some(signs) = &mut sums.signs {
            let forward = signs
                .states
                .chunks_exact(n)
                .zip(signs.layer_inputs.chunks_exact(n));
            for (row, (state, layer_input)) in rows.chunks_exact(n).zip(forward) {
                add_turned(signs.sum, row, state, layer_input);
            }
        }
    }
}

/// Sums over steps that a layer's parameters get their gradients from.
pub(super) struct Sums<'a> {
    /// `Σ g_t`, the gradient of the bias, `[n]`.
    pub bias: &'a mut [f32],
    /// Where the signs are trained.
    pub signs: Option<SignSums<'a>>,
}

/// Sum and values from which the gradient of the signs is computed.
pub(super) struct SignSums<'a> {
    /// `Σ g_t ⊙ (h_t - d_t)`, `[n]`: times the signs, their gradient.
    pub sum: &'a mut [f32],
    /// `h_t`, `[steps, n]`.
    pub states: &'a [f32],
    /// `d_t`, `[steps, n]`.
    pub layer_inputs: &'a [f32],
}

/// `sum += g ⊙ (state - layer_input)`.
#[inline(always)]
pub(super) fn add_turned(sum: &mut [f32], g: &[f32], state: &[f32], layer_input: &[f32]) {
    let terms = g.iter().zip(state.iter().zip(layer_input));
    for (sum, (g, (state, layer_input))) in sum.iter_mut().zip(terms) {
        *sum += g * (state - layer_input);
    }
}

/// `sum += a ⊙ b`.
#[inline(always)]
pub(super) fn add_product(sum: &mut [f32], a: &[f32], b: &[f32]) {
    for (sum, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        *sum += a * b;
    }
}

/// `sum += a`.
#[inline(always)]
pub(super) fn add(sum: &mut [f32], a: &[f32]) {
    for (sum, a) in sum.iter_mut().zip(a) {
        *sum += a;
    }
}

/// The sum of the rows of `partial`, `[_, n]`, in order: the same bits on any number of threads.
pub(super) fn sum_rows(partial: &[f32], n: usize) -> Vec<f32> {
    let mut sum = vec![0.0; n];
    partial.chunks_exact(n).for_each(|row| add(&mut sum, row));
    sum
}

/// Steps after which `γ^m` is below `2^-100`: beyond single precision of any sum that matters, and short of denormal
/// numbers, which are slow.
pub(super) fn horizon(leak_factor: f32) -> usize {
    match leak_factor {
        1.0 => usize::MAX,
        _ => (-100.0 / f64::from(leak_factor).log2()).ceil() as usize,
    }
}
