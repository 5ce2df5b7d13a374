//! Standardisation of inputs.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

use heapless::VecView;

use crate::arch::channels::Channels;

/// As `drive::standardise_all`, where no input is a copy.
#[inline(always)]
pub(crate) fn standardise(
    channels: &Channels<'_>,
    sample: &[i16],
    inputs: &mut VecView<i32>,
) -> Option<i32> {
    let (words, count) = (channels.words(), sample.len());
    if count != channels.counts() || count != words.len() || inputs.capacity() < count {
        return None;
    }
    let range = words.as_ptr_range();
    let largest = 1i32
        .wrapping_shl(channels.bits().wrapping_sub(1))
        .wrapping_sub(1);
    // SAFETY: `words` and `sample` have the same positive number of elements, and `inputs` has room for them. Afterwards
    // they are written.
    unsafe {
        let sum = standardise_code(
            range.start,
            range.end,
            sample.as_ptr(),
            inputs.as_mut_ptr(),
            channels.half(),
            channels.shift(),
            largest,
        );
        inputs.set_len(count);
        Some(sum)
    }
}

/// `x = sat(((count - offset) * multiplier + half) >> shift)` for each channel, and their sum.
///
/// # Safety
/// `channels` to `end` are one or more words, and `sample` and `x` as many elements; those of `x` may be written.
#[unsafe(naked)]
unsafe extern "C" fn standardise_code(
    channels: *const u32,
    end: *const u32,
    sample: *const i16,
    x: *mut i32,
    half: i32,
    shift: u32,
    largest: i32,
) -> i32 {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "push {{r4-r6}}",
        // r8 half, r9 sum, r10 least, r12 largest, lr end, r1 shift, r6 offset in the sample.
        "mov lr, r1",
        "ldr r4, [sp, #32]",
        "mov r8, r4",
        "ldr r1, [sp, #36]",
        "ldr r4, [sp, #40]",
        "mov r12, r4",
        "mvns r4, r4",
        "mov r10, r4",
        "movs r6, #0",
        "mov r9, r6",
        "2:",
        "ldmia r0!, {{r4}}",
        "ldrsh r5, [r2, r6]",
        "adds r6, r6, #2",
        "sxth r7, r4",
        "subs r5, r5, r7",
        "lsrs r4, r4, #16",
        "muls r5, r4, r5",
        "add r5, r8",
        "asrs r5, r1",
        "cmp r5, r12",
        "ble 3f",
        "mov r5, r12",
        "3:",
        "cmp r5, r10",
        "bge 3f",
        "mov r5, r10",
        "3:",
        "stmia r3!, {{r5}}",
        "add r9, r5",
        "cmp r0, lr",
        "bne 2b",
        "mov r0, r9",
        "pop {{r4-r6}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "pop {{r4-r7, pc}}",
    )
}
