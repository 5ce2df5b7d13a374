//! Input projection and finish of eight rows at a time, without DSP instructions.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]
use core::arch::naked_asm;

use super::columns::{Above, Common};
use super::constants::{Constants, ROUND, TO_END, TO_LAST, TO_TEST};
use crate::arch::fast_path::GAIN_SHIFT;
use crate::arch::plan::Shaped;

/// The stack of [`finish_code`], from its stack pointer on.
#[repr(C)]
struct Frame {
    /// Gains of two rows for each pattern of their sign bits.
    gains: [[i32; 2]; 4],
    /// Where states are saturated to their width.
    saturate: usize,
    /// Next biases and next word of U.
    next: [*const u32; 2],
    common: Common,
    above: Above,
}

/// Where accumulators start that lack `offset`: the high lane has 32768 too little, which its bias has too much. Those of the
/// bias of the low lane stay in it, so that it borrows nothing from the high one.
pub(crate) const fn start(offset: i32) -> u32 {
    (offset as u32)
        .wrapping_mul(0x0001_0001)
        .wrapping_sub(1 << 31)
}

/// Neither gains nor the transform are scaled.
pub(super) const fn gain_shift(_: u32) -> u32 {
    0
}

/// Drives and finishes all rows.
#[inline(always)]
pub(super) fn finish(shaped: &mut Shaped<'_>) {
    let narrower = 12u32.wrapping_sub(shaped.geometry().state_bits().clamp(10, 12));
    // SAFETY: the shape has states and biases of whole blocks of groups, a byte of signs for each group, words of `U` for
    // each driven group and each of one or more columns; some groups of a block are driven, or all: the constants are of these
    // sizes. All are borrowed until the call returns. It changes no register but those that are named here.
    unsafe { call!(finish_code, shaped, inout("r9") narrower => _) };
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

/// The stage within a word and the widening: words r4-r7, to r0-r7.
macro_rules! widen {
    () => {
        "
        sxth lr, r4
        sub r4, r4, lr
        add r0, lr, r4, asr #16
        sub r1, lr, r4, asr #16
        sxth lr, r5
        sub r5, r5, lr
        add r2, lr, r5, asr #16
        sub r3, lr, r5, asr #16
        sxth lr, r6
        sub r6, r6, lr
        add r4, lr, r6, asr #16
        sub r5, lr, r6, asr #16
        sxth lr, r7
        sub r7, r7, lr
        add r6, lr, r7, asr #16
        sub r7, lr, r7, asr #16
        "
    };
}

/// Rows `$a` and `$b`: gains by the sign bits at bit `$bit` of r10, and the layer inputs of pair `$pair` scaled by lr.
macro_rules! finish {
    ($pair:literal, $bit:literal, $a:literal, $b:literal) => {
        concat!(
            concat!("ubfx r3, r10, #", $bit, ", #2\n"),
            "add r3, sp, r3, lsl #3\n",
            "ldrd r3, r9, [r3]\n",
            concat!("ldr r12, [r11, #4 * ", $pair, "]\n"),
            concat!("mul ", $a, ", ", $a, ", r3\n"),
            concat!("mul ", $b, ", ", $b, ", r9\n"),
            "eor r3, r12, #0x8000\n",
            "sxth r3, r3\n",
            "asr r12, r12, #16\n",
            concat!("mla ", $a, ", r3, lr, ", $a, "\n"),
            concat!("mla ", $b, ", r12, lr, ", $b, "\n"),
        )
    };
}

/// Shifts and saturates rows 0 to 7 in r5, r8, r0, r2, r1, r4, r6, r7, and packs them into r0, r2, r4, r6: twelve
/// instructions of four bytes.
macro_rules! saturate {
    ($bits:literal) => {
        concat!(
            concat!("ssat r0, #", $bits, ", r0, asr #{shift}\n"),
            concat!("ssat r2, #", $bits, ", r2, asr #{shift}\n"),
            "add.w r2, r0, r2, lsl #16\n",
            concat!("ssat r5, #", $bits, ", r5, asr #{shift}\n"),
            concat!("ssat r8, #", $bits, ", r8, asr #{shift}\n"),
            "add.w r0, r5, r8, lsl #16\n",
            concat!("ssat r1, #", $bits, ", r1, asr #{shift}\n"),
            concat!("ssat r4, #", $bits, ", r4, asr #{shift}\n"),
            "add.w r4, r1, r4, lsl #16\n",
            concat!("ssat r6, #", $bits, ", r6, asr #{shift}\n"),
            concat!("ssat r7, #", $bits, ", r7, asr #{shift}\n"),
            "add.w r6, r6, r7, lsl #16\n",
        )
    };
}

/// Drives and finishes eight rows at a time. Layer inputs lie in the place of the states while these are in registers.
///
/// Projection: r0-r3 accumulators, r4 and r5 words of U, r6 and r7 inputs, r8 mask, r9 next biases, r10 next word of U, lr fields,
/// r12 next input. Finish: r3 and r9 gains, r10 signs, lr scale, r12 inputs. Both: r11 next states.
///
/// # Safety
/// Only [`call!`] may call it: r0 `h`, r1 constants, r2 `u`, r3 `x`, r4 `bias`, r5 `signs`, r8 gain, r9 `narrower`, r12 start of
/// accumulators. It keeps r6, r7 and the stack, and no other register.
///
/// From `h` are states of whole blocks of groups of four words, which may be written; `bias` has as many words, and `signs` a
/// byte for each group; `u` has a word for each driven group and each column, and `x` one for each column, at least one: all
/// for the sizes that the constants were made of. `narrower`, by how many bits states are narrower than 12, is at most two.
#[unsafe(naked)]
unsafe extern "C" fn finish_code() {
    naked_asm!(
        enter!(),
        "movs r6, #(12 * 4 + 4)",
        "mul r6, r6, r9",
        "adr.w r7, 10f",
        "subs r7, r7, r6",
        "orr r7, r7, #1",
        "str r7, [sp, #{saturate}]",
        set_up!(),
        "rsb r1, r8, #0",
        "strd r8, r8, [sp]",
        "strd r1, r8, [sp, #8]",
        "strd r8, r1, [sp, #16]",
        "strd r1, r1, [sp, #24]",
        products!(),
        "ldm r9!, {{r4-r7}}",
        "strd r9, r10, [sp, #{next}]",
        "add r0, r0, r4",
        "add r1, r1, r5",
        "add r2, r2, r6",
        "add r3, r3, r7",
        "ldm r11, {{r4-r7}}",
        "stm r11, {{r0-r3}}",
        widen!(),
        last_stages!(),
        "ldrd r12, lr, [sp, #{signs}]",
        "lsr r3, r11, #4",
        "ldrb r10, [r12, r3]",
        finish!("1", "2", "r0", "r2"),
        finish!("0", "0", "r5", "r8"),
        finish!("2", "4", "r1", "r4"),
        finish!("3", "6", "r6", "r7"),
        "ldr pc, [sp, #{saturate}]",
        saturate!("10"),
        "b.w 11f",
        saturate!("11"),
        "b.w 11f",
        "10:",
        saturate!("12"),
        "11:",
        "ldrd r9, r10, [sp, #{next}]",
        "stm r11!, {{r0, r2, r4, r6}}",
        next_rows!(),
        leave!(),
        locals = const at!(above),
        above_last = const above!(last),
        above_pairs_end = const above!(pairs_end),
        next = const at!(next),
        saturate = const at!(saturate),
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
