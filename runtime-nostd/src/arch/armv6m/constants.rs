//! What a step needs of the sizes of a model, computed when the model is read; where the assembly finds its code.

use crate::arch::plan::Geometry;

/// Pairs of columns in a round of the unrolled loop.
const PAIRS: usize = 4;
/// Bytes of code for a pair of columns: thirty instructions of two bytes.
const PAIR_BYTES: usize = 60;
/// Bytes from the code that starts a group to the test for more rounds, to the end of a round, to the code for the last column
/// and to that past it. The assembler refuses code that is longer. Bit 0 of an address to go to means Thumb.
pub(super) const TO_TEST: usize = 22;
pub(super) const TO_ROUND_END: usize = TO_TEST + 10 + PAIRS * PAIR_BYTES;
pub(super) const TO_LAST: usize = TO_ROUND_END + 4;
pub(super) const TO_END: usize = TO_LAST + 32;
const THUMB: usize = 1;

/// What a step needs of the sizes of a model, in the order in which the assembly takes it over.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Constants {
    copied: Copied,
    /// Where to go, from the code that starts a group.
    places: Places,
    /// Bytes of the inputs that come in pairs, of states before the first group that is not driven, and of all states.
    pairs: usize,
    run: usize,
    h: usize,
}

/// What the assembly copies to its stack.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Copied {
    pub drive_shift: u32,
    /// `16 - drive_shift`
    pub lane_shift: u32,
    pub mask: u32,
    /// 0x8000: undoes the borrow from a high lane.
    pub half_lane: u32,
    /// `2^(w-1)` in both lanes, for states of `w` bits.
    pub centre: u32,
    /// All bits of both lanes above the first `w`.
    pub outside: u32,
    /// `2^(w-1) - 1`
    pub largest: u32,
    /// Of groups that are not driven, or are, unlike those before: where accumulators start, their bytes of states, and those
    /// of the ones after them.
    pub other_start: u32,
    pub other_length: usize,
    pub next_length: usize,
}

/// Where the assembly goes: for the first round of columns, after a round and after the last one; and what the first is for
/// groups that are not driven, or are, unlike those before.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Places {
    pub entry: usize,
    pub after: usize,
    pub last: usize,
    pub other_entry: usize,
}

impl Constants {
    pub(crate) fn new(geometry: &Geometry) -> Self {
        let (block, driven) = (geometry.block(), geometry.driven());
        let state_bits = geometry.state_bits();
        let half = 1u32.wrapping_shl(state_bits.wrapping_sub(1));
        let outside = 0xFFFFu32.wrapping_shl(state_bits) & 0xFFFF;
        let run = if driven == block {
            geometry.words()
        } else {
            driven
        };
        Self {
            copied: Copied {
                drive_shift: geometry.drive_shift(),
                lane_shift: 16u32.wrapping_sub(geometry.drive_shift()),
                mask: 0x000F_000F,
                half_lane: 0x8000,
                centre: half.wrapping_mul(0x0001_0001),
                outside: outside.wrapping_mul(0x0001_0001),
                largest: half.wrapping_sub(1),
                // The high lane has 32768 too little, which its bias has too much; so has the low one.
                other_start: (geometry.rounding().wrapping_sub(1 << 15) as u32)
                    .wrapping_mul(0x0001_0001),
                other_length: block.wrapping_sub(driven).wrapping_mul(4),
                next_length: driven.wrapping_mul(4),
            },
            places: Places::new(geometry.columns()),
            pairs: (geometry.columns() / 2).wrapping_mul(8),
            run: run.wrapping_mul(4),
            h: geometry.words().wrapping_mul(4),
        }
    }

    /// Where the accumulators of driven groups start, whose sums of unsigned fields lack `correction`.
    pub(super) const fn start(&self, correction: i32) -> u32 {
        let both = (correction as u32).wrapping_mul(0x0001_0001);
        self.copied.other_start.wrapping_add(both)
    }
}

impl Places {
    fn new(columns: usize) -> Self {
        let (pairs, odd) = (columns / 2, columns % 2 == 1);
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
            entry: if pairs == 0 {
                last
            } else {
                TO_ROUND_END.wrapping_sub(back).wrapping_add(THUMB)
            },
            after: if pairs > PAIRS {
                TO_TEST.wrapping_add(THUMB)
            } else {
                last
            },
            last,
            other_entry: past,
        }
    }
}
