//! Input projection and finish of eight rows at a time.
//!
//! The rows that a model's inputs drive are whole groups of eight, the first ones of each block. The accumulators of other
//! groups start at another value, and their code is entered past the columns.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]
#![allow(
    clippy::too_many_arguments,
    reason = "they are the frame of the assembly"
)]

use core::arch::naked_asm;

use super::constants::{Constants, TO_END, TO_LAST, TO_ROUND_END};
use crate::arch::fast_path::GAIN_SHIFT;
use crate::arch::plan::Shaped;

/// The stack of [`finish_code`], from its stack pointer on.
#[repr(C)]
struct Frame {
    /// Low lanes after the stages across words, then new states; what these are tested with.
    low: [u32; 4],
    centre: u32,
    outside: u32,
    /// High lanes after the stages across words; what rows are finished with.
    high: [u32; 4],
    gain: i32,
    /// Distance from an address of states, divided by 16, to the byte of signs of the same eight rows.
    signs_from_h: usize,
    layer_input_shift: u32,
    lane_shift: u32,
    /// Values that a group of rows starts with. The accumulators start at `start_of_all` (the one that is not masked)
    /// and at `start` (the others), without biases; `entry` is the address at which the code for the columns is
    /// entered.
    start_of_all: u32,
    start: u32,
    entry: usize,
    mask: u32,
    x: *const i32,
    after: usize,
    last: usize,
    other_entry: usize,
    half_lane: u32,
    largest: u32,
    other_start: u32,
    other_length: usize,
    next_length: usize,
    /// Where the inputs end that come in pairs.
    pairs_end: *const i32,
    /// Where the groups end that are driven, or not, as those before.
    run_end: *mut u32,
    h_end: *mut u32,
    /// Distance from a word of states to the word of biases of the same rows, in bytes.
    bias_from_h: usize,
    saved: [u32; 9],
    /// The arguments from the fifth on, by the calling convention.
    arguments: Arguments,
}

#[repr(C)]
struct Arguments {
    bias: *const u32,
    signs: *const u32,
    gain: i32,
    start: u32,
}

/// Drives and finishes all rows.
#[inline(always)]
pub(super) fn finish(shaped: &mut Shaped<'_>) {
    let constants = shaped.constants();
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
            shaped.gain(),
            constants.start(shaped.correction()),
        );
    }
}

macro_rules! at {
    ($($field:ident).+) => {
        core::mem::offset_of!(Frame, $($field).+)
    };
}

/// Drives and finishes eight rows at a time.
///
/// Projection: r0 and r1 words of U, r2 and r3 inputs, r4 fields, r5 mask, r6 next word of U, r7 next input, r8-r11
/// accumulators. Finish: r0 gain, r1 signs, r2 and r3 shifts. Both: r12 next word of U, lr next states.
///
/// # Safety
/// From `h` are states of whole blocks of groups of four words, which may be written; `bias` has as many words, and `signs` a
/// byte for each group; `u` has a word for each driven group and each column, and `x` one for each column, at least one: all
/// for the sizes that `constants` were made of.
#[unsafe(naked)]
unsafe extern "C" fn finish_code(
    h: *mut u32,
    constants: &Constants,
    u: *const u32,
    x: *const i32,
    bias: *const u32,
    signs: *const u32,
    gain: i32,
    start: u32,
) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "sub sp, sp, #{locals}",
        set_up!(),
        "b 2f",
        products!(),
        "ldr r7, [sp, #{bias}]",
        "add r7, lr",
        "ldmia r7!, {{r0-r3}}",
        "mov r4, r11",
        "lsls r4, r4, #4",
        "add r4, r10",
        "lsls r4, r4, #4",
        "add r4, r9",
        "lsls r4, r4, #4",
        "subs r0, r0, r4",
        "add r8, r0",
        "add r9, r1",
        "add r10, r2",
        "add r11, r3",
        // Low lanes.
        "mov r7, lr",
        "ldmia r7!, {{r0-r3}}",
        "sxth r0, r0",
        "sxth r1, r1",
        "sxth r2, r2",
        "sxth r3, r3",
        across_words!(),
        "mov r7, sp",
        "stmia r7!, {{r0-r3}}",
        // High lanes.
        "mov r6, lr",
        "ldmia r6!, {{r0-r3}}",
        "ldr r4, [sp, #{half_lane}]",
        "adds r0, r0, r4",
        "asrs r0, r0, #16",
        "adds r1, r1, r4",
        "asrs r1, r1, #16",
        "adds r2, r2, r4",
        "asrs r2, r2, #16",
        "adds r3, r3, r4",
        "asrs r3, r3, #16",
        across_words!(),
        "add r7, sp, #{high}",
        "stmia r7!, {{r0-r3}}",
        // Signs and constants.
        "ldmia r7!, {{r0-r3}}",
        "mov r4, lr",
        "lsrs r4, r4, #4",
        "ldrb r1, [r1, r4]",
        finish_pair!("3", "r11", "25"),
        finish_pair!("2", "r10", "2"),
        finish_pair!("1", "r9", "2"),
        finish_pair!("0", "r8", "2"),
        next_rows!(),
        "9:",
        "add sp, sp, #{locals}",
        "pop {{r0-r3}}",
        "mov r8, r0",
        "mov r9, r1",
        "mov r10, r2",
        "mov r11, r3",
        "pop {{r4-r7, pc}}",
        locals = const at!(saved),
        centre = const at!(centre),
        high = const at!(high),
        gain = const at!(gain),
        start_of_all = const at!(start_of_all),
        start = const at!(start),
        entry = const at!(entry),
        after = const at!(after),
        last = const at!(last),
        other_entry = const at!(other_entry),
        half_lane = const at!(half_lane),
        largest = const at!(largest),
        other_start = const at!(other_start),
        other_length = const at!(other_length),
        next_length = const at!(next_length),
        pairs_end = const at!(pairs_end),
        run_end = const at!(run_end),
        h_end = const at!(h_end),
        bias = const at!(bias_from_h),
        bias_argument = const at!(arguments.bias),
        signs_argument = const at!(arguments.signs),
        gain_argument = const at!(arguments.gain),
        start_argument = const at!(arguments.start),
        to_round_end = const TO_ROUND_END,
        to_last = const TO_LAST,
        to_end = const TO_END,
        shift = const GAIN_SHIFT,
    )
}
