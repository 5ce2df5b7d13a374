//! Recordings in the files that people have: found by content, read into one form, written as the files that the task
//! `recordings` takes.
//!
//! Each format is a file of this module with a function that tells how sure it is, and one that reads; `FORMATS` is the list.
//! What is common lies beside them: the files of an input (`source`), text (`text`), the roles of columns (`columns`), units
//! (`unit`), time (`time`), labels in names (`labels`), files that are one recording together (`merge`). What a reader gives is
//! made ready by `prepare`: channels are chosen, samples with missing values become gaps, units agree. `write` writes it.

mod arff;
mod arrays;
mod axivity;
mod beside;
mod columns;
mod context;
mod counters;
mod counts;
mod delimited;
mod edge_impulse;
mod empatica;
mod fill;
mod gravity;
mod hapt;
mod labels;
mod magic_wand;
mod merge;
mod overlaps;
mod pamap2;
mod parquet;
mod prepare;
mod recording;
mod resample;
mod rotation;
mod sensor_files;
mod series;
mod signs;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod told;
mod unit;
mod wav;
mod wisdm;
mod write;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

pub(in crate::data) use columns::axis;
pub use counts::{Scale, of_firmware as counts_of_firmware};
pub(in crate::data) use gravity::is_named_acceleration;
pub use labels::Pattern;
pub(in crate::data) use prepare::NO_LABELS;
pub use recording::{Channel, Interval, Recording, TimeBase};
pub use resample::Resampling;
pub use time::rate_of;
pub use told::{
    ToldScale, line as line_of_scales, of_lines as scales_told, parse as scales_in_line,
};
pub use unit::Unit;
pub use write::{SUMMARY, Summary, Text, Texts, Written, texts, write};

use context::Reading;
use source::Entry;
pub use source::TASK_FILE;

use super::Spots;
use crate::untrusted::Budget;
use crate::visible;

/// Bytes by which it is told whether a file is text.
const HEAD: usize = 4096;

/// How recordings are imported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Where the label stands in the names of files; absent it is looked for in the files, and then in folders.
    pub label_from: Option<Pattern>,
    /// Column that holds the labels, by its name; absent one that is named like a label.
    pub label_column: Option<String>,
    /// Column that names people or other groups, by its name; absent one that is named like people.
    pub subject_column: Option<String>,
    /// Channels to keep, in their order; none for all. For files without a header, the names of all columns.
    pub channels: Vec<String>,
    /// Unit of channels whose files tell none, with the factor of [`Unit::parse`].
    pub unit: Option<(Unit, f64)>,
    /// Samples a second where files tell no time; where they do, it must agree.
    pub rate_hz: Option<f64>,
    /// Samples a second that recordings are resampled to.
    pub resample_hz: Option<f64>,
    /// How they are resampled; absent by a filter where the rate falls, else linearly.
    pub resample_by: Option<Resampling>,
    /// The most malformed lines that are left out, over all files.
    pub skip_bad_lines: usize,
}

/// Recordings that an import found, and how it read them.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The recordings, by name, all of the same channels.
    pub recordings: Vec<Recording>,
    /// Names of the formats, with the number of files of each.
    pub formats: BTreeMap<&'static str, usize>,
    /// Number of malformed lines that were left out.
    pub skipped_lines: usize,
    /// Names of files that hold no recording.
    pub left_out: Vec<String>,
    /// Remarks on single files.
    pub notes: Vec<String>,
}

/// A file that is being read.
struct File<'a> {
    entry: &'a Entry,
    bytes: &'a [u8],
    text: OnceCell<Option<Cow<'a, str>>>,
}

impl<'a> File<'a> {
    fn new(entry: &'a Entry, bytes: &'a [u8]) -> Self {
        Self {
            entry,
            bytes,
            text: OnceCell::new(),
        }
    }

    /// The content as text, if it is.
    fn text(&self) -> Option<&str> {
        let decode = || {
            let head = &self.bytes[..self.bytes.len().min(HEAD)];
            text::is_text(head).then(|| text::decode(self.bytes))
        };
        self.text.get_or_init(decode).as_deref()
    }

    /// Name of its recording: the path without the ending.
    fn name(&self) -> String {
        format!("{}{}", self.entry.folder(), self.entry.stem())
    }
}

/// A format of files.
struct Format {
    name: &'static str,
    /// How sure it is that a file is of this format, in a hundred; 0 for not at all.
    detect: fn(&File<'_>) -> u8,
    read: fn(&File<'_>, &Reading<'_>) -> Result<Vec<Recording>>,
}

/// All formats.
const FORMATS: &[Format] = &[
    delimited::DELIMITED,
    sensor_files::SENSOR_LOGGER,
    sensor_files::PHYPHOX,
    edge_impulse::EDGE_IMPULSE,
    series::TS,
    arff::ARFF,
    magic_wand::MAGIC_WAND,
    empatica::EMPATICA,
    wisdm::WISDM,
    pamap2::PAMAP2,
    wav::WAV,
    hapt::HAPT,
    arrays::NPY,
    arrays::NPZ,
    parquet::PARQUET,
    axivity::AXIVITY,
];

/// The format of a file, if it is of any.
fn format_of(file: &File<'_>) -> Option<&'static Format> {
    let sure = FORMATS.iter().map(|format| ((format.detect)(file), format));
    let best = sure.max_by_key(|(sure, _)| *sure);
    best.filter(|(sure, _)| *sure > 0).map(|(_, format)| format)
}

/// Reads the recordings of a file, a folder with its sub-folders, or an archive.
///
/// # Errors
/// Nothing is found, a file is malformed (the message names file, line and column), or recordings do not go together.
pub fn import(input: &Path, options: &Options) -> Result<Imported> {
    let budget = Budget::of_data_set();
    let reading = Reading::new(options, &budget);
    let entries = source::entries(input, &budget)?;
    let labels = edge_impulse::Labels::of(&entries)?;
    let hapt_labels = hapt::Labels::of(&entries)?;
    let mut found = Found::default();
    for group in sensor_files::groups(&entries) {
        let (path, recordings) = match group.as_slice() {
            [entry] if edge_impulse::Labels::is(entry) || hapt::Labels::is(entry, &entries) => {
                continue;
            }
            [entry] if hapt::is_beside(entry, &entries) => {
                found.left_out.push(entry.name.clone());
                continue;
            }
            [entry] => {
                let recordings = found.read(entry, entries.len() == 1, &reading)?;
                (entry.name.clone(), recordings)
            }
            all => found.read_together(all, &reading)?,
        };
        for mut recording in recordings {
            labels.give(&path, &mut recording)?;
            hapt_labels.give(&path, &mut recording)?;
            found.recordings.push((path.clone(), recording));
        }
    }
    ensure!(
        !(found.recordings.is_empty() && found.left_out.is_empty()),
        "{} holds no files of recordings",
        input.display()
    );
    ensure!(
        !found.recordings.is_empty(),
        "{}: no file is of a known format: {}. Known are {}",
        input.display(),
        visible::names(&found.left_out),
        FORMATS
            .iter()
            .map(|format| format.name)
            .collect::<Vec<_>>()
            .join(", ")
    );
    let recordings = prepare::prepare(found.recordings, &reading)?;
    Ok(Imported {
        recordings,
        formats: found.formats,
        skipped_lines: reading.skipped(),
        left_out: found.left_out,
        notes: reading.into_notes(),
    })
}

/// Recordings and files found so far.
#[derive(Default)]
struct Found {
    /// Recordings with the path by which their labels are told.
    recordings: Vec<(String, Recording)>,
    formats: BTreeMap<&'static str, usize>,
    left_out: Vec<String>,
    /// Directions of the axes of a phone, with the file that tells them.
    axes: Option<(beside::Axes, String)>,
}

impl Found {
    /// Refuses phones whose axes are opposite.
    fn axes(&mut self, file: &File<'_>) -> Result<()> {
        let Some(axes) = beside::axes(file) else {
            return Ok(());
        };
        match &self.axes {
            None => self.axes = Some((axes, file.entry.name.clone())),
            Some((before, _)) if *before == axes => {}
            Some((_, other)) => bail!(
                "{} and {} are of iOS, as it is, and of Android: their axes are opposite. Record with \"Standardise Units & Frames\", \
                 or import them apart",
                visible::name(&file.entry.name),
                visible::name(other)
            ),
        }
        Ok(())
    }

    /// Reads a file; one of no known format is left out, unless it is the only one or is named like data.
    fn read(
        &mut self,
        entry: &Entry,
        is_only: bool,
        reading: &Reading<'_>,
    ) -> Result<Vec<Recording>> {
        let shown = || visible::name(&entry.name);
        let bytes = entry.read().with_context(shown)?;
        let file = File::new(entry, &bytes);
        if beside::is_beside(&file) {
            self.axes(&file)?;
            self.left_out.push(entry.name.clone());
            return Ok(Vec::new());
        }
        let Some(format) = format_of(&file) else {
            if entry.name.rsplit('/').next() == Some(TASK_FILE) {
                return Ok(Vec::new());
            }
            let lower = entry.name.to_ascii_lowercase();
            let is_named = [".csv", ".tsv"].iter().any(|end| lower.ends_with(end));
            if is_only || is_named {
                let why = || {
                    format!(
                        "{}, which is no recording that can be read (if it is none, put it elsewhere)",
                        shown()
                    )
                };
                return not_known(&file, reading).with_context(why);
            }
            self.left_out.push(entry.name.clone());
            return Ok(Vec::new());
        };
        let mut recordings = (format.read)(&file, reading).with_context(shown)?;
        let told = told::of_lines(file.text().into_iter().flat_map(text::lines));
        let told = told.with_context(shown)?;
        for recording in &mut recordings {
            in_units(recording, &told);
            recording.file.clone_from(&entry.name);
            if recording.spots.is_empty() {
                recording.spots = Spots::of_samples(None);
            }
        }
        *self.formats.entry(format.name).or_insert(0) += 1;
        Ok(recordings)
    }

    /// Reads files of one recording, one a sensor.
    fn read_together(
        &mut self,
        entries: &[&Entry],
        reading: &Reading<'_>,
    ) -> Result<(String, Vec<Recording>)> {
        let path = entries
            .first()
            .map_or_else(String::new, |entry| sensor_files::name_together(entry));
        let mut parts = Vec::new();
        for entry in entries {
            for recording in self.read(entry, false, reading)? {
                parts.push((*entry, recording));
            }
        }
        let merged = merge::merge(parts, reading)?;
        Ok((path, merged.into_iter().collect()))
    }
}

/// Turns counts into the values that they stand for, as the first line of their file tells.
fn in_units(recording: &mut Recording, told: &[ToldScale]) {
    let count = recording.channels.len();
    for (i, channel) in recording.channels.iter_mut().enumerate() {
        let is_plain = matches!(channel.unit, Unit::Counts | Unit::Unknown);
        let scale = told.iter().find(|scale| scale.channel == channel.name);
        if let Some(scale) = scale.filter(|_| is_plain) {
            channel.unit = scale.unit;
            for value in recording.values.iter_mut().skip(i).step_by(count) {
                *value = (f64::from(*value) / scale.counts_per_unit) as f32;
            }
        }
    }
}

/// First bytes of formats that are not read, with what they are.
const FOREIGN: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "a spreadsheet or another zip"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet"),
    (b"\x89HDF", "HDF5"),
    (b"MATLAB 5.0", "a MATLAB file"),
];

/// The error of a file that is of no known format: why it is no delimited text, which most are.
fn not_known(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let mut foreign = FOREIGN.iter();
    if let Some((_, name)) = foreign.find(|(start, _)| file.bytes.starts_with(start)) {
        bail!("it is {name}, which is not read: save it as CSV");
    }
    match file.text() {
        Some(text) => delimited::read(&file.name(), text, reading),
        None => bail!(
            "it is of no known format: it starts with \"{}\"",
            file.bytes[..file.bytes.len().min(16)].escape_ascii()
        ),
    }
}
