//! Clocks of columns, measured.

mod agreement;

use super::*;

/// Stamps from 5 on with these steps.
fn stamps(steps: &[f64]) -> Vec<f64> {
    let mut at = 5.0;
    let later = steps.iter().map(|step| {
        at += step;
        at
    });
    [5.0].into_iter().chain(later).collect()
}

/// The clock of rows of samples that have these steps.
fn clock(name: &str, is_date: bool, runs: &[Vec<f64>], stated: Option<f64>) -> Option<Clock> {
    let runs: Vec<Vec<f64>> = runs.iter().map(|steps| stamps(steps)).collect();
    let runs: Vec<&[f64]> = runs.iter().map(Vec::as_slice).collect();
    let mut clock = Clock::measure(Column { name, is_date }, &runs, stated)?;
    clock.rate_hz = clock.rate_hz.map(rounded);
    Some(clock)
}

fn measured(name: &str, steps: &[f64], stated: Option<f64>) -> (Unit, Option<f64>) {
    let steps = steps.iter().copied().cycle().take(400).collect();
    let clock = self::clock(name, false, &[steps], stated).unwrap();
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
    let clock = self::clock("time", false, &[steps], None).unwrap();
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
    let clock = self::clock("seconds_elapsed", false, &[steps], None).unwrap();
    assert!(!clock.is_gap(0.0319) && clock.is_gap(0.1));
    let samples = self::clock("time", false, &[vec![1.0; 20]], None).unwrap();
    assert!(samples.is_gap(2.0) && !samples.is_gap(1.0));
    assert_eq!(self::clock("time", false, &[vec![0.0; 20]], None), None);
    assert_eq!(self::clock("time", false, &[vec![1.0; 2]], None), None);
    // A temperature that is named like a time.
    let noise = (0..400).map(|i| f64::from(i * 37 % 11 - 5)).collect();
    assert_eq!(self::clock("T", false, &[noise], None), None);
}

#[test]
fn many_pauses_are_gaps_and_coarse_stamps_are_measured_over_whole_periods() {
    let bursts: Vec<f64> = (1..600)
        .map(|i| if i % 15 == 0 { 3020.0 } else { 20.0 })
        .collect();
    let clock = self::clock("time", false, &[bursts], None).unwrap();
    assert_eq!(clock.rate_hz, Some(50.0));
    assert!(clock.is_gap(3020.0) && !clock.is_gap(20.0));
    // Packets, as the stated rate says.
    let packets: Vec<f64> = (1..=600)
        .map(|i| if i % 5 == 0 { 92.0 } else { 2.0 })
        .collect();
    let clock = self::clock("time_ms", false, &[packets], Some(50.0)).unwrap();
    assert!(!clock.is_gap(92.0) && clock.rate_hz == Some(50.0));
    // Whole seconds of 50 samples each, from the middle of one on.
    let seconds = |samples: usize| -> Vec<f64> {
        (1..samples)
            .map(|i| f64::from(u8::from((i + 20) % 50 == 0)))
            .collect()
    };
    let clock = self::clock("time", true, &[seconds(330)], None).unwrap();
    assert_eq!(clock.rate_hz, Some(50.0));
    let clock = self::clock("time", true, &[seconds(100)], None).unwrap();
    assert_eq!((clock.rate_hz, clock.is_gap(1.0)), (None, false));
    let clock = self::clock("time", true, &vec![seconds(100); 3], None).unwrap();
    assert_eq!(clock.rate_hz, Some(50.0));
}

/// Fifty stamps.
fn steady(first: f64, step: f64) -> Vec<f64> {
    (0..50).map(|i| first + f64::from(i) * step).collect()
}

#[test]
fn units_are_told_by_differences_and_years() {
    let plain = Column {
        name: "time",
        is_date: false,
    };
    for (first, step, expected) in [
        (0.0, 0.02, Some(Unit::Seconds)),
        (1.7e9, 0.01, Some(Unit::Seconds)),
        (1.7e9, 1.0, Some(Unit::Seconds)),
        (0.0, 20.0, Some(Unit::Milliseconds)),
        (1.7e12, 10.0, Some(Unit::Milliseconds)),
        (1.7e12, 1000.0, Some(Unit::Milliseconds)),
        (123.0, 20_000.0, Some(Unit::Microseconds)),
        (1.7e15, 16_384.0, Some(Unit::Microseconds)),
        // Nanoseconds since the phone was switched on, 20 days ago.
        (1.7e15, 1.6e7, Some(Unit::Nanoseconds)),
        (4.9e13, 5e7, Some(Unit::Nanoseconds)),
        (1.7e18, 1.6e7, Some(Unit::Nanoseconds)),
        // Ticks of 100 ns since the year 1, and since 1601.
        (6.385e17, 200_000.0, Some(Unit::Ticks)),
        (1.335e17, 200_000.0, Some(Unit::Ticks)),
        // A number of samples, not a time.
        (0.0, 1.0, Some(Unit::Samples)),
    ] {
        let stamps = steady(first, step);
        assert_eq!(unit(plain, &[&stamps], None), expected, "{first} {step}");
    }
    assert_eq!(unit(plain, &[], None), None);
}

#[test]
fn names_and_years_tell_units_that_steps_alone_do_not() {
    let of = |name: &str, first: f64, step: f64| {
        let column = Column {
            name,
            is_date: false,
        };
        unit(column, &[&steady(first, step)], None)
    };
    // The name says milliseconds, the year microseconds.
    assert_eq!(of("time_ms", 1.7e15, 16_000.0), Some(Unit::Microseconds));
    // 1 kHz, 20 days after the start: not seconds of 2024 in milliseconds.
    assert_eq!(of("t_us", 1.7e12, 1000.0), Some(Unit::Microseconds));
    assert_eq!(of("time (min)", 0.0, 0.02 / 60.0), Some(Unit::Minutes));
    // At either end of what sensors do.
    assert_eq!(of("t", 0.0, 2e-4), Some(Unit::Seconds));
    assert_eq!(of("t", 0.0, 1e9), Some(Unit::Nanoseconds));
    assert_eq!(of("t", 0.0, 0.501), Some(Unit::Seconds));
}

#[test]
fn points_of_a_grid_that_are_missing_do_not_change_the_rate() {
    // Samples lost at random: one in so many.
    for one_of in [3_u64, 5, 10, 16] {
        let mut state = 1_u64;
        let mut at_random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 33
        };
        let mut steps = Vec::new();
        while steps.len() < 600 {
            let mut step = 20.0;
            while at_random() % one_of == 0 {
                step += 20.0;
            }
            steps.push(step + (at_random() % 3) as f64 - 1.0);
        }
        let clock = self::clock("t_ms", false, &[steps], None).unwrap();
        let rate = clock.rate_hz.unwrap();
        assert!((rate - 50.0).abs() < 0.3, "1 of {one_of}: {rate}");
        assert!(
            (clock.lost - 1.0 / one_of as f64).abs() < 0.06,
            "{}",
            clock.lost
        );
        assert!(clock.is_gap(40.0) && !clock.is_gap(20.0));
        assert!(!clock.is_long_gap(40.0) && clock.is_long_gap(60.0));
    }
    // Even samples at 50 a second whose stamps are those of a clock of 15.625 ms.
    let stamps: Vec<f64> = (0..600)
        .map(|i| (f64::from(i) * 20.0 / 15.625).floor() * 15.625)
        .collect();
    let steps = stamps.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let clock = self::clock("t_ms", false, &[steps], None).unwrap();
    assert!((clock.rate_hz.unwrap() - 50.0).abs() < 0.1);
    assert_eq!((clock.lost, clock.is_gap(31.25)), (0.0, false));
}

#[test]
fn spreadsheets_count_days() {
    let of = |first: f64, hz: f64, name: &str| {
        let column = Column {
            name,
            is_date: false,
        };
        let clock = Clock::measure(column, &[&steady(first, 1.0 / hz / 86_400.0)], None).unwrap();
        (clock.unit, rounded(clock.rate_hz.unwrap()))
    };
    assert_eq!(of(45_000.123_456, 50.0, "time"), (Unit::Days, 50.0));
    assert_eq!(of(45_000.0, 1.0, "Time"), (Unit::Days, 1.0));
    // Seconds since something, 12.5 h ago.
    let column = Column {
        name: "time",
        is_date: false,
    };
    assert_eq!(
        unit(column, &[&steady(45_000.0, 0.02)], None),
        Some(Unit::Seconds)
    );
}
