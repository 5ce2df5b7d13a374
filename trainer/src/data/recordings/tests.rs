mod bad_input;
mod breaks;
mod clocks;
mod kept;
mod naive;
mod originals;
mod parsing;
mod reading;
mod resampled;
mod splitting;
mod units;

use std::fmt::Write;

use super::*;
use crate::data::{Sequences, testing};

/// Rows of one label: channel `a` is `from` and a number that goes up and down, channel `b` is its negative.
fn rows(label: &str, from: i16, samples: usize) -> String {
    let mut text = String::new();
    for i in 0..samples as i16 {
        writeln!(text, "{label},{},{}", from + (i ^ 1), -(from + (i ^ 1))).unwrap();
    }
    text
}

/// Noise that no two seeds share.
fn noise(seed: usize, i: usize) -> i16 {
    let mixed = ((seed * 1_000_003 + i) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 48) as u16 as i16 / 40
}

/// Rows of noise in three channels.
fn noisy(before: &str, seed: usize, samples: usize) -> String {
    let mut text = String::new();
    for i in 0..samples {
        let [x, y, z] = [0, 1, 2].map(|channel| noise(3 * seed + channel, i));
        writeln!(text, "{before},{x},{y},{z}").unwrap();
    }
    text
}

fn file(parts: &[String]) -> String {
    format!("label,a,b\n{}", parts.concat())
}

fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    testing::folder(files)
}

fn cutting(steps: usize, hop: usize) -> Cutting {
    Cutting {
        steps,
        hop,
        ..Cutting::default()
    }
}

fn load_folder(folder: &tempfile::TempDir, cutting: &Cutting) -> Result<Dataset> {
    load(&locate(folder.path())?, cutting, &Holdout::Standard)
}

fn load_all(folder: &tempfile::TempDir, cutting: &Cutting) -> Result<Loaded> {
    load_whole(&locate(folder.path())?, cutting, &Holdout::Standard)
}

fn error_of(folder: &tempfile::TempDir, cutting: &Cutting) -> String {
    format!("{:#}", load_folder(folder, cutting).unwrap_err())
}

fn has_note(loaded: &Loaded, parts: &[&str]) -> bool {
    let notes = &loaded.own.notes;
    notes
        .iter()
        .any(|note| parts.iter().all(|part| note.contains(part)))
}

/// Windows of each class in training, validation and test.
fn windows_of(loaded: &Loaded) -> Vec<[usize; 3]> {
    let rows = loaded.own.overview.classes.iter();
    rows.map(|row| [row.train, row.valid, row.test]).collect()
}

/// Ten recordings, each with both classes.
fn ten() -> tempfile::TempDir {
    let text = |i: i16| file(&[rows("walk", 100 * i, 20), rows("rest", 100 * i + 50, 12)]);
    let names: Vec<String> = (0..10).map(|i| format!("{i}.csv")).collect();
    let files: Vec<(&str, String)> = (names.iter().zip(0..))
        .map(|(name, i)| (name.as_str(), text(i)))
        .collect();
    folder(&files)
}
