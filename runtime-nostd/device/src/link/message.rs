//! Messages between host and board.

use hadamrnn_runtime::taught::Lesson;
use serde::{Deserialize, Serialize};

use crate::channels::Channels;
use crate::channels::MAX_CHANNELS;
use crate::descriptor::Descriptor;
use crate::slots::{Fault, ModelId, NewModel, Running, SlotError, SlotHeader, Timing};

/// Version of the messages, in the firmware's [`Descriptor`].
pub const PROTOCOL: u8 = 1;
/// Most outputs that a model may have to be reported.
pub const MAX_OUTPUTS: usize = crate::MAX_OUTPUTS;
/// Bytes of a model in one message, but for the last.
pub const MAX_CHUNK: usize = 128;
/// Bytes of a model's name that are reported.
pub const MAX_NAME: usize = 32;
/// Bound on the bytes of a request before COBS, its CRC-32 included.
pub const MAX_REQUEST: usize = 160;
/// Bound on the bytes of any frame.
pub const MAX_FRAME: usize = 256;

/// From the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request<'a> {
    /// Comes back with the answer.
    pub id: u16,
    /// The request itself.
    #[serde(borrow)]
    pub ask: Ask<'a>,
}

/// A request of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Ask<'a> {
    /// Who is there? Answered by [`Reply::Firmware`].
    Hello,
    /// Asks which model runs and what the slots hold. Answered by [`Reply::Status`].
    Status,
    /// Begins a transfer, or goes on with the same one. Answered by [`Reply::Next`], or by [`Reply::Done`] where the
    /// newest slot has this model already.
    Begin(NewModel),
    /// A piece of the model. Answered by [`Reply::Next`].
    Chunk {
        /// [`digest`](crate::slots::digest) of the whole model: pieces of another transfer are refused.
        crc: u32,
        /// Where the piece belongs.
        offset: u32,
        /// At most [`MAX_CHUNK`] bytes, a multiple of 32 but for the last piece.
        data: &'a [u8],
    },
    /// Ends the transfer: the board checks the model and writes the slot's header. Answered by [`Reply::Done`].
    Commit {
        /// Digest of the model.
        crc: u32,
    },
    /// Gives the transfer up. Answered by [`Reply::Done`].
    Abort,
    /// Chooses the messages that the board sends unasked from now on. Answered by [`Reply::Done`].
    Stream {
        /// A [`Message::Class`] at the end of each window.
        classes: bool,
        /// A [`Message::Sample`] for each sample.
        samples: bool,
    },
    /// Restarts the board, which boots the newest slot. Answered by [`Reply::Done`] before.
    Reset,
    /// Which model runs, also where it is the built-in one? Answered by [`Reply::Model`]; not answered by firmware that is
    /// older than this request.
    Model,
    /// Asks for the sensor's channels. Answered by [`Reply::Sensor`]; not answered by firmware that is older than this request.
    Sensor,
    /// The same as [`Begin`](Self::Begin) for a model that takes these of the sensor's channels: only for firmware that
    /// answers [`Sensor`](Self::Sensor).
    BeginMapped {
        /// The model.
        new: NewModel,
        /// Channels that the model takes, in their order.
        inputs: Channels,
    },
    /// Takes windows of a class from the stream, as many as `windows`, of which no two overlap, and teaches it to the model that runs. The
    /// board then restarts with the new model. Answered by [`Reply::Done`]; not answered by firmware that is older than this request.
    Teach {
        /// [`digest`](crate::slots::digest) of the model that runs: another is not taught.
        crc: u32,
        /// The class.
        #[serde(borrow)]
        lesson: Lesson<'a>,
        /// Windows to take.
        windows: u16,
    },
    /// Gives a lesson up. Answered by [`Reply::Done`].
    StopTeaching,
    /// Takes the newest slot's model back: the board restarts with that of the other slot, or the built-in one. Answered by
    /// [`Reply::Done`] before.
    Undo {
        /// Digest of the newest slot's model: another is not taken back.
        crc: u32,
    },
    /// Asks for the bytes of the model that runs, from `offset` on. Answered by [`Reply::Data`].
    Read {
        /// Digest of the model.
        crc: u32,
        /// The first byte.
        offset: u32,
    },
}

/// From the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Message<'a> {
    /// To a request.
    Answer {
        /// The request's number.
        id: u16,
        /// The answer itself.
        #[serde(borrow)]
        reply: Reply<'a>,
    },
    /// The end of a window.
    Class {
        /// Windows that ended before since the board started; a gap is a lost message.
        index: u32,
        /// The class.
        class: u16,
        /// The logits.
        logits: Logits,
    },
    /// A sample, in raw counts.
    Sample {
        /// Samples before it since the board started.
        index: u32,
        /// One a channel.
        values: Values,
    },
    /// What is decided after the answer of this index, behind its [`Class`](Message::Class); of models with a decision only. Hosts that
    /// are older skip it.
    Decided {
        /// That of the answer.
        index: u32,
        /// The class that is decided; none where none of them is.
        class: Option<u16>,
        /// Whether an event starts with this answer.
        starts: bool,
    },
    /// A window was taken for the class that is taught. Told where a lesson was asked for.
    Teaching {
        /// Index of the window's answer.
        index: u32,
        /// Windows so far.
        windows: u16,
        /// Windows to take.
        of: u16,
    },
    /// A lesson has ended: the new model, with which the board restarts, or why there is none.
    Taught(Result<ModelId, SlotError>),
}

/// Integer logits.
pub type Logits = heapless::Vec<i32, MAX_OUTPUTS>;
/// The values of a sample.
pub type Values = heapless::Vec<i16, MAX_CHANNELS>;

/// A board's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reply<'a> {
    /// Descriptor of the firmware: its board, and the models that it can run.
    Firmware(#[serde(borrow)] Descriptor<'a>),
    /// The model that runs, and the content of the slots.
    Status(Status<'a>),
    /// Done.
    Done,
    /// The transfer goes on at this byte of the model.
    Next {
        /// Bytes that are written.
        offset: u32,
    },
    /// Not done.
    Refused(SlotError),
    /// The model that runs.
    Model(ModelId),
    /// Channels of the sensor and of the model that runs; those of the model are unstated where it takes all.
    Sensor {
        /// Channels that the sensor gives.
        gives: Channels,
        /// Channels that the model takes.
        inputs: Channels,
    },
    /// Bytes of the model that runs.
    Data {
        /// The first of them.
        offset: u32,
        /// At most [`MAX_CHUNK`]; none behind the model's end.
        data: &'a [u8],
    },
}

/// State of a board: the model that runs, and the content of its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status<'a> {
    /// Where the model that runs comes from.
    pub running: Running,
    /// Content of each slot now, or why it is refused.
    pub slots: [Result<SlotHeader, Fault>; 2],
    /// Name of the model that runs, cut to [`MAX_NAME`].
    pub name: &'a str,
    /// Classes that it tells apart, those that it was taught included.
    pub classes: u16,
    /// Samples in its windows and from one answer to the next.
    pub timing: Timing,
    /// The transfer in progress, and the bytes that are written.
    pub transfer: Option<(NewModel, u32)>,
    /// Frames from the host that were damaged, since the board started.
    pub rejected: u32,
}
