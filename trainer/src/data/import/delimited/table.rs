//! Rows of a file, put into recordings.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use anyhow::{Result, bail, ensure};

use super::Dialect;
use super::header::{Columns, Value};
use super::points::{Points, is_grouped};
use crate::data::belonging::Stretch;
use crate::data::import::columns::{Role, axis, role};
use crate::data::import::context::Reading;
use crate::data::import::recording::{Recording, TimeBase};
use crate::data::import::text::{Number, is_missing, number, quantity, unquoted};
use crate::data::import::unit::Unit;
use crate::data::numbering::{Order, mark, order, taking_turns};
use crate::data::time::{
    self, Candidate, Clock, Column, SAMPLE_ROWS, finest, out_of_order, runs_back,
};
use crate::data::{Spot, Spots};
use crate::visible;

/// Share of blank lines, in a hundred of the rows, from which on they are spacing and not gaps.
const SPACING: usize = 40;
/// Rows from which on it is told whether those of several recordings are mixed.
const ENOUGH_ROWS: usize = 16;

/// Stretches of columns that play no part, of which values are kept.
const MOST_STRETCHES: usize = 10_000;
/// Rows of such a stretch, at least, on average.
const STRETCH_ROWS: usize = 10;

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
    /// Values of each column of numbers.
    marks: Vec<Vec<i64>>,
    labels: Vec<usize>,
    keys: Vec<Key>,
    spots: Spots,
    gaps: Vec<usize>,
    blanks: Vec<usize>,
    label_texts: Texts,
    recordings: Texts,
    subjects: Texts,
    sample: Vec<f32>,
    /// The value of each column that plays no part, and the stretches in which they had others before.
    idle: Vec<Option<String>>,
    stretches: Vec<(String, Stretch)>,
    /// Points in the fields of each column of values.
    points: Vec<Points>,
}

impl Table {
    pub fn new(columns: &Columns) -> Self {
        Self {
            channels: columns.values.len(),
            values: Vec::new(),
            stamps: vec![Vec::new(); columns.clocks.len()],
            marks: vec![Vec::new(); columns.marks.len()],
            labels: Vec::new(),
            keys: Vec::new(),
            spots: Spots::default(),
            gaps: Vec::new(),
            blanks: Vec::new(),
            label_texts: Texts::default(),
            recordings: Texts::default(),
            subjects: Texts::default(),
            sample: Vec::new(),
            idle: vec![None; columns.idle.len()],
            stretches: Vec::new(),
            points: vec![Points::default(); columns.values.len()],
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
        (at, line): (Option<u64>, &str),
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
        for (value, points) in columns.values.iter().zip(&mut self.points) {
            points.add(field(value.column), &value.name);
            let read = read(value, field(value.column), dialect.comma)?;
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
        reading.budget.take(
            4 * self.channels + 8 * (self.stamps.len() + self.marks.len()) + size_of::<Key>() + 8,
        )?;
        let text = |texts: &mut Texts, column: Option<usize>| match column {
            Some(column) => texts.number(field(column), reading),
            None => Ok(0),
        };
        for (value, (column, name)) in self.idle.iter_mut().zip(&columns.idle) {
            let own = field(*column);
            if value.as_deref() != Some(own) {
                *value = Some(own.to_owned());
                if self.stretches.len() < MOST_STRETCHES {
                    reading.budget.take(size_of::<Stretch>() + 2 * own.len())?;
                    let stretch = Stretch {
                        recording: 0,
                        label: columns.label.map_or("", field).to_owned(),
                        value: own.to_owned(),
                    };
                    self.stretches.push((name.clone(), stretch));
                }
            }
        }
        let label = text(&mut self.label_texts, columns.label)?;
        let key = Key {
            recording: text(&mut self.recordings, columns.recording)?,
            subject: text(&mut self.subjects, columns.subject)?,
        };
        self.values.extend_from_slice(&self.sample);
        for (stamps, clock) in self.stamps.iter_mut().zip(&columns.clocks) {
            stamps.push(clock.stamp(field, dialect.comma).unwrap_or(f64::NAN));
        }
        for (marks, (column, _)) in self.marks.iter_mut().zip(&columns.marks) {
            marks.push(mark(field(*column).as_bytes()));
        }
        self.labels.push(label);
        if let Some(at) = at {
            self.spots.tell(self.keys.len(), at);
        }
        self.keys.push(key);
        Ok(())
    }

    /// Checks that points are those before decimals; `comma` says whether a comma is.
    ///
    /// # Errors
    /// They may be those of thousands.
    pub fn check_points(&self, columns: &Columns, comma: bool) -> Result<()> {
        let mut sensors: BTreeMap<String, Points> = BTreeMap::new();
        for (value, points) in columns.values.iter().zip(&self.points) {
            let sensor = axis(&value.name).map(|(sensor, _)| sensor);
            let of = sensors
                .entry(sensor.unwrap_or_else(|| value.name.clone()))
                .or_default();
            *of = std::mem::take(of).with(points);
        }
        sensors.values().try_for_each(|points| points.check(comma))
    }

    pub fn into_recordings(
        mut self,
        name: &str,
        columns: &Columns,
        reading: &Reading<'_>,
    ) -> Result<Vec<Recording>> {
        ensure!(self.rows() > 0, "no row holds a value");

        if columns.subject.is_none() {
            let own = std::mem::take(&mut self.stretches);
            reading.idle(name, own, self.rows() / STRETCH_ROWS);
        }
        self.label_texts.whole();
        if self.blanks.len() * 100 < self.rows() * SPACING {
            self.gaps.append(&mut self.blanks);
        }
        let mut is_gap = vec![false; self.rows() + 1];
        for &gap in &self.gaps {
            is_gap[gap] = true;
        }
        self.not_mixed(columns)?;
        self.breaks(name, columns, &mut is_gap, reading)?;
        let runs = self.runs(&is_gap);
        self.in_order(columns, &runs)?;
        let found = self.clock(columns, &runs, reading);
        self.note_clocks(name, columns, found, reading);
        let clock = found.and_then(|(clock, unit)| Some((clock, unit.seconds()?)));
        if let Some((counter, time::Unit::Samples)) = found {
            self.lost(&columns.clocks[counter], counter, &runs, &mut is_gap);
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
            if let Some(Spot::Line(line)) = self.spots.get(row) {
                recording.line_last(line);
            }
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

    /// Rows in a row of one recording and subject, without a gap.
    fn runs(&self, is_gap: &[bool]) -> Vec<Range<usize>> {
        let begins = |row: &usize| is_gap[*row] || self.keys[*row] != self.keys[*row - 1];
        let starts = std::iter::once(0).chain((1..self.rows()).filter(begins));
        let starts: Vec<usize> = starts.chain([self.rows()]).collect();
        starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }

    /// Checks that rows of several recordings or people do not take turns.
    fn not_mixed(&self, columns: &Columns) -> Result<()> {
        let pairs = || self.keys.windows(2);
        let changes = pairs().filter(|pair| pair[0] != pair[1]).count();
        if self.rows() < ENOUGH_ROWS || 2 * changes < self.rows() {
            return Ok(());
        }
        let of_people = pairs().filter(|pair| pair[0].subject != pair[1].subject);
        let column = match of_people.count() * 2 >= changes {
            true => columns.subject,
            false => columns.recording,
        };
        let column = column.map(|column| columns.names[column].as_str());
        bail!(
            "column {} changes from row to row, so rows of several recordings are mixed and no samples follow each other. Sort the rows by this \
             column first, then by time",
            visible::name(column.unwrap_or_default())
        )
    }

    /// Marks the rows that do not go on from the one before, by columns that number samples, repetitions or devices.
    fn breaks(
        &self,
        name: &str,
        columns: &Columns,
        is_gap: &mut [bool],
        reading: &Reading<'_>,
    ) -> Result<()> {
        let runs = self.runs(is_gap);
        for (marks, (_, column)) in self.marks.iter().zip(&columns.marks) {
            let of_runs: Vec<&[i64]> = runs.iter().map(|run| &marks[run.clone()]).collect();
            match order(column, &of_runs) {
                Order::TakesTurns => bail!(taking_turns(column, name)),
                Order::Breaks(places) if role(column) == Role::Number => {
                    for &(run, row) in &places {
                        is_gap[runs[run].start + row] = true;
                    }
                    reading.note(format!(
                        "{name}: {} gaps by column {}: where it changes or jumps, samples do not follow each other",
                        places.len(),
                        visible::name(column)
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that rows are in the order of time, by the columns that may hold it.
    fn in_order(&self, columns: &Columns, runs: &[Range<usize>]) -> Result<()> {
        for (stamps, clock) in self.stamps.iter().zip(&columns.clocks) {
            if stamps.iter().any(|stamp| stamp.is_nan()) {
                continue;
            }
            let of_runs: Vec<&[f64]> = runs.iter().map(|run| &stamps[run.clone()]).collect();
            if let Some((run, row)) = runs_back(&of_runs) {
                let spot = self.spots.get(runs[run].start + row);
                let place = spot.map(|spot| spot.to_string());
                bail!(out_of_order(&clock.name, &place.unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Marks the rows before which a column that counts samples has left some out.
    fn lost(&self, column: &Candidate, number: usize, runs: &[Range<usize>], is_gap: &mut [bool]) {
        let stamps = &self.stamps[number];
        let of_runs: Vec<&[f64]> = runs.iter().map(|run| &stamps[run.clone()]).collect();
        let column = Column::new(&column.name, column.kind);
        let Some(clock) = Clock::measure(column, &of_runs, None) else {
            return;
        };
        for row in runs.iter().flat_map(|run| run.start + 1..run.end) {
            is_gap[row] |= clock.is_gap(stamps[row] - stamps[row - 1]);
        }
    }

    /// Notes which columns of time were not read.
    fn note_clocks(
        &self,
        name: &str,
        columns: &Columns,
        read: Option<(usize, time::Unit)>,
        reading: &Reading<'_>,
    ) {
        let chosen = read.map(|(chosen, _)| chosen);
        let others = (0..columns.clocks.len()).filter(|&i| Some(i) != chosen);
        let others = others.map(|i| &columns.clocks[i].name);
        let others = visible::names(others.chain(&columns.no_clocks));
        let is = |read: usize| visible::name(&columns.clocks[read].name);
        match read {
            Some((read, time::Unit::Samples)) => reading.note(format!(
                "{name}: {} counts samples, which tells gaps and no rate: --rate states it",
                is(read)
            )),
            _ if others.is_empty() => {}
            None => reading.note(format!(
                "{name}: no time is read from {others}: not every row has a stamp, or they do not go on from row to row"
            )),
            Some((read, _)) => reading.note(format!(
                "{name}: the time is read from column {}, not from {others}",
                is(read)
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

    /// The finest column of time stamps that every row has, and its unit.
    fn clock(
        &self,
        columns: &Columns,
        runs: &[Range<usize>],
        reading: &Reading<'_>,
    ) -> Option<(usize, time::Unit)> {
        let mut found = Vec::new();
        let mut measured = Vec::new();
        for (i, clock) in columns.clocks.iter().enumerate() {
            let stamps = &self.stamps[i];
            if stamps.iter().any(|stamp| stamp.is_nan()) {
                continue;
            }
            let column = Column::new(&clock.name, clock.kind);
            let all: Vec<&[f64]> = runs.iter().map(|run| &stamps[run.clone()]).collect();
            if let Some(unit) = time::unit(column, &all, reading.options.rate_hz) {
                let sample = runs.iter().take_while(|run| run.start < SAMPLE_ROWS);
                let sample = sample.map(|run| &stamps[run.start..run.end.min(SAMPLE_ROWS)]);
                measured.push((column, sample.collect()));
                found.push((i, unit));
            }
        }
        finest(&measured).map(|best| found[best])
    }
}

/// The value of a field, in the unit of its channel; NaN where it is missing.
fn read(value: &Value, field: &str, comma: bool) -> Result<f32> {
    let name = || visible::name(&value.name);
    let number = match (number(field, comma), &value.unit) {
        (Number::Missing, _) => return Ok(f32::NAN),
        (Number::Value(number), None) => number,
        (Number::Value(_), Some(unit)) => bail!(
            "column {}: {} has no unit, but others are in {}: all numbers of a column must have the same",
            name(),
            quoted(field),
            visible::name(unit)
        ),
        (Number::Other, _) => {
            ensure!(
                !is_grouped(field),
                "column {}: {} has points between thousands: save the file without them",
                name(),
                quoted(field)
            );
            let Some((number, own)) = quantity(field, comma) else {
                bail!("column {}: {} is not a number", name(), quoted(field));
            };
            let wanted = value.unit.as_deref();
            ensure!(
                wanted.and_then(Unit::parse) == Unit::parse(own),
                "column {}: {} is in {}, but others are in {}: all numbers of a column must have the same unit",
                name(),
                quoted(field),
                visible::name(own),
                wanted.map_or("no unit".into(), visible::name)
            );
            number
        }
    };
    Ok((number * value.factor) as f32)
}

/// A field as messages show it.
fn quoted(field: &str) -> String {
    format!("\"{}\"", visible::name(field))
}
