//! Drive and finish of eight rows at a time.
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

use super::columns::{PAIR_BYTES, PAIRS};
use crate::arch::plan::Shaped;
use crate::arch::shape::GAIN_SHIFT;

/// What lies on the stack of [`finish_code`], from its stack pointer on. Fields from `start_of_all` on are its arguments from
/// the fifth on: the calling convention puts them there.
#[repr(C)]
struct Frame {
    /// Low lanes after the stages across words, then new states.
    low: [u32; 4],
    /// High lanes after the stages across words.
    high: [u32; 4],
    /// Where the assembly goes for the first round of columns, after a round and after the last one.
    entry: usize,
    after: usize,
    last: usize,
    /// The first four arguments.
    gain: i32,
    drive_shift: u32,
    /// `16 - drive_shift`
    lane_shift: u32,
    start: u32,
    saved: [u32; 9],
    /// Where the accumulators of pairs of rows start, without biases: the one that is not masked, and the others.
    start_of_all: u32,
    x: *const i32,
    mask: u32,
    h: *mut u32,
    u: *const u32,
    /// From a word of states to the word of biases of the same rows.
    bias_from_h: usize,
    /// Where the groups end that are driven, or not, as those before.
    run_end: *mut u32,
    /// 0x8000: undoes the borrow from a high lane.
    half_lane: u32,
    /// From an address of states, divided by 16, to the byte of signs of the same eight rows.
    signs_from_h: usize,
    /// `2^(w-1)` in both lanes, for states of `w` bits.
    centre: u32,
    /// All bits of both lanes above the first `w`.
    outside: u32,
    /// `2^(w-1) - 1`
    largest: i32,
    columns: usize,
    /// Of groups that are not driven, or are, unlike those before: where accumulators start, and what `entry` is.
    other_start: u32,
    other_entry: usize,
    /// Bytes of states of groups that are not driven, or are, unlike those before; and of the ones after them.
    other_length: usize,
    next_length: usize,
    h_end: *mut u32,
}

/// Drives and finishes all rows.
#[inline(always)]
pub(super) fn finish(shaped: &mut Shaped<'_>) {
    let geometry = shaped.geometry();
    let h = shaped.blocks.h().as_mut_ptr_range();
    // The high lane has 32768 too little, which its bias has too much; so has the low one.
    let [start, other_start] = [shaped.correction(), 0]
        .map(|correction| correction.wrapping_add(geometry.rounding()))
        .map(|offset| (offset.wrapping_sub(1 << 15) as u32).wrapping_mul(0x0001_0001));
    let half = 1u32.wrapping_shl(geometry.state_bits().wrapping_sub(1));
    let outside = 0xFFFFu32.wrapping_shl(geometry.state_bits()) & 0xFFFF;
    let (driven, block) = (geometry.driven(), geometry.block());
    let run_end = if driven == block {
        h.end
    } else {
        h.start.wrapping_add(driven)
    };
    // SAFETY: the shape has states and biases of whole blocks of groups, a byte of signs for each group, words of `U` for
    // each driven group and each of one or more columns; some groups of a block are driven, or all. All are borrowed until
    // the call returns.
    unsafe {
        finish_code(
            shaped.gain(),
            geometry.drive_shift(),
            16u32.wrapping_sub(geometry.drive_shift()),
            start,
            start.wrapping_mul(0x1111),
            shaped.x().as_ptr(),
            0x000F_000F,
            h.start,
            shaped.u().as_ptr(),
            (shaped.bias().as_ptr() as usize).wrapping_sub(h.start as usize),
            run_end,
            0x8000,
            (shaped.signs().as_ptr() as usize).wrapping_sub(h.start as usize >> 4),
            half.wrapping_mul(0x0001_0001),
            outside.wrapping_mul(0x0001_0001),
            half.wrapping_sub(1) as i32,
            shaped.x().len(),
            other_start,
            0,
            block.wrapping_sub(driven).wrapping_mul(4),
            driven.wrapping_mul(4),
            h.end,
        );
    }
}

macro_rules! at {
    ($field:ident) => {
        core::mem::offset_of!(Frame, $field)
    };
}

/// Drives and finishes eight rows at a time.
///
/// Drive: r0 and r1 words of U, r2 and r3 inputs, r4 fields, r5 mask, r6 next word of U, r7 next input, r8-r11
/// accumulators. Finish: r0 gain, r1 signs, r2 and r3 shifts. Both: r12 next word of U, lr next states.
///
/// # Safety
/// From `h` to `h_end` are groups of four words, at least one, which may be written; `h + bias_from_h` has four words and
/// `signs_from_h` a byte for each group; `x` has `columns` words, at least one. `run_end` is `h_end`, or the groups from `h` to
/// `run_end` are driven, then `other_length` bytes of groups are not, then `next_length` bytes are, and so on up to `h_end`;
/// `u` has `columns` words for each driven group.
#[unsafe(naked)]
unsafe extern "C" fn finish_code(
    gain: i32,
    drive_shift: u32,
    lane_shift: u32,
    start: u32,
    start_of_all: u32,
    x: *const i32,
    mask: u32,
    h: *mut u32,
    u: *const u32,
    bias_from_h: usize,
    run_end: *mut u32,
    half_lane: u32,
    signs_from_h: usize,
    centre: u32,
    outside: u32,
    largest: i32,
    columns: usize,
    other_start: u32,
    other_entry: usize,
    other_length: usize,
    next_length: usize,
    h_end: *mut u32,
) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "push {{r0-r3}}",
        "sub sp, sp, #{gain}",
        set_out!(),
        "ldr r0, [sp, #{h}]",
        "mov lr, r0",
        "ldr r0, [sp, #{u}]",
        "mov r12, r0",
        "b 2f",
        ".balign 4",
        "31:",
        ".word 7f - 31b + 1",
        ".word 6f - 31b + 1",
        ".word 5f - 31b + 1 - {pair_bytes}",
        ".word 8f - 31b + 1",
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
        "mov r4, lr",
        "lsrs r4, r4, #4",
        "ldr r1, [sp, #{signs}]",
        "ldrb r1, [r1, r4]",
        "ldr r0, [sp, #{gain}]",
        "ldr r2, [sp, #{drive_shift}]",
        "ldr r3, [sp, #{lane_shift}]",
        finish_pair!("0", "r8"),
        finish_pair!("1", "r9"),
        finish_pair!("2", "r10"),
        finish_pair!("3", "r11"),
        next_rows!(),
        "9:",
        "add sp, sp, #({gain} + 16)",
        "pop {{r0-r3}}",
        "mov r8, r0",
        "mov r9, r1",
        "mov r10, r2",
        "mov r11, r3",
        "pop {{r4-r7, pc}}",
        high = const at!(high),
        entry = const at!(entry),
        after = const at!(after),
        last = const at!(last),
        gain = const at!(gain),
        drive_shift = const at!(drive_shift),
        lane_shift = const at!(lane_shift),
        start = const at!(start),
        start_of_all = const at!(start_of_all),
        x = const at!(x),
        mask = const at!(mask),
        h = const at!(h),
        u = const at!(u),
        bias = const at!(bias_from_h),
        run_end = const at!(run_end),
        half_lane = const at!(half_lane),
        signs = const at!(signs_from_h),
        centre = const at!(centre),
        outside = const at!(outside),
        largest = const at!(largest),
        columns = const at!(columns),
        other_start = const at!(other_start),
        other_entry = const at!(other_entry),
        other_length = const at!(other_length),
        next_length = const at!(next_length),
        h_end = const at!(h_end),
        shift = const GAIN_SHIFT,
        pairs = const PAIRS,
        pair_bytes = const PAIR_BYTES,
    )
}
