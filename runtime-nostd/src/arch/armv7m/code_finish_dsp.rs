//! Input projection and finish of eight rows at a time, with DSP instructions.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]
use core::arch::naked_asm;

use super::columns::{Above, Common};
use super::constants::{Constants, ROUND, TO_END, TO_LAST, TO_TEST};
use crate::arch::fast_path::GAIN_SHIFT;
use crate::arch::plan::{Blocks, Shaped};

/// The stack of [`finish_code`], from its stack pointer on.
#[repr(C)]
struct Frame {
    /// Gains of two rows for each pattern of their sign bits, as 16-bit halves.
    gains: [u32; 4],
    common: Common,
    /// The scale of the transform, in both halves.
    ones: u32,
    above: Above,
}

/// Where accumulators start that lack `offset`: the low lane has 32768 too much, so that it borrows nothing from the high one;
/// so has the high lane, to undo that of its bias. `SADD16` adds the biases and takes both away.
pub(crate) const fn start(offset: i32) -> u32 {
    (offset.wrapping_add(1 << 15) as u32).wrapping_mul(0x0001_0001)
}

/// Drives and finishes all rows.
#[inline(always)]
pub(super) fn finish(shaped: &mut Shaped<'_>) {
    // SAFETY: the shape has states and biases of whole blocks of groups, a byte of signs for each group, words of `U` for
    // each driven group and each of one or more columns; some groups of a block are driven, or all: the constants are of these
    // sizes. All are borrowed until the call returns. It changes no register but those that are named here.
    unsafe { call!(finish_code, shaped, out("r9") _) };
    let state_bits = shaped.geometry().state_bits();
    narrow(&mut shaped.blocks, state_bits);
}

/// Saturates states of 10 or 11 bits, which so far have 12.
#[inline(always)]
pub(super) fn narrow(blocks: &mut Blocks<'_>, state_bits: u32) {
    let h = blocks.h().as_mut_ptr_range();
    // SAFETY: the range is whole groups, at least one.
    unsafe {
        match state_bits {
            10 => saturate::<10>(h.start, h.end),
            11 => saturate::<11>(h.start, h.end),
            _ => {}
        }
    }
}

/// The largest shift at which every gain of the sequence is a signed 16-bit number; the transform is scaled by what is
/// left to 16, so that `SMULW` drops exactly what was added.
///
/// For blocks of `2^q` with `q >= 5` the gain is at most 5793, so the shift is at least 2 and the scale at most 2^14, a
/// signed 16-bit number. It is at least `(q - 1) / 2`, so the scaled transform has at most `w + q + 16 - (q - 1) / 2` bits:
/// 32 for every `w <= 12` with `w + q <= 19`.
#[inline(always)]
pub(super) const fn gain_shift(largest_gain: u32) -> u32 {
    largest_gain.leading_zeros().wrapping_sub(17)
}

/// `gain` for two rows with each pattern of their sign bits.
#[inline(always)]
pub(super) const fn packed_gains(gain: u32) -> [u32; 4] {
    let both = gain.wrapping_mul(0x0001_0001);
    let minus_plus = (gain << 16) | (gain.wrapping_neg() & 0xFFFF);
    let plus_minus = (gain.wrapping_neg() << 16) | gain;
    let minus_minus = (gain.wrapping_neg() << 16) | (gain.wrapping_neg() & 0xFFFF);
    [both, minus_plus, plus_minus, minus_minus]
}

/// Saturates both lanes of each word to `BITS` bits.
///
/// # Safety
/// From `words` to `end` are groups of four words, at least one, which may be written.
#[unsafe(naked)]
unsafe extern "C" fn saturate<const BITS: u32>(words: *mut u32, end: *mut u32) {
    naked_asm!(
        cpu!(),
        "push {{r4, lr}}",
        "2:",
        "ldm r0, {{r2-r4, r12}}",
        "ssat16 r2, #{bits}, r2",
        "ssat16 r3, #{bits}, r3",
        "ssat16 r4, #{bits}, r4",
        "ssat16 r12, #{bits}, r12",
        "stm r0!, {{r2-r4, r12}}",
        "cmp r0, r1",
        "bne 2b",
        "pop {{r4, pc}}",
        bits = const BITS,
    )
}

macro_rules! at {
    ($field:ident) => {
        core::mem::offset_of!(Frame, $field)
    };
}
macro_rules! common {
    ($field:ident) => {
        core::mem::offset_of!(Frame, common.$field)
    };
}
macro_rules! above {
    ($field:ident) => {
        core::mem::offset_of!(Frame, above.$field)
    };
}
macro_rules! constant {
    ($field:ident) => {
        core::mem::offset_of!(Constants<'static>, $field)
    };
}

/// Signs and gains of rows `$a` and `$b`, from the sign bits at bit `$bit` of the high half of lr.
macro_rules! multiply {
    ($bit:literal, $a:literal, $b:literal) => {
        concat!(
            concat!("ubfx r3, lr, #(16 + ", $bit, "), #2\n"),
            "ldr r3, [sp, r3, lsl #2]\n",
            concat!("smulwb ", $a, ", ", $a, ", r3\n"),
            concat!("smulwt ", $b, ", ", $b, ", r3\n"),
        )
    };
}

/// Adds the pair of layer inputs `$layer_inputs` to rows `$a` and `$b`, scaled by the low half of lr; shifts, saturates and packs them
/// into `$to`.
macro_rules! finish {
    ($layer_inputs:literal, $to:literal, $a:literal, $b:literal) => {
        concat!(
            concat!("smlabb ", $a, ", ", $layer_inputs, ", lr, ", $a, "\n"),
            concat!("smlatb ", $b, ", ", $layer_inputs, ", lr, ", $b, "\n"),
            concat!("ssat ", $a, ", #12, ", $a, ", asr #{shift}\n"),
            concat!("ssat ", $b, ", #12, ", $b, ", asr #{shift}\n"),
            concat!("pkhbt ", $to, ", ", $a, ", ", $b, ", lsl #16\n"),
        )
    };
}

/// Drives and finishes eight rows at a time. Layer inputs lie in the place of the states while these are in registers.
///
/// Projection: r0-r3 accumulators, r4 and r5 words of U, r6 and r7 inputs, r8 mask, lr fields, r12 next input. Finish: r3 gains,
/// lr signs and scale, r12 inputs. Both: r9 next biases, r10 next word of U, r11 next states.
///
/// # Safety
/// Only [`call!`] may call it: r0 `h`, r1 constants, r2 `u`, r3 `x`, r4 `bias`, r5 `signs`, r8 gain, r12 start of accumulators.
/// It keeps r6, r7 and the stack, and no other register.
///
/// From `h` are states of whole blocks of groups of four words, which may be written; `bias` has as many words, and `signs` a
/// byte for each group; `u` has a word for each driven group and each column, and `x` one for each column, at least one: all
/// for the sizes that the constants were made of.
#[unsafe(naked)]
unsafe extern "C" fn finish_code() {
    naked_asm!(
        cpu!(),
        enter!(),
        set_up!(),
        "str r7, [sp, #{ones}]",
        "rsb r7, r8, #0",
        "pkhbt r0, r8, r8, lsl #16",
        "pkhbt r1, r7, r8, lsl #16",
        "pkhbt r2, r8, r7, lsl #16",
        "pkhbt r3, r7, r7, lsl #16",
        "stm sp, {{r0-r3}}",
        products!(),
        "ldm r9!, {{r4-r7}}",
        "sadd16 r0, r0, r4",
        "sadd16 r1, r1, r5",
        "sadd16 r2, r2, r6",
        "sadd16 r3, r3, r7",
        "ldm r11, {{r4-r7}}",
        "stm r11, {{r0-r3}}",
        "ldr lr, [sp, #{ones}]",
        widen!(),
        last_stages!(),
        "ldrd r12, lr, [sp, #{signs}]",
        "lsr r3, r11, #4",
        "ldrb r12, [r12, r3]",
        "orr lr, lr, r12, lsl #16",
        multiply!("2", "r0", "r2"),
        "ldrd r12, r3, [r11]",
        finish!("r3", "r2", "r0", "r2"),
        multiply!("0", "r5", "r8"),
        finish!("r12", "r0", "r5", "r8"),
        "ldrd r5, r8, [r11, #8]",
        multiply!("4", "r1", "r4"),
        finish!("r5", "r4", "r1", "r4"),
        multiply!("6", "r6", "r7"),
        finish!("r8", "r6", "r6", "r7"),
        "stm r11!, {{r0, r2, r4, r6}}",
        next_rows!(),
        leave!(),
        locals = const at!(above),
        above_last = const above!(last),
        above_pairs_end = const above!(pairs_end),
        ones = const at!(ones),
        starts = const common!(starts),
        entry = const common!(entry),
        after = const common!(after),
        signs = const common!(signs_from_h),
        run_end = const common!(run_end),
        constants = const common!(constants),
        pairs = const constant!(pairs),
        last = const constant!(last),
        round = const ROUND,
        bias_end = const constant!(bias_end),
        other_length = const constant!(other_length),
        driven_length = const constant!(driven_length),
        to_last = const TO_LAST,
        to_end = const TO_END,
        to_test = const TO_TEST,
        shift = const GAIN_SHIFT,
    )
}
