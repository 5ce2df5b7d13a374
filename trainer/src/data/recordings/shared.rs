//! Segments that share samples: copies that were trimmed, and cuts of one signal that overlap.

use std::collections::HashMap;

use super::segments::Segment;

/// Samples of the shortest and of the longest row of samples that is compared.
const ROWS: [usize; 2] = [8, 16];
/// Rows of samples in common from which on two segments share a signal, not a chance.
const ENOUGH: usize = 3;
/// Rows of samples that are compared, about, at most.
const MOST: usize = 1 << 21;
/// An odd factor of a polynomial in a row of samples.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Pairs of segments, by number, that share samples somewhere, `window` being the samples of a window. Segments that are all
/// of one signal are linked, though not each with each.
pub(super) fn pairs(segments: &[Segment], window: usize) -> Vec<(usize, usize)> {
    let samples = segments.iter().map(|segment| segment.samples).sum();
    in_common(segments.iter().map(of_samples), samples, window)
}

/// Pairs of rows of samples, by number, that share samples somewhere, as [`pairs`] gives them; each sample is given by its digest,
/// and `samples` is their number in all rows.
pub(in crate::data) fn in_common(
    all: impl Iterator<Item = Vec<u64>>,
    samples: usize,
    window: usize,
) -> Vec<(usize, usize)> {
    let length = window.clamp(ROWS[0], ROWS[1]);
    // The digest chooses what is compared, so that it is the same in all copies.
    let one_of = (samples / MOST + 1).next_power_of_two() as u64;
    let mut found: Vec<(u64, usize)> = Vec::new();
    for (number, samples) in all.enumerate() {
        let digests = digests(&samples, length, |digest| digest % one_of == 0);
        found.extend(digests.into_iter().map(|digest| (digest, number)));
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

/// The digest of each sample of a segment.
fn of_samples(segment: &Segment) -> Vec<u64> {
    let channels = segment.counts.len() / segment.samples.max(1);
    let of_sample = |sample: &[i16]| {
        let step = |digest: u64, &count: &i16| mixed(digest ^ u64::from(count as u16));
        sample.iter().fold(FACTOR, step)
    };
    let samples = segment.counts.chunks_exact(channels.max(1));
    samples.map(of_sample).collect()
}

/// Digests of the rows of `length` samples that are chosen, without those in which little happens.
fn digests(samples: &[u64], length: usize, is_chosen: impl Fn(u64) -> bool) -> Vec<u64> {
    let first = FACTOR.wrapping_pow(length as u32);
    let (mut rolling, mut digests) = (0_u64, Vec::new());
    for (end, &sample) in samples.iter().enumerate() {
        rolling = rolling.wrapping_mul(FACTOR).wrapping_add(sample);
        if end >= length {
            rolling = rolling.wrapping_sub(samples[end - length].wrapping_mul(first));
        }
        let digest = mixed(rolling);
        if end + 1 >= length && is_chosen(digest) {
            let mut distinct = samples[end + 1 - length..=end].to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            if 2 * distinct.len() >= length {
                digests.push(digest);
            }
        }
    }
    digests
}

fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
