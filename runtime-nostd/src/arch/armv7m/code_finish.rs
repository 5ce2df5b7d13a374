//! Drive and finish of eight rows at a time, without DSP instructions.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]
#![allow(
    clippy::too_many_arguments,
    reason = "they are the frame of the assembly"
)]

use core::arch::naked_asm;

use super::columns::{Arguments, PAIR_BYTES, PAIRS};
use crate::arch::shape::{GAIN_SHIFT, Shaped};

/// What lies on the stack of [`finish_code`], from its stack pointer on.
#[repr(C)]
struct Frame {
    /// Gains of two rows for each pattern of their sign bits.
    gains: [[i32; 2]; 4],
    /// Drives of the eight rows, two a word.
    drives: [u32; 4],
    /// Where the assembly goes for the first round of columns, after a round and after the last one.
    entry: usize,
    after: usize,
    last: usize,
    /// Where states are saturated to their width.
    saturate: usize,
    /// Next biases and next word of U.
    next: [*const u32; 2],
    saved: [u32; 9],
    arguments: Arguments,
}

/// Drives and finishes all rows.
#[inline(always)]
pub(super) fn finish(shaped: &mut Shaped<'_>) {
    let layer = shaped.blocks.layer();
    let h = shaped.blocks.h().as_mut_ptr_range();
    // The high lane has 32768 too little, which its bias has too much. Those of the bias of the low lane stay in it, so that
    // it borrows nothing from the high one.
    let [start, other_start] = (shaped.offsets()).map(|offset| {
        (offset as u32)
            .wrapping_mul(0x0001_0001)
            .wrapping_sub(1 << 31)
    });
    let (driven, block) = (shaped.driven(), shaped.blocks.block());
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
            shaped.gain().wrapping_neg(),
            12u32.wrapping_sub(layer.state_bits.clamp(10, 12)),
            0,
            start.wrapping_mul(0x1111),
            start,
            start,
            start,
            shaped.x().as_ptr(),
            0x000F_000F,
            h.start,
            shaped.u().as_ptr(),
            shaped.bias().as_ptr(),
            run_end,
            0,
            (shaped.blocks.signs().as_ptr() as usize).wrapping_sub(h.start as usize >> 4),
            1i32.wrapping_shl(layer.drive_shift),
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

/// Rows `$a` and `$b`: gains by the sign bits at bit `$bit` of r10, and the drives of pair `$pair` scaled by lr.
macro_rules! finish {
    ($pair:literal, $bit:literal, $a:literal, $b:literal) => {
        concat!(
            "ubfx r3, r10, #",
            $bit,
            ", #2\n",
            "add r3, sp, r3, lsl #3\n",
            "ldrd r3, r9, [r3]\n",
            "ldr r12, [sp, #{drives} + 4 * ",
            $pair,
            "]\n",
            "mul ",
            $a,
            ", ",
            $a,
            ", r3\n",
            "mul ",
            $b,
            ", ",
            $b,
            ", r9\n",
            "eor r3, r12, #0x8000\n",
            "sxth r3, r3\n",
            "asr r12, r12, #16\n",
            "mla ",
            $a,
            ", r3, lr, ",
            $a,
            "\n",
            "mla ",
            $b,
            ", r12, lr, ",
            $b,
            "\n",
        )
    };
}

/// Shifts and saturates rows 0 to 7 in r5, r8, r0, r2, r1, r4, r6, r7, and packs them into r0, r2, r4, r6: twelve
/// instructions of four bytes.
macro_rules! saturate {
    ($bits:literal) => {
        concat!(
            "ssat r0, #",
            $bits,
            ", r0, asr #{shift}\n",
            "ssat r2, #",
            $bits,
            ", r2, asr #{shift}\n",
            "add.w r2, r0, r2, lsl #16\n",
            "ssat r5, #",
            $bits,
            ", r5, asr #{shift}\n",
            "ssat r8, #",
            $bits,
            ", r8, asr #{shift}\n",
            "add.w r0, r5, r8, lsl #16\n",
            "ssat r1, #",
            $bits,
            ", r1, asr #{shift}\n",
            "ssat r4, #",
            $bits,
            ", r4, asr #{shift}\n",
            "add.w r4, r1, r4, lsl #16\n",
            "ssat r6, #",
            $bits,
            ", r6, asr #{shift}\n",
            "ssat r7, #",
            $bits,
            ", r7, asr #{shift}\n",
            "add.w r6, r6, r7, lsl #16\n",
        )
    };
}

/// Drives and finishes eight rows at a time.
///
/// Drive: r0-r3 accumulators, r4 and r5 words of U, r6 and r7 inputs, r8 fields, r9 next biases, r10 next word of U, lr mask,
/// r12 next input. Finish: r3 and r9 gains, r10 signs, lr scale, r12 drives. Both: r11 next states.
///
/// # Safety
/// From `h` to `h_end` are groups of four words, at least one, which may be written; `bias` has four words and
/// `signs_from_h` a byte for each group; `x` has `columns` words, at least one. `run_end` is `h_end`, or the groups from `h` to
/// `run_end` are driven, then `other_length` bytes of groups are not, then `next_length` bytes are, and so on up to `h_end`;
/// `u` has `columns` words for each driven group. `narrower` is at most two.
#[unsafe(naked)]
unsafe extern "C" fn finish_code(
    plus: i32,
    minus: i32,
    narrower: u32,
    _: u32,
    start_of_all: u32,
    start_1: u32,
    start_2: u32,
    start_3: u32,
    x: *const i32,
    mask: u32,
    h: *mut u32,
    u: *const u32,
    bias: *const u32,
    run_end: *mut u32,
    ones: u32,
    signs_from_h: usize,
    scale: i32,
    columns: usize,
    other_start: u32,
    other_entry: usize,
    other_length: usize,
    next_length: usize,
    h_end: *mut u32,
) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, sp, #{locals}",
        "strd r0, r0, [sp]",
        "strd r1, r0, [sp, #8]",
        "strd r0, r1, [sp, #16]",
        "strd r1, r1, [sp, #24]",
        "movs r3, #(12 * 4 + 4)",
        "muls r2, r3, r2",
        "adr.w r3, 10f",
        "subs r3, r3, r2",
        "orr r3, r3, #1",
        "str r3, [sp, #{saturate}]",
        set_out!(),
        "ldrd r11, r10, [sp, #{h}]",
        "ldr r9, [sp, #{bias}]",
        products!(),
        "ldm r9!, {{r4-r7}}",
        "strd r9, r10, [sp, #{next}]",
        "add r0, r0, r4",
        "add r1, r1, r5",
        "add r2, r2, r6",
        "add r3, r3, r7",
        "strd r0, r1, [sp, #{drives}]",
        "strd r2, r3, [sp, #{drives} + 8]",
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
        next = const at!(next),
        saturate = const at!(saturate),
        starts = const argument!(starts),
        x = const argument!(x),
        h = const argument!(h),
        bias = const argument!(bias),
        run_end = const argument!(run_end),
        signs = const argument!(signs_from_h),
        columns = const argument!(columns),
        other_start = const argument!(other_start),
        other_entry = const argument!(other_entry),
        other_length = const argument!(other_length),
        next_length = const argument!(next_length),
        drives = const at!(drives),
        entry = const at!(entry),
        after = const at!(after),
        last = const at!(last),
        shift = const GAIN_SHIFT,
        pairs = const PAIRS,
        pair_bytes = const PAIR_BYTES,
    )
}
