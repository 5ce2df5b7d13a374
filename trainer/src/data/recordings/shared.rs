//! Segments that share samples: copies that were trimmed, and cuts of one signal that overlap.

use std::collections::HashMap;

use rayon::prelude::*;

use super::anchors::{Anchor, first_reach, with_rows};
use super::rows;
use super::segments::Segment;

/// Rows of samples in common from which on two segments share a signal, not a chance.
const ENOUGH: usize = 3;
/// Rows of samples that are compared, about, at most.
const MOST: usize = 1 << 21;

/// Pairs of segments, by number, that share samples somewhere, `window` being the samples of a window. Segments that are all
/// of one signal are linked, though not each with each. Also the anchors of each segment with the first reach, as both go by the
/// digests of all rows.
pub(super) fn pairs(
    segments: &[Segment],
    window: usize,
) -> (Vec<(usize, usize)>, Vec<Vec<Anchor>>) {
    let (length, reach) = (rows::length(window), first_reach(window));
    let one_of = one_of(segments.iter().map(|segment| segment.samples).sum());
    let found: Vec<(Vec<u64>, Vec<Anchor>)> = (segments.par_iter())
        .map(|segment| {
            let mut digests = Vec::new();
            let anchors = with_rows(segment, length, reach, |digest| {
                if is_compared(digest, one_of) {
                    digests.push(digest);
                }
            });
            (digests, anchors)
        })
        .collect();
    let (digests, anchors): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let mut all = Vec::with_capacity(digests.iter().map(Vec::len).sum());
    for (number, digests) in digests.into_iter().enumerate() {
        all.extend(digests.into_iter().map(|digest| (digest, number)));
    }
    (linked(all), anchors)
}

/// Pairs of rows of samples, by number, that share samples somewhere, as [`pairs`] gives them; each sample is given by its digest,
/// and `samples` is their number in all rows.
pub(in crate::data) fn in_common(
    all: impl Iterator<Item: IntoIterator<Item = u64>>,
    samples: usize,
    window: usize,
) -> Vec<(usize, usize)> {
    let (length, one_of) = (rows::length(window), one_of(samples));
    let found = all
        .enumerate()
        .flat_map(|(number, samples)| compared(samples.into_iter(), length, one_of, number));
    linked(found.collect())
}

/// Of how many rows of samples one is compared.
fn one_of(samples: usize) -> u64 {
    (samples / MOST + 1).next_power_of_two() as u64
}

/// Whether a row of this digest is compared; `one_of` is a power of two.
fn is_compared(digest: u64, one_of: u64) -> bool {
    digest & (one_of - 1) == 0
}

/// Digests of the rows that are compared, with the number of what they are of. The digest chooses, so that the same rows are
/// compared in all copies.
fn compared(
    samples: impl Iterator<Item = u64>,
    length: usize,
    one_of: u64,
    number: usize,
) -> impl Iterator<Item = (u64, usize)> {
    let digests = rows::of_rows(samples, length).flatten();
    let chosen = digests.filter(move |digest| is_compared(*digest, one_of));
    chosen.map(move |digest| (digest, number))
}

/// Pairs of numbers that have enough digests in common.
fn linked(mut found: Vec<(u64, usize)>) -> Vec<(usize, usize)> {
    found.par_sort_unstable();
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
