//! Counts that cannot be what they are taken for, in files of this program's form: by gravity, and by numbers in place of missing values.

use std::path::PathBuf;

use anyhow::{Result, bail};
use rayon::prelude::*;

use super::read::Found;
use super::run::Run;
use super::scale::Told;
use crate::data::fill_values::{find_among, stride};
use crate::data::gravity::{self, Norm};
use crate::data::import::{Unit, is_named_acceleration};
use crate::visible;

/// Samples of a file that its norm is measured of, about.
const SAMPLES: usize = 20_000;

/// Checks that the files have counts of one scale, that of the unit which they tell, as far as gravity tells, and that no channel holds
/// numbers for missing values. Gives warnings.
///
/// # Errors
/// Files differ, or a channel holds a number that is usual for a missing value.
pub(super) fn check(found: &Found, told: &[Told], files: &[PathBuf]) -> Result<Vec<String>> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    if let Some(channels) = acceleration(found) {
        let runs = found.runs.chunk_by(|a, b| a.file == b.file);
        for runs in runs {
            let file = runs.first().map_or(0, |run| run.file);
            let name = place(files, file);
            let Some(norm) = norm(runs, found.channels.len(), channels) else {
                continue;
            };
            let counts = told
                .get(file)
                .and_then(|told| told.counts_per(&found.channels[channels[0]], Unit::G));
            match counts {
                Some(counts) => with.push((
                    name,
                    Norm {
                        median: norm.median / counts,
                        ..norm
                    },
                )),
                None => without.push((name, norm)),
            }
        }
    }
    let warnings = [
        gravity::check_untold(&without)?,
        gravity::check_told(&with)?,
    ];
    let mut warnings: Vec<String> = warnings.into_iter().flatten().collect();
    let ends = ends(found);
    let channels = (0..found.channels.len()).into_par_iter();
    let fills: Vec<Result<Option<String>>> = channels
        .map(|channel| fill(found, channel, ends[channel], files))
        .collect();
    for fill in fills {
        warnings.extend(fill?);
    }
    Ok(warnings)
}

fn place(files: &[PathBuf], file: usize) -> String {
    files
        .get(file)
        .map_or(String::new(), |file| file.display().to_string())
}

/// The first three channels that are named like an acceleration.
fn acceleration(found: &Found) -> Option<[usize; 3]> {
    let mut all = (0..found.channels.len()).filter(|&i| is_named_acceleration(&found.channels[i]));
    Some([all.next()?, all.next()?, all.next()?])
}

fn norm(runs: &[Run], width: usize, channels: [usize; 3]) -> Option<Norm> {
    let samples: usize = runs.iter().map(|run| run.samples).sum();
    let rows = every(runs, width, samples.div_ceil(SAMPLES).max(1));
    Norm::of(rows.map(|row| channels.map(|channel| f64::from(row[channel]))))
}

/// Every `stride`-th row of runs, counted over all of them.
fn every(runs: &[Run], width: usize, stride: usize) -> impl Iterator<Item = &[i16]> {
    let mut before = 0_usize;
    runs.iter().flat_map(move |run| {
        let rows = run.counts.len() / width.max(1);
        let first = before.next_multiple_of(stride) - before;
        before += rows;
        let rows = (first..rows).step_by(stride);
        rows.filter_map(move |row| run.counts.get(row * width..(row + 1) * width))
    })
}

/// The lowest and the highest count of each channel.
fn ends(found: &Found) -> Vec<(i16, i16)> {
    let width = found.channels.len();
    let none = || vec![(i16::MAX, i16::MIN); width];
    let join = |mut all: Vec<(i16, i16)>, other: Vec<(i16, i16)>| {
        for (all, other) in all.iter_mut().zip(other) {
            *all = (all.0.min(other.0), all.1.max(other.1));
        }
        all
    };
    let of_run = |mut all: Vec<(i16, i16)>, run: &Run| {
        for row in run.counts.chunks_exact(width.max(1)) {
            for (all, &count) in all.iter_mut().zip(row) {
                *all = (all.0.min(count), all.1.max(count));
            }
        }
        all
    };
    found.runs.par_iter().fold(none, of_run).reduce(none, join)
}

/// Looks for a number in place of missing values in a channel whose lowest and highest counts are `ends`.
fn fill(
    found: &Found,
    channel: usize,
    ends: (i16, i16),
    files: &[PathBuf],
) -> Result<Option<String>> {
    let width = found.channels.len();
    let of = |run: &Run| run.counts.len() / width.max(1);
    let values = || {
        let runs = found.runs.iter();
        runs.flat_map(|run| run.counts.iter().skip(channel).step_by(width))
            .map(|&count| f64::from(count))
    };
    let count = found.runs.iter().map(of).sum();
    let sample = every(&found.runs, width, stride(count));
    let sample = sample.map(|row| f64::from(row[channel])).collect();
    let ends = || (f64::from(ends.0), f64::from(ends.1));
    let Some(fill) = find_among(sample, count, ends, values) else {
        return Ok(None);
    };
    let holds = |run: &&Run| {
        let mut counts = run.counts.iter().skip(channel).step_by(width);
        counts.any(|&count| f64::from(count) == fill.value)
    };
    let first = found.runs.iter().find(holds).map_or(0, |run| run.file);
    let text = format!(
        "channel {} holds {} in {} samples, far outside all other values: the first are in {}",
        visible::name(&found.channels[channel]),
        fill.value,
        fill.count,
        visible::name(&place(files, first))
    );
    if fill.is_usual() {
        bail!(
            "{text}. It stands for a missing value: take these rows out and leave a blank line in their place, or leave the channel out with --channels"
        );
    }
    Ok(Some(format!(
        "warning: {text}. If it stands for a missing value, take these rows out and leave a blank line in their place"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_so_many_rows_are_those_of_a_walk_over_all() {
        for (lengths, stride) in [
            (&[5, 0, 1, 7, 3][..], 3),
            (&[2, 2, 2], 1),
            (&[1, 1, 1, 9], 4),
            (&[], 2),
        ] {
            let mut next = 0;
            let runs: Vec<Run> = (lengths.iter())
                .map(|&length: &usize| {
                    let counts = (next..next + 2 * length as i16).collect();
                    next += 2 * length as i16;
                    Run {
                        samples: length,
                        counts,
                        ..Run::default()
                    }
                })
                .collect();
            let all = runs.iter().flat_map(|run| run.counts.chunks_exact(2));
            assert!(
                every(&runs, 2, stride).eq(all.step_by(stride)),
                "{lengths:?}"
            );
        }
    }
}
