//! The user's own recordings: comma-separated files of labelled raw sensor counts, cut into windows.
//!
//! # Files
//! A folder of `.csv` files, or one. Each has a header line and a row a sample:
//!
//! ```text
//! label,ax,ay,az
//! walk,120,-33,8190
//! ```
//!
//! The column `label` names the class; a row without one belongs to none. A column `recording` tells recordings apart, whose
//! names are the same over all files (else a file is one), a column such as `subject` groups them, and a column such as `time`
//! gives the rate and the gaps. The other columns are channels, in raw counts of 16 bits, just as the board will read them, but
//! for those that only count or tell recordings apart; see `columns`. `hadamrnn monitor --record` writes such files.
//!
//! # Windows and splits
//! Windows are cut from segments: samples that follow each other without a gap, of one label in one recording. Whole groups,
//! recordings or segments are split, so that what is reported is measured on what was never trained on; see `split`. A run keeps
//! which content is in which split ([`StoredSplit`]): what is recorded later is new to it.

mod columns;
mod duplicates;
mod earlier;
mod labels;
mod lines;
mod overview;
mod read;
mod segments;
mod split;
#[cfg(test)]
mod tests;
mod time;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Dataset, Holdout, Sequences, Source, Targets, Task, archive};
use crate::config::bounds::{self, within};
use crate::untrusted::Budget;
use crate::visible;
use columns::Wanted;
use read::{FILE, Found};
use segments::Segments;
use split::Place;

pub use overview::{ClassRow, Overview, Units};
pub use segments::Id;
pub use split::{By, StoredSplit};

/// Samples a second where neither the user nor a time column says how many they are.
const DEFAULT_RATE_HZ: f32 = 50.0;
/// Rules by which recordings are read and split; see [`Cutting::rules`].
const RULES: u8 = 2;
/// The most intervals of a split that a configuration keeps.
const MOST_INTERVALS: usize = 50_000;

/// How recordings are read, cut into windows and split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cutting {
    /// Samples of a window, `1..=65535`.
    pub steps: usize,
    /// Samples from the start of a window to that of the next, `1..=65_535`; less than `steps` overlaps them.
    pub hop: usize,
    /// Samples a second; absent they are measured by the time column, or else 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<f32>,
    /// Columns that are channels, in their order; absent all that are not named like a time, number or person, and do not just
    /// count or tell recordings apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Column whose values group recordings that stay in one split; absent one named like `subject`, and "none" for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Seed of the split; equal seeds split equal recordings equally.
    #[serde(skip_serializing_if = "is_zero")]
    pub split_seed: u64,
    /// Rules of reading and splitting: 2, or 1 as versions had them that kept no split.
    #[serde(default = "first_rules")]
    pub rules: u8,
    /// Names of the classes in their order; absent those of the labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The split of a run; absent it is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<StoredSplit>,
}

fn is_zero(seed: &u64) -> bool {
    *seed == 0
}

fn first_rules() -> u8 {
    1
}

impl Default for Cutting {
    fn default() -> Self {
        Self {
            steps: 128,
            hop: 64,
            rate_hz: None,
            channels: Vec::new(),
            group: None,
            split_seed: 0,
            rules: RULES,
            classes: Vec::new(),
            split: None,
        }
    }
}

impl Cutting {
    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        within("steps", self.steps, bounds::SAMPLES)?;
        within("hop", self.hop, bounds::SAMPLES)?;
        within("rules", self.rules.into(), 1..=RULES.into())?;
        if let Some(rate) = self.rate_hz {
            ensure!(
                rate.is_finite() && rate > 0.0,
                "rate_hz must be a positive number, not {rate}"
            );
        }
        for (field, names) in [("channels", &self.channels), ("classes", &self.classes)] {
            let twice = (1..names.len()).find(|&i| names[..i].contains(&names[i]));
            ensure!(
                twice.is_none(),
                "{field} must name each once, not twice \"{}\"",
                visible::name(twice.map_or("", |i| &names[i]))
            );
        }
        ensure!(
            self.split.is_none() || (!self.channels.is_empty() && self.classes.len() > 1),
            "split is that of a run, which has channels and classes, too: take it out to have it drawn"
        );
        Ok(())
    }

    /// Windows of samples in a row.
    fn windows_in(&self, samples: usize) -> usize {
        (samples.checked_sub(self.steps)).map_or(0, |rest| rest / self.hop + 1)
    }

    /// Whether channels that hardly moved in training get a floor of their deviation.
    pub(crate) fn has_floor(&self) -> bool {
        self.rules == RULES
    }

    /// Samples a second, for people and boards: stated or measured, else the default.
    pub fn rate(&self) -> f32 {
        self.rate_hz.unwrap_or(DEFAULT_RATE_HZ)
    }
}

/// Recordings, as a run wants them.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Windows of the splits.
    pub data: Dataset,
    /// All else that is known.
    pub own: OwnData,
}

/// Facts of a user's own recordings.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnData {
    /// Windows that are in no split: recorded after the run was split.
    pub new: Sequences,
    /// How windows spread over classes and splits.
    pub overview: Overview,
    /// Lines about what was left out, measured, or looks odd.
    pub notes: Vec<String>,
    /// How the recordings were read, with all that a run has to keep: rate, channels, classes and split.
    pub cutting: Cutting,
}

/// Finds recordings: `place` is a folder of `.csv` files, or one such file.
///
/// # Errors
/// There is none.
pub fn locate(place: &Path) -> Result<Source> {
    let is_csv = |path: &PathBuf| {
        // `._walk.csv` is what a Mac keeps beside walk.csv.
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let ending = path.extension().and_then(|ending| ending.to_str());
        // What is no regular file, or leads nowhere, is an error when it is read, and never left out in silence.
        !is_hidden
            && !path.is_dir()
            && ending.is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
    };
    if !place.is_dir() && place.symlink_metadata().is_ok() {
        return Ok(Source::file(place));
    }
    ensure!(
        place.is_dir(),
        "{} is not there: name the folder that holds your recordings",
        place.display()
    );
    let files: Vec<PathBuf> = archive::entries(place)?
        .into_iter()
        .filter(is_csv)
        .collect();
    ensure!(
        !files.is_empty(),
        "{} holds no .csv file: recordings have a header line `label,CHANNEL,CHANNEL,…` and a row of raw counts a sample; \
         `hadamrnn monitor --record` makes them",
        place.display()
    );
    Ok(Source::Files(files))
}

/// Reads the recordings of `source`, cuts them into windows and splits these.
///
/// # Errors
/// A file cannot be read or is malformed (the message names file, line and column), names or rate are not those of `cutting`,
/// there are fewer than two classes, a class would be missing from a split, or there is more than memory is meant for.
pub fn load(source: &Source, cutting: &Cutting, holdout: &Holdout) -> Result<Dataset> {
    Ok(load_whole(source, cutting, holdout)?.data)
}

/// As [`load`], with all that is known of the recordings.
///
/// # Errors
/// As of [`load`].
pub fn load_whole(source: &Source, cutting: &Cutting, holdout: &Holdout) -> Result<Loaded> {
    let files = source.paths()?;
    let budget = Budget::of_data_set();
    let wanted = Wanted {
        channels: &cutting.channels,
        group: cutting.group.as_deref(),
    };
    // Errors of reading name the file.
    let loaded = match cutting.rules {
        RULES => {
            let found = read::read(files, wanted, &budget)?;
            by_these_rules(found, files, &budget, cutting, holdout)
        }
        _ => {
            let found = earlier::read(files, &budget)?;
            by_earlier_rules(found, &budget, cutting, holdout)
        }
    };
    loaded.with_context(|| place(files))
}

/// The folder of files, or the only one.
fn place(files: &[PathBuf]) -> String {
    let path = match files {
        [first, _, ..] => first.parent(),
        files => files.first().map(PathBuf::as_path),
    };
    path.map_or(String::new(), |path| path.display().to_string())
}

fn by_earlier_rules(
    found: earlier::Recorded,
    budget: &Budget,
    cutting: &Cutting,
    holdout: &Holdout,
) -> Result<Loaded> {
    let data = earlier::windows(found, budget, cutting, holdout)?;
    let new = data.test.select(&[]);
    let how = "split by the rules of an earlier version, anew each time";
    let note = "note: the run is of an earlier version, which kept no split: it is drawn anew from what is recorded now, by that \
                version's rules. If recordings were added since, the test split may hold what was trained on; train anew for a \
                result to rely on";
    let own = OwnData {
        overview: Overview::of(&data, &new, how.into()),
        new,
        notes: vec![note.into()],
        cutting: cutting.clone(),
    };
    Ok(Loaded { data, own })
}

fn by_these_rules(
    found: Found,
    files: &[PathBuf],
    budget: &Budget,
    cutting: &Cutting,
    holdout: &Holdout,
) -> Result<Loaded> {
    let mut segments = Segments::of(found, cutting, files)?;
    duplicates::leave_out(&mut segments, files);
    ensure!(
        segments.all.len() <= MOST_INTERVALS,
        "{} intervals of one label are more than {MOST_INTERVALS}: do the labels change with every few samples?",
        segments.all.len()
    );
    let places = match &cutting.split {
        Some(stored) => stored.places(&segments),
        None => split::draw(&segments, cutting, holdout)?,
    };
    let split = match &cutting.split {
        Some(stored) => stored.clone(),
        None => StoredSplit::of(&segments, &places),
    };
    let how = how(&segments, cutting, &split);
    let units = units(&segments, split.by, &places.of);
    let [train, valid, test, new] = cut(&segments, &places.of, cutting, holdout, budget)?;
    let cutting = Cutting {
        rate_hz: Some(segments.rate_hz.unwrap_or(DEFAULT_RATE_HZ)),
        channels: segments.channels.clone(),
        classes: segments.classes.clone(),
        split: Some(split),
        ..cutting.clone()
    };
    let data = Dataset {
        name: Task::Recordings.name().to_owned(),
        train,
        valid,
        test,
        input_lsb: vec![1.0; segments.channels.len()],
        classes: segments.classes,
        channel_names: segments.channels,
        sample_rate_hz: cutting.rate(),
    };
    let overview = Overview {
        units,
        ..Overview::of(&data, &new, how)
    };
    let own = OwnData {
        overview,
        new,
        notes: [segments.notes, places.notes].concat(),
        cutting,
    };
    Ok(Loaded { data, own })
}

/// The names of what is in each split.
fn units(segments: &Segments, by: By, places: &[Place]) -> Units {
    let mut names: [BTreeSet<&str>; 4] = Default::default();
    for (segment, place) in segments.all.iter().zip(places) {
        let name = match (by, segment.group) {
            (By::Group, Some(group)) => &segments.groups[group],
            _ => &segments.recordings[segment.recording],
        };
        match (place, by) {
            (Place::Split(split), By::Group | By::Recording) => names[*split].insert(name),
            (Place::New, _) => names[3].insert(name),
            // An interval has no name.
            _ => false,
        };
    }
    let [train, valid, test, new] = names.map(|names| names.into_iter().map(short).collect());
    Units {
        train,
        valid,
        test,
        new,
    }
}

/// The name of a recording, of a file its last part.
fn short(name: &str) -> String {
    let file = name.strip_prefix(FILE).map(Path::new);
    let file = file.and_then(Path::file_stem);
    file.map_or(name.to_owned(), |file| file.to_string_lossy().into_owned())
}

/// How the windows are split, for people.
fn how(segments: &Segments, cutting: &Cutting, split: &StoredSplit) -> String {
    let by = match (split.by, &segments.group) {
        (By::Group, Some(column)) => format!("whole groups by column {}", visible::name(column)),
        (By::Group, None) => "whole groups".into(),
        (By::Recording, _) => "whole recordings".into(),
        (By::Interval, _) => "whole intervals of one label, which flatters".into(),
    };
    let cut = match split.cut.len() {
        0 => String::new(),
        count => format!(", {count} of them cut by time, which flatters more"),
    };
    let drawn = match (&cutting.split, cutting.split_seed) {
        (Some(_), _) => "as the run keeps it".into(),
        (None, 0) => "balanced by windows of each class".into(),
        (None, seed) => format!("balanced by windows of each class, seed {seed}"),
    };
    format!("split: {by}{cut}; {drawn}")
}

/// A window: the segment that it is of, and its first sample there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    segment: usize,
    start: usize,
}

/// The windows of the three splits, and those of none.
fn cut(
    segments: &Segments,
    places: &[Place],
    cutting: &Cutting,
    holdout: &Holdout,
    budget: &Budget,
) -> Result<[Sequences; 4]> {
    let mut windows: [Vec<Window>; 4] = Default::default();
    for (segment, (found, place)) in segments.all.iter().zip(places).enumerate() {
        let ranges = match place {
            Place::Split(split) => vec![(*split, 0..found.samples)],
            Place::Cut => (0..)
                .zip(split::parts(found.samples, cutting, holdout))
                .collect(),
            Place::New => vec![(3, 0..found.samples)],
        };
        for (split, range) in ranges {
            let starts =
                (0..cutting.windows_in(range.len())).map(|i| range.start + i * cutting.hop);
            windows[split].extend(starts.map(|start| Window { segment, start }));
        }
    }
    check_memory(
        windows.iter().map(Vec::len).sum(),
        segments.channels.len(),
        cutting,
        budget,
    )?;
    let [train, valid, test, new] = windows.map(|windows| sequences(segments, &windows, cutting));
    Ok([train?, valid?, test?, new?])
}

/// Windows overlap, so they may be many times what was recorded.
fn check_memory(windows: usize, channels: usize, cutting: &Cutting, budget: &Budget) -> Result<()> {
    let size = cutting.steps * channels * size_of::<f32>() + size_of::<Window>();
    (budget.take(windows.saturating_mul(size))).with_context(|| {
        format!(
            "{windows} windows of {} samples, one every {}: set a larger --hop",
            cutting.steps, cutting.hop
        )
    })
}

fn sequences(segments: &Segments, windows: &[Window], cutting: &Cutting) -> Result<Sequences> {
    let channels = segments.channels.len();
    let of = |window: &Window| &segments.all[window.segment];
    let values: Vec<f32> = (windows.iter())
        .flat_map(|window| {
            let from = window.start * channels;
            &of(window).counts[from..from + cutting.steps * channels]
        })
        .map(|&count| f32::from(count))
        .collect();
    let classes = windows
        .iter()
        .map(|window| of(window).class as u32)
        .collect();
    let recordings = windows
        .iter()
        .map(|window| of(window).recording as u32 + 1)
        .collect();
    Sequences::new(
        channels,
        cutting.steps,
        values,
        Targets::Class(classes),
        recordings,
    )
}
