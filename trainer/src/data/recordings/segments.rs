//! Segments: samples that follow each other without a gap, of one label in one recording; what is cut into windows and split.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use rayon::prelude::*;

use super::breaks::breaks;
use super::clocks::{Clocks, clocks};
use super::id::Id;
use super::read::Found;
use super::run::Run;
use super::{Cutting, labels, repeats};
use crate::data::Spots;
use crate::data::belonging::{Idle, Stretch};
use crate::data::judge::{Judge, NoChannel};
use crate::data::words::composed;
use crate::visible;

/// Samples that follow each other without a gap, of one label in one recording, at least as many as a window has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    pub id: Id,
    /// Number of the class.
    pub class: usize,
    /// Number of the recording.
    pub recording: usize,
    /// Number of the group.
    pub group: Option<usize>,
    /// Raw counts, `[samples][channels]`.
    pub counts: Vec<i16>,
    /// Digests of what samples were before they were resampled, `[samples]`, 0 for none; empty where they were not, or none is known.
    pub sources: Vec<u64>,
    pub samples: usize,
    /// File and line of the first sample, by which segments are ordered.
    pub place: (usize, u64),
    /// Where the samples stand in their file; of an import in memory, in the original one.
    pub spots: Spots,
}

/// Recordings as segments, in an order that their content gives.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    pub channels: Vec<String>,
    pub classes: Vec<String>,
    /// Names of recordings.
    pub recordings: Vec<String>,
    /// Names of groups, and of their column.
    pub groups: Vec<String>,
    pub group: Option<String>,
    pub rate_hz: Option<f32>,
    pub all: Vec<Segment>,
    /// Pairs of segments, by number, that share samples; see [`super::shared`].
    pub shared: Vec<(usize, usize)>,
    /// Lines about what was left out, measured, or looks odd.
    pub notes: Vec<String>,
}

impl Segment {
    /// The file of the segment, and where its first sample stands there.
    pub fn origin(&self, files: &[PathBuf]) -> String {
        let file = files
            .get(self.place.0)
            .map(|file| file.display().to_string());
        let file = file.unwrap_or_default();
        match self.spots.get(0) {
            Some(spot) => format!("{file} from {spot}"),
            None => file,
        }
    }
}

impl Segments {
    /// Makes segments of what `files` hold.
    ///
    /// # Errors
    /// No channel is left, rates or names differ from those of `cutting`, there are fewer than two classes, or no segment of
    /// a class is as long as a window.
    pub fn of(mut found: Found, cutting: &Cutting, files: &[PathBuf]) -> Result<Self> {
        let mut notes = notes_of(&found);
        if cutting.group.is_none() && found.groups.len() == 1 {
            // One person's recordings: there is nothing to keep apart.
            found.group = None;
        }
        notes.extend(groups_alike(&found));
        notes.extend(repeats::leave_out(&mut found, files));
        let (clocks, rate_hz) = clocks(&found, cutting, files, &mut notes)?;
        let chosen = channels(&found, cutting, &mut notes)?;
        let dropped: Vec<usize> = match cutting.channels.is_empty() {
            true => (0..found.channels.len())
                .filter(|channel| !chosen.contains(channel))
                .collect(),
            false => Vec::new(),
        };
        let breaks = breaks(&found, &dropped, files, &mut notes)?;
        let numbered = breaks.iter().map(Vec::len).sum();
        let classes = classes(&found, cutting)?;
        for (a, b) in labels::alike(&classes) {
            notes.push(format!(
                "warning: the labels \"{}\" and \"{}\" are two classes: is one a slip, or a line that was meant as a comment?",
                visible::name(a),
                visible::name(b)
            ));
        }
        let names: Vec<String> = chosen.iter().map(|&i| found.channels[i].clone()).collect();
        let numbers: HashMap<_, usize> =
            classes.iter().map(|name| composed(name)).zip(0..).collect();
        let cutter = Cutter {
            cutting,
            chosen: &chosen,
            is_all: chosen.len() == found.channels.len(),
            width: found.channels.len(),
        };
        let labels = &found.labels;
        let pieces: Vec<Pieces> = (found.runs.into_par_iter().zip(breaks))
            .map(|(run, breaks)| {
                // Every label is one of the classes.
                let class = numbers.get(labels[run.label].as_str());
                cutter.run(run, &breaks, class.copied().unwrap_or(0), &clocks)
            })
            .collect();
        let mut made = Made::new(classes.len());
        pieces.into_iter().for_each(|pieces| made.add(pieces));
        made.note(cutting, &mut notes);
        if cutting.split.is_none() {
            made.check(cutting, &classes, numbered)?;
        }
        let mut all = made.all;
        all.sort_by_key(|segment| (segment.id, segment.class, segment.place));
        Ok(Self {
            channels: names,
            classes,
            recordings: found.recordings,
            groups: found.groups,
            group: found.group,
            rate_hz,
            all,
            shared: Vec::new(),
            notes,
        })
    }
}

fn notes_of(found: &Found) -> Vec<String> {
    let mut notes = Vec::new();
    if !found.left_out.is_empty() {
        notes.push(format!(
            "note: no channels, by their names: {}; --channels names the channels",
            visible::names(&found.left_out)
        ));
    }
    if found.unlabelled > 0 {
        notes.push(format!(
            "note: {} rows have no label and are left out",
            found.unlabelled
        ));
    }
    if !found.respelled.is_empty() {
        notes.push(format!(
            "note: names that are spelled in two forms of Unicode are one: {}",
            visible::names(&found.respelled)
        ));
    }
    let clocks: BTreeSet<(&String, &Vec<String>)> = (found.times.iter().flatten())
        .filter(|time| !time.others.is_empty())
        .map(|time| (&time.name, &time.others))
        .collect();
    for (name, others) in clocks {
        notes.push(format!(
            "note: the time is read from column {}, not from {}",
            visible::name(name),
            visible::names(others)
        ));
    }
    for [file, column, value] in &found.no_stamps {
        notes.push(format!(
            "warning: column {} of {file} holds \"{value}\", which is no time: neither rate nor gaps are measured there",
            visible::name(column)
        ));
    }
    notes
}

/// Tells of groups whose names are the same but for capitals, blanks or the form of a number.
fn groups_alike(found: &Found) -> Option<String> {
    let column = found.group.as_ref()?;
    let pairs = labels::alike(&found.groups);
    let (a, b) = pairs.first()?;
    let more = match pairs.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more such pairs"),
    };
    Some(format!(
        "warning: \"{}\" and \"{}\" of column {} are two groups, which may be in different splits{more}: is it one that is written in \
         two ways?",
        visible::name(a),
        visible::name(b),
        visible::name(column)
    ))
}

/// The places of the channels among the columns that were read.
fn channels(found: &Found, cutting: &Cutting, notes: &mut Vec<String>) -> Result<Vec<usize>> {
    let all = 0..found.channels.len();
    if !cutting.channels.is_empty() {
        notes.extend(found.idle.hint().map(|hint| format!("note: {hint}")));
        return Ok(all.collect());
    }
    let mut judge = Judge::new(found.channels.len());
    let runs: Vec<&[i16]> = found.runs.iter().map(|run| run.counts.as_slice()).collect();
    judge.add_all(&runs);
    let verdict = judge.verdict();
    let mut idle = found.idle.clone();
    for reason in NoChannel::ALL {
        let names: Vec<&String> = (found.channels.iter().zip(&verdict))
            .filter(|(_, found)| **found == Some(reason))
            .map(|(name, _)| name)
            .collect();
        if reason == NoChannel::TellsApart && cutting.group.is_none() && found.group.is_none() {
            idle_values(found, &names, &mut idle);
        }
        if !names.is_empty() {
            notes.push(format!(
                "warning: left out as channels, as each {}: {}; --channels names the channels",
                reason.text(),
                visible::names(names)
            ));
        }
    }
    notes.extend(idle.hint().map(|hint| format!("note: {hint}")));
    let kept: Vec<usize> = all.filter(|&i| verdict[i].is_none()).collect();
    ensure!(
        !kept.is_empty(),
        "no column is a channel: {} only count, or do not change within a recording; name the channels with --channels if \
         they are signals nevertheless",
        visible::names(&found.channels)
    );
    Ok(kept)
}

/// Adds the values of columns that have one in each run.
fn idle_values(found: &Found, names: &[&String], idle: &mut Idle) {
    let width = found.channels.len();
    let columns = (0..width).filter(|&i| names.contains(&&found.channels[i]));
    for column in columns {
        for run in &found.runs {
            let Some(value) = run.counts.get(column) else {
                continue;
            };
            let stretch = Stretch {
                recording: run.recording,
                label: found.labels[run.label].clone(),
                value: value.to_string(),
            };
            idle.add(&found.channels[column], Some(stretch));
        }
    }
}

/// The classes: those of a run, or those of the labels in order.
fn classes(found: &Found, cutting: &Cutting) -> Result<Vec<String>> {
    let used: BTreeSet<usize> = found.runs.iter().map(|run| run.label).collect();
    let classes = labels::in_order(used.iter().map(|&label| found.labels[label].as_str()));
    if !cutting.classes.is_empty() {
        let known: HashSet<Cow<'_, str>> =
            cutting.classes.iter().map(|name| composed(name)).collect();
        if let Some(unknown) = classes.iter().find(|class| !known.contains(class.as_str())) {
            bail!(
                "the classes are {}, not {}: the model knows no \"{}\". Give the data that it was trained on; to train anew, take \
                 classes and split out of [recordings]",
                visible::names(&classes),
                visible::names(&cutting.classes),
                visible::name(unknown)
            );
        }
        return Ok(cutting.classes.clone());
    }
    ensure!(
        classes.len() > 1,
        "the recordings have {} class(es) in column label ({}): there is nothing to tell apart, record or import at least two classes with a column label",
        classes.len(),
        visible::names(&classes)
    );
    Ok(classes)
}

/// Cuts runs into segments.
struct Cutter<'a> {
    cutting: &'a Cutting,
    /// Places of the channels among the columns that were read.
    chosen: &'a [usize],
    is_all: bool,
    /// Number of the columns that were read.
    width: usize,
}

/// The segments of a run.
struct Pieces {
    class: usize,
    segments: Vec<Segment>,
    gaps: usize,
    /// Number of pieces that are shorter than a window.
    short: usize,
    /// Samples of the longest piece.
    longest: usize,
}

impl Cutter<'_> {
    /// Cuts a run at its gaps in time, and before the rows that `breaks` tells.
    fn run(&self, run: Run, breaks: &[usize], class: usize, clocks: &Clocks) -> Pieces {
        let clock = clocks.get(&(run.file, run.recording)).copied();
        let mut borders = vec![0];
        if let Some(clock) = clock {
            let steps = run.times.windows(2).zip(1..);
            let gaps = steps.filter(|(pair, _)| clock.is_gap(pair[1] - pair[0]));
            borders.extend(gaps.map(|(_, at)| at));
        }
        let gaps = borders.len() - 1;
        borders.extend(breaks);
        borders.sort_unstable();
        borders.dedup();
        let mut pieces = Pieces {
            class,
            segments: Vec::new(),
            gaps,
            short: 0,
            longest: 0,
        };
        borders.push(run.samples);
        let (of, line) = ((run.recording, run.group), run.line);
        let spots = |first: usize| ((run.file, line + first as u64), run.spots.from(first));
        if borders.len() == 2 && self.is_all {
            let content = (run.counts, run.sources);
            self.segment(&mut pieces, content, of, spots(0));
            return pieces;
        }
        for pair in borders.windows(2) {
            let rows =
                run.counts[pair[0] * self.width..pair[1] * self.width].chunks_exact(self.width);
            let counts = rows
                .flat_map(|row| self.chosen.iter().map(|&i| row[i]))
                .collect();
            let sources = run.sources.get(pair[0]..pair[1]).unwrap_or_default();
            let content = (counts, sources.to_vec());
            self.segment(&mut pieces, content, of, spots(pair[0]));
        }
        pieces
    }

    fn segment(
        &self,
        pieces: &mut Pieces,
        (counts, sources): (Vec<i16>, Vec<u64>),
        (recording, group): (usize, Option<usize>),
        (place, spots): ((usize, u64), Spots),
    ) {
        let channels = self.chosen.len();
        let samples = counts.len() / channels;
        pieces.longest = pieces.longest.max(samples);
        if samples < self.cutting.steps {
            pieces.short += 1;
            return;
        }
        pieces.segments.push(Segment {
            id: Id::of(&counts, channels, self.cutting.steps * channels),
            class: pieces.class,
            recording,
            group,
            counts,
            sources,
            samples,
            place,
            spots,
        });
    }
}

/// Segments that are being made.
struct Made {
    all: Vec<Segment>,
    gaps: usize,
    short: usize,
    /// Samples of the longest segment of each class.
    longest: Vec<usize>,
}

impl Made {
    fn new(classes: usize) -> Self {
        Self {
            all: Vec::new(),
            gaps: 0,
            short: 0,
            longest: vec![0; classes],
        }
    }

    fn add(&mut self, pieces: Pieces) {
        self.gaps += pieces.gaps;
        self.short += pieces.short;
        let longest = &mut self.longest[pieces.class];
        *longest = pieces.longest.max(*longest);
        self.all.extend(pieces.segments);
    }

    fn note(&self, cutting: &Cutting, notes: &mut Vec<String>) {
        if self.gaps > 0 {
            notes.push(format!(
                "note: {} gaps in the time column: no window spans one",
                self.gaps
            ));
        }
        if self.short > 0 {
            notes.push(format!(
                "note: {} intervals of one label are shorter than a window of {} samples and left out",
                self.short, cutting.steps
            ));
        }
    }

    /// Whether every class has a window; `numbered` is the number of gaps by columns of numbers.
    fn check(&self, cutting: &Cutting, classes: &[String], numbered: usize) -> Result<()> {
        let mut gaps = match self.gaps {
            0 => String::new(),
            gaps => format!(
                ". {gaps} gaps in the time column break the recordings; if samples were lost one by one, `hadamrnn data import --resample HZ` \
                 makes them up"
            ),
        };
        if numbered > 0 {
            gaps += &format!(
                ". {numbered} gaps by columns that number samples or repetitions break the recordings: take such a column out of the files if it \
                 numbers something else"
            );
        }
        for (class, longest) in classes.iter().zip(&self.longest) {
            ensure!(
                *longest >= cutting.steps,
                "no recording of \"{}\" is as long as a window of {} samples, the longest has {longest}: record longer, or set \
                 --steps{gaps}",
                visible::name(class),
                cutting.steps
            );
        }
        Ok(())
    }
}
