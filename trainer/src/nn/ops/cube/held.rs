//! Operations of one unit on the numbers of a state that it holds itself; they need no other unit.

use super::layout::Layout;
use super::transform::index_of;
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// The numbers that this unit holds of the row of `n` numbers at `row`.
#[cube]
pub fn read(data: &[f32], row: usize, #[comptime] layout: Layout) -> Array<f32> {
    let mut held = Array::<f32>::new(layout.held());
    #[unroll]
    for slot in 0..layout.held() {
        held[slot] = data
            [row * layout.hidden + index_of(UNIT_POS as usize, slot, layout.rest(), layout.units)];
    }
    held
}

/// Writes the numbers that this unit holds to the row at `row`.
#[cube]
pub fn write(data: &mut [f32], row: usize, held: &Array<f32>, #[comptime] layout: Layout) {
    #[unroll]
    for slot in 0..layout.held() {
        data[row * layout.hidden
            + index_of(UNIT_POS as usize, slot, layout.rest(), layout.units)] = held[slot];
    }
}

/// `γ s / sqrt(B)` where this unit holds the state.
#[cube]
pub fn scaled_signs(signs: &[f32], scale: f32, #[comptime] layout: Layout) -> Array<f32> {
    let mut scaled = read(signs, 0, layout);
    #[unroll]
    for slot in 0..layout.held() {
        scaled[slot] *= scale;
    }
    scaled
}

/// `a = a ⊙ b`.
#[cube]
pub fn multiply(a: &mut Array<f32>, b: &Array<f32>, #[comptime] layout: Layout) {
    #[unroll]
    for slot in 0..layout.held() {
        a[slot] *= b[slot];
    }
}

/// `a = a + b`.
#[cube]
pub fn add(a: &mut Array<f32>, b: &Array<f32>, #[comptime] layout: Layout) {
    #[unroll]
    for slot in 0..layout.held() {
        a[slot] += b[slot];
    }
}

/// `sum = sum + g ⊙ (next - added)`, a term of the signs' gradient: `next - added` is `W` times the state before.
#[cube]
pub fn add_turned(
    sum: &mut Array<f32>,
    g: &Array<f32>,
    next: &Array<f32>,
    added: &Array<f32>,
    #[comptime] layout: Layout,
) {
    #[unroll]
    for slot in 0..layout.held() {
        sum[slot] += g[slot] * (next[slot] - added[slot]);
    }
}

/// Zeros.
#[cube]
pub fn zeros(#[comptime] layout: Layout) -> Array<f32> {
    let mut held = Array::<f32>::new(layout.held());
    #[unroll]
    for slot in 0..layout.held() {
        held[slot] = 0.0;
    }
    held
}
