//! A window that suits recordings, from their rate and from how long their intervals are.

use super::clock::clock_of;
use super::statistics::median;
use super::view::View;
use crate::data::import::Recording;

/// Seconds of a window, at most: a step, a gesture or two take less.
const SECONDS: f64 = 2.6;
/// Samples of a window, at least and at most.
const LEAST: usize = 8;
const MOST: usize = 1024;
/// Samples a second where no file tells a time, as training takes them.
const DEFAULT_RATE_HZ: f64 = 50.0;

/// A proposal of how to cut recordings, with what it follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Samples of a window: the largest power of two in 2.6 seconds and in the median interval of each class.
    pub steps: usize,
    /// Samples from one window to the next: half a window.
    pub hop: usize,
    /// Samples a second, the median over recordings; none where no file tells a time.
    pub rate_hz: Option<f64>,
    /// Samples of the median interval of the class whose intervals are shortest; 0 without labels.
    pub shortest_interval: usize,
}

/// Proposes a window for recordings. It is a power of two, so that a decimation of 2, 4 or 8 leaves whole windows and hops.
pub fn propose(recordings: &[Recording]) -> Proposal {
    let rates: Vec<f64> = (recordings.iter())
        .filter_map(|recording| Some(clock_of(recording)?.rate_hz))
        .collect();
    let rate_hz = median(&rates);
    let view = View::of(recordings, 1, 1);
    let of_class = |class: usize| {
        let of = view
            .stretches
            .iter()
            .filter(|stretch| stretch.class == class);
        let lengths: Vec<f64> = of.map(|stretch| stretch.samples.len() as f64).collect();
        median(&lengths)
    };
    let shortest = (0..view.classes.len())
        .filter_map(of_class)
        .fold(f64::INFINITY, f64::min);
    let most = (SECONDS * rate_hz.unwrap_or(DEFAULT_RATE_HZ))
        .min(shortest)
        .min(MOST as f64);
    let steps = match most as usize {
        0 => LEAST,
        most => (1 << most.ilog2()).max(LEAST),
    };
    Proposal {
        steps,
        hop: steps / 2,
        rate_hz,
        shortest_interval: if shortest.is_finite() {
            shortest as usize
        } else {
            0
        },
    }
}
