//! From states to logits.

use crate::fields::FieldWidth;
use crate::kernel::{HiddenState, keep_rolled};
use crate::model::Model;

/// The integer logits of a state, one an output; multiply by the header's `logit_scale` for the float model's.
///
/// `y_o = b_o + sum_i V[o][i] * max(h_i, 0)`, exact in 32 bits.
pub struct Logits<'a, S> {
    state: &'a S,
    width: FieldWidth,
    words_per_row: usize,
    /// What is still to come.
    rows: &'a [u32],
    bias: core::slice::Iter<'a, u32>,
}

impl<'a, S: HiddenState> Logits<'a, S> {
    pub(crate) fn new(model: &'a Model<'a>, state: &'a S) -> Self {
        let width = model.readout_width;
        Self {
            state,
            width,
            words_per_row: model.hidden_size() / width.per_word(),
            rows: model.sections.readout,
            bias: model.sections.readout_bias.iter(),
        }
    }
}

impl<S: HiddenState> Iterator for Logits<'_, S> {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        let bias = *self.bias.next()? as i32;
        let (row, rest) = self.rows.split_at_checked(self.words_per_row)?;
        self.rows = rest;
        Some(bias.wrapping_add(match self.width {
            FieldWidth::Two => dot::<2>(row, self.state.pairs()),
            FieldWidth::Four => dot::<4>(row, self.state.pairs()),
            FieldWidth::Eight => dot::<8>(row, self.state.pairs()),
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.bias.size_hint()
    }
}

/// Codes times rectified states.
#[inline(always)]
fn dot<const WIDTH: u32>(row: &[u32], mut pairs: impl Iterator<Item = [i32; 2]>) -> i32 {
    // With its top bit flipped, an unsigned field is a two's-complement code.
    let flip = (u32::MAX / ((1 << WIDTH) - 1)) << (WIDTH - 1);
    let mut sum = 0i32;
    for word in row {
        keep_rolled();
        let word = word ^ flip;
        for (k, [even, odd]) in (0..16 / WIDTH).zip(&mut pairs) {
            let code = |end: u32| (word << (32 - end)) as i32 >> (32 - WIDTH);
            let low = code(WIDTH * (k + 1)).wrapping_mul(even.max(0));
            let high = code(WIDTH * (k + 1) + 16).wrapping_mul(odd.max(0));
            sum = sum.wrapping_add(low).wrapping_add(high);
        }
    }
    sum
}

impl<S: HiddenState> ExactSizeIterator for Logits<'_, S> {}

/// The class of a row of logits: for one logit whether it is positive, else the index of the first largest.
pub(crate) fn class(mut logits: impl ExactSizeIterator<Item = i32>) -> usize {
    if logits.len() == 1 {
        return usize::from(logits.next().is_some_and(|logit| logit > 0));
    }
    let mut best = (0, i32::MIN);
    for (class, logit) in logits.enumerate() {
        if class == 0 || logit > best.1 {
            best = (class, logit);
        }
    }
    best.0
}
