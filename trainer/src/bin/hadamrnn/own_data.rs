//! Output about the user's own recordings: the table of classes and splits, and which classes were answered.

use std::path::Path;

use anyhow::Result;
use hadamrnn::data::recordings::Overview;
use hadamrnn::files::write_atomically;
use hadamrnn::metrics::Confusion;

use crate::output;

/// Name of the file with the whole matrix, where it is too large to be shown.
const CONFUSION_NAME: &str = "confusion.csv";

/// Confusions that are shown where the matrix is not.
const MOST_CONFUSED: usize = 10;

/// Prints the table of classes and splits, and how they were split.
pub fn table(overview: &Overview) -> Result<()> {
    output::table(&overview.table())?;
    for line in overview.lines() {
        output::line(&line)?;
    }
    output::line("")
}

/// Prints the commonest confusions.
fn confused(confusion: &Confusion) -> Result<()> {
    let (rows, more) = confusion.confused_table(MOST_CONFUSED);
    if rows.len() < 2 {
        return Ok(());
    }
    output::line("\ntaken for another, the commonest first:")?;
    output::table(&rows)?;
    if more > 0 {
        output::line(&format!("and {more} more, which are rarer"))?;
    }
    output::line("")
}

/// Prints which classes were answered, beside an accuracy on `on`. A matrix that is too large for a screen goes into a file in
/// `folder`.
pub fn confusion(confusion: &Confusion, on: &str, folder: Option<&Path>) -> Result<()> {
    output::line(&format!("\n{on}:"))?;
    output::table(&confusion.table())?;
    if confusion.is_cut() {
        confused(confusion)?;
    }
    output::line(&confusion.summary())?;
    if let Some(line) = confusion.by_unit() {
        output::line(&line)?;
    }
    for line in confusion.warning().iter().chain(&confusion.doubts) {
        output::note(line);
    }
    if let Some(folder) = folder.filter(|_| confusion.is_cut()) {
        let path = folder.join(CONFUSION_NAME);
        write_atomically(&path, &confusion.to_csv()?)?;
        output::line(&format!("what was answered for what: {}", path.display()))?;
    }
    Ok(())
}
