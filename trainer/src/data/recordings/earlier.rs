//! Recordings as versions read and split them that kept no split: for runs and models of theirs alone, whose training data they
//! give again. The faults of these rules are known: a row of samples begins at each change of the column `recording`, the column
//! `time` is not read, every other column is a channel, and the split depends on the names of files.

mod split;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::Cutting;
use super::lines::MAX_LINE_BYTES;
use crate::data::{Dataset, Holdout, Sequences, Targets, Task, text};
use crate::untrusted::{Budget, Kind};
use crate::visible;

/// Memory of a segment beside its label and counts, in bytes.
const SEGMENT_COST: usize = 128;

/// Columns that are no channels.
const LABEL: &str = "label";
const RECORDING: &str = "recording";
const TIME: &str = "time";

/// Samples in a row that have one label in one recording.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    label: String,
    /// Recordings are numbered from 1, over all files.
    recording: u32,
    /// Raw counts, `[samples][channels]`.
    counts: Vec<i16>,
    samples: usize,
}

/// All recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    channels: Vec<String>,
    segments: Vec<Segment>,
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

/// A window: where it starts, what it is of, and which recording it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    segment: usize,
    start: usize,
    class: u32,
    recording: u32,
}

/// Cuts recordings into windows and splits these.
pub(super) fn windows(
    recorded: Recorded,
    budget: &Budget,
    cutting: &Cutting,
    holdout: &Holdout,
) -> Result<Dataset> {
    let mut classes: Vec<String> = (recorded.segments.iter())
        .map(|segment| segment.label.clone())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    ensure!(
        classes.len() > 1,
        "the recordings have {} class(es) in column label ({}): there is nothing to tell apart",
        classes.len(),
        visible::names(&classes)
    );
    let channels = recorded.channels.len();
    check_windows(&recorded.segments, channels, cutting, budget)?;
    let windows = cut(&recorded.segments, &classes, cutting)?;
    let sequences = |windows: &[Window]| sequences(&recorded.segments, windows, channels, cutting);
    let parts = split::split(
        &windows,
        &recorded.segments,
        cutting,
        classes.len(),
        holdout,
    )?;
    Ok(Dataset {
        name: Task::Recordings.name().to_owned(),
        train: sequences(&parts.train)?,
        valid: sequences(&parts.valid)?,
        test: sequences(&parts.test)?,
        classes,
        input_lsb: vec![1.0; channels],
        channel_names: recorded.channels,
        sample_rate_hz: cutting.rate(),
    })
}

/// Windows overlap, so they may be many times what was recorded.
fn check_windows(
    segments: &[Segment],
    channels: usize,
    cutting: &Cutting,
    budget: &Budget,
) -> Result<()> {
    let windows: usize = (segments.iter())
        .map(|segment| cutting.windows_in(segment.samples))
        .sum();
    let size = cutting.steps * channels * size_of::<f32>() + size_of::<Window>();
    (budget.take(windows.saturating_mul(size))).with_context(|| {
        format!(
            "{windows} windows of {} samples, one every {}: set a larger --hop",
            cutting.steps, cutting.hop
        )
    })
}

/// All windows, in the order of the recordings.
fn cut(segments: &[Segment], classes: &[String], cutting: &Cutting) -> Result<Vec<Window>> {
    let mut windows = Vec::new();
    for (number, segment) in segments.iter().enumerate() {
        // Every label is one of the classes.
        let class = classes.partition_point(|class| *class < segment.label) as u32;
        let starts = (0..cutting.windows_in(segment.samples)).map(|i| i * cutting.hop);
        windows.extend(starts.map(|start| Window {
            segment: number,
            start,
            class,
            recording: segment.recording,
        }));
    }
    for (number, class) in classes.iter().enumerate() {
        let longest = (segments.iter())
            .filter(|segment| segment.label == *class)
            .map(|segment| segment.samples)
            .max();
        if windows.iter().all(|window| window.class != number as u32) {
            let class = visible::name(class);
            bail!(
                "no recording of \"{class}\" is as long as a window of {} samples, the longest has {}: record longer, or \
                 set --steps",
                cutting.steps,
                longest.unwrap_or(0)
            );
        }
    }
    Ok(windows)
}

fn sequences(
    segments: &[Segment],
    windows: &[Window],
    channels: usize,
    cutting: &Cutting,
) -> Result<Sequences> {
    let values: Vec<f32> = (windows.iter())
        .flat_map(|window| {
            let from = window.start * channels;
            &segments[window.segment].counts[from..from + cutting.steps * channels]
        })
        .map(|&count| f32::from(count))
        .collect();
    let classes = windows.iter().map(|window| window.class).collect();
    let recordings = windows.iter().map(|window| window.recording).collect();
    Sequences::new(
        channels,
        cutting.steps,
        values,
        Targets::Class(classes),
        recordings,
    )
}
