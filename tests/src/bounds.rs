//! Bounds of every accumulator over all inputs and states, as `docs/ARITHMETIC.md` states them.

use crate::oracle::{PlainInput, PlainLayer, PlainModel, PlainReadout};

/// Largest magnitudes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainBounds {
    /// Bound on a row of the first layer's input projection, before its left shift.
    pub layer_input: i64,
    /// Bound on a first-layer sum before the right shift.
    pub step: i64,
    /// Bound on a second-layer sum before the right shift; 0 without one.
    pub second_step: i64,
    /// Bound on a sum of the hidden readout layer before its right shift; 0 without one.
    pub hidden: i64,
    /// Bound on a logit.
    pub logit: i64,
}

impl PlainBounds {
    /// All bounds, in order.
    pub fn all(&self) -> [i64; 5] {
        [
            self.layer_input,
            self.step,
            self.second_step,
            self.hidden,
            self.logit,
        ]
    }

    /// Whether all fit 32 bits.
    pub fn fit(&self) -> bool {
        self.all().into_iter().max() <= Some(i32::MAX.into())
    }
}

fn magnitudes(codes: &[i32]) -> i64 {
    codes.iter().map(|&code| i64::from(code).abs()).sum()
}

fn largest(values: impl Iterator<Item = i64>) -> i64 {
    values.max().unwrap_or(0)
}

/// The bounds of `model`, whose table of tokens has codes of `table_bits`.
pub fn of(model: &PlainModel, table_bits: u8) -> PlainBounds {
    let weights = |row: usize| match &model.input {
        PlainInput::Numbers { weights, bits, .. } => magnitudes(&weights[row]) << (bits - 1),
        PlainInput::Tokens { .. } if row % model.layer.block_size >= model.driven_rows => 0,
        PlainInput::Tokens { multiplier, .. } => i64::from(*multiplier) << (table_bits - 1),
    };
    let biases = model.bias.iter().enumerate();
    let layer_input = largest(biases.map(|(row, &bias)| weights(row) + i64::from(bias).abs()));
    let second_step = model.second.as_ref().map_or(0, |second| {
        let sum = (model.layer.hidden_size as i64) << (model.layer.state_bits - 1);
        let bias = largest(second.bias.iter().map(|&bias| i64::from(bias).abs()));
        step(&second.layer, sum * i64::from(second.multiplier) + bias)
    });
    let read_bits = match model.readout_kind {
        PlainReadout::Pooled(_) | PlainReadout::Fading { .. } => 16,
        _ => model.top().state_bits,
    };
    let hidden = model.hidden.as_ref();
    let hidden_sum = hidden.map_or(0, |hidden| {
        let sum = (model.top().hidden_size as i64) << (read_bits - 1);
        let bias = largest(hidden.bias.iter().map(|&bias| i64::from(bias).abs()));
        sum * i64::from(hidden.multiplier) + bias + ((1 << hidden.shift) >> 1)
    });
    let read_bits = hidden.map_or(read_bits, |hidden| hidden.bits);
    let rows = model.readout.iter().zip(&model.readout_bias);
    PlainBounds {
        layer_input,
        step: step(&model.layer, layer_input << model.layer_input_shift),
        second_step,
        hidden: hidden_sum,
        logit: largest(
            rows.map(|(row, &bias)| (magnitudes(row) << (read_bits - 1)) + i64::from(bias).abs()),
        ),
    }
}

fn step(layer: &PlainLayer, driven: i64) -> i64 {
    let (floor, fraction) = layer.gain();
    let gain = floor + i64::from(fraction != 0);
    let transform = (layer.block_size as i64) << (layer.state_bits - 1);
    driven + gain * transform + (1 << (layer.gain_shift - 1))
}
