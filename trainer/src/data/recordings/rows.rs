//! Digests of the rows of samples that begin at each sample of a segment, by which equal samples are found anywhere.

use super::segments::Segment;
use crate::data::row_digests::{FACTOR, LENGTHS, mixed, of_rows};

/// Number of samples of a row, where a window has `window` samples.
pub(super) fn length(window: usize) -> usize {
    window.clamp(LENGTHS[0], LENGTHS[1])
}

/// Gives the digest of the row of `length` samples that begins at each sample of `segment`, in order, while there are so many;
/// none for a row in which little happens, as many segments may have such rows by chance.
///
/// Of samples that were resampled, the digests are of the rows that the file had: two copies are resampled at different times, and have
/// no sample in common. Without `by_sources` they are of the samples as they are.
pub(super) fn digests(
    segment: &Segment,
    length: usize,
    by_sources: bool,
) -> impl Iterator<Item = Option<u64>> + use<'_> {
    let is_by_sources = by_sources && !segment.sources.is_empty();
    let count = (segment.samples + 1).saturating_sub(length);
    let sources = is_by_sources.then(|| sources(segment).take(count));
    let samples = (!is_by_sources).then(|| of_rows(of_samples(segment), length));
    sources
        .into_iter()
        .flatten()
        .chain(samples.into_iter().flatten())
}

/// The digests of rows that the file of a resampled segment had, by the sample that stands in place of the first of each row.
pub(super) fn sources(segment: &Segment) -> impl Iterator<Item = Option<u64>> + use<'_> {
    segment
        .sources
        .iter()
        .map(|&digest| (digest != 0).then_some((digest << 24) | (digest & 0xff_ffff)))
}

/// The digest of each sample of a segment.
pub(super) fn of_samples(segment: &Segment) -> impl Iterator<Item = u64> + use<'_> {
    let channels = segment.counts.len() / segment.samples.max(1);
    let of_sample = |sample: &[i16]| {
        let step = |digest: u64, &count: &i16| mixed(digest ^ u64::from(count as u16));
        sample.iter().fold(FACTOR, step)
    };
    segment.counts.chunks_exact(channels.max(1)).map(of_sample)
}
