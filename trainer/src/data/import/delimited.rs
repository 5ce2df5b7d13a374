//! Delimited text: a header line and a row a sample, however loggers and spreadsheets write it.

mod dialect;
mod header;
mod points;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, ensure};

pub(super) use dialect::Dialect;
pub(super) use rows::Rows;

use super::Format;
use super::context::{BadLines, Reading};
use super::recording::Recording;
use super::text::{lines, split};
use header::Columns;
use table::Table;

pub(super) const DELIMITED: Format = Format {
    name: "delimited text",
    detect: |file| file.text().map_or(0, detect),
    read: |file, reading| {
        let text = file.text().context("it is no text")?;
        read(&file.name(), text, reading)
    },
};

/// Bytes of a line: enough for 1,024 channels with long names.
const MAX_LINE_BYTES: usize = 64 << 10;

/// Whether text is of this format, in a hundred.
fn detect(text: &str) -> u8 {
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
    read_with(name, text, &dialect, &|_| Ok(()), reading)
}

/// Reads a file as [`read`] does, in a known dialect; `check` refuses rows by their fields.
pub(super) fn read_with(
    name: &str,
    text: &str,
    dialect: &Dialect,
    check: &dyn Fn(&[&str]) -> Result<()>,
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
            .and_then(|()| check(&fields))
            .and_then(|()| table.row(&columns, dialect, (Some(at), line), &fields, reading));
        if let Err(error) = result {
            if error.is::<std::io::Error>() {
                return Err(error.context(format!("line {at}")));
            }
            table.gap();
            bad.add(at, &error);
        }
    }
    reading.accept(name, &bad)?;
    table.check_points(&columns, dialect.comma)?;
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
