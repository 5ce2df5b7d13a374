//! A dense binary layer in the readout: `z = sat((r M relu(h) + c + half) >> s)`, rectified.
//!
//! It has no state, so it is computed when logits are read: once a window for a readout of the last state.

use crate::binary_matrix;
#[cfg(feature = "encode")]
use crate::bounds::proven;
use crate::format;

/// The layer between what is read and V.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HiddenReadout<'a> {
    pub(crate) units: usize,
    pub(crate) multiplier: i32,
    pub(crate) shift: u32,
    pub(crate) bits: u32,
    /// The binary matrix; see [`Sections`](crate::format::Sections).
    pub(crate) matrix: &'a [u32],
    pub(crate) bias: &'a [u32],
    /// Units that are read.
    pub(crate) read: usize,
}

impl<'a> HiddenReadout<'a> {
    pub(crate) const fn new(
        header: &format::HiddenReadout,
        sections: &format::Sections<'a>,
        read: usize,
    ) -> Self {
        Self {
            units: header.hidden_size as usize,
            multiplier: header.multiplier as i32,
            shift: header.shift as u32,
            bits: header.bits as u32,
            matrix: sections.hidden_matrix,
            bias: sections.hidden_bias,
            read,
        }
    }

    /// Number of units.
    pub const fn units(&self) -> usize {
        self.units
    }

    /// The bound that a model with such a layer must state, or none where a sum could overflow: for exporters.
    ///
    /// `bias` holds the biases as their section does. The layer reads `read` values of `bits` bits.
    #[cfg(feature = "encode")]
    #[must_use]
    pub fn prove(
        header: &format::HiddenReadout,
        bias: &'a [u32],
        read: usize,
        bits: u32,
    ) -> Option<i32> {
        let sections = format::Sections {
            hidden_bias: bias,
            ..format::Sections::EMPTY
        };
        proven(Self::new(header, &sections, read).bound(bits))
    }

    /// Bound on every sum before the right shift, where what is read has `bits` bits: `D_h`.
    pub(crate) const fn bound(&self, bits: u32) -> u32 {
        binary_matrix::product_bound(self.read, bits, self.multiplier, self.bias)
            .saturating_add(self.half() as u32)
    }

    /// Half of what is shifted out.
    const fn half(&self) -> i32 {
        1i32.wrapping_shl(self.shift) >> 1
    }

    /// Computes the rectified units from what is read. Writes as many as `units` has room for.
    pub(crate) fn compute(&self, pairs: impl Iterator<Item = [i32; 2]>, units: &mut [i32]) {
        binary_matrix::dense(self.matrix, pairs, units);
        let limit = 1i32.wrapping_shl(self.bits.wrapping_sub(1)).wrapping_sub(1);
        let (multiplier, half, shift) = (self.multiplier, self.half(), self.shift);
        binary_matrix::with_biases(units, self.bias, |unit, bias| {
            let sum = unit.wrapping_mul(multiplier).wrapping_add(bias);
            let scaled = sum.wrapping_add(half).wrapping_shr(shift);
            scaled.max(0).min(limit)
        });
    }
}
