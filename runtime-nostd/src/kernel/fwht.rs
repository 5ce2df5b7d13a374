//! In-place fast Walsh-Hadamard transform on 32-bit values.

use super::{HiddenState, Kernel};
use crate::codegen::{keep_rolled, opaque};
use crate::hadamard::{butterflies8, strided_stages};
use crate::input_projection::TILE;
use crate::step::{Finisher, Step};

/// `n log2(B)` additions on 32-bit values: any state width, `4 N` bytes of state.
pub struct Fwht;

/// The state of [`Fwht`] and of [`XnorPopcount`](super::XnorPopcount).
pub struct Words<const N: usize>([i32; N]);

impl<const N: usize> HiddenState for Words<N> {
    type Word = i32;
    const ZERO: Self = Self([0; N]);

    #[inline(always)]
    fn words_mut(&mut self) -> &mut [i32] {
        &mut self.0
    }

    fn raw_words(&self) -> &[u32] {
        bytemuck::cast_slice(&self.0)
    }

    fn get(&self, unit: usize) -> i16 {
        self.0.get(unit).map_or(0, |&value| value as i16)
    }

    fn pairs(&self) -> impl Iterator<Item = [i32; 2]> {
        self.0.as_chunks().0.iter().copied()
    }
}

impl Kernel for Fwht {
    const NAME: &'static str = "fwht";
    /// Always exact: [`Model::from_bytes`](crate::Model::from_bytes) has bounded the transform within 32 bits.
    const MOST_BITS: u32 = u32::MAX;
    const UNIT_BYTES: usize = 4;
    type Word = i32;
    type State<const N: usize> = Words<N>;

    fn step(state: &mut [i32], step: &Step<'_>) {
        let Some(h) = state.get_mut(..step.layer.hidden_size()) else {
            return;
        };
        strided_stages::<_, 8, 32>(h, step.layer.block_size() / 2);
        let log2_block = step.log2_block();
        let mut finisher = Finisher::new(step);
        for tile in h.as_chunks_mut::<2>().0.chunks_mut(TILE / 2) {
            match log2_block {
                1 => multiply::<1>(tile),
                2 => multiply::<2>(tile),
                _ => multiply::<3>(tile),
            }
            finisher.next_tile(tile.iter_mut());
        }
    }
}

/// The stages within eight rows.
#[inline(never)]
fn multiply<const STAGES: u32>(tile: &mut [[i32; 2]]) {
    for pairs in opaque(tile).as_chunks_mut().0 {
        keep_rolled();
        *pairs = butterflies8::<STAGES>(*pairs);
    }
}
