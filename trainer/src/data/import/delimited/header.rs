//! Columns of a file by its header and its first rows.

use anyhow::{Result, ensure};

use super::Dialect;
use super::points::is_grouped;
use crate::data::import::columns::{Role, label_rank, plain, role};
use crate::data::import::context::Reading;
use crate::data::import::recording::Channel;
use crate::data::import::text::{Number, lines, number, quantity, split};
use crate::data::import::unit::{self, Unit};
use crate::data::people;
use crate::data::row_digests::SOURCE;
use crate::data::time::{Candidate, Stamp, candidates, stamp};
use crate::data::words::composed;
use crate::visible;

/// Columns of stamps that are read.
const MOST_CLOCKS: usize = 4;
/// Columns of numbers that are read.
const MOST_MARKS: usize = 8;
/// Rows that the kind of a column is told by.
const SAMPLE_ROWS: usize = 1000;

/// A column of values.
pub(super) struct Value {
    pub column: usize,
    pub name: String,
    pub factor: f64,
    /// The unit behind each of its numbers, as a field spells it; none where the numbers stand alone.
    pub unit: Option<String>,
}

/// Columns of a file, by their roles.
pub(super) struct Columns {
    pub count: usize,
    /// Fields that a row has at least: columns at the end without names may be missing.
    pub least: usize,
    /// Names of all.
    pub names: Vec<String>,
    pub label: Option<usize>,
    pub subject: Option<usize>,
    pub recording: Option<usize>,
    /// Columns that may hold the time.
    pub clocks: Vec<Candidate>,
    /// Names of columns that are named like a time and hold none.
    pub no_clocks: Vec<String>,
    pub values: Vec<Value>,
    /// Columns that play no part, and may tell what recordings belong to, with their names.
    pub idle: Vec<(usize, String)>,
    /// Columns of numbers or texts that play no part, with their names.
    pub marks: Vec<(usize, String)>,
    pub channels: Vec<Channel>,
    pub notes: Vec<String>,
}

/// How the fields of a column are, among the first rows.
#[derive(Clone, Default)]
struct Kind {
    numbers: usize,
    others: usize,
    /// The unit behind the first number that has one.
    unit: Option<String>,
}

impl Columns {
    pub fn of(text: &str, dialect: &Dialect, reading: &Reading<'_>) -> Result<Self> {
        let kinds = kinds(text, dialect);
        let names = names(dialect, reading);
        let mut found = Self {
            count: names.len(),
            least: names
                .iter()
                .rposition(|name| !name.is_empty())
                .map_or(0, |last| last + 1),
            names: names.clone(),
            label: None,
            subject: None,
            recording: None,
            clocks: Vec::new(),
            no_clocks: Vec::new(),
            values: Vec::new(),
            idle: Vec::new(),
            marks: Vec::new(),
            channels: Vec::new(),
            notes: Vec::new(),
        };
        if dialect.header.is_none() {
            found.notes.push(format!(
                "no header line: its columns are {}; --channels names all of them in their order",
                visible::names(&names)
            ));
        }
        found.label = label(&names, reading)?;
        found.subject = subject(&names, reading);
        let mut others = Vec::new();
        let mut times = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let kind = kinds.get(i).cloned().unwrap_or_default();
            let is_wanted = dialect.header.is_some() && reading.options.channels.contains(name);
            match role(name) {
                _ if found.label == Some(i) || found.subject == Some(i) => {}
                Role::Label => others.push(name.clone()),
                Role::Recording if found.recording.is_none() => found.recording = Some(i),
                Role::Time if times.len() < MOST_CLOCKS => {
                    times.push((i, name.clone()));
                    if is_wanted {
                        found.value(i, name, &kind, dialect)?;
                    }
                }
                Role::Channel if kind.numbers > 0 && kind.numbers >= kind.others => {
                    found.value(i, name, &kind, dialect)?;
                }
                Role::Channel if kind.numbers + kind.others == 0 => {}
                Role::Number if is_wanted => found.value(i, name, &kind, dialect)?,
                Role::Number if name.is_empty() && kind.numbers + kind.others == 0 => {}
                _ if name.is_empty() => others.push("(no name)".into()),
                _ => {
                    if found.label.is_none() && kind.others > kind.numbers {
                        reading.text_column(name);
                    }
                    others.push(name.clone());
                    found.idle.push((i, name.clone()));
                    let may_tell = name != SOURCE && found.marks.len() < MOST_MARKS;
                    if may_tell && matches!(role(name), Role::Number | Role::Channel) {
                        found.marks.push((i, name.clone()));
                    }
                }
            }
        }
        found.clocks = candidates(&times, |column| first_stamp(text, dialect, column));
        let is_read = |column: usize| {
            let of = |clock: &Candidate| clock.column == column || clock.day == Some(column);
            found.clocks.iter().any(of)
        };
        let no_clocks = times.into_iter().filter(|(column, _)| !is_read(*column));
        found.no_clocks = no_clocks.map(|(_, name)| name).collect();
        if others.iter().any(|name| name == SOURCE) {
            found.notes.push(
                "its samples were resampled before, and its column source_digest, by which training finds trimmed copies, is no part of \
                 an import: train on the folder as it is, or import the original recordings"
                    .into(),
            );
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

    fn value(&mut self, column: usize, name: &str, kind: &Kind, dialect: &Dialect) -> Result<()> {
        let (mut plain_name, mut unit, mut factor) = unit::of_column(name);
        if let Some((below, of_below)) = dialect
            .units
            .get(column)
            .and_then(|text| unit::of_channel(name, text))
            && unit == Unit::Unknown
        {
            (unit, factor) = (below, of_below);
            plain_name = name.to_owned();
        }
        let of_fields = kind.unit.as_deref();
        if let Some((own, text)) =
            of_fields.and_then(|text| Some((unit::of_channel(name, text)?, text)))
        {
            ensure!(
                unit == Unit::Unknown || (unit, factor) == own,
                "column {}: its numbers are in {}, which is not the unit of its header",
                visible::name(name),
                visible::name(text)
            );
            (unit, factor) = own;
        }
        self.channels.push(Channel::new(plain(&plain_name), unit));
        self.values.push(Value {
            column,
            name: name.to_owned(),
            factor,
            unit: kind.unit.clone(),
        });
        Ok(())
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

/// The column of the label: that which the user names, else the one that is named most like a label.
fn label(names: &[String], reading: &Reading<'_>) -> Result<Option<usize>> {
    if let Some(stated) = &reading.options.label_column {
        let is_it = |name: &String| composed(name) == composed(stated);
        return Ok(names.iter().position(is_it));
    }
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

/// The column of people: that which the user names, else the one that is named most like it.
fn subject(names: &[String], reading: &Reading<'_>) -> Option<usize> {
    match &reading.options.subject_column {
        Some(stated) => {
            let is_it =
                |name: &String| composed(name) == composed(stated) || plain(name) == *stated;
            names.iter().position(is_it)
        }
        None => people::column(names),
    }
}

/// The first stamp of a column.
fn first_stamp(text: &str, dialect: &Dialect, column: usize) -> Option<Stamp> {
    let mut fields = Vec::new();
    let mut rows = lines(text)
        .filter(|(at, _)| *at >= dialect.first)
        .take(SAMPLE_ROWS);
    rows.find_map(|(_, line)| {
        split(line, dialect.separator, &mut fields).ok()?;
        stamp(fields.get(column)?, dialect.comma)
    })
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
                // A number that is refused when it is read, not text.
                Number::Other if is_grouped(field) => kind.numbers += 1,
                Number::Other => match quantity(field, dialect.comma) {
                    Some((_, unit)) => {
                        kind.numbers += 1;
                        kind.unit.get_or_insert_with(|| unit.to_owned());
                    }
                    None => kind.others += 1,
                },
                Number::Missing => {}
            }
        }
    }
    kinds
}
