//! `.ts` files of sktime and aeon: a line a series, its channels separated by `:`, its class at the end.
//!
//! The header is not believed: keys come in any case, twice, or not at all (twelve channels without `@dimensions`). Labels keep
//! their case. A line without a label is malformed: other readers take its last channel for the class.

use anyhow::{Context, Result, bail, ensure};

use super::Format;
use super::context::{BadLines, Reading};
use super::recording::{Channel, Recording, TimeBase};
use super::text::{Number, lines, number};
use super::unit::Unit;
use crate::data::Spots;
use crate::data::time::{self, Column, Kind, stamp};
use crate::visible;

pub(super) const TS: Format = Format {
    name: "sktime/aeon .ts",
    detect: |file| match file.text().is_some_and(is_ts) {
        true => 80,
        false => 0,
    },
    read: |file, reading| read(&file.name(), file.text().context("it is no text")?, reading),
};

/// Lines in which a key must come.
const HEAD_LINES: usize = 500;
/// Most series of a file: each is a recording.
const MOST_SERIES: usize = 100_000;

/// A line with a key, in small letters.
fn key(line: &str) -> Option<(String, &str)> {
    let rest = line.trim_start().strip_prefix('@')?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    Some((rest[..end].to_lowercase(), rest[end..].trim()))
}

fn is_ts(text: &str) -> bool {
    let own = [
        "problemname",
        "timestamps",
        "univariate",
        "classlabel",
        "targetlabel",
        "equallength",
    ];
    let keys = lines(text)
        .take(HEAD_LINES)
        .filter_map(|(_, line)| key(line));
    keys.take_while(|(key, _)| key != "data")
        .any(|(key, _)| own.contains(&key.as_str()))
}

/// The fields of the header that reading needs.
#[derive(Default)]
struct Header {
    is_labelled: bool,
    has_stamps: bool,
    classes: Vec<String>,
}

impl Header {
    fn take(&mut self, key: &str, value: &str) -> Result<()> {
        let is_true = |value: &str| value.eq_ignore_ascii_case("true");
        match key {
            "timestamps" => self.has_stamps = is_true(value),
            "classlabel" => {
                let mut words = value.split_whitespace();
                self.is_labelled = words.next().is_some_and(is_true);
                self.classes = words.map(str::to_owned).collect();
            }
            "targetlabel" if is_true(value) => {
                bail!("@targetlabel: each series has a number for its target, no class")
            }
            _ => {}
        }
        Ok(())
    }
}

fn read(name: &str, text: &str, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let mut header = Header::default();
    let mut is_data = false;
    let mut bad = BadLines::default();
    let mut all: Vec<Recording> = Vec::new();
    for (at, line) in lines(text) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', '%']) {
            continue;
        }
        match key(line) {
            Some((key, _)) if key == "data" => is_data = true,
            Some((key, value)) if !is_data => {
                header
                    .take(&key, value)
                    .with_context(|| format!("line {at}"))?;
            }
            _ if !is_data => {
                bail!("line {at}: it is neither a key, which starts with @, nor below @data")
            }
            _ => match series(line, &header, all.first(), reading) {
                Ok(mut recording) => {
                    ensure!(
                        all.len() < MOST_SERIES,
                        "it holds more than {MOST_SERIES} series"
                    );
                    recording.name = format!("{name}:{:05}", all.len() + 1);
                    recording.spots = Spots::of_samples(Some(at));
                    all.push(recording);
                }
                Err(error) if error.is::<std::io::Error>() => {
                    return Err(error.context(format!("line {at}")));
                }
                Err(error) => bad.add(at, &error),
            },
        }
    }
    reading.accept(name, &bad)?;
    ensure!(!all.is_empty(), "no series follows @data");
    Ok(all)
}

/// Reads a line; `first` is the first series of the file.
fn series(
    line: &str,
    header: &Header,
    first: Option<&Recording>,
    reading: &Reading<'_>,
) -> Result<Recording> {
    let mut parts: Vec<&str> = match header.has_stamps {
        true => split_stamped(line),
        false => line.split(':').map(str::trim).collect(),
    };
    let label = match header.is_labelled {
        false => None,
        true => {
            let label = parts.pop().unwrap_or_default();
            let is_value = label.contains([',', '(']) || label.is_empty();
            // The values of a series of one sample look like a label: then the classes of the header decide.
            let is_known = header
                .classes
                .iter()
                .any(|class| class.eq_ignore_ascii_case(label));
            let is_number = number(label, false) != Number::Other;
            ensure!(
                !is_value && (is_known || !is_number || header.classes.is_empty()),
                "it does not end in a class: \"{}\"",
                visible::name(label)
            );
            Some(label)
        }
    };
    ensure!(!parts.is_empty(), "it has no channel");
    if let Some(first) = first {
        ensure!(
            parts.len() == first.channels.len(),
            "{} channels, but the first series has {}; {}",
            parts.len(),
            first.channels.len(),
            if header.is_labelled {
                "is its label missing?"
            } else {
                "is a : missing?"
            }
        );
    }
    reading.budget.take(line.len().saturating_mul(3))?;
    let read = |part: &&str| channel(part, header.has_stamps);
    let channels: Vec<Values> = parts.iter().map(read).collect::<Result<_>>()?;
    let samples = channels.first().map_or(0, |channel| channel.values.len());
    let names = (1..=channels.len())
        .map(|i| Channel::new(format!("d{i}"), Unit::Unknown))
        .collect();
    let mut recording = Recording::new(String::new(), names);
    for (i, channel) in channels.iter().enumerate() {
        ensure!(
            channel.values.len() == samples,
            "channel {} has {} values, channel 1 has {samples}",
            i + 1,
            channel.values.len()
        );
        ensure!(
            channel.stamps == channels[0].stamps,
            "channel {} has other times than channel 1",
            i + 1
        );
    }
    for i in 0..samples {
        recording
            .values
            .extend(channels.iter().map(|channel| channel.values[i]));
    }
    if header.has_stamps {
        recording.time = seconds(&channels[0].stamps, channels[0].kind);
    }
    if let Some(label) = label {
        recording.label_all(label);
    }
    Ok(recording)
}

/// Splits a line of `(time,value)` lists at the `:` outside of brackets.
fn split_stamped(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_u32);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                parts.push(line[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(line[start..].trim());
    parts
}

#[derive(PartialEq)]
struct Values {
    values: Vec<f32>,
    stamps: Vec<f64>,
    /// Kind of the stamps; of none, numbers.
    kind: Kind,
}

fn channel(part: &str, has_stamps: bool) -> Result<Values> {
    let mut read = Values {
        values: Vec::new(),
        stamps: Vec::new(),
        kind: Kind::Number,
    };
    if !has_stamps {
        for field in part.split(',') {
            read.values.push(value(field.trim())?);
        }
        return Ok(read);
    }
    for pair in part.split_inclusive(')') {
        let inside = pair.trim_start_matches([',', ' ']);
        let inside = inside
            .strip_prefix('(')
            .and_then(|inside| inside.strip_suffix(')'));
        let (text, field) = inside
            .and_then(|inside| inside.rsplit_once(','))
            .with_context(|| format!("\"{}\" is no (time,value)", visible::name(pair)))?;
        let text = text.trim();
        let found = stamp(text, false)
            .filter(|found| read.stamps.is_empty() || found.kind == read.kind)
            .with_context(|| format!("\"{}\" is no time", visible::name(text)))?;
        read.kind = found.kind;
        read.stamps.push(found.value);
        read.values.push(value(field.trim())?);
    }
    Ok(read)
}

fn value(field: &str) -> Result<f32> {
    match number(field, false) {
        Number::Value(value) if (value as f32).is_finite() => Ok(value as f32),
        Number::Missing => Ok(f32::NAN),
        _ => bail!("\"{}\" is not a number", visible::name(field)),
    }
}

/// Times of stamps; numbers that count samples are none.
fn seconds(stamps: &[f64], kind: Kind) -> TimeBase {
    let unit = time::unit(Column::new("", kind), &[stamps], None);
    unit.and_then(time::Unit::seconds)
        .map_or(TimeBase::Unknown, |unit| {
            TimeBase::Stamps(stamps.iter().map(|stamp| stamp * unit).collect())
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Options;
    use super::super::tests::read_with;
    use super::*;

    fn read_as(text: &str, skip_bad_lines: usize) -> Result<Vec<Recording>> {
        let options = Options {
            skip_bad_lines,
            ..Options::default()
        };
        read_with(&TS, "f.ts", text, &options).0
    }

    #[test]
    fn the_data_are_trusted_over_the_header() {
        // Keys in any case and twice, no @dimensions, labels that differ by case, unequal lengths, a missing value at the end.
        let text = "%made by hand\n# and more\n@problemName X\n@PROBLEMNAME X\n@TimeStamps false\n@univariate true\n@seriesLength 3\n\
                    @classLabel true Walk walk\n@data\n1,2,3:4,5,6:Walk\n7,8:9,?:walk\n";
        assert!(is_ts(text));
        let all = read_as(text, 0).unwrap();
        let names: Vec<(&str, &str)> = all
            .iter()
            .map(|r| (r.name.as_str(), r.labels[0].label.as_str()))
            .collect();
        assert_eq!(names, [("f:00001", "Walk"), ("f:00002", "walk")]);
        assert_eq!(all[0].values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(all[1].values[..3], [7.0, 9.0, 8.0]);
        assert!(all[1].values[3].is_nan());
        assert_eq!(all[0].time, TimeBase::Unknown);
    }

    #[test]
    fn a_line_without_its_label_is_refused() {
        let text = "@classLabel true a b\n@data\n1,2:3,4:a\n1,2:3,4\n5,6:7,8:b\n";
        let error = format!("{:#}", read_as(text, 0).unwrap_err());
        assert!(
            error.contains("line 4: it does not end in a class: \"3,4\""),
            "{error}"
        );
        assert_eq!(read_as(text, 1).unwrap().len(), 2);
        // A series of one sample, where the channel looks like a class.
        let error = format!(
            "{:#}",
            read_as("@classLabel true 1 2\n@data\n5:6:1\n5:7\n", 0).unwrap_err()
        );
        assert!(
            error.contains("line 4") && error.contains("\"7\""),
            "{error}"
        );
        for (line, part) in [
            ("1,2:3:a", "channel 2 has 1 values"),
            ("1,x:3,4:a", "\"x\" is not a number"),
            ("1,2:a", "is its label missing?"),
            ("1,2:3,4:", "does not end in a class"),
        ] {
            let error = format!(
                "{:#}",
                read_as(
                    &format!("@classLabel true a\n@data\n1,2:3,4:a\n{line}\n"),
                    0
                )
                .unwrap_err()
            );
            assert!(error.contains("line 4") && error.contains(part), "{error}");
        }
        for text in [
            "@classLabel true a\n1,2:a\n",
            "@targetlabel true\n@data\n1:2\n",
            "@classLabel true a\n@data\n",
        ] {
            assert!(read_as(text, 0).is_err(), "{text}");
        }
    }

    #[test]
    fn stamps_are_times() {
        let text = "@timeStamps True\n@classLabel true 1 2\n@data\n(2007-01-01 00:00:00,241.97),(2007-01-01 00:01:00,241.75):1\n";
        let all = read_as(text, 0).unwrap();
        assert_eq!(all[0].values, [241.97, 241.75]);
        let TimeBase::Stamps(stamps) = &all[0].time else {
            panic!("stamps")
        };
        assert_eq!(stamps[1] - stamps[0], 60.0);
        let text = "@timestamps true\n@data\n(0,1),(20,2),(40,3),(60,4)\n";
        let all = read_as(text, 0).unwrap();
        assert_eq!(all[0].time, TimeBase::Stamps(vec![0.0, 0.02, 0.04, 0.06]));
        assert!(read_as("@timestamps true\n@data\n(0,1),(x,2)\n", 0).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(lines in "[-0-9:,.()?@a-z\nµ]{0,80}", stamped in any::<bool>()) {
            let _ = read_as(&lines, 9);
            let _ = read_as(&format!("@timestamps {stamped}\n@classlabel true a b\n@data\n1,2:a\n{lines}"), 9);
        }
    }
}
