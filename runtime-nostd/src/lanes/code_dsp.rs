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

/// Bytes 0 and 2, each with its sign in 16 bits.
#[inline(always)]
pub(super) fn sxtb16(word: u32) -> u32 {
    let pair;
    // SAFETY: reads one register and writes one, and changes no flag.
    unsafe {
        core::arch::asm!("sxtb16 {}, {}", out(reg) pair, in(reg) word,
            options(pure, nomem, nostack, preserves_flags));
    }
    pair
}

/// Bytes 1 and 3, each with its sign in 16 bits.
#[inline(always)]
pub(super) fn sxtb16_of_8(word: u32) -> u32 {
    let pair;
    // SAFETY: as in `sxtb16`.
    unsafe {
        core::arch::asm!("sxtb16 {}, {}, ror #8", out(reg) pair, in(reg) word,
            options(pure, nomem, nostack, preserves_flags));
    }
    pair
}

/// The sum of `sum` and of the products of both signed lanes, wrapping.
#[inline(always)]
pub(super) fn smlad(mut sum: i32, a: u32, b: u32) -> i32 {
    // SAFETY: reads three registers and writes one of them; the flag it may set (Q) is undefined at any time for Rust, and no
    // instruction of the compiler reads it.
    unsafe {
        core::arch::asm!("smlad {sum}, {a}, {b}, {sum}", sum = inout(reg) sum, a = in(reg) a, b = in(reg) b,
            options(pure, nomem, nostack, preserves_flags));
    }
    sum
}

/// Difference of both lanes, each saturated to 16 bits.
#[inline(always)]
pub(super) fn qsub16(a: u32, b: u32) -> u32 {
    let difference;
    // SAFETY: reads two registers and writes one, and changes no flag.
    unsafe {
        core::arch::asm!("qsub16 {}, {}, {}", out(reg) difference, in(reg) a, in(reg) b,
            options(pure, nomem, nostack, preserves_flags));
    }
    difference
}

/// Both signed lanes, each saturated to `BITS` bits, `1..=16`.
#[inline(always)]
pub(super) fn ssat16<const BITS: u32>(pair: u32) -> u32 {
    let saturated;
    // SAFETY: reads one register and writes one; the flag it may set (Q) is undefined at any time for Rust, and no instruction of the
    // compiler reads it.
    unsafe {
        core::arch::asm!("ssat16 {}, #{bits}, {}", out(reg) saturated, in(reg) pair, bits = const BITS,
            options(pure, nomem, nostack, preserves_flags));
    }
    saturated
}
