//! `W` and its transpose applied to one vector of `n` numbers.

use crate::nn::fwht::{block_scale, fwht};

/// `W = diag(s) (I ⊗ H) / sqrt(B)`, held as `s / sqrt(B)`.
pub(super) struct Recurrence {
    /// `s / sqrt(B)`, `[n]`.
    scaled_signs: Vec<f32>,
    log2_block: usize,
}

impl Recurrence {
    pub fn new(signs: &[f32], log2_block: usize) -> Self {
        let scale = block_scale(log2_block);
        Self {
            scaled_signs: signs.iter().map(|sign| sign * scale).collect(),
            log2_block,
        }
    }

    /// `next = W previous`.
    pub fn forward_into(&self, previous: &[f32], next: &mut [f32]) {
        next.copy_from_slice(previous);
        fwht(next, self.log2_block);
        self.scale(next);
    }

    /// `next = W previous + drive`.
    pub fn forward_add(&self, previous: &[f32], drive: &[f32], next: &mut [f32]) {
        next.copy_from_slice(previous);
        fwht(next, self.log2_block);
        let terms = self.scaled_signs.iter().zip(drive);
        for (x, (sign, drive)) in next.iter_mut().zip(terms) {
            *x = *x * sign + drive;
        }
    }

    /// `next = Wᵀ following`.
    pub fn transposed_into(&self, following: &[f32], next: &mut [f32]) {
        next.copy_from_slice(following);
        self.scale(next);
        fwht(next, self.log2_block);
    }

    /// `row = (I ⊗ H) row`: the second half of `Wᵀ row`, the first being [`scale`](Self::scale).
    pub fn transform(&self, grad: &mut [f32]) {
        fwht(grad, self.log2_block);
    }

    /// `row = s / sqrt(B) ⊙ row`.
    pub fn scale(&self, row: &mut [f32]) {
        for (x, sign) in row.iter_mut().zip(&self.scaled_signs) {
            *x *= sign;
        }
    }
}

/// `sum += a ⊙ b`.
pub(super) fn add_product(sum: &mut [f32], a: &[f32], b: &[f32]) {
    for (sum, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        *sum += a * b;
    }
}

/// `sum += a`.
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
