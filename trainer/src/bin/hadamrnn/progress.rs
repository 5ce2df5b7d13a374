//! Progress bars and the observer that writes a run folder.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use hadamrnn::checkpoint::{Checkpoint, Position};
use hadamrnn::train::{EpochRecord, Observer};
use indicatif::{ProgressBar, ProgressStyle};

/// Set by Ctrl-C (and SIGTERM): save and stop.
#[derive(Clone)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Catches the signals. A second Ctrl-C ends the program at once.
    pub fn install() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = flag.clone();
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            eprintln!("stopping after this step; press Ctrl-C again to stop without saving");
        })
        .context("cannot catch Ctrl-C")?;
        Ok(Self(flag))
    }
}

/// Shows the progress of training and keeps `checkpoint.bin` and `metrics.jsonl` up to date.
pub struct RunFolder<'a> {
    folder: &'a Path,
    metrics: File,
    bar: ProgressBar,
    epochs: u32,
    stop: StopFlag,
}

impl<'a> RunFolder<'a> {
    /// `done` epochs are in the folder already; later lines of `metrics.jsonl` are of a run that was cut off.
    pub fn open(folder: &'a Path, epochs: u32, done: u32, stop: StopFlag) -> Result<Self> {
        let path = folder.join("metrics.jsonl");
        let kept: String = match std::fs::read_to_string(&path) {
            Ok(text) => text
                .lines()
                .take(done as usize)
                .flat_map(|line| [line, "\n"])
                .collect(),
            Err(_) => String::new(),
        };
        hadamrnn::checkpoint::write_atomically(&path, kept.as_bytes())?;
        let metrics = OpenOptions::new()
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let style = "{prefix} [{bar:30}] {pos}/{len} {elapsed}<{eta} {msg}";
        let bar = ProgressBar::new(0)
            .with_style(ProgressStyle::with_template(style)?.progress_chars("=> "))
            .with_prefix("training");
        Ok(Self {
            folder,
            metrics,
            bar,
            epochs,
            stop,
        })
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for RunFolder<'_> {
    fn step(&mut self, position: Position, batches: u32, loss: f64, learning_rate: f64) {
        let total = u64::from(self.epochs) * u64::from(batches);
        self.bar.set_length(total);
        self.bar.set_position(
            u64::from(position.epoch) * u64::from(batches) + u64::from(position.batch),
        );
        let epoch = position.epoch + 1;
        self.bar.set_message(format!(
            "epoch {epoch}/{} loss {loss:.4} lr {learning_rate:.1e}",
            self.epochs
        ));
    }

    fn epoch(&mut self, record: &EpochRecord) -> Result<()> {
        let line = serde_json::to_string(record)? + "\n";
        self.metrics
            .write_all(line.as_bytes())
            .context("cannot write metrics.jsonl")?;
        let valid = record
            .valid
            .map_or(String::new(), |valid| format!(", valid {valid}"));
        let best = if record.best { " *" } else { "" };
        let flips = match record.sign_flips {
            0 => String::new(),
            flips => format!(", {flips} sign flips"),
        };
        let text = format!(
            "epoch {:3}: train loss {:.4}{valid}{flips}{best}",
            record.epoch, record.train_loss
        );
        // Twenty lines tell the course of a long run; metrics.jsonl has them all.
        if !record.best && !record.epoch.is_multiple_of((self.epochs / 20).max(1)) {
            return Ok(());
        }
        match self.bar.is_hidden() {
            true => eprintln!("{text}"),
            false => self.bar.println(text),
        }
        Ok(())
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        checkpoint.save(self.folder)
    }

    fn stop_requested(&self) -> bool {
        self.stop.0.load(Ordering::SeqCst)
    }
}

/// A spinner for work of unknown length; gone when dropped.
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Shows `message` until dropped.
    pub fn new(message: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(message.into());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
