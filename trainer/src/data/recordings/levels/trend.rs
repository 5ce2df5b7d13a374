//! Whether a channel drifts through its recordings.

use super::Trained;
use super::blocks::median;

/// Parts of a stretch whose means a line is laid through.
const PARTS: usize = 16;
/// Samples of a stretch that is looked at.
const ENOUGH_SAMPLES: usize = 2 * PARTS;
/// Stretches from which on their signs are compared.
const ENOUGH_STRETCHES: usize = 5;
/// Share of the variance that the line has, in the median stretch, from which on the channel goes straight.
const STRAIGHT: f64 = 0.7;
/// The same of a channel that goes the same way in all stretches.
const RATHER_STRAIGHT: f64 = 0.2;
/// Share of the ways that is left when they are added up, from which on all go the same way.
const SAME_WAY: f64 = 0.9;
/// Sum of the ways, as a share of the range of the means, that makes these a drift.
const ENOUGH_WAY: f64 = 0.2;
/// Ways from the end of a line to the start of the next one, up to which a drift that turns goes on between them.
const GOES_ON: f64 = 3.0;
/// Way within a window, as a share of that range, up to which a drift is slow.
const SLOW: f64 = 0.1;

/// Lines through the stretches of a channel, in the order in which they were recorded.
#[derive(Clone, Debug)]
pub(super) struct Trend {
    /// Way from the start of each line to its end.
    ways: Vec<f64>,
    /// Share of the variance that each line has.
    shares: Vec<f64>,
    /// Longest way from the end of a line to the start of the next one.
    jump: f64,
    /// Range of the means of stretches.
    range: f64,
    /// Mean way within a window.
    way_of_window: f64,
}

impl Trend {
    pub fn of(channels: usize, channel: usize, steps: usize, stretches: &[Trained<'_>]) -> Self {
        let (mut ways, mut shares, mut of_window, mut means) = (vec![], vec![], vec![], vec![]);
        for stretch in stretches {
            let samples = stretch.counts.len() / channels;
            if samples < ENOUGH_SAMPLES {
                continue;
            }
            let parts = parts(stretch.counts, channels, channel);
            let (way, share) = line(&parts);
            of_window.push(way.abs() * steps as f64 / samples as f64);
            means.push(parts.iter().sum::<f64>() / parts.len() as f64);
            ways.push(way);
            shares.push(share);
        }
        let ends = ways
            .iter()
            .zip(&means)
            .map(|(way, mean)| (mean - way / 2.0, mean + way / 2.0));
        let ends: Vec<(f64, f64)> = ends.collect();
        let jumps = ends.windows(2).map(|pair| (pair[1].0 - pair[0].1).abs());
        let jump = jumps.fold(0.0, f64::max);
        let most = means.iter().copied().fold(f64::MIN, f64::max);
        let least = means.iter().copied().fold(f64::MAX, f64::min);
        Self {
            jump,
            range: (most - least).max(0.0),
            way_of_window: of_window.iter().sum::<f64>() / of_window.len().max(1) as f64,
            ways,
            shares,
        }
    }

    /// Whether the levels of stretches come of a slow drift within them.
    pub fn is_slow_drift(&self) -> bool {
        let way: f64 = self.ways.iter().map(|way| way.abs()).sum();
        let sum = self.ways.iter().sum::<f64>().abs();
        let straight = median(self.shares.clone());
        let same_way = self.ways.len() >= ENOUGH_STRETCHES
            && sum >= SAME_WAY * way
            && straight >= RATHER_STRAIGHT;
        let longest = self.ways.iter().map(|way| way.abs()).fold(0.0, f64::max);
        let goes_on = self.ways.len() >= ENOUGH_STRETCHES && self.jump <= GOES_ON * longest;
        (straight >= STRAIGHT || same_way)
            && self.range > 0.0
            && (sum >= ENOUGH_WAY * self.range || goes_on)
            && self.way_of_window <= SLOW * self.range
    }
}

/// Means of equal parts.
fn parts(counts: &[i16], channels: usize, channel: usize) -> Vec<f64> {
    let samples = counts.len() / channels;
    let border = |part: usize| part * samples / PARTS;
    let mean = |part: usize| {
        let (from, to) = (border(part), border(part + 1));
        let values = counts[from * channels..to * channels].chunks_exact(channels);
        values.map(|sample| f64::from(sample[channel])).sum::<f64>() / (to - from).max(1) as f64
    };
    (0..PARTS).map(mean).collect()
}

/// The way of the line of least squares through values, and its share of their variance.
fn line(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let middle = (count - 1.0) / 2.0;
    let (mut product, mut square, mut variance) = (0.0, 0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        let at = i as f64 - middle;
        product += at * (value - mean);
        square += at * at;
        variance += (value - mean).powi(2);
    }
    let slope = product / square.max(f64::MIN_POSITIVE);
    let share = match variance > 0.0 {
        true => slope * product / variance,
        false => 0.0,
    };
    (slope * count, share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_least_squares() {
        let (way, share) = line(&[1.0, 3.0, 5.0, 7.0]);
        assert!((way - 8.0).abs() < 1e-12 && (share - 1.0).abs() < 1e-12);
        let (way, share) = line(&[1.0, -1.0, -1.0, 1.0]);
        assert!(way.abs() < 1e-12 && share.abs() < 1e-12);
        assert_eq!(line(&[2.0; 4]), (0.0, 0.0));
    }
}
