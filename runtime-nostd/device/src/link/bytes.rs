//! The wire pinned byte for byte.

use hadamrnn_runtime::taught::{Lesson, TeachError};

use super::noise::{FIRMWARE, LESSON, MODEL, frame, new_model};
use super::*;
use crate::channels::Channels;
use crate::descriptor::Descriptor;
use crate::slots::{Fault, ModelId, NewModel, Running, SlotError, SlotHeader, Timing};

#[test]
fn the_bytes_of_the_worked_example() {
    // docs/LINK.md.
    let hello = [2, 1, 5, 0xbe, 0x23, 0xc2, 0x58, 0];
    assert_eq!(frame(1, Ask::Hello), hello);
    let reply = Reply::Next { offset: 128 };
    let mut buffer = [0; MAX_FRAME];
    let next = encode(&Message::Answer { id: 1, reply }, &mut buffer).unwrap();
    let expected = [1, 9, 1, 3, 0x80, 1, 0xfc, 0x86, 0x5c, 0x30, 0];
    assert_eq!(next, expected);
}

#[test]
fn variants_keep_their_numbers() {
    let asks = [
        Ask::Hello,
        Ask::Status,
        Ask::Begin(new_model(MODEL)),
        Ask::Chunk {
            crc: 0,
            offset: 0,
            data: &[],
        },
        Ask::Commit { crc: 0 },
        Ask::Abort,
        Ask::Stream {
            classes: true,
            samples: false,
        },
        Ask::Reset,
        Ask::Model,
        Ask::Sensor,
        Ask::BeginMapped {
            new: new_model(MODEL),
            inputs: Channels::UNSTATED,
        },
        Ask::Teach {
            crc: 0,
            lesson: LESSON,
            windows: 10,
        },
        Ask::StopTeaching,
        Ask::Undo { crc: 0 },
        Ask::Read { crc: 0, offset: 0 },
    ];
    for (number, ask) in asks.into_iter().enumerate() {
        let mut bytes = [0; 64];
        let bytes = postcard::to_slice(&Request { id: 0, ask }, &mut bytes).unwrap();
        assert_eq!(usize::from(bytes[1]), number);
    }
}

#[test]
fn the_bytes_of_a_lesson() {
    let bytes = |ask| {
        let mut buffer = [0; MAX_FRAME];
        let request = Request { id: 1, ask };
        postcard::to_slice(&request, &mut buffer)
            .expect("fits")
            .to_vec()
    };
    let teach = Ask::Teach {
        crc: 5,
        lesson: LESSON,
        windows: 10,
    };
    assert_eq!(
        bytes(teach),
        [&[1, 11, 5, 2, 4][..], b"jump", &[10]].concat()
    );
    assert_eq!(bytes(Ask::Undo { crc: 5 }), [1, 13, 5]);
    assert_eq!(
        bytes(Ask::Read {
            crc: 5,
            offset: 128
        }),
        [1, 14, 5, 0x80, 1]
    );
    let mut buffer = [0; MAX_FRAME];
    let mut message = |message: Message<'_>| {
        postcard::to_slice(&message, &mut buffer)
            .expect("fits")
            .to_vec()
    };
    let told = Message::Teaching {
        index: 3,
        windows: 1,
        of: 10,
    };
    assert_eq!(message(told), [4, 3, 1, 10]);
    let id = ModelId { length: 7, crc: 5 };
    assert_eq!(message(Message::Taught(Ok(id))), [5, 0, 7, 5]);
    let why = SlotError::Teach(TeachError::NoMetric);
    assert_eq!(message(Message::Taught(Err(why))), [5, 1, 5, 0]);
    let data = Message::Answer {
        id: 1,
        reply: Reply::Data {
            offset: 128,
            data: &[9, 8],
        },
    };
    assert_eq!(message(data), [0, 1, 7, 0x80, 1, 2, 9, 8]);
}

#[test]
fn the_longest_messages_fit() {
    let timing = Timing {
        window: u16::MAX,
        hop: u16::MAX,
        decimation: u16::MAX,
        ..Timing::OPEN
    };
    let new = NewModel {
        length: u32::MAX,
        crc: u32::MAX,
        timing,
    };
    let header = SlotHeader {
        sequence: u32::MAX,
        length: u32::MAX,
        crc: u32::MAX,
        timing,
    };
    let data = [0xff; MAX_CHUNK];
    let chunk = Ask::Chunk {
        crc: u32::MAX,
        offset: u32::MAX,
        data: &data,
    };
    let mut buffer = [0; MAX_FRAME];
    let request = Request {
        id: u16::MAX,
        ask: chunk,
    };
    let raw = postcard::to_slice(&request, &mut buffer).unwrap().len() + 4;
    assert!(raw <= MAX_REQUEST, "{raw}");
    let label = "x".repeat(32);
    let lesson = Lesson {
        class: u16::MAX,
        label: &label,
    };
    let ask = Ask::Teach {
        crc: u32::MAX,
        lesson,
        windows: u16::MAX,
    };
    let raw = postcard::to_slice(&Request { id: u16::MAX, ask }, &mut buffer).unwrap();
    assert!(raw.len() + 4 <= MAX_REQUEST);
    let fault = Fault::Timing {
        timing,
        sessions: u16::MAX,
    };
    let status = Status {
        running: Running::Slot { index: 1, header },
        slots: [Ok(header), Err(fault)],
        name: "a name of a good thirty-two byte",
        classes: u16::MAX,
        timing,
        transfer: Some((new, u32::MAX)),
        rejected: u32::MAX,
    };
    let mut logits = Logits::new();
    while logits.push(i32::MIN).is_ok() {}
    let mut values = Values::new();
    while values.push(i16::MIN).is_ok() {}
    let id = u16::MAX;
    let messages = [
        Message::Answer {
            id,
            reply: Reply::Firmware(FIRMWARE),
        },
        Message::Answer {
            id,
            reply: Reply::Status(status),
        },
        Message::Answer {
            id,
            reply: Reply::Refused(SlotError::Fault(fault)),
        },
        Message::Answer {
            id,
            reply: Reply::Data {
                offset: u32::MAX,
                data: &data,
            },
        },
        Message::Taught(Err(SlotError::Fault(fault))),
        Message::Answer {
            id,
            reply: Reply::Model(ModelId {
                length: u32::MAX,
                crc: u32::MAX,
            }),
        },
        Message::Answer {
            id,
            reply: Reply::Sensor {
                gives: Channels::from_bits(u16::MAX),
                inputs: Channels::from_bits(u16::MAX),
            },
        },
        Message::Class {
            index: u32::MAX,
            class: u16::MAX,
            logits,
        },
        Message::Sample {
            index: u32::MAX,
            values,
        },
    ];
    for message in messages {
        let length = encode(&message, &mut buffer).expect("fits").len();
        assert!(length <= MAX_FRAME);
        let mut decoder = Decoder::<MAX_FRAME>::default();
        let found: Vec<Message<'_>> = buffer[..length]
            .iter()
            .filter_map(|&byte| {
                decoder.push::<Message<'_>>(byte).map(|found| {
                    assert_eq!(found, message);
                    Message::Sample {
                        index: 0,
                        values: Values::new(),
                    }
                })
            })
            .collect();
        assert_eq!(found.len(), 1);
    }
}

/// Messages of before sensors said what they give are the same bytes.
#[test]
fn channels_are_in_their_own_messages() {
    let bytes = |ask| {
        let mut buffer = [0; MAX_REQUEST];
        postcard::to_slice(&Request { id: 1, ask }, &mut buffer)
            .expect("fits")
            .to_vec()
    };
    let inputs = Channels::from_bits(0b100_001);
    let timing = Timing {
        window: 2,
        hop: 3,
        decimation: 4,
        inputs,
    };
    let new = NewModel {
        length: 5,
        crc: 6,
        timing,
    };
    assert_eq!(bytes(Ask::Begin(new)), [1, 2, 5, 6, 2, 3, 4]);
    assert_eq!(bytes(Ask::Sensor), [1, 9]);
    assert_eq!(
        bytes(Ask::BeginMapped { new, inputs }),
        [1, 10, 5, 6, 2, 3, 4, 0b100_001]
    );
    let gives = Channels::from_bits(0b001_100_011);
    let id = 1;
    let mut buffer = [0; MAX_FRAME];
    let reply = Reply::Sensor { gives, inputs };
    let bytes = postcard::to_slice(&Message::Answer { id, reply }, &mut buffer).expect("fits");
    assert_eq!(bytes, [0, 1, 6, 0b110_0011, 0b100_001]);
    let reply = Reply::Firmware(FIRMWARE);
    let plain = postcard::to_slice(&Message::Answer { id, reply }, &mut buffer)
        .expect("fits")
        .to_vec();
    let stated = Descriptor { gives, ..FIRMWARE };
    let reply = Reply::Firmware(stated);
    let bytes = postcard::to_slice(&Message::Answer { id, reply }, &mut buffer).expect("fits");
    assert_eq!(bytes, plain);
}
