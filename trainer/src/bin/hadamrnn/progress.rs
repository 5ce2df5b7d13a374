//! Progress bars and the observer that writes a run folder.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use hadamrnn::checkpoint::{Checkpoint, DIVERGED_NAME, Position};
use hadamrnn::files::write_atomically;
use hadamrnn::run_log::{self, RunLog};
use hadamrnn::train::{EpochRecord, Observer};
use hadamrnn::visible;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;
use crate::signals::StopFlag;

/// Shows the progress of training and keeps `checkpoint.bin`, `metrics.jsonl` and the event file up to date.
pub struct RunFolder<'a> {
    folder: &'a Path,
    log: RunLog,
    bar: ProgressBar,
    epochs: u32,
    /// The epoch before, as the bar shows it.
    latest: String,
    stop: StopFlag,
}

impl<'a> RunFolder<'a> {
    /// `done` epochs are in the folder already; what its log has beyond is of a run that was cut off. What it lacks of them is
    /// told.
    pub fn open(folder: &'a Path, epochs: u32, done: u32, stop: StopFlag) -> Result<Self> {
        let style = "{prefix} [{bar:24}] {pos}/{len} {elapsed}<{eta} {msg}";
        let bar = ProgressBar::new(0)
            .with_style(ProgressStyle::with_template(style)?.progress_chars("=> "))
            .with_prefix("training");
        // It is found out anew whether the run diverges.
        let diverged = folder.join(DIVERGED_NAME);
        if diverged.symlink_metadata().is_ok() {
            std::fs::remove_file(&diverged)?;
        }
        let log = RunLog::open(folder, done)?;
        if !log.lost().is_empty() {
            output::note(&format!(
                "note: {} lacks {} of the {done} epochs so far ({}); the weights are not touched by that, the curves have a gap",
                folder.join(run_log::FILE_NAME).display(),
                log.lost().len(),
                first_of(log.lost())
            ));
        }
        Ok(Self {
            folder,
            log,
            bar,
            epochs,
            latest: String::new(),
            stop,
        })
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
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

impl Observer for RunFolder<'_> {
    fn step(&mut self, position: Position, batches: u32, loss: f64, learning_rate: f64) {
        let batches = u64::from(batches);
        let place = u64::from(position.epoch) * batches + u64::from(position.batch);
        if self.bar.length() == Some(0) {
            self.bar.set_length(u64::from(self.epochs) * batches);
            self.bar.set_position(place);
            // What was done before a stop says nothing about the time that is left.
            self.bar.reset_eta();
        }
        self.bar.set_position(place);
        let epoch = position.epoch + 1;
        self.bar.set_message(format!(
            "epoch {epoch}/{} loss {loss:.4} lr {learning_rate:.1e}{}",
            self.epochs, self.latest
        ));
    }

    fn epoch(&mut self, record: &EpochRecord) -> Result<()> {
        self.log.append(record)?;
        let flips = match record.sign_flips {
            0 => String::new(),
            flips => format!(", {flips} sign flips"),
        };
        let accuracy = record.valid.map_or(String::new(), |valid| {
            format!(", valid {:.2} %", 100.0 * valid.accuracy)
        });
        self.latest = format!("{accuracy}{flips}");
        // Twenty lines tell the course of a long run; metrics.jsonl has them all.
        if !record.best && !record.epoch.is_multiple_of((self.epochs / 20).max(1)) {
            return Ok(());
        }
        let valid = record
            .valid
            .map_or(String::new(), |valid| format!(", valid {valid}"));
        let best = if record.best { " *" } else { "" };
        let text = format!(
            "epoch {:3}: train loss {:.4}{valid}{flips}{best}",
            record.epoch, record.train_loss
        );
        match self.bar.is_hidden() {
            true => output::note(&text),
            false => self.bar.println(text),
        }
        Ok(())
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        checkpoint.save(self.folder)
    }

    fn stop_requested(&self) -> bool {
        self.stop.is_set()
    }

    fn diverged(&mut self, why: &str) -> Result<()> {
        write_atomically(&self.folder.join(DIVERGED_NAME), why.as_bytes())
    }
}

/// A spinner for work of unknown length; gone when dropped.
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Shows `message` until dropped.
    pub fn new(message: impl AsRef<str>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(visible::text(message.as_ref()));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
