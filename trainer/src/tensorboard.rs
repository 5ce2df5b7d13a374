//! Event files of TensorBoard.
//!
//! A file is a sequence of TFRecords: the length of the data (u64, little-endian), its masked CRC-32C, the data, their
//! masked CRC-32C. The data are protocol buffers, `tensorboard/compat/proto/event.proto`, of which the fields below
//! are all that scalars need.

use crc::{CRC_32_ISCSI, Crc, Table};
use prost::Message;

/// CRC-32C, which the format calls for.
const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// Version text in the first record of every file.
const FILE_VERSION: &str = "brain.Event:2";

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// The record that starts a file. `wall_time` is in seconds since 1970.
pub fn file_start(wall_time: f64) -> Vec<u8> {
    record(&Event {
        wall_time,
        file_version: Some(FILE_VERSION.into()),
        ..Event::default()
    })
}

/// A record of named numbers at a step.
pub fn scalars(wall_time: f64, step: u32, values: &[(&str, f64)]) -> Vec<u8> {
    let value = |&(tag, value): &(&str, f64)| Value {
        tag: tag.into(),
        simple_value: Some(value as f32),
    };
    record(&Event {
        wall_time,
        step: step.into(),
        summary: Some(Summary {
            value: values.iter().map(value).collect(),
        }),
        ..Event::default()
    })
}

fn record(event: &Event) -> Vec<u8> {
    let data = event.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    let mut bytes = length.to_vec();
    bytes.extend(masked_crc(&length).to_le_bytes());
    bytes.extend_from_slice(&data);
    bytes.extend(masked_crc(&data).to_le_bytes());
    bytes
}

/// TFRecord masks its checksums so that a checksum of data that hold checksums stays a good one.
fn masked_crc(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file the way TensorBoard does: both checksums, then the message.
    fn read(mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some((length, rest)) = bytes.split_first_chunk::<8>() {
            let (crc, rest) = rest.split_first_chunk::<4>().unwrap();
            assert_eq!(masked_crc(length), u32::from_le_bytes(*crc));
            let (data, rest) = rest.split_at(u64::from_le_bytes(*length) as usize);
            let (crc, rest) = rest.split_first_chunk::<4>().unwrap();
            assert_eq!(masked_crc(data), u32::from_le_bytes(*crc));
            events.push(Event::decode(data).unwrap());
            bytes = rest;
        }
        events
    }

    #[test]
    fn scalars_are_read_back() {
        let mut file = file_start(1.5);
        file.extend(scalars(2.5, 7, &[("loss", 0.25), ("flips", 0.0)]));
        let events = read(&file);
        assert_eq!(events[0].file_version.as_deref(), Some(FILE_VERSION));
        assert_eq!((events[1].wall_time, events[1].step), (2.5, 7));
        let values = &events[1].summary.as_ref().unwrap().value;
        let found: Vec<_> = values.iter().map(|v| (&*v.tag, v.simple_value)).collect();
        assert_eq!(found, [("loss", Some(0.25)), ("flips", Some(0.0))]);
    }

    /// The start of every file that TensorFlow writes with this time: the checksums are TensorFlow's.
    #[test]
    fn the_first_record_is_pinned() {
        let bytes = file_start(0.0);
        assert_eq!(bytes[..8], 15u64.to_le_bytes());
        assert_eq!(bytes[12..27], *b"\x1a\x0dbrain.Event:2");
        assert_eq!(bytes.len(), 8 + 4 + 15 + 4);
    }

    #[test]
    fn the_checksum_is_crc_32c() {
        // The check value of the catalogue of parametrised CRC algorithms.
        assert_eq!(CRC.checksum(b"123456789"), 0xe306_9283);
    }
}
