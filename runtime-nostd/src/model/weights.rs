//! Single weights of a model, and the bounds of what they are multiplied with.

use super::Model;
use crate::bounds::{larger, plus, shifted};
use crate::standardise::Channel;

impl<'a> Model<'a> {
    /// Where a row of U is stored, or `None` where no input drives it.
    #[inline(never)]
    pub(crate) const fn stored_row(&self, row: usize) -> Option<usize> {
        let layer = &self.first.layer;
        let (block, in_block) = (row >> layer.log2_block, row & (layer.block_size() - 1));
        let stored = block.wrapping_mul(layer.driven_rows).wrapping_add(in_block);
        if in_block < layer.driven_rows {
            Some(stored)
        } else {
            None
        }
    }

    /// Standardisation of an input; zero beyond the last one.
    pub const fn channel(&self, index: usize) -> Channel {
        Channel::of_word(word(self.sections.channels, index))
    }

    /// Code of `U[row][column]`, zero in a row that no input drives; for tokens the column is the token.
    pub const fn input_weight(&self, row: usize, column: usize) -> i32 {
        let Some(row) = self.stored_row(row) else {
            return 0;
        };
        let group = row / self.first.width.per_word();
        let groups = self.driven_rows() / self.first.width.per_word();
        let index = match self.tokens() {
            Some(_) => column.wrapping_mul(groups).wrapping_add(group),
            None => group.wrapping_mul(self.input_size()).wrapping_add(column),
        };
        self.first.width.get(word(self.sections.input, index), row)
    }

    /// The words of a token's row of the table; none beyond the vocabulary.
    pub(crate) fn token_row(&self, token: u16) -> Option<&'a [u32]> {
        let length = self.driven_rows() / self.first.width.per_word();
        let start = usize::from(token).wrapping_mul(length);
        self.sections.input.get(start..start.wrapping_add(length))
    }

    /// Bias of a row of the first layer in units of `U x`.
    pub const fn bias(&self, row: usize) -> i32 {
        let stored = word(self.sections.bias, row / 2) >> (16 * (row as u32 % 2));
        (stored & 0xFFFF) as i32 - (1 << 15)
    }

    /// Row sign of the first layer's recurrent matrix, +1 or -1.
    pub fn sign(&self, row: usize) -> i32 {
        self.first.layer.sign(row)
    }

    /// Code of `V[output][unit]`.
    pub const fn readout_weight(&self, output: usize, unit: usize) -> i32 {
        let width = self.readout_width;
        let row = output.wrapping_mul(self.read_size() / width.per_word());
        let index = row.wrapping_add(unit / width.per_word());
        width.get(word(self.sections.readout, index), unit)
    }

    /// Bias of an output in logit units.
    pub const fn readout_bias(&self, output: usize) -> i32 {
        word(self.sections.readout_bias, output) as i32
    }

    /// Largest row of what drives the first layer, over all saturated inputs or all tokens.
    ///
    /// For tokens over all tables of this width: reading a whole table would take seconds on a small core, and a table
    /// that uses its range has a code that large.
    pub(super) const fn largest_layer_input(&self) -> u32 {
        let (mut largest, mut row) = (0, 0);
        while row < self.hidden_size() {
            let bias = self.bias(row).unsigned_abs();
            largest = larger(largest, self.largest_product(row).saturating_add(bias));
            row += 1;
        }
        largest
    }

    /// The same without the bias.
    #[inline(never)]
    const fn largest_product(&self, row: usize) -> u32 {
        match self.tokens() {
            _ if self.stored_row(row).is_none() => 0,
            Some(tokens) => {
                (self.first.width.offset() as u32).wrapping_mul(tokens.multiplier as u32)
            }
            None => {
                let input = (self.header.input_bits as u32).wrapping_sub(1);
                shifted(self.row_magnitude(row), input)
            }
        }
    }

    /// `sum_j |U[row][j]|`.
    const fn row_magnitude(&self, row: usize) -> u32 {
        let (mut sum, mut column) = (0, 0);
        while column < self.input_size() {
            sum = plus(sum, self.input_weight(row, column).unsigned_abs());
            column += 1;
        }
        sum
    }

    /// Largest absolute logit over all states.
    pub(super) const fn largest_logit(&self) -> u32 {
        let bits = self.feature_bits();
        let (mut largest, mut output) = (0, 0);
        while output < self.output_size() {
            let product = shifted(self.output_magnitude(output), bits.wrapping_sub(1));
            let bias = self.readout_bias(output).unsigned_abs();
            largest = larger(largest, product.saturating_add(bias));
            output += 1;
        }
        largest
    }

    /// `sum_i |V[output][i]|`.
    const fn output_magnitude(&self, output: usize) -> u32 {
        let (mut sum, mut unit) = (0, 0);
        while unit < self.read_size() {
            sum = plus(sum, self.readout_weight(output, unit).unsigned_abs());
            unit += 1;
        }
        sum
    }
}

#[inline(always)]
const fn word(section: &[u32], index: usize) -> u32 {
    if index < section.len() {
        section[index]
    } else {
        0
    }
}
