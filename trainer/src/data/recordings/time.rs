//! The time column of recordings: its unit, the rate of the samples, and the gaps between them.

use anyhow::{Result, ensure};
use chrono::NaiveDateTime;

use crate::data::words::words;
use crate::visible;

/// Steps from row to row from which on a rate is measured.
const ENOUGH_STEPS: usize = 10;
/// Share of the steps that are no gaps, in a hundred.
const USUAL: usize = 95;
/// A gap is longer than the usual step by this factor.
const GAP: f64 = 1.5;
/// Steps of this many medians are no pauses but unsteady.
const UNSTEADY: f64 = 2.5;
/// One of so many steps is zero where stamps are coarse.
const SHARED: usize = 4;
/// Whole periods between coarse stamps from which on a rate is measured.
const ENOUGH_PERIODS: usize = 3;
/// Rates of sensors, in samples a second, by which units are told apart: three decades, as units are.
const RATES: std::ops::Range<f64> = 2.0..2000.0;
/// Rates that a unit in a column's name may give.
const RATES_OF_NAMED: std::ops::Range<f64> = 0.01..1e6;
/// How far a stated rate may be from the measured one, as a share of it.
pub(super) const RATE_TOLERANCE: f64 = 0.05;
/// How far the rates of two files may be apart, as a share.
const SPREAD: f64 = 0.1;

/// Forms of a date with a time, but for a `Z` at its end.
const DATES: [&str; 4] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S%.f",
];

/// Unit of a time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// Numbers of samples, which tell no rate.
    Samples,
}

impl Unit {
    const OF_TIME: [Self; 4] = [
        Self::Seconds,
        Self::Milliseconds,
        Self::Microseconds,
        Self::Nanoseconds,
    ];

    /// The unit that a word of a column's name is, in small letters.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Seconds,
            "ms" | "msec" | "milli" | "millis" | "millisecond" | "milliseconds" => {
                Self::Milliseconds
            }
            "us" | "µs" | "μs" | "usec" | "micro" | "micros" | "microsecond" | "microseconds" => {
                Self::Microseconds
            }
            "ns" | "nsec" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => Self::Nanoseconds,
            _ => return None,
        })
    }

    /// The name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
            Self::Samples => "samples",
        }
    }

    /// Units in a second; none of samples.
    fn per_second(self) -> Option<f64> {
        match self {
            Self::Seconds => Some(1.0),
            Self::Milliseconds => Some(1e3),
            Self::Microseconds => Some(1e6),
            Self::Nanoseconds => Some(1e9),
            Self::Samples => None,
        }
    }
}

/// A time stamp: a number, or a date with a time, in seconds.
pub(super) fn stamp(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    date(text)
}

fn date(text: &str) -> Option<f64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let parsed = DATES
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?
        .and_utc();
    Some(parsed.timestamp() as f64 + f64::from(parsed.timestamp_subsec_nanos()) * 1e-9)
}

/// Whether a field is a date and no number.
pub(super) fn is_date(field: &[u8]) -> bool {
    std::str::from_utf8(field)
        .is_ok_and(|text| text.parse::<f64>().is_err() && date(text).is_some())
}

/// The time column of a file, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    pub unit: Unit,
    /// Samples a second; none where the column counts samples, or has too few stamps for the samples that share them.
    pub rate_hz: Option<f64>,
    /// The largest step, in the column's unit, that is no gap.
    longest: f64,
}

impl Clock {
    /// Whether samples are missing in a step from one stamp to the next; or the time runs backwards.
    pub fn is_gap(&self, step: f64) -> bool {
        match self.unit {
            Unit::Samples => step != 1.0,
            _ => !(0.0..=self.longest).contains(&step),
        }
    }

    /// Measures a column by the steps from row to row, of each row of samples; `stated` is the rate that the user says it has.
    /// None where there are too few steps, all are zero, or some run backwards.
    pub fn measure(
        name: &str,
        is_date: bool,
        runs: &[Vec<f64>],
        stated: Option<f32>,
    ) -> Option<Self> {
        let mut steps: Vec<f64> = runs.iter().flatten().copied().collect();
        let all = steps.len();
        steps.retain(|&step| step >= 0.0);
        // What often falls is no time, whatever its name.
        if steps.len() < ENOUGH_STEPS || steps.len() * 100 < all * USUAL {
            return None;
        }
        steps.sort_unstable_by(f64::total_cmp);
        let zeros = steps.partition_point(|&step| step <= 0.0);
        let positive = &steps[zeros..];
        let most = |steps: &[f64]| Some(*steps.get(steps.len().checked_sub(1)? * USUAL / 100)?);
        let median = *positive.get(positive.len() / 2)?;
        // Many samples share a stamp.
        let is_coarse = zeros * SHARED >= steps.len();
        let of = |longest: f64| {
            let usual = &steps[..steps.partition_point(|&step| step <= longest)];
            let period = usual.iter().sum::<f64>() / usual.len() as f64;
            if !(period > 0.0 && longest.is_finite()) {
                return None;
            }
            let whole = is_coarse.then(|| whole_periods(runs, longest));
            let period = whole.flatten().unwrap_or(period);
            let ones = usual.iter().filter(|&&step| step == 1.0).count();
            let unit = match is_date {
                true => Unit::Seconds,
                false => unit_of(name, period, ones * 100 >= usual.len() * USUAL, stated),
            };
            let is_measured = whole.is_none_or(|period| period.is_some());
            let rate_hz = unit.per_second().map(|units| rounded(units / period));
            Some(Self {
                unit,
                rate_hz: rate_hz.filter(|_| is_measured),
                longest,
            })
        };
        let unsteady = &positive[..positive.partition_point(|&step| step <= UNSTEADY * median)];
        let by_pauses = of(GAP * most(unsteady)?);
        // Samples that come in packets look like samples with pauses: only a stated rate tells them apart.
        let by_packets = || of(GAP * most(positive)?);
        match stated.map(f64::from) {
            Some(stated) if !by_pauses.is_some_and(|clock| clock.has(stated)) => {
                by_packets().filter(|clock| clock.has(stated)).or(by_pauses)
            }
            _ => by_pauses,
        }
    }

    fn has(&self, stated: f64) -> bool {
        self.rate_hz
            .is_some_and(|rate| agree(stated, rate, RATE_TOLERANCE))
    }
}

/// The time from sample to sample where many share a stamp, over whole periods from one stamp to the next; none where there
/// are too few: the first and the last stamp of a row of samples may lack some of theirs.
fn whole_periods(runs: &[Vec<f64>], longest: f64) -> Option<f64> {
    let (mut periods, mut samples, mut time) = (0, 0, 0.0);
    for run in runs {
        let mut last: Option<usize> = None;
        for (at, &step) in run.iter().enumerate().filter(|(_, step)| **step != 0.0) {
            let is_usual = step > 0.0 && step <= longest;
            if let Some(last) = last.filter(|_| is_usual) {
                periods += 1;
                samples += at - last;
                time += step;
            }
            last = is_usual.then_some(at);
        }
    }
    (periods >= ENOUGH_PERIODS).then(|| time / samples as f64)
}

/// The unit of a column whose stamps are `period` apart; `counts` says whether they count one by one.
fn unit_of(name: &str, period: f64, counts: bool, stated: Option<f32>) -> Unit {
    let rate = |unit: Unit| unit.per_second().map_or(0.0, |units| units / period);
    let named = words(name).iter().rev().find_map(|word| Unit::named(word));
    if let Some(unit) = named.filter(|&unit| RATES_OF_NAMED.contains(&rate(unit))) {
        return unit;
    }
    let all = || Unit::OF_TIME.into_iter();
    let as_stated = |unit: &Unit| {
        stated.is_some_and(|stated| agree(rate(*unit), f64::from(stated), RATE_TOLERANCE))
    };
    if let Some(unit) = all().find(as_stated) {
        return unit;
    }
    if counts {
        return Unit::Samples;
    }
    let usual = all().find(|&unit| RATES.contains(&rate(unit)));
    // Slower than any sensor: seconds.
    usual.unwrap_or(if rate(Unit::Seconds) < RATES.start {
        Unit::Seconds
    } else {
        Unit::Nanoseconds
    })
}

fn agree(rate: f64, other: f64, tolerance: f64) -> bool {
    (rate - other).abs() <= tolerance * other.abs()
}

/// To four digits: more is noise.
fn rounded(rate: f64) -> f64 {
    let digits = 10f64.powi(3 - rate.log10().floor() as i32);
    (rate * digits).round() / digits
}

/// The rate of recordings: the stated one, else the measured one; none where there is neither. `measured` has files by name
/// with their rates and the number of their rows.
///
/// # Errors
/// Rates differ: of two files, or the stated one from the measured one.
pub(super) fn rate(measured: &[(String, f64, usize)], stated: Option<f32>) -> Result<Option<f32>> {
    let Some((first, rate, _)) = measured.first() else {
        return Ok(stated);
    };
    for (file, other, _) in measured {
        ensure!(
            agree(*other, *rate, SPREAD),
            "the recordings have different rates: {} has {rate} samples a second by its time column, {} has {other}. Train on \
             those of one rate",
            visible::name(first),
            visible::name(file)
        );
    }
    let rows: usize = measured.iter().map(|(.., rows)| rows).sum();
    let mean = measured
        .iter()
        .map(|(_, rate, rows)| rate * *rows as f64)
        .sum::<f64>()
        / rows.max(1) as f64;
    let mean = rounded(mean);
    if let Some(stated) = stated {
        ensure!(
            agree(f64::from(stated), mean, RATE_TOLERANCE),
            "the rate is said to be {stated} samples a second, but by the time column of {} it is {mean}: leave --rate out, or \
             state {mean}",
            visible::name(first)
        );
    }
    Ok(Some(stated.unwrap_or(mean as f32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(name: &str, steps: &[f64], stated: Option<f32>) -> (Unit, Option<f64>) {
        let steps = steps.iter().copied().cycle().take(400).collect();
        let clock = Clock::measure(name, false, &[steps], stated).unwrap();
        (clock.unit, clock.rate_hz)
    }

    #[test]
    fn units_are_told_apart_by_steps() {
        for (name, steps, stated, expected) in [
            ("time", &[10.0][..], None, (Unit::Milliseconds, Some(100.0))),
            ("time", &[0.01], None, (Unit::Seconds, Some(100.0))),
            ("time", &[20_000.0], None, (Unit::Microseconds, Some(50.0))),
            ("time", &[2e7], None, (Unit::Nanoseconds, Some(50.0))),
            (
                "time",
                &[33.0, 33.0, 34.0],
                None,
                (Unit::Milliseconds, Some(30.0)),
            ),
            // Stamps that come in bursts.
            (
                "time",
                &[0.0, 0.0, 0.0, 80.0],
                None,
                (Unit::Milliseconds, Some(50.0)),
            ),
            ("time", &[1.0], None, (Unit::Samples, None)),
            (
                "time",
                &[1.0],
                Some(1000.0),
                (Unit::Milliseconds, Some(1000.0)),
            ),
            ("t_ms", &[1.0], None, (Unit::Milliseconds, Some(1000.0))),
            // 8 kHz: the name or the user must say so.
            (
                "time_us",
                &[125.0],
                None,
                (Unit::Microseconds, Some(8000.0)),
            ),
            (
                "time",
                &[125.0],
                Some(8000.0),
                (Unit::Microseconds, Some(8000.0)),
            ),
            (
                "seconds_elapsed",
                &[0.016],
                None,
                (Unit::Seconds, Some(62.5)),
            ),
            // The name says what the steps cannot be.
            ("Time (s)", &[2e7], None, (Unit::Nanoseconds, Some(50.0))),
        ] {
            assert_eq!(measured(name, steps, stated), expected, "{name} {steps:?}");
        }
    }

    #[test]
    fn gaps_are_longer_than_what_is_usual() {
        let mut steps = vec![10.0; 399];
        steps.push(3010.0);
        let clock = Clock::measure("time", false, &[steps], None).unwrap();
        assert_eq!(clock.rate_hz, Some(100.0));
        for (step, is_gap) in [
            (10.0, false),
            (12.0, false),
            (20.0, true),
            (3010.0, true),
            (-10.0, true),
        ] {
            assert_eq!(clock.is_gap(step), is_gap, "{step}");
        }
        // A phone's stamps, unsteady by a sample.
        let steps: Vec<f64> = (0..400)
            .map(|i| if i % 8 == 0 { 0.0319 } else { 0.0156 })
            .collect();
        let clock = Clock::measure("seconds_elapsed", false, &[steps], None).unwrap();
        assert!(!clock.is_gap(0.0319) && clock.is_gap(0.1));
        let samples = Clock::measure("time", false, &[vec![1.0; 20]], None).unwrap();
        assert!(samples.is_gap(2.0) && !samples.is_gap(1.0));
        assert_eq!(Clock::measure("time", false, &[vec![0.0; 20]], None), None);
        assert_eq!(Clock::measure("time", false, &[vec![1.0; 3]], None), None);
        // A temperature that is named like a time.
        let noise = (0..400).map(|i| f64::from(i * 37 % 11 - 5)).collect();
        assert_eq!(Clock::measure("T", false, &[noise], None), None);
    }

    #[test]
    fn many_pauses_are_gaps_and_coarse_stamps_are_measured_over_whole_periods() {
        let bursts: Vec<f64> = (1..600)
            .map(|i| if i % 15 == 0 { 3020.0 } else { 20.0 })
            .collect();
        let clock = Clock::measure("time", false, &[bursts], None).unwrap();
        assert_eq!(clock.rate_hz, Some(50.0));
        assert!(clock.is_gap(3020.0) && !clock.is_gap(20.0));
        // Packets, as the stated rate says.
        let packets: Vec<f64> = (1..=600)
            .map(|i| if i % 5 == 0 { 92.0 } else { 2.0 })
            .collect();
        let clock = Clock::measure("time_ms", false, &[packets], Some(50.0)).unwrap();
        assert!(!clock.is_gap(92.0) && clock.rate_hz == Some(50.0));
        // Whole seconds of 50 samples each, from the middle of one on.
        let seconds = |samples: usize| -> Vec<f64> {
            (1..samples)
                .map(|i| f64::from(u8::from((i + 20) % 50 == 0)))
                .collect()
        };
        let clock = Clock::measure("time", true, &[seconds(330)], None).unwrap();
        assert_eq!(clock.rate_hz, Some(50.0));
        let clock = Clock::measure("time", true, &[seconds(100)], None).unwrap();
        assert_eq!((clock.rate_hz, clock.is_gap(1.0)), (None, false));
        let clock = Clock::measure("time", true, &vec![seconds(100); 3], None).unwrap();
        assert_eq!(clock.rate_hz, Some(50.0));
    }

    #[test]
    fn stamps_are_numbers_or_dates() {
        assert_eq!(
            stamp(b"1700000000123456789"),
            Some(1_700_000_000_123_456_789.0)
        );
        assert_eq!(stamp(b"-1.5e-3"), Some(-0.0015));
        let at = |text: &str| stamp(text.as_bytes()).unwrap();
        assert!((at("2024-01-01 10:00:00.020") - at("2024-01-01 10:00:00") - 0.02).abs() < 1e-6);
        assert_eq!(at("2024-01-01T10:00:00Z"), at("2024-01-01 10:00:00"));
        assert!(is_date(b"2024-01-01T10:00:00Z") && !is_date(b"20240101") && !is_date(b"x"));
        assert_eq!(
            (stamp(b""), stamp(b"nan"), stamp(b"noon")),
            (None, None, None)
        );
    }

    #[test]
    fn rates_that_differ_are_refused() {
        let of = |rates: &[f64]| -> Vec<(String, f64, usize)> {
            (0..)
                .zip(rates)
                .map(|(i, &rate)| (format!("{i}.csv"), rate, 100))
                .collect()
        };
        assert_eq!(rate(&[], None).unwrap(), None);
        assert_eq!(rate(&[], Some(50.0)).unwrap(), Some(50.0));
        assert_eq!(rate(&of(&[99.0, 101.0]), None).unwrap(), Some(100.0));
        assert_eq!(rate(&of(&[52.0]), Some(50.0)).unwrap(), Some(50.0));
        let error = rate(&of(&[100.0]), Some(50.0)).unwrap_err().to_string();
        for part in ["said to be 50", "0.csv it is 100", "--rate"] {
            assert!(error.contains(part), "{error}");
        }
        let error = rate(&of(&[100.0, 50.0]), None).unwrap_err().to_string();
        assert!(error.contains("1.csv has 50"), "{error}");
    }
}
