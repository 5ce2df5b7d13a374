//! Standardisation of a sensor's channels into the network's inputs: zero mean and unit variance as fitted on the
//! training split.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::config::Preparation;
use crate::data::Sequences;

/// Number of counts on either side of zero that a sensor of 16 bits has; the deviation of a channel that never moved.
pub(crate) const RANGE_OF_COUNTS: f32 = 32_768.0;

/// For each channel the smallest step, other than none, from a sample to the next of its window.
fn smallest_steps(sequences: &Sequences) -> Vec<Option<f32>> {
    let channels = sequences.channels;
    let mut smallest = vec![f32::INFINITY; channels];
    for window in sequences.windows() {
        let rows = window.chunks_exact(channels);
        for (row, next) in rows.clone().zip(rows.skip(1)) {
            for ((smallest, value), next) in smallest.iter_mut().zip(row).zip(next) {
                let step = (next - value).abs();
                if step > 0.0 && step < *smallest {
                    *smallest = step;
                }
            }
        }
    }
    let found = |step: f32| step.is_finite().then_some(step);
    smallest.into_iter().map(found).collect()
}

/// `clamp((value - mean) / deviation)` per input. An input reads one channel; a channel may feed two inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    /// The channel that each input reads, from 0, each channel at least once and in order.
    pub source: Vec<usize>,
    /// Subtracted, in physical units, per input.
    pub mean: Vec<f32>,
    /// Divided by, in physical units, per input; positive.
    pub deviation: Vec<f32>,
    /// Inputs saturate at plus and minus this.
    pub clamp: Option<f32>,
}

impl Standardisation {
    /// Leaves `channels` channels as they are: for one-hot inputs.
    pub fn identity(channels: usize) -> Self {
        Self {
            source: (0..channels).collect(),
            mean: vec![0.0; channels],
            deviation: vec![1.0; channels],
            clamp: None,
        }
    }

    /// Mean and standard deviation of each channel over all windows and steps; a constant channel gets deviation 1.
    pub fn fit(sequences: &Sequences) -> Self {
        let channels = sequences.channels;
        let count = (sequences.values.len() / channels).max(1) as f64;
        let rows = || (sequences.windows()).flat_map(|window| window.chunks_exact(channels));
        let mut mean = vec![0f64; channels];
        for row in rows() {
            mean.iter_mut()
                .zip(row)
                .for_each(|(sum, &value)| *sum += f64::from(value));
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut variance = vec![0f64; channels];
        for row in rows() {
            for ((sum, &value), mean) in variance.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(value) - mean).powi(2);
            }
        }
        let deviation = variance
            .iter()
            .map(|sum| match (sum / count).sqrt() as f32 {
                deviation if deviation > 0.0 => deviation,
                _ => 1.0,
            });
        Self {
            deviation: deviation.collect(),
            mean: mean.iter().map(|&mean| mean as f32).collect(),
            ..Self::identity(channels)
        }
    }

    /// These channels without those that hardly moved in training: their deviation says nothing of the sensor, and what is
    /// divided by it on a board would be large. A channel that never moved gets the whole range of 16-bit counts as its
    /// deviation, so that it weighs nothing; one whose deviation is below the smallest step between two of its samples gets
    /// that step. `input_lsb` has physical units per raw count. Gives the numbers of those channels, too.
    pub fn floored(mut self, sequences: &Sequences, input_lsb: &[f32]) -> (Self, Vec<usize>) {
        let smallest = smallest_steps(sequences);
        let mut raised = Vec::new();
        for (channel, &step) in smallest.iter().enumerate() {
            let lsb = input_lsb.get(channel).copied().unwrap_or(1.0);
            let floor = match step {
                Some(step) => step,
                None => RANGE_OF_COUNTS * lsb,
            };
            if step.is_none() || self.deviation[channel] < floor {
                self.deviation[channel] = floor;
                raised.push(channel);
            }
        }
        (self, raised)
    }

    /// A standardisation of these channels with the gains, copies and clamp of `preparation`. A copy stands right after
    /// its channel.
    ///
    /// # Errors
    /// A copy is of a channel that is not there.
    pub fn prepared(&self, preparation: &Preparation) -> Result<Self> {
        let channels = self.source.len();
        let last = preparation.copies.last().copied();
        ensure!(
            last.is_none_or(|last| last < channels),
            "[preparation] copies: there is no channel {}, there are {channels}",
            last.unwrap_or_default()
        );
        let mut prepared = Self {
            source: Vec::new(),
            mean: Vec::new(),
            deviation: Vec::new(),
            clamp: preparation.clamp,
        };
        for channel in 0..channels {
            prepared.push(self, channel, preparation.gain);
            if preparation.copies.contains(&channel) {
                prepared.push(self, channel, preparation.copy_gain);
            }
        }
        Ok(prepared)
    }

    fn push(&mut self, plain: &Self, channel: usize, gain: f32) {
        self.source.push(channel);
        self.mean.push(plain.mean[channel]);
        self.deviation.push(plain.deviation[channel] / gain);
    }

    /// Channels of a sample.
    pub fn channels(&self) -> usize {
        self.source.last().map_or(0, |last| last + 1)
    }

    /// Numbers that a sample feeds the network.
    pub fn inputs(&self) -> usize {
        self.source.len()
    }

    /// Inputs `[..][inputs]` from values `[..][channels]`.
    pub fn apply(&self, values: &[f32]) -> Vec<f32> {
        let limit = self.clamp.unwrap_or(f32::INFINITY);
        let statistics = self.source.iter().zip(&self.mean).zip(&self.deviation);
        let samples = values.chunks_exact(self.channels().max(1));
        let mut standardised = Vec::with_capacity(samples.len() * self.inputs());
        for sample in samples {
            let inputs = statistics.clone();
            standardised.extend(inputs.map(|((&source, mean), deviation)| {
                ((sample[source] - mean) / deviation).clamp(-limit, limit)
            }));
        }
        standardised
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    fn fitted() -> (Standardisation, Vec<f32>) {
        let values = vec![1.0, 5.0, 3.0, 5.0];
        let targets = Targets::Class(vec![0, 1]);
        let sequences = Sequences::new(2, 1, values.clone(), targets, vec![]).unwrap();
        (Standardisation::fit(&sequences), values)
    }

    #[test]
    fn fits_and_applies() {
        let (fitted, values) = fitted();
        assert_eq!(
            fitted,
            Standardisation {
                mean: vec![2.0, 5.0],
                deviation: vec![1.0, 1.0],
                ..Standardisation::identity(2)
            }
        );
        assert_eq!(fitted.apply(&values), [-1.0, 0.0, 1.0, 0.0]);
        assert_eq!((fitted.channels(), fitted.inputs()), (2, 2));
    }

    #[test]
    fn channels_that_hardly_move_weigh_little() {
        // Channel 0 moves, 1 never, 2 by one step of 4 units in a hundred samples.
        let rows = (0..100).flat_map(|i| [(i % 7) as f32, 5.0, if i == 50 { 4.0 } else { 0.0 }]);
        let targets = Targets::Class(vec![0, 1]);
        let sequences = Sequences::new(3, 50, rows.collect::<Vec<_>>(), targets, vec![]).unwrap();
        let fitted = Standardisation::fit(&sequences);
        assert!(fitted.deviation[2] < 1.0);
        let (floored, raised) = fitted.clone().floored(&sequences, &[1.0, 0.5, 1.0]);
        assert_eq!(raised, [1, 2]);
        assert_eq!(floored.deviation[0], fitted.deviation[0]);
        assert_eq!(floored.deviation[1..], [16_384.0, 4.0]);
        assert_eq!(floored.mean, fitted.mean);
        // Nine counts on the board are next to nothing.
        assert!(floored.apply(&[0.0, 9.5, 0.0])[1].abs() < 1e-3);
    }

    #[test]
    fn copies_stand_after_their_channel_and_saturate() {
        let preparation = Preparation {
            gain: 0.5,
            clamp: Some(2.0),
            copies: vec![0],
            copy_gain: 4.0,
            ..Preparation::default()
        };
        let (fitted, values) = fitted();
        let prepared = fitted.prepared(&preparation).unwrap();
        assert_eq!(prepared.source, [0, 0, 1]);
        assert_eq!(prepared.apply(&values), [-0.5, -2.0, 0.0, 0.5, 2.0, 0.0]);
        assert_eq!((prepared.channels(), prepared.inputs()), (2, 3));
        let beyond = Preparation {
            copies: vec![2],
            ..Preparation::default()
        };
        let error = fitted.prepared(&beyond).unwrap_err().to_string();
        assert!(error.contains("no channel 2"), "{error}");
    }
}
