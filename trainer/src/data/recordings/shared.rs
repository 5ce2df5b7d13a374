//! Segments that share samples: copies that were trimmed, and cuts of one signal that overlap.

use std::collections::HashMap;

use super::rows;
use super::segments::Segment;

/// Rows of samples in common from which on two segments share a signal, not a chance.
const ENOUGH: usize = 3;
/// Rows of samples that are compared, about, at most.
const MOST: usize = 1 << 21;

/// Pairs of segments, by number, that share samples somewhere, `window` being the samples of a window. Segments that are all
/// of one signal are linked, though not each with each.
pub(super) fn pairs(segments: &[Segment], window: usize) -> Vec<(usize, usize)> {
    let samples = segments.iter().map(|segment| segment.samples).sum();
    in_common(segments.iter().map(rows::of_samples), samples, window)
}

/// Pairs of rows of samples, by number, that share samples somewhere, as [`pairs`] gives them; each sample is given by its digest,
/// and `samples` is their number in all rows.
pub(in crate::data) fn in_common(
    all: impl Iterator<Item: IntoIterator<Item = u64>>,
    samples: usize,
    window: usize,
) -> Vec<(usize, usize)> {
    let length = rows::length(window);
    // The digest chooses what is compared, so that it is the same in all copies.
    let one_of = (samples / MOST + 1).next_power_of_two() as u64;
    let mut found: Vec<(u64, usize)> = Vec::new();
    for (number, samples) in all.enumerate() {
        let digests = rows::of_rows(samples.into_iter(), length).flatten();
        let chosen = digests.filter(|digest| digest % one_of == 0);
        found.extend(chosen.map(|digest| (digest, number)));
    }
    found.sort_unstable();
    found.dedup();
    let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
    for pair in found.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        *counts.entry((pair[0].1, pair[1].1)).or_default() += 1;
    }
    let mut pairs: Vec<(usize, usize)> = (counts.into_iter())
        .filter(|(_, count)| *count >= ENOUGH)
        .map(|(pair, _)| pair)
        .collect();
    pairs.sort_unstable();
    pairs
}
