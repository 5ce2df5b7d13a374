//! How a file of delimited text is written: its separator, its decimal sign, and what stands above its first row of values.

use anyhow::{Context, Result, bail};

use crate::data::import::columns::{Role, role};
use crate::data::import::text::{Number, Separator, is_value, lines, number, split, unquoted};
use crate::data::import::unit::Unit;

/// Lines that are looked at.
const LINES: usize = 400;
/// Bytes of them.
const BYTES: usize = 256 << 10;

/// Everything above the first row of values.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::data::import) struct Dialect {
    pub separator: Separator,
    /// Whether `,` stands before decimals.
    pub comma: bool,
    /// Line of the header, if there is one.
    pub header: Option<u64>,
    /// Names of the columns; none without a header.
    pub names: Vec<String>,
    /// For each column, what a line of units below the header says, if there is one.
    pub units: Vec<String>,
    /// Line of the first row of values.
    pub first: u64,
    /// Fields of a row.
    pub width: usize,
    /// Share of the lines that are rows of values with as many fields as most.
    pub share: f64,
}

/// A line of the sample, with its number, and its fields by a separator.
struct Row<'a> {
    number: u64,
    fields: Vec<&'a str>,
}

impl Row<'_> {
    fn numbers(&self, comma: bool) -> usize {
        let is_number = |field: &&&str| is_value(field, comma);
        self.fields.iter().filter(is_number).count()
    }

    fn filled(&self) -> usize {
        self.fields.iter().filter(|field| !field.is_empty()).count()
    }

    /// Whether it is a row of values and not of names.
    fn is_data(&self, comma: bool) -> bool {
        let numbers = self.numbers(comma);
        numbers > 0 && 4 * numbers >= self.filled()
    }
}

/// The separator that a line `sep=;` names.
fn stated_separator(line: &str) -> Option<Separator> {
    let line = line.trim_matches('"');
    let start = line.get(..4)?;
    let rest = line.get(4..)?;
    match (start.eq_ignore_ascii_case("sep="), rest.as_bytes()) {
        (true, [byte]) if byte.is_ascii() => Some(Separator::Character(*byte)),
        (true, b"\\t") => Some(Separator::Character(b'\t')),
        _ => None,
    }
}

fn comment(line: &str) -> Option<&str> {
    ["#", "%", "//"]
        .iter()
        .find_map(|mark| line.strip_prefix(mark))
        .map(str::trim_start)
}

impl Dialect {
    /// Finds out how a text is written.
    ///
    /// # Errors
    /// No row of values is found.
    pub fn of(text: &str) -> Result<Self> {
        let mut bytes = 0;
        let sample: Vec<(u64, &str)> = lines(text)
            .filter(|(_, line)| !line.trim().is_empty())
            .take_while(|(_, line)| {
                bytes += line.len();
                bytes <= BYTES
            })
            .take(LINES)
            .collect();
        let stated = sample.first().and_then(|(_, line)| stated_separator(line));
        let sample = match stated {
            Some(_) => &sample[1..],
            None => &sample[..],
        };
        let all = [
            Separator::Character(b','),
            Separator::Character(b'\t'),
            Separator::Character(b';'),
            Separator::Blanks,
        ];
        let best = || {
            let scored = all
                .into_iter()
                .map(|separator| (score(sample, separator), separator));
            // Of equal ones the first.
            scored
                .rev()
                .max_by_key(|(score, _)| *score)
                .map(|(_, separator)| separator)
        };
        let separator = stated.or_else(best).context("it is empty")?;
        Self::with(sample, separator)
    }

    fn with(sample: &[(u64, &str)], separator: Separator) -> Result<Self> {
        let rows = rows(sample, separator, true);
        let comma = rows.iter().any(|row| {
            let is_comma = |field: &&&str| field.contains(',') && is_value(field, true);
            row.fields.iter().any(|field| is_comma(&field))
        });
        let width = usual_width(&rows, comma)
            .context("no line holds values: numbers, separated by the same sign in all lines")?;
        let named = rows.iter().position(|row| {
            row.fields.len() >= 2 && names_roles(row) && near(row.fields.len(), width)
        });
        let data = |row: &Row<'_>| row.fields.len().abs_diff(width) <= 1 && row.is_data(comma);
        let after = named.map_or(0, |header| header + 1);
        let first = (after..rows.len())
            .find(|&i| data(&rows[i]))
            .context("no line below the header holds values")?;
        let is_header = |row: &Row<'_>| {
            near(row.fields.len(), width) && row.numbers(comma) == 0 && row.filled() > 1
        };
        let header = named.or_else(|| rows[..first].iter().position(is_header));
        if header.is_none()
            && let Some(row) = rows[..first]
                .iter()
                .find(|row| row.fields.len() >= 2 && names_roles(row))
        {
            bail!(
                "line {}: the header has {} fields, but most rows have {width}: is the sign between fields in the numbers too?",
                row.number,
                row.fields.len()
            );
        }
        let of_header = header.map(|header| &rows[header]);
        let mut found = Self {
            separator,
            comma,
            header: of_header.map(|row| row.number),
            names: of_header.map_or_else(Vec::new, |row| {
                row.fields
                    .iter()
                    .map(|field| unquoted(field).into_owned())
                    .collect()
            }),
            units: Vec::new(),
            first: rows[first].number,
            width,
            share: 0.0,
        };
        if let Some(header) = header {
            let is_units = |row: &&Row<'_>| {
                let spelt = |field: &&&str| !field.is_empty() && Unit::parse(field).is_some();
                row.fields.len() == rows[header].fields.len()
                    && row.fields.iter().filter(spelt).count() > 0
            };
            let units = rows[header + 1..first].iter().find(is_units);
            found.units = units.map_or_else(Vec::new, |row| {
                row.fields.iter().map(|&field| field.to_owned()).collect()
            });
        } else {
            found.header_in_comment(sample, rows[first].number);
        }
        // A column of row names without a name, as R writes it.
        if found.names.len() + 1 == width
            && rows[first..]
                .iter()
                .filter(|row| row.fields.len() == width)
                .all(|row| row.fields.last().is_some_and(|last| !last.is_empty()))
            && header.is_some()
        {
            found.names.insert(0, String::new());
            if !found.units.is_empty() {
                found.units.insert(0, String::new());
            }
        }
        let good = rows[first..].iter().filter(|row| data(row)).count();
        found.share = good as f64 / rows.len() as f64;
        Ok(found)
    }

    /// Takes the last comment above the first row as the header, if it has as many names: NumPy writes it so.
    fn header_in_comment(&mut self, sample: &[(u64, &str)], first: u64) {
        let above = sample.iter().rev().filter(|(number, _)| *number < first);
        for (number, line) in above {
            let Some(text) = comment(line) else { continue };
            let mut fields = Vec::new();
            if split(text, self.separator, &mut fields).is_ok()
                && fields.len() == self.width
                && fields.len() > 1
            {
                self.header = Some(*number);
                self.names = fields
                    .iter()
                    .map(|field| unquoted(field).into_owned())
                    .collect();
                return;
            }
        }
    }
}

/// Whether a header of `names` goes with rows of `width` fields: a trailing separator and a column of row names are let pass.
fn near(names: usize, width: usize) -> bool {
    names.abs_diff(width) <= 1
}

fn names_roles(row: &Row<'_>) -> bool {
    let is_named = |field: &&str| {
        !field.is_empty()
            && field.len() < 64
            && number(field, false) == Number::Other
            && matches!(role(field), Role::Label | Role::Time)
    };
    // A class may be named like a column, a row of values holds more numbers.
    row.fields.iter().any(is_named)
        && row.numbers(false) * 4 <= row.filled() * 3
        && is_first_of_its_kind(row)
}

/// A header names a column once.
fn is_first_of_its_kind(row: &Row<'_>) -> bool {
    let names: Vec<&&str> = row
        .fields
        .iter()
        .filter(|field| !field.is_empty())
        .collect();
    let is_number = |field: &&&&str| number(field, true) != Number::Other;
    let numbers: Vec<&&&str> = names.iter().filter(is_number).collect();
    // `0,1,2,label`, as pandas names columns.
    numbers
        .iter()
        .enumerate()
        .all(|(i, field)| field.parse() == Ok(i))
}

fn rows<'a>(sample: &[(u64, &'a str)], separator: Separator, drop_comments: bool) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(sample.len());
    for &(number, line) in sample {
        let mut fields = Vec::new();
        if drop_comments && comment(line).is_some() && rows.is_empty() {
            continue;
        }
        if split(line, separator, &mut fields).is_ok() {
            rows.push(Row { number, fields });
        }
    }
    rows
}

/// How well a separator suits: numbers that it leaves whole, less fields that are none; of equal ones, rows that have them.
fn score(sample: &[(u64, &str)], separator: Separator) -> (i64, usize) {
    let comma = separator != Separator::Character(b',');
    let rows = rows(sample, separator, true);
    let Some(width) = usual_width(&rows, comma) else {
        return (i64::MIN, 0);
    };
    if width < 2 {
        return (i64::MIN + 1, 0);
    }
    let of = |row: &Row<'_>| {
        let numbers = row.numbers(comma) as i64;
        2 * numbers - row.filled() as i64
    };
    let data = || {
        let is_one = |row: &&Row<'_>| row.fields.len() == width && row.is_data(comma);
        rows.iter().filter(is_one)
    };
    (data().map(of).sum(), data().count())
}

/// The commonest number of fields among rows of values.
fn usual_width(rows: &[Row<'_>], comma: bool) -> Option<usize> {
    let mut counts = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_data(comma)) {
        *counts.entry(row.fields.len()).or_insert(0_usize) += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(width, _)| width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(text: &str) -> Dialect {
        Dialect::of(text).unwrap()
    }

    #[test]
    fn dialects_are_told_apart() {
        let comma = Separator::Character(b',');
        let semicolon = Separator::Character(b';');
        let tab = Separator::Character(b'\t');
        for (text, separator, decimal, header, first) in [
            ("label,a,b\nx,1,2\nx,3,4\n", comma, false, Some(1), 2),
            ("label;a;b\nx;1;2\n", semicolon, false, Some(1), 2),
            ("label;a;b\nx;0,1;0,2\n", semicolon, true, Some(1), 2),
            ("a;b\n0,1;0,2\n", semicolon, true, Some(1), 2),
            ("a\tb\n0,1\t0,2\n", tab, true, Some(1), 2),
            ("a b c\n1 2 3\n", Separator::Blanks, false, Some(1), 2),
            ("  1.0e0   2.0e0\n", Separator::Blanks, false, None, 1),
            ("a, b\n1, 2\n", comma, false, Some(1), 2),
            ("\"a\",\"b\"\n\"0,1\",\"0,2\"\n", comma, true, Some(1), 2),
            ("sep=;\nlabel;a\nx;1\n", semicolon, false, Some(2), 3),
            ("\"sep=,\"\r\nlabel,a\r\nx,1\r\n", comma, false, Some(2), 3),
            (
                "# a logger\n# of 2024\na,b\n1,2\n",
                comma,
                false,
                Some(3),
                4,
            ),
            ("# a,b\n1,2\n", comma, false, Some(1), 2),
            (
                "Device: X1\nFirmware,2\n\ntime,a,b\n0,1,2\n",
                comma,
                false,
                Some(4),
                5,
            ),
            ("label,ax\nx,1 g\nx,2 g\n", comma, false, Some(1), 2),
            ("label;ax\nx;1,5 g\nx;2 g\n", semicolon, true, Some(1), 2),
            ("0,1,2,label\n5,6,7,x\n", comma, false, Some(1), 2),
            ("1,2,3\n4,5,6\n", comma, false, None, 1),
        ] {
            let found = dialect(text);
            assert_eq!(
                (found.separator, found.comma, found.header, found.first),
                (separator, decimal, header, first),
                "{text:?}"
            );
        }
    }

    #[test]
    fn units_may_stand_below_the_header() {
        let found = dialect("label,ax,gx\n,g,deg/s\nx,1,2\nx,1,2\n");
        assert_eq!(
            (found.units, found.first),
            (vec![String::new(), "g".into(), "deg/s".into()], 3)
        );
        let found = dialect("label,ax,gx\nunit,counts,counts\nx,1,2\nx,1,2\n");
        assert_eq!(found.units, ["unit", "counts", "counts"]);
        // A class that is named like a column.
        let found = dialect("a,b,c,label\n1,2,3,time\n1,2,3,time\n");
        assert_eq!((found.header, found.first), (Some(1), 2));
    }

    #[test]
    fn a_column_of_row_names_needs_no_name() {
        let found = dialect("ax ay label\n1 5 6 walk\n2 5 6 walk\n");
        assert_eq!(found.names, ["", "ax", "ay", "label"]);
        let found = dialect("ax,ay\n1,2,\n1,2,\n");
        assert_eq!((found.names.len(), found.width), (2, 3));
    }

    #[test]
    fn a_comma_in_both_roles_is_refused() {
        let error = Dialect::of("label,ax,ay\nx,0,5,0,7\nx,0,6,0,8\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 1: the header has 3 fields, but most rows have 5"),
            "{error}"
        );
    }

    #[test]
    fn text_without_values_is_none() {
        for text in ["", "hello\n", "one two three\nfour five six\n", "\n\n\n"] {
            assert!(Dialect::of(text).is_err(), "{text:?}");
        }
    }
}
