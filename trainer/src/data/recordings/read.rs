//! Reading files into runs: samples in a row that have one label in one recording.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;

use super::columns::{Columns, Wanted};
use super::labels;
use super::lines::{Fields, lines};
use super::time;
use crate::untrusted::{Budget, Kind};
use crate::visible;

/// Start of the names of recordings that are files.
pub(super) const FILE: &str = "file ";
/// What a run takes beside its label, counts and times.
const RUN_COST: usize = 160;
/// Samples that memory is taken for at once.
const ROWS: usize = 32;

/// Samples in a row that have one label in one recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// Number of the file, in the order they were given.
    pub file: usize,
    /// Line of the first sample.
    pub line: u64,
    /// Number of the recording, among [`Found::recordings`].
    pub recording: usize,
    /// Number of the group, among [`Found::groups`].
    pub group: Option<usize>,
    /// Number of the label, among [`Found::labels`].
    pub label: usize,
    /// Raw counts, `[samples][channels]`.
    pub counts: Vec<i16>,
    /// Time stamps, `[samples]`; empty where there are none.
    pub times: Vec<f64>,
    /// Number of samples.
    pub samples: usize,
}

/// The time column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TimeColumn {
    pub name: String,
    pub is_date: bool,
}

/// All that files hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Names of the columns that may be channels.
    pub channels: Vec<String>,
    /// Names of the columns that are none by their names.
    pub left_out: Vec<String>,
    /// Name of the column that groups recordings, if any.
    pub group: Option<String>,
    /// For each file, its time column if it has one of stamps.
    pub times: Vec<Option<TimeColumn>>,
    pub runs: Vec<Run>,
    /// Names of recordings: those of the column, or of files, with that of the group.
    pub recordings: Vec<String>,
    pub groups: Vec<String>,
    pub labels: Vec<String>,
    /// Number of rows without a label.
    pub unlabelled: usize,
    /// Time columns that hold something else than stamps, each as file, column and value.
    pub no_stamps: Vec<[String; 3]>,
}

/// Reads files, all with the same channels in any order.
///
/// # Errors
/// A file cannot be read or is malformed; the message names file and line.
pub(super) fn read(files: &[PathBuf], wanted: Wanted<'_>, budget: &Budget) -> Result<Found> {
    let parsed: Vec<Result<FileFound>> = (files.par_iter())
        .map(|file| {
            let bytes = budget.read_file(file, Kind::DATA)?;
            parse(&bytes, wanted, budget).with_context(|| file.display().to_string())
        })
        .collect();
    let mut all = Merge::default();
    for (file, found) in files.iter().zip(parsed) {
        all.add(file, found?)?;
    }
    Ok(all.found)
}

/// What one file holds; numbers of names are its own.
#[derive(Debug)]
struct FileFound {
    columns: Columns,
    runs: Vec<Run>,
    recordings: Names,
    groups: Names,
    labels: Names,
    unlabelled: usize,
    time: Option<TimeColumn>,
    no_stamp: Option<String>,
}

/// Names by the order in which they come.
#[derive(Debug, Default)]
struct Names {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        self.all.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }
}

/// Puts the files together.
#[derive(Default)]
struct Merge {
    found: Found,
    recordings: Names,
    groups: Names,
    labels: Names,
    first: Option<PathBuf>,
}

impl Merge {
    fn add(&mut self, file: &Path, of_file: FileFound) -> Result<()> {
        let found = &mut self.found;
        let columns = of_file.columns;
        let order = match &self.first {
            None => {
                self.first = Some(file.to_owned());
                found.channels.clone_from(&columns.names);
                None
            }
            Some(first) => reordered(&found.channels, &columns.names).with_context(|| {
                format!(
                    "{} has the channels {}, but {} has {}: all recordings must have the same; --channels names those that all \
                     of them have",
                    file.display(),
                    visible::names(&columns.names),
                    first.display(),
                    visible::names(&found.channels)
                )
            })?,
        };
        let groups = numbers(&mut self.groups, &of_file.groups.all);
        let labels = numbers(&mut self.labels, &of_file.labels.all);
        let number = found.times.len();
        for mut run in of_file.runs {
            run.file = number;
            run.group = run.group.map(|group| groups[group]);
            let name = match of_file.recordings.all[run.recording].as_str() {
                "" => format!("{FILE}{}", file.display()),
                name => name.to_owned(),
            };
            // Numbers of recordings may start again with each person.
            run.recording = self.recordings.number(&match run.group {
                Some(group) => format!("{name} of {}", self.groups.all[group]),
                None => name,
            });
            run.label = labels[run.label];
            if let Some(order) = &order {
                permute(&mut run.counts, order);
            }
            found.runs.push(run);
        }
        for name in columns.left_out {
            if !found.left_out.contains(&name) {
                found.left_out.push(name);
            }
        }
        if let (Some(value), Some((_, column))) = (of_file.no_stamp, &columns.time) {
            let file = file.display().to_string();
            found.no_stamps.push([file, column.clone(), value]);
        }
        found.group = found.group.take().or(columns.group.map(|(_, name)| name));
        found.times.push(of_file.time);
        found.unlabelled += of_file.unlabelled;
        found.recordings.clone_from(&self.recordings.all);
        found.groups.clone_from(&self.groups.all);
        found.labels.clone_from(&self.labels.all);
        Ok(())
    }
}

/// The numbers, among all, of a file's names.
fn numbers(all: &mut Names, names: &[String]) -> Vec<usize> {
    names.iter().map(|name| all.number(name)).collect()
}

/// Where each of `channels` is among `names`, none where the order is the same; an error where they are others.
fn reordered(channels: &[String], names: &[String]) -> Result<Option<Vec<usize>>> {
    if channels == names {
        return Ok(None);
    }
    let place = |channel: &String| names.iter().position(|name| name == channel);
    let order: Option<Vec<usize>> = channels.iter().map(place).collect();
    match order.filter(|order| order.len() == names.len()) {
        Some(order) => Ok(Some(order)),
        None => bail!("other names"),
    }
}

/// Puts the values of each sample, `[samples][order]`, into another order.
fn permute(counts: &mut [i16], order: &[usize]) {
    let mut sample = vec![0; order.len()];
    for row in counts.chunks_exact_mut(order.len()) {
        for (value, &from) in sample.iter_mut().zip(order) {
            *value = row[from];
        }
        row.copy_from_slice(&sample);
    }
}

/// Parses a file.
fn parse(bytes: &[u8], wanted: Wanted<'_>, budget: &Budget) -> Result<FileFound> {
    let mut parser: Option<Parser<'_>> = None;
    let mut fields = Fields::default();
    for (number, line) in lines(bytes) {
        let at = || format!("line {number}");
        let Some(parser) = &mut parser else {
            if !(line.is_empty() || line.starts_with(b"#")) {
                fields.split(line).with_context(at)?;
                parser = Some(Parser::new(&fields, line, wanted, budget).with_context(at)?);
            }
            continue;
        };
        if line.is_empty() {
            parser.before = None;
            continue;
        }
        fields.split(line).with_context(at)?;
        parser.row(&fields, line, number).with_context(at)?;
    }
    let parser = parser.context("it is empty: no header line `label,CHANNEL,CHANNEL,…`")?;
    Ok(parser.found)
}

/// Parses rows below a header.
struct Parser<'a> {
    budget: &'a Budget,
    found: FileFound,
    /// Fields of the label, recording and group of the row before, and the number of its run; none before the first row and
    /// after a gap.
    before: Option<[Vec<u8>; 3]>,
    /// Whether the time column holds stamps; unknown before the first row.
    has_stamps: Option<bool>,
}

impl<'a> Parser<'a> {
    fn new(fields: &Fields, line: &[u8], wanted: Wanted<'_>, budget: &'a Budget) -> Result<Self> {
        let header: Vec<String> = (0..fields.len())
            .map(|i| text(fields.get(line, i)).map(String::from))
            .collect::<Result<_>>()?;
        let columns = Columns::of(&header, wanted)?;
        Ok(Self {
            budget,
            has_stamps: columns.time.is_none().then_some(false),
            found: FileFound {
                columns,
                runs: Vec::new(),
                recordings: Names::default(),
                groups: Names::default(),
                labels: Names::default(),
                unlabelled: 0,
                time: None,
                no_stamp: None,
            },
            before: None,
        })
    }

    fn row(&mut self, fields: &Fields, line: &[u8], number: u64) -> Result<()> {
        let columns = &self.found.columns;
        if fields.len() != columns.count {
            if line.starts_with(b"#") {
                // A comment.
                return Ok(());
            }
            bail!(
                "{} fields, but the header has {}",
                fields.len(),
                columns.count
            );
        }
        let label = fields.get(line, columns.label);
        if labels::is_none(label) {
            let is_blank = (0..columns.count).all(|i| fields.get(line, i).is_empty());
            self.found.unlabelled += usize::from(!is_blank);
            self.before = None;
            return Ok(());
        }
        let field =
            |column: Option<usize>| column.map_or(&[][..], |column| fields.get(line, column));
        let recording = field(columns.recording);
        let group = field(columns.group.as_ref().map(|(column, _)| *column));
        let of = [label, recording, group];
        let goes_on =
            (self.before.as_ref()).is_some_and(|before| before.iter().zip(of).all(|(a, b)| a == b));
        if !goes_on {
            self.begin(of, number)?;
        }
        self.sample(fields, line)
    }

    /// Begins a run.
    fn begin(&mut self, of: [&[u8]; 3], line: u64) -> Result<()> {
        let [label, recording, group] = of;
        self.budget
            .take(RUN_COST + of.iter().map(|field| field.len()).sum::<usize>())?;
        let found = &mut self.found;
        let group = match &found.columns.group {
            Some((_, name)) => {
                ensure!(
                    !labels::is_none(group),
                    "column {} is empty: name the group of every labelled row",
                    visible::name(name)
                );
                Some(found.groups.number(text(group)?))
            }
            None => None,
        };
        found.runs.push(Run {
            file: 0,
            line,
            recording: found.recordings.number(text(recording)?),
            group,
            label: found.labels.number(text(label)?),
            counts: Vec::new(),
            times: Vec::new(),
            samples: 0,
        });
        self.before = Some(of.map(<[u8]>::to_vec));
        Ok(())
    }

    /// Adds a sample to the last run.
    fn sample(&mut self, fields: &Fields, line: &[u8]) -> Result<()> {
        let found = &mut self.found;
        let Some(run) = found.runs.last_mut() else {
            return Ok(());
        };
        if run.samples.is_multiple_of(ROWS) {
            let stamp = found.columns.time.as_ref().map_or(0, |_| size_of::<f64>());
            let row = found.columns.channels.len() * size_of::<i16>() + stamp;
            self.budget.take(ROWS * row)?;
        }
        for (&column, name) in found.columns.channels.iter().zip(&found.columns.names) {
            run.counts.push(count(fields.get(line, column), name)?);
        }
        run.samples += 1;
        let Some((column, name)) = &found.columns.time else {
            return Ok(());
        };
        let field = fields.get(line, *column);
        let stamp = time::stamp(field);
        if *self.has_stamps.get_or_insert(stamp.is_some()) {
            let stamp = stamp.with_context(|| {
                format!(
                    "column {}: \"{}\" is no time",
                    visible::name(name),
                    shown(field)
                )
            })?;
            run.times.push(stamp);
            found.time.get_or_insert_with(|| TimeColumn {
                name: name.clone(),
                is_date: time::is_date(field),
            });
        } else if found.no_stamp.is_none() {
            found.no_stamp = Some(shown(field));
        }
        Ok(())
    }
}

fn text(field: &[u8]) -> Result<&str> {
    std::str::from_utf8(field).context("it is not UTF-8 text: save the file as UTF-8")
}

fn shown(field: &[u8]) -> String {
    visible::name(&String::from_utf8_lossy(field))
}

fn count(field: &[u8], channel: &str) -> Result<i16> {
    let parsed = std::str::from_utf8(field)
        .ok()
        .and_then(|text| text.parse().ok());
    parsed.with_context(|| {
        format!(
            "column {}: \"{}\" is not a raw count, a whole number in -32768..=32767; if {0} is no channel, name those that are \
             with --channels",
            visible::name(channel),
            shown(field)
        )
    })
}
