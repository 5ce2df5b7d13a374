//! Labelled recordings of a board's own sensor, in the form that the task `recordings` trains on.
//!
//! A row is a sample: `label`, `recording`, `time` in samples, then the raw counts, one column a channel
//! ([`crate::data::recordings`]). Where samples were lost, or the recording was paused, a row without a label keeps
//! windows from spanning the gap. Where the units of the board's counts are known, a comment above the head tells them.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use hadamrnn_device::channels::Quantity;
use hadamrnn_device::descriptor::Descriptor;

use crate::data::import::{ToldScale, Unit, counts_of_firmware, line_of_scales, scales_in_line};
use crate::link::Told;
use crate::untrusted::{Kind, check_regular};
use crate::visible;

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

/// The columns before the channels.
const FIRST: [&str; 3] = ["label", "recording", "time"];
/// Rows that are written at once: few enough for the writer's buffer, so that the file always ends with a row.
const ROWS: u64 = 25;

impl Recorder {
    /// Appends to a file, or makes it and its folder: samples of these channels, all of one class. `recording` names what is
    /// recorded; where the file has a recording of this name, a number is added. Nobody else records into the file
    /// meanwhile. A file that tells no scale is continued without one.
    ///
    /// # Errors
    /// The file cannot be written, is being recorded into, or has other columns or scales, or the label is none.
    pub fn open(path: &Path, label: &str, recording: &str, channels: &[ToldScale]) -> Result<Self> {
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
        let mut file = options
            .open(path)
            .with_context(|| format!("cannot write {name}"))?;
        file.try_lock().with_context(|| {
            format!("another program records into {name}: record into another file")
        })?;
        let head: Vec<&str> = (FIRST.into_iter())
            .chain(channels.iter().map(|scale| scale.channel.as_str()))
            .collect();
        check_regular(&file.metadata()?).with_context(|| format!("cannot write {name}"))?;
        let recordings = recordings(&file, &head, channels)
            .with_context(|| format!("{name} is not continued"))?;
        if recordings.is_some() {
            end_last_row(&mut file).with_context(|| format!("cannot continue {name}"))?;
        }
        let mut recorder = Self {
            writer: csv::Writer::from_writer(file),
            label: label.into(),
            recording: unique(recording, recordings.as_ref()),
            channels: channels.len(),
            samples: 0,
            next: None,
        };
        if recordings.is_none() {
            if channels.iter().any(|scale| !scale.is_counts()) {
                let line = line_of_scales("recorded by hadamrnn monitor", channels);
                writeln!(recorder.writer.get_ref(), "{line}")
                    .context("cannot write the recording")?;
            }
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

/// Counts of a board's channels, by the quantities that its firmware says they are. Emulated boards replay samples of whatever
/// size, and tell none.
pub fn scales_of(channels: &[String], firmware: &Descriptor<'_>) -> Vec<ToldScale> {
    let quantities = firmware.gives.quantities().unwrap_or_default();
    let is_known = !firmware.board.starts_with("qemu-");
    let unit = |channel: &String| {
        let is_of = |quantity: &&Quantity| quantity.names().contains(&channel.as_str());
        match quantities.iter().filter(|_| is_known).find(is_of)? {
            Quantity::Acceleration | Quantity::Gravity | Quantity::Motion => Some(Unit::G),
            Quantity::Rotation => Some(Unit::DegreePerSecond),
            _ => None,
        }
    };
    let scale = |channel: &String| {
        let known = unit(channel).and_then(|unit| Some((unit, counts_of_firmware(unit)?)));
        let (unit, counts_per_unit) = known.unwrap_or((Unit::Counts, 1.0));
        ToldScale {
            channel: channel.clone(),
            unit,
            counts_per_unit,
        }
    };
    channels.iter().map(scale).collect()
}

/// Names of the recordings in a file, which must have this head and may tell these scales; none where the file is empty.
fn recordings(
    file: &File,
    head: &[&str],
    channels: &[ToldScale],
) -> Result<Option<HashSet<Vec<u8>>>> {
    let bytes = Kind::DATA.read(file)?;
    check_scales(&bytes, channels)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(&bytes[..]);
    let mut row = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut row)? {
        return Ok(None);
    }
    ensure!(
        row.iter().eq(head.iter().map(|name| name.as_bytes())),
        "its columns are {}, those of this board {}: record into another file",
        visible::names(row.iter().map(String::from_utf8_lossy)),
        visible::names(head)
    );
    let mut names = HashSet::new();
    while reader.read_byte_record(&mut row)? {
        let name = row.get(1).unwrap_or_default();
        if !names.contains(name) {
            names.insert(name.to_vec());
        }
    }
    Ok(Some(names))
}

/// Checks that a file that tells scales tells these.
fn check_scales(bytes: &[u8], channels: &[ToldScale]) -> Result<()> {
    let first = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let told = scales_in_line(String::from_utf8_lossy(first).trim_end()).context("line 1")?;
    if told.is_empty() {
        return Ok(());
    }
    for channel in channels {
        let plain = ToldScale::counts(&channel.channel);
        let known = told.iter().find(|scale| scale.channel == channel.channel);
        let known = known.unwrap_or(&plain);
        ensure!(
            known == channel,
            "of its channel {} {}, of this board's {}: record into another file",
            visible::name(&channel.channel),
            known.words(),
            channel.words()
        );
    }
    Ok(())
}

/// `name`, with a number where others have it.
fn unique(name: &str, others: Option<&HashSet<Vec<u8>>>) -> String {
    let is_taken = |name: &str| others.is_some_and(|others| others.contains(name.as_bytes()));
    let numbered = (2..).map(|number: u64| format!("{name}-{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !is_taken(name))
        .unwrap_or_else(|| name.to_owned())
}

/// The last row may have been cut off, or written by hand: what is appended is a row of its own.
fn end_last_row(file: &mut File) -> std::io::Result<()> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    match last {
        [b'\n'] => Ok(()),
        _ => file.write_all(b"\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Holdout, recordings};

    fn channels() -> Vec<ToldScale> {
        ["x", "y, left"].map(ToldScale::counts).to_vec()
    }

    fn in_g(counts_per_unit: f64) -> Vec<ToldScale> {
        let scale = |scale: ToldScale| ToldScale {
            unit: Unit::G,
            counts_per_unit,
            ..scale
        };
        channels().into_iter().map(scale).collect()
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
            let name = format!("day {day}");
            let mut recorder = Recorder::open(&path, label, &name, &channels()).unwrap();
            for index in (0..20).chain(21..29) {
                // No counter, which would be no signal, and no day like another.
                let noise = (index * 7919 + 31 * day as u32) % 1009;
                let values = vec![noise as i16, -(noise as i16)];
                recorder.take(&Told::Sample { index, values }).unwrap();
            }
        }
        let source = recordings::locate(&path).unwrap();
        let cutting = recordings::Cutting {
            steps: 8,
            hop: 8,
            ..recordings::Cutting::default()
        };
        let data = recordings::load(&source, &cutting, &Holdout::default()).unwrap();
        assert_eq!(data.classes, ["a", "b"]);
        assert_eq!(data.channel_names, ["x", "y, left"]);
        let windows = data.train.len() + data.valid.len() + data.test.len();
        assert_eq!(windows, 12 * 3);
    }

    #[test]
    fn recordings_of_one_file_have_names_of_their_own_and_one_program_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("walk.csv");
        let open = || Recorder::open(&path, "walk", "monday", &channels());
        let mut first = open().unwrap();
        let error = format!("{:#}", open().err().expect("the first is not over"));
        assert!(
            error.contains("walk.csv") && error.contains("another program records"),
            "{error}"
        );
        let values = vec![1, 2];
        first.take(&Told::Sample { index: 0, values }).unwrap();
        drop(first);
        // A recording of another board, whose samples would go on where the first one's ended.
        record(&path, "walk", "monday", [1, 2]);
        // A row that was cut off does not take the next one with it.
        let cut = std::fs::read_to_string(&path).unwrap() + "walk,monday-2";
        std::fs::write(&path, cut).unwrap();
        record(&path, "walk", "monday", [3]);
        let text = std::fs::read_to_string(&path).unwrap();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "walk,monday,0,1,2",
                "walk,monday-2,1,1,-5",
                "walk,monday-2,2,2,-5",
                "walk,monday-2",
                "walk,monday-3,3,3,-5",
            ]
        );
    }

    #[test]
    fn scales_are_told_once_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("walk.csv");
        for name in ["one", "two"] {
            let mut recorder = Recorder::open(&path, "walk", name, &in_g(8192.0)).unwrap();
            let values = vec![1, 2];
            recorder.take(&Told::Sample { index: 0, values }).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = "# recorded by hadamrnn monitor; x: 8192 counts are 1 g, y, left: 8192 counts are 1 g\n\
                        label,recording,time,x,\"y, left\"\nwalk,one,0,1,2\nwalk,two,0,1,2\n";
        assert_eq!(text, expected);
        for other in [in_g(4096.0), channels()] {
            let error = Recorder::open(&path, "walk", "three", &other).err();
            let error = format!("{:#}", error.expect("refused"));
            assert!(
                error.contains("8192 counts are 1 g") && error.contains("another file"),
                "{error}"
            );
        }
        // One of before units goes on without.
        let old = folder.path().join("old.csv");
        record(&old, "walk", "one", [0]);
        Recorder::open(&old, "walk", "two", &in_g(8192.0)).unwrap();
        assert!(std::fs::read_to_string(&old).unwrap().starts_with("label,"));
    }

    #[test]
    fn counts_of_real_boards_are_known_by_what_they_measure() {
        use hadamrnn_firmware_support::boards::Registry;
        let registry = Registry::built_in().unwrap();
        let scales = |board: &str| {
            let board = registry.board(board).unwrap();
            let firmware = board.descriptor().unwrap();
            let names = ["body_acc_x", "body_gyro_z", "other"].map(String::from);
            scales_of(&names, &firmware)
        };
        let words = scales("pico")
            .iter()
            .map(ToldScale::words)
            .collect::<Vec<_>>();
        assert_eq!(
            words,
            [
                "8192 counts are 1 g",
                "14.285714285714285 counts are 1 °/s",
                "1 counts are 1 counts"
            ]
        );
        assert!(scales("qemu-m4").iter().all(ToldScale::is_counts));
    }

    #[test]
    fn other_columns_and_labels_that_are_none_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.csv");
        record(&path, "a", "one", 0..3);
        let error = Recorder::open(&path, "a", "two", &[ToldScale::counts("x")])
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
