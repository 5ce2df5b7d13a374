//! The proof that no input and no state overflows 32 bits; see `docs/ARITHMETIC.md`.

use super::Model;
use crate::error::ModelError;
use crate::format::Readout;

/// Largest magnitudes over all inputs and all states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Of a row of `U x + b`, or of `r_z Z + b`.
    pub drive: i32,
    /// Of the first layer's sum before its right shift.
    pub step: i32,
    /// Of the second layer's sum before its right shift; 0 without one.
    pub second_step: i32,
    /// Of a logit.
    pub logit: i32,
}

impl Model<'_> {
    /// Bounds every accumulator.
    pub(super) fn prove_no_overflow(&mut self) -> Result<(), ModelError> {
        let drive = self.largest_drive();
        self.layer.lanes_hold_drive = drive <= i64::from(i16::MAX);
        let driven = drive.saturating_mul(1i64 << self.layer.drive_shift);
        let second = self.second.as_ref().map(|second| {
            let drive = second.drive_bound(self.layer.hidden_size, self.layer.state_bits);
            second.layer.step_bound(drive)
        });
        let fits = |bound: i64| i32::try_from(bound).map_err(|_| ModelError::Overflow);
        self.bounds = Bounds {
            drive: fits(drive)?,
            step: fits(self.layer.step_bound(driven))?,
            second_step: fits(second.unwrap_or(0))?,
            logit: fits(self.largest_logit())?,
        };
        Ok(())
    }

    /// Largest row of what drives the first layer, over all saturated inputs or all tokens.
    ///
    /// For tokens over all tables of this width: reading a whole table would take seconds on a small core, and a table
    /// that uses its range has a code that large.
    fn largest_drive(&self) -> i64 {
        let input = 1i64 << u32::from(self.header.input_bits).saturating_sub(1);
        let row = |row: usize| match self.header.extension.tokens {
            Some(tokens) => {
                i64::from(self.input_width.offset()).saturating_mul(tokens.multiplier.into())
            }
            None => (0..self.input_size())
                .map(|column| i64::from(self.input_weight(row, column)).abs())
                .sum::<i64>()
                .saturating_mul(input),
        };
        (0..self.hidden_size())
            .map(|unit| row(unit).saturating_add(i64::from(self.bias(unit)).abs()))
            .max()
            .unwrap_or(0)
    }

    /// Largest absolute logit over all states.
    fn largest_logit(&self) -> i64 {
        let bits = match self.readout() {
            Readout::Pooled { .. } => 16,
            _ => self.top().state_bits,
        };
        let unit = 1i64 << bits.saturating_sub(1);
        (0..self.output_size())
            .map(|output| {
                let weights: i64 = (0..self.top().hidden_size)
                    .map(|unit| i64::from(self.readout_weight(output, unit)).abs())
                    .sum();
                weights
                    .saturating_mul(unit)
                    .saturating_add(i64::from(self.readout_bias(output)).abs())
            })
            .max()
            .unwrap_or(0)
    }
}
