//! XNOR-popcount on bit planes of the state, with generated rows of the Hadamard matrix.
//!
//! A two's-complement state is a weighted sum of signs: with `sigma_k = +1` for a set bit `k` and `-1` for a clear one,
//! `h = (sum_k c_k sigma_k - 1) / 2`, where `c_k = 2^k` and `c_(w-1) = -2^(w-1)`. The product of a row of signs with a
//! plane of signs is `2 * popcount(xnor(row, plane)) - B`, so
//!
//! ```text
//! (H h)_i = (sum_k c_k (2 popcount(xnor(H_i, plane_k)) - B) - B [i = 0]) / 2
//! ```
//!
//! (every row but the first sums to zero). Rows are not stored: `H[i][j] = (-1)^popcount(i & j)`, so a word of row `i` is
//! the pattern of `i mod 32`, complemented where `popcount((i / 32) & word)` is odd.

use super::{HiddenState, Kernel};
use crate::error::SessionError;
use crate::model::Model;
use crate::step::Step;

/// `state_bits * n * B / 32` word operations a step: the form for population-count hardware and small blocks.
pub struct XnorPopcount;

/// The state of [`XnorPopcount`]: values, and room for 16 bit planes.
#[repr(C, align(4))]
pub struct Planes<const N: usize> {
    planes: [i16; N],
    values: [i16; N],
}

impl<const N: usize> HiddenState for Planes<N> {
    const ZERO: Self = Self {
        planes: [0; N],
        values: [0; N],
    };

    fn get(&self, unit: usize) -> i16 {
        self.values.get(unit).copied().unwrap_or(0)
    }
}

impl Kernel for XnorPopcount {
    const NAME: &'static str = "xnor";
    type State<const N: usize> = Planes<N>;

    fn check(model: &Model<'_>, capacity: usize) -> Result<(), SessionError> {
        let words = model
            .hidden_size()
            .div_ceil(32)
            .saturating_mul(model.state_bits as usize);
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
fn step_planes(planes: &mut [u32], values: &mut [i16], step: &Step<'_>) {
    let model = step.model;
    let (n, bits) = (model.hidden_size(), model.state_bits as usize);
    let Some(h) = values.get_mut(..n) else { return };
    let Some(planes) = planes.get_mut(..bits.wrapping_mul(n.div_ceil(32))) else {
        return;
    };
    slice_into_planes(h, planes, bits);
    for (group, rows) in h.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let mut v = [0; 8];
        for (k, v) in v.iter_mut().enumerate() {
            *v = row_product(
                planes,
                bits,
                model.block_size(),
                group.wrapping_mul(8).wrapping_add(k),
            );
        }
        *rows = step.finish8(group, v).map(|value| value as i16);
    }
}

/// Writes bit `k` of the states `32 w ..` to word `bits * w + k`: the planes of 32 states lie side by side.
fn slice_into_planes(h: &[i16], planes: &mut [u32], bits: usize) {
    let mut rest = planes;
    for states in h.chunks(32) {
        let Some((words, after)) = rest.split_at_mut_checked(bits) else {
            return;
        };
        rest = after;
        words.fill(0);
        for (j, &state) in states.iter().enumerate() {
            for (k, word) in words.iter_mut().enumerate() {
                let bit = (state as u16 as u32).wrapping_shr(k as u32) & 1;
                *word |= bit.wrapping_shl(j as u32);
            }
        }
    }
}

/// Row `i` of the block-diagonal Hadamard matrix times the state.
fn row_product(planes: &[u32], bits: usize, block: usize, i: usize) -> i32 {
    let row = i % block;
    // Blocks of less than a word: the row acts on `block` bits of the word, from bit `shift`.
    let (words, mask, shift) = if block >= 32 {
        (block / 32, u32::MAX, 0)
    } else {
        (
            1,
            1u32.wrapping_shl(block as u32).wrapping_sub(1),
            (i % 32 - row) as u32,
        )
    };
    let first = (i - row) / 32;
    let pattern = PATTERNS.get(row % 32).copied().unwrap_or(0);
    let mut twice = 0i32;
    let start = first.wrapping_mul(bits);
    let mut rest = planes.get(start..).unwrap_or(&[]);
    for w in 0..words {
        let Some((planes, after)) = rest.split_at_checked(bits) else {
            break;
        };
        rest = after;
        let odd = ((row / 32) & w).count_ones() & 1;
        let signs = pattern ^ odd.wrapping_neg();
        twice = twice.wrapping_add(agreement(planes, signs, mask, shift));
    }
    let whole_row = if row == 0 { block as i32 } else { 0 };
    twice.wrapping_sub(whole_row) >> 1
}

/// `sum_k c_k (2 popcount(xnor(signs, plane_k)) - width)` over the planes of one word.
#[inline(always)]
fn agreement(planes: &[u32], signs: u32, mask: u32, shift: u32) -> i32 {
    let width = mask.count_ones() as i32;
    let signed = |plane: u32| {
        let xnor = !(plane.wrapping_shr(shift) ^ signs) & mask;
        2 * xnor.count_ones() as i32 - width
    };
    let Some((sign_plane, magnitudes)) = planes.split_last() else {
        return 0;
    };
    // Horner's rule from the most significant plane down, whose weight is negative.
    magnitudes
        .iter()
        .rev()
        .fold(signed(*sign_plane).wrapping_neg(), |sum, &plane| {
            sum.wrapping_mul(2).wrapping_add(signed(plane))
        })
}

/// Word `i` has bit `j` set where `H[i][j] = +1`, for `i` and `j` below 32.
const PATTERNS: [u32; 32] = {
    let mut patterns = [0u32; 32];
    let mut i = 0u32;
    while i < 32 {
        let mut j = 0u32;
        while j < 32 {
            if (i & j).count_ones().is_multiple_of(2) {
                patterns[i as usize] |= 1 << j;
            }
            j += 1;
        }
        i += 1;
    }
    patterns
};
