//! A board of a script: what it answers to each request, over a socket.
#![allow(dead_code, reason = "every test program uses a part")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use super::common::{run, text};
use hadamrnn::integer::ModelFile;
use hadamrnn_device::channels::Channels;
use hadamrnn_device::descriptor::{Descriptor, Kernel};
use hadamrnn_device::link::{
    Ask, Decoder, Logits, MAX_FRAME, MAX_REQUEST, Message, PROTOCOL, Reply, Request, Status, encode,
};
use hadamrnn_device::slots::{Fault, ModelId, NewModel, Running, SlotHeader, Timing};
use hadamrnn_runtime::Capacities;

pub const FIRMWARE: Descriptor<'_> = Descriptor {
    board: "scripted",
    version: [0; 3],
    kernel: Kernel::FwhtPacked,
    fallback: true,
    protocol: PROTOCOL,
    capacities: Capacities {
        hidden: 128,
        inputs: 16,
        pool: 128,
        second: 128,
        read: 64,
    },
    channels: 9,
    rate: 50,
    window: 128,
    sessions: 1,
    slots_origin: 0,
    slot_size: 8192,
    gives: Channels::UNSTATED,
};

pub const TIMING: Timing = Timing {
    window: 128,
    hop: 128,
    decimation: 1,
    ..Timing::OPEN
};

/// Status of a board with empty slots.
pub fn status(name: &'static str, classes: u16) -> Status<'static> {
    Status {
        running: Running::BuiltIn,
        slots: [Err(Fault::Empty); 2],
        name,
        classes,
        timing: TIMING,
        transfer: None,
        rejected: 0,
    }
}

/// A board that has har2 in a slot, and runs a model of this name.
pub fn has_har2(name: &'static str) -> impl Fn(&Ask<'_>) -> Option<Reply<'static>> {
    move |ask| match ask {
        Ask::Begin(_) => Some(Reply::Done),
        Ask::Status => Some(Reply::Status(Status {
            slots: [Ok(header()), Err(Fault::Empty)],
            ..status(name, 2)
        })),
        Ask::Model => Some(Reply::Model(ModelId::of(&[]))),
        _ => None,
    }
}

/// Starts a board that answers as the script says, and otherwise as one that runs har2; gives its port. When its classes
/// are asked for, it tells one of each.
pub fn board(script: impl Fn(&Ask<'_>) -> Option<Reply<'static>> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = format!("tcp:{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut link, _) = listener.accept().expect("the program connects");
        let mut decoder = Decoder::<MAX_REQUEST>::default();
        let mut bytes = [0; 512];
        // Until the program has ended, whose end of the link is closed then.
        while let Ok(count @ 1..) = link.read(&mut bytes) {
            for &byte in &bytes[..count] {
                let Some(Request { id, ask }) = decoder.push::<Request<'_>>(byte) else {
                    continue;
                };
                let reply = script(&ask).or(match ask {
                    Ask::Hello => Some(Reply::Firmware(FIRMWARE)),
                    Ask::Status => Some(Reply::Status(status("har2", 2))),
                    Ask::Stream { .. } => Some(Reply::Done),
                    _ => None,
                });
                let Some(reply) = reply else { continue };
                let mut messages = vec![Message::Answer { id, reply }];
                if matches!(ask, Ask::Stream { classes: true, .. }) {
                    messages.extend((0..2).map(|class| Message::Class {
                        index: class.into(),
                        class,
                        logits: Logits::from_slice(&[3, -4]).expect("fits"),
                    }));
                }
                for message in messages {
                    let mut buffer = [0; MAX_FRAME];
                    let frame = encode(&message, &mut buffer).expect("fits");
                    let _ = link.write_all(frame);
                }
            }
        }
    });
    port
}

pub fn refused(output: &Output, parts: &[&str]) {
    let message = text(&output.stderr);
    assert!(
        !output.status.success(),
        "{}{message}",
        text(&output.stdout)
    );
    for part in parts {
        assert!(message.contains(part), "no {part:?} in {message}");
    }
}

/// Asserts that the output holds no characters that move the cursor or turn the direction of writing; returns its
/// texts.
pub fn harmless(output: &Output) -> (String, String) {
    let [out, error] = [&output.stdout, &output.stderr].map(|bytes| text(bytes));
    for shown in [&out, &error] {
        let obeyed =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!shown.contains(obeyed), "{shown:?}");
    }
    (out, error)
}

/// The header of har2 in a slot.
pub fn header() -> SlotHeader {
    let har2 = model();
    let NewModel {
        length,
        crc,
        timing,
    } = NewModel::of(har2.bytes(), TIMING);
    SlotHeader {
        sequence: 7,
        length,
        crc,
        timing,
    }
}

pub fn model() -> ModelFile {
    ModelFile::read(Path::new("../models/har2/model.hdrn")).expect("a shipped model")
}

/// Runs `monitor --model har2` for two windows.
pub fn monitored(script: impl Fn(&Ask<'_>) -> Option<Reply<'static>> + Send + 'static) -> Output {
    let port = board(script);
    let watch = ["monitor", "--plain", "--count", "2", "--port", &port];
    run(&[&watch[..], &["--model", "../models/har2"]].concat())
}
