//! The stages of the transform on lanes.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

use crate::arch::plan::Blocks;

/// Butterfly stages with strides from half a block down to eight rows: one alone if their number is odd, then two at a time.
#[inline(always)]
pub(super) fn stages(blocks: &mut Blocks<'_>) {
    let block = blocks.block();
    let h = blocks.h().as_mut_ptr_range();
    // SAFETY: the range is one or more whole blocks of `block` words, a power of two from 16 to 512.
    unsafe { stages_code(h.start, h.end, block.wrapping_mul(2)) };
}

/// Two stages on the words at `$at` bytes from r5 in four quarters of 16 bytes.
macro_rules! last_two {
    ($at:literal) => {
        concat!(
            concat!("ldr r0, [r5, #", $at, "]\n"),
            concat!("ldr r1, [r5, #16 + ", $at, "]\n"),
            concat!("ldr r2, [r5, #32 + ", $at, "]\n"),
            concat!("ldr r3, [r5, #48 + ", $at, "]\n"),
            "adds r4, r0, r2\n",
            "subs r2, r0, r2\n",
            "adds r0, r1, r3\n",
            "subs r3, r1, r3\n",
            "adds r1, r4, r0\n",
            "subs r4, r4, r0\n",
            "adds r0, r2, r3\n",
            "subs r2, r2, r3\n",
            concat!("str r1, [r5, #", $at, "]\n"),
            concat!("str r4, [r5, #16 + ", $at, "]\n"),
            concat!("str r0, [r5, #32 + ", $at, "]\n"),
            concat!("str r2, [r5, #48 + ", $at, "]\n"),
        )
    };
}

/// First the stage of the longest stride alone, two words at a time, if the number of stages is odd: where `stride` is
/// 32, 128, 512, … it is even. Then two stages at a time, a word of each quarter of a block at a time.
///
/// # Safety
/// `h` to `end` is one or more whole blocks of `2 * stride` bytes, which may be written; `stride` is a power of two from 32
/// to 1024.
#[unsafe(naked)]
unsafe extern "C" fn stages_code(h: *mut u32, end: *mut u32, stride: usize) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "push {{r0-r2}}",
        "movs r3, #0x55",
        "lsls r4, r3, #8",
        "orrs r3, r4",
        "tst r2, r3",
        "beq 4f",
        // One stage: r0 and r1 are in the halves of a block, r12 at the end of the first half.
        "2:",
        "ldr r2, [sp, #8]",
        "adds r1, r0, r2",
        "mov r12, r1",
        "3:",
        "ldmia r0!, {{r4, r5}}",
        "ldmia r1!, {{r6, r7}}",
        "adds r2, r4, r6",
        "subs r4, r4, r6",
        "adds r3, r5, r7",
        "subs r5, r5, r7",
        "subs r0, r0, #8",
        "stmia r0!, {{r2, r3}}",
        "subs r1, r1, #8",
        "stmia r1!, {{r4, r5}}",
        "cmp r0, r12",
        "bne 3b",
        "movs r0, r1",
        "ldr r2, [sp, #4]",
        "cmp r0, r2",
        "bne 2b",
        "ldr r2, [sp, #8]",
        "lsrs r2, r2, #1",
        // Two stages: r5 is in the first or the second quarter of a block, r6 and r7 are one and two quarters, r12 is the end
        // of the first quarter.
        "4:",
        "lsrs r6, r2, #1",
        "adds r7, r2, #0",
        "ldr r5, [sp]",
        "cmp r6, #16",
        "beq 7f",
        "5:",
        "adds r0, r5, r6",
        "mov r12, r0",
        "6:",
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
        "bne 6b",
        "adds r5, r5, r6",
        "adds r5, r5, r7",
        "ldr r0, [sp, #4]",
        "cmp r5, r0",
        "bne 5b",
        "lsrs r2, r6, #1",
        "b 4b",
        // The last two.
        "7:",
        "ldr r6, [sp, #4]",
        "8:",
        last_two!("0"),
        last_two!("4"),
        last_two!("8"),
        last_two!("12"),
        "adds r5, r5, #64",
        "cmp r5, r6",
        "bne 8b",
        "add sp, sp, #12",
        "pop {{r4-r7, pc}}",
    )
}
