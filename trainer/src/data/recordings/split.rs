//! Splitting recordings into those that are trained on, chosen by and reported on.
//!
//! What belongs together is in one split: all recordings of a group, if there are groups; else whole recordings, if every class
//! is in enough of them; else whole intervals of one label. The windows of an interval are alike, so a split that shares
//! intervals flatters, and one that shares recordings does a little. Where a class has too few intervals even for that, its
//! intervals are cut by time: the first three fifths are trained on, the next one is the validation split, the last one the test
//! split, with half a window between them.
//!
//! Of every class a fifth of the windows is the test split and a fifth the validation split, as nearly as whole units allow.
//! Which units these are follows from their content and a seed, whatever files are called.

mod check;
mod folds;
mod found;
mod named;
mod sets;
mod shares;
mod sketch;
mod stored;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use anyhow::Result;

use super::segments::{Segment, Segments};
use super::{Cutting, Holdout};
use crate::data::holdout::share;
use crate::visible;
use sets::Sets;
use shares::{Goal, Unit};

pub use sketch::Sketch;
pub use stored::{By, StoredSplit};

/// One of so many windows of a class is for the test, and one for the validation.
const SHARE: usize = 5;
/// Splits.
const SPLITS: usize = 3;

/// A split, by number.
pub(super) const TRAIN: usize = 0;
pub(super) const VALID: usize = 1;
pub(super) const TEST: usize = 2;
/// Number of what is in no split.
pub(super) const NEW: usize = 3;

/// Where a segment's windows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All into one split.
    Split(usize),
    /// Cut by time into all.
    Cut,
    /// Nowhere: the run does not know it.
    New,
    /// Some samples into each of some splits, or [`NEW`], and others nowhere, as they are there twice.
    Parts(Vec<(usize, Range<usize>)>),
}

/// Where the windows of each segment go, and how that was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Places {
    pub by: By,
    pub of: Vec<Place>,
    pub notes: Vec<String>,
    /// Lines that belong beside an accuracy on these data.
    pub doubts: Vec<String>,
}

/// The part of a segment that is of each split, where it is cut by time: without a validation split if there is to be none.
pub(super) fn parts(
    samples: usize,
    cutting: &Cutting,
    holdout: &Holdout,
) -> [Range<usize>; SPLITS] {
    let gap = cutting.steps.div_ceil(2);
    let fifths = |count: usize| samples * count / SHARE;
    let test = fifths(SHARE - 1);
    let before = |border: usize| border.saturating_sub(gap);
    match holdout {
        Holdout::None => [0..before(test), 0..0, test..samples],
        _ => {
            let valid = fifths(SHARE - 2);
            [0..before(valid), valid..before(test), test..samples]
        }
    }
}

/// The samples of a segment of so many that are of each split, or [`NEW`].
pub(super) fn ranges(
    place: &Place,
    samples: usize,
    cutting: &Cutting,
    holdout: &Holdout,
) -> Vec<(usize, Range<usize>)> {
    match place {
        Place::Split(split) => vec![(*split, 0..samples)],
        Place::Cut => (0..).zip(parts(samples, cutting, holdout)).collect(),
        Place::New => vec![(NEW, 0..samples)],
        Place::Parts(parts) => parts.clone(),
    }
}

/// Splits `segments`.
///
/// # Errors
/// Some class would have no windows to train on, to choose by or to test on; the message says which, and what it takes.
pub(super) fn draw(segments: &Segments, cutting: &Cutting, holdout: &Holdout) -> Result<Places> {
    let drawing = Drawing {
        segments,
        cutting,
        holdout,
        classes: segments.classes.len(),
    };
    let mut places = match segments.group {
        Some(_) => drawing.whole(By::Group)?,
        None => match drawing.whole(By::Recording) {
            Ok(places) => places,
            Err(lack) if drawing.is_named() || cutting.fold.is_some() => return Err(lack),
            Err(lack) => {
                let mut places = drawing.by_interval()?;
                places.notes.insert(
                    0,
                    format!(
                        "warning: split by interval of one label, not by recording, which flatters: {lack:#}"
                    ),
                );
                places
            }
        },
    };
    drawing.check(&places)?;
    places.notes.extend(note_of_shared(segments, &places));
    Ok(places)
}

/// Tells of the segments that share samples with others, and whether they are in one split.
fn note_of_shared(segments: &Segments, places: &Places) -> Option<String> {
    let all: HashSet<usize> = segments.shared.iter().flat_map(|&(a, b)| [a, b]).collect();
    let is_cut = |i: &&usize| places.of[**i] == Place::Cut;
    match all.iter().filter(is_cut).count() {
        _ if all.is_empty() => None,
        0 => Some(format!(
            "note: {} intervals share samples with others: kept together in one split",
            all.len()
        )),
        cut => Some(format!(
            "warning: {} intervals share samples with others, and {cut} of them are cut by time: samples that are trained on may \
             be in the other splits too. Remove copies and cuts that overlap, or record more",
            all.len()
        )),
    }
}

struct Drawing<'a> {
    segments: &'a Segments,
    cutting: &'a Cutting,
    holdout: &'a Holdout,
    classes: usize,
}

impl Drawing<'_> {
    /// Units that a class needs.
    fn needed(&self) -> usize {
        match self.holdout {
            Holdout::None => 2,
            _ => SPLITS,
        }
    }

    /// Whether the validation split is of groups or recordings that the user names.
    fn is_named(&self) -> bool {
        matches!(self.holdout, Holdout::Subjects(_) | Holdout::Names(_))
    }

    fn windows(&self, segment: &Segment) -> usize {
        self.cutting.windows_in(segment.samples)
    }

    /// Splits whole groups or recordings.
    fn whole(&self, by: By) -> Result<Places> {
        let all: Vec<usize> = (0..self.segments.all.len()).collect();
        let units = self.units(by, &all);
        self.check_units(by, &units)?;
        let of_unit = self.assign(by, &units)?;
        let mut of = vec![Place::New; all.len()];
        place(&units, &of_unit, &mut of);
        Ok(Places {
            by,
            of,
            notes: Vec::new(),
            doubts: Vec::new(),
        })
    }

    /// Splits whole intervals, and by time those of classes with too few of them.
    fn by_interval(&self) -> Result<Places> {
        let by = By::Interval;
        let all: Vec<usize> = (0..self.segments.all.len()).collect();
        let counts = self.units_of_classes(&self.units(by, &all));
        let is_cut = |i: &usize| counts[self.segments.all[*i].class] < self.needed();
        let (cut, whole): (Vec<usize>, Vec<usize>) = all.iter().partition(|i| is_cut(i));
        let units = self.units(by, &whole);
        let of_unit = match units.is_empty() {
            true => Vec::new(),
            false => self.assign(by, &units)?,
        };
        let mut of = vec![Place::Cut; all.len()];
        place(&units, &of_unit, &mut of);
        let mut notes = Vec::new();
        if !cut.is_empty() {
            let mut classes: Vec<usize> = cut.iter().map(|&i| self.segments.all[i].class).collect();
            classes.sort_unstable();
            classes.dedup();
            let names = classes.iter().map(|&class| &self.segments.classes[class]);
            notes.push(format!(
                "warning: cut by time, with half a window between the splits, which flatters more, as there are fewer than {} \
                 intervals: {}",
                self.needed(),
                visible::names(names)
            ));
        }
        Ok(Places {
            by,
            of,
            notes,
            doubts: Vec::new(),
        })
    }

    /// The units that some segments make, in an order that their content and the seed give.
    fn units(&self, by: By, segments: &[usize]) -> Vec<Unit> {
        let all = &self.segments.all;
        let key = |i: usize| match by {
            By::Group => all[i].group.unwrap_or(0),
            By::Recording => all[i].recording,
            By::Interval => i,
        };
        // What begins with the same window, or shares samples elsewhere, is a copy, maybe cut or gone on with: it stays together.
        let mut sets = Sets::default();
        let mut by_start = HashMap::new();
        for &i in segments {
            let set = sets.of(key(i));
            let other = *by_start.entry(all[i].id.start()).or_insert(set);
            sets.join(set, other);
        }
        let is_in: HashSet<usize> = segments.iter().copied().collect();
        for &(a, b) in &self.segments.shared {
            if is_in.contains(&a) && is_in.contains(&b) {
                let (a, b) = (sets.of(key(a)), sets.of(key(b)));
                sets.join(a, b);
            }
        }
        let mut units: BTreeMap<usize, Unit> = BTreeMap::new();
        for &i in segments {
            let set = sets.of(key(i));
            let unit = units.entry(sets.root(set)).or_default();
            unit.add(i, all[i].class, self.windows(&all[i]));
        }
        let units: Vec<Unit> = units.into_values().collect();
        shares::in_order(units, self.cutting.split_seed, |i| all[i].id)
    }

    /// Number of the units of each class.
    fn units_of_classes(&self, units: &[Unit]) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for (class, _) in units.iter().flat_map(Unit::classes) {
            counts[class] += 1;
        }
        counts
    }

    /// The split of each unit.
    fn assign(&self, by: By, units: &[Unit]) -> Result<Vec<usize>> {
        let counts = self.units_of_classes(units);
        let is_in = |class: &usize| counts[*class] > 0;
        let present: Vec<usize> = (0..self.classes).filter(is_in).collect();
        let totals = windows_of(units, self.classes);
        let test = match self.cutting.fold {
            Some(fold) => self.fold(by, units, fold)?,
            None => {
                let keeps_two = present.iter().all(|&class| counts[class] >= SPLITS);
                let wanted = totals.iter().map(|&windows| windows as f64 / SHARE as f64);
                let goal = Goal {
                    wanted: wanted.collect(),
                    kept: if keeps_two { 2 } else { 1 },
                };
                // What is held out by name is not for the test.
                let named = self.named(by, units)?;
                let others = (0..units.len()).filter(|i| !named.contains(i));
                let others: Vec<usize> = others.collect();
                let candidates: Vec<Unit> = others.iter().map(|&i| units[i].clone()).collect();
                let mut is_chosen = vec![false; units.len()];
                for (i, chosen) in others.into_iter().zip(shares::choose(&candidates, &goal)) {
                    is_chosen[i] = chosen;
                }
                is_chosen
            }
        };
        let mut of_unit: Vec<usize> = test
            .iter()
            .map(|&taken| if taken { TEST } else { TRAIN })
            .collect();
        let rest: Vec<usize> = (0..units.len()).filter(|&i| !test[i]).collect();
        for i in self.held_out(by, units, &rest, &totals)? {
            of_unit[i] = VALID;
        }
        self.check_assigned(by, units, &of_unit)?;
        Ok(of_unit)
    }

    /// The units among `rest` that are the validation split.
    fn held_out(
        &self,
        by: By,
        units: &[Unit],
        rest: &[usize],
        totals: &[usize],
    ) -> Result<Vec<usize>> {
        let wanted: Vec<f64> = match self.holdout {
            Holdout::None => return Ok(Vec::new()),
            Holdout::Subjects(_) | Holdout::Names(_) => return self.named(by, units),
            Holdout::Standard => totals
                .iter()
                .map(|&windows| windows as f64 / SHARE as f64)
                .collect(),
            Holdout::Random { percent, .. } => {
                let share = share(*percent)? as f64 / 100.0;
                let of_rest = |class: usize| -> usize {
                    rest.iter().map(|&i| units[i].windows_of(class)).sum()
                };
                (0..self.classes)
                    .map(|class| of_rest(class) as f64 * share)
                    .collect()
            }
        };
        let mut others: Vec<Unit> = rest.iter().map(|&i| units[i].clone()).collect();
        if let Holdout::Random { seed, .. } = self.holdout {
            let all = &self.segments.all;
            others = shares::in_order(others, seed.wrapping_add(1), |i| all[i].id);
        }
        let chosen = shares::choose(&others, &Goal { wanted, kept: 1 });
        // A segment is in one unit.
        let chosen: HashSet<&[usize]> = (others.iter().zip(chosen))
            .filter(|(_, chosen)| *chosen)
            .map(|(unit, _)| unit.segments())
            .collect();
        let is_chosen = |i: &usize| chosen.contains(units[*i].segments());
        Ok(rest.iter().copied().filter(is_chosen).collect())
    }
}

fn place(units: &[Unit], of_unit: &[usize], of: &mut [Place]) {
    for (unit, &split) in units.iter().zip(of_unit) {
        for &segment in unit.segments() {
            of[segment] = Place::Split(split);
        }
    }
}

fn windows_of(units: &[Unit], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for (class, windows) in units.iter().flat_map(Unit::classes) {
        counts[class] += windows;
    }
    counts
}
