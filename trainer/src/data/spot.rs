//! Where samples stand in the file that they are from.

use std::fmt;

/// Places of the samples of a recording in its file, in as few numbers as the file allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spots {
    /// Line that holds all samples, where a line holds a whole recording.
    line: Option<u64>,
    /// Whether the numbers below are lines, from 1, and not samples, from 0.
    are_lines: bool,
    /// Numbers of samples, ascending, and where each stands; those after it follow line by line.
    starts: Vec<(usize, u64)>,
}

/// Place of a sample in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Its line, from 1.
    Line(u64),
    /// Its number among the samples of its recording, from 0, as the file has them.
    Sample {
        /// Line that holds the recording, from 1, where lines hold whole ones.
        line: Option<u64>,
        /// The number.
        sample: u64,
    },
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Sample { line: None, sample } => write!(f, "sample {sample}, from 0"),
            Self::Sample {
                line: Some(line),
                sample,
            } => write!(f, "line {line}, sample {sample} of it, from 0"),
        }
    }
}

impl Spots {
    /// Samples in the order of their file, from its first on; `line` holds them all, where there are lines.
    pub(in crate::data) fn of_samples(line: Option<u64>) -> Self {
        Self {
            line,
            are_lines: false,
            starts: vec![(0, 0)],
        }
    }

    /// Tells that a sample, behind those told so far, stands in a line; those after it follow line by line.
    pub(in crate::data) fn tell(&mut self, sample: usize, line: u64) {
        self.are_lines = true;
        self.push(sample, line);
    }

    fn push(&mut self, sample: usize, number: u64) {
        let follows = |&(start, first): &(usize, u64)| first + (sample - start) as u64 == number;
        if !self.starts.last().is_some_and(follows) {
            self.starts.push((sample, number));
        }
    }

    /// Whether nothing is told.
    pub(in crate::data) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The place of a sample; none where nothing is told of it.
    pub fn get(&self, sample: usize) -> Option<Spot> {
        let number = self.number(sample)?;
        Some(match self.are_lines {
            true => Spot::Line(number),
            false => Spot::Sample {
                line: self.line,
                sample: number,
            },
        })
    }

    fn number(&self, sample: usize) -> Option<u64> {
        let before = self.starts.partition_point(|&(start, _)| start <= sample);
        let (start, first) = self.starts[before.checked_sub(1)?];
        Some(first + (sample - start) as u64)
    }

    /// The places of these samples, in this order.
    pub(in crate::data) fn select(&self, samples: impl Iterator<Item = usize>) -> Self {
        let mut selected = Self {
            starts: Vec::new(),
            ..self.clone()
        };
        for (new, sample) in samples.enumerate() {
            if let Some(number) = self.number(sample) {
                selected.push(new, number);
            }
        }
        selected
    }

    /// The places from a sample on.
    pub(in crate::data) fn from(&self, sample: usize) -> Self {
        let after = self.starts.partition_point(|&(start, _)| start <= sample);
        let first = self.number(sample).map(|number| (0, number));
        let later = self.starts[after..].iter();
        let later = later.map(|&(start, number)| (start - sample, number));
        Self {
            starts: first.into_iter().chain(later).collect(),
            ..self.clone()
        }
    }

    /// Adds the places of samples that come behind `samples` others, in lines that come behind `lines` others.
    pub(in crate::data) fn append(&mut self, samples: usize, other: &Self, lines: u64) {
        self.are_lines |= other.are_lines;
        for &(start, line) in &other.starts {
            self.push(samples + start, lines + line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_are_told_in_words() {
        let mut lines = Spots::default();
        assert!(lines.is_empty() && lines.get(0).is_none());
        lines.tell(0, 3);
        assert_eq!(lines.get(4).unwrap().to_string(), "line 7");
        let samples = Spots::of_samples(None);
        assert_eq!(samples.get(4).unwrap().to_string(), "sample 4, from 0");
        let series = Spots::of_samples(Some(9)).from(2);
        assert_eq!(
            series.get(2).unwrap().to_string(),
            "line 9, sample 4 of it, from 0"
        );
    }

    proptest! {
        #[test]
        fn lines_are_those_of_a_list(steps in prop::collection::vec(1_u64..3, 1..60), keep in any::<u64>(), cut in 0_usize..60) {
            // The list of all lines is the oracle.
            let mut line = 0;
            let all: Vec<u64> = steps.iter().map(|step| { line += step; line }).collect();
            let mut spots = Spots::default();
            for (sample, &line) in all.iter().enumerate() {
                spots.tell(sample, line);
            }
            let told = |spots: &Spots, count: usize| -> Vec<Option<Spot>> { (0..count).map(|i| spots.get(i)).collect() };
            let expected = |lines: &[u64]| -> Vec<Option<Spot>> { lines.iter().map(|&line| Some(Spot::Line(line))).collect() };
            prop_assert_eq!(told(&spots, all.len()), expected(&all));
            let cut = cut.min(all.len() - 1);
            prop_assert_eq!(told(&spots.from(cut), all.len() - cut), expected(&all[cut..]));
            let kept: Vec<usize> = (0..all.len()).filter(|i| keep >> (i % 64) & 1 == 1).collect();
            let lines: Vec<u64> = kept.iter().map(|&i| all[i]).collect();
            prop_assert_eq!(told(&spots.select(kept.into_iter()), lines.len()), expected(&lines));
            let mut twice = spots.clone();
            twice.append(all.len(), &spots, line);
            let lines: Vec<u64> = all.iter().copied().chain(all.iter().map(|of| of + line)).collect();
            prop_assert_eq!(told(&twice, lines.len()), expected(&lines));
        }
    }
}
