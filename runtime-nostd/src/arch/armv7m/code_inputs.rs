//! Standardisation of inputs.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::{asm, naked_asm};

use heapless::VecView;

use crate::arch::channels::Channels;

/// Width of the inputs that the assembly saturates to: the exporter's default.
const BITS: u32 = 10;

/// Standardises a sample to inputs of 10 bits; gives the same inputs as the portable `input_projection::standardise_all`. None for
/// other widths.
#[inline(always)]
pub(crate) fn standardise(
    channels: &Channels<'_>,
    sample: &[i16],
    inputs: &mut VecView<i32>,
) -> Option<i32> {
    let words = channels.words();
    if channels.bits() != BITS
        || sample.len() != channels.counts()
        || inputs.capacity() < words.len()
    {
        return None;
    }
    // Inputs one by one: where there are copies all, else none but the first of an odd number.
    let alone = if words.len() == sample.len() {
        words.len() & 1
    } else {
        words.len()
    };
    let range = words.as_ptr_range();
    let sum: i32;
    // SAFETY: there are one or more words, and `alone` is one or all of them or leaves an even number; `sample` has an element
    // for each that is not a copy, and `inputs` has room for all. Afterwards they are written. It changes no register but those
    // that are named here.
    unsafe {
        asm!(
            "bl {code}",
            code = sym standardise_code,
            inout("r0") range.start => sum,
            inout("r1") range.start.wrapping_add(alone) => _,
            inout("r2") sample.as_ptr() => _,
            in("r4") channels.half(),
            in("r5") channels.shift(),
            in("r8") inputs.as_mut_ptr(),
            in("r9") range.end,
            out("r3") _,
            out("r12") _,
            out("lr") _,
        );
        inputs.set_len(words.len());
    }
    Some(sum)
}

/// The input of the count in `$count` with the constants in `$word`, into `$count`; r4 half of what is shifted out by r5.
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! scale {
    ($to:literal, $count:literal, $word:literal, $temporary:literal) => {
        concat!(
            concat!("smulbt ", $temporary, ", ", $word, ", ", $word, "\n"),
            concat!("smlabt ", $to, ", ", $count, ", ", $word, ", r4\n"),
            concat!("sub ", $to, ", ", $to, ", ", $temporary, "\n"),
            concat!("asr ", $to, ", ", $to, ", r5\n"),
            concat!("ssat ", $to, ", #{bits}, ", $to, "\n"),
        )
    };
}
#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! scale {
    ($to:literal, $count:literal, $word:literal, $temporary:literal) => {
        concat!(
            concat!("sxth ", $temporary, ", ", $word, "\n"),
            concat!("sub ", $temporary, ", ", $count, ", ", $temporary, "\n"),
            concat!("lsr ", $word, ", ", $word, ", #16\n"),
            concat!("mla ", $to, ", ", $temporary, ", ", $word, ", r4\n"),
            concat!("asr ", $to, ", ", $to, ", r5\n"),
            concat!("ssat ", $to, ", #{bits}, ", $to, "\n"),
        )
    };
}

/// `x = sat(((count - offset) * multiplier + half) >> shift)` for each input, and their sum: up to `alone` one by one, then two
/// at a time.
///
/// r6 and r9 constants, r7 and r10 counts and inputs, r12 sum, lr end.
///
/// # Safety
/// Only [`standardise`] may call it: r0 `channels`, r1 `alone`, r2 `sample`, r4 half, r5 shift, r8 `x`, r9 `end`; the sum is in r0.
/// It keeps r4 to r11 and the stack, and no other register.
///
/// `channels` to `end` are words, up to `alone` any number, from there an even number without copies; `sample` has an element
/// for each that is no copy, and `x`, which may be written, for each.
#[unsafe(naked)]
unsafe extern "C" fn standardise_code() {
    naked_asm!(
        cpu!(),
        "push {{r6-r11, lr}}",
        "mov r3, r8",
        "mov lr, r9",
        "movs r12, #0",
        "cmp r0, r1",
        "beq 3f",
        // The top bit marks an input that reads the count of the one before.
        "2:",
        "ldr r6, [r0], #4",
        "cmp r6, #0",
        "it ge",
        "ldrshge r7, [r2], #2",
        "bic r6, r6, #0x80000000",
        scale!("r10", "r7", "r6", "r8"),
        "str r10, [r3], #4",
        "add r12, r12, r10",
        "cmp r0, r1",
        "bne 2b",
        "3:",
        "cmp r0, lr",
        "beq 5f",
        "4:",
        "ldrd r6, r9, [r0], #8",
        "ldrsh r7, [r2], #2",
        "ldrsh r10, [r2], #2",
        scale!("r7", "r7", "r6", "r8"),
        scale!("r10", "r10", "r9", "r11"),
        "strd r7, r10, [r3], #8",
        "add r12, r12, r7",
        "add r12, r12, r10",
        "cmp r0, lr",
        "bne 4b",
        "5:",
        "mov r0, r12",
        "pop {{r6-r11, pc}}",
        bits = const BITS,
    )
}
