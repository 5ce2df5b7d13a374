//! Labelled recordings of a board's own sensor, in the form that the task `recordings` trains on.
//!
//! A row is a sample: `label`, `recording`, `time` in samples, then the raw counts, one column a channel
//! ([`crate::data::recordings`]). Where samples were lost, or the recording was paused, a row without a label keeps
//! windows from spanning the gap.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::link::Told;
use crate::untrusted::check_regular;

/// Writes samples.
pub struct Recorder {
    writer: csv::Writer<File>,
    label: String,
    /// Tells this recording apart from others in the file.
    recording: String,
    channels: usize,
    samples: u64,
    next: Option<u32>,
}

/// Bytes of a first line.
const MAX_HEAD_BYTES: u64 = 64 << 10;
/// The columns before the channels.
const FIRST: [&str; 3] = ["label", "recording", "time"];
/// Rows that are written at once: few enough for the writer's buffer, so that the file always ends with a row.
const ROWS: u64 = 25;

impl Recorder {
    /// Appends to a file, or makes it and its folder: samples of these channels, all of one class. `recording` is a name that no other
    /// recording in the file has.
    ///
    /// # Errors
    /// The file cannot be written or has other columns, or the label is none.
    pub fn open(path: &Path, label: &str, recording: &str, channels: &[String]) -> Result<Self> {
        let label = label.trim();
        ensure!(
            !label.is_empty() && !label.starts_with('#') && !label.contains(['\n', '\r']),
            "--label {label:?}: a class needs a name of one line that does not start with #"
        );
        let name = path.display();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true);
        let file = options
            .open(path)
            .with_context(|| format!("cannot write {name}"))?;
        let head: Vec<&str> = (FIRST.into_iter())
            .chain(channels.iter().map(String::as_str))
            .collect();
        check_regular(&file.metadata()?).with_context(|| format!("cannot write {name}"))?;
        let is_new = is_new(&file, &head).with_context(|| format!("{name} is not continued"))?;
        let mut recorder = Self {
            writer: csv::Writer::from_writer(file),
            label: label.into(),
            recording: recording.into(),
            channels: channels.len(),
            samples: 0,
            next: None,
        };
        if is_new {
            recorder.writer.write_record(&head)?;
            recorder.flush()?;
        }
        Ok(recorder)
    }

    /// Writes a sample; whatever else a board tells is not recorded.
    ///
    /// # Errors
    /// The file cannot be written, or the sample has other channels.
    pub fn take(&mut self, told: &Told) -> Result<()> {
        let Told::Sample { index, values } = told else {
            return Ok(());
        };
        ensure!(
            values.len() == self.channels,
            "the board's samples have {} values, the recording has {} columns of them",
            values.len(),
            self.channels
        );
        if self.next.is_some_and(|next| next != *index) {
            self.pause()?;
        }
        self.next = Some(index.wrapping_add(1));
        let time = index.to_string();
        let first = [self.label.as_str(), &self.recording, &time].map(String::from);
        let values = values.iter().map(i16::to_string);
        self.writer.write_record(first.into_iter().chain(values))?;
        self.samples += 1;
        if self.samples.is_multiple_of(ROWS) {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the row of samples: what comes next is not its continuation.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn pause(&mut self) -> Result<()> {
        if self.next.take().is_some() {
            let empty = std::iter::repeat_n("", 1 + self.channels);
            let row = ["", self.recording.as_str()].into_iter().chain(empty);
            self.writer.write_record(row)?;
        }
        self.flush()
    }

    /// Samples written.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The label.
    pub fn label(&self) -> &str {
        &self.label
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.flush().context("cannot write the recording")
    }
}

/// Whether a file is empty; it must have this head otherwise.
fn is_new(file: &File, head: &[&str]) -> Result<bool> {
    let mut first = String::new();
    BufReader::new(file.take(MAX_HEAD_BYTES)).read_line(&mut first)?;
    if first.is_empty() {
        return Ok(true);
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(first.as_bytes());
    let found = reader
        .records()
        .next()
        .context("its first line is empty")??;
    ensure!(
        found.iter().eq(head.iter().copied()),
        "its columns are {}, those of this board {}: record into another file",
        found.iter().collect::<Vec<_>>().join(", "),
        head.join(", ")
    );
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Holdout, recordings};

    fn channels() -> Vec<String> {
        vec!["x".into(), "y, left".into()]
    }

    fn record(path: &Path, label: &str, name: &str, indices: impl IntoIterator<Item = u32>) {
        let mut recorder = Recorder::open(path, label, name, &channels()).unwrap();
        for index in indices {
            let values = vec![index as i16, -5];
            recorder.take(&Told::Sample { index, values }).unwrap();
        }
    }

    #[test]
    fn samples_are_appended_and_gaps_are_marked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("walk.csv");
        record(&path, "walk", "monday", [0, 1, 4]);
        record(&path, " sit \"still\" ", "tuesday", [100]);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "label,recording,time,x,\"y, left\"",
                "walk,monday,0,0,-5",
                "walk,monday,1,1,-5",
                ",monday,,,",
                "walk,monday,4,4,-5",
                "\"sit \"\"still\"\"\",tuesday,100,100,-5",
            ]
        );
    }

    #[test]
    fn training_reads_recordings_and_no_window_spans_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.csv");
        for (day, label) in ["a", "b"].into_iter().cycle().take(12).enumerate() {
            // Two windows of 8 before the gap, one after it; 4 samples too few for another.
            let indices = (0..20).chain(21..29);
            record(&path, label, &format!("day {day}"), indices);
        }
        let source = recordings::locate(&path).unwrap();
        let cutting = recordings::Cutting {
            steps: 8,
            hop: 8,
            rate_hz: 50.0,
        };
        let data = recordings::load(&source, &cutting, &Holdout::default()).unwrap();
        assert_eq!(data.classes, ["a", "b"]);
        assert_eq!(data.channel_names, channels());
        let windows = data.train.len() + data.valid.len() + data.test.len();
        assert_eq!(windows, 12 * 3);
    }

    #[test]
    fn other_columns_and_labels_that_are_none_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.csv");
        record(&path, "a", "one", 0..3);
        let error = Recorder::open(&path, "a", "two", &["x".into()])
            .err()
            .expect("refused");
        let error = format!("{error:#}");
        assert!(
            error.contains("other.csv") && error.contains("record into another file"),
            "{error}"
        );
        for label in [" ", "#a", "a\nb"] {
            assert!(Recorder::open(&path, label, "two", &channels()).is_err());
        }
    }
}
