//! Segments that share samples: copies that were trimmed, and cuts of one signal that overlap.

use std::collections::HashMap;

use rayon::prelude::*;

use super::rows;
use super::segments::Segment;
use crate::data::row_digests::of_rows;

/// Rows of samples in common from which on two segments share a signal, not a chance.
const ENOUGH: usize = 3;
/// Rows of samples that are compared, about, at most.
const MOST: usize = 1 << 21;

/// Pairs of segments, by number, that share samples somewhere, `window` being the samples of a window. Segments that are all
/// of one signal are linked, though not each with each.
pub(super) fn pairs(segments: &[Segment], window: usize) -> Vec<(usize, usize)> {
    let length = rows::length(window);
    let one_of = one_of(segments.iter().map(|segment| segment.samples).sum());
    let found: Vec<Vec<(u64, usize)>> = (segments.par_iter().enumerate())
        .map(|(number, segment)| {
            let rows: Box<dyn Iterator<Item = Option<u64>>> = match segment.sources.is_empty() {
                true => Box::new(of_rows(rows::of_samples(segment), length)),
                false => Box::new(rows::sources(segment)),
            };
            compared(rows, one_of, number).collect()
        })
        .collect();
    linked(found.concat())
}

/// Pairs of stretches of samples, by number, that share samples somewhere, as [`pairs`] gives them; each is given by the digests of its
/// rows ([`rows_of`]), and `samples` is their number in all.
pub(in crate::data) fn in_common(
    all: impl Iterator<Item: IntoIterator<Item = Option<u64>>>,
    samples: usize,
) -> Vec<(usize, usize)> {
    let one_of = one_of(samples);
    let found = all
        .enumerate()
        .flat_map(|(number, rows)| compared(rows.into_iter(), one_of, number));
    linked(found.collect())
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

/// Digests of the rows that are compared, with the number of what they are of. The digest chooses, so that the same rows are
/// compared in all copies.
fn compared(
    rows: impl Iterator<Item = Option<u64>>,
    one_of: u64,
    number: usize,
) -> impl Iterator<Item = (u64, usize)> {
    let chosen = rows.flatten().filter(move |digest| digest % one_of == 0);
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
