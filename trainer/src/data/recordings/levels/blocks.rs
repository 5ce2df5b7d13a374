//! Means and deviations of the windows that are trained on.

use super::Trained;

/// Parts of a stretch that count as recordings, where a class has one only.
const PARTS: usize = 4;

/// A window.
#[derive(Clone, Debug)]
pub(super) struct Block {
    class: usize,
    unit: usize,
    /// Mean of each channel.
    mean: Vec<f64>,
    /// Deviation of each channel.
    deviation: Vec<f64>,
}

/// Windows without overlap, in order.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    pub all: Vec<Block>,
    classes: usize,
}

impl Blocks {
    pub fn of(channels: usize, classes: usize, steps: usize, stretches: &[Trained<'_>]) -> Self {
        let units = units(classes, stretches);
        let mut all = Vec::new();
        for (stretch, units) in stretches.iter().zip(units) {
            let windows = stretch.counts.chunks_exact(steps * channels);
            let count = windows.len();
            for (i, window) in windows.enumerate() {
                let (mean, deviation) = moments(window, channels);
                all.push(Block {
                    class: stretch.class,
                    unit: units[i * units.len() / count],
                    mean,
                    deviation,
                });
            }
        }
        Self { all, classes }
    }

    /// Mean over the classes of the share of windows whose nearest mean in another unit is one of their class.
    pub fn accuracy(&self, channel: usize) -> f64 {
        let mut order: Vec<&Block> = self.all.iter().collect();
        order.sort_by(|a, b| a.mean[channel].total_cmp(&b.mean[channel]));
        let before = neighbours(order.iter().copied());
        let mut behind = neighbours(order.iter().rev().copied());
        behind.reverse();
        let (mut right, mut count) = (vec![0.0; self.classes], vec![0.0; self.classes]);
        for (block, (before, behind)) in order.iter().zip(before.into_iter().zip(behind)) {
            let distance = |other: &Block| (other.mean[channel] - block.mean[channel]).abs();
            let nearest = match (before, behind) {
                (Some(a), Some(b)) if distance(b) < distance(a) => Some(b),
                (before, behind) => before.or(behind),
            };
            count[block.class] += 1.0;
            if nearest.is_some_and(|other| other.class == block.class) {
                right[block.class] += 1.0;
            }
        }
        let recalls: Vec<f64> = (right.iter().zip(&count))
            .filter(|(_, count)| **count > 0.0)
            .map(|(right, count)| right / count)
            .collect();
        recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
    }

    /// The accuracy beyond that of a guess: 0 for that, 1 where all are right.
    pub fn skill(&self, channel: usize) -> f64 {
        let mut classes: Vec<usize> = self.all.iter().map(|block| block.class).collect();
        classes.sort_unstable();
        classes.dedup();
        let guess = 1.0 / classes.len().max(1) as f64;
        match classes.len() {
            0 | 1 => 0.0,
            _ => (self.accuracy(channel) - guess) / (1.0 - guess),
        }
    }

    /// Median deviation within a window, of the class where it is largest.
    pub fn deviation_within(&self, channel: usize) -> f64 {
        let of_class = |class: usize| {
            let blocks = self.all.iter().filter(|block| block.class == class);
            median(blocks.map(|block| block.deviation[channel]).collect())
        };
        (0..self.classes).map(of_class).fold(0.0, f64::max)
    }

    /// Deviation of the means of windows.
    pub fn deviation_between(&self, channel: usize) -> f64 {
        deviation(self.all.iter().map(|block| block.mean[channel]))
    }

    /// Whether a channel is part of a vector of three neighbouring channels that turns and keeps its length, as gravity does.
    pub fn is_vector(&self, channel: usize) -> bool {
        let channels = self.all.first().map_or(0, |block| block.mean.len());
        (channel.saturating_sub(2)..=channel)
            .filter(|first| first + 3 <= channels)
            .any(|first| {
                let length = |block: &Block| {
                    let squares = block.mean[first..first + 3].iter().map(|mean| mean * mean);
                    squares.sum::<f64>().sqrt()
                };
                let turns = (first..first + 3).filter(|&other| {
                    // One that hardly takes part would seem to be kept by any other.
                    self.deviation_between(other) >= 0.2 * self.deviation_between(channel)
                });
                turns.count() > 1
                    && deviation(self.all.iter().map(length))
                        <= 0.3 * self.deviation_between(channel)
            })
    }
}

/// For each stretch the units of its windows: its own, or parts of it where some class has one unit only.
fn units(classes: usize, stretches: &[Trained<'_>]) -> Vec<Vec<usize>> {
    let is_enough = |unit: &dyn Fn(usize) -> usize| {
        (0..classes).all(|class| {
            let mut of_class: Vec<usize> = (0..stretches.len())
                .filter(|&i| stretches[i].class == class)
                .map(unit)
                .collect();
            of_class.sort_unstable();
            of_class.dedup();
            of_class.len() != 1
        })
    };
    let own = |i: usize| stretches[i].unit;
    let all = 0..stretches.len();
    if is_enough(&own) {
        return all.map(|i| vec![own(i)]).collect();
    }
    if is_enough(&|i| i) {
        return all.map(|i| vec![i]).collect();
    }
    all.map(|i| (0..PARTS).map(|part| PARTS * i + part).collect())
        .collect()
}

/// For each of `blocks` the last one before it that is of another unit.
fn neighbours<'a>(blocks: impl Iterator<Item = &'a Block>) -> Vec<Option<&'a Block>> {
    let mut found: Vec<Option<&Block>> = Vec::new();
    let mut last: Option<&Block> = None;
    for block in blocks {
        let other = match last {
            Some(last) if last.unit == block.unit => found.last().copied().flatten(),
            last => last,
        };
        found.push(other);
        last = Some(block);
    }
    found
}

fn moments(window: &[i16], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let samples = (window.len() / channels).max(1) as f64;
    let (mut sums, mut squares) = (vec![0.0; channels], vec![0.0; channels]);
    for sample in window.chunks_exact(channels) {
        for (channel, &value) in sample.iter().enumerate() {
            let value = f64::from(value);
            sums[channel] += value;
            squares[channel] += value * value;
        }
    }
    let mean: Vec<f64> = sums.iter().map(|sum| sum / samples).collect();
    let deviation = squares.iter().zip(&mean);
    let deviation = deviation.map(|(sum, mean)| (sum / samples - mean * mean).max(0.0).sqrt());
    (mean.clone(), deviation.collect())
}

fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
