//! Results that are kept: of recipes over fresh seeds, of shipped models, of other networks. `docs/bench/results.json` has them, and
//! tables and pictures of the documents are made of them.
//!
//! | row | of | written by |
//! |---|---|---|
//! | [`SeededRow`] | jobs of a group, one a seed | `hadamrnn reproduce … --results FILE` |
//! | [`ShippedRow`] | a model folder and an emulated board | `hadamrnn verify MODEL --board NAME --results FILE` |
//! | [`PeerRow`] | a network of others on the same board | hand |

mod picture;
mod rows;
mod spread;
mod text;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::files::write_atomically;
use crate::untrusted::{self, Kind};

pub use rows::{PeerRow, SeedResult, SeededRow, ShippedRow, Window};
pub use spread::Spread;

/// Board whose instructions rows and pictures tell: the emulated Cortex-M4.
pub const BOARD: &str = "qemu-m4";

/// A row of results.
trait Row: Clone {
    /// Name of the row: rows of one kind have different ones.
    fn id(&self) -> &str;

    /// # Errors
    /// A figure does not follow from the others, or is out of its range.
    fn check(&self) -> Result<()>;

    /// Whether this row may stand in the place of `old`, which has its name.
    ///
    /// # Errors
    /// They are of different things; the message says of which.
    fn check_is_of(&self, _old: &Self) -> Result<()> {
        Ok(())
    }
}

/// Rows of results, sorted by their names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// Recipes and configurations over seeds.
    seeds: Vec<SeededRow>,
    /// Shipped models.
    shipped: Vec<ShippedRow>,
    /// Networks of others.
    peers: Vec<PeerRow>,
}

impl Results {
    /// Reads a file of results.
    ///
    /// # Errors
    /// It cannot be read or is malformed, rows are not in the order of their names, two have one name, or a figure of a row does not
    /// follow from its others; the message names the row.
    pub fn read(path: &Path) -> Result<Self> {
        let text = untrusted::text(path, Kind::RECORD)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let malformed = || format!("{} is malformed", path.display());
        let results: Self = serde_json::from_str(&text).with_context(malformed)?;
        results.check().with_context(malformed)?;
        Ok(results)
    }

    fn check(&self) -> Result<()> {
        check("seeds", &self.seeds)?;
        check("shipped", &self.shipped)?;
        check("peers", &self.peers)
    }

    /// The rows of `seeds` in their order, whatever their figures are.
    pub(crate) fn unchecked(seeds: impl IntoIterator<Item = SeededRow>) -> Self {
        let mut seeds: Vec<SeededRow> = seeds.into_iter().collect();
        seeds.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            seeds,
            ..Self::default()
        }
    }

    /// Reads a file of results; one that is not there has no rows.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_if_there(path: &Path) -> Result<Self> {
        match path.symlink_metadata() {
            Err(_) => Ok(Self::default()),
            Ok(_) => Self::read(path),
        }
    }

    /// Puts a row in its place, or in that of the row of its name.
    ///
    /// # Errors
    /// A figure of it does not follow from its others; or the row of its name is of other settings, or of another task.
    pub fn put_seeded(&mut self, row: SeededRow) -> Result<()> {
        // Results that a later command found in its folder are those of the command that measured them.
        if let Some(earlier) = self.seeded(&row.id) {
            let command = earlier.command.clone();
            if (SeededRow {
                command,
                ..row.clone()
            }) == *earlier
            {
                return Ok(());
            }
        }
        put(&mut self.seeds, row)
    }

    /// Puts a shipped model in its place, or in that of the row of its name.
    ///
    /// # Errors
    /// An accuracy is out of its range.
    pub fn put_shipped(&mut self, row: ShippedRow) -> Result<()> {
        put(&mut self.shipped, row)
    }

    /// Puts a network of others in its place, or in that of the row of its name.
    ///
    /// # Errors
    /// An accuracy is out of its range.
    pub fn put_peer(&mut self, row: PeerRow) -> Result<()> {
        put(&mut self.peers, row)
    }

    /// Writes the file: one figure a line, lists of numbers on one line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = text::compact(&serde_json::to_value(self)?) + "\n";
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        write_atomically(path, text.as_bytes())
    }

    /// The row of a recipe or a configuration.
    pub fn seeded(&self, id: &str) -> Option<&SeededRow> {
        self.seeds.iter().find(|row| row.id == id)
    }

    /// Recipes and configurations over seeds.
    pub fn seeds(&self) -> &[SeededRow] {
        &self.seeds
    }

    /// Shipped models.
    pub fn shipped(&self) -> &[ShippedRow] {
        &self.shipped
    }

    /// Networks of others.
    pub fn peers(&self) -> &[PeerRow] {
        &self.peers
    }
}

fn check<T: Row>(kind: &str, rows: &[T]) -> Result<()> {
    for row in rows {
        row.check()
            .with_context(|| format!("{kind} {:?}", row.id()))?;
    }
    ensure!(
        rows.is_sorted_by(|a, b| a.id() < b.id()),
        "{kind}: rows are not in the order of their names, or two have one name"
    );
    Ok(())
}

fn put<T: Row>(rows: &mut Vec<T>, row: T) -> Result<()> {
    row.check().with_context(|| format!("row {:?}", row.id()))?;
    match rows.binary_search_by(|old| old.id().cmp(row.id())) {
        Err(place) => rows.insert(place, row),
        Ok(place) => {
            row.check_is_of(&rows[place])?;
            rows[place] = row;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::rows::testing::{peer, seeded, shipped};
    use super::*;

    fn all() -> Results {
        let mut results = Results::default();
        results.put_peer(peer("an LSTM")).unwrap();
        results.put_seeded(seeded("har2 fast")).unwrap();
        results.put_shipped(shipped("har2")).unwrap();
        results.put_seeded(seeded("har2 1k")).unwrap();
        results
    }

    #[test]
    fn rows_are_kept_in_order_and_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench/results.json");
        assert_eq!(Results::read_if_there(&path).unwrap(), Results::default());
        let results = all();
        let names: Vec<&str> = results.seeds().iter().map(Row::id).collect();
        assert_eq!(names, ["har2 1k", "har2 fast"]);
        results.write(&path).unwrap();
        assert_eq!(Results::read(&path).unwrap(), results);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("\"integer_accuracy\": [0.96, 0.97, 0.98]"),
            "{text}"
        );
    }

    #[test]
    fn a_row_takes_the_place_of_its_name_unless_it_is_of_other_settings() {
        let mut results = all();
        let mut newer = seeded("har2 fast");
        newer.date = "2026-12-01".into();
        results.put_seeded(newer.clone()).unwrap();
        let found = (results.seeds().len(), results.seeded("har2 fast"));
        assert_eq!(found, (2, Some(&newer)));
        newer.settings = vec!["training.epochs = 3, not 30".into()];
        let error = results.put_seeded(newer).unwrap_err().to_string();
        assert!(
            error.contains("training.epochs = 3") && error.contains("--name"),
            "{error}"
        );
    }

    #[test]
    fn results_that_are_there_keep_the_command_that_measured_them() {
        let mut results = all();
        let command = results.seeded("har2 1k").unwrap().command.clone();
        let mut again = seeded("har2 1k");
        again.command = "hadamrnn reproduce har2 har6".into();
        results.put_seeded(again.clone()).unwrap();
        assert_eq!(results.seeded("har2 1k").unwrap().command, command);
        again.date = "2026-12-01".into();
        results.put_seeded(again.clone()).unwrap();
        assert_eq!(results.seeded("har2 1k").unwrap().command, again.command);
    }

    #[test]
    fn a_figure_that_was_changed_by_hand_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        all().write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, part) in [
            ("\"mean\": 0.97", "\"mean\": 0.98", "accuracy"),
            ("[0.96, 0.97, 0.98]", "[0.96, 0.97, 0.99]", "accuracy"),
            ("[1, 2, 3]", "[1, 2, 2]", "seeds"),
            ("[1, 2, 3]", "[1, 2]", "as many"),
            ("\"har2 1k\"", "\"har2 fast\"", "two have one name"),
            ("\"tested\": 100", "\"tested\": -1", "results.json"),
            ("\"date\"", "\"day\"", "day"),
        ] {
            assert!(text.contains(from), "{from}\n{text}");
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = format!("{:#}", Results::read(&path).unwrap_err());
            assert!(error.contains(part), "{from}: {error}");
        }
    }
}
