//! Rows that do not go on from the one before, by columns that number samples, repetitions or devices; see
//! [`order`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::read::Found;
use super::run::Run;
use crate::data::numbering::{Order, order, taking_turns};
use crate::visible;

/// Runs of this many rows on average, or fewer, are of rows that are mixed.
const MIXED: usize = 2;
/// Rows of a file from which on it is told whether they are mixed.
const ENOUGH_ROWS: usize = 16;

/// Rows of each run before which it is broken, ascending.
pub(super) type Breaks = Vec<Vec<usize>>;

/// Finds the breaks of all runs. `dropped` are the columns, of those that were read as channels, that are none by their values.
///
/// # Errors
/// Rows of several devices, recordings or groups are mixed.
pub(super) fn breaks(
    found: &Found,
    dropped: &[usize],
    files: &[PathBuf],
    notes: &mut Vec<String>,
) -> Result<Breaks> {
    let mut runs_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, run) in found.runs.iter().enumerate() {
        runs_of.entry(run.file).or_default().push(number);
    }
    let mut breaks = vec![Vec::new(); found.runs.len()];
    let mut jumps: BTreeSet<&String> = BTreeSet::new();
    let mut told: BTreeMap<&String, (usize, usize)> = BTreeMap::new();
    for (&file, numbers) in &runs_of {
        let runs: Vec<&Run> = numbers.iter().map(|&number| &found.runs[number]).collect();
        let path = files.get(file).map_or(Path::new(""), PathBuf::as_path);
        not_mixed(found, &runs, path)?;
        for (name, values, is_dropped) in columns(found, file, &runs, dropped) {
            let values: Vec<&[i64]> = values.iter().map(Vec::as_slice).collect();
            match order(name, &values) {
                Order::GoesOn => {}
                Order::TakesTurns => bail!(taking_turns(name, &path.display().to_string())),
                // A run reads its channels alone, so its windows cannot depend on others.
                Order::Breaks(_) if is_dropped => {
                    jumps.insert(name);
                }
                Order::Breaks(places) => {
                    let (gaps, of) = told.entry(name).or_default();
                    *gaps += places.len();
                    *of += 1;
                    for (run, row) in places {
                        breaks[numbers[run]].push(row);
                    }
                }
            }
        }
    }
    for rows in &mut breaks {
        rows.sort_unstable();
        rows.dedup();
    }
    notes.extend(told.iter().map(|(name, (gaps, of))| {
        format!(
            "note: {gaps} gaps by column {} in {of} files: where it changes or jumps, samples do not follow each other, and no window spans \
             such a place",
            visible::name(name)
        )
    }));
    if !jumps.is_empty() {
        notes.push(format!(
            "warning: {} starts again or jumps within a recording, so windows may span samples that do not follow each other: call such a \
             column index, and no window spans these places",
            visible::names(&jumps)
        ));
    }
    Ok(breaks)
}

/// The columns of numbers of a file, and those that were dropped, with their values, run by run, and whether
/// they were dropped.
fn columns<'a>(
    found: &'a Found,
    file: usize,
    runs: &[&Run],
    dropped: &[usize],
) -> Vec<(&'a String, Vec<Vec<i64>>, bool)> {
    let names = found.marks.get(file).map_or(&[][..], Vec::as_slice);
    let marks = names.iter().enumerate().map(|(column, name)| {
        let of = |run: &&Run| -> Vec<i64> {
            let values = run.marks.iter().skip(column);
            values.step_by(names.len()).copied().collect()
        };
        (name, runs.iter().map(of).collect(), false)
    });
    let width = found.channels.len();
    let others = dropped.iter().map(|&column| {
        let of = |run: &&Run| -> Vec<i64> {
            let values = run.counts.iter().skip(column);
            values.step_by(width).copied().map(i64::from).collect()
        };
        (&found.channels[column], runs.iter().map(of).collect(), true)
    });
    marks.chain(others).collect()
}

/// Checks that rows of a file with other labels, recordings or groups do not take turns.
fn not_mixed(found: &Found, runs: &[&Run], file: &Path) -> Result<()> {
    let rows: usize = runs.iter().map(|run| run.samples).sum();
    if rows < ENOUGH_ROWS || runs.len() * MIXED < rows {
        return Ok(());
    }
    let changes = |of: &dyn Fn(&Run) -> Option<usize>| {
        let pairs = runs.windows(2);
        pairs.filter(|pair| of(pair[0]) != of(pair[1])).count() * MIXED >= runs.len()
    };
    let group = found.group.as_deref().unwrap_or_default();
    let column = match () {
        () if !group.is_empty() && changes(&|run| run.group) => group,
        () if changes(&|run| Some(run.recording)) => "recording",
        () if changes(&|run| Some(run.label)) => "label",
        () => return Ok(()),
    };
    let from = runs.first().map_or(0, |run| run.line);
    bail!(
        "{} from line {from}: column {} changes from row to row, so rows of several recordings are mixed and no window has samples that \
         follow each other. Sort the rows by this column first, then by time",
        visible::name(&file.display().to_string()),
        visible::name(column)
    )
}
