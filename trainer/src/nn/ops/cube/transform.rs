//! The butterflies of a fast Walsh-Hadamard transform, in registers and shared memory of one cube.

use super::layout::{GAP, Layout, Pass};
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// Index in the state of the `slot`-th number that `unit` holds in `pass`.
#[cube]
pub fn index_of(
    unit: usize,
    slot: usize,
    #[comptime] pass: Pass,
    #[comptime] units: usize,
) -> usize {
    let size = comptime!(1usize << pass.stages);
    let stride = comptime!(1usize << pass.low);
    let group = unit + (slot / size) * units;
    let (outer, inner) = (group / stride, group % stride);
    outer * (stride * size) + inner + (slot % size) * stride
}

/// Place in shared memory of the number at `index`: one gap after every [`GAP`] numbers spreads the accesses of a pass
/// over the memory's banks.
#[cube]
pub fn padded(index: usize) -> usize {
    index + index / GAP
}

/// The stages of `pass` on the numbers held.
#[cube]
fn butterflies(held: &mut Array<f32>, #[comptime] pass: Pass, #[comptime] count: usize) {
    #[unroll]
    for stage in 0..pass.stages {
        let stride = comptime!(1usize << stage);
        #[unroll]
        for pair in 0..comptime!(count / 2) {
            let low = comptime!((pair / stride) * 2 * stride + pair % stride);
            let a = held[low];
            let b = held[low + stride];
            held[low] = a + b;
            held[low + stride] = a - b;
        }
    }
}

/// Hands the numbers held in `pass` over to shared memory.
#[cube]
fn store(
    held: &Array<f32>,
    shared: &mut Shared<[f32]>,
    #[comptime] pass: Pass,
    #[comptime] layout: Layout,
) {
    #[unroll]
    for slot in 0..layout.held() {
        shared[padded(index_of(UNIT_POS as usize, slot, pass, layout.units))] = held[slot];
    }
}

/// Takes the numbers of `pass` over from shared memory.
#[cube]
fn load(
    held: &mut Array<f32>,
    shared: &Shared<[f32]>,
    #[comptime] pass: Pass,
    #[comptime] layout: Layout,
) {
    #[unroll]
    for slot in 0..layout.held() {
        held[slot] = shared[padded(index_of(UNIT_POS as usize, slot, pass, layout.units))];
    }
}

/// `state = (I ⊗ H) state`, not normalised, for the state that the units of the cube hold at rest.
///
/// Shared memory needs no barrier before the first store: what a unit stores at rest is what only this unit read last.
#[cube]
pub fn transform(held: &mut Array<f32>, shared: &mut Shared<[f32]>, #[comptime] layout: Layout) {
    if comptime!(layout.passes() > 1) {
        store(&*held, shared, layout.rest(), layout);
        #[unroll]
        for index in 0..comptime!(layout.passes() - 1) {
            let pass = comptime!(layout.pass(index));
            sync_cube();
            load(held, &*shared, pass, layout);
            butterflies(held, pass, layout.held());
            store(&*held, shared, pass, layout);
        }
        sync_cube();
        load(held, &*shared, layout.rest(), layout);
    }
    butterflies(held, layout.rest(), layout.held());
}
