//! The header of a slot, and why a slot is refused.

use core::fmt;

use hadamrnn_runtime::{ModelError, SessionError};
use serde::{Deserialize, Serialize};

use crate::CRC32;
use crate::channels::Channels;

/// Length of a [`SlotHeader`] in flash.
pub const HEADER_LEN: usize = 32;
/// First bytes of a slot.
pub const MAGIC: [u8; 4] = *b"HDSL";
/// The layout this code reads and writes.
pub const VERSION: u16 = 1;

/// CRC-32C (Castagnoli's polynomial) of a model: tells whether it is whole, and models apart.
///
/// Not the CRC-32 of everything else here: a model file ends with its own, and over all files that do so that CRC-32 is
/// one and the same number. Bit by bit, as this is not in a hurry and a table takes flash.
#[must_use]
pub const fn digest(model: &[u8]) -> u32 {
    crc::Crc::<u32, crc::NoTable>::new(&DIGEST).checksum(model)
}

/// The polynomial of [`digest`].
const DIGEST: crc::Algorithm<u32> = crc::CRC_32_ISCSI;

/// Identity of a model: its length and digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    /// Bytes of the model.
    pub length: u32,
    /// Their [`digest`].
    pub crc: u32,
}

impl ModelId {
    /// Identity of the model file `model`.
    #[must_use]
    pub const fn of(model: &[u8]) -> Self {
        Self {
            length: model.len() as u32,
            crc: digest(model),
        }
    }

    /// Identity of a model file of which these are the pieces, one after the other.
    #[must_use]
    pub fn of_pieces(pieces: &[&[u8]]) -> Self {
        let crc = crc::Crc::<u32, crc::NoTable>::new(&DIGEST);
        let mut digest = crc.digest();
        pieces.iter().for_each(|piece| digest.update(piece));
        Self {
            length: pieces.iter().map(|piece| piece.len() as u32).sum(),
            crc: digest.finalize(),
        }
    }
}

/// How a model is run over a stream of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Samples in a window, of those that are used; 0 leaves it to the firmware.
    pub window: u16,
    /// Samples from one answer to the next, of those that are used; 0 for a whole window.
    pub hop: u16,
    /// Every how many of the sensor's samples one is used, from the first on: the decimation that the model was trained
    /// with. 0 for 1.
    pub decimation: u16,
    /// Channels that the model takes, in their order, where the sensor's are others or in another
    /// order. Not part of the link's messages that have a timing, which are older: see
    /// [`Ask::BeginMapped`](crate::link::Ask::BeginMapped).
    #[serde(skip)]
    pub inputs: Channels,
}

impl Timing {
    /// All is left to the firmware.
    pub const OPEN: Self = Self {
        window: 0,
        hop: 0,
        decimation: 0,
        inputs: Channels::UNSTATED,
    };
}

/// Header of a slot: the model that it holds, and how to run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotHeader {
    /// The newer of two slots has the larger one, see [`SlotHeader::is_newer_than`].
    pub sequence: u32,
    /// Bytes of the model.
    pub length: u32,
    /// [`digest`] of the model.
    pub crc: u32,
    /// How it is run.
    pub timing: Timing,
}

/// Why a slot is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fault {
    /// There is no slot in this region, or it is too short for a header.
    NoRegion,
    /// Erased.
    Empty,
    /// The header is not whole: writing or erasing was cut short, or something else was written here.
    Header,
    /// A layout this firmware does not know.
    Version(u16),
    /// The model is empty or longer than the slot.
    Length {
        /// Bytes of the model, as the header has it.
        length: u32,
        /// Bytes there are.
        room: u32,
    },
    /// The model's bytes are not those that were written.
    Checksum,
    /// The runtime refuses the model.
    Model(ModelError),
    /// This firmware's kernel or capacities cannot run the model.
    Session(SessionError),
    /// The model takes samples of another length than the sensor gives.
    Channels {
        /// Values the model takes.
        model: u16,
        /// Values of the sensor.
        sensor: u16,
    },
    /// The model takes tokens, which no sensor gives.
    Tokens,
    /// The model has more outputs than the link can report.
    Outputs(u16),
    /// The window is not a multiple of the hop, or more windows overlap than the firmware has sessions for.
    Timing {
        /// The timing that was asked for.
        timing: Timing,
        /// Windows that may overlap.
        sessions: u16,
    },
    /// The sensor lacks what the model takes, or the model has not as many values as its slot says.
    Inputs {
        /// Bits of the [`Channels`] that the model takes.
        model: u16,
        /// Bits of those that the sensor gives.
        sensor: u16,
    },
    /// The model's decision, when its answers count, is not one for the model.
    Decision,
}

impl SlotHeader {
    /// The model that this is the header of.
    #[must_use]
    pub const fn id(&self) -> ModelId {
        ModelId {
            length: self.length,
            crc: self.crc,
        }
    }

    /// Reads the first bytes of a slot.
    ///
    /// # Errors
    /// They are not a header that was written in full. Whether a model follows, [`inspect`](super::inspect) tells.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = bytes.first_chunk::<HEADER_LEN>().ok_or(Fault::NoRegion)?;
        if bytes.iter().all(|&byte| byte == 0xff) {
            return Err(Fault::Empty);
        }
        let word = |at: usize| {
            let four = bytes.get(at..).and_then(<[u8]>::first_chunk);
            u32::from_le_bytes(four.copied().unwrap_or_default())
        };
        let (content, _) = bytes.split_last_chunk::<4>().ok_or(Fault::NoRegion)?;
        if !bytes.starts_with(&MAGIC) || CRC32.checksum(content) != word(28) {
            return Err(Fault::Header);
        }
        let [version, reserved] = halves(word(4));
        let [decimation, inputs] = halves(word(24));
        if version != VERSION || reserved != 0 {
            return Err(Fault::Version(version));
        }
        let [window, hop] = halves(word(20));
        Ok(Self {
            sequence: word(8),
            length: word(12),
            crc: word(16),
            timing: Timing {
                window,
                hop,
                decimation,
                inputs: Channels::from_bits(inputs),
            },
        })
    }

    /// The header as it lies in flash.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let Timing {
            window,
            hop,
            decimation,
            inputs,
        } = self.timing;
        let words = [
            u32::from_le_bytes(MAGIC),
            u32::from(VERSION),
            self.sequence,
            self.length,
            self.crc,
            u32::from(window) | u32::from(hop) << 16,
            u32::from(decimation) | u32::from(inputs.bits()) << 16,
        ];
        let mut bytes = [0; HEADER_LEN];
        let (fields, _) = bytes.as_chunks_mut::<4>();
        for (field, word) in fields.iter_mut().zip(words) {
            *field = word.to_le_bytes();
        }
        if let Some((content, crc)) = bytes.split_last_chunk_mut::<4>() {
            *crc = CRC32.checksum(content).to_le_bytes();
        }
        bytes
    }

    /// Whether this slot was written after the other: the difference of sequence numbers, as a signed number, is
    /// positive. They may wrap; two slots are never further apart than a few.
    #[must_use]
    pub const fn is_newer_than(&self, other: &Self) -> bool {
        self.sequence.wrapping_sub(other.sequence).cast_signed() > 0
    }
}

const fn halves(word: u32) -> [u16; 2] {
    [word as u16, (word >> 16) as u16]
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRegion => f.write_str("there is no slot"),
            Self::Empty => f.write_str("empty"),
            Self::Header => f.write_str("the header is damaged: writing was cut short"),
            Self::Version(version) => {
                write!(f, "slot layout {version}, this firmware reads {VERSION}")
            }
            Self::Length { length, room } => {
                write!(
                    f,
                    "a model of {length} bytes in a slot with room for {room}"
                )
            }
            Self::Checksum => f.write_str("the model is damaged: checksum mismatch"),
            Self::Model(error) => error.fmt(f),
            Self::Session(error) => error.fmt(f),
            Self::Channels { model, sensor } => write!(
                f,
                "the model takes samples of {model} values, the sensor gives {sensor}"
            ),
            Self::Inputs { model, sensor } => write!(
                f,
                "the model takes {}, the sensor gives {}",
                Channels::from_bits(*model),
                Channels::from_bits(*sensor)
            ),
            Self::Decision => f.write_str("the model's decision is damaged or not one for it"),
            Self::Tokens => f.write_str("the model takes tokens, the sensor gives numbers"),
            Self::Outputs(outputs) => write!(
                f,
                "the model has {outputs} outputs, the link reports at most {}",
                crate::MAX_OUTPUTS
            ),
            Self::Timing { timing, sessions } => write!(
                f,
                "a window of {} samples every {}: the window must be a multiple of the hop, and at most {sessions} \
                 may overlap in this firmware",
                timing.window, timing.hop
            ),
        }
    }
}

impl core::error::Error for Fault {}

impl From<ModelError> for Fault {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl From<SessionError> for Fault {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of `docs/LINK.md`.
    const WORKED: [u8; HEADER_LEN] = [
        0x48, 0x44, 0x53, 0x4c, 1, 0, 0, 0, 7, 0, 0, 0, 0xe4, 3, 0, 0, 0xef, 0xbe, 0xad, 0xde,
        0x80, 0, 0x40, 0, 2, 0, 0, 0, 0xd5, 0x9b, 0x62, 0x52,
    ];

    fn worked() -> SlotHeader {
        SlotHeader {
            sequence: 7,
            length: 996,
            crc: 0xdead_beef,
            timing: Timing {
                window: 128,
                hop: 64,
                decimation: 2,
                ..Timing::OPEN
            },
        }
    }

    #[test]
    fn worked_example() {
        assert_eq!(worked().to_bytes(), WORKED);
        assert_eq!(SlotHeader::parse(&WORKED), Ok(worked()));
    }

    /// Firmware that is older than inputs refuses such a slot: it asks for zero there.
    #[test]
    fn inputs_are_the_two_bytes_after_the_decimation() {
        let mut header = worked();
        header.timing.inputs = Channels::from_bits(0b100_001);
        let bytes = header.to_bytes();
        assert_eq!(bytes[..26], WORKED[..26]);
        assert_eq!(bytes[26..28], [0b100_001, 0]);
        assert_eq!(SlotHeader::parse(&bytes), Ok(header));
    }

    #[test]
    fn every_changed_bit_and_every_truncation_is_refused() {
        let bytes = worked().to_bytes();
        for bit in 0..8 * HEADER_LEN {
            let mut wrong = bytes;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SlotHeader::parse(&wrong), Err(Fault::Header), "bit {bit}");
        }
        for length in 0..HEADER_LEN {
            assert_eq!(SlotHeader::parse(&bytes[..length]), Err(Fault::NoRegion));
        }
        assert_eq!(SlotHeader::parse(&[0xff; HEADER_LEN]), Err(Fault::Empty));
        assert_eq!(SlotHeader::parse(&[0; HEADER_LEN]), Err(Fault::Header));
    }

    #[test]
    fn a_later_layout_is_told_apart_from_damage() {
        let mut bytes = worked().to_bytes();
        bytes[4] = 2;
        let crc = CRC32.checksum(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SlotHeader::parse(&bytes), Err(Fault::Version(2)));
    }

    #[test]
    fn the_digest_is_castagnolis_and_tells_models_apart() {
        // The check value of the catalogue of CRC algorithms.
        assert_eq!(digest(b"123456789"), 0xe306_9283);
        let models = [
            &include_bytes!("../../../../models/har2/model.hdrn")[..],
            include_bytes!("../../../../models/har6/model.hdrn"),
        ];
        let [first, second] = models.map(digest);
        assert_ne!(first, second);
        let [first, second] = models.map(|model| CRC32.checksum(model));
        assert_eq!(first, second, "why it is not that CRC-32");
    }

    #[test]
    fn sequence_numbers_wrap() {
        let at = |sequence| SlotHeader {
            sequence,
            ..worked()
        };
        assert!(at(8).is_newer_than(&at(7)) && !at(7).is_newer_than(&at(8)));
        assert!(at(0).is_newer_than(&at(u32::MAX)) && !at(u32::MAX).is_newer_than(&at(0)));
        assert!(!at(7).is_newer_than(&at(7)));
    }
}
