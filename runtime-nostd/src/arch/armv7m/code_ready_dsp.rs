//! Finish of eight rows at a time, with DSP instructions, where what drives them is computed already: a second layer.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]
#![allow(
    clippy::too_many_arguments,
    reason = "they are the frame of the assembly"
)]

use core::arch::naked_asm;

use super::code_finish_dsp::{gain_shift, narrow, packed_gains};
use crate::arch::fast_path::GAIN_SHIFT;
use crate::arch::plan::Ready;

/// The stack of [`finish_code`], from its stack pointer on.
#[repr(C)]
struct Frame {
    /// Gains of two rows for each pattern of their sign bits, as 16-bit halves. The first four arguments.
    gains: [u32; 4],
    saved: [u32; 9],
    h: *mut u32,
    rows: *const i32,
    h_end: *mut u32,
    /// The scale of the transform, in both halves.
    ones: u32,
    /// Distance from an address of states, divided by 16, to the byte of signs of the same eight rows.
    signs_from_h: usize,
    half: i32,
}

/// Finishes all rows.
#[inline(always)]
pub(super) fn finish(ready: &mut Ready<'_>) {
    let (signs, state_bits) = (ready.signs(), ready.state_bits());
    let gain_shift = gain_shift(ready.largest_gain());
    let h = ready.blocks.h().as_mut_ptr_range();
    let [both, minus_plus, plus_minus, minus_minus] =
        packed_gains((ready.gain() as u32).wrapping_shl(gain_shift));
    // SAFETY: there are states of whole groups, at least one, as many rows as states, and a byte of signs for each group. All
    // are borrowed until the call returns.
    unsafe {
        finish_code(
            both,
            minus_plus,
            plus_minus,
            minus_minus,
            h.start,
            ready.rows().as_ptr(),
            h.end,
            0x0001_0001u32.wrapping_shl(16u32.wrapping_sub(gain_shift)),
            (signs.as_ptr() as usize).wrapping_sub(h.start as usize >> 4),
            1 << (GAIN_SHIFT - 1),
        );
    }
    narrow(&mut ready.blocks, state_bits);
}

macro_rules! at {
    ($field:ident) => {
        core::mem::offset_of!(Frame, $field)
    };
}

/// Rows `$a` and `$b`, which are those of pair `$pair`, into `$to`.
macro_rules! finish_pair {
    ($pair:literal, $to:literal, $a:literal, $b:literal) => {
        concat!(
            concat!("ubfx r3, lr, #(2 * ", $pair, "), #2\n"),
            "ldr r3, [sp, r3, lsl #2]\n",
            concat!("ldr r12, [r10, #(8 * ", $pair, ")]\n"),
            "add r12, r12, r9\n",
            concat!("smlawb ", $a, ", ", $a, ", r3, r12\n"),
            concat!("ldr r12, [r10, #(8 * ", $pair, " + 4)]\n"),
            "add r12, r12, r9\n",
            concat!("smlawt ", $b, ", ", $b, ", r3, r12\n"),
            concat!("ssat ", $a, ", #12, ", $a, ", asr #{shift}\n"),
            concat!("ssat ", $b, ", #12, ", $b, ", asr #{shift}\n"),
            concat!("pkhbt ", $to, ", ", $a, ", ", $b, ", lsl #16\n"),
        )
    };
}

/// Eight rows at a time: r9 half of what is shifted out, r10 next rows, r11 next states, r3 gains, lr signs, r12 input.
///
/// # Safety
/// From `h` to `h_end` are groups of four words, at least one, which may be written; `rows` has eight words and
/// `signs_from_h` a byte for each group.
#[unsafe(naked)]
unsafe extern "C" fn finish_code(
    both: u32,
    minus_plus: u32,
    plus_minus: u32,
    minus_minus: u32,
    h: *mut u32,
    rows: *const i32,
    h_end: *mut u32,
    ones: u32,
    signs_from_h: usize,
    half: i32,
) {
    naked_asm!(
        cpu!(),
        "push {{r4-r11, lr}}",
        "push {{r0-r3}}",
        "ldrd r11, r10, [sp, #{h}]",
        "ldr r9, [sp, #{half}]",
        "2:",
        "ldr lr, [sp, #{ones}]",
        "ldm r11, {{r4-r7}}",
        widen!(),
        last_stages!(),
        "ldr r12, [sp, #{signs}]",
        "lsr r3, r11, #4",
        "ldrb lr, [r12, r3]",
        finish_pair!("1", "r2", "r0", "r2"),
        finish_pair!("0", "r0", "r5", "r8"),
        finish_pair!("2", "r4", "r1", "r4"),
        finish_pair!("3", "r6", "r6", "r7"),
        "add r10, r10, #32",
        "ldr r12, [sp, #{h_end}]",
        "stm r11!, {{r0, r2, r4, r6}}",
        "cmp r11, r12",
        "bne 2b",
        "add sp, sp, #16",
        "pop {{r4-r11, pc}}",
        h = const at!(h),
        half = const at!(half),
        h_end = const at!(h_end),
        ones = const at!(ones),
        signs = const at!(signs_from_h),
        shift = const GAIN_SHIFT,
    )
}
