//! Parsing a block of a file, whole lines of it, into runs.
//!
//! Blocks are parsed in parallel, so a block knows neither its first line's number nor whether its first run goes on with the last
//! one of the block before: [`Joined`](super::join::Joined) does. Rows that go on with the run before them are read by
//! [`Plan`], all others field by field.

use std::collections::HashMap;

use anyhow::{Context, Error, Result, bail, ensure};
use memchr::memchr;

use super::columns::{Columns, Wanted};
use super::labels;
use super::lines::Fields;
use super::plan::{Keys, Plan};
use super::times::Times;
use crate::data::Spots;
use crate::data::numbering::mark;
use crate::data::row_digests::SOURCE;
use crate::untrusted::Budget;
use crate::visible;

/// Memory of a run beside its label, counts and times, in bytes.
const RUN_COST: usize = 160;
/// Samples that memory is taken for at once.
const ROWS: usize = 32;

/// Names by the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub all: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    /// The number of a name, which becomes known.
    pub fn number(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        self.all.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }

    /// The numbers, among these, of other names.
    pub fn numbers(&mut self, names: &[String]) -> Vec<usize> {
        names.iter().map(|name| self.number(name)).collect()
    }
}

/// Columns of a file.
#[derive(Debug)]
pub(super) struct Head {
    pub columns: Columns,
    pub times: Times,
    /// How rows are read that go on with a run; none where a column has two parts to play.
    plan: Option<Plan>,
}

impl Head {
    pub fn new(columns: Columns, times: Times) -> Self {
        Self {
            plan: Plan::of(&columns, times.chosen.as_ref()),
            columns,
            times,
        }
    }
}

/// The columns that a header line names.
///
/// # Errors
/// It is no row of fields, or columns are missing.
pub(super) fn columns_of(line: &[u8], wanted: Wanted<'_>) -> Result<Columns> {
    let mut fields = Fields::default();
    fields.split(line)?;
    let header: Vec<String> = (0..fields.len())
        .map(|i| text(fields.get(line, i)).map(String::from))
        .collect::<Result<_>>()?;
    Columns::of(&header, wanted)
}

/// Samples in a row of one label in one recording, in one block; numbers of names are the block's own.
#[derive(Debug)]
pub(super) struct Piece {
    /// Raw counts, `[samples][channels]`.
    pub counts: Vec<i16>,
    /// Time stamps, `[samples]`; empty where there are none.
    pub times: Vec<f64>,
    /// Digests of what samples were before they were resampled, `[samples]`, 0 for none; empty where there is no column of them.
    pub sources: Vec<u64>,
    /// Values of the columns of numbers, `[samples][marks]`.
    pub marks: Vec<i64>,
    /// Line of the first sample, from 0 in the block.
    pub line: u64,
    pub recording: usize,
    pub group: Option<usize>,
    pub label: usize,
    pub samples: usize,
    /// Values of the columns that may tell what it belongs to; none of one that changes in its second row.
    pub idle: Vec<Option<String>>,
    /// Lines of the samples, from 0 in the block.
    pub spots: Spots,
}

/// Content of a block.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Number of its lines.
    pub lines: u64,
    pub pieces: Vec<Piece>,
    pub recordings: Names,
    pub groups: Names,
    pub labels: Names,
    pub unlabelled: usize,
    /// Whether a gap comes before the first labelled row.
    pub begins_with_gap: bool,
    /// Whether a gap comes after the last labelled row.
    pub ends_with_gap: bool,
    /// The first error, and its line, from 0 in the block.
    pub error: Option<(u64, Error)>,
}

/// Memory for the samples of a piece while their number is not known, to be used again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    counts: Vec<i16>,
    times: Vec<f64>,
    sources: Vec<u64>,
    marks: Vec<i64>,
}

/// Parses whole lines below a header.
pub(super) fn parse(mut bytes: &[u8], head: &Head, budget: &Budget, scratch: &mut Scratch) -> Part {
    let mut parser = Parser {
        head,
        budget,
        scratch,
        part: Part::default(),
        before: None,
    };
    let mut fields = Fields::default();
    while !bytes.is_empty() {
        match parser.lines(&mut bytes, &mut fields) {
            Ok(()) => {}
            Err(error) => {
                parser.part.error = Some((parser.part.lines, error));
                break;
            }
        }
    }
    parser.end_piece();
    parser.part.ends_with_gap = parser.before.is_none();
    parser.part
}

/// Parses rows below a header.
struct Parser<'a> {
    head: &'a Head,
    budget: &'a Budget,
    /// Samples of the last piece.
    scratch: &'a mut Scratch,
    part: Part,
    /// Fields of the label, recording and group of the row before; none before the first row and after a gap.
    before: Option<Keys>,
}

impl Parser<'_> {
    /// Parses lines that go on with a run, and the one after them.
    fn lines(&mut self, bytes: &mut &[u8], fields: &mut Fields) -> Result<()> {
        self.rows_that_go_on(bytes)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let end = memchr(b'\n', bytes);
        let line = bytes[..end.unwrap_or(bytes.len())].trim_ascii();
        *bytes = &bytes[end.map_or(bytes.len(), |end| end + 1)..];
        match line {
            [] => self.gap(),
            line => {
                fields.split(line)?;
                let before = self.part.pieces.len();
                self.row(fields, line)?;
                if self.part.pieces.len() > before {
                    self.see_next(bytes, fields);
                }
            }
        }
        self.part.lines += 1;
        Ok(())
    }

    /// Takes rows off the front of `bytes` that go on with the run and hold plain numbers.
    fn rows_that_go_on(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let (Some(plan), Some(before)) = (&self.head.plan, &self.before) else {
            return Ok(());
        };
        let part = &mut self.part;
        let (Some(keys), Some(piece)) = (before.plain(), part.pieces.last_mut()) else {
            return Ok(());
        };
        let Scratch {
            counts,
            times,
            marks,
            ..
        } = &mut *self.scratch;
        let (first, line) = (piece.samples, part.lines);
        while let Some(length) = plan.row(bytes, keys, (counts, times, marks)) {
            take_memory(self.budget, self.head, piece.samples)?;
            piece.samples += 1;
            part.lines += 1;
            *bytes = &bytes[length..];
        }
        if piece.samples > first {
            piece.spots.tell(first, line);
        }
        Ok(())
    }

    /// Forgets the values of columns that the row after the first one of a piece changes.
    fn see_next(&mut self, bytes: &[u8], fields: &mut Fields) {
        let columns = &self.head.columns;
        let end = memchr(b'\n', bytes).unwrap_or(bytes.len());
        let line = bytes[..end].trim_ascii();
        let mut is_row = || fields.split(line).is_ok() && fields.len() == columns.count;
        let Some(piece) = self.part.pieces.last_mut() else {
            return;
        };
        if piece.idle.is_empty() || line.is_empty() || !is_row() {
            return;
        }
        for (value, (column, _)) in piece.idle.iter_mut().zip(&columns.idle) {
            let next = String::from_utf8_lossy(fields.get(line, *column));
            value.take_if(|value| *value != next);
        }
    }

    fn gap(&mut self) {
        self.before = None;
        self.part.begins_with_gap |= self.part.pieces.is_empty();
    }

    fn row(&mut self, fields: &Fields, line: &[u8]) -> Result<()> {
        let columns = &self.head.columns;
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
            self.part.unlabelled += usize::from(!is_blank);
            self.gap();
            return Ok(());
        }
        let field =
            |column: Option<usize>| column.map_or(&[][..], |column| fields.get(line, column));
        let recording = field(columns.recording);
        let group = field(columns.group.as_ref().map(|(column, _)| *column));
        let of = [label, recording, group];
        if !(self.before.as_ref()).is_some_and(|before| before.are(of)) {
            self.begin(of)?;
            let value = |column| String::from_utf8_lossy(fields.get(line, column)).into_owned();
            let idle: Vec<_> = (columns.idle.iter())
                .map(|(column, _)| Some(value(*column)))
                .collect();
            self.budget
                .take(idle.iter().flatten().map(String::len).sum())?;
            if let Some(piece) = self.part.pieces.last_mut() {
                piece.idle = idle;
            }
        }
        self.sample(fields, line)
    }

    /// Begins a run.
    fn begin(&mut self, of: [&[u8]; 3]) -> Result<()> {
        let [label, recording, group] = of;
        self.budget
            .take(RUN_COST + of.iter().map(|field| field.len()).sum::<usize>())?;
        let part = &mut self.part;
        let group = match &self.head.columns.group {
            Some((_, name)) => {
                ensure!(
                    !labels::is_none(group),
                    "column {} is empty: name the group of every labelled row",
                    visible::name(name)
                );
                Some(part.groups.number(text(group)?))
            }
            None => None,
        };
        self.end_piece();
        let part = &mut self.part;
        part.pieces.push(Piece {
            line: part.lines,
            recording: part.recordings.number(text(recording)?),
            group,
            label: part.labels.number(text(label)?),
            samples: 0,
            idle: Vec::new(),
            spots: Spots::default(),
            counts: Vec::new(),
            times: Vec::new(),
            sources: Vec::new(),
            marks: Vec::new(),
        });
        self.before = Some(Keys::of(of));
        Ok(())
    }

    /// Gives the last piece its samples, in memory of their size.
    fn end_piece(&mut self) {
        let Scratch {
            counts,
            times,
            sources,
            marks,
        } = &mut *self.scratch;
        if let Some(piece) = self.part.pieces.last_mut() {
            piece.counts = counts.as_slice().to_vec();
            piece.times = times.as_slice().to_vec();
            piece.sources = sources.as_slice().to_vec();
            piece.marks = marks.as_slice().to_vec();
        }
        counts.clear();
        times.clear();
        sources.clear();
        marks.clear();
    }

    /// Adds a sample to the last run.
    fn sample(&mut self, fields: &Fields, line: &[u8]) -> Result<()> {
        let part = &mut self.part;
        let columns = &self.head.columns;
        let Some(piece) = part.pieces.last_mut() else {
            return Ok(());
        };
        take_memory(self.budget, self.head, piece.samples)?;
        for (&column, name) in columns.channels.iter().zip(&columns.names) {
            self.scratch
                .counts
                .push(count(fields.get(line, column), name)?);
        }
        piece.spots.tell(piece.samples, part.lines);
        piece.samples += 1;
        if let Some(column) = columns.source {
            self.scratch.sources.push(source(fields.get(line, column))?);
        }
        let marks = columns.marks.iter();
        let marks = marks.map(|(column, _)| mark(fields.get(line, *column)));
        self.scratch.marks.extend(marks);
        let Some(chosen) = &self.head.times.chosen else {
            return Ok(());
        };
        let field = |column| std::str::from_utf8(fields.get(line, column)).unwrap_or_default();
        let stamp = chosen.stamp(field, false).with_context(|| {
            format!(
                "column {}: \"{}\" is no time",
                visible::name(&chosen.name),
                shown(fields.get(line, chosen.column))
            )
        })?;
        self.scratch.times.push(stamp);
        Ok(())
    }
}

/// Takes memory for the next samples of a run that has `samples`.
fn take_memory(budget: &Budget, head: &Head, samples: usize) -> Result<()> {
    if samples.is_multiple_of(ROWS) {
        let stamp = head.times.chosen.as_ref().map_or(0, |_| size_of::<f64>());
        let source = head.columns.source.map_or(0, |_| size_of::<u64>());
        let marks = head.columns.marks.len() * size_of::<i64>();
        let counts = head.columns.channels.len() * size_of::<i16>();
        budget.take(ROWS * (counts + stamp + source + marks))?;
    }
    Ok(())
}

fn text(field: &[u8]) -> Result<&str> {
    std::str::from_utf8(field).context("it is not UTF-8 text: save the file as UTF-8")
}

fn shown(field: &[u8]) -> String {
    visible::name(&String::from_utf8_lossy(field))
}

/// A digest of hexadecimal digits; 0 for an empty field.
fn source(field: &[u8]) -> Result<u64> {
    if field.is_empty() {
        return Ok(0);
    }
    let text = std::str::from_utf8(field).ok();
    let digits = text.filter(|text| text.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let parsed = digits.and_then(|text| u64::from_str_radix(text, 16).ok());
    parsed.with_context(|| {
        format!(
            "column {SOURCE}: \"{}\" is no digest of hexadecimal digits: import the recordings anew",
            shown(field)
        )
    })
}

fn count(field: &[u8], channel: &str) -> Result<i16> {
    ensure!(
        field != channel.as_bytes(),
        "the header stands here again: take this line out, or leave a blank one in its place, where another recording begins"
    );
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
