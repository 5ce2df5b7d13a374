//! Recordings of other tools, taken as they are: imported in memory, and read as the files that an import would have written.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::columns::{Columns, Wanted};
use super::cutting::Cutting;
use super::lines::{Fields, lines};
use super::read::{self, Found};
use super::scale::{self, Told};
use crate::data::import::{self, Options, Pattern, ToldScale, Unit};
use crate::untrusted::{self, Budget};

/// Bytes at the start of a file by which it is told whether it is of this program's own form.
const HEAD: u64 = 1 << 18;

/// How recordings of other tools are read: the options of `hadamrnn data import`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// Place of the label in names of files, such as `{label}-*.csv`; absent it is looked for in files and folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_from: Option<String>,
    /// Unit of channels whose files tell none, such as "mg".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Samples a second where files tell no time; absent it is that of the recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<f64>,
    /// Samples a second that recordings are resampled to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample_hz: Option<f64>,
    /// The most malformed lines that are left out, over all files.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_bad_lines: usize,
    /// Channels to keep, in their order; for files without a header the names of all columns. Absent all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Counts per unit of a run's channels: what is recorded later is read at the same scale. Absent they are chosen to fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts_per_unit: Vec<f64>,
}

fn is_zero(lines: &usize) -> bool {
    *lines == 0
}

/// The range of rates that are taken, in Hz.
const RATES: std::ops::RangeInclusive<f64> = 0.01..=1e6;

impl ImportOptions {
    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub(super) fn validate(&self) -> Result<()> {
        self.options().map(|_| ())?;
        for (field, rate) in [("rate_hz", self.rate_hz), ("resample_hz", self.resample_hz)] {
            if let Some(rate) = rate {
                ensure!(
                    RATES.contains(&rate),
                    "{field} must be in 0.01..=1000000, not {rate}"
                );
            }
        }
        let is_size = |counts: &&f64| counts.is_finite() && **counts > 0.0;
        ensure!(
            self.counts_per_unit.iter().all(|counts| is_size(&counts)),
            "counts_per_unit must be numbers above 0"
        );
        Ok(())
    }

    /// These options with the scales of a run's channels.
    pub(super) fn of_run(self, cutting: &Cutting, told: &[Told]) -> Self {
        let of = |(channel, unit): (&String, &Unit)| told.first()?.counts_per(channel, *unit);
        let units = cutting.channels.iter().zip(&cutting.units);
        let scales: Option<Vec<f64>> = units.map(of).collect();
        Self {
            counts_per_unit: scales.unwrap_or_default(),
            ..self
        }
    }

    fn options(&self) -> Result<Options> {
        let label_from: Option<Result<Pattern>> = self.label_from.as_ref().map(|text| text.parse());
        let unit = self.unit.as_ref().map(|text| {
            Unit::parse(text).with_context(|| {
                format!("unit: \"{text}\" is none of g, mg, m/s2, rad/s, dps, uT, counts")
            })
        });
        Ok(Options {
            label_from: label_from.transpose().context("label_from")?,
            channels: self.channels.clone(),
            unit: unit.transpose()?,
            rate_hz: self.rate_hz,
            resample_hz: self.resample_hz,
            skip_bad_lines: self.skip_bad_lines,
        })
    }
}

/// Why files are not of this program's own form; none if one of them is, or may be.
pub(super) fn why_foreign(place: &Path, files: &[PathBuf], wanted: Wanted<'_>) -> Option<String> {
    if files.is_empty() {
        return Some(format!("{} holds no .csv file", place.display()));
    }
    let mut first = None;
    for file in files {
        let why = why_foreign_file(file, wanted)?;
        first.get_or_insert(format!("{}: {why}", file.display()));
    }
    first
}

/// Why a file is not of this program's own form; none if it is, or may be.
fn why_foreign_file(file: &Path, wanted: Wanted<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    // What cannot be read is an error when it is read.
    let opened = untrusted::open(file).ok()?;
    opened.take(HEAD).read_to_end(&mut bytes).ok()?;
    let is_whole = (bytes.len() as u64) < HEAD;
    let mut fields = Fields::default();
    let mut columns: Option<Columns> = None;
    let rows: Vec<(u64, &[u8])> = lines(&bytes).collect();
    // The last line of a part may be cut off.
    let rows = &rows[..rows.len() - usize::from(!is_whole && !rows.is_empty())];
    for &(number, line) in rows {
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let Some(columns) = &columns else {
            let header = header(&mut fields, line).and_then(|header| Columns::of(&header, wanted));
            match header {
                Ok(found) => columns = Some(found),
                Err(error) => return Some(format!("line {number}: {error:#}")),
            }
            continue;
        };
        // A row that is malformed is an error when it is read.
        if fields.split(line).is_err() || fields.len() != columns.count {
            continue;
        }
        for (&column, name) in columns.channels.iter().zip(&columns.names) {
            let field = String::from_utf8_lossy(fields.get(line, column));
            if is_no_count(&field) {
                return Some(format!(
                    "line {number}: column {name}: \"{field}\" is not a raw count, a whole number in -32768..=32767"
                ));
            }
        }
    }
    None
}

fn header(fields: &mut Fields, line: &[u8]) -> Result<Vec<String>> {
    fields.split(line)?;
    let name = |i| {
        Ok(std::str::from_utf8(fields.get(line, i))
            .context("no UTF-8 text")?
            .to_owned())
    };
    (0..fields.len()).map(name).collect()
}

/// Whether a field is a number, but no count.
fn is_no_count(field: &str) -> bool {
    let number: Option<f64> = field.parse().ok();
    number.is_some_and(f64::is_finite) && field.parse::<i16>().is_err()
}

/// Recordings that were imported, as what an import would have written.
pub(super) struct Originals {
    /// Runs of samples.
    pub found: Found,
    /// Scales of the counts.
    pub told: Vec<Told>,
    /// Names of the files that would have been written.
    pub files: Vec<PathBuf>,
    /// Lines about the import.
    pub notes: Vec<String>,
    /// How what was imported is read.
    pub reading: Cutting,
    /// How they were imported.
    pub options: ImportOptions,
}

/// Imports recordings; the channels and the rate of a run that begins are those that the import takes.
///
/// # Errors
/// The recordings cannot be imported.
pub(super) fn import(place: &Path, cutting: &Cutting, budget: &Budget) -> Result<Originals> {
    let mut options = cutting.import.clone().unwrap_or_default();
    let is_new = cutting.split.is_none();
    if is_new && options.channels.is_empty() {
        options.channels.clone_from(&cutting.channels);
    }
    if is_new && options.rate_hz.is_none() {
        options.rate_hz = cutting.rate_hz.map(f64::from);
    }
    let imported = import::import(place, &options.options()?)?;
    let fixed = fixed_scales(&options, cutting);
    let texts = import::texts(imported, &fixed)?;
    let summary = texts.summary();
    let mut notes = vec![imported_note(summary)];
    notes.extend(summary.notes.iter().map(|note| format!("note: {note}")));
    let names: Vec<String> = (summary.channels.iter())
        .map(|scale| scale.channel.clone())
        .collect();
    let mut reading = cutting.clone();
    if is_new {
        // The import has seen to both.
        reading.rate_hz = None;
        reading.channels = match options.channels.is_empty() {
            true => Vec::new(),
            false => names,
        };
    }
    let wanted = Wanted {
        channels: &reading.channels,
        group: reading.group.as_deref(),
    };
    let mut files = Vec::new();
    let mut told = Vec::new();
    let found = read::read_texts(
        texts.map(|(file, text)| {
            let path = place.join(file);
            if told.is_empty() {
                told.push(scale::of_text(&path.display().to_string(), text.as_bytes()));
            }
            files.push(path.clone());
            (path, text)
        }),
        wanted,
        budget,
    )?;
    Ok(Originals {
        found,
        told: told.into_iter().collect::<Result<_>>()?,
        files,
        notes,
        reading,
        options,
    })
}

/// The scales of a run.
fn fixed_scales(options: &ImportOptions, cutting: &Cutting) -> Vec<ToldScale> {
    let units = cutting.channels.iter().zip(&cutting.units);
    let all = units.zip(&options.counts_per_unit);
    all.map(|((channel, unit), counts_per_unit)| ToldScale {
        channel: channel.clone(),
        unit: *unit,
        counts_per_unit: *counts_per_unit,
    })
    .collect()
}

/// A line about what was imported.
fn imported_note(summary: &import::Summary) -> String {
    let formats: Vec<String> = (summary.formats.iter())
        .map(|(name, files)| format!("{files} files of {name}"))
        .collect();
    let bad = match summary.skipped_lines {
        0 => String::new(),
        lines => format!(", without {lines} malformed lines"),
    };
    let left_out = match summary.left_out.len() {
        0 => String::new(),
        files => format!(", {files} files left out"),
    };
    format!(
        "note: imported: {}, {} recordings{bad}{left_out}",
        formats.join(", "),
        summary.recordings.len()
    )
}
