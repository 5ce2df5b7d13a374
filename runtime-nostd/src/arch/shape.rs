//! The shape of model that the assembly backends run, and what they need of it.

use crate::fields::FieldWidth;
use crate::layer::Layer;
use crate::model::Model;

/// The gain shift of the common shape.
pub(crate) const GAIN_SHIFT: u32 = 15;

impl Model<'_> {
    /// Whether the assembly of [`FwhtPacked`](crate::kernel::FwhtPacked) runs this model. If not, portable code does, where
    /// the feature `any-shape` is on; the answers are the same.
    ///
    /// The shape: 4-bit `U`, or a table of tokens; blocks of 32 or more; 10 to 12 state bits, and no more than 19 with
    /// `log2(block)`; a gain shift of 15, which the exporter takes unless 32 bits are too few; drives that leave room for the
    /// rounding constant in a 16-bit lane; sums below 2^30, so that a row, shifted, fits such a lane.
    ///
    /// A second layer is run by portable code, but for Cortex-M4 and its like: there by assembly if its shape allows.
    pub const fn has_common_shape(&self) -> bool {
        self.layer().common_shape && self.second().is_none()
    }

    /// Whether the first layer has the shape.
    pub(crate) fn first_layer_has_common_shape(&self) -> bool {
        let layer = self.layer();
        let shift = layer.drive_shift;
        if shift >= GAIN_SHIFT {
            return false;
        }
        let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(shift));
        let drive = layer.drive_bound.saturating_add(rounding);
        let bits = layer.state_bits.wrapping_add(layer.log2_block);
        self.input_width == FieldWidth::Four
            && layer.recurrence_has_common_shape()
            && drive <= i32::from(i16::MAX)
            // Below 2^15 * 2^14 and 2^11 * 2^15 * 2^(q/2): neither wraps.
            && (drive as u32).wrapping_shl(shift).wrapping_add(
                (layer.gain.max() as u32).wrapping_shl(bits.wrapping_sub(1)),
            ) < 1 << 30
    }
}

impl Layer<'_> {
    /// Whether the recurrence alone has the shape.
    pub(crate) fn recurrence_has_common_shape(&self) -> bool {
        self.gain_shift == GAIN_SHIFT
            && self.log2_block >= 5
            && matches!(self.state_bits, 10..=12)
            && self.state_bits.wrapping_add(self.log2_block) <= 19
    }
}

/// Whether second layers of the shape are run by assembly too.
pub(crate) const RUNS_SECOND_LAYERS: bool = cfg!(hadamrnn_arch = "armv7em");

#[cfg(not(any(hadamrnn_arch = "portable", hadamrnn_arch = "riscv32")))]
pub(super) use assembly::Blocks;
#[cfg(not(hadamrnn_arch = "portable"))]
#[cfg(hadamrnn_arch = "armv7em")]
pub(super) use assembly::Ready;
#[cfg(not(hadamrnn_arch = "portable"))]
pub(super) use assembly::Shaped;

#[cfg(not(hadamrnn_arch = "portable"))]
mod assembly {
    use super::GAIN_SHIFT;
    use crate::layer::Layer;
    use crate::source::Source;
    use crate::step::Step;

    /// The state of a layer as whole blocks, with what their rows need in every case.
    ///
    /// Only [`new`](Self::new) makes one, and its fields are private, so that `unsafe` code need not trust what made the model.
    /// The same holds for the types below.
    pub struct Blocks<'a> {
        layer: &'a Layer<'a>,
        h: &'a mut [u32],
    }

    impl<'a> Blocks<'a> {
        /// `None` if the state is not made of blocks of 32 rows or more, or there are not enough signs.
        #[inline(always)]
        fn new(h: &'a mut [u32], layer: &'a Layer<'a>) -> Option<Self> {
            let (words, block) = (h.len(), block_words(layer));
            let fits = layer.common_shape
                && block >= 16
                && words >= block
                && words & block.wrapping_sub(1) == 0
                && layer.signs.len().wrapping_mul(16) >= words;
            fits.then_some(Self { layer, h })
        }

        /// The layer. Its shape is the common one.
        pub const fn layer(&self) -> &'a Layer<'a> {
            self.layer
        }

        /// The state, four words a group of eight rows: one or more whole blocks.
        #[inline(always)]
        pub const fn h(&mut self) -> &mut [u32] {
            self.h
        }

        /// Words of a block: a power of two from 16 on.
        pub const fn block(&self) -> usize {
            block_words(self.layer)
        }

        /// Signs, a byte for each group.
        pub const fn signs(&self) -> &'a [u32] {
            self.layer.signs
        }
    }

    const fn block_words(layer: &Layer<'_>) -> usize {
        1usize.wrapping_shl(layer.log2_block.wrapping_sub(1))
    }

    /// A step of a model of the common shape, driven by numbers or a token.
    pub struct Shaped<'a> {
        pub blocks: Blocks<'a>,
        gain: i32,
        bias: &'a [u32],
        u: &'a [u32],
        x: &'a [i32],
        correction: i32,
    }

    impl<'a> Shaped<'a> {
        /// `None` if the model has another shape, or its sections do not fit the state.
        #[inline(always)]
        pub fn new(h: &'a mut [u32], step: &Step<'a>) -> Option<Self> {
            let (layer, Source::Product(drive)) = (step.layer, step.source) else {
                return None;
            };
            let (u, x, bias) = (drive.columns, drive.x, drive.model.sections.bias);
            let (words, driven) = (h.len(), layer.driven_rows / 8);
            let blocks = words.wrapping_shr(layer.log2_block.wrapping_sub(1));
            let fits = !x.is_empty()
                && bias.len() == words
                // Some groups of each block, or all.
                && driven.wrapping_sub(1) < block_words(layer) / 4
                && u.len() == blocks.wrapping_mul(driven).wrapping_mul(x.len());
            if !fits {
                return None;
            }
            Some(Self {
                blocks: Blocks::new(h, layer)?,
                gain: step.gain,
                bias,
                u,
                x,
                correction: drive.correction,
            })
        }

        /// Gain of this step.
        pub const fn gain(&self) -> i32 {
            self.gain
        }

        /// Words of states in the driven groups of a block, the first ones; from four to all.
        pub const fn driven(&self) -> usize {
            self.blocks.layer.driven_rows / 8 * 4
        }

        /// Words of `U`: one for each input, for each driven group.
        pub const fn u(&self) -> &'a [u32] {
            self.u
        }

        /// One or more inputs.
        pub const fn x(&self) -> &'a [i32] {
            self.x
        }

        /// Biases of two rows a word, four words a group.
        pub const fn bias(&self) -> &'a [u32] {
            self.bias
        }

        /// What is missing in one lane of a driven group and of another one: the rounding constant `2^(g-1)`, here before the
        /// shift by `k`, and what a sum of unsigned fields lacks. Stored biases have 32768 too much.
        pub const fn offsets(&self) -> [i32; 2] {
            let shift = self.blocks.layer.drive_shift;
            let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(shift));
            [rounding.wrapping_add(self.correction), rounding]
        }
    }

    /// A step of a second layer, whose drive is computed already.
    #[cfg(hadamrnn_arch = "armv7em")]
    pub struct Ready<'a> {
        pub blocks: Blocks<'a>,
        gain: i32,
        rows: &'a [i32],
    }

    #[cfg(hadamrnn_arch = "armv7em")]
    impl<'a> Ready<'a> {
        /// `None` if the layer has another shape, or what drives it does not fit the state.
        #[inline(always)]
        pub fn new(h: &'a mut [u32], step: &Step<'a>) -> Option<Self> {
            let Source::Ready(rows) = step.source else {
                return None;
            };
            if rows.len() != h.len().wrapping_mul(2) {
                return None;
            }
            Some(Self {
                blocks: Blocks::new(h, step.layer)?,
                gain: step.gain,
                rows,
            })
        }

        /// Gain of this step.
        pub const fn gain(&self) -> i32 {
            self.gain
        }

        /// What drives the rows, one word for each.
        pub const fn rows(&self) -> &'a [i32] {
            self.rows
        }
    }
}
