//! The user's own recordings: comma-separated files of labelled raw sensor counts, cut into windows.
//!
//! # Files
//! A folder of `.csv` files, or one. Each has a header line and a row a sample:
//!
//! ```text
//! label,ax,ay,az
//! walk,120,-33,8190
//! ```
//!
//! The column `label` names the class; a row with an empty one belongs to none. Every other column is a channel, in raw
//! counts of 16 bits, just as the board will read them; all files have the same channels in the same order. The columns
//! `recording` and `time` may be there too: the first tells recordings within a file apart (else a file is one), the
//! second is not read. `hadamrnn monitor --record` writes such files.
//!
//! # Windows and splits
//! Windows are cut from rows in a row that have one label in one recording, and are split by recording, so that what is
//! reported is measured on recordings that were never trained on; see `split`.

mod read;
mod split;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::{Dataset, Holdout, Sequences, Source, Targets, Task, archive};
use crate::config::bounds::{self, within};
use crate::untrusted::Budget;
use crate::visible;
use read::{Recorded, Segment};

/// How recordings are cut into windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cutting {
    /// Samples of a window, `1..=65535`.
    pub steps: usize,
    /// Samples from the start of a window to that of the next, `1..=65_535`; less than `steps` overlaps them.
    pub hop: usize,
    /// Samples a second, for people and boards.
    pub rate_hz: f32,
}

impl Default for Cutting {
    fn default() -> Self {
        Self {
            steps: 128,
            hop: 64,
            rate_hz: 50.0,
        }
    }
}

impl Cutting {
    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        within("steps", self.steps, bounds::SAMPLES)?;
        within("hop", self.hop, bounds::SAMPLES)?;
        ensure!(
            self.rate_hz.is_finite() && self.rate_hz > 0.0,
            "rate_hz must be a positive number, not {}",
            self.rate_hz
        );
        Ok(())
    }

    /// Windows of samples in a row.
    fn windows_in(&self, samples: usize) -> usize {
        (samples.checked_sub(self.steps)).map_or(0, |rest| rest / self.hop + 1)
    }
}

/// A window: where it starts, what it is of, and which recording it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    segment: usize,
    start: usize,
    class: u32,
    recording: u32,
}

/// Finds recordings: `place` is a folder of `.csv` files, or one such file.
///
/// # Errors
/// There is none.
pub fn locate(place: &Path) -> Result<Source> {
    let is_csv = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        // What is no regular file, or leads nowhere, is an error when it is read, and never left out in silence.
        !path.is_dir() && ending.is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
    };
    if !place.is_dir() && place.symlink_metadata().is_ok() {
        return Ok(Source::file(place));
    }
    ensure!(
        place.is_dir(),
        "{} is not there: name the folder that holds your recordings",
        place.display()
    );
    let files: Vec<PathBuf> = archive::entries(place)?
        .into_iter()
        .filter(is_csv)
        .collect();
    ensure!(
        !files.is_empty(),
        "{} holds no .csv file: recordings have a header line `label,CHANNEL,CHANNEL,…` and a row of raw counts a sample; \
         `hadamrnn monitor --record` makes them",
        place.display()
    );
    Ok(Source::Files(files))
}

/// Reads the recordings of `source`, cuts them into windows and splits these.
///
/// # Errors
/// A file cannot be read or is malformed (the message names file, line and column), there are fewer than two classes, or
/// too few windows to split, or more than memory is meant for.
pub fn load(source: &Source, cutting: &Cutting, holdout: &Holdout) -> Result<Dataset> {
    let files = source.paths()?;
    let budget = Budget::of_data_set();
    windows(read::read(files, &budget)?, &budget, cutting, holdout).with_context(|| place(files))
}

/// The folder of files, or the only one.
fn place(files: &[PathBuf]) -> String {
    let path = match files {
        [first, _, ..] => first.parent(),
        files => files.first().map(PathBuf::as_path),
    };
    path.map_or(String::new(), |path| path.display().to_string())
}

/// Cuts recordings into windows and splits these.
fn windows(
    recorded: Recorded,
    budget: &Budget,
    cutting: &Cutting,
    holdout: &Holdout,
) -> Result<Dataset> {
    let mut classes: Vec<String> = (recorded.segments.iter())
        .map(|segment| segment.label.clone())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    ensure!(
        classes.len() > 1,
        "the recordings have {} class(es) in column label ({}): there is nothing to tell apart",
        classes.len(),
        visible::names(&classes)
    );
    let channels = recorded.channels.len();
    check_windows(&recorded.segments, channels, cutting, budget)?;
    let windows = cut(&recorded.segments, &classes, cutting)?;
    let sequences = |windows: &[Window]| sequences(&recorded.segments, windows, channels, cutting);
    let parts = split::split(
        &windows,
        &recorded.segments,
        cutting,
        classes.len(),
        holdout,
    )?;
    Ok(Dataset {
        name: Task::Recordings.name().to_owned(),
        train: sequences(&parts.train)?,
        valid: sequences(&parts.valid)?,
        test: sequences(&parts.test)?,
        classes,
        input_lsb: vec![1.0; channels],
        channel_names: recorded.channels,
        sample_rate_hz: cutting.rate_hz,
    })
}

/// Windows overlap, so they may be many times what was recorded.
fn check_windows(
    segments: &[Segment],
    channels: usize,
    cutting: &Cutting,
    budget: &Budget,
) -> Result<()> {
    let windows: usize = (segments.iter())
        .map(|segment| cutting.windows_in(segment.samples))
        .sum();
    let size = cutting.steps * channels * size_of::<f32>() + size_of::<Window>();
    (budget.take(windows.saturating_mul(size))).with_context(|| {
        format!(
            "{windows} windows of {} samples, one every {}: set a larger --hop",
            cutting.steps, cutting.hop
        )
    })
}

/// All windows, in the order of the recordings.
fn cut(segments: &[Segment], classes: &[String], cutting: &Cutting) -> Result<Vec<Window>> {
    let mut windows = Vec::new();
    for (number, segment) in segments.iter().enumerate() {
        // Every label is one of the classes.
        let class = classes.partition_point(|class| *class < segment.label) as u32;
        let starts = (0..cutting.windows_in(segment.samples)).map(|i| i * cutting.hop);
        windows.extend(starts.map(|start| Window {
            segment: number,
            start,
            class,
            recording: segment.recording,
        }));
    }
    for (number, class) in classes.iter().enumerate() {
        let longest = (segments.iter())
            .filter(|segment| segment.label == *class)
            .map(|segment| segment.samples)
            .max();
        if windows.iter().all(|window| window.class != number as u32) {
            let class = visible::name(class);
            bail!(
                "no recording of \"{class}\" is as long as a window of {} samples, the longest has {}: record longer, or \
                 set --steps",
                cutting.steps,
                longest.unwrap_or(0)
            );
        }
    }
    Ok(windows)
}

fn sequences(
    segments: &[Segment],
    windows: &[Window],
    channels: usize,
    cutting: &Cutting,
) -> Result<Sequences> {
    let values: Vec<f32> = (windows.iter())
        .flat_map(|window| {
            let from = window.start * channels;
            &segments[window.segment].counts[from..from + cutting.steps * channels]
        })
        .map(|&count| f32::from(count))
        .collect();
    let classes = windows.iter().map(|window| window.class).collect();
    let recordings = windows.iter().map(|window| window.recording).collect();
    Sequences::new(
        channels,
        cutting.steps,
        values,
        Targets::Class(classes),
        recordings,
    )
}
