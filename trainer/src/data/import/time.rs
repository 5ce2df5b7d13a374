//! Time stamps: their unit, the rate of the samples, and the gaps between them.

use anyhow::Result;
use chrono::NaiveDateTime;

use super::recording::{Recording, TimeBase};
use crate::untrusted::Budget;

/// Steps from sample to sample from which on a rate is measured.
const ENOUGH_STEPS: usize = 3;
/// Steps that are no gaps, in a hundred.
const USUAL: usize = 95;
/// A gap is longer than the usual step by this factor.
const GAP: f64 = 1.5;
/// Periods, in seconds, that sensors have.
const PERIODS: std::ops::Range<f64> = 1e-5..2.0;
/// Stamps of the years 2001 to 2096, in seconds since 1970.
const SINCE_1970: std::ops::Range<f64> = 1e9..4e9;

/// Forms of a date with a time, without the zone at its end.
const DATES: [&str; 6] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S:%3f",
    "%Y-%m-%d %H-%M-%S%.f",
];

/// A date with a time, in seconds since 1970.
pub(super) fn date(text: &str) -> Option<f64> {
    // Numbers have no two of these.
    if text.len() < 15 || !text.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let zone = text.len().checked_sub(6).filter(|&at| {
        text.is_char_boundary(at) && text.as_bytes()[at] == b'+' && text.as_bytes()[at + 3] == b':'
    });
    let text = zone.map_or(text, |at| &text[..at]);
    let parsed = DATES
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?
        .and_utc();
    Some(parsed.timestamp() as f64 + f64::from(parsed.timestamp_subsec_nanos()) * 1e-9)
}

/// Seconds of the unit that a column's name ends in or has in brackets: `time_ms`, `Time (s)`, `seconds_elapsed`.
pub(super) fn unit_in_name(name: &str) -> Option<f64> {
    let lower = name.to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric() && c != 'µ' && c != 'μ');
    let fine = words().find_map(|word| {
        Some(match word {
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "ms" | "msec" | "millis" | "millisecond" | "milliseconds" | "timems" => 1e-3,
            "us" | "µs" | "μs" | "usec" | "micros" | "microsecond" | "microseconds" | "timeus" => {
                1e-6
            }
            "ns" | "nsec" | "nanos" | "nanosecond" | "nanoseconds" | "timens" => 1e-9,
            _ => return None,
        })
    });
    // `min` is the least of something too.
    let coarse = || {
        words().find_map(|word| match word {
            "min" | "mins" | "minute" | "minutes" => Some(60.0),
            "h" | "hr" | "hrs" | "hour" | "hours" => Some(3600.0),
            _ => None,
        })
    };
    fine.or_else(coarse)
}

/// Steps as they are usually, and the longest that is no gap; in the unit of the stamps.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Steps {
    mean: f64,
    longest: f64,
}

impl Steps {
    fn of(stamps: &[f64], gaps: &[usize]) -> Option<Self> {
        let mut gaps = gaps.iter().copied().peekable();
        let mut steps: Vec<f64> = Vec::with_capacity(stamps.len());
        for (i, pair) in stamps.windows(2).enumerate() {
            if gaps.next_if_eq(&(i + 1)).is_none() && pair[1] >= pair[0] {
                steps.push(pair[1] - pair[0]);
            }
        }
        if steps.len() < ENOUGH_STEPS {
            return None;
        }
        steps.sort_unstable_by(f64::total_cmp);
        let usual = match steps[(steps.len() - 1) * USUAL / 100] {
            // Many samples share a stamp: then every step is usual.
            0.0 => steps[steps.len() - 1],
            usual => usual,
        };
        let longest = GAP * usual;
        let usual = &steps[..steps.partition_point(|&step| step <= longest)];
        let mean = usual.iter().sum::<f64>() / usual.len() as f64;
        (mean > 0.0 && longest.is_finite()).then_some(Self { mean, longest })
    }
}

/// Seconds of the unit in which `stamps` are, told by their differences; of two that are possible, by the years that they would
/// stand for. None where the stamps count samples one by one, or hardly any are there.
pub(super) fn unit(stamps: &[f64]) -> Option<f64> {
    let steps = Steps::of(stamps, &[])?;
    let first = *stamps.first()?;
    let units = [1.0, 1e-3, 1e-6, 1e-9];
    let of_our_years =
        |unit: &f64| SINCE_1970.contains(&(first * unit)) && PERIODS.contains(&(steps.mean * unit));
    if let Some(unit) = units.into_iter().find(of_our_years) {
        return Some(unit);
    }
    let counts = stamps
        .windows(2)
        .filter(|pair| pair[1] - pair[0] == 1.0)
        .count();
    if counts * 100 >= (stamps.len() - 1) * USUAL {
        return None;
    }
    Some(match steps.mean {
        ..0.9 => 1.0,
        ..900.0 => 1e-3,
        ..900e3 => 1e-6,
        _ => 1e-9,
    })
}

/// The rate of stamps in seconds, in samples a second; a gap is none of its steps.
pub(super) fn rate(stamps: &[f64], gaps: &[usize]) -> Option<f64> {
    Steps::of(stamps, gaps).map(|steps| 1.0 / steps.mean)
}

/// Adds the gaps that the stamps of a recording show: steps that are much longer than usual, and steps back.
pub(super) fn find_gaps(recording: &mut Recording) {
    let TimeBase::Stamps(stamps) = &recording.time else {
        return;
    };
    let longest = Steps::of(stamps, &recording.gaps).map_or(f64::INFINITY, |steps| steps.longest);
    let is_gap = |i: &usize| !(0.0..=longest).contains(&(stamps[*i] - stamps[*i - 1]));
    let found: Vec<usize> = (1..stamps.len()).filter(is_gap).collect();
    recording.gaps.extend(found);
    recording.gaps.sort_unstable();
    recording.gaps.dedup();
}

/// The measured or stated rate of a recording.
pub fn rate_of(recording: &Recording) -> Option<f64> {
    match &recording.time {
        TimeBase::Rate(rate) => Some(*rate),
        TimeBase::Stamps(stamps) => rate(stamps, &recording.gaps),
        TimeBase::Unknown => None,
    }
}

/// Resamples each row of samples without a gap linearly to `rate_hz`. A sample has the label of the last one before it.
///
/// A recording without a time base stays as it is.
///
/// # Errors
/// There would be more samples than the budget has room for.
pub(super) fn resample(recording: &mut Recording, rate_hz: f64, budget: &Budget) -> Result<()> {
    let samples = recording.samples();
    let stamps = match &recording.time {
        TimeBase::Stamps(stamps) => stamps.clone(),
        TimeBase::Rate(rate) => (0..samples).map(|i| i as f64 / rate).collect(),
        TimeBase::Unknown => return Ok(()),
    };
    let mut to = Recording::new(recording.name.clone(), recording.channels.clone());
    to.subject.clone_from(&recording.subject);
    to.stated_name.clone_from(&recording.stated_name);
    let labels = recording.label_of_each();
    let mut times = Vec::new();
    for run in recording.runs() {
        to.gap();
        let Some(&first) = stamps.get(run.start) else {
            continue;
        };
        let last = stamps[run.end - 1];
        let mut before = run.start;
        // Rounding of the last step is no reason to lose a sample.
        let count = ((last - first).max(0.0) * rate_hz + 1e-6).floor() as usize;
        let size = size_of::<f32>() * recording.channels.len() + size_of::<f64>();
        budget.take(count.saturating_add(1).saturating_mul(size))?;
        for k in 0..=count {
            let time = first + k as f64 / rate_hz;
            while before + 2 < run.end && stamps[before + 1] <= time {
                before += 1;
            }
            let after = (before + 1).min(run.end - 1);
            let (from, till) = (stamps[before], stamps[after]);
            let share = match till > from {
                true => ((time - from) / (till - from)).clamp(0.0, 1.0) as f32,
                false => 0.0,
            };
            let (a, b) = (recording.sample(before), recording.sample(after));
            to.values
                .extend(a.iter().zip(b).map(|(a, b)| a + (b - a) * share));
            times.push(time);
            let label = if share >= 1.0 {
                labels[after]
            } else {
                labels[before]
            };
            if let Some(label) = label {
                to.label_last(label);
            }
        }
    }
    to.time = TimeBase::Stamps(times);
    *recording = to;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::super::unit::Unit;
    use super::*;

    fn stamps(first: f64, step: f64) -> Vec<f64> {
        (0..50).map(|i| first + f64::from(i) * step).collect()
    }

    #[test]
    fn units_are_told_by_differences() {
        for (first, step, expected) in [
            (0.0, 0.02, Some(1.0)),
            (1.7e9, 0.01, Some(1.0)),
            (1.7e9, 1.0, Some(1.0)),
            (0.0, 20.0, Some(1e-3)),
            (1.7e12, 10.0, Some(1e-3)),
            (1.7e12, 1000.0, Some(1e-3)),
            (123.0, 20_000.0, Some(1e-6)),
            (1.7e15, 16_384.0, Some(1e-6)),
            // Nanoseconds since the phone was switched on, 20 days ago.
            (1.7e15, 1.6e7, Some(1e-9)),
            (4.9e13, 5e7, Some(1e-9)),
            (1.7e18, 1.6e7, Some(1e-9)),
            // A number of samples, not a time.
            (0.0, 1.0, None),
        ] {
            assert_eq!(unit(&stamps(first, step)), expected, "{first} {step}");
        }
        assert_eq!(unit(&[]), None);
        for (name, unit) in [
            ("time_ms", Some(1e-3)),
            ("Time (s)", Some(1.0)),
            ("seconds_elapsed", Some(1.0)),
            ("t [µs]", Some(1e-6)),
            ("time (min)", Some(60.0)),
            ("Time [h]", Some(3600.0)),
            ("elapsed_minutes", Some(60.0)),
            ("min_time_ms", Some(1e-3)),
            ("timestamp", None),
        ] {
            assert_eq!(unit_in_name(name), unit, "{name}");
        }
    }

    #[test]
    fn dates_are_stamps() {
        assert_eq!(date("1970-01-01 00:00:01.5"), Some(1.5));
        assert_eq!(date("2024-10-17T14:57:32Z"), Some(1_729_177_052.0));
        assert_eq!(
            date("2024-10-17T14:57:32.250+02:00"),
            Some(1_729_177_052.25)
        );
        assert_eq!(date("1729177052.123456"), None);
        assert_eq!(date("é\u{30a}aaaaaaaaaaaaaaa"), None);
    }

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
        find_gaps(&mut recording);
        assert_eq!(recording.gaps, [30, 60, 80]);
        assert!((rate_of(&recording).unwrap() - 62.5).abs() < 1e-6);
    }

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
        find_gaps(&mut recording);
        resample(&mut recording, 50.0, &Budget::new(1 << 20)).unwrap();
        assert!(resample(&mut recording.clone(), 1e9, &Budget::new(1 << 20)).is_err());
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
        resample(&mut recording, 100.0, &Budget::new(1 << 20)).unwrap();
        assert_eq!(recording.values.len(), 10);
        assert!(
            before
                .iter()
                .zip(&recording.values)
                .all(|(a, b)| (a - b).abs() < 1e-4)
        );
    }
}
