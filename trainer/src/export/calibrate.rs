//! Ranges of inputs and states on real windows: the float recurrence with quantised weights.

use rayon::prelude::*;

use super::Source;
use super::codes::Codes;
use crate::data::Values;
use crate::nn::{
    HostHiddenReadout, HostSecondLayer, Input, Mixing, Readout, SecondLayer, decay, fwht,
};

/// Largest magnitudes over the calibration windows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ranges {
    /// Largest magnitude of a standardised input; 0 for tokens.
    pub largest_input: f64,
    /// Range of the first layer's states.
    pub first: LayerRange,
    /// Range of the second layer's states, if there is one.
    pub second: Option<LayerRange>,
    /// Largest sum over time of the rectified states that are read.
    pub largest_sum: f64,
    /// Largest output of a hidden readout layer; 0 without one.
    pub largest_hidden: f64,
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

/// Runs the float recurrence over calibration windows and records the extremes.
pub(super) fn ranges(source: &Source<'_>, codes: &Codes) -> Ranges {
    let windows = source.calibration;
    let stride = windows.len().div_ceil(MOST_WINDOWS).max(1);
    let network = Float::new(source, codes);
    let all: Vec<Ranges> = (0..windows.len())
        .into_par_iter()
        .step_by(stride)
        .map(|i| network.run(source, i))
        .collect();
    let count = all.len().max(1) as f64;
    let mut total = all.into_iter().fold(Ranges::default(), Ranges::merge);
    // An untrained or constant model must still have units.
    total.largest_input = total.largest_input.max(1e-6);
    total.largest_sum = total.largest_sum.max(1e-6);
    total.largest_hidden = total.largest_hidden.max(1e-6);
    for layer in [Some(&mut total.first), total.second.as_mut()]
        .into_iter()
        .flatten()
    {
        layer.largest = layer.largest.max(1e-6);
        layer.mean_square /= count;
    }
    total
}

impl Ranges {
    /// Larger extremes, added mean squares.
    fn merge(self, other: Self) -> Self {
        let layer = |a: LayerRange, b: LayerRange| LayerRange {
            largest: a.largest.max(b.largest),
            mean_square: a.mean_square + b.mean_square,
        };
        Self {
            largest_input: self.largest_input.max(other.largest_input),
            first: layer(self.first, other.first),
            second: match (self.second, other.second) {
                (Some(a), Some(b)) => Some(layer(a, b)),
                (a, b) => a.or(b),
            },
            largest_sum: self.largest_sum.max(other.largest_sum),
            largest_hidden: self.largest_hidden.max(other.largest_hidden),
        }
    }
}

impl LayerRange {
    fn add(&mut self, states: &[f32], steps: usize) {
        let square: f64 = states.iter().map(|&h| f64::from(h).powi(2)).sum();
        self.mean_square += square / (states.len() * steps) as f64;
        self.largest = self.largest.max(largest(states));
    }
}

fn largest(values: &[f32]) -> f64 {
    values
        .iter()
        .fold(0.0, |max: f64, value| max.max(f64::from(value.abs())))
}

/// The float network with quantised input weights.
struct Float<'a> {
    /// U, or the table of tokens.
    input: Vec<f32>,
    bias: &'a [f32],
    layer: Recurrence<'a>,
    second: Option<(Second<'a>, Recurrence<'a>)>,
    readout: Readout,
    hidden: Option<&'a HostHiddenReadout>,
}

/// `s γ H h / sqrt(B)`.
struct Recurrence<'a> {
    signs: &'a [i8],
    log2_block: usize,
    decay: f32,
}

/// The way into the second layer.
struct Second<'a> {
    weights: &'a HostSecondLayer,
    layer: &'a SecondLayer,
}

impl<'a> Float<'a> {
    fn new(source: &Source<'a>, codes: &Codes) -> Self {
        let weights = source.weights;
        let network = &weights.config;
        let second = weights.second.as_ref().zip(network.second.as_ref());
        Self {
            input: codes
                .input
                .iter()
                .map(|&code| code as f32 * codes.input_scale)
                .collect(),
            bias: &weights.bias,
            layer: Recurrence {
                signs: &weights.signs,
                log2_block: network.log2_block,
                decay: decay(network.leak),
            },
            second: second.map(|(weights, layer)| {
                let recurrence = Recurrence {
                    signs: &weights.signs,
                    log2_block: layer.log2_block,
                    decay: decay(layer.leak),
                };
                (Second { weights, layer }, recurrence)
            }),
            readout: network.readout,
            hidden: weights.hidden_readout.as_ref(),
        }
    }

    /// Ranges of one window.
    fn run(&self, source: &Source<'_>, window: usize) -> Ranges {
        let windows = source.calibration;
        let (steps, n) = (windows.steps, self.layer.signs.len());
        let numbers = match &windows.values {
            Values::Numbers(_) => source.standardisation.apply(windows.window(window)),
            Values::Tokens { .. } => Vec::new(),
        };
        let mut h = vec![0f32; n];
        let mut h2 = vec![
            0f32;
            self.second
                .as_ref()
                .map_or(0, |(_, layer)| layer.signs.len())
        ];
        let mut sums = vec![0f32; if h2.is_empty() { n } else { h2.len() }];
        let mut driven = vec![0f32; n];
        let mut ranges = Ranges {
            largest_input: largest(&numbers),
            second: self.second.as_ref().map(|_| LayerRange::default()),
            ..Ranges::default()
        };
        for t in 0..steps {
            match source.weights.config.input {
                Input::Numbers(d_in) => self.numbers(&numbers[t * d_in..][..d_in], &mut driven),
                Input::Tokens { .. } => self.token(windows.tokens(window)[t], &mut driven),
            }
            self.layer.step(&mut h, &driven);
            ranges.first.add(&h, steps);
            if let (Some((second, layer)), Some(range)) = (&self.second, &mut ranges.second) {
                layer.step(&mut h2, &second.drive(&h));
                range.add(&h2, steps);
            }
            let read = if h2.is_empty() { &h } else { &h2 };
            sums.iter_mut()
                .zip(read)
                .for_each(|(sum, h)| *sum += h.max(0.0));
            if self.readout == Readout::EveryStep || t + 1 == steps {
                let largest = self.largest_hidden(read, &sums, steps);
                ranges.largest_hidden = ranges.largest_hidden.max(largest);
            }
        }
        ranges.largest_sum = largest(&sums);
        ranges
    }

    /// Largest output of the hidden readout layer from the top layer's states and their rectified sums; 0 without one.
    fn largest_hidden(&self, states: &[f32], sums: &[f32], steps: usize) -> f64 {
        let Some(layer) = self.hidden else {
            return 0.0;
        };
        let read: Vec<f32> = match self.readout {
            Readout::Pooled => sums.iter().map(|sum| sum / steps as f32).collect(),
            _ => states.to_vec(),
        };
        // Rectified: what is below zero has no range.
        let outputs = dense(&layer.matrix, &read, &layer.bias).into_iter();
        outputs.fold(0.0, f32::max).into()
    }

    fn numbers(&self, x: &[f32], driven: &mut [f32]) {
        let rows = self.input.chunks_exact(x.len()).zip(self.bias);
        for (driven, (row, bias)) in driven.iter_mut().zip(rows) {
            *driven = bias + row.iter().zip(x).map(|(u, x)| u * x).sum::<f32>();
        }
    }

    fn token(&self, token: u16, driven: &mut [f32]) {
        let row = &self.input[usize::from(token) * driven.len()..][..driven.len()];
        for (driven, (z, bias)) in driven.iter_mut().zip(row.iter().zip(self.bias)) {
            *driven = z + bias;
        }
    }
}

impl Recurrence<'_> {
    fn step(&self, h: &mut [f32], driven: &[f32]) {
        fwht::fwht_normalised(h, self.log2_block);
        for (h, (&sign, driven)) in h.iter_mut().zip(self.signs.iter().zip(driven)) {
            *h = *h * f32::from(sign) * self.decay + driven;
        }
    }
}

impl Second<'_> {
    /// `M relu(h) + b'`.
    fn drive(&self, h: &[f32]) -> Vec<f32> {
        match self.layer.mixing {
            Mixing::Dense => dense(&self.weights.mixing, h, &self.weights.bias),
            Mixing::Hadamard => {
                let (a, c) = self.weights.mixing.split_at(h.len());
                let mut mixed: Vec<f32> = c
                    .iter()
                    .zip(h)
                    .map(|(&sign, h)| f32::from(sign) * h.max(0.0))
                    .collect();
                fwht::fwht_normalised(&mut mixed, h.len().ilog2() as usize);
                let rows = mixed.iter().zip(a).zip(&self.weights.bias);
                rows.map(|((sum, &sign), bias)| sum * f32::from(sign) + bias)
                    .collect()
            }
        }
    }
}

/// `M relu(h) + b` for the signs of a dense `M`.
fn dense(signs: &[i8], h: &[f32], bias: &[f32]) -> Vec<f32> {
    let scale = 1.0 / (h.len() as f32).sqrt();
    let dot = |row: &[i8]| -> f32 {
        let products = row.iter().zip(h);
        products
            .map(|(&sign, h)| f32::from(sign) * h.max(0.0))
            .sum()
    };
    let rows = signs.chunks_exact(h.len()).zip(bias);
    rows.map(|(row, bias)| scale * dot(row) + bias).collect()
}
