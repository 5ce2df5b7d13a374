//! Equal-length sequences with their targets, as all tasks deliver them.

use anyhow::{Result, ensure};

/// What is to be predicted from each sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// One class per sequence, `[N]`.
    Class(Vec<u32>),
    /// One class per step of each sequence, `[N][T]`.
    PerStep(Vec<u32>),
}

impl Targets {
    /// The class numbers, one per sequence or one per step.
    pub fn values(&self) -> &[u32] {
        match self {
            Self::Class(values) | Self::PerStep(values) => values,
        }
    }
}

/// `N` sequences of `steps` time steps with `channels` values each.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences {
    /// Values per step, `D`.
    pub channels: usize,
    /// Steps per sequence, `T`.
    pub steps: usize,
    /// The values in physical units, `[N][T][D]`.
    pub values: Vec<f32>,
    /// What is to be predicted.
    pub targets: Targets,
    /// The subject each sequence was recorded from, `[N]`; empty where there are none.
    pub groups: Vec<u32>,
}

impl Sequences {
    /// Checks that the lengths agree with each other.
    ///
    /// # Errors
    /// `steps` or `channels` is zero, or `values`, `targets` and `groups` are not of the same number of sequences.
    pub fn new(
        channels: usize,
        steps: usize,
        values: Vec<f32>,
        targets: Targets,
        groups: Vec<u32>,
    ) -> Result<Self> {
        ensure!(
            channels > 0 && steps > 0,
            "sequences of {steps} steps and {channels} channels hold nothing"
        );
        let size = channels * steps;
        ensure!(
            values.len().is_multiple_of(size),
            "{} values do not fill sequences of {steps} steps and {channels} channels",
            values.len()
        );
        let count = values.len() / size;
        let (expected, what) = match &targets {
            Targets::Class(_) => (count, "one target per sequence"),
            Targets::PerStep(_) => (count * steps, "one target per step"),
        };
        let found = targets.values().len();
        ensure!(
            found == expected,
            "{found} targets for {count} sequences: {what} makes {expected}"
        );
        ensure!(
            groups.is_empty() || groups.len() == count,
            "{} groups for {count} sequences",
            groups.len()
        );
        Ok(Self {
            channels,
            steps,
            values,
            targets,
            groups,
        })
    }

    /// The number of sequences.
    pub fn len(&self) -> usize {
        self.values.len() / (self.channels * self.steps)
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Sequence `i`, `[T][D]`.
    ///
    /// # Panics
    /// `i` is not below [`len`](Self::len).
    pub fn window(&self, i: usize) -> &[f32] {
        let size = self.channels * self.steps;
        &self.values[i * size..(i + 1) * size]
    }

    /// A copy of the sequences at `indices`, in that order.
    ///
    /// # Panics
    /// An index is not below [`len`](Self::len).
    pub fn select(&self, indices: &[usize]) -> Self {
        let values = indices
            .iter()
            .flat_map(|&i| self.window(i))
            .copied()
            .collect();
        let targets = match &self.targets {
            Targets::Class(all) => Targets::Class(indices.iter().map(|&i| all[i]).collect()),
            Targets::PerStep(all) => Targets::PerStep(
                indices
                    .iter()
                    .flat_map(|&i| &all[i * self.steps..(i + 1) * self.steps])
                    .copied()
                    .collect(),
            ),
        };
        let groups = match self.groups.is_empty() {
            true => Vec::new(),
            false => indices.iter().map(|&i| self.groups[i]).collect(),
        };
        Self {
            channels: self.channels,
            steps: self.steps,
            values,
            targets,
            groups,
        }
    }

    /// Sequence `i` as a sensor would deliver it: counts of `input_lsb` physical units, `[T][D]`.
    ///
    /// `counts = round(value / lsb)` in double precision, halves away from zero, saturated to the range of `i16`.
    ///
    /// # Panics
    /// `i` is not below [`len`](Self::len), or `input_lsb` does not hold one value per channel.
    pub fn raw(&self, i: usize, input_lsb: &[f32]) -> Vec<i16> {
        assert_eq!(input_lsb.len(), self.channels, "one LSB per channel");
        // A float-to-integer cast saturates.
        let count =
            |(value, lsb): (&f32, &f32)| (f64::from(*value) / f64::from(*lsb)).round() as i16;
        self.window(i)
            .iter()
            .zip(input_lsb.iter().cycle())
            .map(count)
            .collect()
    }
}

/// A benchmark's data in their three splits, with what describes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The name of the task, as in [`Task`](super::Task).
    pub name: String,
    /// What the model is fitted to.
    pub train: Sequences,
    /// What models are chosen by; may be empty.
    pub valid: Sequences,
    /// What is reported, once.
    pub test: Sequences,
    /// The name of each class.
    pub classes: Vec<String>,
    /// The name of each channel.
    pub channel_names: Vec<String>,
    /// Physical units per raw sensor count, per channel.
    pub input_lsb: Vec<f32>,
    /// Steps per second; 0 where a step is not a time.
    pub sample_rate_hz: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Sequences {
        let values = (0..12).map(|v| v as f32 - 6.0).collect();
        Sequences::new(2, 2, values, Targets::Class(vec![7, 8, 9]), vec![1, 1, 2]).unwrap()
    }

    #[test]
    fn select_keeps_order_and_targets() {
        let all = small();
        let some = all.select(&[2, 0]);
        assert_eq!(some.len(), 2);
        assert_eq!(some.window(0), all.window(2));
        assert_eq!(some.window(1), all.window(0));
        assert_eq!(some.targets, Targets::Class(vec![9, 7]));
        assert_eq!(some.groups, [2, 1]);
        assert!(all.select(&[]).is_empty());
    }

    #[test]
    fn select_of_per_step_targets() {
        let targets = Targets::PerStep(vec![0, 1, 2, 3, 4, 5]);
        let all = Sequences::new(1, 2, vec![0.0; 6], targets, vec![]).unwrap();
        assert_eq!(
            all.select(&[1, 2]).targets,
            Targets::PerStep(vec![2, 3, 4, 5])
        );
        assert!(all.select(&[1]).groups.is_empty());
    }

    #[test]
    fn raw_rounds_half_away_from_zero_and_saturates() {
        let values = vec![0.25, -0.25, 0.75, -1e9, 1e9, 0.1];
        let all = Sequences::new(2, 3, values, Targets::Class(vec![0]), vec![]).unwrap();
        assert_eq!(all.raw(0, &[0.5, 0.5]), [1, -1, 2, i16::MIN, i16::MAX, 0]);
        assert_eq!(all.raw(0, &[0.5, 1.0])[1], 0);
    }

    #[test]
    fn lengths_must_agree() {
        let make = |values: usize, targets: usize, groups: usize| {
            Sequences::new(
                2,
                2,
                vec![0.0; values],
                Targets::Class(vec![0; targets]),
                vec![0; groups],
            )
        };
        assert!(make(8, 2, 2).is_ok());
        assert!(make(8, 2, 0).is_ok());
        assert!(make(7, 2, 2).unwrap_err().to_string().contains("7 values"));
        assert!(
            make(8, 3, 2)
                .unwrap_err()
                .to_string()
                .contains("3 targets for 2 sequences")
        );
        assert!(make(8, 2, 1).unwrap_err().to_string().contains("1 groups"));
        assert!(Sequences::new(0, 2, vec![], Targets::Class(vec![]), vec![]).is_err());
        assert!(Sequences::new(1, 2, vec![0.0; 2], Targets::PerStep(vec![0]), vec![]).is_err());
    }
}
