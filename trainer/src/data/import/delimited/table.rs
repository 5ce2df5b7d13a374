//! Rows of a file, put into recordings.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};

use super::Dialect;
use super::header::{Clock, Columns};
use crate::data::import::context::Reading;
use crate::data::import::recording::{Recording, TimeBase};
use crate::data::import::text::{Number, is_missing, number, unquoted};
use crate::data::import::time;
use crate::visible;

/// Share of blank lines, in a hundred of the rows, from which on they are spacing and not gaps.
const SPACING: usize = 40;

/// Key that rows of one recording and subject share.
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
pub(super) struct Table {
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
    pub fn new(columns: &Columns) -> Self {
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

    pub fn gap(&mut self) {
        self.gaps.push(self.rows());
    }

    pub fn blank(&mut self) {
        if self.blanks.last() != Some(&self.rows()) {
            self.blanks.push(self.rows());
        }
    }

    /// Adds a row; one without any value is a gap.
    pub fn row(
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

    pub fn into_recordings(
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
        self.note_clocks(name, columns, clock.map(|(clock, _)| clock), reading);
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

    /// Notes which columns of time were not read.
    fn note_clocks(
        &self,
        name: &str,
        columns: &Columns,
        read: Option<usize>,
        reading: &Reading<'_>,
    ) {
        let others = (0..columns.clocks.len()).filter(|&i| Some(i) != read);
        let others = visible::names(others.map(|i| &columns.clocks[i].name));
        match read {
            _ if others.is_empty() => {}
            None => reading.note(format!(
                "{name}: no time is read from {others}: it counts samples, or not every row has a stamp"
            )),
            Some(read) => reading.note(format!(
                "{name}: time is read from {}, not from {others}",
                visible::name(&columns.clocks[read].name)
            )),
        }
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
        begun.stated_name = recording.map(str::to_owned);
        begun.subject = subject.map(str::to_owned);
        begun
    }

    /// The finest column of time stamps that every row has, and its unit in seconds.
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
