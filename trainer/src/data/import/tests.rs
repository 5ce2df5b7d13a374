//! Whole imports, from files to files that train.

mod faults;
mod labels;
mod phones;
mod rates;
mod together;
mod writing;

use std::path::Path;

use super::*;
use crate::data::{Holdout, recordings, testing};

/// Reads the bytes of a file of this name by a format; gives the notes too.
pub(super) fn read_with(
    format: &Format,
    name: &str,
    bytes: impl AsRef<[u8]>,
    options: &Options,
) -> (Result<Vec<Recording>>, Vec<String>) {
    let budget = Budget::of_data_set();
    let reading = Reading::new(options, &budget);
    let entry = Entry::of_bytes(name, bytes.as_ref());
    let found = (format.read)(&File::new(&entry, bytes.as_ref()), &reading);
    (found, reading.into_notes())
}

/// Reads as [`read_with`] does, with the usual options.
pub(super) fn read_as(
    format: &Format,
    name: &str,
    bytes: impl AsRef<[u8]>,
) -> Result<Vec<Recording>> {
    read_with(format, name, bytes, &Options::default()).0
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    testing::folder(files)
}

fn of(files: &[(&str, &str)]) -> Result<Imported> {
    import(folder(files).path(), &Options::default())
}

fn error(files: &[(&str, &str)]) -> String {
    format!("{:#}", of(files).unwrap_err())
}

fn labels(imported: &Imported) -> Vec<(&str, Vec<&str>)> {
    imported
        .recordings
        .iter()
        .map(|recording| {
            let labels = recording
                .labels
                .iter()
                .map(|interval| interval.label.as_str());
            (recording.name.as_str(), labels.collect())
        })
        .collect()
}

/// Rows of three channels at 50 a second, in m/s².
fn phone(header: &str, first: u64, count: u64) -> String {
    let row = |i: u64| {
        let wave = (i as f64 / 5.0).sin();
        format!(
            "{},{:.3},{:.4},{:.4},{:.4}\n",
            first + 20_000_000 * i,
            0.118 + i as f64 * 0.02,
            9.8 + wave,
            0.1 * wave,
            -wave
        )
    };
    format!("{header}\n{}", (0..count).map(row).collect::<String>())
}

const AXES: &str = "time,seconds_elapsed,z,y,x";
