//! A sketch of the samples of a split, by which parts of them are found again: trimmed, cut out, gone on with, or labelled anew.
//!
//! It holds the digests of their anchors.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Result, ensure};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Place, TEST, TRAIN, VALID};
use crate::data::hex::hex;
use crate::data::recordings::anchors::{Anchor, BYTES, anchors, first_reach, least};
use crate::data::recordings::rows;
use crate::data::recordings::segments::{Segment, Segments};

/// Most anchors that are kept.
const MOST: usize = 1 << 16;

/// Anchors of each class and split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sketch {
    /// Samples of a row.
    row: usize,
    /// Samples in a row from which on an anchor is among them.
    reach: usize,
    /// Whether anchors of samples that were resampled are those of the samples before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_sources: bool,
    /// Anchors of each class that are trained on.
    train: Vec<Digests>,
    /// Those of the validation split.
    valid: Vec<Digests>,
    /// Those of the test split.
    test: Vec<Digests>,
}

/// Digests in order, as one text of hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Digests(Vec<u64>);

impl From<Digests> for String {
    fn from(digests: Digests) -> Self {
        let bytes = digests.0.iter().map(|digest| digest.to_be_bytes());
        bytes.map(|bytes| hex(&bytes[8 - BYTES..])).collect()
    }
}

impl TryFrom<String> for Digests {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        let is_hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
        ensure!(
            is_hex && text.len().is_multiple_of(2 * BYTES),
            "a sketch of samples is hexadecimal, {} digits an anchor",
            2 * BYTES
        );
        let digests = text.as_bytes().chunks(2 * BYTES).map(|digits| {
            let digits = std::str::from_utf8(digits)?;
            Ok(u64::from_str_radix(digits, 16)?)
        });
        Ok(Self(digests.collect::<Result<_>>()?))
    }
}

/// The split and the class that samples were of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known {
    pub split: usize,
    pub class: usize,
}

/// Samples in a row that are known, or new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub samples: Range<usize>,
    pub known: Option<Known>,
    /// Digests of its anchors.
    pub digests: Vec<u64>,
}

impl Sketch {
    /// The sketch of segments in their places. `anchors` are those of each with the first reach; `parts` gives the samples of each
    /// split of a segment that is cut by time, `window` the samples of a window.
    pub(super) fn of(
        segments: &Segments,
        places: &[Place],
        mut anchors: Vec<Vec<Anchor>>,
        window: usize,
        parts: impl Fn(usize) -> [Range<usize>; 3],
    ) -> Self {
        let row = rows::length(window);
        let mut reach = first_reach(window);
        loop {
            let sketch = Self::with(segments, places, &anchors, (row, reach), &parts);
            if sketch.len() <= MOST {
                return sketch;
            }
            reach *= 2;
            (anchors.par_iter_mut().zip(&segments.all)).for_each(|(anchors, segment)| {
                *anchors = least(anchors.drain(..), segment.samples, row, reach);
            });
        }
    }

    fn with(
        segments: &Segments,
        places: &[Place],
        anchors: &[Vec<Anchor>],
        (row, reach): (usize, usize),
        parts: &impl Fn(usize) -> [Range<usize>; 3],
    ) -> Self {
        let mut of: [Vec<Digests>; 3] = Default::default();
        for list in &mut of {
            list.resize(segments.classes.len(), Digests::default());
        }
        for ((segment, place), anchors) in segments.all.iter().zip(places).zip(anchors) {
            let parts = match place {
                Place::Cut => Some(parts(segment.samples)),
                Place::Split(_) => None,
                Place::New | Place::Parts(_) => continue,
            };
            for &Anchor { at, digest } in anchors {
                let split = match (place, &parts) {
                    (Place::Split(split), _) => *split,
                    // What lies between two splits counts as the one before it.
                    (_, Some([_, _, test])) if at >= test.start => TEST,
                    (_, Some([_, valid, _])) if !valid.is_empty() && at >= valid.start => VALID,
                    _ => TRAIN,
                };
                of[split][segment.class].0.push(digest);
            }
        }
        for digests in of.iter_mut().flatten() {
            digests.0.sort_unstable();
            digests.0.dedup();
        }
        let [train, valid, test] = of;
        Self {
            row,
            reach,
            by_sources: segments
                .all
                .iter()
                .any(|segment| !segment.sources.is_empty()),
            train,
            valid,
            test,
        }
    }

    /// Number of anchors.
    pub(super) fn len(&self) -> usize {
        let lists = [&self.train, &self.valid, &self.test];
        lists.into_iter().flatten().map(|list| list.0.len()).sum()
    }

    /// Whether anchors of samples that were resampled are those of the samples before.
    pub(super) fn is_by_sources(&self) -> bool {
        self.by_sources
    }

    /// Checks what stands in a file.
    ///
    /// # Errors
    /// Numbers are out of their ranges; the message names the field.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(
            (1..=1 << 10).contains(&self.row) && (self.row..=1 << 32).contains(&self.reach),
            "split.sketch: row = {} and reach = {} do not go together",
            self.row,
            self.reach
        );
        Ok(())
    }

    /// The sketch, ready to find samples.
    pub(super) fn index(&self) -> Index {
        let mut known: HashMap<u64, Vec<Known>> = HashMap::new();
        for (split, lists) in [&self.train, &self.valid, &self.test]
            .into_iter()
            .enumerate()
        {
            for (class, digests) in lists.iter().enumerate() {
                for digest in &digests.0 {
                    known
                        .entry(*digest)
                        .or_default()
                        .push(Known { split, class });
                }
            }
        }
        Index {
            row: self.row,
            reach: self.reach,
            by_sources: self.by_sources,
            known,
        }
    }
}

/// Anchors by their digest.
pub(super) struct Index {
    row: usize,
    reach: usize,
    by_sources: bool,
    known: HashMap<u64, Vec<Known>>,
}

impl Index {
    /// Digests of the anchors of a segment.
    pub fn digests(&self, segment: &Segment) -> impl Iterator<Item = u64> {
        let anchors = anchors(segment, self.row, self.reach, self.by_sources);
        anchors.into_iter().map(|anchor| anchor.digest)
    }

    /// What an anchor of a segment of `class` was of: of the first split, and of this class where it was of several.
    fn known(&self, digest: u64, class: usize) -> Option<Known> {
        let all = self.known.get(&digest)?;
        let first = all.iter().min()?;
        let same = all.iter().find(|known| known.class == class);
        let same = same.filter(|same| same.split == first.split);
        Some(*same.unwrap_or(first))
    }

    /// The stretches of a segment that are known, and those between them; all of it is new where nothing is known.
    pub fn stretches(&self, segment: &Segment) -> Vec<Stretch> {
        let marks = self.marks(segment);
        let mut runs: Vec<Vec<(Anchor, Option<Known>)>> = Vec::new();
        for mark in marks {
            match runs.last_mut().filter(|run| run[0].1 == mark.1) {
                Some(run) => run.push(mark),
                None => runs.push(vec![mark]),
            }
        }
        // Known samples may go on beyond their outermost anchors, but not so far that there would be another one.
        let beyond = self.reach - self.row;
        let first = |i: usize| runs[i][0].0.at;
        let last = |i: usize| runs[i][runs[i].len() - 1].0.at + self.row;
        let is_new = |i: usize| runs[i][0].1.is_none();
        let stretch = |i: usize| {
            let from = match i.checked_sub(1) {
                None => 0,
                Some(before) if is_new(i) => last(before) + beyond,
                Some(before) if is_new(before) => first(i).saturating_sub(beyond),
                Some(before) => last(before).min(first(i)),
            };
            let to = match i + 1 {
                behind if behind == runs.len() => segment.samples,
                behind if is_new(i) => first(behind).saturating_sub(beyond),
                behind if is_new(behind) => (last(i) + beyond).min(segment.samples),
                behind => first(behind).max(last(i)),
            };
            Stretch {
                samples: from..to.max(from),
                known: runs[i][0].1,
                digests: runs[i].iter().map(|(anchor, _)| anchor.digest).collect(),
            }
        };
        let all: Vec<Stretch> = (0..runs.len()).map(stretch).collect();
        match all.iter().any(|stretch| stretch.known.is_some()) {
            true => all,
            false => vec![Stretch {
                samples: 0..segment.samples,
                known: None,
                digests: Vec::new(),
            }],
        }
    }

    /// The rows of a resampled segment that are known, and its anchors that are far from them. The time of a row before resampling is
    /// known to a sample, so an anchor may be another one than in the run.
    fn marks_by_sources(
        &self,
        segment: &Segment,
        anchors: Vec<Anchor>,
    ) -> Vec<(Anchor, Option<Known>)> {
        let rows = rows::digests(segment, self.row, true).enumerate();
        let rows = rows.filter_map(|(at, digest)| Some(Anchor::of(at, digest?)));
        let known: Vec<(Anchor, Option<Known>)> = rows
            .filter_map(|row| Some((row, Some(self.known(row.digest, segment.class)?))))
            .collect();
        // Of two rows in the time of one sample, one is kept.
        let reach = 2 * self.reach;
        let is_far = |anchor: &Anchor| {
            let next = known.partition_point(|(row, _)| row.at + reach < anchor.at);
            let near = known.get(next);
            near.is_none_or(|(row, _)| row.at > anchor.at + reach)
        };
        let far: Vec<Anchor> = anchors.into_iter().filter(is_far).collect();
        let mut marks = known;
        marks.extend(far.into_iter().map(|anchor| (anchor, None)));
        marks.sort_by_key(|(anchor, _)| anchor.at);
        marks
    }

    /// The anchors of a segment and what each was of, without what may be equal by chance: of more than a few anchors a single one.
    fn marks(&self, segment: &Segment) -> Vec<(Anchor, Option<Known>)> {
        let class = segment.class;
        if segment.samples < self.reach {
            // Its own anchors may not be those of a longer segment.
            let rows = rows::digests(segment, self.row, self.by_sources).enumerate();
            let anchors = rows.filter_map(|(at, digest)| Some(Anchor::of(at, digest?)));
            let known =
                anchors.filter_map(|anchor| Some((anchor, self.known(anchor.digest, class)?)));
            return known.map(|(anchor, known)| (anchor, Some(known))).collect();
        }
        let anchors = anchors(segment, self.row, self.reach, self.by_sources);
        let mut marks: Vec<(Anchor, Option<Known>)> =
            match self.by_sources && !segment.sources.is_empty() {
                true => self.marks_by_sources(segment, anchors),
                false => (anchors.into_iter())
                    .map(|anchor| (anchor, self.known(anchor.digest, class)))
                    .collect(),
            };
        if marks.len() > 2 {
            let is_known: Vec<bool> = marks.iter().map(|(_, known)| known.is_some()).collect();
            for i in 0..marks.len() {
                let before = i > 0 && is_known[i - 1];
                if !before && !is_known.get(i + 1).is_some_and(|known| *known) {
                    marks[i].1 = None;
                }
            }
        }
        marks
    }
}
