//! Rows of fields that stand in no text: those of a table in another format.

use anyhow::{Context, Result};

use super::Dialect;
use super::header::Columns;
use super::table::Table;
use crate::data::import::context::Reading;
use crate::data::import::recording::Recording;
use crate::data::import::text::Separator;

/// Separates fields in the sample: no field holds it.
const SEPARATOR: u8 = 0x1f;

/// Rows of a table whose columns have names, put into recordings as those of delimited text are.
pub(in crate::data::import) struct Rows<'a> {
    columns: Columns,
    dialect: Dialect,
    table: Table,
    reading: &'a Reading<'a>,
    number: usize,
}

impl<'a> Rows<'a> {
    /// Begins with the names of the columns; `sample` holds the first rows, which tell what the columns are. They are not taken.
    ///
    /// # Errors
    /// No column is a channel, or two are labels.
    pub fn new(
        names: Vec<String>,
        sample: &[Vec<String>],
        reading: &'a Reading<'a>,
    ) -> Result<Self> {
        let dialect = Dialect {
            separator: Separator::Character(SEPARATOR),
            comma: false,
            header: Some(0),
            width: names.len(),
            names,
            units: Vec::new(),
            first: 1,
            share: 1.0,
        };
        let plain = |field: &String| -> String {
            let kept = |c: char| if c.is_control() || c == '"' { ' ' } else { c };
            field.chars().map(kept).collect()
        };
        let line = |row: &Vec<String>| -> String {
            let fields: Vec<String> = row.iter().map(plain).collect();
            fields.join(&char::from(SEPARATOR).to_string())
        };
        let text: Vec<String> = sample.iter().map(line).collect();
        let columns = Columns::of(&text.join("\n"), &dialect, reading)?;
        Ok(Self {
            table: Table::new(&columns),
            columns,
            dialect,
            reading,
            number: 0,
        })
    }

    /// Takes a row, a field a column; a field without a value is empty.
    ///
    /// # Errors
    /// A field of a channel holds no number, or memory is used up.
    pub fn row(&mut self, fields: &[&str]) -> Result<()> {
        self.number += 1;
        self.table
            .row(
                &self.columns,
                &self.dialect,
                (None, ""),
                fields,
                self.reading,
            )
            .with_context(|| format!("row {}", self.number))
    }

    /// Ends with the recordings, of a file called `name`.
    ///
    /// # Errors
    /// No row holds a value.
    pub fn into_recordings(self, name: &str) -> Result<Vec<Recording>> {
        for note in &self.columns.notes {
            self.reading.note(format!("{name}: {note}"));
        }
        self.table
            .into_recordings(name, &self.columns, self.reading)
    }
}
