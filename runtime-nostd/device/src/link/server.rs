//! The board's side of the link.

use hadamrnn_runtime::Model;

use super::frame::{Decoder, encode};
use super::message::{
    Ask, Logits, MAX_FRAME, MAX_NAME, MAX_REQUEST, Message, Reply, Request, Status, Values,
};
use crate::channels::MAX_CHANNELS;
use crate::descriptor::Descriptor;
use crate::slots::{
    Accept, Begun, MappedFlash, ModelId, NewModel, Running, SlotError, Slots, Timing,
};
use crate::stream::Answer;

/// A board's serial port.
pub trait Port {
    /// A byte that has arrived; does not wait.
    fn read(&mut self) -> Option<u8>;

    /// Sends bytes, or drops them where nobody listens; may wait for the hardware.
    fn write(&mut self, bytes: &[u8]);
}

/// An action that the server asks of the board's main loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Action {
    /// Restart the board; the answer is sent.
    Reset,
}

/// Bytes that [`Server::serve`] takes at once: the main loop has samples to take too.
const BYTES_AT_ONCE: usize = 512;

/// Answers requests, and tells what the host wants to be told.
#[derive(Debug)]
pub struct Server<'a, F, A> {
    decoder: Decoder<MAX_REQUEST>,
    state: State<'a, F, A>,
}

#[derive(Debug)]
struct State<'a, F, A> {
    slots: Slots<F, A>,
    firmware: Descriptor<'a>,
    running: Running,
    model: ModelId,
    name: &'a str,
    classes: u16,
    timing: Timing,
    tell_classes: bool,
    tell_samples: bool,
    samples: u32,
}

impl<'a, F: MappedFlash, A: Accept> Server<'a, F, A> {
    /// The server of a firmware that runs `model`, which is `id`, from where `running` says, in windows of `timing`.
    pub fn new(
        slots: Slots<F, A>,
        firmware: Descriptor<'a>,
        running: Running,
        id: ModelId,
        model: &Model<'a>,
        timing: Timing,
    ) -> Self {
        Self {
            decoder: Decoder::default(),
            state: State {
                slots,
                firmware,
                running,
                model: id,
                name: cut(model.name()),
                classes: model.class_count() as u16,
                timing,
                tell_classes: false,
                tell_samples: false,
                samples: 0,
            },
        }
    }

    /// Takes what has arrived and answers. Writing to flash takes its time here: up to a sector's erase.
    pub fn serve(&mut self, port: &mut impl Port) -> Option<Action> {
        for _ in 0..BYTES_AT_ONCE {
            let byte = port.read()?;
            let action = self.receive(byte, port);
            if action.is_some() {
                return action;
            }
        }
        None
    }

    /// Takes one byte, and answers where it ends a request.
    pub fn receive(&mut self, byte: u8, port: &mut impl Port) -> Option<Action> {
        let rejected = self.decoder.rejected();
        let request: Request<'_> = self.decoder.push(byte)?;
        let reply = self.state.reply(&request.ask, rejected);
        let id = request.id;
        send(&Message::Answer { id, reply }, port);
        matches!(request.ask, Ask::Reset).then_some(Action::Reset)
    }

    /// Tells a sample, where the host wants it. Counts it in any case.
    pub fn tell_sample(&mut self, values: &[i16], port: &mut impl Port) {
        let index = self.state.samples;
        self.state.samples = index.wrapping_add(1);
        if self.state.tell_samples {
            let values = values.get(..MAX_CHANNELS).unwrap_or(values);
            let values = Values::from_slice(values).unwrap_or_default();
            send(&Message::Sample { index, values }, port);
        }
    }

    /// Tells the answer of a window, and what is decided after it, where the host wants it.
    pub fn tell_class(&mut self, answer: &Answer<'_>, port: &mut impl Port) {
        if self.state.tell_classes {
            let message = Message::Class {
                index: answer.index,
                class: answer.class as u16,
                // There is room for all: a stream takes no model of more.
                logits: Logits::from_slice(answer.logits).unwrap_or_default(),
            };
            send(&message, port);
            if let Some(decided) = answer.decided {
                let message = Message::Decided {
                    index: answer.index,
                    class: decided.class.map(|class| class as u16),
                    starts: decided.starts,
                };
                send(&message, port);
            }
        }
    }

    /// Whether a host listens to the stream.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.state.tell_classes || self.state.tell_samples
    }

    /// The slots.
    #[must_use]
    pub const fn slots(&self) -> &Slots<F, A> {
        &self.state.slots
    }

    /// Gives the slots back.
    pub fn release(self) -> Slots<F, A> {
        self.state.slots
    }
}

impl<'a, F: MappedFlash, A: Accept> State<'a, F, A> {
    fn reply(&mut self, ask: &Ask<'_>, rejected: u32) -> Reply<'a> {
        self.act(ask, rejected).unwrap_or_else(Reply::Refused)
    }

    fn act(&mut self, ask: &Ask<'_>, rejected: u32) -> Result<Reply<'a>, SlotError> {
        match *ask {
            Ask::Hello => return Ok(Reply::Firmware(self.firmware)),
            Ask::Status => return Ok(Reply::Status(self.status(rejected))),
            Ask::Begin(new) => return self.begin(new),
            Ask::BeginMapped { mut new, inputs } => {
                new.timing.inputs = inputs;
                return self.begin(new);
            }
            Ask::Sensor => {
                return Ok(Reply::Sensor {
                    gives: self.firmware.gives,
                    inputs: self.timing.inputs,
                });
            }
            Ask::Chunk { crc, offset, data } => {
                let offset = self.slots.write(crc, offset, data)?;
                return Ok(Reply::Next { offset });
            }
            Ask::Commit { crc } => drop(self.slots.commit(crc)?),
            Ask::Abort => self.slots.abort(),
            Ask::Stream { classes, samples } => {
                (self.tell_classes, self.tell_samples) = (classes, samples);
            }
            Ask::Reset => {}
            Ask::Model => return Ok(Reply::Model(self.model)),
        }
        Ok(Reply::Done)
    }

    fn begin(&mut self, new: NewModel) -> Result<Reply<'a>, SlotError> {
        Ok(match self.slots.begin(new)? {
            Begun::Next(offset) => Reply::Next { offset },
            Begun::AlreadyThere => Reply::Done,
        })
    }

    fn status(&self, rejected: u32) -> Status<'a> {
        Status {
            running: self.running,
            slots: self.slots.look().slots,
            name: self.name,
            classes: self.classes,
            timing: self.timing,
            transfer: self.slots.progress(),
            rejected,
        }
    }
}

fn send(message: &Message<'_>, port: &mut impl Port) {
    let mut buffer = [0; MAX_FRAME];
    // Every message fits: a test pins the largest ones.
    if let Ok(frame) = encode(message, &mut buffer) {
        port.write(frame);
    }
}

/// A name's first [`MAX_NAME`] bytes, or a few less where a character ends before.
fn cut(name: &str) -> &str {
    let end = (0..=MAX_NAME.min(name.len())).rev();
    end.into_iter()
        .find_map(|end| name.get(..end))
        .unwrap_or_default()
}
