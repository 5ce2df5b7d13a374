//! Standardisation of inputs.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]
#![allow(
    clippy::too_many_arguments,
    reason = "they are the frame of the assembly"
)]

use core::arch::naked_asm;

use heapless::VecView;

use crate::arch::channels::Channels;

/// Standardises a sample; gives the same inputs as the portable `input_projection::standardise_all`.
#[inline(always)]
pub(crate) fn standardise(
    channels: &Channels<'_>,
    sample: &[i16],
    inputs: &mut VecView<i32>,
) -> Option<i32> {
    let words = channels.words();
    if sample.len() != channels.counts() || inputs.capacity() < words.len() {
        return None;
    }
    let copies = words.len() != sample.len();
    let range = words.as_ptr_range();
    let largest = 1i32
        .wrapping_shl(channels.bits().wrapping_sub(1))
        .wrapping_sub(1);
    // SAFETY: `channels` has one or more words, `sample` an element for each that is not a copy, and `inputs` room for all.
    // Afterwards they are written.
    unsafe {
        let sum = standardise_code(
            range.start,
            range.end,
            sample.as_ptr(),
            inputs.as_mut_ptr(),
            channels.half(),
            channels.shift(),
            largest,
            copies.into(),
        );
        inputs.set_len(words.len());
        Some(sum)
    }
}

/// The input of the count in r5 with the constants in r4, whose factor `$factor` leaves there: to the next place at r3, and to
/// the sum.
macro_rules! input {
    ($factor:literal) => {
        concat!(
            "sxth r7, r4\n",
            "subs r5, r5, r7\n",
            concat!($factor, "muls r5, r4, r5\n"),
            "add r5, r8\n",
            "asrs r5, r1\n",
            "cmp r5, r12\n",
            "ble 3f\n",
            "mov r5, r12\n",
            "3:\n",
            "cmp r5, r10\n",
            "bge 3f\n",
            "mov r5, r10\n",
            "3:\n",
            "stmia r3!, {{r5}}\n",
            "add r9, r5\n",
        )
    };
}

/// `x = sat(((count - offset) * multiplier + half) >> shift)` for each input, and their sum.
///
/// # Safety
/// `channels` to `end` are one or more words; `sample` has an element for each, but with `copies` none where the top bit is
/// set, which it is not in the first one; `x`, which may be written, has one for each.
#[unsafe(naked)]
unsafe extern "C" fn standardise_code(
    channels: *const u32,
    end: *const u32,
    sample: *const i16,
    x: *mut i32,
    half: i32,
    shift: u32,
    largest: i32,
    copies: u32,
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
        "ldr r4, [sp, #44]",
        "movs r6, #0",
        "mov r9, r6",
        "cmp r4, #0",
        "bne 4f",
        "2:",
        "ldmia r0!, {{r4}}",
        "ldrsh r5, [r2, r6]",
        "adds r6, r6, #2",
        input!("lsrs r4, r4, #16\n"),
        "cmp r0, lr",
        "bne 2b",
        "b 6f",
        // With copies. The count takes the place of the last argument; the top bit marks an input that reads the count of the one before.
        "4:",
        "ldmia r0!, {{r4}}",
        "ldr r5, [sp, #44]",
        "cmp r4, #0",
        "blt 5f",
        "ldrsh r5, [r2, r6]",
        "adds r6, r6, #2",
        "str r5, [sp, #44]",
        "5:",
        input!(
            "
            lsls r4, r4, #1
            lsrs r4, r4, #17
            "
        ),
        "cmp r0, lr",
        "bne 4b",
        "6:",
        "mov r0, r9",
        "pop {{r4-r6}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "pop {{r4-r7, pc}}",
    )
}
