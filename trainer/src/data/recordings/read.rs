//! Reading recordings.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::data::text;
use crate::untrusted::{Budget, Kind};
use crate::visible;

/// Bytes of a line: enough for 1,024 channels with long names.
const MAX_LINE_BYTES: usize = 64 << 10;
/// What a segment takes beside its label and counts.
const SEGMENT_COST: usize = 128;

/// Columns that are no channels.
const LABEL: &str = "label";
const RECORDING: &str = "recording";
const TIME: &str = "time";

/// Samples in a row that have one label in one recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub label: String,
    /// Recordings are numbered from 1, over all files.
    pub recording: u32,
    /// Raw counts, `[samples][channels]`.
    pub counts: Vec<i16>,
    pub samples: usize,
}

/// All recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub channels: Vec<String>,
    pub segments: Vec<Segment>,
}

/// Where the columns of a file are.
struct Columns {
    label: usize,
    recording: Option<usize>,
    channels: Vec<usize>,
    names: Vec<String>,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self> {
        let place = |name: &str| header.iter().position(|column| column == name);
        let is_channel = |name: &str| ![LABEL, RECORDING, TIME].contains(&name);
        let label = place(LABEL).with_context(|| {
            format!(
                "line 1: no column \"{LABEL}\" among {}",
                visible::names(header)
            )
        })?;
        let channels: Vec<usize> = (0..header.len())
            .filter(|&column| is_channel(&header[column]))
            .collect();
        let names: Vec<String> = (channels.iter())
            .map(|&column| header[column].to_owned())
            .collect();
        ensure!(!names.is_empty(), "line 1: no column is a channel");
        for (i, name) in names.iter().enumerate() {
            ensure!(!name.is_empty(), "line 1: a channel has no name");
            ensure!(
                !names[..i].contains(name),
                "line 1: two columns are named \"{}\"",
                visible::name(name)
            );
        }
        Ok(Self {
            label,
            recording: place(RECORDING),
            channels,
            names,
        })
    }
}

/// Reads files, all of the same channels.
pub(super) fn read(files: &[PathBuf], budget: &Budget) -> Result<Recorded> {
    let mut all = Recorded {
        channels: Vec::new(),
        segments: Vec::new(),
    };
    let mut recordings = 0;
    for file in files {
        let bytes = budget.read_file(file, Kind::DATA)?;
        let found =
            parse(&bytes, &mut recordings, budget).with_context(|| file.display().to_string())?;
        if all.channels.is_empty() {
            all.channels = found.channels;
        } else if all.channels != found.channels {
            bail!(
                "{} has the channels {}, but {} has {}: all recordings must have the same",
                file.display(),
                visible::names(&found.channels),
                first(files),
                visible::names(&all.channels)
            );
        }
        all.segments.extend(found.segments);
    }
    Ok(all)
}

fn first(files: &[PathBuf]) -> String {
    let path: Option<&Path> = files.first().map(PathBuf::as_path);
    path.map_or(String::new(), |path| path.display().to_string())
}

/// Parses a file; `recordings` is the number of those before it, and then of those with it.
fn parse(bytes: &[u8], recordings: &mut u32, budget: &Budget) -> Result<Recorded> {
    check_lines(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let columns = Columns::of(reader.headers().context("line 1")?)?;
    let mut segments: Vec<Segment> = Vec::new();
    // What the row before was of; none before the first, and after a row without a label.
    let mut before: Option<(String, String)> = None;
    let mut recording: Option<String> = None;
    for row in reader.records() {
        // The reader's message names the line.
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let of = columns.recording.map_or("", |column| &row[column]);
        if recording.as_deref() != Some(of) {
            recording = Some(of.to_owned());
            *recordings += 1;
        }
        let label = &row[columns.label];
        if label.is_empty() {
            before = None;
            continue;
        }
        let same = (before.as_ref()).is_some_and(|(was, in_)| was == label && in_ == of);
        if !same {
            budget.take(SEGMENT_COST + label.len())?;
            before = Some((label.to_owned(), of.to_owned()));
            segments.push(Segment {
                label: label.to_owned(),
                recording: *recordings,
                counts: Vec::new(),
                samples: 0,
            });
        }
        budget.take_items::<i16>(columns.channels.len())?;
        if let Some(segment) = segments.last_mut() {
            for (&column, name) in columns.channels.iter().zip(&columns.names) {
                segment.counts.push(count(&row[column], line, name)?);
            }
            segment.samples += 1;
        }
    }
    Ok(Recorded {
        channels: columns.names,
        segments,
    })
}

/// The reader of rows would hold a line of any length, and the place of every comma in it.
fn check_lines(bytes: &[u8]) -> Result<()> {
    for (line, row) in text::rows(bytes) {
        ensure!(
            row.len() <= MAX_LINE_BYTES,
            "line {line} has {} bytes, a row of a recording at most {MAX_LINE_BYTES}",
            row.len()
        );
    }
    Ok(())
}

fn count(field: &str, line: u64, channel: &str) -> Result<i16> {
    field.parse().ok().with_context(|| {
        format!(
            "line {line}, column {}: \"{}\" is not a raw count, a whole number in -32768..=32767",
            visible::name(channel),
            visible::name(field)
        )
    })
}
