//! A split as a run and its card keep it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::sets::Sets;
use super::{Place, Places, TEST, TRAIN, VALID};
use crate::data::recordings::id::Id;
use crate::data::recordings::segments::Segments;

/// Units that stay together in a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// All recordings of a group, such as a person.
    Group,
    /// A recording.
    Recording,
    /// Samples in a row of one label.
    Interval,
}

impl By {
    /// The word for one.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Recording => "recording",
            Self::Interval => "interval",
        }
    }

    /// The word for so many.
    pub(in crate::data::recordings) fn plural(self, count: usize) -> String {
        let end = if count == 1 { "" } else { "s" };
        format!("{}{end}", self.singular())
    }
}

/// Which samples are in which split, by the content of intervals: samples in a row of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSplit {
    /// Units that stayed together when it was drawn.
    pub by: By,
    /// Intervals that are trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub train: Vec<Id>,
    /// Intervals of the validation split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid: Vec<Id>,
    /// Intervals of the test split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<Id>,
    /// Intervals that are cut by time into all splits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<Id>,
}

impl StoredSplit {
    pub(in crate::data::recordings) fn of(segments: &Segments, places: &Places) -> Self {
        let ids = |place: Place| -> Vec<Id> {
            let both = segments.all.iter().zip(&places.of);
            let mut ids: Vec<Id> = both
                .filter(|(_, of)| **of == place)
                .map(|(segment, _)| segment.id)
                .collect();
            ids.dedup();
            ids
        };
        Self {
            by: places.by,
            train: ids(Place::Split(TRAIN)),
            valid: ids(Place::Split(VALID)),
            test: ids(Place::Split(TEST)),
            cut: ids(Place::Cut),
        }
    }

    /// Number of intervals.
    pub fn len(&self) -> usize {
        self.lists().iter().map(|(_, ids)| ids.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lists(&self) -> [(Place, &[Id]); 4] {
        [
            (Place::Split(TRAIN), &self.train),
            (Place::Split(VALID), &self.valid),
            (Place::Split(TEST), &self.test),
            (Place::Cut, &self.cut),
        ]
    }

    /// Finds each segment; what the run does not know is new.
    pub(in crate::data::recordings) fn places(&self, segments: &Segments) -> Places {
        let lists = self.lists();
        let known: HashMap<Id, Place> = (lists.iter())
            .flat_map(|(place, ids)| ids.iter().map(|&id| (id, *place)))
            .collect();
        let of: Vec<Place> = (segments.all.iter())
            .map(|segment| known.get(&segment.id).copied().unwrap_or(Place::New))
            .collect();
        Places {
            by: self.by,
            notes: self.notes(segments, &of),
            of,
        }
    }

    fn notes(&self, segments: &Segments, of: &[Place]) -> Vec<String> {
        let there: HashSet<Id> = segments.all.iter().map(|segment| segment.id).collect();
        let mut notes = Vec::new();
        let names = ["training split", "validation split", "test split", "splits"];
        for ((_, ids), name) in self.lists().iter().zip(names) {
            let missing = ids.iter().filter(|id| !there.contains(id)).count();
            if missing > 0 && missing < self.len() {
                notes.push(format!(
                    "note: {missing} of the {} intervals of the run's {name} are not among these data",
                    ids.len()
                ));
            }
        }
        let starts: HashSet<_> = (self.lists().iter())
            .flat_map(|(_, ids)| ids.iter().map(|id| id.start()))
            .collect();
        let new = || {
            let both = segments.all.iter().zip(of);
            both.filter(|(_, place)| **place == Place::New)
                .map(|(segment, _)| segment)
        };
        let shares = sharing_with_known(segments, of);
        let changed = (segments.all.iter().zip(of).enumerate())
            .filter(|(i, (segment, place))| {
                let is_known = starts.contains(&segment.id.start()) || shares.contains(i);
                **place == Place::New && is_known
            })
            .count();
        if new().next().is_some() {
            notes.push(format!(
                "note: {} intervals are new since the run was split: in none of its splits; `eval --split new` evaluates on them. To \
                 train on them, train anew",
                new().count()
            ));
        }
        if changed > 0 {
            notes.push(format!(
                "warning: {changed} of the new intervals begin like ones that the run knows, or share samples with them: \
                 recordings that were changed, trimmed or cut are not new to it"
            ));
        }
        notes
    }
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
