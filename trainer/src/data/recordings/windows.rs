//! Cutting segments into windows. Windows overlap, so they are places in the samples of their split, which are there once.

use std::ops::Range;

use super::Cutting;
use super::segments::Segments;
use super::split::{self, Place};
use crate::data::{Holdout, Numbers, Sequences, Targets};
use crate::untrusted::Budget;
use anyhow::{Context, Result};

/// Memory of a window beside its samples: its place, its class and its recording, in bytes.
const WINDOW_COST: usize = size_of::<usize>() + 2 * size_of::<u32>();

/// Samples of a segment that are cut into windows.
struct Stretch {
    segment: usize,
    samples: Range<usize>,
}

/// A window: the segment that it is of, and its first sample there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub segment: usize,
    pub start: usize,
}

/// Places of the windows of the three splits, and of those of none.
pub(super) fn chosen(
    segments: &Segments,
    places: &[Place],
    cutting: &Cutting,
    holdout: &Holdout,
) -> [Vec<Window>; 4] {
    let of_stretch = |Stretch { segment, samples }: Stretch| {
        (0..cutting.windows_in(samples.len())).map(move |i| Window {
            segment,
            start: samples.start + i * cutting.hop,
        })
    };
    let stretches = stretches(segments, places, cutting, holdout);
    stretches.map(|stretches| stretches.into_iter().flat_map(of_stretch).collect())
}

/// The samples that are cut into windows of the three splits, and into those of none.
fn stretches(
    segments: &Segments,
    places: &[Place],
    cutting: &Cutting,
    holdout: &Holdout,
) -> [Vec<Stretch>; 4] {
    let mut stretches: [Vec<Stretch>; 4] = Default::default();
    for (segment, (found, place)) in segments.all.iter().zip(places).enumerate() {
        let ranges = split::ranges(place, found.samples, cutting, holdout);
        for (split, range) in ranges {
            let in_windows = in_windows(range, cutting);
            stretches[split].extend(in_windows.map(|samples| Stretch { segment, samples }));
        }
    }
    stretches
}

/// The windows of the three splits, and those of none.
pub(super) fn cut(
    segments: &Segments,
    places: &[Place],
    cutting: &Cutting,
    holdout: &Holdout,
    budget: &Budget,
) -> Result<[Sequences; 4]> {
    let stretches = stretches(segments, places, cutting, holdout);
    let lengths = || stretches.iter().flatten().map(|of| of.samples.len());
    check_memory(
        lengths().map(|length| cutting.windows_in(length)).sum(),
        lengths().sum::<usize>() * segments.channels.len(),
        cutting,
        budget,
    )?;
    let sequences = |stretches: &Vec<Stretch>| sequences(segments, stretches, cutting);
    let [train, valid, test, new] = &stretches;
    // Most are trained on.
    let (train, [valid, test, new]) =
        rayon::join(|| sequences(train), || [valid, test, new].map(sequences));
    Ok([train?, valid?, test?, new?])
}

/// The parts of a range that are in windows: one, or each window where samples lie between them.
fn in_windows(range: Range<usize>, cutting: &Cutting) -> impl Iterator<Item = Range<usize>> {
    let &Cutting { steps, hop, .. } = cutting;
    let windows = cutting.windows_in(range.len());
    let (parts, length) = match (windows, hop > steps) {
        (0, _) => (0, 0),
        (_, true) => (windows, steps),
        (_, false) => (1, (windows - 1) * hop + steps),
    };
    (0..parts).map(move |part| {
        let start = range.start + part * hop;
        start..start + length
    })
}

/// Takes memory for so many windows that have so many numbers together, each counted once.
///
/// # Errors
/// There is less.
pub(super) fn check_memory(
    windows: usize,
    numbers: usize,
    cutting: &Cutting,
    budget: &Budget,
) -> Result<()> {
    let size = numbers.saturating_mul(size_of::<f32>());
    (budget.take(size.saturating_add(windows.saturating_mul(WINDOW_COST)))).with_context(|| {
        format!(
            "{windows} windows of {} samples, one every {}: set a larger --hop, or give fewer recordings at a time",
            cutting.steps, cutting.hop
        )
    })
}

fn sequences(segments: &Segments, stretches: &[Stretch], cutting: &Cutting) -> Result<Sequences> {
    let channels = segments.channels.len();
    let lengths = || stretches.iter().map(|of| of.samples.len());
    let count = lengths().map(|length| cutting.windows_in(length)).sum();
    // Written once: zeros first would take as long again.
    let mut numbers: Vec<f32> = Vec::with_capacity(lengths().sum::<usize>() * channels);
    let mut starts = Vec::with_capacity(count);
    let mut classes = Vec::with_capacity(count);
    let mut recordings = Vec::with_capacity(count);
    for Stretch { segment, samples } in stretches {
        let segment = &segments.all[*segment];
        let windows = cutting.windows_in(samples.len());
        let first = numbers.len();
        starts.extend((0..windows).map(|window| first + window * cutting.hop * channels));
        classes.extend(std::iter::repeat_n(segment.class as u32, windows));
        recordings.extend(std::iter::repeat_n(segment.recording as u32 + 1, windows));
        let counts = &segment.counts[samples.start * channels..samples.end * channels];
        numbers.extend(counts.iter().map(|&count| f32::from(count)));
    }
    let numbers = Numbers::overlapping(numbers, starts, cutting.steps * channels)?;
    Sequences::new(
        channels,
        cutting.steps,
        numbers,
        Targets::Class(classes),
        recordings,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_samples_of_windows_are_kept() {
        let parts = |samples: Range<usize>, steps, hop| -> Vec<Range<usize>> {
            let cutting = Cutting {
                steps,
                hop,
                ..Cutting::default()
            };
            in_windows(samples, &cutting).collect()
        };
        let one = |range| Vec::from_iter([range]);
        assert_eq!(parts(3..20, 8, 4), one(3..19));
        assert_eq!(parts(3..11, 8, 4), one(3..11));
        assert!(parts(3..10, 8, 4).is_empty());
        assert_eq!(parts(3..20, 4, 4), one(3..19));
        assert_eq!(parts(3..20, 4, 6), [3..7, 9..13, 15..19]);
    }
}
