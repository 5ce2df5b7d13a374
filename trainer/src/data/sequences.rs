//! Equal-length sequences with their targets, as all tasks deliver them.

use std::borrow::Cow;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};

use super::{Numbers, Stream};
use crate::visible;

/// Classes that are to be predicted from sequences.
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

/// Values of the steps of sequences.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers in physical units, `[N][T][D]`.
    Numbers(Numbers),
    /// One token a step, `[N][T]`; 0 is padding.
    Tokens {
        /// Ids below `vocabulary`.
        ids: Vec<u16>,
        /// Number of ids, at most 65536.
        vocabulary: usize,
    },
}

impl Values {
    /// Values in all sequences.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Tokens { ids, .. } => ids.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers, one sequence after the other; none where steps are tokens. A copy where sequences share samples:
    /// [`Sequences::windows`] needs none.
    pub fn numbers(&self) -> Cow<'_, [f32]> {
        match self {
            Self::Numbers(values) => values.packed(),
            Self::Tokens { .. } => Cow::Borrowed(&[]),
        }
    }

    /// The tokens; none where steps are numbers.
    pub fn tokens(&self) -> &[u16] {
        match self {
            Self::Numbers(_) => &[],
            Self::Tokens { ids, .. } => ids,
        }
    }
}

impl From<Vec<f32>> for Values {
    fn from(values: Vec<f32>) -> Self {
        Self::Numbers(values.into())
    }
}

impl From<Numbers> for Values {
    fn from(values: Numbers) -> Self {
        Self::Numbers(values)
    }
}

/// `N` sequences of `steps` time steps with `channels` values each.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences {
    /// Values per step, `D`; 1 where they are tokens.
    pub channels: usize,
    /// Steps per sequence, `T`.
    pub steps: usize,
    /// Values of the steps.
    pub values: Values,
    /// Classes that are to be predicted.
    pub targets: Targets,
    /// The subject each sequence was recorded from, `[N]`; empty where there are none.
    pub groups: Vec<u32>,
    /// The streams that the sequences were cut from, where a network is to run on from one to the next; else empty. Each sequence
    /// ends once in them.
    pub streams: Vec<Stream>,
}

impl Sequences {
    /// Checks that the lengths agree with each other.
    ///
    /// # Errors
    /// `steps` or `channels` is zero, `values`, `targets` and `groups` are not of the same number of sequences, or a
    /// token is beyond its vocabulary.
    pub fn new(
        channels: usize,
        steps: usize,
        values: impl Into<Values>,
        targets: Targets,
        groups: Vec<u32>,
    ) -> Result<Self> {
        let values = values.into();
        ensure!(
            channels > 0 && steps > 0,
            "sequences of {steps} steps and {channels} channels hold nothing"
        );
        let size = channels.checked_mul(steps);
        let size = size.context("the sizes of a sequence are out of range")?;
        ensure!(
            values.len().is_multiple_of(size),
            "{} values do not fill sequences of {steps} steps and {channels} channels",
            values.len()
        );
        if let Values::Tokens { ids, vocabulary } = &values {
            let beyond = ids.iter().find(|&&id| usize::from(id) >= *vocabulary);
            ensure!(
                channels == 1 && beyond.is_none(),
                "tokens are one a step and below {vocabulary}: there are {channels} a step, the largest is {:?}",
                ids.iter().max()
            );
        }
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
            streams: Vec::new(),
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

    /// Where sequence `i` lies in [`values`](Self::values).
    fn range(&self, i: usize) -> Range<usize> {
        let size = self.channels * self.steps;
        i * size..(i + 1) * size
    }

    /// Sequence `i` of numbers, `[T][D]`.
    ///
    /// # Panics
    /// `i` is not below [`len`](Self::len), or the steps hold tokens.
    pub fn window(&self, i: usize) -> &[f32] {
        match &self.values {
            Values::Numbers(values) => values.window(i, self.channels * self.steps),
            Values::Tokens { .. } => &[][self.range(i)],
        }
    }

    /// All sequences of numbers in their order, `[T][D]` each; none where steps are tokens.
    pub fn windows(&self) -> impl Iterator<Item = &[f32]> {
        let count = match self.values {
            Values::Numbers(_) => self.len(),
            Values::Tokens { .. } => 0,
        };
        (0..count).map(|i| self.window(i))
    }

    /// Sequence `i` of tokens, `[T]`.
    ///
    /// # Panics
    /// `i` is not below [`len`](Self::len), or the steps hold numbers.
    pub fn tokens(&self, i: usize) -> &[u16] {
        &self.values.tokens()[self.range(i)]
    }

    /// A copy of the sequences at `indices`, in that order, each on its own: without streams.
    ///
    /// # Panics
    /// An index is not below [`len`](Self::len).
    pub fn select(&self, indices: &[usize]) -> Self {
        let values = match &self.values {
            Values::Numbers(_) => {
                let mut chosen = Vec::with_capacity(indices.len() * self.channels * self.steps);
                for &i in indices {
                    chosen.extend_from_slice(self.window(i));
                }
                chosen.into()
            }
            Values::Tokens { ids, vocabulary } => Values::Tokens {
                ids: (indices.iter())
                    .flat_map(|&i| &ids[self.range(i)])
                    .copied()
                    .collect(),
                vocabulary: *vocabulary,
            },
        };
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
            streams: Vec::new(),
        }
    }

    /// Gives each class another number, and leaves those out that have none; gives the places of the sequences that stay.
    fn renumbered(&mut self, numbers: &[Option<u32>]) -> Result<Vec<usize>> {
        let Targets::Class(classes) = &self.targets else {
            bail!("without_classes is for tasks of one class a sequence");
        };
        let number = |class: &u32| numbers.get(*class as usize).copied().flatten();
        let (places, classes): (Vec<usize>, Vec<u32>) = (classes.iter().enumerate())
            .filter_map(|(i, class)| Some((i, number(class)?)))
            .unzip();
        *self = self.select(&places);
        self.targets = Targets::Class(classes);
        Ok(places)
    }

    /// How many targets there are of each of `classes` classes.
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &class in self.targets.values() {
            if let Some(count) = counts.get_mut(class as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// Every `factor`-th step of each sequence, from the first; at least one.
    pub fn decimated(&self, factor: usize) -> Self {
        let rows: Vec<usize> = (0..self.len())
            .flat_map(|i| (i * self.steps..(i + 1) * self.steps).step_by(factor.max(1)))
            .collect();
        let targets = match &self.targets {
            Targets::Class(classes) => Targets::Class(classes.clone()),
            Targets::PerStep(all) => Targets::PerStep(rows.iter().map(|&row| all[row]).collect()),
        };
        let values = match &self.values {
            Values::Numbers(_) => {
                let rows = |window| <[f32]>::chunks(window, self.channels).step_by(factor.max(1));
                let values = self.windows().flat_map(rows).flatten();
                values.copied().collect::<Vec<f32>>().into()
            }
            Values::Tokens { ids, vocabulary } => Values::Tokens {
                ids: rows.iter().map(|&row| ids[row]).collect(),
                vocabulary: *vocabulary,
            },
        };
        Self {
            channels: self.channels,
            steps: self.steps.div_ceil(factor.max(1)),
            values,
            targets,
            groups: self.groups.clone(),
            streams: (self.streams.iter())
                .map(|stream| stream.decimated(factor))
                .collect(),
        }
    }

    /// Sequence `i` as a sensor would deliver it: counts of `input_lsb` physical units, `[T][D]`; tokens as their bits.
    ///
    /// `counts = round(value / lsb)` in double precision, halves away from zero, saturated to the range of `i16`.
    ///
    /// # Panics
    /// `i` is not below [`len`](Self::len), or `input_lsb` does not hold one value per channel.
    pub fn raw(&self, i: usize, input_lsb: &[f32]) -> Vec<i16> {
        if let Values::Tokens { .. } = self.values {
            return self.tokens(i).iter().map(|&id| id as i16).collect();
        }
        assert_eq!(input_lsb.len(), self.channels, "one LSB per channel");
        counts(self.window(i), input_lsb)
    }
}

/// Samples as a sensor would deliver them, as of [`Sequences::raw`]; `input_lsb` holds one value per channel.
pub fn counts(samples: &[f32], input_lsb: &[f32]) -> Vec<i16> {
    // A float-to-integer cast saturates.
    let count = |(value, lsb): (&f32, &f32)| (f64::from(*value) / f64::from(*lsb)).round() as i16;
    let values = samples.iter().zip(input_lsb.iter().cycle());
    values.map(count).collect()
}

/// A benchmark's data in their three splits, with what describes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The name of the task, as in [`Task`](super::Task).
    pub name: String,
    /// Sequences that the model is fitted to.
    pub train: Sequences,
    /// Sequences that models are chosen by; may be empty.
    pub valid: Sequences,
    /// Sequences of the final measurement, which is done once.
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

impl Dataset {
    /// Leaves the classes of these names out of all splits; the others are numbered anew. Gives the places that the training
    /// sequences that stay had.
    ///
    /// # Errors
    /// A name is none of the classes, or fewer than two classes stay; or targets are of steps.
    pub fn leave_out(&mut self, names: &[String]) -> Result<Vec<usize>> {
        for name in names {
            ensure!(
                self.classes.contains(name),
                "without_classes: {} is none of the classes {}",
                visible::name(name),
                visible::names(&self.classes)
            );
        }
        let mut stay = self.classes.iter().map(|class| !names.contains(class));
        let mut next = 0;
        let numbers: Vec<Option<u32>> = (stay.by_ref())
            .map(|stays| {
                let number = stays.then_some(next);
                next += u32::from(stays);
                number
            })
            .collect();
        ensure!(
            next >= 2,
            "without_classes leaves {next} of the classes {}: at least two must stay",
            visible::names(&self.classes)
        );
        let train = self.train.renumbered(&numbers)?;
        self.valid.renumbered(&numbers)?;
        self.test.renumbered(&numbers)?;
        self.classes.retain(|class| !names.contains(class));
        Ok(train)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Sequences {
        let values: Vec<f32> = (0..12).map(|v| v as f32 - 6.0).collect();
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
        assert_eq!(all.class_counts(10)[6..], [0, 1, 1, 1]);
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
    fn decimation_keeps_every_other_step() {
        let half = small().decimated(2);
        assert_eq!((half.len(), half.steps), (3, 1));
        assert_eq!(half.window(1), &small().window(1)[..2]);
        assert_eq!(half.targets, small().targets);
        assert_eq!(small().decimated(1), small());
        let targets = Targets::PerStep(vec![0, 1, 2, 3, 4, 5]);
        let all = Sequences::new(1, 3, vec![0.0; 6], targets, vec![]).unwrap();
        let half = all.decimated(2);
        assert_eq!(
            (half.steps, half.targets),
            (2, Targets::PerStep(vec![0, 2, 3, 5]))
        );
    }

    #[test]
    fn raw_rounds_half_away_from_zero_and_saturates() {
        let values = vec![0.25, -0.25, 0.75, -1e9, 1e9, 0.1];
        let all = Sequences::new(2, 3, values, Targets::Class(vec![0]), vec![]).unwrap();
        assert_eq!(all.raw(0, &[0.5, 0.5]), [1, -1, 2, i16::MIN, i16::MAX, 0]);
        assert_eq!(all.raw(0, &[0.5, 1.0])[1], 0);
    }

    #[test]
    fn tokens_are_selected_and_checked() {
        let make = |ids, vocabulary| {
            let values = Values::Tokens { ids, vocabulary };
            Sequences::new(1, 2, values, Targets::Class(vec![0, 1]), vec![])
        };
        let all = make(vec![3, 1, 40_000, 0], 40_001).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all.tokens(1), [40_000, 0]);
        assert_eq!(all.select(&[1]).values.tokens(), [40_000, 0]);
        assert_eq!(all.raw(1, &[]), [40_000_u16 as i16, 0]);
        let error = make(vec![3, 1, 2, 0], 3).unwrap_err().to_string();
        assert!(error.contains("below 3"), "{error}");
    }

    #[test]
    fn classes_are_left_out_of_all_splits() {
        let split = |classes: &[u32]| {
            let values = classes.iter().map(|&class| class as f32);
            let groups = (1..).take(classes.len()).collect();
            Sequences::new(
                1,
                1,
                values.collect::<Vec<f32>>(),
                Targets::Class(classes.to_vec()),
                groups,
            )
            .unwrap()
        };
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let all = Dataset {
            name: "small".into(),
            train: split(&[2, 0, 1, 2]),
            valid: split(&[]),
            test: split(&[1, 2]),
            classes: names(&["a", "b", "c"]),
            channel_names: names(&["x"]),
            input_lsb: vec![1.0],
            sample_rate_hz: 1.0,
        };
        let mut some = all.clone();
        assert_eq!(some.leave_out(&names(&["b"])).unwrap(), [0, 1, 3]);
        assert_eq!(some.classes, ["a", "c"]);
        assert_eq!(some.train.targets.values(), [1, 0, 1]);
        assert_eq!(some.train.values.numbers().to_vec(), [2.0, 0.0, 2.0]);
        assert_eq!(some.train.groups, [1, 2, 4]);
        assert_eq!((some.valid.len(), some.test.len()), (0, 1));
        assert_eq!(some.test.targets.values(), [1]);
        for (left_out, part) in [
            (&["d"][..], "d is none of the classes a, b, c"),
            (&["a", "b"], "leaves 1"),
        ] {
            let error = all.clone().leave_out(&names(left_out)).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
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
        assert!(Sequences::new(0, 2, Vec::<f32>::new(), Targets::Class(vec![]), vec![]).is_err());
        assert!(Sequences::new(1, 2, vec![0.0; 2], Targets::PerStep(vec![0]), vec![]).is_err());
    }
}
