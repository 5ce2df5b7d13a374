//! Edge Impulse: files of its data acquisition format, as JSON or CBOR, and `info.labels` of an export.
//!
//! A file has samples at a constant interval, `interval_ms`, which may be a fraction of a millisecond. `values` are rows, one value
//! a sensor, or plain numbers where there is one sensor. The labels stand in `info.labels`; an export has three of them, and the
//! paths in the inner two are relative to the export's root in some exports and to their own folder in others. A file that is in
//! none has its label in its name, before the first point.

use std::collections::{HashMap, HashSet};
use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::columns::plain;
use super::context::Reading;
use super::recording::{Channel, Interval, Recording, TimeBase};
use super::source::Entry;
use super::unit::Unit;
use super::{File, Format};
use crate::visible;

pub(super) const EDGE_IMPULSE: Format = Format {
    name: "Edge Impulse",
    detect,
    read,
};

/// Name of the files of labels.
const LABELS: &str = "info.labels";
/// Bytes in which the keys of a file must come, and those of sensors after them.
const HEAD: usize = 4096;

fn detect(file: &File<'_>) -> u8 {
    let head = &file.bytes[..file.bytes.len().min(HEAD)];
    let has = |word: &[u8]| head.windows(word.len()).any(|part| part == word);
    let is_map = is_json(file) || matches!(head.first(), Some(0xa0..=0xbf));
    match is_map && has(b"interval_ms") && has(b"sensors") {
        true => 95,
        false => 0,
    }
}

fn is_json(file: &File<'_>) -> bool {
    file.bytes.trim_ascii_start().first() == Some(&b'{')
}

#[derive(Deserialize)]
struct Acquired {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    interval_ms: Item,
    sensors: Vec<Sensor>,
    values: Values,
}

#[derive(Deserialize)]
struct Sensor {
    name: String,
    #[serde(default)]
    units: String,
}

/// The values of all rows; NaN where one is missing.
struct Values {
    flat: Vec<f32>,
    /// Values of each row; nothing where the rows are plain numbers.
    widths: Vec<usize>,
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows of numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Values, A::Error> {
                let mut values = Values {
                    flat: Vec::new(),
                    widths: Vec::new(),
                };
                while let Some(item) = rows.next_element::<Item>()? {
                    match item {
                        Item::Number(value) => values.flat.push(value as f32),
                        Item::Row(row) => {
                            values.widths.push(row.len());
                            values.flat.extend(row);
                        }
                    }
                }
                Ok(values)
            }
        }
        from.deserialize_seq(Rows)
    }
}

/// A row, or a number. CBOR tells whole numbers from others, and readers for one refuse the other.
enum Item {
    Number(f64),
    Row(Vec<f32>),
}

impl Default for Item {
    fn default() -> Self {
        Self::Number(0.0)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a row of numbers")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Item, E> {
                Ok(Item::Number(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Item, E> {
                Ok(Item::Number(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Item, E> {
                Ok(Item::Number(value as f64))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Item, E> {
                Ok(Item::Number(f64::NAN))
            }

            fn visit_none<E: de::Error>(self) -> Result<Item, E> {
                Ok(Item::Number(f64::NAN))
            }

            /// A number, as JSON gives it where numbers of any length are kept: a map of a name and its text.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                let found = map.next_entry::<String, String>()?;
                let value = found.and_then(|(_, text)| text.parse::<f64>().ok());
                value.map(Item::Number).ok_or_else(|| {
                    de::Error::custom("it is a map, not a number or a row of numbers")
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Item, A::Error> {
                let mut row = Vec::new();
                while let Some(value) = values.next_element::<Item>()? {
                    match value {
                        Item::Number(value) => row.push(value as f32),
                        Item::Row(_) => return Err(de::Error::custom("a row holds rows")),
                    }
                }
                Ok(Item::Row(row))
            }
        }
        from.deserialize_any(One)
    }
}

fn read(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    // A value takes a byte or more in the file, two in JSON, and at most 12 here.
    reading.budget.take(file.bytes.len().saturating_mul(12))?;
    let acquired: Acquired = match is_json(file) {
        true => {
            serde_json::from_slice(file.bytes).context("it is no whole JSON of Edge Impulse")?
        }
        false => ciborium::from_reader(file.bytes)
            .map_err(|error| anyhow::anyhow!("it is no whole CBOR of Edge Impulse: {error}"))?,
    };
    let Payload {
        interval_ms,
        sensors,
        values,
    } = acquired.payload;
    ensure!(!sensors.is_empty(), "payload.sensors is empty");
    let channel = |sensor: &Sensor| {
        let (unit, factor) = Unit::parse(&sensor.units).unwrap_or((Unit::Unknown, 1.0));
        (Channel::new(plain(&sensor.name), unit), factor as f32)
    };
    let (channels, factors): (Vec<Channel>, Vec<f32>) = sensors.iter().map(channel).unzip();
    let count = channels.len();
    if values.widths.is_empty() {
        ensure!(
            count == 1,
            "payload.values are plain numbers, but there are {count} sensors"
        );
    }
    if let Some(row) = values.widths.iter().position(|&width| width != count) {
        bail!(
            "payload.values[{row}] has {} values, but there are {count} sensors",
            values.widths[row]
        );
    }
    ensure!(
        values.widths.is_empty() || values.flat.len() == values.widths.len() * count,
        "payload.values mixes rows and numbers"
    );
    let mut recording = Recording::new(file.name(), channels);
    recording.values = values.flat;
    for sample in recording.values.chunks_exact_mut(count) {
        for (value, factor) in sample.iter_mut().zip(&factors) {
            *value *= factor;
        }
    }
    ensure!(
        recording.values.iter().all(|value| !value.is_infinite()),
        "payload.values holds a number that is too large"
    );
    let Item::Number(interval_ms) = interval_ms else {
        bail!("payload.interval_ms is no number");
    };
    match interval_ms {
        0.0 => {}
        _ if interval_ms.is_finite() && interval_ms > 0.0 => {
            recording.time = TimeBase::Rate(1000.0 / interval_ms)
        }
        _ => bail!("payload.interval_ms is {interval_ms}"),
    }
    let stem = file.entry.stem();
    if let Some((label, _)) = stem.split_once('.') {
        recording.label_all(label);
    }
    Ok(vec![recording])
}

#[derive(Deserialize)]
struct Info {
    files: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Labelled {
    path: String,
    #[serde(default)]
    label: Label,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(untagged)]
enum Label {
    Text(String),
    Tagged {
        #[serde(default)]
        label: Option<String>,
        #[serde(default)]
        labels: Option<Vec<Part>>,
    },
    #[default]
    None,
}

/// Samples with a label, the last included.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Part {
    start_index: usize,
    end_index: usize,
    label: String,
}

/// The labels of an export's files, by their paths.
#[derive(Debug, Default)]
pub(super) struct Labels(HashMap<String, Label>);

impl Labels {
    /// Whether an entry holds labels and no recording.
    pub fn is(entry: &Entry) -> bool {
        entry.file() == LABELS
    }

    /// Reads all `info.labels` among the entries.
    ///
    /// # Errors
    /// One is malformed, or two give a file different labels.
    pub fn of(entries: &[Entry]) -> Result<Self> {
        let names: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let mut labels = Self::default();
        for entry in entries.iter().filter(|entry| Self::is(entry)) {
            let shown = || visible::name(&entry.name);
            let bytes = entry.read().with_context(shown)?;
            let info: Info = serde_json::from_slice(&bytes).with_context(shown)?;
            let folder = entry.folder();
            let above = folder
                .trim_end_matches('/')
                .rfind('/')
                .map_or("", |at| &folder[..=at]);
            for Labelled { path, label } in info.files {
                let found = [folder, above]
                    .into_iter()
                    .map(|at| format!("{at}{path}"))
                    .find(|path| names.contains(path.as_str()));
                let Some(name) = found else { continue };
                if let Some(before) = labels.0.insert(name.clone(), label.clone()) {
                    ensure!(
                        before == label,
                        "{}: {} has another label in another {LABELS}",
                        shown(),
                        visible::name(&name)
                    );
                }
            }
        }
        Ok(labels)
    }

    /// Gives a recording the label of the file `name`, if there is one.
    ///
    /// # Errors
    /// A part lies beyond the end.
    pub fn give(&self, name: &str, recording: &mut Recording) -> Result<()> {
        match self.0.get(name) {
            None => {}
            Some(
                Label::Text(label)
                | Label::Tagged {
                    label: Some(label), ..
                },
            ) => recording.label_all(label),
            Some(Label::Tagged {
                labels: Some(parts),
                ..
            }) => {
                recording.labels = parts
                    .iter()
                    .map(|part| part.interval(recording.samples()))
                    .collect::<Result<_>>()?;
                recording.labels.sort_by_key(|interval| interval.start);
            }
            Some(Label::Tagged { .. } | Label::None) => recording.labels.clear(),
        }
        Ok(())
    }
}

impl Part {
    fn interval(&self, samples: usize) -> Result<Interval> {
        ensure!(
            self.start_index <= self.end_index && self.end_index < samples,
            "{LABELS} labels the samples {} to {}, but there are {samples}",
            self.start_index,
            self.end_index
        );
        Ok(Interval {
            start: self.start_index,
            end: self.end_index + 1,
            label: self.label.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{Imported, Options, import};
    use super::*;

    fn content(
        interval: f64,
        sensors: &serde_json::Value,
        values: &serde_json::Value,
    ) -> serde_json::Value {
        json!({
            "protected": {"ver": "v1", "alg": "none", "iat": 1_678_637_901},
            "signature": "0",
            "payload": {"device_name": "a", "device_type": "MOBILE_CLIENT", "interval_ms": interval, "sensors": sensors, "values": values},
        })
    }

    fn three() -> serde_json::Value {
        json!([{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}, {"name": "accZ", "units": "m/s2"}])
    }

    fn as_cbor(value: &serde_json::Value) -> ciborium::Value {
        use ciborium::Value;
        match value {
            serde_json::Value::Array(all) => Value::Array(all.iter().map(as_cbor).collect()),
            serde_json::Value::Object(map) => {
                let entries = map
                    .iter()
                    .map(|(key, value)| (Value::Text(key.clone()), as_cbor(value)));
                Value::Map(entries.collect())
            }
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => Value::Integer(whole.into()),
                None => Value::Float(number.as_f64().unwrap()),
            },
            _ => Value::Null,
        }
    }

    fn cbor(value: &serde_json::Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        ciborium::into_writer(&as_cbor(value), &mut bytes).unwrap();
        bytes
    }

    fn of(files: &[(&str, Vec<u8>)]) -> Result<Imported> {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        import(folder.path(), &Options::default())
    }

    /// The labels of each recording, with their first samples and those after the last.
    type Found<'a> = Vec<(&'a str, Vec<(usize, usize, &'a str)>)>;

    fn labels(imported: &Imported) -> Found<'_> {
        let mut all = Vec::new();
        for recording in &imported.recordings {
            let labels = recording
                .labels
                .iter()
                .map(|at| (at.start, at.end, at.label.as_str()));
            all.push((recording.name.as_str(), labels.collect()));
        }
        all
    }

    #[test]
    fn json_and_cbor_say_the_same() {
        let value = content(
            0.0625,
            &three(),
            &json!([[-0.7, -0.4, 9.8], [1, null, 3], [4, 5, 6]]),
        );
        for bytes in [value.to_string().into_bytes(), cbor(&value)] {
            let imported = of(&[("circle.3r7u.ingestion-5c4b.json", bytes)]).unwrap();
            assert_eq!(
                imported.formats.keys().collect::<Vec<_>>(),
                [&"Edge Impulse"]
            );
            let recording = &imported.recordings[0];
            assert_eq!(recording.time, TimeBase::Rate(16_000.0));
            assert_eq!(
                recording.channels[2],
                Channel::new("accZ", Unit::MetrePerSecondSquared)
            );
            assert_eq!(recording.values, [-0.7, -0.4, 9.8, 4.0, 5.0, 6.0]);
            assert_eq!(recording.gaps, [1]);
            assert_eq!(labels(&imported)[0].1, [(0, 2, "circle")]);
        }
        let one = content(
            10.0,
            &json!([{"name": "a", "units": "N/A"}]),
            &json!([1, 2.5, 3]),
        );
        let imported = of(&[("x.json", one.to_string().into_bytes())]).unwrap();
        assert_eq!(imported.recordings[0].values, [1.0, 2.5, 3.0]);
        assert!(imported.recordings[0].labels.is_empty());
    }

    #[test]
    fn labels_stand_in_three_files_with_paths_of_two_kinds() {
        let file = content(10.0, &json!([{"name": "a"}]), &json!([[1], [2], [3], [4]]))
            .to_string()
            .into_bytes();
        let info = |entries: serde_json::Value| {
            json!({"version": 1, "files": entries})
                .to_string()
                .into_bytes()
        };
        let tagged = |path: &str, label: &str| json!({"path": path, "category": "training", "label": {"type": "label", "label": label}});
        let parts = json!({"path": "testing/c.1.json", "label": {"type": "multi-label", "labels": [
            {"startIndex": 2, "endIndex": 3, "label": "y"}, {"startIndex": 0, "endIndex": 0, "label": "x"}]}});
        let files = |inner: &str| {
            vec![
                (
                    "info.labels",
                    info(json!([
                        tagged("training/a.1.json", "up"),
                        tagged("training/b.1.json", "down"),
                        parts
                    ])),
                ),
                (
                    "training/info.labels",
                    info(json!([
                        tagged(&format!("{inner}a.1.json"), "up"),
                        tagged(&format!("{inner}b.1.json"), "down")
                    ])),
                ),
                ("testing/info.labels", info(json!([]))),
                ("training/a.1.json", file.clone()),
                ("training/b.1.json", file.clone()),
                ("testing/c.1.json", file.clone()),
            ]
        };
        for inner in ["", "training/"] {
            let imported = of(&files(inner)).unwrap();
            assert_eq!(
                labels(&imported),
                [
                    ("testing/c.1", vec![(0, 1, "x"), (2, 4, "y")]),
                    ("training/a.1", vec![(0, 4, "up")]),
                    ("training/b.1", vec![(0, 4, "down")]),
                ]
            );
        }
        // The inner ones alone, as where only one folder was copied.
        let some: Vec<_> = files("training/").into_iter().skip(1).collect();
        assert_eq!(labels(&of(&some).unwrap())[1].1, [(0, 4, "up")]);
        let mut other = files("");
        other[1].1 = info(json!([tagged("a.1.json", "left")]));
        let error = format!("{:#}", of(&other).unwrap_err());
        assert!(
            error.contains("training/a.1.json has another label"),
            "{error}"
        );
    }

    #[test]
    fn what_is_malformed_is_named() {
        let sensors = three();
        for (value, part) in [
            (
                content(10.0, &sensors, &json!([[1, 2, 3], [1, 2]])),
                "values[1] has 2 values, but there are 3 sensors",
            ),
            (content(10.0, &sensors, &json!([1, 2, 3])), "plain numbers"),
            (
                content(-1.0, &sensors, &json!([[1, 2, 3]])),
                "interval_ms is -1",
            ),
            (content(10.0, &json!([]), &json!([])), "sensors is empty"),
            (
                content(10.0, &sensors, &json!(["Ref-BINARY-image/jpeg"])),
                "a number or a row of numbers",
            ),
            (
                content(10.0, &sensors, &json!([[1e300, 2, 3]])),
                "too large",
            ),
            (
                content(10.0, &json!([{"name": "a"}]), &json!([[1], 2])),
                "mixes rows and numbers",
            ),
        ] {
            for bytes in [value.to_string().into_bytes(), cbor(&value)] {
                let error = format!("{:#}", of(&[("x.json", bytes)]).unwrap_err());
                assert!(error.contains("x.json") && error.contains(part), "{error}");
            }
        }
        let whole = content(10.0, &sensors, &json!([[1, 2, 3]]));
        for bytes in [whole.to_string().into_bytes(), cbor(&whole)] {
            let error = format!(
                "{:#}",
                of(&[("x.json", bytes[..bytes.len() - 3].to_vec())]).unwrap_err()
            );
            assert!(error.contains("no whole"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(place in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
            let value = content(10.0, &three(), &json!([[1, 2, 3], [4.5, null, 6]]));
            let options = Options::default();
            let budget = crate::untrusted::Budget::of_data_set();
            let reading = Reading::new(&options, &budget);
            for mut bytes in [value.to_string().into_bytes(), cbor(&value)] {
                let place = place % bytes.len();
                bytes[place] = byte;
                bytes.truncate(cut % (bytes.len() + 1));
                let entry = Entry::of_bytes("x.json", &bytes);
                let file = File::new(&entry, &bytes);
                let _ = (detect(&file), read(&file, &reading));
            }
        }
    }
}
