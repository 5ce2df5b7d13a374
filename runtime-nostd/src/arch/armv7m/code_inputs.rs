//! Standardisation of inputs.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

use heapless::VecView;

use crate::format::Header;

/// Width of the inputs that the assembly saturates to: the exporter's default.
const BITS: u32 = 10;

/// As `drive::standardise_all`, where no input is a copy and all have 10 bits.
#[inline(always)]
pub(crate) fn standardise(
    channels: &[u32],
    sample: &[i16],
    inputs: &mut VecView<i32>,
    header: &Header<'_>,
) -> Option<i32> {
    let shift = u32::from(header.input_shift);
    let count = channels.len();
    let fits = u32::from(header.input_bits) == BITS
        && sample.len() == count
        && inputs.capacity() >= count
        && count > 0;
    if !fits {
        return None;
    }
    let range = channels.as_ptr_range();
    let half = 1i32.wrapping_shl(shift.wrapping_sub(1));
    // SAFETY: `channels` and `sample` have the same positive number of elements, and `inputs` has room for them. Afterwards
    // they are written.
    unsafe {
        let sum = standardise_code(
            range.start,
            range.end,
            sample.as_ptr(),
            inputs.as_mut_ptr(),
            half,
            shift,
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
) -> i32 {
    naked_asm!(
        cpu!(),
        "push {{r4-r8, lr}}",
        "ldrd r4, r5, [sp, #24]",
        "movs r12, #0",
        "2:",
        "ldr r6, [r0], #4",
        "ldrsh r7, [r2], #2",
        #[cfg(hadamrnn_arch = "armv7em")]
        "smulbt r8, r6, r6",
        #[cfg(hadamrnn_arch = "armv7em")]
        "smlabt r7, r7, r6, r4",
        #[cfg(hadamrnn_arch = "armv7em")]
        "sub r7, r7, r8",
        #[cfg(hadamrnn_arch = "armv7m")]
        "sxth r8, r6",
        #[cfg(hadamrnn_arch = "armv7m")]
        "sub r7, r7, r8",
        #[cfg(hadamrnn_arch = "armv7m")]
        "lsr r8, r6, #16",
        #[cfg(hadamrnn_arch = "armv7m")]
        "mla r7, r7, r8, r4",
        "asr r7, r7, r5",
        "ssat r7, #{bits}, r7",
        "str r7, [r3], #4",
        "add r12, r12, r7",
        "cmp r0, r1",
        "bne 2b",
        "mov r0, r12",
        "pop {{r4-r8, pc}}",
        bits = const BITS,
    )
}
