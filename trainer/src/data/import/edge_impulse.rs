//! Edge Impulse: files of its data acquisition format, as JSON or CBOR, and `info.labels` of an export.
//!
//! A file has samples at a constant interval, `interval_ms`, which may be a fraction of a millisecond. `values` are rows, one value
//! a sensor, or plain numbers where there is one sensor. The labels stand in `info.labels`; an export has three of them, and the
//! paths in the inner two are relative to the export's root in some exports and to their own folder in others. A file that is in
//! none has its label in its name, before the first point.

mod labels;
#[cfg(test)]
mod tests;

use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::columns::plain;
use super::context::Reading;
use super::recording::{Channel, Recording, TimeBase};
use super::unit::{self, Unit};
use super::{File, Format};

pub(super) use labels::Labels;

pub(super) const EDGE_IMPULSE: Format = Format {
    name: "Edge Impulse",
    detect,
    read,
};

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
        let (unit, factor) =
            unit::of_channel(&sensor.name, &sensor.units).unwrap_or((Unit::Unknown, 1.0));
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
