//! The folder of a run, as training writes it.

use std::path::Path;

use anyhow::Result;

use crate::checkpoint::{Checkpoint, DIVERGED_NAME};
use crate::files::write_atomically;
use crate::observer::{EpochRecord, Observer};
use crate::run_log::{self, RunLog};
use crate::train::{Diverged, Store};

/// Keeps `checkpoint.bin`, `metrics.jsonl` and the event file of a folder up to date.
pub(super) struct RunFolder<'a> {
    folder: &'a Path,
    log: RunLog,
}

impl<'a> RunFolder<'a> {
    /// Opens the folder of a run of which `done` epochs are saved. What its log has beyond is of a run that was cut off, and
    /// goes. The observer gets a notice of what it lacks.
    pub(super) fn open(folder: &'a Path, done: u32, observer: &mut dyn Observer) -> Result<Self> {
        // Whether the run diverges is found out anew.
        let diverged = folder.join(DIVERGED_NAME);
        if diverged.symlink_metadata().is_ok() {
            std::fs::remove_file(&diverged)?;
        }
        let log = RunLog::open(folder, done)?;
        if !log.lost().is_empty() {
            observer.notice(&format!(
                "note: {} lacks {} of the {done} epochs so far ({}); the weights are not touched by that, the curves have a gap",
                folder.join(run_log::FILE_NAME).display(),
                log.lost().len(),
                first_of(log.lost())
            ));
        }
        Ok(Self { folder, log })
    }
}

impl Store for RunFolder<'_> {
    fn record(&mut self, record: &EpochRecord) -> Result<()> {
        self.log.append(record)
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        checkpoint.save(self.folder)
    }

    fn diverged(&mut self, why: &Diverged) -> Result<()> {
        write_atomically(&self.folder.join(DIVERGED_NAME), why.to_string().as_bytes())
    }
}

/// The first few of many numbers.
fn first_of(numbers: &[u32]) -> String {
    let few: Vec<String> = numbers.iter().take(8).map(u32::to_string).collect();
    let more = if numbers.len() > few.len() {
        ", …"
    } else {
        ""
    };
    few.join(", ") + more
}
