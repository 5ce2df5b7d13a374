//! The rate of recordings, by their time columns.

use anyhow::{Result, ensure};

use super::run::TimeColumn;
use crate::data::time::{Clock, Column, MOST_HZ, RATE_TOLERANCE, TOLD_SPREAD, agree, rounded};
use crate::visible;

/// Steps from row to row from which on the clock of a file or a recording is relied on.
const ENOUGH_STEPS: usize = 10;
/// How far the rates of two files may be apart, as a share.
const SPREAD: f64 = 0.1;

/// Measures a time column by the stamps of rows of samples; `stated` is the rate that the user says it has. None where there are
/// too few steps, all are zero, or some run backwards.
pub(super) fn measure(time: &TimeColumn, runs: &[&[f64]], stated: Option<f32>) -> Option<Clock> {
    let column = Column {
        name: &time.name,
        is_date: time.is_date,
    };
    let steps: usize = runs.iter().map(|run| run.len().saturating_sub(1)).sum();
    let measure = || Clock::measure(column, runs, stated.map(f64::from));
    (steps >= ENOUGH_STEPS).then(measure).flatten()
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
    let rate = rounded(*rate);
    for (file, other, _) in measured {
        let other = rounded(*other);
        ensure!(
            other <= MOST_HZ,
            "{} has {other} samples a second by its time column, which no sensor gives: name the column with its unit, such as time_ms, or \
             leave it out and state the rate with --rate",
            visible::name(file)
        );
        ensure!(
            agree(other, rate, SPREAD),
            "the recordings have different rates: {} has {rate} samples a second by its time column, {} has {other}. Train on \
             those of one rate",
            visible::name(first),
            visible::name(file)
        );
    }
    let rows: usize = measured.iter().map(|(.., rows)| rows).sum();
    let mean = measured
        .iter()
        .map(|(_, rate, rows)| rounded(*rate) * *rows as f64)
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

/// Tells of recordings whose rates are further apart than those of one kind of sensor.
pub(super) fn spread(measured: &[(String, f64, usize)]) -> Option<String> {
    let by_rate = |a: &&(String, f64, usize), b: &&(String, f64, usize)| a.1.total_cmp(&b.1);
    let (slow, fast) = (
        measured.iter().min_by(by_rate)?,
        measured.iter().max_by(by_rate)?,
    );
    (!agree(fast.1, slow.1, TOLD_SPREAD)).then(|| {
        format!(
            "warning: the recordings have different rates: {} has {} samples a second, {} has {}. They are taken as of one rate; bring them to \
             one with `hadamrnn data import --resample HZ` (train on other tools' files takes --resample too)",
            visible::name(&slow.0),
            rounded(slow.1),
            visible::name(&fast.0),
            rounded(fast.1)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
