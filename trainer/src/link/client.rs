//! Asks a board, one request at a time, and repeats what is not answered.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_device::channels::Channels;
use hadamrnn_device::descriptor::{self, Descriptor};
use hadamrnn_device::link::{Ask, Decoder, MAX_FRAME, Message, PROTOCOL, Reply, Request, encode};
use hadamrnn_device::slots::{Fault, ModelId, NewModel, Running, SlotError, SlotHeader, Timing};
use serde::Serialize;

use super::port::Wire;

/// How long a client waits, and how often it repeats.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until a request is repeated. Longer than a board takes to erase a sector of flash.
    pub answer: Duration,
    /// Times a request is sent.
    pub attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(3),
            attempts: 5,
        }
    }
}

/// A board's firmware, as its descriptor describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// The descriptor's bytes as they lie in flash; they own the board's name.
    bytes: [u8; descriptor::LEN],
}

/// Models that a board runs and holds, and how it runs them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BoardStatus {
    /// Where the model that runs comes from.
    pub running: Running,
    /// Header of the model in each slot, or why the slot is refused.
    pub slots: [Result<SlotHeader, Fault>; 2],
    /// Name of the model that runs.
    pub name: String,
    /// Classes that it tells apart.
    pub classes: u16,
    /// How it is run.
    pub timing: Timing,
    /// The transfer in progress, and the bytes that are written.
    pub transfer: Option<(NewModel, u32)>,
    /// Damaged frames that the board has dropped since it started.
    pub rejected: u32,
}

/// An answer to a request that does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request was carried out.
    Done,
    /// The transfer goes on at this byte.
    Next(u32),
    /// The request was refused.
    Refused(SlotError),
}

/// A message that a board sends without being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The end of a window.
    Class {
        /// Windows before.
        index: u32,
        /// The class.
        class: u16,
        /// Integer logits.
        logits: Vec<i32>,
    },
    /// A sample in raw counts.
    Sample {
        /// Samples before.
        index: u32,
        /// Raw counts, one a channel.
        values: Vec<i16>,
    },
    /// What is decided after an answer; of models with a decision only.
    Decided {
        /// Index of the answer.
        index: u32,
        /// The class that is decided; none where none of them is.
        class: Option<u16>,
        /// Whether an event starts with this answer.
        starts: bool,
    },
    /// A window was taken for a class that is taught.
    Teaching {
        /// Index of its answer.
        index: u32,
        /// Windows so far.
        windows: u16,
        /// Windows to take.
        of: u16,
    },
    /// A lesson has ended: the new model, with which the board restarts, or why there is none.
    Taught(Result<ModelId, SlotError>),
}

/// A host's end of the link.
pub struct Client {
    wire: Box<dyn Wire>,
    decoder: Decoder<MAX_FRAME>,
    patience: Patience,
    id: u16,
    /// Told while an answer was awaited.
    told: VecDeque<Told>,
}

/// Times a request is sent that older firmware does not know.
const ATTEMPTS_OF_NEWER: u32 = 2;
/// Longest wait for an answer that needs no flash.
const PROMPT: Duration = Duration::from_millis(500);
/// Most messages kept while an answer is awaited: a minute of samples at 100 Hz.
const KEPT: usize = 6000;

impl Client {
    /// A client over an open link.
    pub fn new(wire: Box<dyn Wire>, patience: Patience) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            wire,
            decoder: Decoder::default(),
            patience,
            // Not that of the client before, whose answers may still be on their way.
            id: since.map_or(0, |since| since.subsec_nanos() as u16),
            told: VecDeque::new(),
        }
    }

    /// Asks the board for its firmware's descriptor.
    ///
    /// # Errors
    /// Nobody answers, or in another version of the protocol.
    pub fn hello(&mut self) -> Result<Firmware> {
        let firmware = self.request(Ask::Hello, |reply| match reply {
            Reply::Firmware(descriptor) => Some(Firmware::new(descriptor)),
            _ => None,
        })?;
        let protocol = firmware.descriptor()?.protocol;
        ensure!(
            protocol == PROTOCOL,
            "the board speaks version {protocol} of the link protocol, this program {PROTOCOL}: build the firmware \
             and the program from the same sources"
        );
        Ok(firmware)
    }

    /// Asks for the descriptor, and what the sensor gives. Firmware that is older than the second request says nothing of it.
    ///
    /// # Errors
    /// Nobody answers, or in another version of the protocol.
    pub fn firmware(&mut self) -> Result<Firmware> {
        let firmware = self.hello()?;
        let patience = self.patience;
        self.patience.answer = patience.answer.min(PROMPT);
        let attempts = patience.attempts.min(ATTEMPTS_OF_NEWER);
        let gives = self.request_within(attempts, Ask::Sensor, |reply| match *reply {
            Reply::Sensor { gives, .. } => Some(gives),
            _ => None,
        });
        self.patience = patience;
        Ok(Firmware::new(&Descriptor {
            gives: gives?.unwrap_or(Channels::UNSTATED),
            ..firmware.descriptor()?
        }))
    }

    /// Asks which models the board runs and holds.
    ///
    /// # Errors
    /// It does not answer.
    pub fn status(&mut self) -> Result<BoardStatus> {
        self.request(Ask::Status, |reply| match *reply {
            Reply::Status(status) => Some(BoardStatus {
                running: status.running,
                slots: status.slots,
                name: status.name.into(),
                classes: status.classes,
                timing: status.timing,
                transfer: status.transfer,
                rejected: status.rejected,
            }),
            _ => None,
        })
    }

    /// Asks which model runs. None where firmware that is older than this request runs its built-in one.
    ///
    /// # Errors
    /// The link is broken.
    pub fn model(&mut self, running: Running) -> Result<Option<ModelId>> {
        if let Running::Slot { header, .. } = running {
            return Ok(Some(header.id()));
        }
        let attempts = self.patience.attempts.min(ATTEMPTS_OF_NEWER);
        self.request_within(attempts, Ask::Model, |reply| match *reply {
            Reply::Model(id) => Some(id),
            _ => None,
        })
    }

    /// Asks for something to be done.
    ///
    /// # Errors
    /// The board does not answer. That it refuses is no error here.
    pub fn step(&mut self, ask: Ask<'_>) -> Result<Step> {
        self.request(ask, Step::of)
    }

    /// Asks for something that older firmware does not know.
    ///
    /// # Errors
    /// The board does not answer. That it refuses is no error here.
    pub fn newer_step(&mut self, ask: Ask<'_>) -> Result<Step> {
        let attempts = self.patience.attempts.min(ATTEMPTS_OF_NEWER);
        self.request_within(attempts, ask, Step::of)?.context(
            "the board does not answer: its firmware is older than this request; write newer firmware (`hadamrnn flash --firmware`)",
        )
    }

    /// Bytes of the model that runs, whose digest is `crc`, from `offset` on, or why there are none. None where the firmware is older than
    /// this request.
    ///
    /// # Errors
    /// The link is broken.
    pub fn read(&mut self, crc: u32, offset: u32) -> Result<Option<Result<Vec<u8>, SlotError>>> {
        let attempts = self.patience.attempts;
        let attempts = match offset {
            0 => attempts.min(ATTEMPTS_OF_NEWER),
            _ => attempts,
        };
        self.request_within(attempts, Ask::Read { crc, offset }, |reply| match *reply {
            Reply::Data { offset: at, data } if at == offset => Some(Ok(data.to_vec())),
            Reply::Refused(error) => Some(Err(error)),
            _ => None,
        })
    }

    /// Restarts the board and waits until it answers again.
    ///
    /// # Errors
    /// It does not come back.
    pub fn restart(&mut self) -> Result<()> {
        self.step(Ask::Reset)?;
        self.wait_for_start()
    }

    /// Waits until a board that restarts answers again.
    ///
    /// # Errors
    /// It does not come back.
    pub fn wait_for_start(&mut self) -> Result<()> {
        let patience = self.patience;
        // Requests are lost while the board starts: repeat them often.
        self.patience = Patience {
            answer: patience.answer.min(Duration::from_millis(200)),
            attempts: patience.attempts.max(50),
        };
        let back = self.hello();
        self.patience = patience;
        back.map(drop)
            .context("the board does not come back after its restart")
    }

    /// The board's next message, if it sends one within `wait`.
    ///
    /// # Errors
    /// The link is broken.
    pub fn listen(&mut self, wait: Duration) -> Result<Option<Told>> {
        let until = Instant::now() + wait;
        while self.told.is_empty() && Instant::now() < until {
            self.receive(|_, _| {})?;
        }
        Ok(self.told.pop_front())
    }

    /// Forgets what the board has told so far.
    pub fn forget(&mut self) {
        self.told.clear();
    }

    fn request<R>(&mut self, ask: Ask<'_>, read: impl Fn(&Reply<'_>) -> Option<R>) -> Result<R> {
        let attempts = self.patience.attempts;
        self.request_within(attempts, ask, read)?.with_context(|| {
            format!(
                "the board does not answer ({attempts} attempts): is this its port, and does it run the firmware `stream`?"
            )
        })
    }

    /// The answer, if there is one.
    fn request_within<R>(
        &mut self,
        attempts: u32,
        ask: Ask<'_>,
        read: impl Fn(&Reply<'_>) -> Option<R>,
    ) -> Result<Option<R>> {
        self.id = self.id.wrapping_add(1);
        let id = self.id;
        let mut buffer = [0; MAX_FRAME];
        let frame = encode(&Request { id, ask }, &mut buffer).context("a request is too long")?;
        for _ in 0..attempts {
            // The zero byte ends whatever noise the board has received before.
            let sent = self.wire.write_all(&[&[0], frame].concat());
            sent.and_then(|()| self.wire.flush())
                .context("the link is broken: the board is gone")?;
            let until = Instant::now() + self.patience.answer;
            let mut answer = None;
            while answer.is_none() && Instant::now() < until {
                self.receive(|found, reply| {
                    if found == id && answer.is_none() {
                        answer = read(reply);
                    }
                })?;
            }
            if answer.is_some() {
                return Ok(answer);
            }
        }
        Ok(None)
    }

    /// Takes what has arrived: answers go to `answer`, the rest is kept.
    fn receive(&mut self, mut answer: impl FnMut(u16, &Reply<'_>)) -> Result<()> {
        let mut bytes = [0; 1024];
        let count = match self.wire.read(&mut bytes) {
            Ok(0) => bail!("the link is closed: the board is gone"),
            Ok(count) => count,
            Err(error) => match error.kind() {
                ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted => 0,
                _ => return Err(error).context("the link is broken: the board is gone"),
            },
        };
        for &byte in &bytes[..count] {
            let told = match self.decoder.push(byte) {
                Some(Message::Answer { id, reply }) => {
                    answer(id, &reply);
                    continue;
                }
                Some(Message::Class {
                    index,
                    class,
                    logits,
                }) => Told::Class {
                    index,
                    class,
                    logits: logits.to_vec(),
                },
                Some(Message::Sample { index, values }) => Told::Sample {
                    index,
                    values: values.to_vec(),
                },
                Some(Message::Decided {
                    index,
                    class,
                    starts,
                }) => Told::Decided {
                    index,
                    class,
                    starts,
                },
                Some(Message::Teaching { index, windows, of }) => {
                    Told::Teaching { index, windows, of }
                }
                Some(Message::Taught(outcome)) => Told::Taught(outcome),
                _ => continue,
            };
            if self.told.len() == KEPT {
                self.told.pop_front();
            }
            self.told.push_back(told);
        }
        Ok(())
    }
}

impl Step {
    /// The answer to a request that does something; none where it is to another.
    const fn of(reply: &Reply<'_>) -> Option<Self> {
        match *reply {
            Reply::Done => Some(Self::Done),
            Reply::Next { offset } => Some(Self::Next(offset)),
            Reply::Refused(error) => Some(Self::Refused(error)),
            _ => None,
        }
    }
}

impl Firmware {
    /// A copy of a descriptor.
    pub fn new(descriptor: &Descriptor<'_>) -> Self {
        Self {
            bytes: descriptor.to_bytes(),
        }
    }

    /// The firmware's description of itself.
    ///
    /// # Errors
    /// It is in a version that this program does not know.
    pub fn descriptor(&self) -> Result<Descriptor<'_>> {
        Ok(Descriptor::parse(&self.bytes)?)
    }
}
