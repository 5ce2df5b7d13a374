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

mod anchors;
mod blocks;
mod breaks;
mod clocks;
mod columns;
mod content;
mod cutting;
mod duplicates;
mod earlier;
mod id;
mod import_options;
mod join;
mod labels;
mod levels;
mod lines;
mod origin;
mod originals;
mod overview;
mod parse;
mod plan;
mod plausible;
mod read;
mod repeats;
mod rotated;
mod rows;
mod run;
mod scale;
mod segments;
mod shared;
mod split;
#[cfg(test)]
mod tests;
mod time;
mod times;
mod windows;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{Dataset, Holdout, Sequences, Source, Task, archive};
use crate::untrusted::Budget;
use crate::visible;
use columns::Wanted;
use cutting::{DEFAULT_RATE_HZ, RULES};
use originals::Originals;
use read::{FILE, Found};
use scale::Told;
use segments::Segments;
use split::{Place, Places};

pub use content::{TASK_FILE, content_digest};
pub use cutting::{Cutting, FOLDS, Fold};
pub use id::Id;
pub use import_options::ImportOptions;
pub(in crate::data) use labels::{alike as labels_alike, in_order as labels_in_order};
pub use origin::{Origin, Origins};
pub use overview::{ClassRow, Overview, Units};
pub(in crate::data) use shared::{in_common, rows_of};
pub use split::{By, Sketch, StoredSplit};

/// The most intervals of a split that a configuration keeps.
const MOST_INTERVALS: usize = 50_000;

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
    /// Where the windows are from.
    pub origins: Origins,
    /// Lines that belong beside an accuracy on these data: why it may say less than it seems to.
    pub doubts: Vec<String>,
    /// Name of the group or recording of each number that windows have as their group, less one.
    pub unit_names: Vec<String>,
    /// How the recordings were read, with all that a run has to keep: rate, channels, classes and split.
    pub cutting: Cutting,
}

/// Finds recordings: `place` is a folder of `.csv` files, or one such file, or holds recordings of another tool, which
/// [`import`](super::import) reads. Their content tells which, when they are read.
///
/// # Errors
/// There is nothing.
pub fn locate(place: &Path) -> Result<Source> {
    // What is no regular file, or leads nowhere, is an error when it is read, and never left out in silence.
    let is_csv = |path: &PathBuf| !is_hidden(path) && !path.is_dir() && has_ending(path, &["csv"]);
    let own = |files| Source::Own {
        place: place.to_path_buf(),
        files,
    };
    if !place.is_dir() && place.symlink_metadata().is_ok() {
        ensure!(
            !has_ending(place, &["toml"]),
            "{} holds settings, not recordings: name the folder or the file of the recordings",
            place.display()
        );
        return Ok(own(vec![place.to_path_buf()]));
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
    Ok(own(files))
}

/// Reads the recordings of `source`, cuts them into windows and splits these.
///
/// # Errors
/// A file cannot be read or is malformed (the message names file, line and column), names or rate are not those of `cutting`,
/// there are fewer than two classes, a class would be missing from a split, or there is more than memory is meant for.
pub fn load(source: &Source, cutting: &Cutting, holdout: &Holdout) -> Result<Dataset> {
    Ok(load_whole(source, cutting, holdout)?.data)
}

/// Loads like [`load`], with all that is known of the recordings.
///
/// # Errors
/// The same as those of [`load`].
pub fn load_whole(source: &Source, cutting: &Cutting, holdout: &Holdout) -> Result<Loaded> {
    let files = source.paths()?;
    let budget = Budget::of_data_set();
    if cutting.rules != RULES {
        let found = earlier::read(files, &budget)?;
        let loaded = by_earlier_rules(found, &budget, cutting, holdout);
        return loaded.with_context(|| place(files));
    }
    let wanted = Wanted {
        channels: &cutting.channels,
        group: cutting.group.as_deref(),
    };
    let foreign = match source {
        Source::Own { place, files } => {
            originals::why_foreign(place, files, wanted).map(|why| (place, why))
        }
        _ => None,
    };
    if let Some((place, why)) = foreign {
        let loaded = of_originals(place, cutting, holdout, &budget);
        return loaded.or_else(|error| {
            let is_run = cutting.split.is_some();
            match originals::lacking(files, &cutting.channels).filter(|_| is_run) {
                Some(lacking) => bail!(lacking),
                None => Err(error.context(format!("read as recordings of another tool, as {why}"))),
            }
        });
    }
    ensure!(
        cutting.import.is_none() || cutting.split.is_some(),
        "{} is of this program's own form, which is read without [recordings.import] (--label-from, --label-column, --unit, \
         --resample, --skip-bad-lines): leave them out, or use `hadamrnn data import`",
        place(files)
    );
    // Errors of reading name the file.
    let found = read::read(files, wanted, &budget)?;
    let told = scale::of_files(files)?;
    let warnings = match (plausible::check(&found, &told, files), &cutting.split) {
        (Ok(warnings), _) => warnings,
        (Err(error), None) => return Err(error.context(place(files))),
        // A run goes on as it began.
        (Err(error), Some(_)) => vec![format!("warning: {error:#}")],
    };
    let loaded = by_these_rules(found, &told, files, &budget, cutting, holdout);
    let mut loaded = loaded.with_context(|| place(files))?;
    loaded.own.notes.extend(warnings);
    loaded.own.notes.extend(below(files));
    Ok(loaded)
}

/// Loads recordings of another tool.
fn of_originals(
    place: &Path,
    cutting: &Cutting,
    holdout: &Holdout,
    budget: &Budget,
) -> Result<Loaded> {
    let Originals {
        found,
        told,
        files,
        notes,
        reading,
        options,
    } = originals::import(place, cutting, budget)?;
    let loaded = by_these_rules(found, &told, &files, budget, &reading, holdout);
    let mut loaded = loaded.with_context(|| place.display().to_string())?;
    let own = &mut loaded.own;
    own.notes.splice(0..0, notes);
    own.cutting.import = Some(originals::of_run(options, &own.cutting, &told));
    Ok(loaded)
}

/// Levels of folders in which recordings are looked for that are not read.
const LEVELS: usize = 4;
/// Endings of files of other tools' recordings.
const FOREIGN: [&str; 11] = [
    "parquet", "json", "cbor", "tsv", "ts", "arff", "npy", "npz", "wav", "cwa", "zip",
];

/// Tells of recordings beside and below `files`, which are not read.
fn below(files: &[PathBuf]) -> Option<String> {
    // A single file may be all that the user named.
    let folder = files.get(1)?.parent()?;
    let entries = archive::entries(folder).unwrap_or_default().into_iter();
    let left: Vec<PathBuf> = (entries.filter(|path| !is_hidden(path)))
        .filter(|path| match path.is_dir() {
            true => holds(path, LEVELS),
            false => has_ending(path, &FOREIGN),
        })
        .collect();
    let first = left.first()?;
    Some(format!(
        "warning: {} files or folders in {} hold recordings, by the endings of their names, which are not read: the first is {}. Put \
         recordings of this program's form beside the others, import those of other tools (`hadamrnn data import`), or leave them \
         there if they are not meant",
        left.len(),
        folder.display(),
        visible::name(&first.file_name()?.to_string_lossy())
    ))
}

/// Whether the name begins with a dot: `._walk.csv` is what a Mac keeps beside walk.csv.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name();
    name.is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let own = path.extension().and_then(|ending| ending.to_str());
    own.is_some_and(|own| {
        endings
            .iter()
            .any(|ending| own.eq_ignore_ascii_case(ending))
    })
}

/// Names of the folders in `place` that hold tables.
fn folders_of_tables(place: &Path) -> Vec<String> {
    let entries = archive::entries(place).unwrap_or_default().into_iter();
    (entries.filter(|path| path.is_dir() && !is_hidden(path) && holds(path, LEVELS)))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect()
}

/// Whether a folder holds tables, in itself or so many levels below.
fn holds(folder: &Path, levels: usize) -> bool {
    let entries = archive::entries(folder).unwrap_or_default();
    (entries.iter().filter(|path| !is_hidden(path))).any(|path| match path.is_dir() {
        true => levels > 0 && holds(path, levels - 1),
        false => has_ending(path, &["csv"]),
    })
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
        origins: Origins::default(),
        doubts: Vec::new(),
        unit_names: Vec::new(),
        cutting: cutting.clone(),
    };
    Ok(Loaded { data, own })
}

fn by_these_rules(
    found: Found,
    told: &[Told],
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
    let scales = scale::agree(told, &segments.channels, cutting)?;
    segments.notes.extend(scales.note.clone());
    let (shared, anchors) = shared::pairs(&segments.all, cutting.steps);
    segments.shared = shared;
    let places = match &cutting.split {
        Some(stored) => stored.places(&segments, files, cutting, holdout),
        None => split::draw(&segments, cutting, holdout)?,
    };
    let split = match &cutting.split {
        Some(stored) => stored.clone(),
        None => StoredSplit::of(&segments, &places, anchors, (cutting, holdout)),
    };
    let how = how(&segments, cutting, &split);
    let units = units(&segments, split.by, &places.of);
    let unit_names = unit_names(&segments, split.by);
    let cut = windows::Cut::of(&segments, &places.of, cutting, holdout);
    let origins = Origins::of(&segments, files, cut.places());
    let parts = cut.sequences(budget)?;
    let [train, valid, test, new] = parts.map(|part| scales.values(part));
    let levels = doubts_of_levels(&segments, &places, cutting, holdout);
    let cutting = Cutting {
        rate_hz: Some(segments.rate_hz.unwrap_or(DEFAULT_RATE_HZ)),
        channels: segments.channels.clone(),
        units: scales.units,
        classes: segments.classes.clone(),
        split: Some(split),
        ..cutting.clone()
    };
    let data = Dataset {
        name: Task::Recordings.name().to_owned(),
        train,
        valid,
        test,
        input_lsb: scales.lsb,
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
        origins,
        doubts: [places.doubts, levels].concat(),
        unit_names,
        cutting,
    };
    Ok(Loaded { data, own })
}

/// Tells of channels that tell the classes by their level alone.
fn doubts_of_levels(
    segments: &Segments,
    places: &Places,
    cutting: &Cutting,
    holdout: &Holdout,
) -> Vec<String> {
    let mut stretches = Vec::new();
    let width = segments.channels.len();
    let mut order: Vec<usize> = (0..segments.all.len()).collect();
    order.sort_by_key(|&number| segments.all[number].place);
    for number in order {
        let (segment, place) = (&segments.all[number], &places.of[number]);
        let unit = match (places.by, segment.group) {
            (By::Group, Some(group)) => group,
            (By::Interval, _) => number,
            _ => segment.recording,
        };
        let ranges = split::ranges(place, segment.samples, cutting, holdout).into_iter();
        for (_, range) in ranges.filter(|(split, _)| *split == split::TRAIN) {
            stretches.push(levels::Trained {
                counts: &segment.counts[range.start * width..range.end * width],
                class: segment.class,
                unit,
            });
        }
    }
    levels::doubts(
        &segments.channels,
        segments.classes.len(),
        cutting.steps,
        &stretches,
    )
}

/// For each recording its name, or that of its group where these are split.
fn unit_names(segments: &Segments, by: By) -> Vec<String> {
    let mut names: Vec<String> = segments.recordings.iter().map(|name| short(name)).collect();
    if by == By::Group {
        for segment in &segments.all {
            if let Some(group) = segment.group {
                names[segment.recording].clone_from(&segments.groups[group]);
            }
        }
    }
    names
}

/// The names of what is in each split.
fn units(segments: &Segments, by: By, places: &[Place]) -> Units {
    let mut names: [BTreeSet<&str>; 4] = Default::default();
    for (segment, place) in segments.all.iter().zip(places) {
        let name = match (by, segment.group) {
            (By::Group, Some(group)) => &segments.groups[group],
            _ => &segments.recordings[segment.recording],
        };
        let splits: Vec<usize> = match place {
            Place::Split(split) => vec![*split],
            Place::New => vec![split::NEW],
            Place::Parts(parts) => parts.iter().map(|(split, _)| *split).collect(),
            Place::Cut => Vec::new(),
        };
        // An interval has no name.
        let has_name = |split: &usize| *split == split::NEW || by != By::Interval;
        for split in splits.into_iter().filter(has_name) {
            names[split].insert(name);
        }
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
        (None, _) if cutting.fold.is_some() => "drawn for a cross-validation".into(),
        (None, 0) => "balanced by windows of each class".into(),
        (None, seed) => format!("balanced by windows of each class, seed {seed}"),
    };
    let fold = cutting.fold.map_or(String::new(), |Fold { number, of }| {
        format!("; the test split is fold {number} of {of}")
    });
    format!("split: {by}{cut}; {drawn}{fold}")
}
