//! Constants of a step that follow from the sizes of a model. They are computed when the model is read, and say where
//! the assembly finds its code.

use crate::arch::plan::Geometry;

/// Pairs of columns in a round of the unrolled loop.
pub(super) const PAIRS: usize = 8;
/// Bytes of code for a pair of columns: sixteen instructions of four bytes.
const PAIR_BYTES: usize = 64;
/// Bytes from the end of a round to the code for the last column, to that past it, and back to the test for more rounds. The
/// assembler refuses code that is longer. Bit 0 of an address to go to means Thumb.
pub(super) const TO_LAST: usize = 4;
pub(super) const TO_END: usize = TO_LAST + 36;
pub(super) const TO_TEST: usize = PAIRS * PAIR_BYTES + 12;
/// Bytes of the inputs of a round.
pub(super) const ROUND: usize = PAIRS * 8;
const THUMB: usize = 1;

/// Where a section ends. Compared by its address.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(super) struct End<'a>(pub(super) &'a [u32; 0]);

impl PartialEq for End<'_> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.0, other.0)
    }
}

/// Constants of a step that follow from the sizes of a model, in the order in which the assembly loads them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Constants<'a> {
    /// Where to go, from the end of a round: for the first round of a driven group, and after a round.
    entry: usize,
    after: usize,
    /// `2^layer_input_shift`
    scale: u32,
    /// Bytes of states before the first group that is not driven.
    run: usize,
    /// The scale of the transform, in both halves; with DSP instructions only.
    ones: u32,
    /// Bytes of the inputs that come in pairs, and where to go after them, from the end of a round.
    pub(super) pairs: usize,
    pub(super) last: usize,
    pub(super) bias_end: End<'a>,
    /// Bytes of states of groups in a block that are not driven, where their accumulators start, and bytes of states of groups
    /// that are driven.
    pub(super) other_length: usize,
    other_start: u32,
    pub(super) driven_length: usize,
    /// Left shift of gains; not for the assembly.
    gain_shift: u32,
}

impl<'a> Constants<'a> {
    /// Where the accumulators of driven groups start, whose sums of unsigned fields lack `correction`.
    pub(super) const fn start(&self, correction: i32) -> u32 {
        let both = (correction as u32).wrapping_mul(0x0001_0001);
        self.other_start.wrapping_add(both)
    }

    /// A gain as the assembly needs it.
    pub(super) const fn scaled_gain(&self, gain: i32) -> u32 {
        (gain as u32).wrapping_shl(self.gain_shift)
    }

    /// The constants of a model with these biases, a word for each of states.
    pub(crate) const fn new(geometry: &Geometry, bias: &'a [u32]) -> Self {
        let (block, driven) = (geometry.block(), geometry.driven());
        let (pairs, odd) = (geometry.columns() / 2, geometry.columns() % 2 == 1);
        let gain_shift = super::gain_shift(geometry.largest_gain());
        let last = if odd { TO_LAST } else { TO_END }.wrapping_add(THUMB);
        // Pairs of the first round; the others are full.
        let first = pairs.wrapping_sub(1) % PAIRS;
        let back = first.wrapping_add(1).wrapping_mul(PAIR_BYTES);
        let bias_end = match bias.split_at(bias.len()).1.first_chunk() {
            Some(end) => end,
            None => &[],
        };
        Self {
            entry: if pairs == 0 {
                last
            } else {
                THUMB.wrapping_sub(back)
            },
            after: if pairs > PAIRS {
                THUMB.wrapping_sub(TO_TEST)
            } else {
                last
            },
            scale: 1u32.wrapping_shl(geometry.layer_input_shift()),
            run: if driven == block {
                geometry.words()
            } else {
                driven
            }
            .wrapping_mul(4),
            ones: 0x0001_0001u32.wrapping_shl(16u32.wrapping_sub(gain_shift)),
            pairs: pairs.wrapping_mul(8),
            last,
            bias_end: End(bias_end),
            other_length: block.wrapping_sub(driven).wrapping_mul(4),
            other_start: super::start(geometry.rounding()),
            driven_length: driven.wrapping_mul(4),
            gain_shift,
        }
    }
}
