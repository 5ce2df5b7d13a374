//! Clocks of recordings by their time columns: the rate of all, and what is odd about them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::{Result, bail};
use rayon::prelude::*;

use super::read::Found;
use super::run::{Run, TimeColumn};
use super::{Cutting, DEFAULT_RATE_HZ, rotated, time};
use crate::data::time::{Clock, Unit, out_of_order, runs_back};
use crate::visible;

/// Rows of a recording from which on its own rate is measured, not that of its file.
const ENOUGH_ROWS: usize = 30;

/// Clocks of recordings, by file and recording.
pub(super) type Clocks = HashMap<(usize, usize), Clock>;

/// For each file and recording its clock, and the rate of all.
pub(super) fn clocks(
    found: &Found,
    cutting: &Cutting,
    files: &[PathBuf],
    notes: &mut Vec<String>,
) -> Result<(Clocks, Option<f32>)> {
    let mut clocks = Clocks::new();
    let mut measured = Vec::new();
    let mut no_clock = Vec::new();
    let mut runs_of: BTreeMap<usize, BTreeMap<usize, Vec<&Run>>> = BTreeMap::new();
    for run in &found.runs {
        let recordings = runs_of.entry(run.file).or_default();
        recordings.entry(run.recording).or_default().push(run);
    }
    let all_measured: Vec<(usize, MeasuredFile<'_>)> = (runs_of.par_iter())
        .filter_map(|(&file, recordings)| {
            let time = found.times.get(file)?.as_ref()?;
            Some((file, MeasuredFile::of(time, recordings, cutting.rate_hz)))
        })
        .collect();
    for (file, of) in all_measured {
        in_order(&of, &runs_of[&file], files.get(file))?;
        let path = files.get(file).map(|file| file.display().to_string());
        let path = path.unwrap_or_default();
        let mut is_measured = false;
        for (recording, rows, own) in of.recordings {
            if let Some(rate) = own.and_then(|own| own.rate_hz) {
                is_measured = true;
                let name = format!("recording {} in {path}", found.recordings[recording]);
                measured.push((name, rate, rows));
            }
            if let Some(clock) = own.or(of.clock) {
                clocks.insert((file, recording), clock);
            }
        }
        match of.clock {
            None if !is_measured => no_clock.push(of.time.name.clone()),
            Some(Clock {
                rate_hz: Some(rate),
                ..
            }) if !is_measured => measured.push((path, rate, of.rows)),
            _ => {}
        }
    }
    let rate = time::rate(&measured, cutting.rate_hz)?;
    notes.extend(time::spread(&measured));
    notes.extend(lost(&clocks, found, files));
    notes.extend(rotated::told(found, &clocks, files));
    untimed(found, &runs_of, &clocks, files, (&measured, cutting), notes)?;
    if let Some(first) = no_clock.first() {
        notes.push(format!(
            "warning: the column {} of {} files is no time that goes on from row to row, or has too few rows: neither rate nor gaps \
             are measured there",
            visible::name(first),
            no_clock.len()
        ));
    }
    let units: BTreeSet<&str> = clocks.values().map(|clock| clock.unit.name()).collect();
    let units: Vec<&str> = units.into_iter().collect();
    let counts = clocks.values().any(|clock| clock.unit == Unit::Samples);
    if !counts && measured.is_empty() && !clocks.is_empty() {
        notes.push(format!(
            "note: many samples share each stamp of the time column, and too few stamps follow each other to measure the rate by: \
             {} samples a second are {}",
            rate.unwrap_or(DEFAULT_RATE_HZ),
            match rate {
                Some(_) => "taken, as stated",
                None => "assumed, --rate states another",
            }
        ));
        return Ok((clocks, rate));
    }
    match (rate, measured.is_empty()) {
        (Some(rate), false) => notes.push(format!(
            "note: {rate} samples a second, by the time column in {}",
            units.join(", ")
        )),
        (None, _) if counts => notes.push(format!(
            "note: the time column counts samples, which tells no rate: {} a second are assumed, --rate states another",
            DEFAULT_RATE_HZ
        )),
        (None, _) => notes.push(format!(
            "note: no time column to measure the rate by: {} samples a second are assumed, --rate states another",
            DEFAULT_RATE_HZ
        )),
        (Some(_), true) => {}
    }
    Ok((clocks, rate))
}

/// The time column of a file, measured.
struct MeasuredFile<'a> {
    time: &'a TimeColumn,
    /// Number of labelled rows.
    rows: usize,
    /// The clock of the whole file.
    clock: Option<Clock>,
    /// Each recording in it with its number of rows, and its own clock where it has one.
    recordings: Vec<(usize, usize, Option<Clock>)>,
}

impl<'a> MeasuredFile<'a> {
    fn of(time: &'a TimeColumn, runs_of: &BTreeMap<usize, Vec<&Run>>, stated: Option<f32>) -> Self {
        let measure = |runs: &[&Run]| {
            let stamps: Vec<&[f64]> = runs.iter().map(|run| run.times.as_slice()).collect();
            time::measure(time, &stamps, stated)
        };
        let all: Vec<&Run> = runs_of.values().flatten().copied().collect();
        let rows = |runs: &[&Run]| -> usize { runs.iter().map(|run| run.samples).sum() };
        let recording = |(&recording, runs): (&usize, &Vec<&Run>)| {
            let rows = rows(runs);
            // Recordings in a file may have different rates; one of a few rows has that of its file.
            let is_own = rows >= ENOUGH_ROWS && runs_of.len() > 1;
            let own = is_own.then(|| measure(runs)).flatten();
            let own = own.filter(|own| own.rate_hz.is_some() || own.unit == Unit::Samples);
            (recording, rows, own)
        };
        Self {
            time,
            rows: rows(&all),
            clock: measure(&all),
            recordings: runs_of.iter().map(recording).collect(),
        }
    }
}

/// Checks that the rows of a file without a clock are not those of a time out of order.
fn in_order(
    of: &MeasuredFile<'_>,
    recordings: &BTreeMap<usize, Vec<&Run>>,
    file: Option<&PathBuf>,
) -> Result<()> {
    if of.clock.is_some() {
        return Ok(());
    }
    let runs: Vec<&Run> = recordings.values().flatten().copied().collect();
    let stamps: Vec<&[f64]> = runs.iter().map(|run| run.times.as_slice()).collect();
    let Some((run, row)) = runs_back(&stamps) else {
        return Ok(());
    };
    let file = file.map(|file| file.display().to_string());
    let spot = runs[run].spots.get(row).map(|spot| format!(" {spot}"));
    let place = format!("{}{}", file.unwrap_or_default(), spot.unwrap_or_default());
    bail!(out_of_order(&of.time.name, &place))
}

/// Tells of recordings whose stamps lie on a grid with points missing.
fn lost(clocks: &Clocks, found: &Found, files: &[PathBuf]) -> Option<String> {
    let mut all: Vec<(&(usize, usize), &Clock)> = clocks
        .iter()
        .filter(|(_, clock)| clock.lost > 0.0)
        .collect();
    all.sort_by(|(a, x), (b, y)| y.lost.total_cmp(&x.lost).then(a.cmp(b)));
    let ((file, recording), worst) = all.first()?;
    let place = files.get(*file).map_or_else(
        || found.recordings[*recording].clone(),
        |file| file.display().to_string(),
    );
    Some(format!(
        "warning: samples are missing one by one in {} recordings: most in {}, where {:.0} % of them are lost. Each is a gap; `hadamrnn data \
         import --resample HZ` makes up single ones (train on other tools' files takes --resample too)",
        all.len(),
        visible::name(&place),
        100.0 * worst.lost
    ))
}

/// Tells of files that tell no rate, beside others that do or a rate that is stated.
///
/// # Errors
/// Others tell one, and none is stated.
fn untimed(
    found: &Found,
    runs_of: &BTreeMap<usize, BTreeMap<usize, Vec<&Run>>>,
    clocks: &Clocks,
    files: &[PathBuf],
    (measured, cutting): (&[(String, f64, usize)], &Cutting),
    notes: &mut Vec<String>,
) -> Result<()> {
    // What has too few rows to measure a rate by is told elsewhere.
    let is_untimed = |file: &usize| {
        let counts = clocks
            .iter()
            .any(|((of, _), clock)| of == file && clock.unit == Unit::Samples);
        counts || found.times.get(*file).is_none_or(Option::is_none)
    };
    let untimed: Vec<usize> = runs_of.keys().copied().filter(is_untimed).collect();
    let Some(first) = untimed.first().and_then(|&first| files.get(first)) else {
        return Ok(());
    };
    let first = visible::name(&first.display().to_string());
    match (measured.first(), cutting.rate_hz) {
        (Some((timed, rate, _)), None) => bail!(
            "{} files tell no time, beside others that do: {first} has no column of stamps, {} has {} samples a second by its own. State the \
             rate of all with --rate, or leave some out",
            untimed.len(),
            visible::name(timed),
            crate::data::time::rounded(*rate)
        ),
        (_, Some(rate)) => notes.push(format!(
            "note: {} files tell no time, and are taken at {rate} samples a second, as stated: the first is {first}",
            untimed.len()
        )),
        (None, None) => {}
    }
    Ok(())
}
