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

/// Tells the assembler of whole functions that an Armv8-M core has DSP instructions: it does not see target features.
#[cfg(hadamrnn_armv8m)]
macro_rules! core {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(hadamrnn_armv8m))]
macro_rules! core {
    () => {
        ""
    };
}

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

/// Sum of both lanes.
#[cfg(hadamrnn_arch = "armv7em")]
#[inline(always)]
pub(super) fn sadd16(a: u32, b: u32) -> u32 {
    let sum;
    // SAFETY: reads two registers and writes one; the flags it changes (GE) are undefined at any time for Rust.
    unsafe {
        core::arch::asm!("sadd16 {}, {}, {}", out(reg) sum, in(reg) a, in(reg) b,
            options(pure, nomem, nostack));
    }
    sum
}

/// Difference of both lanes.
#[cfg(hadamrnn_arch = "armv7em")]
#[inline(always)]
pub(super) fn ssub16(a: u32, b: u32) -> u32 {
    let difference;
    // SAFETY: as in `sadd16`.
    unsafe {
        core::arch::asm!("ssub16 {}, {}, {}", out(reg) difference, in(reg) a, in(reg) b,
            options(pure, nomem, nostack));
    }
    difference
}

/// The butterfly stage with `stride`, on whole blocks of `2 * stride` words; `stride` is a multiple of four.
pub(super) fn butterflies2(words: &mut [u32], stride: usize) {
    if stride == 0 || !stride.is_multiple_of(4) {
        return;
    }
    for_each_block(words, stride.wrapping_mul(2), |block| {
        let low = block.as_mut_ptr();
        let high = low.wrapping_add(stride);
        // SAFETY: `block` has `2 * stride` words: two slices of `stride` words, a positive multiple of four.
        unsafe { butterflies2_code(low, high, high) }
    });
}

/// Replaces `a[i], b[i]` by their sum and difference, four at a time, until `a` is at `end`.
///
/// # Safety
/// `a` and `b` point to separate slices of the same positive multiple of four words, and `a` ends at `end`.
#[unsafe(naked)]
unsafe extern "C" fn butterflies2_code(a: *mut u32, b: *mut u32, end: *mut u32) {
    naked_asm!(
        core!(),
        "push {{r4-r11, lr}}",
        "mov r10, r0",
        "mov r11, r1",
        "mov r12, r2",
        "2:",
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
        "bne 2b",
        "pop {{r4-r11, pc}}",
    )
}

/// Two butterfly stages, with strides `2 * quarter` and `quarter`, on whole blocks of `4 * quarter` words; `quarter` is
/// even.
pub(super) fn butterflies4(words: &mut [u32], quarter: usize) {
    if quarter == 0 || !quarter.is_multiple_of(2) {
        return;
    }
    for_each_block(words, quarter.wrapping_mul(4), |block| {
        // SAFETY: `block` has `4 * quarter` words, `quarter` is even and positive.
        unsafe { butterflies4_code(block.as_mut_ptr(), quarter) }
    });
}

/// Two words of each quarter at a time.
///
/// # Safety
/// `block` points to `4 * quarter` words, and `quarter` is even and positive.
#[unsafe(naked)]
unsafe extern "C" fn butterflies4_code(block: *mut u32, quarter: usize) {
    naked_asm!(
        core!(),
        "push {{r4-r11, lr}}",
        "mov r9, r0",
        "add r10, r0, r1, lsl #2",
        "add r11, r10, r1, lsl #2",
        "add r12, r11, r1, lsl #2",
        "mov lr, r10",
        "2:",
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
        "bne 2b",
        "pop {{r4-r11, pc}}",
    )
}

/// Everything that [`finish_code`] reads, in the order in which it lies on its stack.
#[repr(C)]
struct Frame {
    /// Gains of two rows for each pattern of their sign bits, as 16-bit halves.
    #[cfg(hadamrnn_arch = "armv7em")]
    packed_gains: [u32; 4],
    x: *const i32,
    last_x: *const i32,
    h: *mut u32,
    u: *const u32,
    /// From a word of states to the word of biases of the same rows.
    bias_from_h: usize,
    /// Where the accumulator of a pair of rows starts, but for its bias.
    start: u32,
    /// The scale of the transform, in both halves.
    #[cfg(hadamrnn_arch = "armv7em")]
    ones: u32,
    /// From an address of states, divided by 16, to the byte of signs of the same eight rows.
    signs_from_h: usize,
    /// `2^drive_shift`
    scale: i32,
    h_end: *mut u32,
    /// Shifts and saturates eight rows, and packs them.
    saturate: unsafe extern "C" fn(),
    pairs: [u32; 4],
    /// Gains of two rows for each pattern of their sign bits.
    #[cfg(hadamrnn_arch = "armv7m")]
    gains: [[i32; 2]; 4],
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
    #[cfg(hadamrnn_arch = "armv7em")]
    let (gain_shift, gain) = (gain_shift(step), step.gain as u32);
    #[cfg(hadamrnn_arch = "armv7m")]
    let (plus, minus) = (step.gain, step.gain.wrapping_neg());
    let frame = Frame {
        #[cfg(hadamrnn_arch = "armv7em")]
        packed_gains: packed_gains(gain.wrapping_shl(gain_shift)),
        x,
        last_x: x.wrapping_add(shape.x.len().wrapping_sub(1)),
        h: range.start,
        u: shape.u.as_ptr(),
        bias_from_h: (shape.bias.as_ptr() as usize).wrapping_sub(start),
        // The low lane keeps the 32768 of its bias, so that it borrows nothing from the high one.
        start: (shape.offset as u32)
            .wrapping_mul(0x0001_0001)
            .wrapping_sub(1 << 31),
        #[cfg(hadamrnn_arch = "armv7em")]
        ones: 0x0001_0001u32.wrapping_shl(16u32.wrapping_sub(gain_shift)),
        signs_from_h: (shape.signs.as_ptr() as usize).wrapping_sub(start >> 4),
        scale: 1i32.wrapping_shl(shape.drive_shift),
        h_end: range.end,
        saturate: match step.layer.state_bits {
            10 => saturate::<10>,
            11 => saturate::<11>,
            _ => saturate::<12>,
        },
        pairs: [0; 4],
        #[cfg(hadamrnn_arch = "armv7m")]
        gains: [[plus, plus], [minus, plus], [plus, minus], [minus, minus]],
    };
    // SAFETY: a `CommonShape` has two inputs or more, and sections for as many rows as `groups` groups; `h` has four words
    // for each group, and there is one at least. All of them are borrowed until the call returns.
    unsafe { finish_code(frame) };
}

/// The largest shift at which every gain of the sequence is a signed 16-bit number; the transform is scaled by what is
/// left to 16, so that `SMLAW` drops exactly what was added.
///
/// For blocks of `2^q` with `q >= 5` the gain is at most 5793, so the shift is at least 2 and the scale at most 2^14, a
/// signed 16-bit number. It is at least `(q - 1) / 2`, so the scaled transform has at most `w + q + 16 - (q - 1) / 2` bits:
/// 32 for every `w <= 12` with `w + q <= 19`.
#[cfg(hadamrnn_arch = "armv7em")]
#[inline(always)]
fn gain_shift(step: &Step<'_>) -> u32 {
    (step.layer.gain.max() as u32)
        .leading_zeros()
        .wrapping_sub(17)
}

/// `gain` for two rows with each pattern of their sign bits.
#[cfg(hadamrnn_arch = "armv7em")]
#[inline(always)]
const fn packed_gains(gain: u32) -> [u32; 4] {
    let both = gain.wrapping_mul(0x0001_0001);
    let minus_plus = (gain << 16) | (gain.wrapping_neg() & 0xFFFF);
    let plus_minus = (gain.wrapping_neg() << 16) | gain;
    let minus_minus = (gain.wrapping_neg() << 16) | (gain.wrapping_neg() & 0xFFFF);
    [both, minus_plus, plus_minus, minus_minus]
}

#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! pack {
    ($registers:literal) => {
        concat!("pkhbt ", $registers, ", lsl #16")
    };
}
#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! pack {
    ($registers:literal) => {
        concat!("add ", $registers, ", lsl #16")
    };
}

/// Shifts and saturates rows 0 to 7 in r5, r8, r0, r2, r1, r4, r6, r7, and packs them into r0, r2, r4, r6.
///
/// # Safety
/// Only [`finish_code`] may call it: it changes registers that C's callers expect to keep.
#[unsafe(naked)]
unsafe extern "C" fn saturate<const BITS: u32>() {
    naked_asm!(
        core!(),
        "ssat r0, #{bits}, r0, asr #{shift}",
        "ssat r2, #{bits}, r2, asr #{shift}",
        pack!("r2, r0, r2"),
        "ssat r5, #{bits}, r5, asr #{shift}",
        "ssat r8, #{bits}, r8, asr #{shift}",
        pack!("r0, r5, r8"),
        "ssat r1, #{bits}, r1, asr #{shift}",
        "ssat r4, #{bits}, r4, asr #{shift}",
        pack!("r4, r1, r4"),
        "ssat r6, #{bits}, r6, asr #{shift}",
        "ssat r7, #{bits}, r7, asr #{shift}",
        pack!("r6, r6, r7"),
        "bx lr",
        bits = const BITS,
        shift = const GAIN_SHIFT,
    )
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

/// The last three stages on words r4-r7, giving rows 0 to 7 in r5, r8, r0, r2, r1, r4, r6, r7; and what the rows need to be
/// finished. Free: r3, r9, r12, lr.
macro_rules! last_stages {
    () => {
        "
        add r8, r0, r2
        sub r2, r0, r2
        add r0, r1, r3
        sub r3, r1, r3
        add r1, r4, r6
        sub r6, r4, r6
        add r4, r5, r7
        sub r7, r5, r7
        add r5, r8, r1
        sub r1, r8, r1
        add r8, r0, r4
        sub r4, r0, r4
        add r0, r2, r6
        sub r6, r2, r6
        add r2, r3, r7
        sub r7, r3, r7
        "
    };
}

#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! widen {
    () => {
        "
        ldr lr, [sp, #{ones}]
        ldm r11, {{r4-r7}}
        smuad r0, r4, lr
        smusd r1, r4, lr
        smuad r2, r5, lr
        smusd r3, r5, lr
        smuad r4, r6, lr
        smusd r5, r6, lr
        smuad r6, r7, lr
        smusd r7, r7, lr
        "
    };
}
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! load_signs {
    () => {
        "
        ldrd r12, lr, [sp, #{signs}]
        lsr r3, r11, #4
        ldrb r12, [r12, r3]
        orr lr, lr, r12, lsl #16
        "
    };
}
/// Rows `$a` and `$b`, from the pair of drives and the sign bits at bit `$bit` of lr, whose low half is the scale.
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! finish_pair {
    ($pair:literal, $bit:literal, $a:literal, $b:literal) => {
        concat!(
            "ldr r12, [sp, #{pairs} + 4 * ",
            $pair,
            "]\n",
            "ubfx r3, lr, #(16 + ",
            $bit,
            "), #2\n",
            "ldr r3, [sp, r3, lsl #2]\n",
            "eor r9, r12, #0x8000\n",
            "smulbb r9, r9, lr\n",
            "smultb r12, r12, lr\n",
            "smlawb ",
            $a,
            ", ",
            $a,
            ", r3, r9\n",
            "smlawt ",
            $b,
            ", ",
            $b,
            ", r3, r12\n",
        )
    };
}
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! end_of_signs {
    () => {
        ""
    };
}

#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! widen {
    () => {
        "
        str r10, [sp, #{u}]
        ldm r11, {{r4-r7}}
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
#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! load_signs {
    () => {
        "
        ldrd r12, lr, [sp, #{signs}]
        lsr r3, r11, #4
        ldrb r10, [r12, r3]
        "
    };
}
#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! finish_pair {
    ($pair:literal, $bit:literal, $a:literal, $b:literal) => {
        concat!(
            "ubfx r3, r10, #",
            $bit,
            ", #2\n",
            "add r3, sp, r3, lsl #3\n",
            "ldrd r3, r9, [r3, #{gains}]\n",
            "ldr r12, [sp, #{pairs} + 4 * ",
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
#[cfg(hadamrnn_arch = "armv7m")]
macro_rules! end_of_signs {
    () => {
        "ldr r10, [sp, #{u}]\n"
    };
}

/// Finishes the step, eight rows at a time.
///
/// r0-r3 accumulators, r4 and r5 words of U, r6 and r7 inputs, r8 fields, r9 mask, r10 next word of U, r11 next states,
/// r12 next input, lr last input.
///
/// # Safety
/// With `rows = 2 * (h_end - h)` (in words), a positive multiple of eight: `h` to `h_end` may be written; `x` to `last_x`
/// are two or more inputs; `u`, `h + bias_from_h` and `signs_from_h` are the sections for so many rows and inputs.
#[unsafe(naked)]
unsafe extern "C" fn finish_code(frame: Frame) {
    naked_asm!(
        core!(),
        "push {{r4-r11, lr}}",
        "push {{r0-r3}}",
        "ldr r10, [sp, #{u}]",
        "ldr r11, [sp, #{h}]",
        "2:",
        // Biases and constants.
        "ldrd r8, r9, [sp, #{bias}]",
        "add r8, r8, r11",
        "ldm r8, {{r0-r3}}",
        "ldrd r12, lr, [sp, #{x}]",
        "add r1, r1, r9",
        "add r2, r2, r9",
        "add r3, r3, r9",
        "add r0, r0, r9",
        "mov r9, #0x000F000F",
        "add r0, r0, r1, lsl #4",
        "add r0, r0, r2, lsl #8",
        "add r0, r0, r3, lsl #12",
        // Two columns.
        "3:",
        "ldrd r6, r7, [r12], #8",
        "ldrd r4, r5, [r10], #8",
        "mla r0, r4, r6, r0",
        "and r8, r9, r4, lsr #4",
        "mla r1, r8, r6, r1",
        "and r8, r9, r4, lsr #8",
        "mla r2, r8, r6, r2",
        "and r8, r9, r4, lsr #12",
        "mla r3, r8, r6, r3",
        "mla r0, r5, r7, r0",
        "and r8, r9, r5, lsr #4",
        "mla r1, r8, r7, r1",
        "and r8, r9, r5, lsr #8",
        "mla r2, r8, r7, r2",
        "and r8, r9, r5, lsr #12",
        "mla r3, r8, r7, r3",
        "cmp r12, lr",
        "blo 3b",
        "bhi 4f",
        // The last of an odd number of columns.
        "ldr r6, [r12]",
        "ldr r4, [r10], #4",
        "mla r0, r4, r6, r0",
        "and r8, r9, r4, lsr #4",
        "mla r1, r8, r6, r1",
        "and r8, r9, r4, lsr #8",
        "mla r2, r8, r6, r2",
        "and r8, r9, r4, lsr #12",
        "mla r3, r8, r6, r3",
        "4:",
        "sub r0, r0, r1, lsl #4",
        "sub r0, r0, r2, lsl #8",
        "sub r0, r0, r3, lsl #12",
        "strd r0, r1, [sp, #{pairs}]",
        "strd r2, r3, [sp, #{pairs} + 8]",
        widen!(),
        last_stages!(),
        load_signs!(),
        finish_pair!("0", "0", "r5", "r8"),
        finish_pair!("1", "2", "r0", "r2"),
        finish_pair!("2", "4", "r1", "r4"),
        finish_pair!("3", "6", "r6", "r7"),
        "ldr r12, [sp, #{saturate}]",
        "blx r12",
        "ldr r12, [sp, #{h_end}]",
        end_of_signs!(),
        "stm r11!, {{r0, r2, r4, r6}}",
        "cmp r11, r12",
        "bne 2b",
        "add sp, sp, #16",
        "pop {{r4-r11, pc}}",
        x = const at!(x),
        h = const at!(h),
        u = const at!(u),
        bias = const at!(bias_from_h),
        #[cfg(hadamrnn_arch = "armv7em")]
        ones = const at!(ones),
        signs = const at!(signs_from_h),
        h_end = const at!(h_end),
        saturate = const at!(saturate),
        pairs = const at!(pairs),
        #[cfg(hadamrnn_arch = "armv7m")]
        gains = const at!(gains),
    )
}
