//! Reports of the firmware to the host: [`Report`] messages, each postcard-encoded and COBS-framed (a zero
//! byte ends each frame), one after the other.
//!
//! A complete run is `Hello`, one `Window` for each window in order, each with a `Judged` behind it where the model has a metric or
//! a decision, `Cost`, `Done`. A run that
//! fails ends with `Error` instead; one that ends with neither was cut short.
//!
//! Stability: [`FORMAT`] changes with any change of these types.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// Version of the messages, sent in [`Report::Hello`].
pub const FORMAT: u16 = 4;
/// Most outputs a model may have to be reported.
pub const MAX_OUTPUTS: usize = hadamrnn_device::MAX_OUTPUTS;
/// Longest error message, in bytes.
pub const MAX_MESSAGE: usize = 96;
/// Longest board or kernel name, in bytes.
pub const MAX_NAME: usize = 24;
/// Bound on the bytes of one encoded frame: the longest is a window with 32 five-byte logits.
pub const MAX_FRAME: usize = 192;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Report {
    /// First message: who runs what.
    Hello {
        /// [`FORMAT`] of the sender.
        format: u16,
        /// Board name from the registry.
        board: String<MAX_NAME>,
        /// Kernel name: `fwht`, `fwht-packed` or `xnor`.
        kernel: String<MAX_NAME>,
        /// Hidden units of the model.
        hidden: u16,
        /// Inputs of the model.
        inputs: u16,
        /// Outputs of the model.
        outputs: u16,
        /// Samples per window.
        steps: u16,
        /// Windows that will follow.
        windows: u16,
    },
    /// The answer for one window, after its last step.
    Window {
        /// Index in the window file.
        index: u32,
        /// The class.
        class: u16,
        /// The logits.
        logits: Vec<i32, MAX_OUTPUTS>,
        /// Hash over the hidden state after each step, all steps of the window.
        state_hash: u32,
    },
    /// Cost of inference. Instructions are exact, see `count`.
    Cost {
        /// Instructions of all pushes of a window: the largest over the windows.
        instructions_per_window: u64,
        /// Instructions of one push: the mean over all pushes, rounded up.
        instructions_per_step: u32,
        /// Instructions of the cheapest push.
        step_min: u32,
        /// Instructions of the dearest push.
        step_max: u32,
        /// Instructions to read logits and class at the end of a window: the largest.
        readout: u32,
        /// Instructions to read the model: its checksum, all other checks and the proofs; 0 where the compiler has done it.
        load: u32,
        /// Bytes of the session value: hidden state and scratch.
        session_bytes: u32,
        /// Deepest stack of one window's pushes and its readout, below the caller's frame.
        stack_bytes: u32,
        /// `.data` + `.bss` of this firmware, reporting included.
        static_ram: u32,
    },
    /// The run failed.
    Error {
        /// Kind of the failure.
        kind: ErrorKind,
        /// Details, for people; cut to what fits.
        message: String<MAX_MESSAGE>,
    },
    /// Last message of a run that did not fail.
    Done {
        /// Windows reported.
        windows: u32,
    },
    /// What the model's metric and decision say of the window before; windows are the answers of one stream.
    Judged {
        /// How far the window is from all that the model was trained on; none without a metric.
        novelty: Option<u32>,
        /// The class that is decided, or none of them; absent without a decision.
        decided: Option<Option<u16>>,
    },
    /// What the checks of `hadamrnn_runtime::guard` cost.
    Guards(GuardCosts),
    /// Bits were flipped, and this is what happened.
    Upset {
        /// Index of the upset in the host's list.
        index: u32,
        /// The answer of its window.
        answer: Disturbed,
    },
}

/// The answer of a window in which bits were flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disturbed {
    /// What became of it.
    pub outcome: Outcome,
    /// Whether the check for this target found the upset.
    pub found: bool,
    /// Whether the sum of the squares of the states rose by more than it ever does undisturbed.
    pub norm: bool,
}

/// Instructions of the checks of `hadamrnn_runtime::guard` on a board, and what they cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardCosts {
    /// One round over the model's file.
    pub scrub: u32,
    /// Comparing the model in RAM with its file.
    pub model: u32,
    /// One checksum of the session.
    pub checksum: u32,
    /// One count of the units at the ends of their range.
    pub saturated: u32,
    /// One sum of the squares of the states.
    pub norm: u32,
    /// A sample, to compare.
    pub sample: u32,
    /// Bytes of the model's file, of the model in RAM, and of the session.
    pub bytes: [u32; 3],
}

/// Bits to be flipped: 16 bytes in the host's list, four little-endian words in the order of these fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upset {
    /// Where.
    pub target: Target,
    /// Before which sample of the window, modulo their number.
    pub step: u32,
    /// Word of the target, modulo their number.
    pub word: u32,
    /// Bits of the word.
    pub mask: u32,
}

/// Where bits are flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// The model's file, before it is read.
    FileAtRest,
    /// The model's file, while it runs.
    FileInUse,
    /// What was read from the file, in RAM.
    Model,
    /// The session, between two samples.
    Session,
}

/// What became of the answer of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// The model was refused.
    Refused,
    /// The very same logits.
    Same,
    /// Other logits, the same class.
    Degraded,
    /// Another class.
    Wrong,
}

impl Upset {
    /// Bytes of one in the list.
    pub const BYTES: usize = 16;

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let words = [self.target as u32, self.step, self.word, self.mask].map(u32::to_le_bytes);
        let mut bytes = [0; Self::BYTES];
        for (to, from) in bytes.iter_mut().zip(words.as_flattened()) {
            *to = *from;
        }
        bytes
    }

    /// The upset of these bytes; none of an unknown target.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let word = |at: usize| {
            let four = bytes.get(4 * at..).and_then(<[u8]>::first_chunk);
            u32::from_le_bytes(four.copied().unwrap_or_default())
        };
        let target = *Target::ALL.get(word(0) as usize)?;
        Some(Self {
            target,
            step: word(1),
            word: word(2),
            mask: word(3),
        })
    }
}

impl Target {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [
        Self::FileAtRest,
        Self::FileInUse,
        Self::Model,
        Self::Session,
    ];
}

/// Reason why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The instruction counter does not count: the emulator ran without the board's `-icount`.
    Counter,
    /// The embedded model was refused, or the session cannot hold it.
    Model,
    /// The windows were refused, or do not fit the model.
    Windows,
    /// The runtime refused a sample.
    Push,
    /// A panic; the message has its place.
    Panic,
    /// A fault or an unexpected interrupt.
    Fault,
}

impl Report {
    /// The frame of this message, terminator included.
    pub fn encode<'b>(&self, buffer: &'b mut [u8; MAX_FRAME]) -> Result<&'b [u8], postcard::Error> {
        postcard::to_slice_cobs(self, buffer).map(|frame| &*frame)
    }

    /// [`Report::Error`] with as much of `message` as fits.
    pub fn error(kind: ErrorKind, message: core::fmt::Arguments<'_>) -> Self {
        let mut cut = Cut(String::new());
        // `Cut` takes everything, so the only errors are those of a broken `Display`.
        let _ = core::fmt::write(&mut cut, message);
        Self::Error {
            kind,
            message: cut.0,
        }
    }
}

/// A writer that drops what does not fit.
struct Cut(String<MAX_MESSAGE>);

impl core::fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for c in text.chars() {
            if self.0.push(c).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// The messages of a stream of frames, decoded in place; bytes after the last terminator (a frame
/// that was cut short) give an error.
pub fn decode(stream: &mut [u8]) -> impl Iterator<Item = Result<Report, postcard::Error>> + '_ {
    stream
        .split_inclusive_mut(|&byte| byte == 0)
        .map(|frame| match frame.last() {
            Some(0) => postcard::from_bytes_cobs(frame),
            // Without its terminator a frame may decode and still be another, shorter one.
            _ => Err(postcard::Error::DeserializeUnexpectedEnd),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(logits: &[i32]) -> Report {
        Report::Window {
            index: 3,
            class: 1,
            logits: Vec::from_slice(logits).unwrap(),
            state_hash: 0xdead_beef,
        }
    }

    #[test]
    fn bytes_are_pinned() {
        let mut buffer = [0; MAX_FRAME];
        // Variant 1, index 3, class 1, two zigzag logits 5 and -6, hash as a varint; COBS around it.
        let frame = window(&[5, -6]).encode(&mut buffer).unwrap();
        assert_eq!(
            frame,
            [12, 1, 3, 1, 2, 10, 11, 0xef, 0xfd, 0xb6, 0xf5, 0x0d, 0]
        );
        let judged = Report::Judged {
            novelty: Some(300),
            decided: Some(None),
        };
        let frame = judged.encode(&mut buffer).unwrap();
        assert_eq!(frame, [6, 5, 1, 0xac, 2, 1, 1, 0]);
        let frame = Report::Done { windows: 0 }.encode(&mut buffer).unwrap();
        assert_eq!(frame, [2, 4, 1, 0], "a zero inside a message is stuffed");
    }

    #[test]
    fn upsets_come_back() {
        for (i, target) in Target::ALL.into_iter().enumerate() {
            let upset = Upset {
                target,
                step: 70_000,
                word: u32::MAX,
                mask: 1 << 31,
            };
            let mut bytes = upset.to_bytes();
            assert_eq!(Upset::from_bytes(&bytes), Some(upset));
            assert_eq!(bytes[0], i as u8);
            bytes[0] = 4;
            assert_eq!(Upset::from_bytes(&bytes), None);
        }
    }

    #[test]
    fn a_stream_comes_back() {
        let sent = [
            Report::error(ErrorKind::Model, format_args!("n = {}", 256)),
            window(&[i32::MIN; MAX_OUTPUTS]),
            Report::Done { windows: 1 },
        ];
        let mut stream = std::vec::Vec::new();
        for report in &sent {
            stream.extend_from_slice(report.encode(&mut [0; MAX_FRAME]).unwrap());
        }
        let cut_short = stream.len() - 1;
        let received: Result<std::vec::Vec<_>, _> = decode(&mut stream.clone()).collect();
        assert_eq!(received.unwrap(), sent);
        let cut: std::vec::Vec<_> = decode(&mut stream[..cut_short]).collect();
        assert!(
            cut[0].is_ok() && cut[1].is_ok() && cut[2].is_err(),
            "{cut:?}"
        );
    }

    #[test]
    fn the_largest_messages_fit_a_frame() {
        let mut buffer = [0; MAX_FRAME];
        assert!(window(&[i32::MIN; MAX_OUTPUTS]).encode(&mut buffer).is_ok());
        let long = Report::error(ErrorKind::Panic, format_args!("{:500}", "é"));
        let Report::Error { message, .. } = &long else {
            unreachable!()
        };
        assert!(message.len() >= MAX_MESSAGE - 1);
        assert!(long.encode(&mut buffer).is_ok());
    }
}
