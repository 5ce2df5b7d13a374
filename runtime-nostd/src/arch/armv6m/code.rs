//! The assembly and the only `unsafe` of this backend.
//!
//! Every routine is behind a safe function that has checked lengths, or has them from a [`CommonShape`]. The register
//! conventions of each are in its comments. No routine touches the stack below its own frame, so interrupts may come at
//! any time.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

use crate::arch::shape::{CommonShape, GAIN_SHIFT};
use crate::kernel::for_each_block;
use crate::step::Step;

/// The butterfly stage with `stride`, on whole blocks of `2 * stride` words.
pub(super) fn butterflies2(words: &mut [u32], stride: usize) {
    if stride == 0 {
        return;
    }
    for_each_block(words, stride.wrapping_mul(2), |block| {
        // SAFETY: `block` has `2 * stride` words, `stride` is positive.
        unsafe { butterflies2_code(block.as_mut_ptr(), stride.wrapping_mul(4)) }
    });
}

/// Replaces `block[i], block[i + stride]` by their sum and difference.
///
/// # Safety
/// `block` points to `stride / 2` words (`stride` is in bytes, positive and a multiple of four).
#[unsafe(naked)]
unsafe extern "C" fn butterflies2_code(block: *mut u32, stride: usize) {
    naked_asm!(
        "push {{r4, lr}}",
        "adds r4, r0, r1",
        "2:",
        "ldr r2, [r0]",
        "ldr r3, [r0, r1]",
        "subs r2, r2, r3",
        "str r2, [r0, r1]",
        "adds r2, r2, r3",
        "adds r2, r2, r3",
        "stmia r0!, {{r2}}",
        "cmp r0, r4",
        "bne 2b",
        "pop {{r4, pc}}",
    )
}

/// Two butterfly stages, with strides `2 * quarter` and `quarter`, on whole blocks of `4 * quarter` words.
pub(super) fn butterflies4(words: &mut [u32], quarter: usize) {
    if quarter == 0 {
        return;
    }
    for_each_block(words, quarter.wrapping_mul(4), |block| {
        // SAFETY: `block` has `4 * quarter` words, `quarter` is positive.
        unsafe { butterflies4_code(block.as_mut_ptr(), quarter.wrapping_mul(4)) }
    });
}

/// One word of each quarter at a time: r5 is at the word of the first or the second quarter, r6 and r7 are one and two
/// quarters.
///
/// # Safety
/// `block` points to `quarter` words (`quarter` is in bytes, positive and a multiple of four).
#[unsafe(naked)]
unsafe extern "C" fn butterflies4_code(block: *mut u32, quarter: usize) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "movs r5, r0",
        "movs r6, r1",
        "adds r7, r1, r1",
        "adds r0, r0, r1",
        "mov r12, r0",
        "2:",
        "ldr r0, [r5]",
        "ldr r1, [r5, r6]",
        "ldr r2, [r5, r7]",
        "adds r5, r5, r6",
        "ldr r3, [r5, r7]",
        "adds r4, r0, r2",
        "subs r2, r0, r2",
        "adds r0, r1, r3",
        "subs r3, r1, r3",
        "adds r1, r4, r0",
        "subs r4, r4, r0",
        "adds r0, r2, r3",
        "subs r2, r2, r3",
        "str r2, [r5, r7]",
        "str r4, [r5]",
        "subs r5, r5, r6",
        "str r0, [r5, r7]",
        "stmia r5!, {{r1}}",
        "cmp r5, r12",
        "bne 2b",
        "pop {{r4-r7, pc}}",
    )
}

/// Everything that [`finish_code`] reads, in the order in which it lies on its stack.
#[repr(C)]
struct Frame {
    /// Low lanes after the stages across words, then new states.
    low: [u32; 4],
    x: *const i32,
    last_x: *const i32,
    h: *mut u32,
    u: *const u32,
    /// From a word of states to the word of biases of the same rows.
    bias_from_h: usize,
    /// Where the accumulator of a pair of rows starts, but for its bias.
    start: u32,
    mask: u32,
    /// 0x8000: undoes the borrow from a high lane.
    half_lane: u32,
    /// From an address of states, divided by 16, to the byte of signs of the same eight rows.
    signs_from_h: usize,
    gain: i32,
    drive_shift: u32,
    /// `16 - drive_shift`
    lane_shift: u32,
    /// `2^(w-1)` in both lanes, for states of `w` bits.
    centre: u32,
    /// All bits of both lanes above the first `w`.
    outside: u32,
    /// `2^(w-1) - 1`
    largest: i32,
    h_end: *mut u32,
    /// High lanes after the stages across words.
    high: [u32; 4],
    saved_lr: u32,
}

/// Finishes the step of a state of as many rows as `shape` has.
#[inline(never)]
pub(super) fn finish(h: &mut [u32], shape: &CommonShape<'_>, step: &Step<'_>) {
    if h.len() != shape.groups.wrapping_mul(4) {
        return;
    }
    let range = h.as_mut_ptr_range();
    let start = range.start as usize;
    let x = shape.x.as_ptr();
    let bits = step.layer.state_bits;
    let half = 1u32.wrapping_shl(bits.wrapping_sub(1));
    let frame = Frame {
        low: [0; 4],
        x,
        last_x: x.wrapping_add(shape.x.len().wrapping_sub(1)),
        h: range.start,
        u: shape.u.as_ptr(),
        bias_from_h: (shape.bias.as_ptr() as usize).wrapping_sub(start),
        // Stored biases have 32768 too much in both lanes.
        start: (shape.offset.wrapping_sub(1 << 15) as u32).wrapping_mul(0x0001_0001),
        mask: 0x000F_000F,
        half_lane: 0x8000,
        signs_from_h: (shape.signs.as_ptr() as usize).wrapping_sub(start >> 4),
        gain: step.gain,
        drive_shift: shape.drive_shift,
        lane_shift: 16u32.wrapping_sub(shape.drive_shift),
        centre: half.wrapping_mul(0x0001_0001),
        outside: (0xFFFFu32.wrapping_shl(bits) & 0xFFFF).wrapping_mul(0x0001_0001),
        largest: half.wrapping_sub(1) as i32,
        h_end: range.end,
        high: [0; 4],
        saved_lr: 0,
    };
    // SAFETY: a `CommonShape` has two inputs or more, and sections for as many rows as `groups` groups; `h` has four words
    // for each group, and there is one at least. All of them are borrowed until the call returns.
    unsafe { finish_code(frame) };
}

/// Where a field of [`Frame`] lies on the stack of [`finish_code`]: its first four words came in registers and lie below
/// the nine saved registers, the rest is the caller's.
const fn at(offset: usize) -> usize {
    if offset < 16 { offset } else { offset + 36 }
}
macro_rules! at {
    ($field:ident) => {
        at(core::mem::offset_of!(Frame, $field))
    };
}

/// Adds the three masked pairs of fields of word `$w` times `$x` to r9, r10 and r11, and the word times `$x` to r8.
macro_rules! column {
    ($w:literal, $x:literal) => {
        concat!(
            "lsrs r4, ",
            $w,
            ", #4\n",
            "ands r4, r5\n",
            "muls r4, ",
            $x,
            ", r4\n",
            "add r9, r4\n",
            "lsrs r4, ",
            $w,
            ", #8\n",
            "ands r4, r5\n",
            "muls r4, ",
            $x,
            ", r4\n",
            "add r10, r4\n",
            "lsrs r4, ",
            $w,
            ", #12\n",
            "ands r4, r5\n",
            "muls r4, ",
            $x,
            ", r4\n",
            "add r11, r4\n",
            "muls ",
            $w,
            ", ",
            $x,
            ", ",
            $w,
            "\n",
            "add r8, ",
            $w,
            "\n",
        )
    };
}

/// The stages with strides 2 and 4 rows on one lane of four words, r0-r3.
macro_rules! across_words {
    () => {
        "
        adds r4, r0, r1
        subs r5, r0, r1
        adds r6, r2, r3
        subs r7, r2, r3
        adds r0, r4, r6
        adds r1, r5, r7
        subs r2, r4, r6
        subs r3, r5, r7
        "
    };
}

/// Rows `2 $pair` and `2 $pair + 1`: the last stage, signs, gain, the drive in `$drive`, shift and saturation.
macro_rules! finish_pair {
    ($pair:literal, $drive:literal) => {
        concat!(
            "ldr r4, [sp, #4 * ",
            $pair,
            "]\n",
            "ldr r6, [sp, #{high} + 4 * ",
            $pair,
            "]\n",
            "subs r5, r4, r6\n",
            "adds r4, r4, r6\n",
            "muls r4, r0, r4\n",
            "muls r5, r0, r5\n",
            "lsrs r1, r1, #1\n",
            "bcc 5f\n",
            "rsbs r4, r4, #0\n",
            "5:\n",
            "lsrs r1, r1, #1\n",
            "bcc 5f\n",
            "rsbs r5, r5, #0\n",
            "5:\n",
            "mov r7, ",
            $drive,
            "\n",
            "sxth r6, r7\n",
            "subs r7, r7, r6\n",
            "lsls r6, r2\n",
            "asrs r7, r3\n",
            "adds r4, r4, r6\n",
            "adds r5, r5, r7\n",
            "asrs r4, r4, #{shift}\n",
            "asrs r5, r5, #{shift}\n",
            "lsls r5, r5, #16\n",
            "adds r4, r4, r5\n",
            "ldr r6, [sp, #{centre}]\n",
            "adds r6, r6, r4\n",
            "ldr r7, [sp, #{outside}]\n",
            "tst r6, r7\n",
            "beq 5f\n",
            "mov r6, lr\n",
            "str r6, [sp, #{saved_lr}]\n",
            "bl 6f\n",
            "ldr r6, [sp, #{saved_lr}]\n",
            "mov lr, r6\n",
            "5:\n",
            "str r4, [sp, #4 * ",
            $pair,
            "]\n",
        )
    };
}

/// Finishes the step, eight rows at a time.
///
/// Drive: r0 and r1 words of U, r2 and r3 inputs, r4 fields, r5 mask, r6 next word of U, r7 next input, r8-r11
/// accumulators, r12 last input, lr next states. Finish: r0 gain, r1 signs, r2 and r3 shifts.
///
/// # Safety
/// With `rows = 2 * (h_end - h)` (in words), a positive multiple of eight: `h` to `h_end` may be written; `x` to `last_x`
/// are two or more inputs; `u`, `h + bias_from_h` and `signs_from_h` are the sections for so many rows and inputs.
#[unsafe(naked)]
unsafe extern "C" fn finish_code(frame: Frame) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "push {{r0-r3}}",
        "ldr r0, [sp, #{h}]",
        "mov lr, r0",
        "ldr r0, [sp, #{last_x}]",
        "mov r12, r0",
        "2:",
        // Biases and constants.
        "ldr r6, [sp, #{u}]",
        "ldr r7, [sp, #{bias}]",
        "add r7, lr",
        "ldmia r7!, {{r0-r3}}",
        "ldr r4, [sp, #{start}]",
        "adds r0, r0, r4",
        "adds r1, r1, r4",
        "adds r2, r2, r4",
        "adds r3, r3, r4",
        "mov r9, r1",
        "mov r10, r2",
        "mov r11, r3",
        "lsls r4, r3, #4",
        "adds r4, r4, r2",
        "lsls r4, r4, #4",
        "adds r4, r4, r1",
        "lsls r4, r4, #4",
        "adds r4, r4, r0",
        "mov r8, r4",
        "ldr r7, [sp, #{x}]",
        "ldr r5, [sp, #{mask}]",
        "3:",
        "ldmia r7!, {{r2, r3}}",
        "ldmia r6!, {{r0, r1}}",
        column!("r0", "r2"),
        column!("r1", "r3"),
        "cmp r7, r12",
        "blo 3b",
        "bhi 4f",
        "ldr r2, [r7]",
        "ldmia r6!, {{r0}}",
        column!("r0", "r2"),
        "4:",
        "str r6, [sp, #{u}]",
        "mov r4, r11",
        "lsls r4, r4, #4",
        "add r4, r10",
        "lsls r4, r4, #4",
        "add r4, r9",
        "lsls r4, r4, #4",
        "mov r0, r8",
        "subs r0, r0, r4",
        "mov r8, r0",
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
        "mov r7, lr",
        "ldmia r7!, {{r0-r3}}",
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
        "mov r7, sp",
        "ldmia r7!, {{r0-r3}}",
        "mov r7, lr",
        "stmia r7!, {{r0-r3}}",
        "mov lr, r7",
        "ldr r0, [sp, #{h_end}]",
        "cmp lr, r0",
        "beq 7f",
        "b 2b",
        "7:",
        "add sp, sp, #16",
        "pop {{r0-r3}}",
        "mov r8, r0",
        "mov r9, r1",
        "mov r10, r2",
        "mov r11, r3",
        "pop {{r4-r7, pc}}",
        // Saturates two packed rows: r4 is the word, r5 its high lane.
        "6:",
        "subs r4, r4, r5",
        "asrs r5, r5, #16",
        "ldr r6, [sp, #{largest}]",
        "cmp r4, r6",
        "ble 5f",
        "mov r4, r6",
        "5:",
        "cmp r5, r6",
        "ble 5f",
        "mov r5, r6",
        "5:",
        "mvns r6, r6",
        "cmp r4, r6",
        "bge 5f",
        "mov r4, r6",
        "5:",
        "cmp r5, r6",
        "bge 5f",
        "mov r5, r6",
        "5:",
        "lsls r5, r5, #16",
        "adds r4, r4, r5",
        "bx lr",
        x = const at!(x),
        last_x = const at!(last_x),
        h = const at!(h),
        u = const at!(u),
        bias = const at!(bias_from_h),
        start = const at!(start),
        mask = const at!(mask),
        half_lane = const at!(half_lane),
        signs = const at!(signs_from_h),
        gain = const at!(gain),
        drive_shift = const at!(drive_shift),
        lane_shift = const at!(lane_shift),
        centre = const at!(centre),
        outside = const at!(outside),
        largest = const at!(largest),
        h_end = const at!(h_end),
        high = const at!(high),
        saved_lr = const at!(saved_lr),
        shift = const GAIN_SHIFT,
    )
}
