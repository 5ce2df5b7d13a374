//! The element-wise end of a time step, shared by every kernel.

use crate::codegen::keep_rolled;
use crate::input_projection::{InputTile, TILE};
use crate::lanes;
use crate::layer::Layer;
use crate::layer_input::{LayerInput, LayerInputRows};

/// Everything of one time step of one layer but the transform itself.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    pub(crate) layer: &'a Layer<'a>,
    pub(crate) layer_input: LayerInput<'a>,
    pub(crate) gain: i32,
}

impl<'a> Step<'a> {
    /// `layer_input` is the layer input, `gain` that of this step.
    pub(crate) const fn new(layer: &'a Layer<'a>, layer_input: LayerInput<'a>, gain: i32) -> Self {
        Self {
            layer,
            layer_input,
            gain,
        }
    }

    pub(crate) const fn log2_block(&self) -> u32 {
        self.layer.log2_block
    }
}

/// Two neighbouring rows, as a kernel keeps them.
pub(crate) trait RowPair {
    /// The rows of `(I ⊗ H) h`.
    fn product(&self) -> [i32; 2];
    /// Takes the new states.
    fn put(self, states: [i32; 2]);
}

impl RowPair for &mut [i32; 2] {
    #[inline(always)]
    fn product(&self) -> [i32; 2] {
        **self
    }

    #[inline(always)]
    fn put(self, states: [i32; 2]) {
        *self = states;
    }
}

/// Products elsewhere, states in two lanes.
impl RowPair for (&mut u32, &[i32; 2]) {
    #[inline(always)]
    fn product(&self) -> [i32; 2] {
        *self.1
    }

    #[inline(always)]
    fn put(self, [low, high]: [i32; 2]) {
        *self.0 = lanes::pack(low, high);
    }
}

/// Turns products into new states, 32 rows at a time.
///
/// `h' = clamp((d << layer_input_shift + s * gain * v + half) >> gain_shift)`, `d` being the layer input: rounds to
/// nearest, halves up, saturates to `state_bits`. [`Model::from_bytes`](crate::Model::from_bytes) has established that
/// nothing overflows.
pub(crate) struct Finisher<'a> {
    layer_input: LayerInputRows<'a>,
    driven: InputTile,
    /// Signs of the rows still to come.
    signs: &'a [u32],
    in_lanes: bool,
    state_bits: u32,
    constants: Constants,
}

/// Constants of the element-wise end.
struct Constants {
    /// Gains of two neighbouring rows for each pattern of their two sign bits: a table costs less than negating.
    gains: [[i32; 2]; 4],
    /// `2^layer_input_shift`: a multiply-accumulate does shift and addition.
    scale: i32,
    half: i32,
    gain_shift: u32,
    limit: i32,
}

impl<'a> Finisher<'a> {
    pub fn new(step: &Step<'a>) -> Self {
        let layer = step.layer;
        let (plus, minus) = (step.gain, step.gain.wrapping_neg());
        Self {
            layer_input: LayerInputRows::new(&step.layer_input),
            driven: [0; TILE],
            signs: layer.signs,
            in_lanes: layer.lanes_hold_layer_input,
            state_bits: layer.state_bits,
            constants: Constants {
                gains: [[plus, plus], [minus, plus], [plus, minus], [minus, minus]],
                scale: 1i32.wrapping_shl(layer.layer_input_shift),
                half: 1i32.wrapping_shl(layer.gain_shift.wrapping_sub(1)),
                gain_shift: layer.gain_shift,
                limit: 1i32.wrapping_shl(layer.state_bits.wrapping_sub(1)),
            },
        }
    }

    /// Finishes the next rows.
    #[inline(always)]
    pub fn next_tile<S: RowPair>(&mut self, row_pairs: impl Iterator<Item = S>) {
        let Some((signs, rest)) = self.signs.split_first() else {
            return;
        };
        self.signs = rest;
        self.layer_input.next_tile(&mut self.driven);
        let (constants, driven) = (&self.constants, &self.driven);
        match (self.in_lanes, self.state_bits) {
            (true, 10) => constants.tile::<S, true, 10>(row_pairs, driven, *signs),
            (true, 12) => constants.tile::<S, true, 12>(row_pairs, driven, *signs),
            (true, _) => constants.tile::<S, true, 0>(row_pairs, driven, *signs),
            (false, _) => constants.tile::<S, false, 0>(row_pairs, driven, *signs),
        }
    }
}

impl Constants {
    /// `BITS` is the width of the state, or 0 for any: a constant width makes one saturating instruction.
    #[inline(never)]
    fn tile<S: RowPair, const LANES: bool, const BITS: u32>(
        &self,
        row_pairs: impl Iterator<Item = S>,
        driven: &InputTile,
        mut signs: u32,
    ) {
        // On the stack: no register for `self`.
        let gains = self.gains;
        // The low lane has 32768 too much.
        let low_half = self.half.wrapping_sub(self.scale.wrapping_shl(15));
        let scaled = |row: i32, half: i32| row.wrapping_mul(self.scale).wrapping_add(half);
        let mut finish = |row_pair: S, [even, odd]: [i32; 2]| {
            keep_rolled();
            let [v_even, v_odd] = row_pair.product();
            let [gain_even, gain_odd] = gains[(signs & 3) as usize];
            signs >>= 2;
            row_pair.put([
                self.saturate::<BITS>(gain_even.wrapping_mul(v_even).wrapping_add(even)),
                self.saturate::<BITS>(gain_odd.wrapping_mul(v_odd).wrapping_add(odd)),
            ]);
        };
        if LANES {
            for (row_pair, pair) in row_pairs.zip(driven) {
                let (low, high) = ((pair & 0xFFFF) as i32, *pair as i32 >> 16);
                finish(row_pair, [scaled(low, low_half), scaled(high, self.half)]);
            }
        } else {
            for (row_pair, rows) in row_pairs.zip(driven.as_chunks().0) {
                finish(row_pair, rows.map(|row: u32| scaled(row as i32, self.half)));
            }
        }
    }

    #[inline(always)]
    fn saturate<const BITS: u32>(&self, sum: i32) -> i32 {
        let limit = if BITS == 0 {
            self.limit
        } else {
            1i32.wrapping_shl(BITS.wrapping_sub(1))
        };
        // `Ord::clamp` would link its assertion.
        sum.wrapping_shr(self.gain_shift)
            .max(limit.wrapping_neg())
            .min(limit.wrapping_sub(1))
    }
}
