//! The record of a run's epochs: `metrics.jsonl`, and the same as TensorBoard event file.
//!
//! Both are kept in step with the checkpoint: when a run goes on, lines of epochs that the checkpoint does not know of
//! are dropped, so that no epoch appears twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::files::write_atomically;
use crate::metrics::Metrics;
use crate::observer::EpochRecord;
use crate::tensorboard;
use crate::untrusted::{self, Kind};

/// Name of the JSON lines in a run folder.
pub const FILE_NAME: &str = "metrics.jsonl";

/// Name of the event file in a run folder; TensorBoard looks for "tfevents" in names.
pub const EVENTS_NAME: &str = "events.out.tfevents.hadamrnn";

/// One line of `metrics.jsonl`: how an epoch went, as in [`EpochRecord`], and when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Epochs completed.
    pub epoch: u32,
    /// Mean loss over the epoch's batches.
    pub train_loss: f64,
    /// Loss and accuracy on the validation split, if there is one.
    pub valid: Option<Metrics>,
    /// Step size at the end of the epoch.
    pub learning_rate: f64,
    /// Recurrent signs that changed during the epoch.
    pub sign_flips: usize,
    /// Whether these were the best weights so far.
    pub best: bool,
    /// Time at which the epoch ended, in seconds since 1970.
    #[serde(default)]
    pub time: f64,
    /// Seconds of training up to its end, validation included. Pauses between a stop and its continuation do not count,
    /// nor does the part of an epoch before a stop.
    #[serde(default)]
    pub seconds: f64,
}

impl Line {
    fn new(record: &EpochRecord, time: f64, seconds: f64) -> Self {
        Self {
            epoch: record.epoch,
            train_loss: record.train_loss,
            valid: record.valid,
            learning_rate: record.learning_rate,
            sign_flips: record.sign_flips,
            best: record.best,
            time,
            seconds,
        }
    }

    fn event(&self) -> Vec<u8> {
        let mut values = vec![
            ("loss/train", self.train_loss),
            ("learning_rate", self.learning_rate),
            ("sign_flips", self.sign_flips as f64),
        ];
        if let Some(valid) = self.valid {
            values.push(("loss/valid", valid.loss));
            values.push(("accuracy/valid", valid.accuracy));
        }
        tensorboard::scalars(self.time, self.epoch, &values)
    }
}

/// Content of `metrics.jsonl`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Epochs {
    /// Lines by rising epoch, the last one of each epoch.
    pub lines: Vec<Line>,
    /// Numbers, from 1, of lines that cannot be read. The last may be half a line, of a run that was killed: it is none.
    pub damaged: Vec<usize>,
}

/// Reads `folder/metrics.jsonl`, as far as it can be read.
///
/// # Errors
/// There is none.
pub fn read(folder: &Path) -> Result<Epochs> {
    let path = folder.join(FILE_NAME);
    let bytes = untrusted::read(&path, Kind::CURVES).with_context(|| {
        format!(
            "cannot read {}: is {} the folder of a training run?",
            path.display(),
            folder.display()
        )
    })?;
    let (mut lines, mut damaged) = (BTreeMap::new(), Vec::new());
    for (i, text) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match serde_json::from_slice::<Line>(text) {
            Ok(line) => {
                lines.insert(line.epoch, line);
            }
            Err(_) if !text.ends_with(b"\n") => {}
            Err(_) => damaged.push(i + 1),
        }
    }
    Ok(Epochs {
        lines: lines.into_values().collect(),
        damaged,
    })
}

/// Writes the record of a run.
pub struct RunLog {
    metrics: File,
    events: File,
    started: Instant,
    seconds_before: f64,
    lost: Vec<u32>,
}

impl RunLog {
    /// Opens the record of the run in `folder`, of which the checkpoint knows `done` epochs. Those that the record does not
    /// have, because lines of it are damaged or missing, are [`lost`](Self::lost).
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(folder: &Path, done: u32) -> Result<Self> {
        let mut lines = match done > 0 && folder.join(FILE_NAME).exists() {
            true => read(folder)?.lines,
            false => Vec::new(),
        };
        lines.retain(|line| (1..=done).contains(&line.epoch));
        let known: BTreeSet<u32> = lines.iter().map(|line| line.epoch).collect();
        let mut text = String::new();
        for line in &lines {
            text += &serde_json::to_string(line)?;
            text.push('\n');
        }
        let path = folder.join(FILE_NAME);
        write_atomically(&path, text.as_bytes())?;
        let metrics = OpenOptions::new()
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            metrics,
            events: open_events(&folder.join(EVENTS_NAME), &lines)?,
            started: Instant::now(),
            seconds_before: lines.last().map_or(0.0, |line| line.seconds),
            lost: (1..=done).filter(|epoch| !known.contains(epoch)).collect(),
        })
    }

    /// Epochs of the run that its record does not have.
    pub fn lost(&self) -> &[u32] {
        &self.lost
    }

    /// Adds an epoch that ended just now.
    ///
    /// # Errors
    /// The disk is full or the folder is gone.
    pub fn append(&mut self, record: &EpochRecord) -> Result<()> {
        let seconds = self.seconds_before + self.started.elapsed().as_secs_f64();
        let line = Line::new(record, now(), seconds);
        let text = serde_json::to_string(&line)? + "\n";
        self.metrics
            .write_all(text.as_bytes())
            .with_context(|| format!("cannot write {FILE_NAME}"))?;
        self.events
            .write_all(&line.event())
            .with_context(|| format!("cannot write {EVENTS_NAME}"))
    }
}

/// Brings the event file to the state after `lines`. It is shortened in place where it only holds too much: a
/// TensorBoard that follows the file then goes on following it.
fn open_events(path: &Path, lines: &[Line]) -> Result<File> {
    let start = lines.first().map_or_else(now, |line| line.time);
    let mut expected = tensorboard::file_start(start);
    expected.extend(lines.iter().flat_map(Line::event));
    let open = || -> std::io::Result<File> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let present = untrusted::read(path, Kind::CURVES)?;
        if lines.is_empty() || !present.starts_with(&expected) {
            file.set_len(0)?;
            file.write_all(&expected)?;
        }
        file.set_len(expected.len() as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    };
    open().with_context(|| format!("cannot write {}", path.display()))
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: u32) -> EpochRecord {
        EpochRecord {
            epoch,
            train_loss: 1.0 / f64::from(epoch),
            valid: Some(Metrics {
                loss: 0.5,
                accuracy: 0.875,
                count: 8,
            }),
            learning_rate: 1e-3,
            sign_flips: 3,
            best: epoch == 1,
        }
    }

    #[test]
    fn a_run_that_goes_on_has_every_epoch_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let mut log = RunLog::open(path, 0).unwrap();
        for epoch in 1..=5 {
            log.append(&record(epoch)).unwrap();
        }
        let first = read(path).unwrap().lines;
        let mut log = RunLog::open(path, 3).unwrap();
        let events_of_three = std::fs::read(path.join(EVENTS_NAME)).unwrap();
        for epoch in 4..=6 {
            log.append(&record(epoch)).unwrap();
        }
        let lines = read(path).unwrap().lines;
        let epochs: Vec<u32> = lines.iter().map(|line| line.epoch).collect();
        assert_eq!(epochs, [1, 2, 3, 4, 5, 6]);
        assert_eq!(lines[..3], first[..3], "the lines kept are as they were");
        assert!(lines[5].seconds >= lines[2].seconds);
        let events = std::fs::read(path.join(EVENTS_NAME)).unwrap();
        let mut expected = events_of_three;
        expected.extend(lines[3..].iter().flat_map(Line::event));
        assert_eq!(events, expected);
    }

    #[test]
    fn a_missing_event_file_is_made_from_the_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let mut log = RunLog::open(path, 0).unwrap();
        log.append(&record(1)).unwrap();
        let mut expected = tensorboard::file_start(read(path).unwrap().lines[0].time);
        expected.extend(read(path).unwrap().lines[0].event());
        for present in [None, Some(&b"something else"[..])] {
            match present {
                None => std::fs::remove_file(path.join(EVENTS_NAME)).unwrap(),
                Some(bytes) => std::fs::write(path.join(EVENTS_NAME), bytes).unwrap(),
            }
            RunLog::open(path, 1).unwrap();
            assert_eq!(std::fs::read(path.join(EVENTS_NAME)).unwrap(), expected);
        }
    }

    #[test]
    fn half_a_line_at_the_end_is_none_and_damaged_ones_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        RunLog::open(path, 0).unwrap().append(&record(1)).unwrap();
        let whole = std::fs::read(path.join(FILE_NAME)).unwrap();
        let with = |before: &[u8], after: &[u8]| {
            std::fs::write(path.join(FILE_NAME), [before, &whole, after].concat()).unwrap();
            let epochs = read(path).unwrap();
            assert_eq!(epochs.lines.len(), 1);
            epochs.damaged
        };
        assert!(with(b"", b"{\"epo").is_empty());
        assert_eq!(with(b"{\"epo\n", b""), [1]);
        assert_eq!(with(b"", b"\xff\xfe\n\n"), [2, 3]);
    }

    #[test]
    fn a_record_with_lost_lines_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let mut log = RunLog::open(path, 0).unwrap();
        for epoch in 1..=5 {
            log.append(&record(epoch)).unwrap();
        }
        let text = std::fs::read_to_string(path.join(FILE_NAME)).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines[1] = "{\"epoch\": 2, \"train";
        lines.remove(3);
        std::fs::write(path.join(FILE_NAME), lines.join("\n") + "\n").unwrap();
        let mut log = RunLog::open(path, 5).unwrap();
        assert_eq!(log.lost(), [2, 4]);
        log.append(&record(6)).unwrap();
        let epochs =
            |lines: Vec<Line>| -> Vec<u32> { lines.iter().map(|line| line.epoch).collect() };
        assert_eq!(epochs(read(path).unwrap().lines), [1, 3, 5, 6]);
        std::fs::remove_file(path.join(FILE_NAME)).unwrap();
        let mut log = RunLog::open(path, 2).unwrap();
        assert_eq!(log.lost(), [1, 2]);
        log.append(&record(3)).unwrap();
        assert_eq!(epochs(read(path).unwrap().lines), [3]);
        assert!(RunLog::open(path, 0).unwrap().lost().is_empty());
    }
}
