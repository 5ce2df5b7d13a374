//! The packed transform in Rust alone.

use crate::codegen::{keep_rolled, opaque};
use crate::hadamard::{butterflies8, strided_stages};
use crate::input_projection::TILE;
use crate::lanes;
use crate::step::{Finisher, Step};

/// Advances a state. Not inlined: its tiles are on the stack, which the other backends do not need.
#[inline(never)]
pub(super) fn step(h: &mut [u32], step: &Step<'_>) {
    strided_stages::<_, 4, 16>(h, step.layer.block_size() / 4);
    let log2_block = step.log2_block();
    let mut finisher = Finisher::new(step);
    let mut products = [[0; 2]; TILE / 2];
    for tile in h.chunks_mut(TILE / 2) {
        match log2_block {
            1 => multiply::<1>(tile, &mut products),
            2 => multiply::<2>(tile, &mut products),
            _ => multiply::<3>(tile, &mut products),
        }
        finisher.next_tile(tile.iter_mut().zip(&products));
    }
}

/// The stages that lanes have no room for.
#[inline(never)]
fn multiply<const STAGES: u32>(tile: &mut [u32], products: &mut [[i32; 2]]) {
    let groups = tile
        .as_chunks()
        .0
        .iter()
        .zip(opaque(products).as_chunks_mut().0);
    for (pairs, products) in groups {
        keep_rolled();
        *products = butterflies8::<STAGES>(pairs.map(|pair| lanes::unpack(pair).into()));
    }
}
