//! XNOR-popcount on bit planes of the state, with generated rows of the Hadamard matrix.
//!
//! A two's-complement state plus `2^(w-1)` is an unsigned number `u`, a weighted sum of its bits. XNOR with a row of signs
//! (set for +1) keeps the bits of a unit or complements them all, which turns `u` into `2^w - 1 - u`. So if `a_k` is the
//! number of units in which plane `k` agrees with a row of `B` signs that sum to zero, which all but the first do,
//!
//! ```text
//! (H h)_i = sum_k 2^k a_k - (2^w - 1) B/2      (first row: - 2^(w-1) B)
//! ```
//!
//! Rows are not stored: `H[i][j] = (-1)^popcount(i & j)`, so 32 or 8 neighbouring units of row `i` have the signs of
//! `i mod 32` or `i mod 8`, complemented or not. All rows with the same remainder thus count the same agreements, up to
//! sign: they are counted once, and added and subtracted by butterflies.
//!
//! The agreements are counted by [`digits`], or with `--cfg hadamrnn_popcount` in `RUSTFLAGS` by [`bits`], which is for
//! a population count in hardware. The first is the default everywhere, because it is faster wherever it has been measured
//! (`docs/KERNELS.md`): one instruction counts 32 units, but of a single plane, and states have 8 to 16.

mod bits;
mod digits;

use super::Kernel;
use super::fwht::Words;
use crate::hadamard::strided_stages;
use crate::input_projection::TILE;
use crate::step::{Finisher, Step};

/// Sums of bit planes and `n log2(B / 8)` additions.
pub struct XnorPopcount;

/// Whether planes are counted one by one.
const COUNTS_BITS: bool = cfg!(hadamrnn_popcount);

impl Kernel for XnorPopcount {
    const NAME: &'static str = "xnor";
    /// Always exact: sums are those of the transform, which [`Model::from_bytes`](crate::Model::from_bytes) has bounded,
    /// plus `(2^16 - 1) * 32` at most.
    const MOST_BITS: u32 = u32::MAX;
    const UNIT_BYTES: usize = 4;
    type Word = i32;
    type State<const N: usize> = Words<N>;

    fn step(state: &mut [i32], step: &Step<'_>) {
        let Some(h) = state.get_mut(..step.layer.hidden_size()) else {
            return;
        };
        let (width, block) = (step.layer.state_bits, step.layer.block_size());
        if COUNTS_BITS {
            bits::multiply(h, width, block.min(32));
            strided_stages::<_, 32, 128>(h, block / 2);
        } else if block >= 8 {
            digits::multiply(h, width);
            strided_stages::<_, 8, 32>(h, block / 2);
        } else {
            // Less than a word of digits: butterflies alone.
            strided_stages::<_, 1, 4>(h, block / 2);
        }
        let mut finisher = Finisher::new(step);
        for tile in h.as_chunks_mut::<2>().0.chunks_mut(TILE / 2) {
            finisher.next_tile(tile.iter_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{bits, digits};
    use proptest::prelude::*;
    use std::vec::Vec;

    /// `(I ⊗ H) h` by its definition.
    fn naive(h: &[i32], block: usize) -> Vec<i32> {
        let sign = |i: usize, j: usize| {
            if (i & j).count_ones().is_multiple_of(2) {
                1
            } else {
                -1
            }
        };
        let row = |i: usize| {
            let start = i / block * block;
            (0..block).map(|j| sign(i % block, j) * h[start + j]).sum()
        };
        (0..h.len()).map(row).collect()
    }

    /// States of a width, its extremes among them.
    fn states() -> impl Strategy<Value = (u32, Vec<i32>)> {
        (8u32..=16, 4u32..=7).prop_flat_map(|(width, log2_units)| {
            let limit = 1i32 << (width - 1);
            let state = prop_oneof![Just(-limit), Just(limit - 1), -limit..limit];
            (
                Just(width),
                prop::collection::vec(state, 1usize << log2_units),
            )
        })
    }

    proptest! {
        #[test]
        fn both_ways_to_count_equal_the_definition((width, h) in states(), log2_block in 1u32..=5) {
            let block = (1usize << log2_block).min(h.len());
            let mut found = h.clone();
            bits::multiply(&mut found, width, block);
            prop_assert_eq!(&found, &naive(&h, block), "bits");
            let mut found = h.clone();
            digits::multiply(&mut found, width);
            prop_assert_eq!(&found, &naive(&h, 8), "digits");
        }
    }
}
