//! Arithmetic of bounds: largest magnitudes of accumulators, which saturate at `2^32 - 1`.

/// A bound as a model states it, or none where it is more than an accumulator of 32 bits holds.
#[cfg(feature = "encode")]
pub(crate) fn proven(bound: u32) -> Option<i32> {
    i32::try_from(bound).ok()
}

/// The larger of two bounds. Not inlined: LLVM does not unroll loops that call a function, and constant functions have no
/// other way to keep it from that.
#[inline(never)]
pub(crate) const fn larger(a: u32, b: u32) -> u32 {
    if a > b { a } else { b }
}

/// The sum of two magnitudes. Not inlined, as [`larger`].
#[inline(never)]
pub(crate) const fn plus(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

/// `value * 2^shift`, saturating.
pub(crate) const fn shifted(value: u32, shift: u32) -> u32 {
    value.saturating_mul(1u32.wrapping_shl(shift))
}
