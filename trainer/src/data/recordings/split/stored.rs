//! A split as a run and its card keep it.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::found::Finder;
use super::sketch::Sketch;
use super::{Place, Places, TEST, TRAIN, VALID, parts};
use crate::data::recordings::anchors::Anchor;
use crate::data::recordings::id::Id;
use crate::data::recordings::segments::Segments;
use crate::data::recordings::{Cutting, Holdout};

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
    /// Number of the class of each interval, in the order of `train`, `valid`, `test` and `cut`; runs of earlier versions kept none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<usize>,
    /// A sketch of the samples, by which parts of intervals are found; runs of earlier versions kept none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sketch: Option<Sketch>,
}

impl StoredSplit {
    /// The split of segments in their places; `anchors` are those of each segment with the first reach.
    pub(in crate::data::recordings) fn of(
        segments: &Segments,
        places: &Places,
        anchors: Vec<Vec<Anchor>>,
        (cutting, holdout): (&Cutting, &Holdout),
    ) -> Self {
        let mut classes = Vec::new();
        let mut ids = |place: Place| -> Vec<Id> {
            let both = segments.all.iter().zip(&places.of);
            let mut found: Vec<(Id, usize)> = both
                .filter(|(_, of)| **of == place)
                .map(|(segment, _)| (segment.id, segment.class))
                .collect();
            found.dedup();
            classes.extend(found.iter().map(|(_, class)| *class));
            found.into_iter().map(|(id, _)| id).collect()
        };
        Self {
            by: places.by,
            train: ids(Place::Split(TRAIN)),
            valid: ids(Place::Split(VALID)),
            test: ids(Place::Split(TEST)),
            cut: ids(Place::Cut),
            classes,
            sketch: Some(Sketch::of(
                segments,
                &places.of,
                anchors,
                cutting.steps,
                |samples| parts(samples, cutting, holdout),
            )),
        }
    }

    /// Checks what stands in a file.
    ///
    /// # Errors
    /// Parts do not go together; the message names the field.
    pub(in crate::data::recordings) fn check(&self, classes: usize) -> Result<()> {
        let fits = self.classes.is_empty() || self.classes.len() == self.len();
        ensure!(
            fits && self.classes.iter().all(|&class| class < classes),
            "split.classes must have a number below {classes} for each of the {} intervals",
            self.len()
        );
        self.sketch.as_ref().map_or(Ok(()), Sketch::check)
    }

    /// Number of intervals.
    pub fn len(&self) -> usize {
        self.lists().iter().map(|(_, ids)| ids.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn lists(&self) -> [(Place, &[Id]); 4] {
        [
            (Place::Split(TRAIN), &self.train),
            (Place::Split(VALID), &self.valid),
            (Place::Split(TEST), &self.test),
            (Place::Cut, &self.cut),
        ]
    }

    /// Finds each segment; what the run does not know is new.
    pub(in crate::data::recordings) fn places(
        &self,
        segments: &Segments,
        files: &[PathBuf],
        cutting: &Cutting,
        holdout: &Holdout,
    ) -> Places {
        let finder = Finder::new(self, segments, files, (cutting, holdout));
        let mut places = finder.places();
        places.notes.splice(0..0, self.missing(segments));
        places
    }

    /// Tells of intervals of the run that are not among the data, though others are.
    fn missing(&self, segments: &Segments) -> Vec<String> {
        let there: HashSet<Id> = segments.all.iter().map(|segment| segment.id).collect();
        let names = ["training split", "validation split", "test split", "splits"];
        let counts = self.lists().map(|(_, ids)| {
            let missing = ids.iter().filter(|id| !there.contains(id)).count();
            (missing, ids.len())
        });
        (counts.into_iter().zip(names))
            .filter(|((missing, _), _)| (1..self.len()).contains(missing))
            .map(|((missing, all), name)| {
                format!(
                    "note: {missing} of the {all} intervals of the run's {name} are not among these data"
                )
            })
            .collect()
    }
}
