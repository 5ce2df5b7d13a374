//! The one form that every importer gives, and the one that is written.

use anyhow::{Result, ensure};

use super::unit::Unit;
use crate::data::Spots;
use crate::visible;

/// A channel of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Name, as the file has it without its unit.
    pub name: String,
    /// Unit of the values.
    pub unit: Unit,
}

impl Channel {
    pub(super) fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self {
            name: name.into(),
            unit,
        }
    }
}

/// When samples were taken.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeBase {
    /// At a constant number of samples a second.
    Rate(f64),
    /// At these times, in seconds, one a sample.
    Stamps(Vec<f64>),
    /// The file does not say.
    Unknown,
}

/// Samples in a row that have one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Number of the first sample.
    pub start: usize,
    /// Number of the sample after the last.
    pub end: usize,
    /// Name of the class.
    pub label: String,
}

/// A recording.
///
/// A [`Recording`] that [`import`](super::import()) returns is checked: values and stamps are finite and of equal lengths, gaps
/// and intervals ascend. One that an importer is still making may hold NaN, for a value that is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Name: the path of the file below the input, and what tells recordings within it apart.
    pub name: String,
    /// Name in a column `recording`, if there is one: that of one recording over all files.
    pub stated_name: Option<String>,
    /// Person or thing that was recorded.
    pub subject: Option<String>,
    /// File that its samples are from, as a path below the input; of several, the one whose times they have.
    pub file: String,
    /// Where its samples stand in the file.
    pub spots: Spots,
    /// Channels, at least one.
    pub channels: Vec<Channel>,
    /// When samples were taken.
    pub time: TimeBase,
    /// Values, `[samples][channels]`.
    pub values: Vec<f32>,
    /// Digests of rows of samples before these were resampled, one a sample, 0 for none; empty where they were not.
    pub sources: Vec<u64>,
    /// Numbers of samples before which time is broken, ascending, none of them 0.
    pub gaps: Vec<usize>,
    /// Labels, ascending, without overlaps. Samples in none belong to no class.
    pub labels: Vec<Interval>,
}

impl Recording {
    /// An empty one.
    pub(super) fn new(name: impl Into<String>, channels: Vec<Channel>) -> Self {
        Self {
            name: name.into(),
            stated_name: None,
            subject: None,
            file: String::new(),
            spots: Spots::default(),
            channels,
            time: TimeBase::Unknown,
            values: Vec::new(),
            sources: Vec::new(),
            gaps: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.values.len() / self.channels.len().max(1)
    }

    /// The values of a sample, one a channel; none beyond the last.
    pub fn sample(&self, number: usize) -> &[f32] {
        let count = self.channels.len();
        self.values
            .get(number * count..(number + 1) * count)
            .unwrap_or_default()
    }

    /// Adds a gap before the sample that comes next.
    pub(super) fn gap(&mut self) {
        let samples = self.samples();
        if samples > 0 && self.gaps.last() != Some(&samples) {
            self.gaps.push(samples);
        }
    }

    /// Tells the line of the sample that was added last.
    pub(super) fn line_last(&mut self, line: u64) {
        if let Some(last) = self.samples().checked_sub(1) {
            self.spots.tell(last, line);
        }
    }

    /// Gives the sample that was added last a label.
    pub(super) fn label_last(&mut self, label: &str) {
        let end = self.samples();
        if end == 0 {
            return;
        }
        match self.labels.last_mut() {
            Some(last) if last.end + 1 == end && last.label == label => last.end = end,
            _ => self.labels.push(Interval {
                start: end - 1,
                end,
                label: label.to_owned(),
            }),
        }
    }

    /// Gives all samples one label.
    pub(super) fn label_all(&mut self, label: &str) {
        self.labels.clear();
        if self.samples() > 0 {
            self.labels.push(Interval {
                start: 0,
                end: self.samples(),
                label: label.to_owned(),
            });
        }
    }

    /// The label of each sample.
    pub fn label_of_each(&self) -> Vec<Option<&str>> {
        let mut all = vec![None; self.samples()];
        for interval in &self.labels {
            if let Some(part) = all.get_mut(interval.start..interval.end) {
                part.fill(Some(interval.label.as_str()));
            }
        }
        all
    }

    /// Rows of samples without a gap, as ranges.
    pub fn runs(&self) -> Vec<std::ops::Range<usize>> {
        let mut ends = self.gaps.clone();
        ends.push(self.samples());
        let mut start = 0;
        let mut runs = Vec::with_capacity(ends.len());
        for end in ends {
            runs.push(start..end);
            start = end;
        }
        runs
    }

    /// Keeps those samples that `keep` is true for; where one is left out there is a gap.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        self.keep(keep, true);
    }

    /// Keeps those samples that `keep` is true for, without gaps where others were.
    pub(super) fn leave_out(&mut self, keep: &[bool]) {
        self.keep(keep, false);
    }

    fn keep(&mut self, keep: &[bool], leaves_gaps: bool) {
        if keep.iter().all(|&keep| keep) {
            return;
        }
        // Where each sample goes.
        let mut place = Vec::with_capacity(keep.len() + 1);
        let mut kept = 0;
        for &keep in keep {
            place.push(kept);
            kept += usize::from(keep);
        }
        place.push(kept);
        let mut gaps: Vec<usize> = self.gaps.iter().map(|&gap| place[gap]).collect();
        if leaves_gaps {
            gaps.extend((1..keep.len()).filter(|&i| !keep[i - 1]).map(|i| place[i]));
        }
        gaps.sort_unstable();
        gaps.dedup();
        gaps.retain(|&gap| gap > 0 && gap < kept);
        self.gaps = gaps;
        for interval in &mut self.labels {
            (interval.start, interval.end) = (place[interval.start], place[interval.end]);
        }
        self.labels.retain(|interval| interval.start < interval.end);
        let kept = keep.iter().enumerate().filter(|(_, keep)| **keep);
        self.spots = self.spots.select(kept.map(|(sample, _)| sample));
        let count = self.channels.len();
        let mut flags = keep
            .iter()
            .flat_map(|&keep| std::iter::repeat_n(keep, count));
        self.values.retain(|_| flags.next().unwrap_or(false));
        let mut flags = keep.iter();
        self.sources
            .retain(|_| flags.next().copied().unwrap_or(false));
        if let TimeBase::Stamps(stamps) = &mut self.time {
            let mut flags = keep.iter();
            stamps.retain(|_| flags.next().copied().unwrap_or(false));
        }
    }

    /// Keeps the channels of these numbers, in this order.
    pub(super) fn select(&mut self, channels: &[usize]) {
        if channels.iter().copied().eq(0..self.channels.len()) {
            return;
        }
        let samples = self.samples();
        let mut values = Vec::with_capacity(samples * channels.len());
        for i in 0..samples {
            let sample = self.sample(i);
            values.extend(channels.iter().map(|&channel| sample[channel]));
        }
        self.values = values;
        self.channels = channels.iter().map(|&i| self.channels[i].clone()).collect();
    }

    /// Checks what the type promises.
    pub(super) fn validate(&self) -> Result<()> {
        let (samples, channels) = (self.samples(), self.channels.len());
        ensure!(channels > 0, "it has no channel");
        ensure!(
            samples * channels == self.values.len(),
            "its channels have different lengths"
        );
        ensure!(
            self.sources.is_empty() || self.sources.len() == samples,
            "it has another number of digests than of samples"
        );
        ensure!(
            self.values.iter().all(|value| value.is_finite()),
            "a value is not a finite number"
        );
        match &self.time {
            TimeBase::Stamps(stamps) => {
                ensure!(
                    stamps.len() == samples,
                    "it has another number of time stamps than of samples"
                );
                ensure!(
                    stamps.iter().all(|stamp| stamp.is_finite()),
                    "a time stamp is not a finite number"
                );
            }
            TimeBase::Rate(rate) => {
                ensure!(rate.is_finite() && *rate > 0.0, "its rate is {rate}");
            }
            TimeBase::Unknown => {}
        }
        for channel in &self.channels {
            ensure!(
                !channel.name.is_empty() && !channel.name.contains(char::is_control),
                "a channel is named \"{}\"",
                visible::name(&channel.name)
            );
        }
        let ascends = |all: &[usize]| all.windows(2).all(|pair| pair[0] < pair[1]);
        ensure!(
            ascends(&self.gaps) && self.gaps.iter().all(|&gap| gap > 0 && gap < samples.max(1)),
            "its gaps do not ascend"
        );
        let mut last = 0;
        for interval in &self.labels {
            ensure!(
                interval.start >= last && interval.end > interval.start && interval.end <= samples,
                "its labels overlap or reach beyond its end"
            );
            ensure!(
                !interval.label.contains(char::is_control),
                "a label holds control characters: \"{}\"",
                visible::name(&interval.label)
            );
            last = interval.end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Spot;

    fn recording() -> Recording {
        let channels = vec![Channel::new("a", Unit::Counts), Channel::new("b", Unit::G)];
        let mut recording = Recording::new("r", channels);
        for i in 0..6_u8 {
            if i == 4 {
                recording.gap();
            }
            recording.values.extend([f32::from(i), f32::from(10 * i)]);
            recording.line_last(u64::from(i) + 10);
            if i != 2 {
                recording.label_last(if i < 4 { "x" } else { "y" });
            }
        }
        recording.time = TimeBase::Stamps((0..6).map(f64::from).collect());
        recording
    }

    #[test]
    fn what_is_left_out_leaves_a_gap() {
        let mut recording = recording();
        recording.validate().unwrap();
        assert_eq!(recording.gaps, [4]);
        assert_eq!(recording.runs(), [0..4, 4..6]);
        let labels = recording.label_of_each();
        assert_eq!(
            labels,
            [Some("x"), Some("x"), None, Some("x"), Some("y"), Some("y")]
        );
        recording.retain(&[true, false, true, true, true, true]);
        recording.validate().unwrap();
        let lines = [0, 1, 4].map(|i| recording.spots.get(i).unwrap());
        assert_eq!(lines, [10, 12, 15].map(Spot::Line));
        assert_eq!(recording.gaps, [1, 3]);
        assert_eq!(
            recording.label_of_each(),
            [Some("x"), None, Some("x"), Some("y"), Some("y")]
        );
        assert_eq!(
            recording.time,
            TimeBase::Stamps(vec![0.0, 2.0, 3.0, 4.0, 5.0])
        );
        recording.select(&[1]);
        assert_eq!(recording.values, [0.0, 20.0, 30.0, 40.0, 50.0]);
        recording.validate().unwrap();
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let bad: [fn(&mut Recording); 7] = [
            |r| r.values[3] = f32::NAN,
            |r| r.values.truncate(11),
            |r| r.gaps = vec![0],
            |r| r.gaps = vec![3, 2],
            |r| r.labels[0].end = 7,
            |r| r.labels[0].label = "a\nb".into(),
            |r| r.time = TimeBase::Rate(0.0),
        ];
        for spoil in bad {
            let mut recording = recording();
            spoil(&mut recording);
            assert!(recording.validate().is_err());
        }
    }
}
