//! Features of windows: how high a channel is, how it moves, and how two move together.

use rayon::prelude::*;

use super::view::{View, Window};

/// Channels whose pairs are looked at, at most: there are as many pairs as their squares.
const MOST_PAIRED: usize = 12;

/// Kinds of features of a channel, in their order.
pub(super) const OF_CHANNEL: usize = 5;
/// The feature of a channel that is its level.
pub(super) const LEVEL: usize = 0;
/// Words of the features of a channel.
pub(super) const WORDS: [&str; OF_CHANNEL] = [
    "level",
    "spread",
    "quickness",
    "lowest value",
    "highest value",
];

/// Features of a window: those of each channel, then of pairs of channels.
pub(super) fn of_windows(view: &View<'_>) -> Vec<Vec<f64>> {
    view.windows
        .par_iter()
        .map(|window| of_window(view, *window))
        .collect()
}

fn of_window(view: &View<'_>, window: Window) -> Vec<f64> {
    let (_, _, recording, samples) = view.window(window);
    let channels: Vec<Vec<f64>> = (0..view.channels())
        .map(|channel| view.values(recording, channel, samples.clone()).collect())
        .collect();
    let mut features = Vec::new();
    let mut centred = Vec::with_capacity(channels.len());
    for values in &channels {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviations: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let spread = (deviations.iter().map(|d| d * d).sum::<f64>() / count).sqrt();
        let steps = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let quickness = steps.sum::<f64>() / (count * spread.max(f64::MIN_POSITIVE));
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        features.extend([mean, spread, quickness, low, high]);
        centred.push((deviations, spread));
    }
    for (i, (a, a_spread)) in centred.iter().take(MOST_PAIRED).enumerate() {
        for (b, b_spread) in centred.iter().take(MOST_PAIRED).skip(i + 1) {
            let scale = (a_spread * b_spread * a.len() as f64).max(f64::MIN_POSITIVE);
            let together: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            // Which of the two goes ahead: the direction of a circle.
            let ahead = a.windows(2).zip(b.windows(2));
            let ahead: f64 = ahead.map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum();
            features.extend([together / scale, ahead / scale]);
        }
    }
    features
}
