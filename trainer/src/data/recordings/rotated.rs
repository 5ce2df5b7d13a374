//! Recordings that go on where another one ends, as a log does that is cut into files.

use std::collections::HashMap;
use std::path::PathBuf;

use super::read::Found;
use crate::data::time::Clock;
use crate::visible;

/// Samples after the last one of a recording, in periods, at which the next one begins.
const NEXT: std::ops::Range<f64> = 0.5..1.5;

/// Tells of recordings that begin one sample after another of their label ends, and are not kept with it: windows beside each other may
/// be in training and test.
pub(super) fn told(
    found: &Found,
    clocks: &HashMap<(usize, usize), Clock>,
    files: &[PathBuf],
) -> Option<String> {
    let period = |number: usize| {
        let run = &found.runs[number];
        let clock = clocks.get(&(run.file, run.recording))?;
        Some(1.0 / (clock.rate_hz? * clock.unit.seconds()?))
    };
    let first = |number: usize| found.runs[number].times.first().copied();
    let mut all: Vec<(f64, usize)> = (0..found.runs.len())
        .filter_map(|number| Some((first(number)?, number)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut count, mut example) = (0, None);
    for &(_, number) in &all {
        let run = &found.runs[number];
        let (Some(period), Some(&last)) = (period(number), run.times.last()) else {
            continue;
        };
        let from = all.partition_point(|(first, _)| *first < last + NEXT.start * period);
        let near = all[from..]
            .iter()
            .take_while(|(first, _)| *first < last + NEXT.end * period);
        let next = near.map(|&(_, other)| &found.runs[other]).find(|other| {
            let is_kept_with = run.group.is_some() && other.group == run.group;
            other.file != run.file
                && other.recording != run.recording
                && other.label == run.label
                && !is_kept_with
        });
        if let Some(next) = next {
            count += 1;
            example = example.or(Some((run.file, next.file)));
        }
    }
    let (before, after) = example?;
    let name = |file: usize| {
        let file = files.get(file).map(|file| file.display().to_string());
        visible::name(&file.unwrap_or_default())
    };
    Some(format!(
        "warning: {count} recordings go on in another file, as logs that are cut into files do: {} begins one sample after {} ends. Windows \
         beside each other may be in training and test: give such files one name in a column recording",
        name(after),
        name(before)
    ))
}
