//! What the assembly with and without DSP instructions has in common: the drive, and how runs of driven groups and of
//! others alternate.
//!
//! The rows that a model's inputs drive are whole groups of eight, the first ones of each block. The accumulators of
//! other groups start at another value, and their code is entered past the columns.

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
const THUMB: usize = 1;

/// What a step needs of the sizes of a model, in the order in which the assembly takes it over.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Constants {
    /// Where to go, from the end of a round: for the first round of a driven group, after a round, after the last one, and for
    /// a group that is not driven.
    entry: usize,
    after: usize,
    last: usize,
    other_entry: usize,
    /// `2^drive_shift`
    scale: u32,
    /// The scale of the transform, in both halves; with DSP instructions only.
    ones: u32,
    /// Bytes of the inputs that come in pairs, of states before the first group that is not driven, and of all states.
    pairs: usize,
    run: usize,
    h: usize,
    /// Where the accumulators of groups start that are not driven.
    other_start: u32,
    /// Bytes of states of groups in a block that are not driven, and that are.
    other_length: usize,
    next_length: usize,
    /// Left shift of gains; not for the assembly.
    gain_shift: u32,
}

impl Constants {
    /// Where the accumulators of driven groups start, whose sums of unsigned fields lack `correction`.
    pub(super) const fn start(&self, correction: i32) -> u32 {
        let both = (correction as u32).wrapping_mul(0x0001_0001);
        self.other_start.wrapping_add(both)
    }

    /// A gain as the assembly needs it.
    pub(super) const fn scaled_gain(&self, gain: i32) -> u32 {
        (gain as u32).wrapping_shl(self.gain_shift)
    }

    pub(crate) fn new(geometry: &Geometry) -> Self {
        let (block, driven) = (geometry.block(), geometry.driven());
        let (pairs, odd) = (geometry.columns() / 2, geometry.columns() % 2 == 1);
        let gain_shift = super::gain_shift(geometry.largest_gain());
        let past = TO_END.wrapping_add(THUMB);
        let last = if odd {
            TO_LAST.wrapping_add(THUMB)
        } else {
            past
        };
        // Pairs of the first round; the others are full.
        let first = pairs.wrapping_sub(1) % PAIRS;
        let back = first.wrapping_add(1).wrapping_mul(PAIR_BYTES);
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
            last,
            other_entry: past,
            scale: 1u32.wrapping_shl(geometry.drive_shift()),
            ones: 0x0001_0001u32.wrapping_shl(16u32.wrapping_sub(gain_shift)),
            pairs: pairs.wrapping_mul(8),
            run: if driven == block {
                geometry.words()
            } else {
                driven
            }
            .wrapping_mul(4),
            h: geometry.words().wrapping_mul(4),
            other_start: super::start(geometry.rounding()),
            other_length: block.wrapping_sub(driven).wrapping_mul(4),
            next_length: driven.wrapping_mul(4),
            gain_shift,
        }
    }
}

/// The part of their stack that both kinds of assembly have.
#[repr(C)]
pub(super) struct Common {
    /// Where the four accumulators start, without biases.
    pub starts: [u32; 4],
    pub x: *const i32,
    pub mask: u32,
    /// Where the assembly goes for the first round of columns, after a round and after the last one.
    pub entry: usize,
    pub after: usize,
    pub last: usize,
    /// Of groups that are not driven, or are, unlike those before: what `entry` is.
    pub other_entry: usize,
    /// From an address of states, divided by 16, to the byte of signs of the same eight rows.
    pub signs_from_h: usize,
    pub scale: u32,
    pub ones: u32,
    /// Where the inputs end that come in pairs.
    pub pairs_end: *const i32,
    /// Where the groups end that are driven, or not, as those before.
    pub run_end: *mut u32,
    pub h_end: *mut u32,
    /// Of groups that are not driven, or are, unlike those before: where accumulators start, their bytes of states, and those
    /// of the ones after them.
    pub other_start: u32,
    pub other_length: usize,
    pub next_length: usize,
}

/// The arguments from the fifth on, by the calling convention.
#[repr(C)]
pub(super) struct Arguments {
    pub bias: *const u32,
    pub signs: *const u32,
    pub gain: u32,
    /// Where the accumulators of driven groups start.
    pub start: u32,
}

/// A column: word `$w` of U, input `$x`. Fields in r8.
macro_rules! column {
    ($w:literal, $x:literal) => {
        concat!(
            "mla r0, ",
            $w,
            ", ",
            $x,
            ", r0\n",
            "and.w r8, lr, ",
            $w,
            ", lsr #4\n",
            "mla r1, r8, ",
            $x,
            ", r1\n",
            "and.w r8, lr, ",
            $w,
            ", lsr #8\n",
            "mla r2, r8, ",
            $x,
            ", r2\n",
            "and.w r8, lr, ",
            $w,
            ", lsr #12\n",
            "mla r3, r8, ",
            $x,
            ", r3\n",
        )
    };
}

/// Two columns, in [`PAIR_BYTES`].
macro_rules! pair {
    () => {
        concat!(
            "ldrd r6, r7, [r12], #8\n",
            "ldrd r4, r5, [r10], #8\n",
            column!("r4", "r6"),
            column!("r5", "r7"),
        )
    };
}

/// Fills the common part of the stack, from the arguments in r0-r3: h, constants, u, x. Leaves next states in r11, next word of
/// U in r10, next biases in r9, the gain in r5; changes all other registers but r3.
macro_rules! set_up {
    () => {
        concat!(
            "mov r11, r0\n",
            "mov r10, r2\n",
            "mov lr, #0x000F000F\n",
            "strd r3, lr, [sp, #{x}]\n",
            "ldm r1!, {{r4-r9}}\n",
            "adr.w r12, 5f\n",
            "add r4, r4, r12\n",
            "add r5, r5, r12\n",
            "add r6, r6, r12\n",
            "add r7, r7, r12\n",
            "strd r4, r5, [sp, #{entry}]\n",
            "strd r6, r7, [sp, #{last}]\n",
            "strd r8, r9, [sp, #{scale}]\n",
            "ldm r1, {{r4-r9}}\n",
            "add r4, r4, r3\n",
            "add r5, r5, r0\n",
            "add r6, r6, r0\n",
            "strd r4, r5, [sp, #{pairs_end}]\n",
            "strd r6, r7, [sp, #{h_end}]\n",
            "strd r8, r9, [sp, #{other_length}]\n",
            "ldrd r9, r4, [sp, #{bias}]\n",
            "ldrd r5, r6, [sp, #{gain}]\n",
            "sub r4, r4, r0, lsr #4\n",
            "str r4, [sp, #{signs}]\n",
            "movw r4, #0x1111\n",
            "mul r4, r4, r6\n",
            "strd r4, r6, [sp, #{starts}]\n",
            "strd r6, r6, [sp, #{starts} + 8]\n",
        )
    };
}

/// Eight rows: from the start of the accumulators to the sums of products, in r0-r3.
///
/// r4 and r5 words of U, r6 and r7 inputs, r8 fields, r10 next word of U, r12 next input, lr mask.
macro_rules! products {
    () => {
        concat!(
            // Eight rows.
            "2:\n",
            "add r12, sp, #{starts}\n",
            "ldm r12, {{r0-r3, r12, lr}}\n",
            "ldr pc, [sp, #{entry}]\n",
            // Whether there are more rounds.
            "8:\n",
            "ldr.w r4, [sp, #{pairs_end}]\n",
            "cmp r12, r4\n",
            "bne.n 4f\n",
            "ldr.w pc, [sp, #{last}]\n",
            // A round.
            "4:\n",
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            // No code between these labels may be longer than the constants say.
            ".org 8b + {to_test}\n",
            "5:\n",
            "ldr.w pc, [sp, #{after}]\n",
            // The last of an odd number of columns.
            ".org 5b + {to_last}\n",
            "6:\n",
            "ldr.w r6, [r12]\n",
            "ldr.w r4, [r10], #4\n",
            column!("r4", "r6"),
            // What the unmasked accumulator has too much.
            ".org 5b + {to_end}\n",
            "7:\n",
            "sub r0, r0, r1, lsl #4\n",
            "sub r0, r0, r2, lsl #8\n",
            "sub r0, r0, r3, lsl #12\n",
        )
    };
}

/// The stage within a word, the widening and the scaling by lr: words r4-r7, to r0-r7.
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! widen {
    () => {
        "
        smuad r0, r4, lr
        smusd r1, r4, lr
        smuad r2, r5, lr
        smusd r3, r5, lr
        smuad r4, r6, lr
        smusd r5, r6, lr
        smuad r6, r7, lr
        smusd r7, r7, lr
        "
    };
}

/// The last two stages on 32 bits, r0-r7, to rows 0 to 7 in r5, r8, r0, r2, r1, r4, r6, r7.
macro_rules! last_stages {
    () => {
        "
        add r8, r0, r2
        sub r2, r0, r2
        add r0, r1, r3
        sub r3, r1, r3
        add r1, r4, r6
        sub r6, r4, r6
        add r4, r5, r7
        sub r7, r5, r7
        add r5, r8, r1
        sub r1, r8, r1
        add r8, r0, r4
        sub r4, r0, r4
        add r0, r2, r6
        sub r6, r2, r6
        add r2, r3, r7
        sub r7, r3, r7
        "
    };
}

/// Goes on to the next eight rows, or past this.
macro_rules! next_rows {
    () => {
        concat!(
            "ldr r12, [sp, #{run_end}]\n",
            "cmp r11, r12\n",
            "bne.w 2b\n",
            // The next run: what is driven and what is not change places.
            "ldrd r1, r2, [sp, #{h_end}]\n",
            "cmp r11, r1\n",
            "beq 9f\n",
            "ldrd r0, r1, [sp, #{other_length}]\n",
            "strd r1, r0, [sp, #{other_length}]\n",
            "add r0, r0, r11\n",
            "str r0, [sp, #{run_end}]\n",
            "ldr r0, [sp, #{starts} + 4]\n",
            "str r0, [sp, #{other_start}]\n",
            "strd r2, r2, [sp, #{starts} + 8]\n",
            "movw r1, #0x1111\n",
            "mul r1, r1, r2\n",
            "strd r1, r2, [sp, #{starts}]\n",
            "ldr r0, [sp, #{entry}]\n",
            "ldr r1, [sp, #{other_entry}]\n",
            "str r1, [sp, #{entry}]\n",
            "str r0, [sp, #{other_entry}]\n",
            "b 2b\n",
            "9:\n",
        )
    };
}
