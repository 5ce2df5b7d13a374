//! The second layer: its scales and its words.

use hadamrnn_runtime::format::Second;
use hadamrnn_runtime::{SecondLayer as Proof, limits};

use super::calibrate::LayerRange;
use super::pack;
use super::scales::finest_state;
use crate::nn::{HostSecondLayer, SecondLayer};

/// Header, words and unit of a second layer.
pub(super) struct SecondPlan {
    pub header: Second,
    /// Its sections: matrix, biases, signs.
    pub words: Vec<u32>,
    /// Value of one state step.
    pub state: f64,
}

impl SecondPlan {
    /// The largest gain shift, and for it the largest multiplier, for which nothing overflows.
    ///
    /// `first_unit` is what a step of the first layer's states is worth, `units` how many it has, `state_bits` the width
    /// of the states of both layers. None where no shift fits 32 bits.
    pub fn choose(
        layer: &SecondLayer,
        weights: &HostSecondLayer,
        range: &LayerRange,
        first_unit: f64,
        units: usize,
        state_bits: u8,
    ) -> Option<Self> {
        let finest = finest_state(range, state_bits);
        let entry = first_unit / (units as f64).sqrt();
        for gain_shift in limits::GAIN_SHIFT.values().rev() {
            let scale = f64::from(1u32 << gain_shift);
            let Some(multiplier) = pack::multiplier(entry / finest * scale) else {
                continue;
            };
            let unit = entry / f64::from(multiplier);
            let Some(bias) = pack::wide_bias(&weights.bias, unit, layer.bias) else {
                continue;
            };
            let header = Second {
                hidden_size: layer.hidden_size as u16,
                log2_block: layer.log2_block as u8,
                leak: layer.leak.unwrap_or(0),
                state_bits,
                gain_shift: gain_shift as u8,
                multiplier,
                mixing: layer.mixing,
                bias: layer.bias,
            };
            if Proof::prove(&header, &bias, units, state_bits.into()).is_some() {
                return Some(Self {
                    header,
                    words: words(layer, weights, bias, units),
                    state: unit * scale,
                });
            }
        }
        None
    }
}

fn words(layer: &SecondLayer, weights: &HostSecondLayer, bias: Vec<u32>, units: usize) -> Vec<u32> {
    let mixing = pack::mixing(&weights.mixing, layer.mixing, units);
    [mixing, bias, pack::signs(&weights.signs)].concat()
}
