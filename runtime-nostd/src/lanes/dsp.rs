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
