//! Two states in a word, as `even + odd * 65536`: lanes for ordinary instructions.
//!
//! Ordinary 32-bit additions and subtractions act on both lanes at once, exactly, as long as both results fit 16 bits. A
//! borrow from the low lane into the high one is part of the representation and disappears when the lanes are taken apart.

/// The two lanes of `low + high * 65536`, both within 16 bits.
#[inline(always)]
pub(crate) const fn unpack(pair: u32) -> (i32, i32) {
    let low = pair as i16 as i32;
    (low, (pair.wrapping_sub(low as u32) as i32) >> 16)
}

/// Inverse of [`unpack`].
#[inline(always)]
pub(crate) const fn pack(low: i32, high: i32) -> u32 {
    (low as u32).wrapping_add((high as u32) << 16)
}

/// Sum of both lanes.
#[inline(always)]
pub(crate) const fn add(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

/// Difference of both lanes.
#[inline(always)]
pub(crate) const fn sub(a: u32, b: u32) -> u32 {
    a.wrapping_sub(b)
}
