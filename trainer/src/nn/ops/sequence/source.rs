//! The layer input of the first layer, and the gradient of what it is made of.

use super::matrix::{matrix, product};
use super::plan::{Sections, SequencePlan, Source};
use crate::nn::ops::recurrence::add;
use std::ops::Range;

/// Columns of `U` up to which plain loops beat a matrix product.
const FEW: usize = 4;

impl SequencePlan {
    /// `d_t` of the steps `range` of `sequence`, `[steps, n]`; `x` is `[batch, T, d_in]`, or empty for tokens.
    #[inline(always)]
    pub(super) fn layer_input(
        &self,
        sequence: usize,
        range: Range<usize>,
        x: &[f32],
        weights: &Sections<&[f32]>,
        out: &mut [f32],
    ) {
        let n = self.first.hidden;
        for row in out.chunks_exact_mut(n) {
            row.copy_from_slice(weights.bias);
        }
        match &self.source {
            Source::Tokens { ids, .. } => {
                let ids = &ids[self.span(sequence, range, 1)];
                for (row, &id) in out.chunks_exact_mut(n).zip(ids) {
                    if id != 0 {
                        add(row, &weights.rows[id as usize * n..][..n]);
                    }
                }
            }
            &Source::Numbers { columns } => {
                let x = &x[self.span(sequence, range, columns)];
                if columns > FEW {
                    return product(matrix(x, columns), matrix(weights.rows, n), out, true);
                }
                for (row, x) in out.chunks_exact_mut(n).zip(x.chunks_exact(columns)) {
                    for (&x, column) in x.iter().zip(weights.rows.chunks_exact(n)) {
                        add_scaled(row, x, column);
                    }
                }
            }
        }
    }

    /// Adds to `rows` what the gradients `[steps, n]` of the layer inputs of the steps `range` of `sequence` give them.
    #[inline(always)]
    pub(super) fn drive_grad(
        &self,
        sequence: usize,
        range: Range<usize>,
        x: &[f32],
        grads: &[f32],
        rows: &mut [f32],
    ) {
        let n = self.first.hidden;
        match &self.source {
            Source::Tokens { ids, .. } => {
                let ids = &ids[self.span(sequence, range, 1)];
                for (grad, &id) in grads.chunks_exact(n).zip(ids) {
                    if id != 0 {
                        add(&mut rows[id as usize * n..][..n], grad);
                    }
                }
            }
            &Source::Numbers { columns } => {
                let x = &x[self.span(sequence, range, columns)];
                if columns > FEW {
                    let transposed = matrix(x, columns).reversed_axes();
                    return product(transposed, matrix(grads, n), rows, true);
                }
                for (grad, x) in grads.chunks_exact(n).zip(x.chunks_exact(columns)) {
                    for (&x, row) in x.iter().zip(rows.chunks_exact_mut(n)) {
                        add_scaled(row, x, grad);
                    }
                }
            }
        }
    }

    /// Where the steps `range` of `sequence` lie in `[batch, T, width]`.
    pub(super) fn span(&self, sequence: usize, range: Range<usize>, width: usize) -> Range<usize> {
        let first = sequence * self.steps;
        (first + range.start) * width..(first + range.end) * width
    }
}

/// `sum += factor a`.
#[inline(always)]
fn add_scaled(sum: &mut [f32], factor: f32, a: &[f32]) {
    for (sum, a) in sum.iter_mut().zip(a) {
        *sum += factor * a;
    }
}
