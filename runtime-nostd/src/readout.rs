//! From states to logits.

use crate::kernel::HiddenState;
use crate::model::Model;

/// The integer logits of a state, one an output; multiply by the header's `logit_scale` for the float model's.
///
/// `y_o = b_o + sum_i V[o][i] * max(h_i, 0)`, exact in 32 bits.
pub struct Logits<'a, S> {
    model: &'a Model<'a>,
    state: &'a S,
    output: usize,
}

impl<'a, S: HiddenState> Logits<'a, S> {
    pub(crate) fn new(model: &'a Model<'a>, state: &'a S) -> Self {
        Self {
            model,
            state,
            output: 0,
        }
    }
}

impl<S: HiddenState> Iterator for Logits<'_, S> {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        if self.output >= self.model.output_size() {
            return None;
        }
        let bias = self.model.readout_bias(self.output);
        let logit = (0..self.model.hidden_size()).fold(bias, |sum, unit| {
            let rectified = i32::from(self.state.get(unit)).max(0);
            let weight = self.model.readout_weight(self.output, unit);
            sum.wrapping_add(weight.wrapping_mul(rectified))
        });
        self.output = self.output.wrapping_add(1);
        Some(logit)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.model.output_size().saturating_sub(self.output);
        (left, Some(left))
    }
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
