//! Resampling to another rate, between gaps only: linearly, or band-limited.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::recording::{Recording, TimeBase};
use crate::choice::{self, Choice};
use crate::data::row_digests::sources_of;
use crate::untrusted::Budget;

/// How values between samples are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resampling {
    /// On the straight line between the two samples around. What is faster than half the new rate is folded down.
    Linear,
    /// By a windowed sinc over the samples around. What is faster than half the new rate is left out.
    BandLimited,
}

impl Choice for Resampling {
    const CHOICES: &'static [Self] = &[Self::Linear, Self::BandLimited];
    const KIND: &'static str = "resampling";

    fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::BandLimited => "band-limited",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Linear => {
                "on the line between two samples; folds down what is faster than half the new rate"
            }
            Self::BandLimited => {
                "by a filter over many samples; leaves out what is faster than half the new rate"
            }
        }
    }
}

choice::words!(Resampling);

impl Resampling {
    /// The usual one of two rates: band-limited where the new one is lower by more than three percent.
    pub(super) fn usual(rate_hz: f64, new_hz: f64) -> Self {
        match new_hz < 0.97 * rate_hz {
            true => Self::BandLimited,
            false => Self::Linear,
        }
    }
}

/// Resamples each row of samples without a gap to `rate_hz`. A sample has the label of the last one before it.
///
/// A recording without a time base stays as it is.
///
/// # Errors
/// There would be more samples than the budget has room for.
pub(super) fn resample(
    recording: &mut Recording,
    rate_hz: f64,
    by: Resampling,
    budget: &Budget,
) -> Result<()> {
    let samples = recording.samples();
    let stamps = match &recording.time {
        TimeBase::Stamps(stamps) => stamps.clone(),
        TimeBase::Rate(rate) => (0..samples).map(|i| i as f64 / rate).collect(),
        TimeBase::Unknown => return Ok(()),
    };
    let mut to = Recording::new(recording.name.clone(), recording.channels.clone());
    to.subject.clone_from(&recording.subject);
    to.stated_name.clone_from(&recording.stated_name);
    to.file.clone_from(&recording.file);
    let mut nearest = Vec::new();
    let labels = recording.label_of_each();
    let mut times = Vec::new();
    for run in recording.runs() {
        to.gap();
        let (Some(&first), Some(of_run)) = (stamps.get(run.start), stamps.get(run.clone())) else {
            continue;
        };
        let last = stamps[run.end - 1];
        // Rounding of the last step is no reason to lose a sample.
        let count = ((last - first).max(0.0) * rate_hz + 1e-6).floor() as usize;
        let size =
            size_of::<f32>() * recording.channels.len() + size_of::<f64>() + size_of::<u64>();
        budget.take(count.saturating_add(1).saturating_mul(size))?;
        let filter = match by {
            Resampling::Linear => None,
            Resampling::BandLimited => Filter::new(of_run, rate_hz),
        };
        let width = recording.channels.len();
        let digests = sources_of(&recording.values[run.start * width..run.end * width], width);
        let mut before = run.start;
        let mut taken = run.start;
        for k in 0..=count {
            let time = first + k as f64 / rate_hz;
            while before + 2 < run.end && stamps[before + 1] <= time {
                before += 1;
            }
            // All rows that begin before the next sample.
            let next = first + (k + 1) as f64 / rate_hz;
            let till = run.start + of_run.partition_point(|&stamp| stamp < next);
            let rows = digests.get(taken - run.start..till.max(taken) - run.start);
            let rows = rows.unwrap_or_default().iter();
            to.sources.push(
                rows.copied()
                    .filter(|&digest| digest != 0)
                    .min()
                    .unwrap_or(0),
            );
            taken = till.max(taken);
            let after = (before + 1).min(run.end - 1);
            let share = share(time, stamps[before], stamps[after]);
            match &filter {
                Some(filter) => filter.sample(recording, run.start, of_run, time, &mut to.values),
                None => {
                    let (a, b) = (recording.sample(before), recording.sample(after));
                    let between = a.iter().zip(b).map(|(a, b)| a + (b - a) * share);
                    to.values.extend(between);
                }
            }
            times.push(time);
            let at = if share >= 1.0 { after } else { before };
            nearest.push(if share >= 0.5 { after } else { before });
            if let Some(label) = labels[at] {
                to.label_last(label);
            }
        }
    }
    to.spots = recording.spots.select(nearest.into_iter());
    to.time = TimeBase::Stamps(times);
    *recording = to;
    Ok(())
}

/// The share of the way from one stamp to the next.
fn share(time: f64, from: f64, till: f64) -> f32 {
    match till > from {
        true => ((time - from) / (till - from)).clamp(0.0, 1.0) as f32,
        false => 0.0,
    }
}

/// Half the length of the filter, in samples of the lower of the two rates.
const HALF_LENGTH: f64 = 18.0;
/// Middle of the filter's edge, as a share of half the lower rate: it passes 0.8 of it, and stops from all of it on.
const EDGE: f64 = 0.9;
/// Shape of the Kaiser window, for 60 dB.
const SHAPE: f64 = 5.65;
/// Steps of the table of the filter's kernel.
const TABLE: usize = 1 << 13;

/// A low-pass filter: a sinc in a Kaiser window, over samples that need not be evenly spaced.
struct Filter {
    /// Half its length, in seconds.
    reach: f64,
    /// Kernel from its middle to its end, and a zero.
    kernel: Vec<f64>,
    /// Time that each sample stands for, in seconds.
    spans: Vec<f64>,
}

impl Filter {
    /// The filter to `rate_hz` of samples at these times; none of fewer than two.
    fn new(stamps: &[f64], rate_hz: f64) -> Option<Self> {
        let length = stamps.last()? - stamps.first()?;
        if stamps.len() < 2 || length <= 0.0 {
            return None;
        }
        let own = (stamps.len() - 1) as f64 / length;
        let lower = rate_hz.min(own);
        let reach = HALF_LENGTH / lower;
        let kernel = |step: usize| {
            let share = step as f64 / TABLE as f64;
            sinc(EDGE * lower * share * reach) * bessel(SHAPE * (1.0 - share * share).sqrt())
        };
        let mut kernel: Vec<f64> = (0..=TABLE).map(kernel).collect();
        kernel.push(0.0);
        let at = |i: usize| stamps[i.min(stamps.len() - 1)];
        let span = |i: usize| (at(i + 1) - at(i.saturating_sub(1))) / 2.0;
        Some(Self {
            reach,
            kernel,
            spans: (0..stamps.len()).map(span).collect(),
        })
    }

    /// The kernel so many seconds from its middle.
    fn weight(&self, distance: f64) -> f64 {
        let place = distance.abs() / self.reach * TABLE as f64;
        let step = place as usize;
        match self.kernel.get(step..step + 2) {
            Some(pair) => pair[0] + (pair[1] - pair[0]) * (place - step as f64),
            None => 0.0,
        }
    }

    /// Adds the sample of a time; `first` is the number of the sample of the first of `stamps`.
    fn sample(
        &self,
        recording: &Recording,
        first: usize,
        stamps: &[f64],
        time: f64,
        values: &mut Vec<f32>,
    ) {
        let start = stamps.partition_point(|&stamp| stamp < time - self.reach);
        let end = stamps.partition_point(|&stamp| stamp <= time + self.reach);
        let mut sums = vec![0.0; recording.channels.len()];
        let mut total = 0.0;
        let near = stamps[start..end].iter().zip(&self.spans[start..end]);
        for (i, (stamp, span)) in (start..end).zip(near) {
            let weight = self.weight(stamp - time) * span;
            total += weight;
            for (sum, &value) in sums.iter_mut().zip(recording.sample(first + i)) {
                *sum += weight * f64::from(value);
            }
        }
        // Near the ends a part of the kernel has no samples; a constant stays what it is.
        values.extend(sums.iter().map(|sum| (sum / total) as f32));
    }
}

/// `sin(pi x) / (pi x)`.
fn sinc(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x;
    match angle.abs() < 1e-9 {
        true => 1.0,
        false => angle.sin() / angle,
    }
}

/// The modified Bessel function of the first kind, of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..60_u32 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::super::time::{find_gaps, rate_of};
    use super::super::unit::Unit;
    use super::*;

    #[test]
    fn a_line_stays_a_line_when_resampled() {
        let mut recording = Recording::new("r", vec![Channel::new("a", Unit::G)]);
        // Uneven stamps of a straight line, with a gap of a second, and a label from 0.5 s on.
        let mut time: f64 = 0.0;
        let mut stamps = Vec::new();
        for i in 0..100 {
            recording.values.push(time as f32);
            if time >= 0.5 {
                recording.label_last("on");
            }
            stamps.push(time);
            time += if i == 49 {
                1.0
            } else {
                0.015 + 0.002 * f64::from(i % 3)
            };
        }
        let end = stamps[99];
        recording.time = TimeBase::Stamps(stamps);
        find_gaps(&mut recording, None, false);
        resample(
            &mut recording,
            50.0,
            Resampling::Linear,
            &Budget::new(1 << 20),
        )
        .unwrap();
        assert!(
            resample(
                &mut recording.clone(),
                1e9,
                Resampling::Linear,
                &Budget::new(1 << 20)
            )
            .is_err()
        );
        recording.validate().unwrap();
        let TimeBase::Stamps(times) = &recording.time else {
            panic!("stamps");
        };
        for (time, value) in times.iter().zip(&recording.values) {
            assert!((time - f64::from(*value)).abs() < 1e-6);
        }
        assert_eq!(recording.gaps.len(), 1);
        assert!(end - times.last().unwrap() < 0.02);
        for (time, label) in times.iter().zip(recording.label_of_each()) {
            assert!(*time < 0.52 || label == Some("on"));
        }
        assert!((rate_of(&recording).unwrap() - 50.0).abs() < 1e-6);
    }

    #[test]
    fn constant_rates_are_resampled_to_their_own() {
        let mut recording = Recording::new("r", vec![Channel::new("a", Unit::G)]);
        recording.values = (0..10_u8).map(f32::from).collect();
        recording.time = TimeBase::Rate(100.0);
        let before = recording.values.clone();
        resample(
            &mut recording,
            100.0,
            Resampling::Linear,
            &Budget::new(1 << 20),
        )
        .unwrap();
        assert_eq!(recording.values.len(), 10);
        assert!(
            before
                .iter()
                .zip(&recording.values)
                .all(|(a, b)| (a - b).abs() < 1e-4)
        );
    }

    /// The amplitude of a tone of `tone_hz`, sampled at `rate_hz` with some jitter for `seconds`, after resampling; away from the
    /// ends.
    fn amplitude(tone_hz: f64, [rate_hz, new_hz]: [f64; 2], jitter: f64, by: Resampling) -> f64 {
        let angle = |time: f64| 2.0 * std::f64::consts::PI * tone_hz * time;
        let mut recording = Recording::new("r", vec![Channel::new("a", Unit::G)]);
        let time =
            |i: usize| (i as f64 + jitter * ((i * 7919 % 101) as f64 / 50.0 - 1.0)) / rate_hz;
        let stamps: Vec<f64> = (0..(20.0 * rate_hz) as usize).map(time).collect();
        recording.values = stamps
            .iter()
            .map(|&time| angle(time).sin() as f32)
            .collect();
        recording.time = TimeBase::Stamps(stamps);
        resample(&mut recording, new_hz, by, &Budget::new(1 << 24)).unwrap();
        recording.validate().unwrap();
        let TimeBase::Stamps(times) = &recording.time else {
            panic!("stamps");
        };
        // Of the tone, or of what it was folded to.
        let is_inner = |time: &f64| (2.0..18.0).contains(time);
        let inner = times.iter().zip(&recording.values);
        let inner = inner.filter(|(time, _)| is_inner(time));
        let squares: Vec<f64> = inner.map(|(_, &value)| f64::from(value).powi(2)).collect();
        (2.0 * squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    }

    #[test]
    fn tones_above_half_the_new_rate_vanish_and_those_below_stay() {
        for rates in [[100.0, 50.0], [99.83, 50.0], [62.61, 25.0], [400.0, 50.0]] {
            // 40 dB; of stamps that are off by up to 2 % of a step a little noise is left, 28 dB below.
            for (jitter, most) in [(0.0, 0.01), (0.02, 0.04)] {
                for share in [1.02, 1.3, 1.7] {
                    let tone = rates[1] / 2.0 * share;
                    if tone < 0.49 * rates[0] {
                        let left = amplitude(tone, rates, jitter, Resampling::BandLimited);
                        assert!(left < most, "{tone} Hz, {rates:?}, {jitter}: {left}");
                    }
                }
                for share in [0.05, 0.3, 0.6, 0.78] {
                    let tone = rates[1] / 2.0 * share;
                    let left = amplitude(tone, rates, jitter, Resampling::BandLimited);
                    assert!(
                        (left - 1.0).abs() < 0.01,
                        "{tone} Hz, {rates:?}, {jitter}: {left}"
                    );
                }
            }
        }
        // Linearly, it is folded down.
        assert!(amplitude(40.0, [100.0, 50.0], 0.0, Resampling::Linear) > 0.5);
    }

    #[test]
    fn constants_stay_and_the_usual_way_follows_from_the_rates() {
        let mut recording = Recording::new("r", vec![Channel::new("a", Unit::G)]);
        recording.values = vec![2.5; 40];
        recording.time = TimeBase::Rate(100.0);
        recording.gaps = vec![1, 20];
        resample(
            &mut recording,
            30.0,
            Resampling::BandLimited,
            &Budget::new(1 << 20),
        )
        .unwrap();
        recording.validate().unwrap();
        assert!(
            recording
                .values
                .iter()
                .all(|value| (value - 2.5).abs() < 1e-5)
        );
        assert_eq!(recording.gaps.len(), 2);
        for (rates, usual) in [
            ([100.0, 50.0], Resampling::BandLimited),
            ([100.0, 99.0], Resampling::Linear),
            ([50.0, 100.0], Resampling::Linear),
        ] {
            assert_eq!(Resampling::usual(rates[0], rates[1]), usual);
        }
        assert_eq!("band-limited".parse(), Ok(Resampling::BandLimited));
        assert!("cubic".parse::<Resampling>().is_err());
    }
}
