//! Times of recordings: gaps and rate.

use super::recording::{Recording, TimeBase};
use crate::data::time::{Clock, Column, Repeats};

/// The clock of a recording with stamps, measured; `stated` is the rate that the user says it has.
fn clock_of(recording: &Recording, stamps: &[f64], stated: Option<f64>) -> Option<Clock> {
    let runs: Vec<&[f64]> = (recording.runs().into_iter())
        .filter_map(|run| stamps.get(run))
        .collect();
    Clock::measure(Column::SECONDS, &runs, stated)
}

/// Adds the gaps that the stamps of a recording show: steps that are much longer than usual, and steps back. Samples that share a
/// stamp, for it is coarse, are spread over the time to the next one, and those of packets by the rate. `stated` is the rate
/// that the user says it has. Where `fills` is true, samples that were lost one by one are no gaps.
///
/// Gives the share of the samples that were lost so.
pub(super) fn find_gaps(recording: &mut Recording, stated: Option<f64>, fills: bool) -> f64 {
    let TimeBase::Stamps(stamps) = &recording.time else {
        return 0.0;
    };
    let clock = clock_of(recording, stamps, stated);
    let is_gap = |i: &usize| {
        let step = stamps[*i] - stamps[*i - 1];
        clock.map_or(step < 0.0, |clock| match fills {
            true => clock.is_long_gap(step),
            false => clock.is_gap(step),
        })
    };
    let found: Vec<usize> = (1..stamps.len()).filter(is_gap).collect();
    recording.gaps.extend(found);
    recording.gaps.sort_unstable();
    recording.gaps.dedup();
    let Some(clock) = clock else { return 0.0 };
    let Some(rate) = clock.rate_hz else {
        return 0.0;
    };
    let runs = recording.runs();
    if let TimeBase::Stamps(stamps) = &mut recording.time {
        for run in runs {
            match (clock.are_packets, clock.is_coarse) {
                (true, _) => {
                    let first = stamps[run.start];
                    let evenly = (0..run.len()).map(|i| first + i as f64 / rate);
                    stamps.splice(run, evenly);
                }
                (_, true) => spread(&mut stamps[run], rate),
                _ => {}
            }
        }
    }
    clock.lost
}

/// Leaves out rows that repeat stamp and values of the row before, if rows were logged twice, and gives their number.
pub(super) fn leave_out_repeats(recording: &mut Recording) -> usize {
    let TimeBase::Stamps(stamps) = &recording.time else {
        return 0;
    };
    let bits = |i: usize| recording.sample(i).iter().map(|value| value.to_bits());
    let is_repeated = |i: usize| stamps[i] == stamps[i - 1] && bits(i).eq(bits(i - 1));
    let mut repeats = Repeats::default();
    let mut keep = vec![true; stamps.len()];
    for i in 1..stamps.len() {
        let step = stamps[i] - stamps[i - 1];
        repeats.add(step, bits(i).eq(bits(i - 1)));
        keep[i] = !is_repeated(i);
    }
    if repeats.count() == 0 {
        return 0;
    }
    recording.leave_out(&keep);
    repeats.count()
}

/// Spreads samples that share a stamp over the time to the next one; those before the first and after the last change of the stamp
/// at `rate` a second.
fn spread(stamps: &mut [f64], rate: f64) {
    let changes: Vec<usize> = (1..stamps.len())
        .filter(|&i| stamps[i] != stamps[i - 1])
        .collect();
    let coarse = stamps.to_vec();
    let first = changes.first().copied().unwrap_or(0);
    let last = changes.last().copied().unwrap_or(0);
    for (i, stamp) in stamps.iter_mut().enumerate() {
        let next = changes.partition_point(|&change| change <= i);
        *stamp = match (i < first, changes.get(next)) {
            (true, _) => coarse[first] - (first - i) as f64 / rate,
            (false, Some(&till)) => {
                let from = changes[next - 1];
                let share = (i - from) as f64 / (till - from) as f64;
                coarse[from] + share * (coarse[till] - coarse[from])
            }
            (false, None) => coarse[last] + (i - last) as f64 / rate,
        };
    }
}

/// The measured or stated rate of a recording; `stated` is the rate that the user says it has.
pub(super) fn rate_as_stated(recording: &Recording, stated: Option<f64>) -> Option<f64> {
    match &recording.time {
        TimeBase::Rate(rate) => Some(*rate),
        TimeBase::Stamps(stamps) => clock_of(recording, stamps, stated)?.rate_hz,
        TimeBase::Unknown => None,
    }
}

/// The measured or stated rate of a recording.
pub fn rate_of(recording: &Recording) -> Option<f64> {
    rate_as_stated(recording, None)
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::super::unit::Unit;
    use super::*;

    #[test]
    fn long_steps_and_steps_back_are_gaps() {
        let mut recording = Recording::new("r", vec![Channel::new("a", Unit::Counts)]);
        // 62.5 a second, where one sample is lost, then 3 s, then the clock is set back.
        let mut time = 0.0;
        let mut stamps = Vec::new();
        for i in 0..100 {
            time += match i {
                30 => 0.032,
                60 => 3.0,
                80 => -1.0,
                _ => 0.016,
            };
            stamps.push(time);
        }
        recording.values = vec![0.0; 100];
        recording.time = TimeBase::Stamps(stamps);
        find_gaps(&mut recording, None, false);
        assert_eq!(recording.gaps, [30, 60, 80]);
        assert!((rate_of(&recording).unwrap() - 62.5).abs() < 1e-6);
    }
}
