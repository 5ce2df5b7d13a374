//! Models sent over a wire that damages, drops, doubles and swaps frames, in both directions.

use hadamrnn_device::channels::Channels;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hadamrnn_device::descriptor::{Descriptor, Kernel};
use hadamrnn_device::link::{Action, PROTOCOL, Port, Server};
use hadamrnn_device::slots::{Accept, Fault, MemoryFlash, Region, Running, Slots, Timing, digest};
use hadamrnn_runtime::{Capacities, Model};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::integer::ModelFile;

type Flash = MemoryFlash<4, 1024>;

const FIRMWARE: Descriptor<'_> = Descriptor {
    board: "noisy",
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
    slot_size: 4096,
    gives: Channels::UNSTATED,
};

/// Damages what passes.
struct Noise {
    random: ChaCha8Rng,
    /// A frame that is to come after the next one.
    held: Option<Vec<u8>>,
    /// Frames of each kind of damage: flipped, cut, dropped, doubled, swapped, drowned in noise.
    counts: [u32; 6],
}

impl Noise {
    fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            held: None,
            counts: [0; 6],
        }
    }

    /// Bytes that arrive when `frame` is sent.
    fn pass(&mut self, frame: &[u8]) -> Vec<u8> {
        let mut frame = frame.to_vec();
        // Half of all frames arrive as they are.
        let kind = self.random.random_range(0..12_usize);
        if let Some(count) = self.counts.get_mut(kind) {
            *count += 1;
        }
        let at = self.random.random_range(0..frame.len());
        match kind {
            0 => frame[at] ^= 1 << self.random.random_range(0..8),
            1 => frame.truncate(at),
            2 => frame.clear(),
            3 => frame = frame.repeat(2),
            4 => return self.held.replace(frame).unwrap_or_default(),
            5 => {
                let mut noise = vec![0; self.random.random_range(1..400)];
                self.random.fill_bytes(&mut noise);
                frame.splice(at..at, noise);
            }
            _ => {}
        }
        frame.extend(self.held.take().unwrap_or_default());
        frame
    }
}

/// A board at the other end of a noisy wire.
struct Board<A> {
    server: Option<Server<'static, Flash, A>>,
    model: Model<'static>,
    to_board: VecDeque<u8>,
    to_host: VecDeque<u8>,
    noise: Noise,
}

/// The board's port: frames go through the noise.
struct NoisyPort<'a> {
    from: &'a mut VecDeque<u8>,
    to: &'a mut VecDeque<u8>,
    noise: &'a mut Noise,
}

impl Port for NoisyPort<'_> {
    fn read(&mut self) -> Option<u8> {
        self.from.pop_front()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.to.extend(self.noise.pass(bytes));
    }
}

fn accept(model: &Model<'_>, timing: Timing) -> Result<(), Fault> {
    FIRMWARE.check(model, timing)
}

const REGION: Region = Region {
    offset: 0,
    slot_size: 4096,
};

fn start(flash: Flash, model: &Model<'static>) -> Server<'static, Flash, impl Accept + use<>> {
    let mut slots = Slots::new(flash, REGION, accept).expect("fits");
    let running = slots.boot().running;
    Server::new(slots, FIRMWARE, running, &[], model, Timing::default())
}

impl<A: Accept> Board<A> {
    fn work(&mut self) -> bool {
        let Some(server) = &mut self.server else {
            return false;
        };
        let mut port = NoisyPort {
            from: &mut self.to_board,
            to: &mut self.to_host,
            noise: &mut self.noise,
        };
        matches!(server.serve(&mut port), Some(Action::Reset))
    }
}

/// The host's end.
struct NoisyWire<A>(
    Arc<Mutex<Board<A>>>,
    fn(Flash, &Model<'static>) -> Server<'static, Flash, A>,
);

impl<A: Accept> Read for NoisyWire<A> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut board = self.0.lock().expect("no panic");
        if board.work() {
            let flash = board.server.take().expect("runs").release().release();
            board.server = Some((self.1)(flash, &board.model));
        }
        if board.to_host.is_empty() {
            return Err(ErrorKind::TimedOut.into());
        }
        board.to_host.read(bytes)
    }
}

impl<A: Accept> Write for NoisyWire<A> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut board = self.0.lock().expect("no panic");
        let passed = board.noise.pass(bytes);
        board.to_board.extend(passed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shipped(name: &str) -> ModelFile {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models"));
    ModelFile::read(&root.join(name).join("model.hdrn")).expect("a shipped model")
}

/// The model that a board would boot.
fn boots<A: Accept>(board: &Mutex<Board<A>>) -> Option<u32> {
    let board = board.lock().expect("no panic");
    let slots = board.server.as_ref().expect("runs").slots();
    let copy = Flash::holding(&slots.flash().to_bytes());
    match Slots::new(copy, REGION, accept)
        .expect("fits")
        .boot()
        .running
    {
        Running::BuiltIn => None,
        Running::Slot { header, .. } => Some(header.crc),
    }
}

#[test]
fn ten_thousand_damaged_frames_leave_a_valid_model_and_hang_nothing() {
    let models = [shipped("har2"), shipped("har6")];
    let built_in: &'static ModelFile = Box::leak(Box::new(shipped("har2")));
    let model = built_in.model().expect("valid");
    let board = Arc::new(Mutex::new(Board {
        server: Some(start(Flash::erased(8192), &model)),
        model,
        to_board: VecDeque::new(),
        to_host: VecDeque::new(),
        noise: Noise::new(2),
    }));
    let patience = Patience {
        answer: Duration::from_micros(200),
        attempts: 200,
    };
    let mut client = Client::new(Box::new(NoisyWire(board.clone(), start)), patience);
    let timing = Timing::default();
    let (mut damaged, mut transfers) = (0, 0);
    while damaged < 10_000 {
        let file = &models[transfers % 2];
        let before = boots(&board);
        let result = send(&mut client, file, timing, |_| {});
        let after = boots(&board);
        let new = digest(file.bytes());
        match result {
            Ok(_) => assert_eq!(after, Some(new), "transfer {transfers}"),
            // Given up: old or new, but whole.
            Err(_) => assert!(
                after == before || after == Some(new),
                "transfer {transfers}"
            ),
        }
        if transfers % 3 == 0 {
            client.restart().expect("comes back");
            assert_eq!(boots(&board), after, "a restart changes nothing");
        }
        transfers += 1;
        let counts = board.lock().expect("no panic").noise.counts;
        damaged = counts.iter().sum();
    }
    let counts = board.lock().expect("no panic").noise.counts;
    assert!(counts.iter().all(|&count| count > 1000), "{counts:?}");
    assert!(transfers > 100, "{transfers}");
}
