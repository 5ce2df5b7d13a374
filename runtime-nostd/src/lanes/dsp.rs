//! Two states in a word, each in its half: lanes for the DSP instructions, without borrows.

use super::code_dsp as code;

/// The two lanes of a word.
#[inline(always)]
pub(crate) const fn unpack(pair: u32) -> (i32, i32) {
    (pair as i16 as i32, pair as i32 >> 16)
}

/// Inverse of [`unpack`].
#[inline(always)]
pub(crate) const fn pack(low: i32, high: i32) -> u32 {
    (low as u32 & 0xFFFF) | ((high as u32) << 16)
}

/// Sum of both lanes.
#[inline(always)]
pub(crate) fn add(a: u32, b: u32) -> u32 {
    code::sadd16(a, b)
}

/// Difference of both lanes.
#[inline(always)]
pub(crate) fn sub(a: u32, b: u32) -> u32 {
    code::ssub16(a, b)
}

/// Bytes 0 and 2 of a word, as signed lanes.
#[inline(always)]
pub(crate) fn even_bytes(word: u32) -> u32 {
    code::sxtb16(word)
}

/// Bytes 1 and 3 of a word, as signed lanes.
#[inline(always)]
pub(crate) fn odd_bytes(word: u32) -> u32 {
    code::sxtb16_of_8(word)
}

/// The sum of `sum` and of the products of both lanes, wrapping.
#[inline(always)]
pub(crate) fn add_products(sum: i32, a: u32, b: u32) -> i32 {
    code::smlad(sum, a, b)
}

/// The sum of `sum` and of the squares of two values' differences from those in the halves of a word, each difference saturated to
/// `BITS` signed bits, at most 16. The values have 16 bits.
#[inline(always)]
pub(crate) fn add_squares<const BITS: u32>(sum: i32, [low, high]: [i32; 2], word: u32) -> i32 {
    let difference = code::ssat16::<BITS>(code::qsub16(pack(low, high), word));
    code::smlad(sum, difference, difference)
}
