//! Zero mean and unit variance per channel, as fitted on the training split.

use serde::{Deserialize, Serialize};

use crate::data::Sequences;

/// `(value - mean) / deviation` per channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    /// Subtracted, in physical units.
    pub mean: Vec<f32>,
    /// Divided by, in physical units; positive.
    pub deviation: Vec<f32>,
}

impl Standardisation {
    /// Leaves `channels` channels as they are: for one-hot inputs.
    pub fn identity(channels: usize) -> Self {
        Self {
            mean: vec![0.0; channels],
            deviation: vec![1.0; channels],
        }
    }

    /// Mean and standard deviation of each channel over all windows and steps; a constant channel gets deviation 1.
    pub fn fit(sequences: &Sequences) -> Self {
        let channels = sequences.channels;
        let count = (sequences.values.numbers().len() / channels).max(1) as f64;
        let rows = || sequences.values.numbers().chunks_exact(channels);
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
        }
    }

    /// Standardises values `[..][channels]`.
    pub fn apply(&self, values: &[f32]) -> Vec<f32> {
        let statistics = self.mean.iter().zip(&self.deviation).cycle();
        values
            .iter()
            .zip(statistics)
            .map(|(value, (mean, deviation))| (value - mean) / deviation)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    #[test]
    fn fits_and_applies() {
        let values = vec![1.0, 5.0, 3.0, 5.0];
        let sequences =
            Sequences::new(2, 1, values.clone(), Targets::Class(vec![0, 1]), vec![]).unwrap();
        let fitted = Standardisation::fit(&sequences);
        assert_eq!(
            fitted,
            Standardisation {
                mean: vec![2.0, 5.0],
                deviation: vec![1.0, 1.0]
            }
        );
        assert_eq!(fitted.apply(&values), [-1.0, 0.0, 1.0, 0.0]);
    }
}
