//! Segments that share samples: copies that were trimmed, and cuts of one signal that overlap.

use std::collections::HashMap;

use rayon::prelude::*;

use super::anchors::{Anchor, anchors, first_reach, with_rows};
use super::rows;
use super::segments::Segment;
use crate::data::row_digests::of_rows;

/// Rows of samples in common from which on two segments share a signal, not a chance.
const ENOUGH: usize = 3;
/// Rows of samples that are compared, about, at most.
const MOST: usize = 1 << 21;
/// Parts, by their digests, in which rows are sorted.
const PARTS: u64 = 16;

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
            if !segment.sources.is_empty() {
                // Those of the rows at its end, too, which are none of the samples as they are.
                let sources = rows::sources(segment).flatten();
                digests.extend(sources.filter(|&digest| is_compared(digest, one_of)));
                return (digests, anchors(segment, length, reach, true));
            }
            let anchors = with_rows(segment, length, reach, true, |digest| {
                if is_compared(digest, one_of) {
                    digests.push(digest);
                }
            });
            (digests, anchors)
        })
        .collect();
    let (digests, anchors): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    (linked(&digests), anchors)
}

/// Pairs of stretches of samples, by number, that share samples somewhere, as [`pairs`] gives them; each is given by the digests of its
/// rows ([`rows_of`]), and `samples` is their number in all.
pub(in crate::data) fn in_common(
    all: impl Iterator<Item: IntoIterator<Item = Option<u64>>>,
    samples: usize,
) -> Vec<(usize, usize)> {
    let one_of = one_of(samples);
    let found: Vec<Vec<u64>> = all
        .map(|rows| {
            let digests = rows.into_iter().flatten();
            digests
                .filter(|digest| is_compared(*digest, one_of))
                .collect()
        })
        .collect();
    linked(&found)
}

/// Digests of rows of samples that are given by their own digests, as [`in_common`] compares them; `window` is the samples of a window.
pub(in crate::data) fn rows_of(
    samples: impl Iterator<Item = u64>,
    window: usize,
) -> impl Iterator<Item = Option<u64>> {
    of_rows(samples, rows::length(window))
}

/// Of how many rows of samples one is compared.
fn one_of(samples: usize) -> u64 {
    (samples / MOST + 1).next_power_of_two() as u64
}

/// Whether a row of this digest is compared, so that the same rows are in all copies; `one_of` is a power of two.
fn is_compared(digest: u64, one_of: u64) -> bool {
    digest & (one_of - 1) == 0
}

/// Pairs of numbers that have enough digests in common; `digests` are those of each number.
fn linked(digests: &[Vec<u64>]) -> Vec<(usize, usize)> {
    // Part by part, so that only few digests are there twice.
    let parts: Vec<HashMap<(usize, usize), usize>> = (0..PARTS)
        .into_par_iter()
        .map(|part| linked_in_part(digests, part))
        .collect();
    let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
    for (pair, count) in parts.into_iter().flatten() {
        *counts.entry(pair).or_default() += count;
    }
    let mut pairs: Vec<(usize, usize)> = (counts.into_iter())
        .filter(|(_, count)| *count >= ENOUGH)
        .map(|(pair, _)| pair)
        .collect();
    pairs.sort_unstable();
    pairs
}

/// Pairs of numbers that have digests of a part in common, and how many.
fn linked_in_part(digests: &[Vec<u64>], part: u64) -> HashMap<(usize, usize), usize> {
    let mut found: Vec<(u64, usize)> = Vec::new();
    for (number, digests) in digests.iter().enumerate() {
        let of_part = digests
            .iter()
            .filter(|digest| *digest >> 32 & (PARTS - 1) == part);
        found.extend(of_part.map(|&digest| (digest, number)));
    }
    found.sort_unstable();
    found.dedup();
    let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
    for pair in found.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        *counts.entry((pair[0].1, pair[1].1)).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As [`linked`] is defined: each digest links those neighbours that have it.
    fn naive(digests: &[Vec<u64>]) -> Vec<(usize, usize)> {
        let both = digests.iter().enumerate();
        let mut all: Vec<(u64, usize)> = both
            .flat_map(|(number, digests)| digests.iter().map(move |&digest| (digest, number)))
            .collect();
        all.sort_unstable();
        all.dedup();
        let neighbours = all.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        let mut found: Vec<(usize, usize)> =
            neighbours.map(|pair| (pair[0].1, pair[1].1)).collect();
        found.sort_unstable();
        let mut pairs = found.clone();
        pairs.dedup();
        pairs.retain(|pair| found.iter().filter(|other| *other == pair).count() >= ENOUGH);
        pairs
    }

    #[test]
    fn parts_link_what_all_digests_do() {
        let mut state = 1_u64;
        let mut next = |most: u64| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 33) % most
        };
        let mut links = 0;
        for _ in 0..100 {
            let digests: Vec<Vec<u64>> = (0..2 + next(6))
                .map(|_| {
                    let count = next(60);
                    let digest = |_| next(200).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    (0..count).map(digest).collect()
                })
                .collect();
            let found = linked(&digests);
            assert_eq!(found, naive(&digests));
            links += found.len();
        }
        assert!(links > 100, "{links}");
    }
}
