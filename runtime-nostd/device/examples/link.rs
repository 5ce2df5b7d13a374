//! Both ends of the serial link, without a wire between them: a host asks a board what it is, and has it tell its classes.
//! `cargo run --example link --features std`.
//!
//! On a board, `Port` is its serial port; the program `hadamrnn` is such a host.

use hadamrnn_device::channels::Channels;
use std::collections::VecDeque;
use std::error::Error;

use hadamrnn_device::descriptor::{Descriptor, FIRMWARE, Kernel};
use hadamrnn_device::link::{
    Ask, Decoder, MAX_FRAME, Message, PROTOCOL, Port, Reply, Request, Server, encode,
};
use hadamrnn_device::slots::{MemoryFlash, Region, Slots};
use hadamrnn_device::stream::WindowStream;
use hadamrnn_runtime::{Room, RoomOf, kernel::FwhtPacked};

/// Room of a session: 128 hidden units, 9 inputs.
type Sessions = RoomOf<FwhtPacked, 128, 9>;
/// One window at a time.
type Stream<'m> = WindowStream<'m, Sessions, 1>;

hadamrnn_runtime::model! {
    /// The model that is part of the firmware.
    static BUILT_IN: BuiltIn = "har2.hdrn";
}

/// Descriptor of this firmware, for the host's tools.
const BOARD: Descriptor<'_> = Descriptor {
    board: "in-memory",
    version: FIRMWARE,
    kernel: Kernel::FwhtPacked,
    fallback: true,
    protocol: PROTOCOL,
    capacities: Sessions::CAPACITIES,
    channels: 9,
    rate: 50,
    window: 128,
    sessions: 1,
    slots_origin: 0,
    slot_size: 4096,
    gives: Channels::UNSTATED,
};

/// Both directions of a wire.
#[derive(Default)]
struct Wire {
    to_board: VecDeque<u8>,
    to_host: VecDeque<u8>,
}

impl Port for Wire {
    fn read(&mut self) -> Option<u8> {
        self.to_board.pop_front()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.to_host.extend(bytes);
    }
}

/// Sends a request to the board.
fn send(wire: &mut Wire, id: u16, ask: Ask<'_>) -> Result<(), Box<dyn Error>> {
    let mut buffer = [0; MAX_FRAME];
    wire.to_board
        .extend(encode(&Request { id, ask }, &mut buffer)?);
    Ok(())
}

/// Shows each message that has arrived at the host.
fn receive(wire: &mut Wire, decoder: &mut Decoder<MAX_FRAME>, mut show: impl FnMut(Message<'_>)) {
    while let Some(byte) = wire.to_host.pop_front() {
        if let Some(message) = decoder.push(byte) {
            show(message);
        }
    }
}

/// A board that answers a host and classifies so many samples; `show` is called with each message at the host.
fn run(samples: usize, mut show: impl FnMut(Message<'_>)) -> Result<(), Box<dyn Error>> {
    let region = Region {
        offset: 0,
        slot_size: 4096,
    };
    let mut slots = Slots::new(
        MemoryFlash::<4, 1024>::erased(8192),
        region,
        |model: &_, timing| Stream::check(model, timing, BOARD.window, BOARD.channels),
    )?;
    let running = slots.boot().running;
    let model = BUILT_IN.model()?;
    let mut stream = Stream::new(&model, running.timing(), BOARD.window)?;
    let file = BUILT_IN.file();
    let mut server = Server::new(slots, BOARD, running, file, &model, stream.timing());

    let (mut wire, mut decoder) = (Wire::default(), Decoder::default());
    send(&mut wire, 1, Ask::Hello)?;
    let (classes, samples_too) = (true, false);
    send(
        &mut wire,
        2,
        Ask::Stream {
            classes,
            samples: samples_too,
        },
    )?;
    for _ in 0..samples {
        // What a board's main loop does.
        let _ = server.serve(&mut wire);
        let sample = [0, 0, 0, 0, 0, 0, 8192, 0, 0];
        server.tell_sample(&sample, &mut wire);
        if let Some(answer) = stream.push(&sample)? {
            let action = server.tell_class(&answer, &mut wire);
            assert_eq!(action, None, "nobody has asked for a lesson");
        }
        receive(&mut wire, &mut decoder, &mut show);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    run(256, |message| match message {
        Message::Answer {
            id,
            reply: Reply::Firmware(board),
        } => println!("answer {id}: {board:?}"),
        other => println!("{other:?}"),
    })
}

#[test]
fn the_host_learns_what_the_board_is_and_sees_its_classes() {
    let (mut board, mut done, mut classes) = (None, false, Vec::new());
    run(256, |message| match message {
        Message::Answer {
            id: 1,
            reply: Reply::Firmware(found),
        } => board = Some(found.board.to_string()),
        Message::Answer {
            id: 2,
            reply: Reply::Done,
        } => done = true,
        Message::Class { index, class, .. } => classes.push((index, class)),
        other => panic!("{other:?}"),
    })
    .unwrap();
    assert_eq!(board.as_deref(), Some("in-memory"));
    assert!(done);
    assert_eq!(classes, [(0, 0), (1, 0)]);
}
