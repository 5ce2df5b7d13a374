//! Agreements of four planes at once: they lie side by side, a digit of four bits for each of eight units a word.
//!
//! A digit that is XNORed with its sign *is* the weighted count of its four planes, so only the counts of units are left to
//! be added: in fields of a word that grow before they could overflow, and carry nothing to their neighbours.
//!
//! Bits are then in the order of two transposed 4 by 4 squares of digits: units 0, 2, 4, 6, then 1, 3, 5, 7. Eight units
//! are few enough to leave the rest to butterflies: a full adder for 32 units takes as many instructions as the five
//! butterflies that it would save.

use crate::codegen::keep_rolled;

/// Replaces values of `width` bits by their products with diagonal blocks of eight units.
pub(super) fn multiply(values: &mut [i32], width: u32) {
    match width.div_ceil(4) {
        2 => multiply_digits::<2>(values),
        3 => multiply_digits::<3>(values),
        _ => multiply_digits::<4>(values),
    }
}

/// Replaces values of `4 D` bits or fewer by their products with diagonal blocks of eight units.
#[inline(never)]
fn multiply_digits<const D: usize>(values: &mut [i32]) {
    let first = 8i32 << (4 * D - 1);
    for values in values.as_chunks_mut::<8>().0 {
        keep_rolled();
        let digits = slice::<D>(values);
        let mut offset = first;
        for (value, minus) in values.iter_mut().zip(&MINUS) {
            keep_rolled();
            // XOR with the signs that are minus is XNOR with those that are plus.
            let kept = digits.map(|digit| digit ^ minus);
            *value = (sum(kept) as i32).wrapping_sub(offset);
            offset = first - 4;
        }
    }
}

/// Digit `k` of eight values, plus what makes them unsigned, in word `k`.
#[inline(always)]
fn slice<const D: usize>(values: &[i32; 8]) -> [u32; D] {
    let offset = 1u32 << (4 * D - 1);
    let [a, b, c, d, e, f, g, h] = values.map(|value| (value as u32).wrapping_add(offset) & 0xFFFF);
    let square = [a | b << 16, c | d << 16, e | f << 16, g | h << 16];
    let [a, b, c, d] = square;
    let ([a, c], [b, d]) = (
        swap::<8>([a, c], 0x00FF_00FF),
        swap::<8>([b, d], 0x00FF_00FF),
    );
    let ([a, b], [c, d]) = (
        swap::<4>([a, b], 0x0F0F_0F0F),
        swap::<4>([c, d], 0x0F0F_0F0F),
    );
    let all = [a, b, c, d];
    core::array::from_fn(|k| all[k & 3])
}

/// Swaps the upper fields of the first word with the lower ones of the second.
#[inline(always)]
const fn swap<const S: u32>([a, b]: [u32; 2], mask: u32) -> [u32; 2] {
    let swap = ((a >> S) ^ b) & mask;
    [a ^ (swap << S), b ^ swap]
}

/// `sum_k 16^k` times the sum of all digits of word `k`.
#[inline(always)]
fn sum<const D: usize>(words: [u32; D]) -> u32 {
    // The sums of four words would need more than 16 bits: two at a time then.
    let (low, high) = words.split_at(if D == 4 { 2 } else { D });
    sum_in_halves(low).wrapping_add(sum_in_halves(high) << 8)
}

/// `sum_k 16^k` times the sum of all digits of word `k`, for up to three words.
#[inline(always)]
fn sum_in_halves(words: &[u32]) -> u32 {
    let halves = words.iter().rev().fold(0u32, |sum, word| {
        let bytes = (word & 0x0F0F_0F0F).wrapping_add((word >> 4) & 0x0F0F_0F0F);
        let halves = (bytes & 0x00FF_00FF).wrapping_add((bytes >> 8) & 0x00FF_00FF);
        (sum << 4).wrapping_add(halves)
    });
    fold(halves)
}

/// The sum of both halves.
#[inline(always)]
const fn fold(halves: u32) -> u32 {
    (halves & 0xFFFF).wrapping_add(halves >> 16)
}

/// Word `i` has the digit of unit `j` set where `H[i][j] = -1`, for `i` and `j` below 8.
const MINUS: [u32; 8] = {
    let mut patterns = [0u32; 8];
    let mut i = 0u32;
    while i < 8 {
        let mut j = 0u32;
        while j < 8 {
            if !(i & j).count_ones().is_multiple_of(2) {
                patterns[i as usize] |= 15 << (4 * (j / 2) + 16 * (j % 2));
            }
            j += 1;
        }
        i += 1;
    }
    patterns
};
