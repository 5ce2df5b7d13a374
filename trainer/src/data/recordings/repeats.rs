//! Rows that were logged twice, in recordings with a time column.

use std::path::PathBuf;

use rayon::prelude::*;

use super::read::Found;
use super::run::Run;
use crate::data::time::Repeats;
use crate::visible;

/// Leaves out rows that repeat stamp and values of the row before, in files where such rows were logged twice, and tells of them.
pub(super) fn leave_out(found: &mut Found, files: &[PathBuf]) -> Option<String> {
    let width = found.channels.len();
    let mut of_files = vec![Repeats::default(); found.times.len()];
    let of_runs: Vec<Repeats> = found.runs.par_iter().map(|run| of(run, width)).collect();
    for (run, of_run) in found.runs.iter().zip(&of_runs) {
        if let Some(repeats) = of_files.get_mut(run.file) {
            repeats.add_all(of_run);
        }
    }
    let (mut rows, mut first) = (0, None);
    for run in &mut found.runs {
        let Some(count) = of_files.get(run.file).map(Repeats::count) else {
            continue;
        };
        if count > 0 {
            rows += without_repeated(run, width);
            first = first.or(Some(run.file));
        }
    }
    let files_with = of_files
        .iter()
        .filter(|repeats| repeats.count() > 0)
        .count();
    let first = files.get(first?)?.display().to_string();
    Some(format!(
        "warning: {rows} rows in {files_with} files have the time and the values of the row before, were logged twice, and count once: the first file \
         is {}. Lines are counted without them",
        visible::name(&first)
    ))
}

/// Counts of the rows of a run.
fn of(run: &Run, width: usize) -> Repeats {
    let mut repeats = Repeats::default();
    for (i, pair) in run.times.windows(2).enumerate() {
        repeats.add(pair[1] - pair[0], is_repeated(run, width, i + 1));
    }
    repeats
}

/// Whether a row has the time and the counts of the one before.
fn is_repeated(run: &Run, width: usize, row: usize) -> bool {
    let of = |row: usize| run.counts.get(row * width..(row + 1) * width);
    run.times.get(row) == run.times.get(row - 1) && of(row) == of(row - 1)
}

/// Leaves out the repeated rows of a run, and gives their number.
fn without_repeated(run: &mut Run, width: usize) -> usize {
    let mut keep = vec![true; run.samples];
    for (row, keep) in keep.iter_mut().enumerate().skip(1) {
        *keep = !is_repeated(run, width, row);
    }
    let mut flags = keep
        .iter()
        .flat_map(|&keep| std::iter::repeat_n(keep, width));
    run.counts.retain(|_| flags.next().unwrap_or(false));
    let mut flags = keep.iter();
    run.times.retain(|_| flags.next().copied().unwrap_or(false));
    let mut flags = keep.iter();
    run.sources
        .retain(|_| flags.next().copied().unwrap_or(false));
    let marks = run.marks.len() / keep.len().max(1);
    let mut flags = (keep.iter()).flat_map(|&keep| std::iter::repeat_n(keep, marks));
    run.marks.retain(|_| flags.next().unwrap_or(false));
    let left = keep.iter().filter(|keep| **keep).count();
    let gone = run.samples - left;
    run.samples = left;
    gone
}
