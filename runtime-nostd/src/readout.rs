//! The readout: computes logits from states.

use core::marker::PhantomData;

use crate::codegen::keep_rolled;
use crate::fields::FieldWidth;
use crate::hidden_readout::HiddenReadout;
use crate::kernel::HiddenState;
use crate::model::Model;
use crate::pool;
use crate::room::{Array, Room};
use crate::source::{Loaded, Source};

/// The integer logits of a session, one an output; multiply by the header's `logit_scale` for the float model's.
///
/// `y_o = b_o + sum_i V[o][i] * max(h_i, 0)`, exact in 32 bits, where `h` is the state of the top layer, or its scaled
/// sum over time for a pooled readout, or a hidden layer's output for either.
pub struct Logits<'a, R: Room, S: Source = Loaded> {
    state: &'a R::State,
    second: Option<&'a R::Second>,
    /// The sums and their shift.
    pool: Option<(&'a R::Pool, u32)>,
    /// Output of the hidden readout layer.
    hidden: Option<R::Read>,
    width: FieldWidth,
    words_per_row: usize,
    /// Rows of V still to come.
    rows: &'a [u32],
    bias: core::slice::Iter<'a, u32>,
    source: PhantomData<fn() -> S>,
}

impl<'a, R: Room, S: Source> Logits<'a, R, S> {
    /// Whether there is room for a hidden readout layer. What is behind a false constant is not compiled.
    const HIDDEN: bool = R::CAPACITIES.read > 0;
    const POOL: bool = R::CAPACITIES.pool > 0;
    const SECOND: bool = R::CAPACITIES.second > 0;

    /// The logits of the states of both layers and of the sums of a pooled readout, of which the model says what is read.
    #[inline(always)]
    pub(crate) fn new(
        model: &'a Model<'a>,
        state: &'a R::State,
        second: Option<&'a R::Second>,
        pool: Option<(&'a R::Pool, u32)>,
    ) -> Self {
        let mut logits = Self {
            state,
            second,
            pool,
            hidden: None,
            width: model.readout_width,
            words_per_row: model.read_size() / model.readout_width.per_word(),
            rows: model.sections.readout,
            bias: model.sections.readout_bias.iter(),
            source: PhantomData,
        };
        if Self::HIDDEN
            && let Some(hidden) = model.hidden_readout()
        {
            logits.compute_hidden(hidden);
        }
        logits
    }

    /// Computes the output of the hidden readout layer, in place. Branches for what the session has no room for are not
    /// compiled.
    fn compute_hidden(&mut self, hidden: &HiddenReadout<'_>) {
        let units = self.hidden.insert(R::Read::ZERO);
        // Cannot fail: `Session::new` has checked the capacity.
        let Some(units) = units.as_mut().get_mut(..hidden.units) else {
            return;
        };
        match (self.pool, self.second) {
            (Some((sums, shift)), _) if Self::POOL => {
                hidden.compute(pool::scaled(sums.as_ref(), shift), units);
            }
            (_, Some(second)) if Self::SECOND => hidden.compute(second.pairs(), units),
            _ => hidden.compute(self.state.pairs(), units),
        }
    }

    /// Product of a row of V and the vector that V reads.
    ///
    /// Not inlined: what the compiler makes of its loop else depends on who calls it, by a factor of up to 1.2.
    #[inline(never)]
    fn times_row(&self, row: &[u32]) -> i32 {
        // A constant where the model is one.
        let width = S::KNOWN.map_or(self.width, |model| model.readout_width);
        if Self::HIDDEN
            && let Some(units) = &self.hidden
        {
            return dot(width, row, units.as_ref().as_chunks().0.iter().copied());
        }
        match (self.pool, self.second) {
            (Some((sums, shift)), _) if Self::POOL => {
                dot(width, row, pool::scaled(sums.as_ref(), shift))
            }
            (_, Some(second)) if Self::SECOND => dot(width, row, second.pairs()),
            _ => dot(width, row, self.state.pairs()),
        }
    }
}

impl<R: Room, S: Source> Iterator for Logits<'_, R, S> {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        let bias = *self.bias.next()? as i32;
        let (row, rest) = self.rows.split_at_checked(self.words_per_row)?;
        self.rows = rest;
        Some(bias.wrapping_add(self.times_row(row)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.bias.size_hint()
    }
}

#[inline(always)]
fn dot(width: FieldWidth, row: &[u32], pairs: impl Iterator<Item = [i32; 2]>) -> i32 {
    match width {
        FieldWidth::Two => dot_codes::<2>(row, pairs),
        FieldWidth::Four => dot_codes::<4>(row, pairs),
        FieldWidth::Eight => dot_codes::<8>(row, pairs),
    }
}

/// Codes times rectified states.
#[inline(always)]
fn dot_codes<const WIDTH: u32>(row: &[u32], mut pairs: impl Iterator<Item = [i32; 2]>) -> i32 {
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

impl<R: Room, S: Source> ExactSizeIterator for Logits<'_, R, S> {}

/// The class of a row of logits: for one logit whether it is positive, else the index of the first largest; 0 for none.
pub fn class_of(mut logits: impl ExactSizeIterator<Item = i32>) -> usize {
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
