//! Recordings of phones, where each sensor has a file of its own: Sensor Logger, phyphox, and what is laid out like them.
//!
//! Sensor Logger writes `time` in nanoseconds since 1970 and `seconds_elapsed`, and names the axes only `x`, `y`, `z`, in an order
//! that differs; which sensor it is, and so the unit, is told by the file's name alone. phyphox writes the unit in each column's
//! name.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::context::Reading;
use super::recording::Recording;
use super::source::{Entry, stem};
use super::text::{Separator, lines, split};
use super::unit::Unit;
use super::{File, Format, delimited};
use crate::data::words::words;

/// Words in names of files that name a sensor.
const SENSORS: [&str; 13] = [
    "accelerometer",
    "acceleration",
    "accel",
    "acc",
    "gyroscope",
    "gyro",
    "gyr",
    "magnetometer",
    "mag",
    "gravity",
    "orientation",
    "totalacceleration",
    "linearacceleration",
];
/// Words beside them that tell sensors apart too.
const KINDS: [&str; 4] = ["linear", "total", "user", "uncalibrated"];

pub(super) const SENSOR_LOGGER: Format = Format {
    name: "Sensor Logger",
    detect: |file| match header(file) {
        Some(fields) if fields.starts_with(&["time", "seconds_elapsed"]) => 90,
        _ => 0,
    },
    read: read_sensor_logger,
};

pub(super) const PHYPHOX: Format = Format {
    name: "phyphox",
    detect: |file| {
        let has_units = |fields: &Vec<&str>| {
            fields[1..]
                .iter()
                .filter(|field| field.ends_with(')'))
                .count()
                > 0
        };
        match header(file) {
            Some(fields) if fields.first() == Some(&"Time (s)") && has_units(&fields) => 60,
            _ => 0,
        }
    },
    read: |file, reading| {
        let text = file.text().context("it is no text")?;
        delimited::read(&file.name(), text, reading)
    },
};

fn header<'a>(file: &'a File<'_>) -> Option<Vec<&'a str>> {
    let (_, line) = lines(file.text()?).next()?;
    [b',', b';', b'\t'].into_iter().find_map(|separator| {
        let mut fields = Vec::new();
        split(line, Separator::Character(separator), &mut fields).ok()?;
        (fields.len() > 1).then_some(fields)
    })
}

fn read_sensor_logger(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let text = file.text().context("it is no text")?;
    let mut all = delimited::read(&file.name(), text, reading)?;
    let words = words(file.entry.stem());
    let unit = unit_of(&words);
    for channel in all.iter_mut().flat_map(|recording| &mut recording.channels) {
        let axis = channel.name.to_lowercase();
        if ["x", "y", "z"].contains(&axis.as_str()) {
            if channel.unit == Unit::Unknown {
                channel.unit = unit;
            }
            if let Some(sensor) = name_of(&words) {
                channel.name = format!("{sensor}_{axis}");
            }
        }
    }
    Ok(all)
}

/// The unit in which Sensor Logger writes a sensor.
fn unit_of(words: &[String]) -> Unit {
    let has = |word: &str| words.iter().any(|other| other.contains(word));
    match () {
        // On iOS it is g, unless the values were standardised.
        () if has("uncalibrated") && has("acceler") => Unit::Unknown,
        () if has("acceler") || has("gravity") => Unit::MetrePerSecondSquared,
        () if has("gyro") => Unit::RadianPerSecond,
        () if has("magneto") => Unit::MicroTesla,
        () => Unit::Unknown,
    }
}

/// The name of the channels of a sensor of Sensor Logger. Its accelerometer is without gravity, as boards call motion.
fn name_of(words: &[String]) -> Option<&'static str> {
    let has = |word: &str| words.iter().any(|other| other.contains(word));
    match () {
        () if has("uncalibrated") => None,
        () if has("total") && has("acceler") => Some("totalacceleration"),
        () if has("acceler") => Some("linear_acceleration"),
        () if has("gravity") => Some("gravity"),
        () if has("gyro") => Some("gyroscope"),
        () if has("magneto") => Some("magnetometer"),
        () => None,
    }
}

/// The words of a file's name that are no sensor; none where it names no sensor.
pub(super) fn beside_sensor(stem: &str) -> Option<Vec<String>> {
    let all = words(stem);
    let is_sensor = |word: &String| SENSORS.contains(&word.as_str());
    let is_part = |word: &&String| is_sensor(word) || KINDS.contains(&word.as_str());
    let rest = all.iter().filter(|word| !is_part(word)).cloned().collect();
    all.iter().any(is_sensor).then_some(rest)
}

/// The path of a recording without its file, if the file's name is that of a sensor alone: the folder is the recording.
pub(super) fn recording_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, file)) if beside_sensor(stem(file)).is_some_and(|rest| rest.is_empty()) => {
            folder
        }
        _ => path,
    }
}

/// Groups of files that are one recording together: files of different sensors in one folder whose names are else the same. All
/// other files are groups of their own.
pub(super) fn groups(entries: &[Entry]) -> Vec<Vec<&Entry>> {
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    let mut places: BTreeMap<(&str, Vec<String>), usize> = BTreeMap::new();
    for entry in entries {
        match beside_sensor(entry.stem()) {
            Some(rest) => {
                let place = *places.entry((entry.folder(), rest)).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() - 1
                });
                groups[place].push(entry);
            }
            None => groups.push(vec![entry]),
        }
    }
    groups
}

/// Name of the recording that files of sensors are together: the rest of their names, or their folder.
pub(super) fn name_together(entry: &Entry) -> String {
    let folder = entry.folder().trim_end_matches('/');
    let rest = beside_sensor(entry.stem()).unwrap_or_default().join("-");
    match (folder, rest.as_str()) {
        ("", "") => "recording".into(),
        ("", rest) => rest.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, rest) => format!("{folder}/{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_sensors_go_together() {
        let names = [
            "a/Accelerometer.csv",
            "a/Gyroscope.csv",
            "a/notes.csv",
            "b/Accelerometer.csv",
            "walk1_acc.csv",
            "walk1_gyro.csv",
            "walk2_acc.csv",
            "walk.csv",
        ];
        let entries: Vec<Entry> = names
            .iter()
            .map(|name| Entry::of_bytes(name, b""))
            .collect();
        let groups: Vec<Vec<&str>> = groups(&entries)
            .iter()
            .map(|group| group.iter().map(|entry| entry.name.as_str()).collect())
            .collect();
        assert_eq!(
            groups,
            [
                &["a/Accelerometer.csv", "a/Gyroscope.csv"][..],
                &["a/notes.csv"],
                &["b/Accelerometer.csv"],
                &["walk1_acc.csv", "walk1_gyro.csv"],
                &["walk2_acc.csv"],
                &["walk.csv"],
            ]
        );
        assert_eq!(name_together(&entries[0]), "a");
        assert_eq!(name_together(&entries[4]), "walk1");
    }
}
