//! The board's side of the link.

use hadamrnn_runtime::Model;
use hadamrnn_runtime::taught::{Lesson, Taught};

use super::frame::{Decoder, encode};
use super::message::{
    Ask, Logits, MAX_CHUNK, MAX_FRAME, MAX_NAME, MAX_REQUEST, Message, Reply, Request, Status,
    Values,
};
use crate::channels::MAX_CHANNELS;
use crate::descriptor::Descriptor;
use crate::slots::{
    Accept, Begun, Fault, MappedFlash, ModelId, NewModel, Running, SlotError, Slots, Timing,
};
use crate::stream::Answer;
use crate::teach::Teaching;

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
    /// Call [`Server::undo`] and restart the board; the answer is sent. The model that runs may be erased: nothing may read it any more.
    Undo,
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
    bytes: &'a [u8],
    model: ModelId,
    name: &'a str,
    classes: u16,
    timing: Timing,
    tell_classes: bool,
    tell_samples: bool,
    samples: u32,
    /// The lesson that is going on.
    teaching: Option<Teaching>,
    /// Digest of the model that is to be taken back.
    undone: Option<u32>,
}

impl<'a, F: MappedFlash, A: Accept> Server<'a, F, A> {
    /// The server of a firmware that runs `model`, of the file `bytes`, from where `running` says, in windows of `timing`.
    pub fn new(
        slots: Slots<F, A>,
        firmware: Descriptor<'a>,
        running: Running,
        bytes: &'a [u8],
        model: &Model<'a>,
        timing: Timing,
    ) -> Self {
        Self {
            decoder: Decoder::default(),
            state: State {
                slots,
                firmware,
                running,
                bytes,
                model: ModelId::of(bytes),
                name: cut(model.name()),
                classes: class_count(model) as u16,
                timing,
                tell_classes: false,
                tell_samples: false,
                samples: 0,
                teaching: None,
                undone: None,
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
        match request.ask {
            Ask::Reset => Some(Action::Reset),
            Ask::Undo { .. } if self.state.undone.is_some() => Some(Action::Undo),
            _ => None,
        }
    }

    /// Takes the model back that [`Action::Undo`] is about. Restart the board afterwards, whether or not the flash fails.
    ///
    /// # Errors
    /// The flash fails.
    pub fn undo(&mut self) -> Result<(), SlotError> {
        let crc = self.state.undone.take().ok_or(SlotError::Nothing)?;
        self.state.slots.undo(crc)
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

    /// Tells the answer of a window, and what is decided after it, where the host wants it. Takes the window for a class that is taught;
    /// with the last one the new model is written, which takes the time of a transfer.
    pub fn tell_class(&mut self, answer: &Answer<'_>, port: &mut impl Port) -> Option<Action> {
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
        if !cfg!(feature = "teach") {
            return None;
        }
        let teaching = self.state.teaching.as_mut()?;
        let (windows, of) = teaching.take(answer)?;
        let index = answer.index;
        send(&Message::Teaching { index, windows, of }, port);
        if windows < of {
            return None;
        }
        let taught = self.state.write_taught();
        let is_written = taught.is_ok();
        send(&Message::Taught(taught), port);
        is_written.then_some(Action::Reset)
    }

    /// Whether the stream is needed: a host listens to it, or a class is taught.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.state.tell_classes || self.state.tell_samples || self.state.teaching.is_some()
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
            Ask::Teach {
                crc,
                lesson,
                windows,
            } => self.teach(crc, lesson, windows)?,
            Ask::StopTeaching => self.teaching = None,
            Ask::Undo { crc } => {
                self.undone = None;
                self.slots.check_undo(crc)?;
                (self.undone, self.teaching) = (Some(crc), None);
            }
            Ask::Read { crc, offset } => {
                self.is_running(crc)?;
                let rest = self.bytes.get(offset as usize..).unwrap_or_default();
                let data = rest.get(..MAX_CHUNK).unwrap_or(rest);
                return Ok(Reply::Data { offset, data });
            }
        }
        Ok(Reply::Done)
    }

    /// Whether the model that runs has this digest.
    fn is_running(&self, crc: u32) -> Result<(), SlotError> {
        match self.model.crc == crc {
            true => Ok(()),
            false => Err(SlotError::OtherModel),
        }
    }

    /// Begins a lesson, or goes on with the same one.
    fn teach(&mut self, crc: u32, lesson: Lesson<'_>, windows: u16) -> Result<(), SlotError> {
        if !cfg!(feature = "teach") {
            return Err(SlotError::NotBuilt);
        }
        self.is_running(crc)?;
        if self
            .teaching
            .as_ref()
            .is_some_and(|known| known.is(lesson, windows))
        {
            return Ok(());
        }
        self.teaching = None;
        if self.slots.look().running.slot() != self.running.slot() {
            return Err(SlotError::Waiting);
        }
        let model = Model::from_bytes(self.bytes).map_err(Fault::Model);
        let model = model.map_err(SlotError::Fault)?;
        let (teaching, example) = Teaching::new(&model, lesson, windows, self.timing)?;
        self.slots.check_room(self.bytes, &example)?;
        self.teaching = Some(teaching);
        Ok(())
    }

    /// Writes the model with what it was taught.
    fn write_taught(&mut self) -> Result<ModelId, SlotError> {
        let teaching = self.teaching.take().ok_or(SlotError::NoTransfer)?;
        let model = Model::from_bytes(self.bytes).map_err(Fault::Model);
        let words = teaching.words(&model.map_err(SlotError::Fault)?)?;
        let timing = self.running.timing();
        Ok(self.slots.write_taught(self.bytes, timing, &words)?.id())
    }

    fn begin(&mut self, new: NewModel) -> Result<Reply<'a>, SlotError> {
        self.teaching = None;
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

/// Classes that a model tells apart, those that it was taught included.
fn class_count(model: &Model<'_>) -> usize {
    match Taught::of(model) {
        Ok(Some(taught)) => taught.class_count(),
        _ => model.class_count(),
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
