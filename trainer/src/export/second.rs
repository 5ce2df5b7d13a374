//! Scales of a second layer.

use hadamrnn_runtime::Gain;
use hadamrnn_runtime::format::{Mixing, Second};

use super::calibrate::LayerRange;
use super::scales::finest_state;
use crate::nn::{self, HostSecondLayer, SecondLayer};

/// Header, biases and unit of a second layer.
pub(super) struct SecondPlan {
    pub header: Second,
    /// Biases, one i32 a row.
    pub bias: Vec<u32>,
    /// Float value of one state step.
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
        for gain_shift in (4..=15u8).rev() {
            let multiplier = (entry / finest * f64::from(1u32 << gain_shift)).floor();
            if !(1.0..=32767.0).contains(&multiplier) {
                continue;
            }
            let state = entry / multiplier * f64::from(1u32 << gain_shift);
            let unit = entry / multiplier;
            let bias: Vec<i64> = (weights.bias.iter())
                .map(|&bias| (f64::from(bias) / unit).round() as i64)
                .collect();
            let header = Second {
                hidden_size: layer.hidden_size as u16,
                log2_block: layer.log2_block as u8,
                leak: layer.leak.unwrap_or(0),
                state_bits,
                gain_shift,
                multiplier: multiplier as u16,
                mixing: match layer.mixing {
                    nn::Mixing::Dense => Mixing::Dense,
                    nn::Mixing::Hadamard => Mixing::Hadamard,
                },
                bias: layer.bias,
            };
            if fits(&header, &bias, units) {
                let stored = bias.iter().take(if layer.bias { bias.len() } else { 0 });
                return Some(Self {
                    header,
                    bias: stored.map(|&bias| bias as i32 as u32).collect(),
                    state,
                });
            }
        }
        None
    }
}

/// The bound of `docs/ARITHMETIC.md`, which the runtime checks again.
fn fits(header: &Second, bias: &[i64], units: usize) -> bool {
    let state = 1i64 << (header.state_bits - 1);
    let bias = bias.iter().map(|bias| bias.abs()).max().unwrap_or(0);
    let driven = i64::from(header.multiplier) * units as i64 * state + bias;
    let gain = Gain::new(header.log2_block, header.gain_shift, header.leak).max();
    let recurrent = i64::from(gain) * (state << header.log2_block);
    driven + recurrent + (1 << (header.gain_shift - 1)) <= i64::from(i32::MAX)
}
