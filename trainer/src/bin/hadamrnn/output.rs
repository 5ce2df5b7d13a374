//! All that the program says: results on standard output, as tables for people and JSON for programs; notes and errors on
//! standard error. What others wrote is in it, so everything goes through [`visible`].

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::{Error, Result};
use hadamrnn::visible;
pub use hadamrnn::visible::grouped;
use serde::Serialize;

/// Prints a value as indented JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    line(&text)
}

/// Prints a line.
pub fn line(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{}", visible::text(text)).map_err(write_error)
}

/// Prints a line beside the results. That nobody reads it is no failure.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", visible::text(text));
}

/// Prints why the program ends. Lines but the first are indented, so that none of a foreign text looks like one of ours.
pub fn error(error: &Error) {
    note(&format!("error: {error:#}").replace('\n', "\n  "));
}

/// Whoever reads the standard output has seen enough, as in `hadamrnn … | head`. Other pipes that break are failures.
#[derive(Debug)]
struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the output")
    }
}

impl std::error::Error for ReaderGone {}

fn write_error(error: io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => ReaderGone.into(),
        _ => anyhow::Error::from(error).context("cannot write to the standard output"),
    }
}

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    // Only what no path can hold, a NUL, cannot be quoted.
    shlex::try_quote(&text).map_or_else(|_| text.to_string(), |quoted| quoted.into_owned())
}

/// Prints which command comes next on a file or folder, with the folder of the data that was given.
pub fn next(command: &str, place: &Path, data_dir: Option<&Path>, more: &str) -> Result<()> {
    let data = data_dir.map_or(String::new(), |data| {
        format!(" --data-dir {}", quoted(data))
    });
    line(&format!(
        "next: hadamrnn {command} {}{data}{more}",
        quoted(place)
    ))
}

/// Prints rows of cells, the first row as head, columns aligned: the first to the left, the others to the right.
pub fn table(rows: &[Vec<String>]) -> Result<()> {
    // Here already: a cell is as wide as it is shown.
    let shown = |row: &Vec<String>| row.iter().map(|cell| visible::text(cell)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(shown).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (i, row) in rows.iter().enumerate() {
        let cells =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
        line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
        if i == 0 {
            let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
            line(&rule.join("  "))?;
        }
    }
    Ok(())
}

/// A share in per cent, two decimals.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Whether an error is that nobody reads the standard output any more.
pub fn is_reader_gone(error: &anyhow::Error) -> bool {
    error.is::<ReaderGone>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outputs_reader_may_go() {
        let broken = || io::Error::from(ErrorKind::BrokenPipe);
        let of_output = write_error(broken()).context("printing");
        assert!(is_reader_gone(&of_output));
        let of_a_board = anyhow::Error::from(broken()).context("the link is broken");
        assert!(!is_reader_gone(&of_a_board));
        assert!(!is_reader_gone(&write_error(ErrorKind::StorageFull.into())));
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
