//! Recordings of other tools, taken as they are: imported in memory, and read as the files that an import would have written.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::columns::{Columns, NO_GROUP, Wanted};
use super::cutting::Cutting;
use super::import_options::ImportOptions;
use super::lines::{Fields, lines};
use super::read::{self, Found};
use super::scale::{self, Told};
use crate::data::Spots;
use crate::data::import::{self, ToldScale, Unit};
use crate::untrusted::{self, Budget};
use crate::visible;

/// Bytes at the start of a file by which it is told whether it is of this program's own form.
const HEAD: u64 = 1 << 18;
/// Sub-folders that a message names.
const MOST_FOLDERS: usize = 6;

/// Column of groups in what an import writes.
const SUBJECT: &str = "subject";
/// Names of groups that are those of an import, or of none.
const OWN_GROUPS: [&str; 3] = [SUBJECT, "recording", NO_GROUP];

/// Why files are not of this program's own form; none if one of them is, or may be.
pub(super) fn why_foreign(place: &Path, files: &[PathBuf], wanted: Wanted<'_>) -> Option<String> {
    if files.is_empty() {
        let folders = visible::names(super::folders_of_tables(place).iter().take(MOST_FOLDERS));
        return Some(match folders.is_empty() {
            true => format!("{} holds no .csv file", place.display()),
            false => format!(
                "{} has its .csv files in sub-folders ({folders}). For this program's own form, put them beside each other into one folder",
                place.display()
            ),
        });
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
                    "line {number}: column {}: \"{}\" is not a raw count, a whole number in -32768..=32767",
                    visible::name(name),
                    visible::name(&field)
                ));
            }
        }
    }
    None
}

/// Why files of this program's form lack channels of a run, with the names of both; none if the first file has all of them, or no
/// column `label`.
pub(super) fn lacking(files: &[PathBuf], channels: &[String]) -> Option<String> {
    let file = files.first()?;
    let mut bytes = Vec::new();
    let opened = untrusted::open(file).ok()?;
    opened.take(HEAD).read_to_end(&mut bytes).ok()?;
    let mut rows = lines(&bytes);
    let (_, line) = rows.find(|(_, line)| !(line.is_empty() || line.starts_with(b"#")))?;
    let names = header(&mut Fields::default(), line).ok()?;
    let missing: Vec<&String> = (channels.iter())
        .filter(|channel| !names.contains(channel))
        .collect();
    let is_own = names.iter().any(|name| name.eq_ignore_ascii_case("label"));
    (is_own && !missing.is_empty()).then(|| {
        format!(
            "{}: the channels that were trained on are {}, the columns are {}: it lacks {}. Name the columns as in training",
            file.display(),
            visible::names(channels),
            visible::names(&names),
            visible::names(missing)
        )
    })
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
    /// The files that runs are from, one for each that would have been written.
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
    // An import names groups in a column of its own.
    let group = (cutting.group.as_ref()).filter(|name| !OWN_GROUPS.contains(&name.as_str()));
    options.subject_column = group.cloned().or(options.subject_column.take());
    let imported = import::import(place, &options.options()?)?;
    let is_of_no_label = |note: &&String| note.starts_with(import::NO_LABELS);
    if let Some(note) = imported.notes.iter().find(is_of_no_label) {
        bail!("{note}");
    }
    let fixed = fixed_scales(&options, cutting);
    let texts = import::texts(imported, &fixed)?;
    let summary = texts.summary();
    let mut notes = vec![imported_note(summary)];
    notes.extend(summary.notes.iter().map(|note| format!("note: {note}")));
    let names: Vec<String> = (summary.channels.iter())
        .map(|scale| scale.channel.clone())
        .collect();
    let mut reading = cutting.clone();
    if group.is_some() {
        reading.group = Some(SUBJECT.to_owned());
    }
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
    let (mut files, mut rows) = (Vec::new(), Vec::new());
    let mut told = Vec::new();
    let mut found = read::read_texts(
        texts.map(|written| {
            let text = written.text;
            let path = place.join(written.file);
            if told.is_empty() {
                told.push(scale::of_text(&path.display().to_string(), text.as_bytes()));
            }
            files.push(original(place, &written.original));
            rows.push(written.rows);
            (path, text)
        }),
        wanted,
        budget,
    )?;
    for run in &mut found.runs {
        run.spots = spots(&rows[run.file], run.line);
    }
    Ok(Originals {
        found,
        told: told.into_iter().collect::<Result<_>>()?,
        files,
        notes,
        reading,
        options,
    })
}

/// The path of a file of an import: `place` itself, in it, or in the archive that it is.
fn original(place: &Path, file: &str) -> PathBuf {
    let is_place = place.is_file() && place.file_name().is_some_and(|name| *name == *file);
    match is_place {
        true => place.to_path_buf(),
        false => place.join(file),
    }
}

/// Where the samples from a line of a written text on are from.
fn spots(rows: &[(u64, Spots)], line: u64) -> Spots {
    let before = rows.partition_point(|(first, _)| *first <= line);
    match before.checked_sub(1).and_then(|at| rows.get(at)) {
        Some((first, spots)) => spots.from((line - first) as usize),
        None => Spots::default(),
    }
}

/// The options of a run: with the scales of its channels.
pub(super) fn of_run(options: ImportOptions, cutting: &Cutting, told: &[Told]) -> ImportOptions {
    let of = |(channel, unit): (&String, &Unit)| told.first()?.counts_per(channel, *unit);
    let units = cutting.channels.iter().zip(&cutting.units);
    let scales: Option<Vec<f64>> = units.map(of).collect();
    ImportOptions {
        counts_per_unit: scales.unwrap_or_default(),
        ..options
    }
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
    let has_gaps = summary
        .recordings
        .iter()
        .any(|recording| recording.gaps > 0);
    let gaps = match has_gaps {
        true => "; no window spans a gap, and `hadamrnn data check` tells where they are",
        false => "",
    };
    format!(
        "note: imported: {}, {}{bad}{left_out}{gaps}",
        formats.join(", "),
        summary.in_words()
    )
}
