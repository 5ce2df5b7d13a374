//! The shape of model that the assembly backends run, and what they need of it.

use crate::fields::FieldWidth;
use crate::model::Model;

/// The gain shift of the common shape.
pub(crate) const GAIN_SHIFT: u32 = 15;

impl Model<'_> {
    /// Whether the assembly of [`FwhtPacked`](crate::kernel::FwhtPacked) runs this model. If not, portable code does, where
    /// the feature `any-shape` is on; the answers are the same.
    ///
    /// The shape: 4-bit `U`, whose rows are all driven; two or more inputs; blocks of 32 or more; 10 to 12 state bits, and no more than 19 with
    /// `log2(block)`; a gain shift of 15, which the exporter takes unless 32 bits are too few; drives that leave room for the
    /// rounding constant in a 16-bit lane; sums below 2^30, so that a row, shifted, fits such a lane.
    ///
    /// A second layer is always run by portable code.
    pub const fn has_common_shape(&self) -> bool {
        self.layer().common_shape && self.second().is_none()
    }

    /// Whether the first layer has the shape.
    pub(crate) fn first_layer_has_common_shape(&self) -> bool {
        let layer = self.layer();
        let shift = layer.drive_shift;
        if shift >= GAIN_SHIFT || layer.gain_shift != GAIN_SHIFT {
            return false;
        }
        let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(shift));
        let drive = layer.drive_bound.saturating_add(rounding);
        let bits = layer.state_bits.wrapping_add(layer.log2_block);
        self.input_width == FieldWidth::Four
            && self.input_size() >= 2
            && self.driven_rows() == layer.hidden_size
            && layer.log2_block >= 5
            && matches!(layer.state_bits, 10..=12)
            && bits <= 19
            && drive <= i32::from(i16::MAX)
            // Below 2^15 * 2^14 and 2^11 * 2^15 * 2^(q/2): neither wraps.
            && (drive as u32).wrapping_shl(shift).wrapping_add(
                (layer.gain.max() as u32).wrapping_shl(bits.wrapping_sub(1)),
            ) < 1 << 30
    }
}

#[cfg(not(hadamrnn_arch = "portable"))]
pub(super) use assembly::CommonShape;
#[cfg(not(any(hadamrnn_arch = "portable", hadamrnn_arch = "riscv32")))]
pub(super) use assembly::packed_stages;

#[cfg(not(hadamrnn_arch = "portable"))]
mod assembly {
    use super::GAIN_SHIFT;
    use crate::source::Source;
    use crate::step::Step;

    /// A step of a model of the common shape.
    ///
    /// The rounding constant `2^(g-1)` is added to the drive as `2^(g-1-k)`, before its shift by `k`.
    pub struct CommonShape<'a> {
        /// `U`: `x.len()` words for each group of eight rows.
        pub u: &'a [u32],
        /// Biases of two rows a word, four words for each group.
        pub bias: &'a [u32],
        /// Signs: a byte for each group, in words.
        pub signs: &'a [u32],
        /// Two or more standardised inputs.
        pub x: &'a [i32],
        /// Groups of eight rows; at least one.
        #[cfg_attr(hadamrnn_arch = "riscv32", expect(dead_code, reason = "for assembly"))]
        pub groups: usize,
        /// What a sum of unsigned fields lacks, in one lane: `2^(g-1-k) - 8 sum(x)`. Stored biases have 32768 too much.
        pub offset: i32,
        /// `k`, below `GAIN_SHIFT`.
        pub drive_shift: u32,
    }

    impl<'a> CommonShape<'a> {
        /// `None` if the model has another shape, or its state does not have `words` words.
        ///
        /// All lengths are compared here, so that `unsafe` code need not trust what made the model.
        #[inline(always)]
        pub fn of(words: usize, step: &Step<'a>) -> Option<Self> {
            let (layer, Source::Product(drive)) = (step.layer, step.source) else {
                return None;
            };
            let x = drive.x;
            let groups = words / 4;
            let fits = layer.common_shape
                && words.is_multiple_of(4)
                && groups > 0
                && x.len() >= 2
                && drive.columns.len() == groups.wrapping_mul(x.len())
                && drive.bias.len() == words
                && layer.signs.len().wrapping_mul(4) >= groups;
            if !fits {
                return None;
            }
            let drive_shift = layer.drive_shift;
            let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(drive_shift));
            Some(Self {
                u: drive.columns,
                bias: drive.bias,
                signs: layer.signs,
                x,
                groups,
                offset: rounding.wrapping_add(drive.correction),
                drive_shift,
            })
        }
    }

    /// Butterfly stages with strides from `block / 4` words down to four: two stages at a time with `four`, which takes a block
    /// of words and a quarter of its length, and one with `two`, which takes half the length, if their number is odd.
    #[cfg(not(hadamrnn_arch = "riscv32"))]
    #[inline(always)]
    pub fn packed_stages(
        h: &mut [u32],
        block: usize,
        two: impl Fn(&mut [u32], usize),
        four: impl Fn(&mut [u32], usize),
    ) {
        let mut stride = block / 4;
        if stride >= 4 && (stride / 4).trailing_zeros().is_multiple_of(2) {
            two(h, stride);
            stride /= 2;
        }
        while stride > 4 {
            four(h, stride / 2);
            stride /= 4;
        }
    }
}
