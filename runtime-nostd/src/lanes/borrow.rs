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

/// Bytes 0 and 2 of a word, as signed lanes.
#[inline(always)]
pub(crate) const fn even_bytes(word: u32) -> u32 {
    pack(word as i8 as i32, word.wrapping_shr(16) as i8 as i32)
}

/// Bytes 1 and 3 of a word, as signed lanes.
#[inline(always)]
pub(crate) const fn odd_bytes(word: u32) -> u32 {
    even_bytes(word.wrapping_shr(8))
}

/// The sum of `sum` and of the products of both lanes, wrapping.
#[inline(always)]
pub(crate) const fn add_products(sum: i32, a: u32, b: u32) -> i32 {
    let ((a, c), (b, d)) = (unpack(a), unpack(b));
    sum.wrapping_add(a.wrapping_mul(b))
        .wrapping_add(c.wrapping_mul(d))
}

/// The sum of `sum` and of the squares of two values' differences from those in the halves of a word, each difference saturated to
/// `BITS` signed bits, at most 16.
#[inline(always)]
pub(crate) const fn add_squares<const BITS: u32>(
    sum: i32,
    [low, high]: [i32; 2],
    word: u32,
) -> i32 {
    let low = saturated::<BITS>(low.wrapping_sub(word as i16 as i32));
    let high = saturated::<BITS>(high.wrapping_sub(word as i32 >> 16));
    sum.wrapping_add(low.wrapping_mul(low))
        .wrapping_add(high.wrapping_mul(high))
}

/// `value`, or the nearest one of `BITS` signed bits.
#[inline(always)]
const fn saturated<const BITS: u32>(value: i32) -> i32 {
    let end = 1i32.wrapping_shl(BITS.wrapping_sub(1));
    if value < end.wrapping_neg() {
        end.wrapping_neg()
    } else if value >= end {
        end.wrapping_sub(1)
    } else {
        value
    }
}
