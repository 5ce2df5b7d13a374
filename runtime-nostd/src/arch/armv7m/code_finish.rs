//! Input projection and finish of eight rows at a time, without DSP instructions.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]
#![allow(
    clippy::too_many_arguments,
    reason = "they are the frame of the assembly"
)]

use core::arch::naked_asm;

use super::columns::{Arguments, Common};
use super::constants::{Constants, TO_END, TO_LAST, TO_TEST};
use crate::arch::fast_path::GAIN_SHIFT;
use crate::arch::plan::Shaped;

/// The stack of [`finish_code`], from its stack pointer on.
#[repr(C)]
struct Frame {
    /// Gains of two rows for each pattern of their sign bits.
    gains: [[i32; 2]; 4],
    /// Drives of the eight rows, two a word.
    layer_inputs: [u32; 4],
    /// Where states are saturated to their width.
    saturate: usize,
    /// Next biases and next word of U.
    next: [*const u32; 2],
    common: Common,
    saved: [u32; 9],
    arguments: Arguments,
    /// The fifth argument on the stack: by how many bits states are narrower than 12.
    narrower: u32,
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
    let constants = shaped.constants();
    let narrower = 12u32.wrapping_sub(shaped.geometry().state_bits().clamp(10, 12));
    // SAFETY: the shape has states and biases of whole blocks of groups, a byte of signs for each group, words of `U` for
    // each driven group and each of one or more columns; some groups of a block are driven, or all: the constants are of these
    // sizes. All are borrowed until the call returns.
    unsafe {
        finish_code(
            shaped.blocks.h().as_mut_ptr(),
            constants,
            shaped.u().as_ptr(),
            shaped.x().as_ptr(),
            shaped.bias().as_ptr(),
            shaped.signs().as_ptr(),
            constants.scaled_gain(shaped.gain()),
            constants.start(shaped.correction()),
            narrower,
        );
    }
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
macro_rules! argument {
    ($field:ident) => {
        core::mem::offset_of!(Frame, arguments.$field)
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
            concat!("ldr r12, [sp, #{layer_inputs} + 4 * ", $pair, "]\n"),
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

/// Drives and finishes eight rows at a time.
///
/// Projection: r0-r3 accumulators, r4 and r5 words of U, r6 and r7 inputs, r8 mask, r9 next biases, r10 next word of U, lr fields,
/// r12 next input. Finish: r3 and r9 gains, r10 signs, lr scale, r12 inputs. Both: r11 next states.
///
/// # Safety
/// From `h` are states of whole blocks of groups of four words, which may be written; `bias` has as many words, and `signs` a
/// byte for each group; `u` has a word for each driven group and each column, and `x` one for each column, at least one: all
/// for the sizes that `constants` were made of. `narrower` is at most two.
#[unsafe(naked)]
unsafe extern "C" fn finish_code(
    h: *mut u32,
    constants: &Constants,
    u: *const u32,
    x: *const i32,
    bias: *const u32,
    signs: *const u32,
    gain: u32,
    start: u32,
    narrower: u32,
) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, sp, #{locals}",
        set_up!(),
        "rsb r1, r5, #0",
        "strd r5, r5, [sp]",
        "strd r1, r5, [sp, #8]",
        "strd r5, r1, [sp, #16]",
        "strd r1, r1, [sp, #24]",
        "ldr r2, [sp, #{narrower}]",
        "movs r3, #(12 * 4 + 4)",
        "muls r2, r3, r2",
        "adr.w r3, 10f",
        "subs r3, r3, r2",
        "orr r3, r3, #1",
        "str r3, [sp, #{saturate}]",
        products!(),
        "ldm r9!, {{r4-r7}}",
        "strd r9, r10, [sp, #{next}]",
        "add r0, r0, r4",
        "add r1, r1, r5",
        "add r2, r2, r6",
        "add r3, r3, r7",
        "strd r0, r1, [sp, #{layer_inputs}]",
        "strd r2, r3, [sp, #{layer_inputs} + 8]",
        "ldm r11, {{r4-r7}}",
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
        "add sp, sp, #{locals}",
        "pop {{r4-r11, pc}}",
        locals = const at!(saved),
        layer_inputs = const at!(layer_inputs),
        next = const at!(next),
        saturate = const at!(saturate),
        narrower = const at!(narrower),
        starts = const common!(starts),
        mask = const common!(mask),
        entry = const common!(entry),
        after = const common!(after),
        last = const common!(last),
        other_entry = const common!(other_entry),
        signs = const common!(signs_from_h),
        scale = const common!(scale),
        pairs_end = const common!(pairs_end),
        run_end = const common!(run_end),
        h_end = const common!(h_end),
        other_start = const common!(other_start),
        other_length = const common!(other_length),
        bias = const argument!(bias),
        gain = const argument!(gain),
        to_last = const TO_LAST,
        to_end = const TO_END,
        to_test = const TO_TEST,
        shift = const GAIN_SHIFT,
    )
}
