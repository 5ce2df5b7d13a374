//! XNOR-popcount on bit planes of the state, with generated rows of the Hadamard matrix.
//!
//! A two's-complement state is a weighted sum of its bits. Let `a_k` be the number of units in which plane `k` agrees with
//! a row of signs (set for +1), `popcount(xnor(row, plane_k))`. For a row of `B` signs that sum to zero, which all but the
//! first do, and with `d` the agreements of the complemented sign plane,
//!
//! ```text
//! (H h)_i = sum_(k < w-1) 2^k a_k + 2^(w-1) (d - B) + B/2      (first row: without B/2)
//! ```
//!
//! Rows are not stored: `H[i][j] = (-1)^popcount(i & j)`, so a word of row `i` is the pattern of `i mod 32`, complemented
//! where `popcount((i / 32) & word)` is odd. All rows with the same `i mod 32` thus count the same agreements, up to sign:
//! they are counted once, and added and subtracted across words by butterflies.
//!
//! Bits within a word are in the order of two transposed 16 by 16 squares: even units, then odd ones.

use super::{HiddenState, Kernel, for_each_block, strided_stages};
use crate::drive::TILE;
use crate::error::SessionError;
use crate::layer::Layer;
use crate::step::{Finisher, Step};

/// `state_bits * n` word operations a step and `n log2(B / 32)` additions: the form for population-count hardware.
pub struct XnorPopcount;

/// The state of [`XnorPopcount`]: values, and room for 16 bit planes.
#[repr(C, align(4))]
pub struct Planes<const N: usize> {
    planes: [i16; N],
    values: [i32; N],
}

impl<const N: usize> HiddenState for Planes<N> {
    const ZERO: Self = Self {
        planes: [0; N],
        values: [0; N],
    };

    fn get(&self, unit: usize) -> i16 {
        self.values.get(unit).map_or(0, |&value| value as i16)
    }

    fn pairs(&self) -> impl Iterator<Item = [i32; 2]> {
        self.values.as_chunks().0.iter().copied()
    }
}

impl Kernel for XnorPopcount {
    const NAME: &'static str = "xnor";
    type State<const N: usize> = Planes<N>;

    fn check(layer: &Layer<'_>, capacity: usize) -> Result<(), SessionError> {
        let words = layer
            .hidden_size()
            .div_ceil(32)
            .saturating_mul(layer.state_bits as usize);
        if !capacity.is_multiple_of(2) || words > capacity / 2 {
            return Err(SessionError::HiddenCapacity {
                needed: words.saturating_mul(2),
                capacity,
            });
        }
        Ok(())
    }

    fn step<const N: usize>(state: &mut Planes<N>, step: &Step<'_>) {
        let planes = bytemuck::try_cast_slice_mut(&mut state.planes).unwrap_or(&mut []);
        step_planes(planes, &mut state.values, step);
    }
}

/// Not generic over the capacity, so that sessions of several sizes share the code.
fn step_planes(planes: &mut [u32], values: &mut [i32], step: &Step<'_>) {
    let (n, bits) = (step.layer.hidden_size(), step.layer.state_bits as usize);
    let block = step.layer.block_size();
    let Some(h) = values.get_mut(..n) else { return };
    let mut rest = planes;
    for values in h.chunks_mut(32) {
        let Some((planes, after)) = rest.split_at_mut_checked(bits) else {
            return;
        };
        rest = after;
        slice_into_planes(values, planes);
        multiply_word(values, planes, block);
    }
    strided_stages::<_, 32, 128>(h, block / 2);
    let mut finisher = Finisher::new(step);
    for tile in h.as_chunks_mut::<2>().0.chunks_mut(TILE / 2) {
        finisher.next_tile(tile.iter_mut());
    }
}

/// Writes bit `k` of up to 32 values to word `k`, the sign bits complemented.
fn slice_into_planes(values: &[i32], planes: &mut [u32]) {
    let mut square = [0u32; 16];
    for (word, [even, odd]) in square.iter_mut().zip(values.as_chunks().0) {
        *word = (*even as u32 & 0xFFFF) | (*odd as u32) << 16;
    }
    transpose::<8>(&mut square, 0x00FF_00FF);
    transpose::<4>(&mut square, 0x0F0F_0F0F);
    transpose::<2>(&mut square, 0x3333_3333);
    transpose::<1>(&mut square, 0x5555_5555);
    for (plane, word) in planes.iter_mut().zip(square) {
        *plane = word;
    }
    if let Some(sign) = planes.last_mut() {
        *sign = !*sign;
    }
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
    let block = block.min(32);
    let sign_weight = 1i32.wrapping_shl((planes.len() as u32).wrapping_sub(1));
    let all_minus = sign_weight.wrapping_mul(block as i32);
    // Half of a block's units are even: that many bits in each half of the word.
    let half = block as u32 / 2;
    let mut mask = 1u32
        .wrapping_shl(half)
        .wrapping_sub(1)
        .wrapping_mul(0x0001_0001);
    for_each_block(values, block, |values| {
        let mut offset = all_minus;
        for (value, pattern) in values.iter_mut().zip(PATTERNS) {
            *value = weighted_agreements(planes, pattern, mask).wrapping_sub(offset);
            offset = all_minus.wrapping_sub(half as i32);
        }
        mask = mask.wrapping_shl(half);
    });
}

/// `sum_k 2^k popcount(xnor(pattern, plane_k) & mask)`.
#[inline(always)]
fn weighted_agreements(planes: &[u32], pattern: u32, mask: u32) -> i32 {
    let agree = |plane: u32| !(plane ^ pattern) & mask;
    let (fours, rest) = planes.as_chunks::<4>();
    let mut last = [0; 4];
    for (last, plane) in last.iter_mut().zip(rest) {
        *last = agree(*plane);
    }
    let sum = if rest.is_empty() {
        0
    } else {
        weighted_count(last)
    };
    fours.iter().rev().fold(sum, |sum, planes| {
        sum.wrapping_mul(16)
            .wrapping_add(weighted_count(planes.map(agree)))
    }) as i32
}

/// `sum_k 2^k popcount(words[k])`.
#[inline(always)]
fn weighted_count(words: [u32; 4]) -> u32 {
    if cfg!(any(
        target_feature = "popcnt",
        target_feature = "zbb",
        target_arch = "aarch64"
    )) {
        let [a, b, c, d] = words.map(u32::count_ones);
        a + 2 * b + 4 * c + 8 * d
    } else {
        count_in_fields(words)
    }
}

/// Without a population count: the words' counts are weighted and added while they are still small fields of a word.
#[inline(always)]
const fn count_in_fields([a, b, c, d]: [u32; 4]) -> u32 {
    // Nibbles of at most 4 + 2 * 4.
    let low = nibble_counts(a).wrapping_add(nibble_counts(b) << 1);
    let high = nibble_counts(c).wrapping_add(nibble_counts(d) << 1);
    // Bytes of at most 24 + 4 * 24.
    let bytes = add_nibbles(low).wrapping_add(add_nibbles(high) << 2);
    let halves = (bytes & 0x00FF_00FF).wrapping_add((bytes >> 8) & 0x00FF_00FF);
    (halves & 0xFFFF).wrapping_add(halves >> 16)
}

/// Population count of each nibble.
#[inline(always)]
const fn nibble_counts(word: u32) -> u32 {
    let pairs = word.wrapping_sub((word >> 1) & 0x5555_5555);
    (pairs & 0x3333_3333).wrapping_add((pairs >> 2) & 0x3333_3333)
}

#[inline(always)]
const fn add_nibbles(word: u32) -> u32 {
    (word & 0x0F0F_0F0F).wrapping_add((word >> 4) & 0x0F0F_0F0F)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_in_fields(words: [u32; 4]) {
            let [a, b, c, d] = words.map(u32::count_ones);
            prop_assert_eq!(count_in_fields(words), a + 2 * b + 4 * c + 8 * d);
        }
    }
}
