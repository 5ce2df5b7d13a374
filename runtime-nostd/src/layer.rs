//! A recurrent layer, as kernels and proofs see it.

use crate::bounds::shifted;
use crate::gain::Gain;

/// Sizes, shifts and signs of one recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer<'a> {
    pub(crate) hidden_size: usize,
    pub(crate) log2_block: u32,
    pub(crate) state_bits: u32,
    /// Rows of each diagonal block that an input drives: its first ones. All of them for a second layer.
    pub(crate) driven_rows: usize,
    /// Left shift of the layer input; 0 for a second layer.
    pub(crate) layer_input_shift: u32,
    pub(crate) gain_shift: u32,
    pub(crate) gain: Gain,
    /// Bit `i % 32` of word `i / 32` is set where row `i` has the sign -1.
    pub(crate) signs: &'a [u32],
    /// Bound on every row of the layer input, before its left shift; 0 until it is proven, and for a second layer.
    pub(crate) layer_input_bound: i32,
    /// Whether every row of the layer input fits 16 bits whatever the input, and comes in pairs of lanes.
    pub(crate) lanes_hold_layer_input: bool,
    /// Whether it has the shape that the assembly of some targets takes; see `Model::has_fast_path`.
    pub(crate) fast_path: bool,
}

impl Layer<'_> {
    /// Number of hidden units.
    pub const fn hidden_size(&self) -> usize {
        self.hidden_size
    }

    /// `2^q`, the side of the diagonal blocks.
    pub const fn block_size(&self) -> usize {
        1usize.wrapping_shl(self.log2_block)
    }

    /// Width of a state, in bits.
    pub const fn state_bits(&self) -> u32 {
        self.state_bits
    }

    /// The gain sequence of the recurrence, leak included.
    pub const fn gain(&self) -> Gain {
        self.gain
    }

    /// Row sign of the recurrent matrix, +1 or -1.
    pub fn sign(&self, row: usize) -> i32 {
        sign(self.signs, row)
    }

    /// Bound on every sum before the right shift, for a layer input (left shift included) of at most `layer_input`.
    #[inline(never)]
    pub(crate) const fn step_bound(&self, layer_input: u32) -> u32 {
        let bits = self
            .state_bits
            .wrapping_sub(1)
            .wrapping_add(self.log2_block);
        let half = 1u32.wrapping_shl(self.gain_shift.wrapping_sub(1));
        shifted(self.gain.max() as u32, bits)
            .saturating_add(layer_input)
            .saturating_add(half)
    }
}

/// The sign that bit `index` stands for.
#[inline(always)]
pub(crate) fn sign(signs: &[u32], index: usize) -> i32 {
    let word = signs.get(index / 32).copied().unwrap_or(0);
    if word >> (index % 32) & 1 == 0 { 1 } else { -1 }
}
