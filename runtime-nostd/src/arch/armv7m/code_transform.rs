//! The stages of the transform on lanes.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

use crate::arch::plan::Blocks;

/// An addition or a subtraction on two lanes.
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! plus {
    ($registers:literal) => {
        concat!("sadd16 ", $registers)
    };
}
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! minus {
    ($registers:literal) => {
        concat!("ssub16 ", $registers)
    };
}
#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! plus {
    ($registers:literal) => {
        concat!("add ", $registers)
    };
}
#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! minus {
    ($registers:literal) => {
        concat!("sub ", $registers)
    };
}

/// Two stages on two words of each quarter of a block of sixteen words, from r0 and `$at` on: `$at` is 0 or 8.
macro_rules! last_two {
    ($at:literal) => {
        concat!(
            concat!("ldrd r2, r3, [r0, #", $at, "]\n"),
            concat!("ldrd r4, r5, [r0, #16 + ", $at, "]\n"),
            concat!("ldrd r6, r7, [r0, #32 + ", $at, "]\n"),
            concat!("ldrd r8, r9, [r0, #48 + ", $at, "]\n"),
            plus!("r10, r2, r6\n"),
            minus!("r6, r2, r6\n"),
            plus!("r2, r3, r7\n"),
            minus!("r7, r3, r7\n"),
            plus!("r3, r4, r8\n"),
            minus!("r8, r4, r8\n"),
            plus!("r4, r5, r9\n"),
            minus!("r9, r5, r9\n"),
            plus!("r5, r10, r3\n"),
            minus!("r3, r10, r3\n"),
            plus!("r10, r2, r4\n"),
            minus!("r4, r2, r4\n"),
            plus!("r2, r6, r8\n"),
            minus!("r8, r6, r8\n"),
            plus!("r6, r7, r9\n"),
            minus!("r9, r7, r9\n"),
            concat!("strd r5, r10, [r0, #", $at, "]\n"),
            concat!("strd r3, r4, [r0, #16 + ", $at, "]\n"),
            concat!("strd r2, r6, [r0, #32 + ", $at, "]\n"),
            concat!("strd r8, r9, [r0, #48 + ", $at, "]\n"),
        )
    };
}

/// Butterfly stages with strides from half a block down to eight rows: one alone if their number is odd, then two at a time.
#[inline(always)]
pub(super) fn stages(blocks: &mut Blocks<'_>) {
    let block = blocks.block();
    let h = blocks.h().as_mut_ptr_range();
    // SAFETY: the range is one or more whole blocks of `block` words, a power of two from 16 on.
    unsafe { stages_code(h.start, h.end, block.wrapping_mul(2)) };
}

/// First the stage of the longest stride alone, four words at a time, if the number of stages is odd: where `stride` is
/// 32, 128, 512, … it is even. Then two stages at a time, two words of each quarter of a block at a time; the
/// last two have constant distances.
///
/// # Safety
/// `h` to `end` is one or more whole blocks of `2 * stride` bytes, which may be written; `stride` is a power of two from 32
/// on.
#[unsafe(naked)]
unsafe extern "C" fn stages_code(h: *mut u32, end: *mut u32, stride: usize) {
    naked_asm!(
        cpu!(),
        "push {{r0, r1, r4-r11, lr}}",
        "clz r3, r2",
        "lsls r3, r3, #31",
        "beq 4f",
        // One stage: r10 and r11 are in the halves of a block, r12 at the end of the first half.
        "mov r10, r0",
        "mov lr, r2",
        "2:",
        "add r11, r10, lr",
        "mov r12, r11",
        "3:",
        "ldm r10, {{r1-r4}}",
        "ldm r11, {{r5-r8}}",
        plus!("r0, r1, r5"),
        minus!("r5, r1, r5"),
        plus!("r1, r2, r6"),
        minus!("r6, r2, r6"),
        plus!("r2, r3, r7"),
        minus!("r7, r3, r7"),
        plus!("r3, r4, r8"),
        minus!("r8, r4, r8"),
        "stm r10!, {{r0-r3}}",
        "stm r11!, {{r5-r8}}",
        "cmp r10, r12",
        "bne 3b",
        "mov r10, r11",
        "ldr r0, [sp, #4]",
        "cmp r10, r0",
        "bne 2b",
        "lsr r2, lr, #1",
        // Two stages: r9 to r12 are in the quarters of a block, lr at the end of the first quarter.
        "4:",
        "lsr r2, r2, #1",
        "cmp r2, #16",
        "beq 7f",
        "ldr r12, [sp]",
        "push {{r2}}",
        "5:",
        "mov r9, r12",
        "add r10, r9, r2",
        "add r11, r10, r2",
        "add r12, r11, r2",
        "mov lr, r10",
        "6:",
        "ldrd r0, r1, [r9]",
        "ldrd r2, r3, [r10]",
        "ldrd r4, r5, [r11]",
        "ldrd r6, r7, [r12]",
        plus!("r8, r0, r4"),
        minus!("r4, r0, r4"),
        plus!("r0, r1, r5"),
        minus!("r5, r1, r5"),
        plus!("r1, r2, r6"),
        minus!("r6, r2, r6"),
        plus!("r2, r3, r7"),
        minus!("r7, r3, r7"),
        plus!("r3, r8, r1"),
        minus!("r1, r8, r1"),
        plus!("r8, r0, r2"),
        minus!("r2, r0, r2"),
        plus!("r0, r4, r6"),
        minus!("r6, r4, r6"),
        plus!("r4, r5, r7"),
        minus!("r7, r5, r7"),
        "strd r3, r8, [r9], #8",
        "strd r1, r2, [r10], #8",
        "strd r0, r4, [r11], #8",
        "strd r6, r7, [r12], #8",
        "cmp r9, lr",
        "bne 6b",
        "ldr r2, [sp]",
        "ldr r1, [sp, #8]",
        "cmp r12, r1",
        "bne 5b",
        "add sp, sp, #4",
        "lsr r2, r2, #1",
        "b 4b",
        // The last two: there are always two, in a block of sixteen words.
        "7:",
        "pop {{r0, r1}}",
        "8:",
        last_two!("0"),
        last_two!("8"),
        "adds r0, r0, #64",
        "cmp r0, r1",
        "bne 8b",
        "pop {{r4-r11, pc}}",
    )
}
