//! Windows that are none of the classes, made of those that are: what a metric is shown while its directions are chosen.
//!
//! They are of no use for calibration, which takes real windows of known classes alone.

use std::f32::consts::{PI, SQRT_2};

use anyhow::Result;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::{Sequences, Targets, Values};

/// Windows of each kind, at most.
const OF_A_KIND: usize = 300;

/// A kind of window: makes one of a known window `[T][D]` of `D` channels.
type Kind = fn(&[f32], usize, &mut ChaCha8Rng) -> Vec<f32>;

/// The kinds: things at rest, a sensor that is off, vibration, noise, and movements of three times the size.
const KINDS: [Kind; 6] = [held, turned, off, vibrating, shuffled, enlarged];

/// Windows of every kind, each `repeats` times in a row, made of windows of `train` that are drawn by a fixed seed; none where steps are
/// tokens.
///
/// # Errors
/// None: the sizes are those of `train`.
pub(super) fn strange(train: &Sequences, repeats: usize) -> Result<Option<Sequences>> {
    if matches!(train.values, Values::Tokens { .. }) || train.is_empty() {
        return Ok(None);
    }
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut drawn: Vec<usize> = (0..train.len()).collect();
    let (drawn, _) = drawn.partial_shuffle(&mut random, OF_A_KIND);
    let mut values = Vec::new();
    for kind in KINDS {
        for &mut i in &mut *drawn {
            let window = kind(train.window(i), train.channels, &mut random);
            values.extend(window.repeat(repeats));
        }
    }
    let targets = Targets::Class(vec![0; KINDS.len() * drawn.len()]);
    let steps = train.steps * repeats;
    Sequences::new(train.channels, steps, values, targets, Vec::new()).map(Some)
}

/// One of the samples, all the time.
fn held(window: &[f32], channels: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    let samples = window.len() / channels;
    let at = random.random_range(0..samples) * channels;
    window[at..at + channels].repeat(samples)
}

/// One of the samples, all the time, by a sensor whose channels are others, of either sign.
fn turned(window: &[f32], channels: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    let mut sample = held(&window[..channels], channels, random);
    let at = random.random_range(0..window.len() / channels) * channels;
    sample.copy_from_slice(&window[at..at + channels]);
    sample.shuffle(random);
    for value in &mut sample {
        if random.random() {
            *value = -*value;
        }
    }
    sample.repeat(window.len() / channels)
}

/// Zeros.
fn off(window: &[f32], _: usize, _: &mut ChaCha8Rng) -> Vec<f32> {
    vec![0.0; window.len()]
}

/// Each channel a sine of the same frequency, of its own mean and power.
fn vibrating(window: &[f32], channels: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    let steps = window.len() / channels;
    let cycles = random.random_range(1.0..(steps as f32 / 4.0).max(2.0));
    let moments = moments(window, channels);
    let phases: Vec<f32> = (0..channels)
        .map(|_| 2.0 * PI * random.random::<f32>())
        .collect();
    let value = |(i, _): (usize, &f32)| {
        let (mean, deviation) = moments[i % channels];
        let time = (i / channels) as f32 / steps as f32;
        let sine = (2.0 * PI * cycles * time + phases[i % channels]).sin();
        mean + SQRT_2 * deviation * sine
    };
    window.iter().enumerate().map(value).collect()
}

/// The samples in any order.
fn shuffled(window: &[f32], channels: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    let mut samples: Vec<&[f32]> = window.chunks(channels).collect();
    samples.shuffle(random);
    samples.concat()
}

/// Three times as far from the channels' means.
fn enlarged(window: &[f32], channels: usize, _: &mut ChaCha8Rng) -> Vec<f32> {
    let moments = moments(window, channels);
    let value = |(i, value): (usize, &f32)| {
        let (mean, _) = moments[i % channels];
        mean + 3.0 * (value - mean)
    };
    window.iter().enumerate().map(value).collect()
}

/// Mean and standard deviation of each channel.
fn moments(window: &[f32], channels: usize) -> Vec<(f32, f32)> {
    let of = |channel: usize| {
        let values = || window[channel..].iter().step_by(channels);
        let count = values().count() as f32;
        let mean = values().sum::<f32>() / count;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f32>() / count;
        (mean, variance.sqrt())
    };
    (0..channels).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_made_of_every_window_and_tokens_have_none() {
        let values: Vec<f32> = (0..5 * 8 * 3).map(|i| (i as f32 * 0.7).sin()).collect();
        let targets = Targets::Class(vec![0; 5]);
        let train = Sequences::new(3, 8, values, targets, Vec::new()).unwrap();
        let made = strange(&train, 1).unwrap().unwrap();
        assert_eq!((made.len(), made.steps, made.channels), (30, 8, 3));
        let thrice = strange(&train, 3).unwrap().unwrap();
        assert!((0..30).all(|i| thrice.window(i) == made.window(i).repeat(3)));
        let kind = |number: usize| (5 * number..5 * (number + 1)).map(|i| made.window(i));
        for still in [0, 1, 2] {
            for window in kind(still) {
                assert!(window.chunks(3).all(|sample| sample == &window[..3]));
            }
        }
        assert!(kind(2).flatten().all(|value| *value == 0.0));
        let sorted = |window: &[f32]| {
            let mut samples: Vec<Vec<u32>> = (window.chunks(3))
                .map(|sample| sample.iter().map(|v| v.to_bits()).collect())
                .collect();
            samples.sort_unstable();
            samples
        };
        for shuffled in kind(4) {
            let mut known = train.windows().map(sorted);
            assert!(known.any(|window| window == sorted(shuffled)));
        }
        for (enlarged, shuffled) in kind(5).zip(kind(4)) {
            let (large, usual) = (moments(enlarged, 3), moments(shuffled, 3));
            for (large, usual) in large.iter().zip(&usual) {
                assert!((large.1 - 3.0 * usual.1).abs() < 1e-3);
            }
        }
        for (vibrating, shuffled) in kind(3).zip(kind(4)) {
            assert!(moments(vibrating, 3)[0].1 < 2.0 * moments(shuffled, 3)[0].1);
        }
        let tokens = Values::Tokens {
            ids: vec![1; 40],
            vocabulary: 4,
        };
        let train = Sequences::new(1, 8, tokens, Targets::Class(vec![0; 5]), Vec::new()).unwrap();
        assert!(strange(&train, 1).unwrap().is_none());
    }
}
