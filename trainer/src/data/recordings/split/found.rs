//! Finding, in data that are there now, what a run was split of: whole intervals, parts of them, and labels that have changed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use rayon::prelude::*;

use super::sets::Sets;
use super::sketch::{Index, Known, Sketch, Stretch};
use super::{NEW, Place, Places, StoredSplit, ranges};
use crate::data::recordings::id::Id;
use crate::data::recordings::segments::{Segment, Segments};
use crate::data::recordings::{Cutting, Holdout};
use crate::visible;

/// Names of the splits.
const NAMES: [&str; 3] = ["training split", "validation split", "test split"];

/// Windows that are counted by split, with the place of the first.
#[derive(Default)]
struct Count {
    windows: [usize; 3],
    first: Option<String>,
}

impl Count {
    fn add(&mut self, windows: [usize; 3], place: impl FnOnce() -> String) {
        if windows.iter().sum::<usize>() > 0 {
            for (sum, windows) in self.windows.iter_mut().zip(windows) {
                *sum += windows;
            }
            self.first.get_or_insert_with(place);
        }
    }

    /// The counts in words, and the first place; none where nothing was counted.
    fn text(&self) -> Option<(String, &str)> {
        let counts = self.windows.iter().zip(NAMES);
        let counts: Vec<String> = counts
            .filter(|(windows, _)| **windows > 0)
            .map(|(windows, name)| format!("{windows} of the {name}"))
            .collect();
        Some((counts.join(", "), self.first.as_deref()?))
    }
}

/// Finds segments in the split of a run.
pub(super) struct Finder<'a> {
    stored: &'a StoredSplit,
    segments: &'a Segments,
    files: &'a [PathBuf],
    cutting: &'a Cutting,
    holdout: &'a Holdout,
    /// The place of each whole interval and its classes, where they are known.
    whole: HashMap<Id, (Place, Vec<usize>)>,
    /// Windows that share samples with the run's, and are counted as its splits.
    parts: Count,
    /// Windows that do, and are left out, as the whole is there.
    copies: Count,
    /// Windows with other labels.
    relabelled: Count,
}

impl<'a> Finder<'a> {
    pub fn new(
        stored: &'a StoredSplit,
        segments: &'a Segments,
        files: &'a [PathBuf],
        (cutting, holdout): (&'a Cutting, &'a Holdout),
    ) -> Self {
        let mut whole: HashMap<Id, (Place, Vec<usize>)> = HashMap::new();
        let mut classes = stored.classes.iter().copied();
        for (place, ids) in stored.lists() {
            for &id in ids {
                let known = whole
                    .entry(id)
                    .or_insert_with(|| (place.clone(), Vec::new()));
                known.1.extend(classes.next());
            }
        }
        Self {
            stored,
            segments,
            files,
            cutting,
            holdout,
            whole,
            parts: Count::default(),
            copies: Count::default(),
            relabelled: Count::default(),
        }
    }

    /// The place of each segment.
    pub fn places(mut self) -> Places {
        let all = &self.segments.all;
        let mut of: Vec<Place> = Vec::with_capacity(all.len());
        for segment in all {
            of.push(match self.whole.get(&segment.id) {
                Some((place, classes)) => {
                    let place = place.clone();
                    let is_other = !classes.is_empty() && !classes.contains(&segment.class);
                    let was = classes.first().copied().filter(|_| is_other);
                    self.compare(segment, &place, was);
                    place
                }
                None => Place::New,
            });
        }
        if let Some(sketch) = self
            .stored
            .sketch
            .as_ref()
            .filter(|_| of.contains(&Place::New))
        {
            self.find_parts(sketch, &mut of);
        }
        Places {
            by: self.stored.by,
            notes: self.notes(&of),
            doubts: self.doubts(),
            of,
        }
    }

    /// Windows of a segment in each split and in none.
    fn windows(&self, segment: &Segment, place: &Place) -> [usize; 4] {
        let parts = ranges(place, segment.samples, self.cutting, self.holdout);
        let mut windows = [0; 4];
        for (split, samples) in parts {
            windows[split] += self.cutting.windows_in(samples.len());
        }
        windows
    }

    /// Counts the windows of a segment whose class was `was`, another one.
    fn compare(&mut self, segment: &Segment, place: &Place, was: Option<usize>) {
        let Some(was) = was else { return };
        let [train, valid, test, _] = self.windows(segment, place);
        let (files, classes) = (self.files, &self.segments.classes);
        self.relabelled.add([train, valid, test], || {
            let name = |class: usize| {
                classes
                    .get(class)
                    .map_or(String::new(), |name| visible::name(name))
            };
            format!(
                "{} is \"{}\", it was \"{}\"",
                segment.origin(files),
                name(segment.class),
                name(was)
            )
        });
    }

    /// Finds parts of the run's intervals in what is not one of them.
    fn find_parts(&mut self, sketch: &Sketch, of: &mut [Place]) {
        let index = sketch.index();
        let all = &self.segments.all;
        let stretches: Vec<(usize, Vec<Stretch>)> = (all.par_iter().zip(&*of).enumerate())
            .filter(|(_, (_, place))| **place == Place::New)
            .map(|(i, _)| i)
            .map(|i| (i, index.stretches(&all[i])))
            .filter(|(_, stretches)| stretches.iter().any(|stretch| stretch.known.is_some()))
            .collect();
        if stretches.is_empty() {
            return;
        }
        let there = anchors_of(all.iter().zip(of.iter()), &index);
        for (i, stretches) in stretches {
            of[i] = self.place(&all[i], &stretches, &there);
        }
    }

    /// The place of a segment of which some stretches are known. What is there as a whole, too, counts once.
    fn place(&mut self, segment: &Segment, stretches: &[Stretch], there: &HashSet<u64>) -> Place {
        let mut kept = Vec::new();
        for Stretch {
            samples,
            known,
            digests,
        } in stretches
        {
            let windows = |split: usize| {
                let mut windows = [0; 3];
                windows[split] = self.cutting.windows_in(samples.len());
                windows
            };
            let Some(Known { split, class }) = *known else {
                kept.push((NEW, samples.clone()));
                continue;
            };
            let place = || segment.origin(self.files);
            let again = digests
                .iter()
                .filter(|digest| there.contains(digest))
                .count();
            if 2 * again > digests.len() {
                self.copies.add(windows(split), place);
                continue;
            }
            self.parts.add(windows(split), place);
            let part = (split, samples.clone());
            if class != segment.class {
                self.compare(segment, &Place::Parts(vec![part.clone()]), Some(class));
            }
            kept.push(part);
        }
        Place::Parts(kept)
    }

    fn notes(&self, of: &[Place]) -> Vec<String> {
        let mut notes = Vec::new();
        let all = || self.segments.all.iter().zip(of);
        let new = all()
            .filter(|(segment, place)| self.windows(segment, place)[NEW] > 0)
            .count();
        if new > 0 {
            notes.push(format!(
                "note: {new} intervals are new since the run was split: in none of its splits; `eval --split new` evaluates on them. To \
                 train on them, train anew"
            ));
        }
        if new > 0 && self.stored.sketch.is_none() {
            notes.push(
                "note: the run is of a version that kept no sketch of its samples: recordings that were trimmed or cut since cannot be \
                 told from new ones"
                    .into(),
            );
        }
        if let Some((counts, first)) = self.copies.text() {
            notes.push(format!(
                "note: windows that are parts of intervals of the run which are there as a whole, too, are left out: {counts}; the first \
                 is in {first}"
            ));
        }
        notes.extend(self.not_compared(of));
        notes.extend(self.alike(of));
        notes
    }

    /// Tells of new intervals of samples that were resampled and cannot be compared with the run's, or the other way round.
    fn not_compared(&self, of: &[Place]) -> Option<String> {
        let is_by_sources = self.stored.sketch.as_ref()?.is_by_sources();
        let new = (self.segments.all.iter().zip(of)).filter(|(_, place)| **place == Place::New);
        let count = new
            .filter(|(segment, _)| segment.sources.is_empty() == is_by_sources)
            .count();
        let lack = match is_by_sources {
            true => "they lack, and the run has",
            false => "they have, and the run lacks",
        };
        (count > 0).then(|| {
            format!(
                "warning: {count} of the new intervals cannot be compared with the run's samples before these were resampled, which {lack}: \
                 trimmed copies among them count as new. Import both anew from the original recordings, and train anew"
            )
        })
    }

    /// Tells of new intervals that begin like known ones, or share a few samples with them.
    fn alike(&self, of: &[Place]) -> Option<String> {
        let lists = self.stored.lists();
        let starts = lists
            .iter()
            .flat_map(|(_, ids)| ids.iter().map(|id| id.start()));
        let starts: HashSet<_> = starts.collect();
        let shares = sharing_with_known(self.segments, of);
        let alike = (self.segments.all.iter().zip(of).enumerate())
            .filter(|(i, (segment, place))| {
                **place == Place::New
                    && (starts.contains(&segment.id.start()) || shares.contains(i))
            })
            .count();
        (alike > 0).then(|| {
            format!(
                "warning: {alike} of the new intervals begin like ones that the run knows, or share samples with them: \
                 recordings that were changed, trimmed or cut are not new to it"
            )
        })
    }

    fn doubts(&self) -> Vec<String> {
        let parts = self.parts.text().map(|(counts, first)| {
            format!(
                "warning: windows that share samples with what the run was split of are not new to it, and count as of its splits: \
                 {counts}; the first is in {first}"
            )
        });
        let relabelled = self.relabelled.text().map(|(counts, first)| {
            format!(
                "warning: windows that have another label than when the model was trained and tested: {counts}; the first is in {first}"
            )
        });
        parts.into_iter().chain(relabelled).collect()
    }
}

/// Digests of the anchors of the segments that are known as a whole.
fn anchors_of<'a>(
    segments: impl Iterator<Item = (&'a Segment, &'a Place)>,
    index: &Index,
) -> HashSet<u64> {
    let known = segments.filter(|(_, place)| **place != Place::New);
    known
        .flat_map(|(segment, _)| index.digests(segment))
        .collect()
}

/// The segments that share samples with ones that the run knows, maybe through others.
fn sharing_with_known(segments: &Segments, of: &[Place]) -> HashSet<usize> {
    let mut sets = Sets::default();
    for &(a, b) in &segments.shared {
        let (a, b) = (sets.of(a), sets.of(b));
        sets.join(a, b);
    }
    let all: HashSet<usize> = segments.shared.iter().flat_map(|&(a, b)| [a, b]).collect();
    let mut root = |i: usize| {
        let set = sets.of(i);
        sets.root(set)
    };
    let known: HashSet<usize> = (all.iter())
        .filter(|&&i| of[i] != Place::New)
        .map(|&i| root(i))
        .collect();
    all.into_iter()
        .filter(|&i| known.contains(&root(i)))
        .collect()
}
