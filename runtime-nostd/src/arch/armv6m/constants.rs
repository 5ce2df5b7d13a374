//! Constants of a step that follow from the sizes of a model. They are computed when the model is read, and say where
//! the assembly finds its code.

use crate::arch::plan::Geometry;

/// Pairs of columns in a round of the unrolled loop.
const PAIRS: usize = 4;
/// Bytes of code for a pair of columns: thirty instructions of two bytes.
const PAIR_BYTES: usize = 60;
/// Bytes from the test for more rounds to the end of a round, to the code for the last column and to that past it. The assembler
/// refuses code that is longer. Bit 0 of an address to go to means Thumb.
pub(super) const TO_ROUND_END: usize = 10 + PAIRS * PAIR_BYTES;
pub(super) const TO_LAST: usize = TO_ROUND_END + 4;
pub(super) const TO_END: usize = TO_LAST + 32;
const THUMB: usize = 1;

/// Constants of a step that follow from the sizes of a model, in the order in which the assembly loads them. Addresses
/// in its code are counted from the test for more rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Constants {
    /// `2^(w-1)` in both lanes, for states of `w` bits.
    centre: u32,
    /// All bits of both lanes above the first `w`.
    outside: u32,
    layer_input_shift: u32,
    /// `16 - layer_input_shift`
    lane_shift: u32,
    /// Where to go for the first round of columns.
    entry: usize,
    mask: u32,
    /// Where to go after a round and after the last one; and what `entry` is for groups that are not driven.
    after: usize,
    last: usize,
    other_entry: usize,
    /// 0x8000: undoes the borrow from a high lane.
    half_lane: u32,
    /// `2^(w-1) - 1`
    largest: u32,
    /// Where the accumulators of groups start that are not driven.
    other_start: u32,
    /// Bytes of states of groups in a block that are not driven, and that are.
    other_length: usize,
    next_length: usize,
    /// Bytes of the inputs that come in pairs, of states before the first group that is not driven, and of all states.
    pairs: usize,
    run: usize,
    h: usize,
}

impl Constants {
    pub(crate) const fn new(geometry: &Geometry, _: &[u32]) -> Self {
        let (block, driven) = (geometry.block(), geometry.driven());
        let state_bits = geometry.state_bits();
        let half = 1u32.wrapping_shl(state_bits.wrapping_sub(1));
        let outside = 0xFFFFu32.wrapping_shl(state_bits) & 0xFFFF;
        let run = if driven == block {
            geometry.words()
        } else {
            driven
        };
        let (pairs, odd) = (geometry.columns() / 2, geometry.columns() % 2 == 1);
        let past = TO_END.wrapping_add(THUMB);
        let last = if odd {
            TO_LAST.wrapping_add(THUMB)
        } else {
            past
        };
        // Pairs of the first round; the others are full.
        let first = (pairs.wrapping_sub(1) % PAIRS).wrapping_add(1);
        let back = first.wrapping_mul(PAIR_BYTES);
        Self {
            centre: half.wrapping_mul(0x0001_0001),
            outside: outside.wrapping_mul(0x0001_0001),
            layer_input_shift: geometry.layer_input_shift(),
            lane_shift: 16u32.wrapping_sub(geometry.layer_input_shift()),
            entry: if pairs == 0 {
                last
            } else {
                TO_ROUND_END.wrapping_sub(back).wrapping_add(THUMB)
            },
            mask: 0x000F_000F,
            after: if pairs > PAIRS { THUMB } else { last },
            last,
            other_entry: past,
            half_lane: 0x8000,
            largest: half.wrapping_sub(1),
            // The high lane has 32768 too little, which its bias has too much; so has the low one.
            other_start: (geometry.rounding().wrapping_sub(1 << 15) as u32)
                .wrapping_mul(0x0001_0001),
            other_length: block.wrapping_sub(driven).wrapping_mul(4),
            next_length: driven.wrapping_mul(4),
            pairs: pairs.wrapping_mul(8),
            run: run.wrapping_mul(4),
            h: geometry.words().wrapping_mul(4),
        }
    }

    /// Where the accumulators of driven groups start, whose sums of unsigned fields lack `correction`.
    pub(super) const fn start(&self, correction: i32) -> u32 {
        let both = (correction as u32).wrapping_mul(0x0001_0001);
        self.other_start.wrapping_add(both)
    }
}
