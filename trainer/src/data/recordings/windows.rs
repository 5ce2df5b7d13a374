//! Cutting segments into windows. Windows overlap, so they are places in the samples of their split, which are there once.

use std::ops::Range;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::Cutting;
use super::segments::Segments;
use super::split::{self, Place};
use crate::data::{Holdout, Numbers, Sequences, Targets};
use crate::untrusted::Budget;

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

impl Stretch {
    /// Windows in it, each by its first sample, counted from that of the stretch.
    fn windows(&self, cutting: &Cutting) -> impl ExactSizeIterator<Item = usize> + use<> {
        let hop = cutting.hop;
        (0..cutting.windows_in(self.samples.len())).map(move |window| window * hop)
    }
}

/// What is cut into windows of the three splits, and what into those of none.
pub(super) struct Cut<'a> {
    segments: &'a Segments,
    cutting: &'a Cutting,
    stretches: [Vec<Stretch>; 4],
}

impl<'a> Cut<'a> {
    /// Cuts segments that have these places.
    pub fn of(
        segments: &'a Segments,
        places: &[Place],
        cutting: &'a Cutting,
        holdout: &Holdout,
    ) -> Self {
        Self {
            segments,
            cutting,
            stretches: stretches(segments, places, cutting, holdout),
        }
    }

    /// Places of the windows.
    pub fn places(&self) -> [Vec<Window>; 4] {
        let of_stretch = |stretch: &Stretch| {
            let (segment, first) = (stretch.segment, stretch.samples.start);
            stretch.windows(self.cutting).map(move |start| Window {
                segment,
                start: first + start,
            })
        };
        let of_split = |split: usize| self.stretches[split].iter().flat_map(of_stretch).collect();
        std::array::from_fn(of_split)
    }

    /// The windows.
    ///
    /// # Errors
    /// They take more memory than there is in `budget`.
    pub fn sequences(&self, budget: &Budget) -> Result<[Sequences; 4]> {
        let all = || self.stretches.iter().flatten();
        check_memory(
            all().map(|of| of.windows(self.cutting).len()).sum(),
            all().map(|of| of.samples.len()).sum::<usize>() * self.segments.channels.len(),
            self.cutting,
            budget,
        )?;
        let of_split =
            |split: usize| sequences(self.segments, &self.stretches[split], self.cutting);
        Ok([of_split(0)?, of_split(1)?, of_split(2)?, of_split(3)?])
    }
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
    let count = stretches.iter().map(|of| of.windows(cutting).len()).sum();
    let mut numbers = vec![0.0; lengths().sum::<usize>() * channels];
    let (mut first, mut rest, mut copies) = (0, numbers.as_mut_slice(), Vec::new());
    let mut starts = Vec::with_capacity(count);
    let mut classes = Vec::with_capacity(count);
    let mut recordings = Vec::with_capacity(count);
    for stretch in stretches {
        let (segment, samples) = (&segments.all[stretch.segment], &stretch.samples);
        let windows = stretch.windows(cutting).len();
        starts.extend(
            stretch
                .windows(cutting)
                .map(|start| first + start * channels),
        );
        classes.extend(std::iter::repeat_n(segment.class as u32, windows));
        recordings.extend(std::iter::repeat_n(segment.recording as u32 + 1, windows));
        let counts = &segment.counts[samples.start * channels..samples.end * channels];
        first += counts.len();
        let (part, later) = std::mem::take(&mut rest).split_at_mut(counts.len());
        rest = later;
        copies.push((part, counts));
    }
    copies.into_par_iter().for_each(|(part, counts)| {
        for (number, &count) in part.iter_mut().zip(counts) {
            *number = count.into();
        }
    });
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
