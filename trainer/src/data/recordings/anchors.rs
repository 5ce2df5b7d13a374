//! Anchors of samples: of the rows of samples that begin in a stretch, the one of the least digest ("winnowing", Schleimer, Wilkerson
//! and Aiken, 2003). So any `reach` samples in a row have an anchor, which is the same wherever they stand, and about two of
//! `reach` rows are one.

use std::collections::VecDeque;

use super::rows;
use super::segments::Segment;

/// Bytes of an anchor's digest.
pub(super) const BYTES: usize = 5;

/// The first sample of a row, and its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub at: usize,
    pub digest: u64,
}

impl Anchor {
    /// The anchor of a row whose whole digest is this.
    pub fn of(at: usize, digest: u64) -> Self {
        Self {
            at,
            digest: digest >> (64 - 8 * BYTES),
        }
    }
}

/// The reach that a sketch begins with, where a window has `window` samples.
pub(super) fn first_reach(window: usize) -> usize {
    window.max(2 * rows::length(window))
}

/// The anchors of a segment: of each `reach` samples in a row the row of the least digest, and of a shorter one that of all. Rows are
/// those of [`rows::digests`].
pub(super) fn anchors(
    segment: &Segment,
    row: usize,
    reach: usize,
    by_sources: bool,
) -> Vec<Anchor> {
    with_rows(segment, row, reach, by_sources, |_| {})
}

/// Does the same, and tells of the digest of each row that has one.
pub(super) fn with_rows(
    segment: &Segment,
    row: usize,
    reach: usize,
    by_sources: bool,
    mut tell: impl FnMut(u64),
) -> Vec<Anchor> {
    let digests = rows::digests(segment, row, by_sources).enumerate();
    let all = digests.filter_map(|(at, digest)| {
        let digest = digest?;
        tell(digest);
        Some(Anchor::of(at, digest))
    });
    least(all, segment.samples, row, reach)
}

/// The anchors of so many samples: of `candidates`, all rows in order, or the anchors of a shorter reach. These do, as the row of the
/// least digest is that of each shorter stretch around it, too.
pub(super) fn least(
    candidates: impl Iterator<Item = Anchor>,
    samples: usize,
    row: usize,
    reach: usize,
) -> Vec<Anchor> {
    let Some(rows) = (samples + 1).checked_sub(row) else {
        return Vec::new();
    };
    let window = (reach + 1 - row).min(rows);
    let mut candidates = candidates.peekable();
    let mut found: Vec<Anchor> = Vec::new();
    // Rows that may be the least of a window to come, from small to large digests.
    let mut least: VecDeque<Anchor> = VecDeque::new();
    for at in 0..rows {
        if let Some(anchor) = candidates.next_if(|candidate| candidate.at == at) {
            while least
                .back()
                .is_some_and(|last| last.digest >= anchor.digest)
            {
                least.pop_back();
            }
            least.push_back(anchor);
        }
        while least.front().is_some_and(|first| first.at + window <= at) {
            least.pop_front();
        }
        let is_whole = at + 1 >= window;
        if let Some(first) = least.front().filter(|_| is_whole)
            && found.last() != Some(first)
        {
            found.push(*first);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_of_a_longer_reach_are_among_those_of_a_shorter_one() {
        // Few digests, so that many are equal; and rows that have none.
        for seed in 0..300_u64 {
            let mut state = seed;
            let mut next = |most: u64| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (state >> 33) % most
            };
            let samples = next(150) as usize;
            let row = 1 + next(5) as usize;
            let rows = (samples + 1).saturating_sub(row);
            let all: Vec<Anchor> = (0..rows)
                .filter_map(|at| {
                    let digest = next(8);
                    (next(4) > 0).then_some(Anchor { at, digest })
                })
                .collect();
            let of = |reach| least(all.iter().copied(), samples, row, reach);
            let mut reach = 2 * row + next(4) as usize;
            let mut step_by_step = of(reach);
            for _ in 0..4 {
                reach *= 2;
                step_by_step = least(step_by_step.into_iter(), samples, row, reach);
                assert_eq!(step_by_step, of(reach), "seed {seed}, reach {reach}");
                assert_eq!(step_by_step, naive(&all, rows, reach + 1 - row));
            }
        }
    }

    /// The last one of the least of each window, by looking at all.
    fn naive(all: &[Anchor], rows: usize, window: usize) -> Vec<Anchor> {
        let window = window.min(rows);
        let mut found: Vec<Anchor> = Vec::new();
        for start in 0..(rows + 1).saturating_sub(window.max(1)) {
            let inside = all
                .iter()
                .filter(|a| (start..start + window).contains(&a.at));
            let least = inside.min_by_key(|a| (a.digest, std::cmp::Reverse(a.at)));
            found.extend(least.filter(|least| found.last() != Some(least)));
        }
        found
    }
}
