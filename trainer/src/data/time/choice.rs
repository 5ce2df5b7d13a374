//! Choosing the column of the time, where a file has several.

use super::clock::{Clock, Column};
use super::date::{Kind, Stamp, stamp, together};
use super::unit::Unit;

/// Rows by which the columns of a file are judged.
pub(in crate::data) const SAMPLE_ROWS: usize = 4096;

/// A column that may hold the time, or a column of dates and one of times of day that hold it together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::data) struct Candidate {
    /// Number of the column.
    pub column: usize,
    /// Number of the column that holds the date of a time of day.
    pub day: Option<usize>,
    /// Name, of two columns both.
    pub name: String,
    pub kind: Kind,
}

impl Candidate {
    /// The stamp of a row whose fields `field` gives; none where it is no stamp of this kind.
    pub fn stamp<'a>(&self, field: impl Fn(usize) -> &'a str, comma: bool) -> Option<f64> {
        let own = stamp(field(self.column), comma)?;
        let found = match self.day {
            Some(day) => together(stamp(field(day), comma)?, own)?,
            None => own,
        };
        let is_moment = |kind| matches!(kind, Kind::Moment | Kind::Day);
        let fits = found.kind == self.kind || (is_moment(found.kind) && is_moment(self.kind));
        fits.then_some(found.value)
    }
}

/// The columns that may hold the time, of those of `names`, each with its number. `first` gives the first stamp of a column, which
/// tells its kind.
pub(in crate::data) fn candidates(
    names: &[(usize, String)],
    first: impl Fn(usize) -> Option<Stamp>,
) -> Vec<Candidate> {
    let found: Vec<(usize, &String, Kind)> = (names.iter())
        .filter_map(|(column, name)| Some((*column, name, first(*column)?.kind)))
        .collect();
    let day = found.iter().find(|(.., kind)| *kind == Kind::Day);
    let one = |&(column, name, kind): &(usize, &String, Kind)| match (kind, day) {
        (Kind::OfDay, Some((day, day_name, _))) => Candidate {
            column,
            day: Some(*day),
            name: format!("{day_name} and {name}"),
            kind: Kind::Moment,
        },
        _ => Candidate {
            column,
            day: None,
            name: name.clone(),
            kind,
        },
    };
    let mut all: Vec<Candidate> = found.iter().map(one).collect();
    // A day alone is no time, where there is any other.
    if all.iter().any(|candidate| candidate.kind != Kind::Day) {
        all.retain(|candidate| candidate.kind != Kind::Day);
    }
    all
}

/// The finest of several columns of stamps, of the first rows of a file: one that is a time goes before one that counts samples, and
/// of two times the one that rises more often; of equal ones the first.
pub(in crate::data) fn finest(columns: &[(Column<'_>, Vec<&[f64]>)]) -> Option<usize> {
    let score = |(column, runs): &(Column<'_>, Vec<&[f64]>)| {
        let unit = Clock::measure(*column, runs, None).map(|clock| clock.unit);
        let is_time = match unit {
            None => 0,
            Some(Unit::Samples) => 1,
            Some(_) => 2,
        };
        let pairs = || runs.iter().flat_map(|run| run.windows(2));
        let rises = pairs().filter(|pair| pair[1] > pair[0]).count();
        (is_time, rises)
    };
    let scores: Vec<(i32, usize)> = columns.iter().map(score).collect();
    let best = scores.iter().max()?;
    scores.iter().position(|score| score == best)
}
