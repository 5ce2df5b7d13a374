//! Writing recordings as the files that the task `recordings` takes, and a summary beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::counts::{Scale, remarks, scales};
use super::recording::{Recording, TimeBase};
use super::told::{self, ToldScale};
use super::{Imported, time};
use crate::data::Spots;
use crate::data::row_digests::SOURCE;
use crate::files::UNFINISHED;

/// Name of the summary.
pub const SUMMARY: &str = "recordings.toml";
/// Lines of a file that is written above its rows: the comment and the header.
const HEAD_LINES: u64 = 2;
/// Rates that are told by a column of seconds of any name; others need one that says seconds.
const USUAL_HZ: std::ops::Range<f64> = 2.5..1900.0;

/// Summary of an import: the recordings found, and how they were written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Number of files of each format.
    pub formats: BTreeMap<&'static str, usize>,
    /// Malformed lines that were left out.
    pub skipped_lines: usize,
    /// Files without a recording.
    pub left_out: Vec<String>,
    /// Remarks on single files.
    pub notes: Vec<String>,
    /// Samples of each label, and of none as "".
    pub labels: BTreeMap<String, usize>,
    /// Channels, in the order of their columns.
    pub channels: Vec<Scale>,
    /// Recordings, by name.
    pub recordings: Vec<Written>,
}

/// A recording in a summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Written {
    /// Name of the file that was written.
    pub file: String,
    /// Name of the recording: the path that it was read from.
    pub name: String,
    /// Name in a column `recording`, that of one recording over all files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated_name: Option<String>,
    /// Person or thing that was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Number of samples.
    pub samples: usize,
    /// Samples a second, measured or stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<f64>,
    /// Number of gaps.
    pub gaps: usize,
    /// Labels in it.
    pub labels: BTreeSet<String>,
}

/// Recordings as the files that would be written, one after the other; each is dropped as soon as its text is made.
pub struct Texts {
    summary: Summary,
    /// Recordings and the names of their files, the last first.
    left: Vec<(String, Recording)>,
}

/// Makes the files of recordings, in the order of their names. Channels that `fixed` names have its scales, whatever unit of the
/// same quantity they are in.
///
/// # Errors
/// All values of a channel would be 0 as counts.
pub fn texts(imported: Imported, fixed: &[ToldScale]) -> Result<Texts> {
    let summary = Summary::of(&imported, fixed)?;
    let names = summary
        .recordings
        .iter()
        .map(|written| written.file.clone());
    let mut left: Vec<(String, Recording)> = names.zip(imported.recordings).collect();
    left.sort_by(|a, b| b.0.cmp(&a.0));
    Ok(Texts { summary, left })
}

impl Texts {
    /// The summary of all recordings.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// A file that would be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Name.
    pub file: String,
    /// Content.
    pub text: String,
    /// File that its samples are from, as a path below the input.
    pub original: String,
    /// Lines of the first samples of its intervals without a gap, with where these and those after them stand in `original`.
    pub rows: Vec<(u64, Spots)>,
}

impl Iterator for Texts {
    type Item = Text;

    fn next(&mut self) -> Option<Self::Item> {
        let (file, recording) = self.left.pop()?;
        Some(Text {
            file,
            text: text(&recording, &self.summary.channels),
            rows: rows(&recording),
            original: recording.file,
        })
    }
}

impl Summary {
    /// Numbers of recordings, samples and gaps, and the rates, in one line for people.
    pub fn in_words(&self) -> String {
        let recordings = || self.recordings.iter();
        let samples: usize = recordings().map(|recording| recording.samples).sum();
        let gaps: usize = recordings().map(|recording| recording.gaps).sum();
        let samples = match samples {
            1 => "1 sample".to_owned(),
            samples => format!("{samples} samples"),
        };
        format!(
            "{} recordings, {samples}, {}, {gaps} gaps",
            self.recordings.len(),
            self.rates()
        )
    }

    /// The rates of recordings, as a range.
    fn rates(&self) -> String {
        let rates = || {
            self.recordings
                .iter()
                .filter_map(|recording| recording.rate_hz)
        };
        let least = rates().fold(f64::INFINITY, f64::min);
        let most = rates().fold(0.0, f64::max);
        match rates().next() {
            None => "without a rate".into(),
            Some(_) if most - least < 0.01 * most => format!("{least:.2} Hz"),
            Some(_) => format!("{least:.2} to {most:.2} Hz"),
        }
    }

    fn of(imported: &Imported, fixed: &[ToldScale]) -> Result<Self> {
        let mut labels = BTreeMap::new();
        for recording in &imported.recordings {
            for label in recording.label_of_each() {
                let count = labels
                    .entry(label.unwrap_or_default().to_owned())
                    .or_insert(0);
                *count += 1;
            }
        }
        let mut files = BTreeSet::new();
        let written = |recording: &Recording| Written {
            file: file_name(&recording.name, &mut files),
            name: recording.name.clone(),
            stated_name: recording.stated_name.clone(),
            subject: recording.subject.clone(),
            samples: recording.samples(),
            rate_hz: time::rate_of(recording).map(rounded),
            gaps: recording.gaps.len(),
            labels: recording
                .labels
                .iter()
                .map(|interval| interval.label.clone())
                .collect(),
        };
        let channels = scales(&imported.recordings, fixed);
        let mut notes = remarks(&imported.recordings, &channels)?;
        notes.extend_from_slice(&imported.notes);
        Ok(Self {
            formats: imported.formats.clone(),
            skipped_lines: imported.skipped_lines,
            left_out: imported.left_out.clone(),
            notes,
            labels,
            channels,
            recordings: imported.recordings.iter().map(written).collect(),
        })
    }
}

/// To five digits: more is noise.
fn rounded(rate: f64) -> f64 {
    let digits = 10f64.powf(4.0 - rate.log10().floor());
    let rounded = (rate * digits).round() / digits;
    if rounded.is_finite() { rounded } else { rate }
}

/// A file name for a recording, of letters, digits, `-`, `_` and `.`, that is not among `taken` yet.
fn file_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut plain: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    if plain.starts_with(['.', '-']) || plain.is_empty() {
        plain.insert(0, '_');
    }
    let mut file = format!("{plain}.csv");
    let mut number = 1;
    // Some systems take names that differ by case alone for one.
    while !taken.insert(file.to_lowercase()) {
        number += 1;
        file = format!("{plain}-{number}.csv");
    }
    file
}

/// Writes recordings into the folder `out`, which must not be there or be empty: one file a recording and the summary
/// `recordings.toml`. The folder is there whole or not at all.
///
/// # Errors
/// The folder holds files or cannot be written, or all values of a channel would be 0 as counts.
pub fn write(imported: &Imported, out: &Path) -> Result<Summary> {
    let is_free =
        !out.exists() || fs::read_dir(out).is_ok_and(|mut inside| inside.next().is_none());
    ensure!(
        is_free,
        "{} is there already: name another folder with --out, or remove it",
        out.display()
    );
    let summary = Summary::of(imported, &[])?;
    let save = || -> Result<()> {
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent)?;
        let (prefix, suffix) = UNFINISHED;
        let staging = tempfile::Builder::new()
            .prefix(prefix)
            .suffix(suffix)
            .tempdir_in(parent)?;
        // A folder within, for a temporary one is private.
        let new = staging.path().join("new");
        fs::create_dir(&new)?;
        for (recording, written) in imported.recordings.iter().zip(&summary.recordings) {
            fs::write(new.join(&written.file), text(recording, &summary.channels))?;
        }
        fs::write(new.join(SUMMARY), toml::to_string(&summary)?)?;
        if out.exists() {
            fs::remove_dir(out)?;
        }
        fs::rename(&new, out)?;
        Ok(())
    };
    save().with_context(|| format!("cannot write {}", out.display()))?;
    Ok(summary)
}

/// A recording as a file: a comment, a header, a row a sample, a blank line at each gap.
fn text(recording: &Recording, scales: &[Scale]) -> String {
    let told: Vec<ToldScale> = scales.iter().map(ToldScale::from).collect();
    let origin = format!("imported from {}", recording.name);
    let mut text = told::line(&origin, &told) + "\n";
    let stamps = stamps(recording);
    let is_usual = time::rate_of(recording).is_none_or(|rate| USUAL_HZ.contains(&rate));
    if stamps.is_some() {
        text.push_str(if is_usual { "time," } else { "time_s," });
    }
    text.push_str("label");
    // What tells recordings apart, which is the same in all rows.
    let mut fixed = String::new();
    for (column, value) in [
        ("recording", &recording.stated_name),
        ("subject", &recording.subject),
    ] {
        if let Some(value) = value {
            let _ = write!(text, ",{column}");
            let _ = write!(fixed, ",{}", field(value));
        }
    }
    for scale in scales {
        text.push(',');
        text.push_str(&field(&scale.channel));
    }
    if !recording.sources.is_empty() {
        let _ = write!(text, ",{SOURCE}");
    }
    text.push('\n');
    let labels = recording.label_of_each();
    for run in recording.runs() {
        if run.start > 0 {
            text.push('\n');
        }
        for i in run {
            if let Some(stamps) = &stamps {
                // Writing to a text never fails.
                let _ = write!(text, "{:.6},", stamps[i]);
            }
            text.push_str(&field(labels[i].unwrap_or_default()));
            text.push_str(&fixed);
            for (scale, &value) in scales.iter().zip(recording.sample(i)) {
                let _ = write!(text, ",{}", scale.count(value));
            }
            match recording.sources.get(i) {
                Some(0) => text.push(','),
                Some(digest) => {
                    let _ = write!(text, ",{digest:010x}");
                }
                None => {}
            }
            text.push('\n');
        }
    }
    text
}

/// Lines of [`text`] at which the rows without a gap begin, with where their samples are from.
fn rows(recording: &Recording) -> Vec<(u64, Spots)> {
    // Behind the comment and the header; a blank line stands at each gap.
    let line = |(gaps, run): (u64, Range<usize>)| {
        (
            HEAD_LINES + 1 + gaps + run.start as u64,
            recording.spots.from(run.start),
        )
    };
    (0..).zip(recording.runs()).map(line).collect()
}

/// Times of samples, in seconds from the first on.
fn stamps(recording: &Recording) -> Option<Vec<f64>> {
    match &recording.time {
        TimeBase::Stamps(stamps) => {
            let first = stamps.first().copied().unwrap_or(0.0);
            Some(stamps.iter().map(|stamp| stamp - first).collect())
        }
        TimeBase::Rate(rate) => Some((0..recording.samples()).map(|i| i as f64 / rate).collect()),
        TimeBase::Unknown => None,
    }
}

/// A text as a field of a row.
fn field(text: &str) -> String {
    let needs_quotes = text.contains(['"', ',', ';', '\t', '#']) || text.trim() != text;
    match needs_quotes {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
