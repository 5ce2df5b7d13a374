//! Ranges of inputs and states on real windows: the network's own forward pass, with quantised input weights.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use rayon::prelude::*;

use super::Source;
use super::codes::Codes;
use crate::evaluate;
use crate::nn::{Fading, FadingPool, HadamRnn, Inputs, Trace, host_device};

/// Largest magnitudes over the calibration windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges {
    /// Largest standardised input; 0 for tokens.
    pub largest_input: f64,
    /// Ranges of the states of each recurrent layer, the first layer first.
    pub layers: Vec<LayerRange>,
    /// Largest sum over time of the rectified states that are read; of sums that fade the one in the long run, where each window goes
    /// on as it is.
    pub largest_sum: f64,
    /// Largest value that V reads: of a rectified state, of a mean, or of an output of a hidden readout layer.
    pub largest_feature: f64,
}

/// Range of a layer's states.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LayerRange {
    /// Largest magnitude.
    pub largest: f64,
    /// Mean square over units and steps.
    pub mean_square: f64,
}

/// At most this many windows are run, spread evenly.
const MOST_WINDOWS: usize = 1000;

/// Numbers in the states of one layer that are held at once: bounds the memory that a calibration takes.
const CHUNK: usize = 1 << 23;

/// The least range: an untrained or constant model must still have units.
const LEAST: f64 = 1e-6;

/// Runs the float network over calibration windows and records the extremes.
pub(super) fn ranges(source: &Source<'_>, codes: &Codes) -> Ranges {
    let network = network(source, codes);
    let windows = source.calibration;
    let stride = windows.len().div_ceil(MOST_WINDOWS).max(1);
    let chosen: Vec<usize> = (0..windows.len()).step_by(stride).collect();
    let layers = source.weights.config.network.layers();
    let widest = layers.map(|layer| layer.hidden_size).max().unwrap_or(1);
    let chunk = CHUNK / (windows.steps * widest).max(1);
    let mut total = Ranges::default();
    for part in chosen.chunks(chunk.max(1)) {
        let part = windows.select(part);
        let inputs = evaluate::inputs(&part, source.standardisation, &network.device());
        let fading = source.weights.config.network.fading;
        total = total.merge(of_batch(&inputs, network.trace(&inputs), fading));
    }
    total.finish(chosen.len().max(1))
}

/// The network with the weights that the model will have, but for V and the rounding of states and biases.
fn network(source: &Source<'_>, codes: &Codes) -> HadamRnn {
    let code = |&code: &i32| code as f32 * codes.input_scale;
    let input = codes.input.iter().map(code).collect();
    source.weights.network(input, &host_device())
}

/// Ranges of a batch; mean squares are summed over its windows.
fn of_batch(inputs: &Inputs, trace: Trace, fading: Option<Fading>) -> Ranges {
    let numbers = match inputs {
        Inputs::Numbers(x) => values(x.clone()),
        Inputs::Tokens(_) => Vec::new(),
    };
    let sums = trace.states.last().map(|top| {
        let sums = relu(top.clone()).sum_dim(1);
        let steps = top.dims()[1] as f32;
        match fading {
            Some(fading) => sums.mul_scalar(FadingPool::from(fading).time_constant() / steps),
            None => sums,
        }
    });
    Ranges {
        largest_input: largest(&numbers),
        layers: trace.states.into_iter().map(LayerRange::of).collect(),
        largest_sum: sums.map_or(0.0, |sums| largest(&values(sums))),
        largest_feature: largest(&values(trace.features)),
    }
}

impl Ranges {
    /// Larger extremes, added mean squares.
    fn merge(self, other: Self) -> Self {
        let layers = match self.layers.is_empty() {
            true => other.layers,
            false => {
                let pairs = self.layers.into_iter().zip(other.layers);
                pairs.map(|(a, b)| a.merge(b)).collect()
            }
        };
        Self {
            largest_input: self.largest_input.max(other.largest_input),
            layers,
            largest_sum: self.largest_sum.max(other.largest_sum),
            largest_feature: self.largest_feature.max(other.largest_feature),
        }
    }

    /// Means over `windows` windows in place of sums, and no range of zero.
    fn finish(mut self, windows: usize) -> Self {
        for largest in [
            &mut self.largest_input,
            &mut self.largest_sum,
            &mut self.largest_feature,
        ] {
            *largest = largest.max(LEAST);
        }
        for layer in &mut self.layers {
            layer.largest = layer.largest.max(LEAST);
            layer.mean_square /= windows as f64;
        }
        self
    }

    /// The range of the first layer's states.
    pub fn first(&self) -> LayerRange {
        self.layers.first().copied().unwrap_or_default()
    }

    /// The range of the second layer's states, if there is one.
    pub fn second(&self) -> Option<LayerRange> {
        self.layers.get(1).copied()
    }
}

impl LayerRange {
    /// The range of states `[windows, T, n]`; mean squares are summed over the windows, in their order.
    fn of(states: Tensor<3>) -> Self {
        let [_, steps, n] = states.dims();
        let states = values(states);
        let windows: Vec<Self> = (states.par_chunks(steps * n))
            .map(|window| Self {
                largest: largest(window),
                mean_square: window.iter().map(|&h| f64::from(h).powi(2)).sum::<f64>()
                    / window.len() as f64,
            })
            .collect();
        windows.into_iter().fold(Self::default(), Self::merge)
    }

    /// The larger extreme, the sum of the mean squares.
    fn merge(self, other: Self) -> Self {
        Self {
            largest: self.largest.max(other.largest),
            mean_square: self.mean_square + other.mean_square,
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn largest(values: &[f32]) -> f64 {
    let largest = values
        .iter()
        .fold(0.0, |max: f32, value| max.max(value.abs()));
    largest.into()
}

#[cfg(test)]
mod tests;
