//! Ranges of inputs and states on real windows.

use rayon::prelude::*;

use super::Source;
use crate::nn::fwht;

/// Largest magnitudes over the calibration windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranges {
    /// Of a standardised input.
    pub largest_input: f64,
    /// Of a state of the float model with quantised U.
    pub largest_state: f64,
}

/// At most this many windows are run, spread evenly.
const MOST_WINDOWS: usize = 1000;

/// Runs the float recurrence over calibration windows and records the extremes.
pub(super) fn ranges(source: &Source<'_>, input_codes: &[i32], scale: f32) -> Ranges {
    let windows = source.calibration;
    let stride = windows.len().div_ceil(MOST_WINDOWS).max(1);
    let input: Vec<f32> = input_codes
        .iter()
        .map(|&code| code as f32 * scale)
        .collect();
    let (largest_input, largest_state) = (0..windows.len())
        .into_par_iter()
        .step_by(stride)
        .map(|i| {
            let x = source.standardisation.apply(windows.window(i));
            (largest(&x), largest_state(source, &input, &x))
        })
        .reduce(|| (0.0, 0.0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
    // An untrained or constant model must still have units.
    Ranges {
        largest_input: f64::from(largest_input).max(1e-6),
        largest_state: f64::from(largest_state).max(1e-6),
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |max, value| max.max(value.abs()))
}

fn largest_state(source: &Source<'_>, input: &[f32], x: &[f32]) -> f32 {
    let weights = source.weights;
    let d_in = weights.input.len() / weights.config.hidden_size;
    let mut h = vec![0f32; weights.config.hidden_size];
    let mut peak = 0f32;
    for x in x.chunks_exact(d_in) {
        fwht::fwht_normalised(&mut h, weights.config.log2_block);
        let rows = input
            .chunks_exact(d_in)
            .zip(&weights.bias)
            .zip(&weights.signs);
        for (h, ((row, bias), &sign)) in h.iter_mut().zip(rows) {
            let drive: f32 = row.iter().zip(x).map(|(u, x)| u * x).sum();
            *h = *h * f32::from(sign) + drive + bias;
        }
        peak = peak.max(largest(&h));
    }
    peak
}
