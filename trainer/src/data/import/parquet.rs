//! Parquet, as pandas, polars and Arrow write it: a row a sample.
//!
//! Columns play the parts that their names give them, as those of delimited text do; a column of time stamps is a time whatever its
//! name, and a column that pandas made an index is no channel. Nested columns are left out.

mod columns;
mod pages;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};

use super::columns::{Role, role};
use super::context::Reading;
use super::delimited::Rows;
use super::recording::Recording;
use super::{File, Format};
use crate::data::time::is_time;
use crate::visible;
use columns::{BATCH, Column, Meaning};

pub(super) const PARQUET: Format = Format {
    name: "Parquet",
    detect: |file| match file.bytes.starts_with(b"PAR1") {
        true => 100,
        false => 0,
    },
    read,
};

/// The most columns of a file.
const MOST_COLUMNS: usize = 1024;
/// The most groups of rows.
const MOST_GROUPS: usize = 100_000;

/// Reads a file. Its bytes are of a stranger and the decoder is another project's: if it panics, that is an error like others.
fn read(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let read = || recordings(&file.name(), file.bytes, reading);
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| bail!("it is damaged: the decoder of Parquet gave up on it"))
}

/// A column that is read.
struct Wanted {
    number: usize,
    /// Name by which its part is told.
    name: String,
    meaning: Meaning,
}

fn recordings(name: &str, bytes: &[u8], reading: &Reading<'_>) -> Result<Vec<Recording>> {
    // The decoder shares its bytes.
    reading.budget.take(bytes.len())?;
    let file = Bytes::copy_from_slice(bytes);
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&file)
        .context("it is truncated or damaged")?;
    let wanted = wanted(name, &metadata, reading)?;
    ensure!(
        metadata.num_row_groups() <= MOST_GROUPS,
        "more than {MOST_GROUPS} groups of rows"
    );
    let names = || wanted.iter().map(|column| column.name.clone()).collect();
    let mut rows: Option<Rows<'_>> = None;
    let mut fields = vec![String::new(); wanted.len()];
    for group in metadata.row_groups() {
        let mut columns = open(&file, group, &wanted, reading)?;
        let mut left = usize::try_from(group.num_rows()).context("a negative number of rows")?;
        while left > 0 {
            let count = left.min(BATCH);
            left -= count;
            for (column, wanted) in columns.iter_mut().zip(&wanted) {
                let of = || format!("column {}", visible::name(&wanted.name));
                column.batch(count).with_context(of)?;
            }
            let mut batch = Vec::with_capacity(count);
            for row in 0..count {
                for ((column, field), wanted) in columns.iter_mut().zip(&mut fields).zip(&wanted) {
                    let of = || format!("column {}", visible::name(&wanted.name));
                    column.field(row, field).with_context(of)?;
                }
                batch.push(fields.clone());
            }
            let rows = match &mut rows {
                Some(rows) => rows,
                None => rows.insert(Rows::new(names(), &batch, reading)?),
            };
            for fields in &batch {
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                rows.row(&fields)?;
            }
        }
    }
    rows.context("it has no rows")?.into_recordings(name)
}

fn open(
    file: &Bytes,
    group: &RowGroupMetaData,
    wanted: &[Wanted],
    reading: &Reading<'_>,
) -> Result<Vec<Column>> {
    let open = |column: &Wanted| {
        Column::open(file, group, column.number, column.meaning, reading)
            .with_context(|| format!("column {}", visible::name(&column.name)))
    };
    wanted.iter().map(open).collect()
}

/// The columns that are read, with a note about others.
fn wanted(name: &str, metadata: &ParquetMetaData, reading: &Reading<'_>) -> Result<Vec<Wanted>> {
    let schema = metadata.file_metadata().schema_descr();
    ensure!(
        schema.num_columns() <= MOST_COLUMNS,
        "{} columns; read are up to {MOST_COLUMNS}",
        schema.num_columns()
    );
    let indices = indices(metadata);
    let (mut wanted, mut others) = (Vec::new(), Vec::new());
    for (number, column) in schema.columns().iter().enumerate() {
        let own = column.path().string();
        let is_flat = column.max_rep_level() == 0;
        let meaning = Meaning::of(column).filter(|_| is_flat);
        let is_asked = reading.options.channels.contains(&own);
        let is_index = indices.contains(&own) || own.starts_with("__index_level_");
        match meaning {
            Some(meaning) if meaning.is_time() => wanted.push(Wanted {
                number,
                name: if is_time(&own) {
                    own
                } else {
                    format!("{own} (time)")
                },
                meaning,
            }),
            Some(meaning) if !is_index || is_asked || role(&own) != Role::Channel => {
                wanted.push(Wanted {
                    number,
                    name: own,
                    meaning,
                });
            }
            _ => others.push(own),
        }
    }
    if !others.is_empty() {
        reading.note(format!(
            "{name}: columns left out, as indices, lists or of types that are no numbers: {}",
            visible::names(others)
        ));
    }
    ensure!(!wanted.is_empty(), "it has no columns of numbers");
    Ok(wanted)
}

/// The columns that pandas wrote an index to, by its metadata.
fn indices(metadata: &ParquetMetaData) -> Vec<String> {
    let all = metadata.file_metadata().key_value_metadata();
    let pandas = all
        .into_iter()
        .flatten()
        .find(|entry| entry.key == "pandas")
        .and_then(|entry| entry.value.as_deref())
        .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let names = pandas
        .as_ref()
        .and_then(|pandas| pandas["index_columns"].as_array());
    // An index of successive numbers is described by an object and is no column.
    let names = names.into_iter().flatten().filter_map(|name| name.as_str());
    names.map(str::to_owned).collect()
}
