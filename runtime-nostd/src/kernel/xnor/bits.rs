//! Agreements by population count, a word of 32 units at a time: with `--cfg hadamrnn_popcount`.
//!
//! Bits within a word are in the order of two transposed 16 by 16 squares: even units, then odd ones.

use crate::hadamard::for_each_block;

/// Replaces values of `width` bits by their products with diagonal blocks of `block` units, at most 32.
pub(super) fn multiply(values: &mut [i32], width: u32, block: usize) {
    let mut square = [0u32; 16];
    for values in values.chunks_mut(32) {
        slice(values, width, &mut square);
        let Some(planes) = square.get(..width as usize) else {
            return;
        };
        multiply_word(values, planes, block);
    }
}

/// Writes bit `k` of up to 32 values, plus `2^(width-1)`, to word `k`.
fn slice(values: &[i32], width: u32, square: &mut [u32; 16]) {
    let offset = 1i32.wrapping_shl(width.wrapping_sub(1));
    let unsigned = |value: i32| value.wrapping_add(offset) as u32;
    *square = [0; 16];
    for (word, [even, odd]) in square.iter_mut().zip(values.as_chunks().0) {
        *word = (unsigned(*even) & 0xFFFF) | unsigned(*odd) << 16;
    }
    transpose::<8>(square, 0x00FF_00FF);
    transpose::<4>(square, 0x0F0F_0F0F);
    transpose::<2>(square, 0x3333_3333);
    transpose::<1>(square, 0x5555_5555);
}

/// Swaps the off-diagonal `S` by `S` squares of all `2 S` by `2 S` squares, in both halves of the words.
#[inline(always)]
fn transpose<const S: usize>(square: &mut [u32; 16], mask: u32) {
    for_each_block(square, 2 * S, |rows| {
        if let Some((upper, lower)) = rows.split_at_mut_checked(S) {
            for (a, b) in upper.iter_mut().zip(lower) {
                let swap = ((*a >> S) ^ *b) & mask;
                *b ^= swap;
                *a ^= swap << S;
            }
        }
    });
}

/// Replaces up to 32 values by their products with diagonal blocks of at most 32, from their planes.
fn multiply_word(values: &mut [i32], planes: &[u32], block: usize) {
    let first = (block as i32).wrapping_shl((planes.len() as u32).wrapping_sub(1));
    // Half of a block's units are even: that many bits in each half of the word.
    let half = block as u32 / 2;
    let mut mask = 1u32
        .wrapping_shl(half)
        .wrapping_sub(1)
        .wrapping_mul(0x0001_0001);
    for_each_block(values, block, |values| {
        let mut offset = first;
        for (value, pattern) in values.iter_mut().zip(&PATTERNS) {
            *value = (agreements(planes, *pattern, mask) as i32).wrapping_sub(offset);
            offset = first.wrapping_sub(half as i32);
        }
        mask = mask.wrapping_shl(half);
    });
}

/// `sum_k 2^k popcount(xnor(pattern, plane_k) & mask)`.
#[inline(always)]
fn agreements(planes: &[u32], pattern: u32, mask: u32) -> u32 {
    // From the highest plane down.
    let add = |sum: u32, plane: &u32| {
        let agree = !(plane ^ pattern) & mask;
        sum.wrapping_mul(2).wrapping_add(agree.count_ones())
    };
    let (rest, fours) = planes.as_rchunks::<4>();
    let sum = (fours.iter().rev()).fold(0, |sum, planes| planes.iter().rev().fold(sum, add));
    rest.iter().rev().fold(sum, add)
}

/// Word `i` has the bit of unit `j` set where `H[i][j] = +1`, for `i` and `j` below 32.
const PATTERNS: [u32; 32] = {
    let mut patterns = [0u32; 32];
    let mut i = 0u32;
    while i < 32 {
        let mut j = 0u32;
        while j < 32 {
            if (i & j).count_ones().is_multiple_of(2) {
                patterns[i as usize] |= 1 << (j / 2 + 16 * (j % 2));
            }
            j += 1;
        }
        i += 1;
    }
    patterns
};
