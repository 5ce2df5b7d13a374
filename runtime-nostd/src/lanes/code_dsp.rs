//! Operations on two lanes, one DSP instruction each.
#![allow(
    unsafe_code,
    reason = "single instructions; each block states why it is sound"
)]

/// Sum of both lanes.
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
