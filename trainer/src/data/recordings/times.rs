//! The column of a file that its time is read from.

use super::columns::Columns;
use super::labels;
use super::lines::{Fields, lines};
use super::run::TimeColumn;
use crate::data::time::{Candidate, Column, SAMPLE_ROWS, candidates, finest, stamp};
use crate::visible;

/// The columns of stamps of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    /// The column that the time is read from; none without any.
    pub chosen: Option<Candidate>,
    /// Names of the others.
    others: Vec<String>,
    /// A column that is named like a time and holds something else, and what it holds in the first row.
    pub no_stamp: Option<[String; 2]>,
}

impl Times {
    /// The column that was chosen, for who measures it.
    pub fn column(&self, chosen: &Candidate) -> TimeColumn {
        TimeColumn {
            name: chosen.name.clone(),
            is_date: Column::new(&chosen.name, chosen.kind).is_date,
            others: self.others.clone(),
        }
    }
}

/// Finds the columns of stamps of a file by its first labelled rows, and the finest of them. `below` are its lines below the header,
/// as many as are read; the second value is whether more of them would tell the same.
pub(super) fn of_rows(below: &[u8], columns: &Columns) -> (Times, bool) {
    if columns.times.is_empty() {
        return (Times::default(), true);
    }
    let mut rows = Rows::new(below, columns);
    let Some(first) = rows.next() else {
        return (Times::default(), rows.is_broken);
    };
    let found = candidates(&columns.times, |column| stamp(first.field(column)?, false));
    let mut count = 0;
    let chosen = match found.as_slice() {
        [] | [_] => found.first(),
        several => {
            let all = std::iter::once(first.clone()).chain(rows.by_ref());
            let sample = all.take(SAMPLE_ROWS).inspect(|_| count += 1);
            finest_of(several, sample)
        }
    };
    let is_sure = found.len() < 2 || count == SAMPLE_ROWS || rows.is_broken;
    let others = found.iter().filter(|other| Some(*other) != chosen);
    let no_stamp = columns.times.first().filter(|_| chosen.is_none());
    let times = Times {
        no_stamp: no_stamp.map(|(column, name)| {
            let field = first.field(*column).unwrap_or_default();
            [name.clone(), visible::name(field)]
        }),
        others: others.map(|other| other.name.clone()).collect(),
        chosen: chosen.cloned(),
    };
    (times, is_sure)
}

/// Stamps of a column, row of samples by row of samples.
#[derive(Clone, Default)]
struct Sample {
    runs: Vec<Vec<f64>>,
    lacks_some: bool,
}

/// The finest of several columns of stamps, by the first rows; one that lacks some only where no other has all.
fn finest_of(found: &[Candidate], rows: impl Iterator<Item = Row>) -> Option<&Candidate> {
    let mut samples = vec![Sample::default(); found.len()];
    for row in rows {
        for (candidate, sample) in found.iter().zip(&mut samples) {
            let field = |column| row.field(column).unwrap_or_default();
            match (candidate.stamp(field, false), sample.runs.last_mut()) {
                (Some(stamp), Some(run)) if !row.is_after_gap => run.push(stamp),
                (Some(stamp), _) => sample.runs.push(vec![stamp]),
                (None, _) => {
                    sample.lacks_some = true;
                    sample.runs.push(Vec::new());
                }
            }
        }
    }
    let all_lack = samples.iter().all(|sample| sample.lacks_some);
    let kept = || {
        let both = found.iter().zip(&samples);
        both.filter(|(_, sample)| all_lack || !sample.lacks_some)
    };
    let measured: Vec<(Column<'_>, Vec<&[f64]>)> = kept()
        .map(|(candidate, sample)| {
            let column = Column::new(&candidate.name, candidate.kind);
            (column, sample.runs.iter().map(Vec::as_slice).collect())
        })
        .collect();
    let best = finest(&measured)?;
    kept().nth(best).map(|(candidate, _)| candidate)
}

/// A labelled row.
#[derive(Clone)]
struct Row {
    fields: Vec<String>,
    /// Whether it does not go on from the row before.
    is_after_gap: bool,
}

impl Row {
    fn field(&self, column: usize) -> Option<&str> {
        self.fields.get(column).map(String::as_str)
    }
}

/// The labelled rows below a header, as far as they are rows.
struct Rows<'a, I> {
    lines: I,
    columns: &'a Columns,
    fields: Fields,
    before: Option<Vec<String>>,
    /// Whether there is a line that is no row of fields, at which the rows end.
    is_broken: bool,
}

impl<'a> Rows<'a, ()> {
    fn new(
        below: &'a [u8],
        columns: &'a Columns,
    ) -> Rows<'a, impl Iterator<Item = (u64, &'a [u8])>> {
        Rows {
            lines: lines(below),
            columns,
            fields: Fields::default(),
            before: None,
            is_broken: false,
        }
    }
}

impl<'a, I: Iterator<Item = (u64, &'a [u8])>> Iterator for Rows<'_, I> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        while !self.is_broken {
            let (_, line) = self.lines.next()?;
            self.is_broken = self.fields.split(line).is_err();
            let is_row = !self.is_broken && self.fields.len() == self.columns.count;
            if !is_row || labels::is_none(self.fields.get(line, self.columns.label)) {
                self.before = None;
                continue;
            }
            let text = |column| String::from_utf8_lossy(self.fields.get(line, column)).into_owned();
            let group = self.columns.group.as_ref().map(|(column, _)| *column);
            let of = [Some(self.columns.label), self.columns.recording, group];
            let key: Vec<String> = of.into_iter().flatten().map(text).collect();
            let row = Row {
                fields: (0..self.columns.count).map(text).collect(),
                is_after_gap: self.before.as_ref() != Some(&key),
            };
            self.before = Some(key);
            return Some(row);
        }
        None
    }
}
