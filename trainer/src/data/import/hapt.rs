//! UCI HAPT, raw: `acc_exp01_user01.txt` in g and `gyro_exp01_user01.txt` in rad/s, three columns without a header at 50 a second,
//! and `labels.txt` with experiment, user, activity, first and last sample, numbered from 1.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};

use super::context::{BadLines, Reading};
use super::recording::{Channel, Interval, Recording, TimeBase};
use super::source::Entry;
use super::text::{Number, Separator, lines, number, split};
use super::unit::Unit;
use super::{File, Format};
use crate::visible;

pub(super) const HAPT: Format = Format {
    name: "UCI HAPT",
    detect: |file| match sensor(file.entry.stem()) {
        Some(_) if file.text().is_some_and(has_three_columns) => 90,
        _ => 0,
    },
    read,
};

const RATE_HZ: f64 = 50.0;
const ACTIVITIES: [&str; 12] = [
    "WALKING",
    "WALKING_UPSTAIRS",
    "WALKING_DOWNSTAIRS",
    "SITTING",
    "STANDING",
    "LAYING",
    "STAND_TO_SIT",
    "SIT_TO_STAND",
    "SIT_TO_LIE",
    "LIE_TO_SIT",
    "STAND_TO_LIE",
    "LIE_TO_STAND",
];

/// Sensor, experiment and user, from the name of a file.
struct Sensor<'a> {
    is_rotation: bool,
    experiment: &'a str,
    user: &'a str,
}

fn sensor(stem: &str) -> Option<Sensor<'_>> {
    let (sensor, rest) = stem.split_once("_exp")?;
    let (experiment, user) = rest.split_once("_user")?;
    let are_numbers = [experiment, user]
        .iter()
        .all(|text| text.parse::<u16>().is_ok());
    let is_rotation = match sensor {
        "acc" => false,
        "gyro" => true,
        _ => return None,
    };
    are_numbers.then_some(Sensor {
        is_rotation,
        experiment,
        user,
    })
}

fn has_three_columns(text: &str) -> bool {
    let mut fields = Vec::new();
    lines(text).take(5).all(|(_, line)| {
        split(line, Separator::Blanks, &mut fields).is_ok_and(|()| fields.len() == 3)
    })
}

fn read(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let text = file.text().context("it is no text")?;
    let sensor = sensor(file.entry.stem())
        .context("its name is not acc_expNN_userNN or gyro_expNN_userNN")?;
    let (name, unit) = match sensor.is_rotation {
        true => ("gyro", Unit::RadianPerSecond),
        false => ("acc", Unit::G),
    };
    let channels = ["x", "y", "z"]
        .map(|axis| Channel::new(format!("{name}_{axis}"), unit))
        .to_vec();
    let mut recording = Recording::new(file.name(), channels);
    recording.subject = Some(sensor.user.to_owned());
    recording.time = TimeBase::Rate(RATE_HZ);
    let mut bad = BadLines::default();
    let mut fields = Vec::new();
    for (at, line) in lines(text).filter(|(_, line)| !line.trim().is_empty()) {
        match split(line, Separator::Blanks, &mut fields).and_then(|()| sample(&fields)) {
            Ok(sample) => {
                reading.budget.take(size_of_val(&sample))?;
                recording.values.extend(sample);
                recording.line_last(at);
            }
            // Labels count samples: none may be left out.
            Err(error) => bad.add(at, &error),
        }
    }
    if bad.any() {
        reading.accept(&file.entry.name, &bad)?;
        bail!("samples are missing, so its labels would be of others");
    }
    Ok(vec![recording])
}

fn sample(fields: &[&str]) -> Result<[f32; 3]> {
    let value = |i: usize| match number(fields.get(i).copied().unwrap_or_default(), false) {
        Number::Value(value) if (value as f32).is_finite() => Ok(value as f32),
        _ => bail!(
            "column {}: \"{}\" is not a number",
            i + 1,
            visible::name(fields.get(i).copied().unwrap_or_default())
        ),
    };
    ensure!(fields.len() == 3, "{} fields instead of 3", fields.len());
    Ok([value(0)?, value(1)?, value(2)?])
}

/// Files beside `RawData` in the published folder, which were computed from it or describe it.
const BESIDE: [&str; 6] = [
    "Train/",
    "Test/",
    "activity_labels.txt",
    "features.txt",
    "features_info.txt",
    "README.txt",
];
/// Folder of the recordings in the published one.
const RAW: &str = "RawData/";

/// Whether an entry was computed from the recordings or describes them: it lies beside their folder, as published.
pub(super) fn is_beside(entry: &Entry, all: &[Entry]) -> bool {
    let has_raw = |root: &str| {
        let is_raw = |other: &&Entry| {
            other.folder().strip_prefix(root) == Some(RAW) && sensor(other.stem()).is_some()
        };
        all.iter().any(|other| is_raw(&other))
    };
    let name = entry.name.as_str();
    let folders = name.match_indices('/').map(|(at, _)| at + 1);
    std::iter::once(0).chain(folders).any(|at| {
        let (root, rest) = name.split_at(at);
        BESIDE.iter().any(|beside| match beside.ends_with('/') {
            true => rest.starts_with(beside),
            false => rest == *beside,
        }) && has_raw(root)
    })
}

/// The intervals of `labels.txt`, by folder, experiment and user.
#[derive(Debug, Default)]
pub(super) struct Labels(HashMap<String, Vec<Interval>>);

impl Labels {
    /// Whether an entry holds labels and no recording: rows of five whole numbers, beside recordings of this format.
    pub fn is(entry: &Entry, all: &[Entry]) -> bool {
        let has_recordings = || {
            all.iter()
                .any(|other| other.folder() == entry.folder() && sensor(other.stem()).is_some())
        };
        entry.file() == "labels.txt" && has_recordings()
    }

    /// Reads all `labels.txt` among the entries.
    ///
    /// # Errors
    /// One is malformed.
    pub fn of(entries: &[Entry]) -> Result<Self> {
        let mut labels = Self::default();
        for entry in entries.iter().filter(|entry| Self::is(entry, entries)) {
            let bytes = entry.read()?;
            let text = super::text::decode(&bytes);
            for (at, line) in lines(&text).filter(|(_, line)| !line.trim().is_empty()) {
                let (key, interval) = row(line)
                    .with_context(|| format!("{}: line {at}", visible::name(&entry.name)))?;
                labels
                    .0
                    .entry(format!("{}{key}", entry.folder()))
                    .or_default()
                    .push(interval);
            }
        }
        for intervals in labels.0.values_mut() {
            intervals.sort_by_key(|interval| interval.start);
        }
        Ok(labels)
    }

    /// Gives a recording its labels: that of the file `name`, or of the files of its experiment put together.
    ///
    /// # Errors
    /// One reaches beyond the end.
    pub fn give(&self, name: &str, recording: &mut Recording) -> Result<()> {
        let Some(key) = key_of(name) else {
            return Ok(());
        };
        let Some(intervals) = self.0.get(&key) else {
            return Ok(());
        };
        for interval in intervals {
            ensure!(
                interval.end <= recording.samples(),
                "labels.txt: {} ends at sample {} of {}, which has {}",
                interval.label,
                interval.end,
                visible::name(name),
                recording.samples()
            );
        }
        recording.labels.clone_from(intervals);
        Ok(())
    }
}

/// Folder, experiment and user of a file, or of files put together.
fn key_of(name: &str) -> Option<String> {
    let (folder, file) = match name.rfind('/') {
        Some(at) => name.split_at(at + 1),
        None => ("", name),
    };
    let stem = super::source::stem(file);
    let (experiment, user) = match sensor(stem) {
        Some(sensor) => (sensor.experiment, sensor.user),
        None => stem.strip_prefix("exp")?.split_once("-user")?,
    };
    Some(format!(
        "{folder}{}-{}",
        experiment.parse::<u16>().ok()?,
        user.parse::<u16>().ok()?
    ))
}

fn row(line: &str) -> Result<(String, Interval)> {
    let numbers: Vec<usize> = (line.split_ascii_whitespace())
        .map(|field| {
            field
                .parse()
                .with_context(|| format!("\"{}\" is no whole number", visible::name(field)))
        })
        .collect::<Result<_>>()?;
    let &[experiment, user, activity, first, last] = numbers.as_slice() else {
        bail!(
            "{} numbers instead of experiment, user, activity, first and last sample",
            numbers.len()
        );
    };
    let label = activity.checked_sub(1).and_then(|i| ACTIVITIES.get(i));
    let label = label.with_context(|| format!("activity {activity} is not in 1..=12"))?;
    ensure!(first >= 1 && first <= last, "samples {first} to {last}");
    let interval = Interval {
        start: first - 1,
        end: last,
        label: (*label).to_owned(),
    };
    Ok((format!("{experiment}-{user}"), interval))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Imported, Options, import};
    use super::*;

    fn of(files: &[(&str, String)]) -> Result<Imported> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("RawData")).unwrap();
        for (name, text) in files {
            let path = match name.strip_prefix("../") {
                Some(beside) => folder.path().join(beside),
                None => folder.path().join("RawData").join(name),
            };
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        import(folder.path(), &Options::default())
    }

    fn files(labels: &str) -> Vec<(&'static str, String)> {
        let rows = |first: u32| {
            (0..6)
                .map(|i| format!("{} {} {}\n", first + i, 0.5, -1.25e-1))
                .collect::<String>()
        };
        vec![
            ("acc_exp01_user02.txt", rows(0)),
            ("gyro_exp01_user02.txt", rows(10)),
            ("labels.txt", labels.to_owned()),
        ]
    }

    #[test]
    fn sensors_and_labels_go_together() {
        let imported = of(&files("1 2 7 5 6 \r\n1 2 1 1 2\r\n")).unwrap();
        assert_eq!(imported.recordings.len(), 1);
        let recording = &imported.recordings[0];
        assert_eq!(
            (recording.time.clone(), recording.subject.as_deref()),
            (TimeBase::Rate(50.0), Some("02"))
        );
        assert_eq!(recording.sample(1), [1.0, 0.5, -0.125, 11.0, 0.5, -0.125]);
        let (walk, sit) = (Some("WALKING"), Some("STAND_TO_SIT"));
        assert_eq!(
            recording.label_of_each(),
            [walk, walk, None, None, sit, sit]
        );
        for (labels, part) in [
            ("1 2 7 5 7\n", "ends at sample 7"),
            ("1 2 13 1 2\n", "line 1: activity 13"),
            ("1 2 1 0 2\n", "samples 0 to 2"),
            ("1 2 1\n", "3 numbers"),
            ("1 2 x 1 2\n", "\"x\" is no whole number"),
        ] {
            let error = format!("{:#}", of(&files(labels)).unwrap_err());
            assert!(
                error.contains("labels.txt") && error.contains(part),
                "{error}"
            );
        }
        let mut short = files("");
        short[1].1 = "1 2 3\n".repeat(5);
        assert!(of(&short).is_err());
        short[1].1 = format!("{}1 2 x\n", "1 2 3\n".repeat(5));
        let error = format!("{:#}", of(&short).unwrap_err());
        assert!(
            error.contains("gyro_exp01_user02.txt") && error.contains("line 6, column 3")
                || error.contains("line 6: column 3"),
            "{error}"
        );
    }

    #[test]
    fn the_published_folder_is_read_by_its_recordings_alone() {
        let mut all = files("1 2 7 5 6\n");
        let features = "0.1 0.2 0.3 0.4\n0.1 0.2 0.3 0.4\n".to_owned();
        for name in [
            "../Train/X_train.txt",
            "../Test/X_test.txt",
            "../features.txt",
            "../activity_labels.txt",
        ] {
            all.push((name, features.clone()));
        }
        let imported = of(&all).unwrap();
        assert_eq!(imported.recordings.len(), 1);
        assert_eq!(imported.recordings[0].labels.len(), 1);
        assert_eq!(
            imported.left_out,
            [
                "Test/X_test.txt",
                "Train/X_train.txt",
                "activity_labels.txt",
                "features.txt"
            ]
        );
        // Of another data set they are no parts of this one.
        assert!(of(&all[3..]).unwrap().left_out.is_empty());
        all.push(("../Train2/X.txt", features));
        assert!(of(&all).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9a. \n]{0,60}", labels in "[-0-9 x\n]{0,40}") {
            let mut files = files(&labels);
            files[0].1.push_str(&text);
            let _ = of(&files);
        }
    }
}
