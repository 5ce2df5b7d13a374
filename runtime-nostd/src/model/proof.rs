//! The proof that no input and no state overflows 32 bits; see `docs/ARITHMETIC.md`.

use super::Model;
use crate::arch;
use crate::bounds::{Bounds, shifted};
use crate::codegen::keep_rolled;
use crate::format::{Addition, ModelError};

/// Largest magnitudes saturate at 2^32 - 1, which no accumulator has room for.
impl Model<'_> {
    /// Bounds every accumulator.
    pub(super) fn prove_no_overflow(&mut self) -> Result<(), ModelError> {
        let drive = self.largest_drive();
        let driven = shifted(drive, self.first.layer.drive_shift);
        let second = match &self.second {
            Some(second) => {
                let drive =
                    second.drive_bound(self.first.layer.hidden_size, self.first.layer.state_bits);
                second.layer.step_bound(drive)
            }
            None => 0,
        };
        let hidden = (self.hidden_readout()).map_or(0, |hidden| hidden.bound(self.read_bits()));
        let all = [
            drive,
            self.first.layer.step_bound(driven),
            second,
            hidden,
            self.largest_logit(),
        ];
        if all.iter().any(|&bound| bound > i32::MAX as u32) {
            return Err(ModelError::Overflow);
        }
        let [drive, step, second_step, hidden, logit] = all.map(|bound| bound as i32);
        self.first.layer.drive_bound = drive;
        self.first.layer.lanes_hold_drive = drive <= i32::from(i16::MAX);
        self.first.layer.common_shape =
            arch::first_layer_has_common_shape(&self.first.layer, self.first.width);
        if let Some(second) = &mut self.second {
            let layer = &mut second.layer;
            layer.common_shape =
                arch::RUNS_SECOND_LAYERS && arch::recurrence_has_common_shape(layer);
        }
        self.bounds = Bounds {
            drive,
            step,
            second_step,
            hidden,
            logit,
        };
        Ok(())
    }

    /// Whether the file states the bounds that have been proven, if it states any.
    pub(super) fn check_stated_bounds(&self) -> Result<(), ModelError> {
        let stated = self.header.addition;
        if stated != Addition::default() && stated.bounds != self.bounds {
            return Err(ModelError::Bounds);
        }
        Ok(())
    }

    /// Largest row of what drives the first layer, over all saturated inputs or all tokens.
    ///
    /// For tokens over all tables of this width: reading a whole table would take seconds on a small core, and a table
    /// that uses its range has a code that large.
    fn largest_drive(&self) -> u32 {
        let mut largest = 0;
        for row in 0..self.hidden_size() {
            keep_rolled();
            let product = self.largest_product(row);
            largest = product
                .saturating_add(self.bias(row).unsigned_abs())
                .max(largest);
        }
        largest
    }

    /// Largest magnitude of a row of the input projection, without the bias.
    #[inline(never)]
    fn largest_product(&self, row: usize) -> u32 {
        match self.tokens() {
            _ if self.stored_row(row).is_none() => 0,
            Some(tokens) => {
                (self.first.width.offset() as u32).wrapping_mul(tokens.multiplier.into())
            }
            None => {
                let input = u32::from(self.header.input_bits).wrapping_sub(1);
                shifted(self.row_magnitude(row), input)
            }
        }
    }

    /// `sum_j |U[row][j]|`.
    fn row_magnitude(&self, row: usize) -> u32 {
        (0..self.input_size()).fold(0, |sum: u32, column| {
            keep_rolled();
            sum.wrapping_add(self.input_weight(row, column).unsigned_abs())
        })
    }

    /// Largest absolute logit over all states.
    fn largest_logit(&self) -> u32 {
        let bits = (self.hidden_readout()).map_or(self.read_bits(), |hidden| hidden.bits);
        let mut largest = 0;
        for output in 0..self.output_size() {
            keep_rolled();
            let weights = (0..self.read_size()).fold(0, |sum: u32, unit| {
                keep_rolled();
                sum.wrapping_add(self.readout_weight(output, unit).unsigned_abs())
            });
            largest = shifted(weights, bits.wrapping_sub(1))
                .saturating_add(self.readout_bias(output).unsigned_abs())
                .max(largest);
        }
        largest
    }
}
