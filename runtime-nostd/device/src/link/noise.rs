//! Any bytes whatever at both ends, and a model over a clean wire.

use crate::channels::Channels;
use std::collections::VecDeque;

use hadamrnn_runtime::taught::Lesson;
use hadamrnn_runtime::{Capacities, Model};
use proptest::prelude::*;

use super::*;
use crate::descriptor::{Descriptor, Kernel};
use crate::slots::{
    Accept, Fault, MemoryFlash, ModelId, NewModel, Region, SlotError, Slots, Timing, digest,
};

pub(super) const MODEL: &[u8] =
    hadamrnn_runtime::include_model!("../../../../models/har2/model.hdrn");
const OTHER: &[u8] = hadamrnn_runtime::include_model!("../../../../models/har6/model.hdrn");

/// The class of the worked example in docs/LINK.md.
pub(super) const LESSON: Lesson<'_> = Lesson {
    class: 2,
    label: "jump",
};

pub(super) const FIRMWARE: Descriptor<'_> = Descriptor {
    board: "a-board-of-twenty-by",
    version: [255; 3],
    kernel: Kernel::Xnor,
    fallback: true,
    protocol: PROTOCOL,
    capacities: Capacities {
        hidden: u16::MAX,
        inputs: u16::MAX,
        pool: u16::MAX,
        second: u16::MAX,
        read: u16::MAX,
    },
    channels: u16::MAX,
    rate: u16::MAX,
    window: u16::MAX,
    sessions: u16::MAX,
    slots_origin: u32::MAX,
    slot_size: u32::MAX,
    gives: Channels::UNSTATED,
};

pub(super) type Flash = MemoryFlash<4, 1024>;

fn board(flash: Flash, model: &Model<'static>) -> Server<'static, Flash, impl Accept> {
    let region = Region {
        offset: 0,
        slot_size: 4096,
    };
    let mut slots = Slots::new(flash, region, |_, _| Ok(())).expect("fits");
    let boot = slots.boot();
    Server::new(
        slots,
        FIRMWARE,
        boot.running,
        MODEL,
        model,
        Timing {
            window: 128,
            hop: 128,
            decimation: 1,
            ..Timing::OPEN
        },
    )
}

/// Both directions of a wire.
#[derive(Default)]
pub(super) struct Wire {
    pub(super) to_board: VecDeque<u8>,
    pub(super) from_board: Vec<u8>,
}

impl Port for Wire {
    fn read(&mut self) -> Option<u8> {
        self.to_board.pop_front()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.from_board.extend(bytes);
    }
}

pub(super) fn frame(id: u16, ask: Ask<'_>) -> Vec<u8> {
    let mut buffer = [0; MAX_FRAME];
    encode(&Request { id, ask }, &mut buffer)
        .expect("fits")
        .to_vec()
}

pub(super) fn new_model(bytes: &[u8]) -> NewModel {
    let timing = Timing {
        window: 128,
        hop: 64,
        decimation: 1,
        ..Timing::OPEN
    };
    NewModel::of(bytes, timing)
}

/// Sends one request over a clean wire.
pub(super) fn ask<R>(
    server: &mut Server<'_, Flash, impl Accept>,
    ask: Ask<'_>,
    with: impl FnOnce(Reply<'_>) -> R,
) -> R {
    let mut wire = Wire::default();
    wire.to_board.extend(frame(7, ask));
    while !wire.to_board.is_empty() {
        let _ = server.serve(&mut wire);
    }
    let mut decoder = Decoder::<MAX_FRAME>::default();
    for byte in wire.from_board {
        if let Some(Message::Answer { id: 7, reply }) = decoder.push(byte) {
            return with(reply);
        }
    }
    panic!("no answer")
}

#[test]
fn a_model_is_sent_and_a_wrong_one_refused() {
    let model = Model::from_bytes(MODEL).unwrap();
    let mut server = board(Flash::erased(8192), &model);
    let built_in = Reply::Model(ModelId::of(MODEL));
    assert!(ask(&mut server, Ask::Model, |reply| reply == built_in));
    let new = new_model(OTHER);
    let next = |reply: Reply<'_>| match reply {
        Reply::Next { offset } => offset,
        other => panic!("{other:?}"),
    };
    assert_eq!(ask(&mut server, Ask::Begin(new), next), 0);
    for (i, data) in OTHER.chunks(MAX_CHUNK).enumerate() {
        let offset = (i * MAX_CHUNK) as u32;
        let chunk = Ask::Chunk {
            crc: new.crc,
            offset,
            data,
        };
        let after = ask(&mut server, chunk, next);
        assert_eq!(
            after as usize,
            (i * MAX_CHUNK + data.len()).min(OTHER.len())
        );
        // Again, and too early: nothing changes.
        assert_eq!(ask(&mut server, chunk, next), after);
        let early = Ask::Chunk {
            crc: new.crc,
            offset: after + 128,
            data,
        };
        assert_eq!(ask(&mut server, early, next), after);
    }
    let crc = new.crc;
    let refused = |reply: Reply<'_>| matches!(reply, Reply::Refused(SlotError::NoTransfer));
    assert!(ask(&mut server, Ask::Commit { crc: crc ^ 1 }, refused));
    for _ in 0..2 {
        assert!(ask(&mut server, Ask::Commit { crc }, |reply| reply
            == Reply::Done));
    }
    assert!(
        ask(&mut server, Ask::Begin(new), |reply| reply == Reply::Done),
        "there already"
    );

    // Bytes that are no model are refused when they are whole, and nothing boots that did not before.
    let bytes = [0x5a; 64];
    let new = new_model(&bytes);
    assert_eq!(ask(&mut server, Ask::Begin(new), next), 0);
    let chunk = Ask::Chunk {
        crc: new.crc,
        offset: 0,
        data: &bytes,
    };
    assert_eq!(ask(&mut server, chunk, next), 64);
    let refused = ask(&mut server, Ask::Commit { crc: new.crc }, |reply| {
        matches!(reply, Reply::Refused(SlotError::Fault(Fault::Model(_))))
    });
    assert!(refused);
    let too_long = NewModel {
        length: 5000,
        ..new
    };
    let refused = ask(&mut server, Ask::Begin(too_long), |reply| {
        matches!(
            reply,
            Reply::Refused(SlotError::Fault(Fault::Length { room: 4064, .. }))
        )
    });
    assert!(refused);
}

/// Bytes near to a frame: whole, cut, damaged, or mere noise.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let ask = (
        0u8..14,
        any::<[u32; 3]>(),
        prop::collection::vec(any::<u8>(), 0..=MAX_CHUNK),
    );
    (
        any::<u16>(),
        ask,
        0u8..4,
        any::<prop::sample::Index>(),
        any::<u8>(),
    )
        .prop_map(|(id, (kind, [a, b, c], data), damage, at, byte)| {
            let timing = Timing {
                window: c as u16,
                hop: (c >> 16) as u16,
                decimation: 1,
                ..Timing::OPEN
            };
            let ask = match kind {
                0 => Ask::Hello,
                1 => Ask::Status,
                2 => Ask::Begin(NewModel {
                    length: a % 5000,
                    crc: b % 4,
                    timing,
                }),
                3 | 4 => Ask::Chunk {
                    crc: b % 4,
                    offset: a % 300 / 32 * 32,
                    data: &data,
                },
                5 => Ask::Commit { crc: b % 4 },
                6 => Ask::Abort,
                7 => Ask::Stream {
                    classes: a % 2 == 0,
                    samples: b % 2 == 0,
                },
                8 => Ask::Reset,
                9 => Ask::Teach {
                    crc: digest(MODEL),
                    lesson: LESSON,
                    windows: a as u16,
                },
                10 => Ask::StopTeaching,
                11 => Ask::Read {
                    crc: digest(MODEL),
                    offset: a % 5000,
                },
                12 => Ask::Undo { crc: b % 4 },
                _ => Ask::Model,
            };
            let mut frame = frame(id, ask);
            let at = at.index(frame.len());
            match damage {
                0 => frame.truncate(at),
                1 => frame[at] = byte,
                2 => frame = data,
                _ => {}
            }
            frame
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any bytes: no panic, every whole request is answered, and the model that ran still boots.
    #[test]
    fn the_server_survives_everything(frames in prop::collection::vec(any_frame(), 1..40)) {
        let model = Model::from_bytes(MODEL).unwrap();
        let mut flash = Flash::erased(8192);
        {
            let region = Region { offset: 0, slot_size: 4096 };
            let mut slots = Slots::new(flash, region, |_, _| Ok(())).unwrap();
            slots.begin(new_model(MODEL)).unwrap();
            for (i, data) in MODEL.chunks(MAX_CHUNK).enumerate() {
                slots.write(digest(MODEL), (i * MAX_CHUNK) as u32, data).unwrap();
            }
            slots.commit(digest(MODEL)).unwrap();
            flash = slots.release();
        }
        let mut server = board(flash, &model);
        let mut wire = Wire::default();
        for frame in frames {
            wire.to_board.extend(frame);
            while !wire.to_board.is_empty() {
                let _ = server.serve(&mut wire);
            }
        }
        // After whatever it was, one zero byte is enough to be understood again.
        wire.to_board.push_back(0);
        let _ = server.serve(&mut wire);
        let boots = ask(&mut server, Ask::Status, |reply| match reply {
            Reply::Status(status) => status.running.slot(),
            _ => None,
        });
        prop_assert_eq!(boots, Some(0));
        let mut slots = server.release();
        prop_assert_eq!(slots.boot().running.slot(), Some(0));
    }

    /// The host's end: any bytes from a board.
    #[test]
    fn the_decoder_survives_everything(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut decoder = Decoder::<MAX_FRAME>::default();
        for byte in bytes {
            let _: Option<Message<'_>> = decoder.push(byte);
        }
        decoder.push::<Message<'_>>(0);
        let mut found = false;
        let mut buffer = [0; MAX_FRAME];
        let message = Message::Answer { id: 3, reply: Reply::Done };
        for &byte in encode(&message, &mut buffer).unwrap() {
            found |= decoder.push::<Message<'_>>(byte) == Some(message.clone());
        }
        prop_assert!(found);
    }
}
