//! Labelled windows of a board's own samples, as training wants them.
//!
//! The file is CSV with a head: `label`, `window`, `step`, then one column of raw counts a channel. Only whole windows
//! are written: where a sample is lost, the window it belongs to is dropped. Windows are numbered through the file, also
//! when it is recorded in several goes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::link::Told;

/// Writes windows.
pub struct Recorder {
    writer: csv::Writer<File>,
    label: String,
    steps: usize,
    channels: usize,
    /// Windows in the file.
    windows: u64,
    /// The window that is gathered.
    samples: Vec<Vec<i16>>,
    next: Option<u32>,
}

/// The columns before the channels.
const FIRST: [&str; 3] = ["label", "window", "step"];

impl Recorder {
    /// Appends to a file, or makes it: windows of `steps` samples of these channels, all of one class.
    ///
    /// # Errors
    /// The file cannot be written, or has other columns.
    pub fn open(path: &Path, label: &str, steps: u16, channels: &[String]) -> Result<Self> {
        ensure!(steps > 0, "a window to be recorded has no samples");
        ensure!(
            !label.trim().is_empty() && !label.contains(['\n', '\r']),
            "--label {label:?}: a class needs a name of one line"
        );
        let name = path.display();
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true);
        let file = options
            .open(path)
            .with_context(|| format!("cannot write {name}"))?;
        let head: Vec<String> = FIRST
            .into_iter()
            .map(String::from)
            .chain(channels.iter().cloned())
            .collect();
        let windows = count(&file, &head).with_context(|| format!("{name} is not continued"))?;
        let mut recorder = Self {
            writer: csv::Writer::from_writer(file),
            label: label.into(),
            steps: steps.into(),
            channels: channels.len(),
            windows: windows.unwrap_or(0),
            samples: Vec::new(),
            next: None,
        };
        if windows.is_none() {
            recorder.writer.write_record(&head)?;
            recorder
                .writer
                .flush()
                .with_context(|| format!("cannot write {name}"))?;
        }
        Ok(recorder)
    }

    /// Takes what a board tells, and writes a window when it is whole.
    ///
    /// # Errors
    /// The file cannot be written, or the samples have other channels.
    pub fn take(&mut self, told: &Told) -> Result<()> {
        let Told::Sample { index, values } = told else {
            return Ok(());
        };
        ensure!(
            values.len() == self.channels,
            "the board's samples have {} values, the recording has {} columns",
            values.len(),
            self.channels
        );
        if self.next.is_some_and(|next| next != *index) {
            self.samples.clear();
        }
        self.next = Some(index.wrapping_add(1));
        self.samples.push(values.clone());
        if self.samples.len() < self.steps {
            return Ok(());
        }
        for (step, values) in self.samples.drain(..).enumerate() {
            let mut row = vec![
                self.label.clone(),
                self.windows.to_string(),
                step.to_string(),
            ];
            row.extend(values.iter().map(i16::to_string));
            self.writer.write_record(&row)?;
        }
        // Whole windows are in the file, whatever happens to this program.
        self.writer.flush().context("cannot write the recording")?;
        self.windows += 1;
        Ok(())
    }

    /// Forgets the window that is gathered: after a pause another begins.
    pub fn pause(&mut self) {
        self.samples.clear();
        self.next = None;
    }

    /// Windows in the file.
    pub fn windows(&self) -> u64 {
        self.windows
    }

    /// The label.
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// How many windows are in a file with this head; none if the file is empty.
fn count(file: &File, head: &[String]) -> Result<Option<u64>> {
    let mut lines = BufReader::new(file).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(None);
    };
    let mut expected = csv::Writer::from_writer(Vec::new());
    expected.write_record(head)?;
    let expected = String::from_utf8(expected.into_inner()?)?;
    ensure!(
        first.trim_end() == expected.trim_end(),
        "its columns are {first}, those of this board {}: record into another file",
        expected.trim_end()
    );
    let mut last = String::new();
    for line in lines {
        let line = line?;
        if !line.is_empty() {
            last = line;
        }
    }
    if last.is_empty() {
        return Ok(Some(0));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(last.as_bytes());
    let row = reader
        .records()
        .next()
        .context("its last line is empty")??;
    let window: u64 = row
        .get(1)
        .unwrap_or_default()
        .parse()
        .context("its last line has no window number")?;
    Ok(Some(window + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels() -> Vec<String> {
        vec!["x".into(), "y, left".into()]
    }

    fn sample(index: u32) -> Told {
        Told::Sample {
            index,
            values: vec![index as i16, -5],
        }
    }

    fn record(path: &Path, label: &str, indices: impl IntoIterator<Item = u32>) -> u64 {
        let mut recorder = Recorder::open(path, label, 3, &channels()).unwrap();
        for index in indices {
            recorder.take(&sample(index)).unwrap();
        }
        recorder.windows()
    }

    #[test]
    fn whole_windows_are_appended_and_numbered_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("walk.csv");
        assert_eq!(
            record(&path, "walk", 0..8),
            2,
            "the third window is not whole"
        );
        assert_eq!(record(&path, "sit \"still\"", 100..103), 3);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("label,window,step,x,\"y, left\""));
        assert_eq!(lines.next(), Some("walk,0,0,0,-5"));
        assert_eq!(lines.nth(4), Some("walk,1,2,5,-5"));
        assert_eq!(lines.next(), Some("\"sit \"\"still\"\"\",2,0,100,-5"));
        assert_eq!(text.lines().count(), 1 + 9);
    }

    #[test]
    fn a_window_with_a_lost_sample_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gap.csv");
        assert_eq!(record(&path, "a", [0, 1, 3, 4, 5, 6, 7]), 1);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().nth(1), Some("a,0,0,3,-5"));
    }

    #[test]
    fn other_columns_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.csv");
        record(&path, "a", 0..3);
        let error = Recorder::open(&path, "a", 3, &["x".into()])
            .err()
            .expect("refused");
        let error = format!("{error:#}");
        assert!(
            error.contains("other.csv") && error.contains("record into another file"),
            "{error}"
        );
        assert!(Recorder::open(&path, " ", 3, &channels()).is_err());
    }
}
