//! Delimited text: a header line and a row a sample, however loggers and spreadsheets write it.

mod dialect;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};

pub(super) use dialect::Dialect;

use super::columns::{Role, label_rank, plain, role};
use super::context::{BadLines, Reading};
use super::recording::{Channel, Recording, TimeBase};
use super::text::{Number, is_missing, lines, number, split, unquoted};
use super::time;
use super::unit::{self, Unit};
use crate::visible;

/// Bytes of a line: enough for 1,024 channels with long names.
const MAX_LINE_BYTES: usize = 64 << 10;
/// Columns of stamps that are read.
const MOST_CLOCKS: usize = 4;
/// Rows that the kind of a column is told by.
const SAMPLE_ROWS: usize = 1000;
/// Share of blank lines, in a hundred of the rows, from which on they are spacing and not gaps.
const SPACING: usize = 40;

/// Whether text is of this format, in a hundred.
pub(super) fn detect(text: &str) -> u8 {
    match Dialect::of(text) {
        Ok(dialect) if dialect.share >= 0.5 => 30,
        _ => 0,
    }
}

/// Reads a file called `name`.
///
/// # Errors
/// It is malformed; the message names line and column.
pub(super) fn read(name: &str, text: &str, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let dialect = Dialect::of(text)?;
    read_with(name, text, &dialect, reading)
}

/// As [`read`], with a dialect that is known.
pub(super) fn read_with(
    name: &str,
    text: &str,
    dialect: &Dialect,
    reading: &Reading<'_>,
) -> Result<Vec<Recording>> {
    let columns = Columns::of(text, dialect, reading).with_context(|| header_of(dialect))?;
    for note in &columns.notes {
        reading.note(format!("{name}: {note}"));
    }
    let mut table = Table::new(&columns);
    let mut bad = BadLines::default();
    let mut fields = Vec::new();
    let header = dialect
        .header
        .and_then(|at| lines(text).find(|(line, _)| *line == at));
    for (at, line) in lines(text).filter(|(at, _)| *at >= dialect.first) {
        if line.trim().is_empty() {
            table.blank();
            continue;
        }
        if header.is_some_and(|(_, header)| header == line) {
            table.gap();
            continue;
        }
        ensure!(
            line.len() <= MAX_LINE_BYTES,
            "line {at} has {} bytes, a row of a recording at most {MAX_LINE_BYTES}",
            line.len()
        );
        let result = split(line, dialect.separator, &mut fields)
            .and_then(|()| table.row(&columns, dialect, line, &fields, reading));
        if let Err(error) = result {
            if error.is::<std::io::Error>() {
                return Err(error.context(format!("line {at}")));
            }
            table.gap();
            bad.add(at, &error);
        }
    }
    reading.accept(name, &bad)?;
    table.into_recordings(name, &columns, reading)
}

fn header_of(dialect: &Dialect) -> String {
    dialect.header.map_or_else(
        || {
            format!(
                "line {}, the first of values, with no header above it",
                dialect.first
            )
        },
        |line| format!("line {line}, the header"),
    )
}

/// A column of values.
struct Value {
    column: usize,
    name: String,
    factor: f64,
}

/// A column of stamps.
struct Clock {
    column: usize,
    name: String,
}

/// What the columns of a file are.
struct Columns {
    count: usize,
    /// Fields that a row has at least: columns at the end without names may be missing.
    least: usize,
    label: Option<usize>,
    subject: Option<usize>,
    recording: Option<usize>,
    clocks: Vec<Clock>,
    values: Vec<Value>,
    channels: Vec<Channel>,
    notes: Vec<String>,
}

/// How the fields of a column are, among the first rows.
#[derive(Clone, Copy, Default)]
struct Kind {
    numbers: usize,
    others: usize,
}

impl Columns {
    fn of(text: &str, dialect: &Dialect, reading: &Reading<'_>) -> Result<Self> {
        let kinds = kinds(text, dialect);
        let names = names(dialect, reading);
        let mut found = Self {
            count: names.len(),
            least: names
                .iter()
                .rposition(|name| !name.is_empty())
                .map_or(0, |last| last + 1),
            label: None,
            subject: None,
            recording: None,
            clocks: Vec::new(),
            values: Vec::new(),
            channels: Vec::new(),
            notes: Vec::new(),
        };
        if dialect.header.is_none() {
            found.notes.push(format!(
                "no header line: its columns are {}; --channels names all of them in their order",
                visible::names(&names)
            ));
        }
        found.label = label(&names)?;
        let mut others = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let kind = kinds.get(i).copied().unwrap_or_default();
            let is_wanted = dialect.header.is_some() && reading.options.channels.contains(name);
            match role(name) {
                _ if found.label == Some(i) => {}
                Role::Label => others.push(name.clone()),
                Role::Subject if found.subject.is_none() => found.subject = Some(i),
                Role::Recording if found.recording.is_none() => found.recording = Some(i),
                Role::Time if found.clocks.len() < MOST_CLOCKS => {
                    found.clocks.push(Clock {
                        column: i,
                        name: name.clone(),
                    });
                    if is_wanted {
                        found.value(i, name, dialect);
                    }
                }
                Role::Channel if kind.numbers > 0 && kind.numbers >= kind.others => {
                    found.value(i, name, dialect)
                }
                Role::Channel if kind.numbers + kind.others == 0 => {}
                Role::Number if is_wanted => found.value(i, name, dialect),
                Role::Number if name.is_empty() && kind.numbers + kind.others == 0 => {}
                _ => others.push(if name.is_empty() {
                    "(no name)".into()
                } else {
                    name.clone()
                }),
            }
        }
        if !others.is_empty() {
            found
                .notes
                .push(format!("columns left out: {}", visible::names(&others)));
        }
        ensure!(
            !found.values.is_empty(),
            "no column is a channel among {}: name those that are with --channels",
            visible::names(&names)
        );
        found.name_apart();
        Ok(found)
    }

    fn value(&mut self, column: usize, name: &str, dialect: &Dialect) {
        let (mut plain_name, mut unit, mut factor) = unit::of_column(name);
        if let Some((below, of_below)) =
            dialect.units.get(column).and_then(|text| Unit::parse(text))
            && unit == Unit::Unknown
        {
            (unit, factor) = (below, of_below);
            plain_name = name.to_owned();
        }
        self.channels.push(Channel::new(plain(&plain_name), unit));
        self.values.push(Value {
            column,
            name: name.to_owned(),
            factor,
        });
    }

    /// Gives channels of one name numbers.
    fn name_apart(&mut self) {
        for i in 0..self.channels.len() {
            let name = match self.channels[i].name.as_str() {
                "" => format!("c{}", self.values[i].column + 1),
                name => name.to_owned(),
            };
            let mut own = name.clone();
            let mut number = 1;
            while self.channels[..i].iter().any(|channel| channel.name == own) {
                number += 1;
                own = format!("{name}_{number}");
            }
            if own != self.channels[i].name {
                self.notes.push(format!(
                    "column {} is called {own}",
                    self.values[i].column + 1
                ));
                self.channels[i].name = own;
            }
        }
    }
}

/// The names of the columns: those of the header, or of `--channels` for as many columns, or numbers.
fn names(dialect: &Dialect, reading: &Reading<'_>) -> Vec<String> {
    if dialect.header.is_some() {
        return dialect.names.clone();
    }
    let given = &reading.options.channels;
    match given.len() == dialect.width {
        true => given.clone(),
        false => (1..=dialect.width).map(|i| format!("c{i}")).collect(),
    }
}

fn label(names: &[String]) -> Result<Option<usize>> {
    let mut all: Vec<usize> = (0..names.len())
        .filter(|&i| role(&names[i]) == Role::Label)
        .collect();
    all.sort_by_key(|&i| label_rank(&names[i]));
    if let [a, b, ..] = all[..] {
        ensure!(
            label_rank(&names[a]) != label_rank(&names[b]),
            "two columns are named \"{}\": rename one of them",
            visible::name(&names[b])
        );
    }
    Ok(all.first().copied())
}

fn kinds(text: &str, dialect: &Dialect) -> Vec<Kind> {
    let mut kinds = vec![Kind::default(); dialect.names.len().max(dialect.width)];
    let mut fields = Vec::new();
    let rows = lines(text)
        .filter(|(at, _)| *at >= dialect.first)
        .take(SAMPLE_ROWS);
    for (_, line) in rows {
        if split(line, dialect.separator, &mut fields).is_err() {
            continue;
        }
        for (kind, field) in kinds.iter_mut().zip(&fields) {
            match number(field, dialect.comma) {
                Number::Value(_) => kind.numbers += 1,
                Number::Other => kind.others += 1,
                Number::Missing => {}
            }
        }
    }
    kinds
}

/// What rows of one recording and subject have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    recording: usize,
    subject: usize,
}

/// Texts by numbers, in the order in which they come; 0 is none.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
    last: Option<(String, usize)>,
}

impl Texts {
    fn number(&mut self, field: &str, reading: &Reading<'_>) -> Result<usize> {
        if is_missing(field) {
            return Ok(0);
        }
        if let Some((last, number)) = &self.last
            && last == field
        {
            return Ok(*number);
        }
        let number = match self.numbers.get(field) {
            Some(&number) => number,
            None => {
                reading.budget.take(2 * field.len() + 128)?;
                self.all.push(unquoted(field).into_owned());
                self.numbers.insert(field.to_owned(), self.all.len());
                self.all.len()
            }
        };
        self.last = Some((field.to_owned(), number));
        Ok(number)
    }

    fn get(&self, number: usize) -> Option<&str> {
        number
            .checked_sub(1)
            .and_then(|i| self.all.get(i))
            .map(String::as_str)
    }

    /// Writes whole numbers as such, where all are numbers: `3.0` is `3`.
    fn whole(&mut self) {
        let value = |text: &String| {
            text.parse::<f64>()
                .ok()
                .filter(|value| value.fract() == 0.0 && value.abs() < 1e15)
        };
        if self.all.iter().all(|text| value(text).is_some()) {
            for text in &mut self.all {
                if let Some(value) = value(text) {
                    *text = format!("{value}");
                }
            }
        }
    }
}

/// The rows of a file.
struct Table {
    channels: usize,
    values: Vec<f32>,
    stamps: Vec<Vec<f64>>,
    /// For each column of stamps, whether they are dates.
    dates: Vec<bool>,
    labels: Vec<usize>,
    keys: Vec<Key>,
    gaps: Vec<usize>,
    blanks: Vec<usize>,
    label_texts: Texts,
    recordings: Texts,
    subjects: Texts,
    sample: Vec<f32>,
}

impl Table {
    fn new(columns: &Columns) -> Self {
        Self {
            channels: columns.values.len(),
            values: Vec::new(),
            stamps: vec![Vec::new(); columns.clocks.len()],
            dates: vec![false; columns.clocks.len()],
            labels: Vec::new(),
            keys: Vec::new(),
            gaps: Vec::new(),
            blanks: Vec::new(),
            label_texts: Texts::default(),
            recordings: Texts::default(),
            subjects: Texts::default(),
            sample: Vec::new(),
        }
    }

    fn rows(&self) -> usize {
        self.keys.len()
    }

    fn gap(&mut self) {
        self.gaps.push(self.rows());
    }

    fn blank(&mut self) {
        if self.blanks.last() != Some(&self.rows()) {
            self.blanks.push(self.rows());
        }
    }

    /// Adds a row; one without any value is a gap.
    fn row(
        &mut self,
        columns: &Columns,
        dialect: &Dialect,
        line: &str,
        fields: &[&str],
        reading: &Reading<'_>,
    ) -> Result<()> {
        let beyond = fields.get(columns.count..).unwrap_or_default();
        if fields.len() < columns.least || beyond.iter().any(|field| !field.is_empty()) {
            if line.starts_with('#') {
                // A comment.
                return Ok(());
            }
            bail!(
                "{} fields, but the header has {}",
                fields.len(),
                columns.count
            );
        }
        let field = |column: usize| fields.get(column).copied().unwrap_or_default();
        self.sample.clear();
        let mut has_any = false;
        for value in &columns.values {
            let read = match number(field(value.column), dialect.comma) {
                Number::Value(read) => (read * value.factor) as f32,
                Number::Missing => f32::NAN,
                Number::Other => bail!(
                    "column {}: {} is not a number",
                    visible::name(&value.name),
                    quoted(field(value.column))
                ),
            };
            ensure!(
                !read.is_infinite(),
                "column {}: {} is too large",
                visible::name(&value.name),
                quoted(field(value.column))
            );
            has_any |= !read.is_nan();
            self.sample.push(read);
        }
        if !has_any {
            self.gap();
            return Ok(());
        }
        reading
            .budget
            .take(4 * self.channels + 8 * self.stamps.len() + size_of::<Key>() + 8)?;
        let text = |texts: &mut Texts, column: Option<usize>| match column {
            Some(column) => texts.number(field(column), reading),
            None => Ok(0),
        };
        let label = text(&mut self.label_texts, columns.label)?;
        let key = Key {
            recording: text(&mut self.recordings, columns.recording)?,
            subject: text(&mut self.subjects, columns.subject)?,
        };
        self.values.extend_from_slice(&self.sample);
        for (i, clock) in columns.clocks.iter().enumerate() {
            let field = field(clock.column);
            let is_number = matches!(number(field, dialect.comma), Number::Value(_));
            self.dates[i] |= !is_number;
            self.stamps[i].push(stamp(field, dialect.comma));
        }
        self.labels.push(label);
        self.keys.push(key);
        Ok(())
    }

    fn into_recordings(
        mut self,
        name: &str,
        columns: &Columns,
        reading: &Reading<'_>,
    ) -> Result<Vec<Recording>> {
        ensure!(self.rows() > 0, "no row holds a value");
        self.label_texts.whole();
        if self.blanks.len() * 100 < self.rows() * SPACING {
            self.gaps.append(&mut self.blanks);
        }
        let mut is_gap = vec![false; self.rows() + 1];
        for &gap in &self.gaps {
            is_gap[gap] = true;
        }
        let clock = self.clock(columns);
        if clock.is_none() && !columns.clocks.is_empty() {
            let names = visible::names(columns.clocks.iter().map(|clock| &clock.name));
            reading.note(format!("{name}: no time is read from {names}: it counts samples, or not every row has a stamp"));
        }
        let mut numbers: HashMap<Key, usize> = HashMap::new();
        let mut all: Vec<(Recording, Vec<f64>)> = Vec::new();
        let mut before = None;
        for (row, &key) in self.keys.iter().enumerate() {
            let number = *numbers.entry(key).or_insert_with(|| {
                all.push((self.begin(name, key, columns), Vec::new()));
                all.len() - 1
            });
            let (recording, stamps) = &mut all[number];
            if is_gap[row] || before != Some(key) {
                recording.gap();
            }
            before = Some(key);
            recording
                .values
                .extend_from_slice(&self.values[row * self.channels..(row + 1) * self.channels]);
            if let Some((clock, unit)) = clock {
                stamps.push(self.stamps[clock][row] * unit);
            }
            if let Some(label) = self.label_texts.get(self.labels[row]) {
                recording.label_last(label);
            }
        }
        let with_time = |(mut recording, stamps): (Recording, Vec<f64>)| {
            if clock.is_some() {
                recording.time = TimeBase::Stamps(stamps);
            }
            recording
        };
        Ok(all.into_iter().map(with_time).collect())
    }

    fn begin(&self, name: &str, key: Key, columns: &Columns) -> Recording {
        let recording = self.recordings.get(key.recording);
        let subject = self.subjects.get(key.subject);
        let mut of = name.to_owned();
        let told_apart = subject.filter(|_| self.subjects.all.len() > 1);
        for part in [recording, told_apart].into_iter().flatten() {
            of = format!("{of}:{part}");
        }
        let mut begun = Recording::new(of, columns.channels.clone());
        begun.subject = subject.map(str::to_owned);
        begun
    }

    /// Of the columns of stamps the finest that every row has, with the seconds of its unit.
    fn clock(&self, columns: &Columns) -> Option<(usize, f64)> {
        let of = |(i, clock): (usize, &Clock)| {
            let stamps = &self.stamps[i];
            if stamps.iter().any(|stamp| stamp.is_nan()) {
                return None;
            }
            let unit = match self.dates[i] {
                true => Some(1.0),
                false => time::unit_in_name(&clock.name).or_else(|| time::unit(stamps)),
            }?;
            let still = stamps.windows(2).filter(|pair| pair[1] <= pair[0]).count();
            Some((still, i, unit))
        };
        let found = columns.clocks.iter().enumerate().filter_map(of);
        found
            .min_by_key(|(still, _, _)| *still)
            .map(|(_, i, unit)| (i, unit))
    }
}

/// A field as messages show it.
fn quoted(field: &str) -> String {
    format!("\"{}\"", visible::name(field))
}

/// A stamp in the unit of its column, a date in seconds; NaN where it is none.
fn stamp(field: &str, comma: bool) -> f64 {
    match number(field, comma) {
        Number::Value(value) => value,
        _ => time::date(field).unwrap_or(f64::NAN),
    }
}
