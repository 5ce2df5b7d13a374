//! The firmware descriptor: 64 bytes at a fixed place in flash that tell the host's tools which models a firmware can
//! run, without running it.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `HDFW` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | kernel: 0 `fwht`, 1 `fwht-packed`, 2 `xnor` |
//! | 6 | 1 | 1 where models outside of the fast path run too, 0 where they are refused |
//! | 7 | 1 | version of the link protocol |
//! | 8 | 10 | capacities: hidden, inputs, pool, second, read (2 bytes each) |
//! | 18 | 2 | values of a sample of the sensor |
//! | 20 | 2 | samples a second |
//! | 22 | 2 | samples in a window, where the slot does not say |
//! | 24 | 4 | address of the first slot |
//! | 28 | 4 | bytes of a slot |
//! | 32 | 20 | name of the board, filled with zeros |
//! | 52 | 2 | windows that may overlap |
//! | 54 | 2 | what the values of a sample are ([`Channels`]); 0 in firmware that is older than this |
//! | 56 | 4 | version of the firmware: major, minor, patch, 0 |
//! | 60 | 4 | CRC-32 of the 60 bytes before |

use core::fmt;

use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel as RuntimeKernel, XnorPopcount};
use hadamrnn_runtime::{Capacities, Model};
use serde::{Deserialize, Serialize};

use crate::CRC32;
use crate::channels::{Channels, Sensor};
use crate::slots::{Fault, Timing};
use crate::stream;

/// Bytes of a descriptor.
pub const LEN: usize = 64;
/// First bytes.
pub const MAGIC: [u8; 4] = *b"HDFW";
/// The version this code reads and writes.
pub const VERSION: u8 = 1;
/// Version of the firmware that these sources make: major, minor, patch.
pub const FIRMWARE: [u8; 3] = [0, 1, 1];
/// First version of the firmware that takes single values of a sample, not whole quantities alone; see [`Channels`].
pub const SINGLE_VALUES: [u8; 3] = [0, 1, 1];
/// Longest name of a board, in bytes.
pub const MAX_NAME: usize = 20;
const NAME: core::ops::Range<usize> = 32..32 + MAX_NAME;

/// A kernel, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kernel {
    /// [`Fwht`].
    Fwht,
    /// [`FwhtPacked`].
    FwhtPacked,
    /// [`XnorPopcount`].
    Xnor,
}

/// Descriptor of a firmware: its board, and the models that it can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor<'a> {
    /// Name of the board in the registry, at most [`MAX_NAME`] bytes.
    pub board: &'a str,
    /// Major, minor, patch.
    pub version: [u8; 3],
    /// Its kernel.
    pub kernel: Kernel,
    /// Whether it has code for models that the target's assembly does not take.
    pub fallback: bool,
    /// Version of the link protocol.
    pub protocol: u8,
    /// Capacities of its session.
    pub capacities: Capacities,
    /// Values of a sample of its sensor.
    pub channels: u16,
    /// Samples a second.
    pub rate: u16,
    /// Samples in a window, where the slot does not say.
    pub window: u16,
    /// Windows that may overlap.
    pub sessions: u16,
    /// Address of the first slot.
    pub slots_origin: u32,
    /// Bytes of a slot.
    pub slot_size: u32,
    /// Channels that the sensor gives. Not part of [`Reply::Firmware`](crate::link::Reply), which is older: see
    /// [`Ask::Sensor`](crate::link::Ask::Sensor).
    #[serde(skip)]
    pub gives: Channels,
}

/// Why bytes are not a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescriptorError {
    /// There is none: no firmware of this project, or one without slots.
    Missing,
    /// A version this program does not know.
    Version(u8),
    /// Its checksum, kernel or name is wrong.
    Damaged,
}

impl Kernel {
    /// All of them, by number.
    pub const ALL: [Self; 3] = [Self::Fwht, Self::FwhtPacked, Self::Xnor];

    /// Its name in the registry and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fwht => Fwht::NAME,
            Self::FwhtPacked => FwhtPacked::NAME,
            Self::Xnor => XnorPopcount::NAME,
        }
    }

    /// The kernel of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == name)
    }

    fn runs(self, model: &Model<'_>) -> bool {
        match self {
            Self::Fwht => model.runs_on::<Fwht>(),
            Self::FwhtPacked => model.runs_on::<FwhtPacked>(),
            Self::Xnor => model.runs_on::<XnorPopcount>(),
        }
    }
}

impl Descriptor<'_> {
    /// The bytes for flash; a name that is too long is cut. Constant, so that firmware can put it into a `static`.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        put(&mut bytes, 0, &MAGIC);
        let flags = [
            VERSION,
            self.kernel as u8,
            self.fallback as u8,
            self.protocol,
        ];
        put(&mut bytes, 4, &flags);
        let Capacities {
            hidden,
            inputs,
            pool,
            second,
            read,
        } = self.capacities;
        let halves = [
            hidden,
            inputs,
            pool,
            second,
            read,
            self.channels,
            self.rate,
            self.window,
        ];
        let mut i = 0;
        while i < halves.len() {
            put(&mut bytes, 8 + 2 * i, &halves[i].to_le_bytes());
            i += 1;
        }
        put(&mut bytes, 24, &self.slots_origin.to_le_bytes());
        put(&mut bytes, 28, &self.slot_size.to_le_bytes());
        put(&mut bytes, 52, &self.sessions.to_le_bytes());
        put(&mut bytes, 54, &self.gives.bits().to_le_bytes());
        let name = self.board.as_bytes();
        let length = if name.len() < MAX_NAME {
            name.len()
        } else {
            MAX_NAME
        };
        put(&mut bytes, NAME.start, name.split_at(length).0);
        put(&mut bytes, 56, &self.version);
        let crc = CONST_CRC.checksum(bytes.split_at(LEN - 4).0);
        put(&mut bytes, LEN - 4, &crc.to_le_bytes());
        bytes
    }

    /// The sensor whose samples it takes.
    #[must_use]
    pub const fn sensor(&self) -> Sensor {
        Sensor {
            values: self.channels,
            gives: self.gives,
        }
    }

    /// Whether this firmware can run a model over a stream.
    ///
    /// The host's opinion before anything is written; the firmware has the last word, when it opens a session.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, model: &Model<'_>, timing: Timing) -> Result<(), Fault> {
        let sessions = usize::from(self.sessions);
        stream::check_sensor(model, self.sensor(), timing, self.window, sessions)?;
        self.capacities.check(model)?;
        if !self.kernel.runs(model) || !(self.fallback || model.has_fast_path()) {
            return Err(Fault::Session(hadamrnn_runtime::SessionError::KernelRange));
        }
        Ok(())
    }
}

impl<'a> Descriptor<'a> {
    /// Reads a descriptor.
    ///
    /// # Errors
    /// These bytes are none.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DescriptorError> {
        let bytes = bytes.first_chunk::<LEN>().ok_or(DescriptorError::Missing)?;
        if !bytes.starts_with(&MAGIC) {
            return Err(DescriptorError::Missing);
        }
        let [_, _, _, _, version, kernel, fallback, protocol, ..] = *bytes;
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from(half(at)) | u32::from(half(at + 2)) << 16;
        if CRC32.checksum(&bytes[..LEN - 4]) != word(LEN - 4) {
            return Err(DescriptorError::Damaged);
        }
        if version != VERSION {
            return Err(DescriptorError::Version(version));
        }
        let name = &bytes[NAME];
        let length = name.iter().position(|&byte| byte == 0);
        let name = &name[..length.unwrap_or(name.len())];
        let kernel = Kernel::ALL.get(usize::from(kernel)).copied();
        Ok(Self {
            board: str::from_utf8(name).map_err(|_| DescriptorError::Damaged)?,
            version: [bytes[56], bytes[57], bytes[58]],
            kernel: kernel.ok_or(DescriptorError::Damaged)?,
            fallback: fallback != 0,
            protocol,
            capacities: Capacities {
                hidden: half(8),
                inputs: half(10),
                pool: half(12),
                second: half(14),
                read: half(16),
            },
            channels: half(18),
            rate: half(20),
            window: half(22),
            sessions: half(52),
            slots_origin: word(24),
            slot_size: word(28),
            gives: Channels::from_bits(half(54)),
        })
    }
}

/// The same CRC as [`CRC32`], without a table: a constant may not refer to a `static`.
const CONST_CRC: crc::Crc<u32, crc::NoTable> =
    crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

/// `to[at..][..from.len()] = from`, in constants.
const fn put(to: &mut [u8; LEN], at: usize, from: &[u8]) {
    let mut i = 0;
    while i < from.len() {
        to[at + i] = from[i];
        i += 1;
    }
}

impl fmt::Display for DescriptorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no firmware descriptor"),
            Self::Version(version) => write!(
                f,
                "firmware descriptor version {version}, this program reads {VERSION}"
            ),
            Self::Damaged => f.write_str("the firmware descriptor is damaged"),
        }
    }
}

impl core::error::Error for DescriptorError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Quantity;

    const EXAMPLE: Descriptor<'_> = Descriptor {
        board: "qemu-m4",
        version: [0, 1, 2],
        kernel: Kernel::FwhtPacked,
        fallback: true,
        protocol: 1,
        capacities: Capacities {
            hidden: 128,
            inputs: 9,
            pool: 64,
            second: 32,
            read: 16,
        },
        channels: 9,
        rate: 50,
        window: 128,
        sessions: 2,
        slots_origin: 0x2100_0000,
        slot_size: 0x1_0000,
        gives: Channels::of(&[Quantity::Motion, Quantity::Rotation, Quantity::Acceleration]),
    };
    static BYTES: [u8; LEN] = EXAMPLE.to_bytes();

    #[test]
    fn round_trip_and_layout() {
        assert_eq!(Descriptor::parse(&BYTES), Ok(EXAMPLE));
        assert_eq!(&BYTES[..8], b"HDFW\x01\x01\x01\x01");
        let halves = [128, 9, 64, 32, 16, 9, 50, 128].map(u16::to_le_bytes);
        assert_eq!(&BYTES[8..24], halves.as_flattened());
        assert_eq!(&BYTES[24..40], b"\0\0\0\x21\0\0\x01\0qemu-m4\0");
        assert_eq!(&BYTES[52..56], [2, 0, 0b0110_0011, 0]);
        assert_eq!(&BYTES[56..60], [0, 1, 2, 0]);
    }

    #[test]
    fn every_damage_is_noticed() {
        for bit in 0..8 * LEN {
            let mut wrong = BYTES;
            wrong[bit / 8] ^= 1 << (bit % 8);
            let expected = if bit < 32 {
                DescriptorError::Missing
            } else {
                DescriptorError::Damaged
            };
            assert_eq!(Descriptor::parse(&wrong), Err(expected), "bit {bit}");
        }
        for length in 0..LEN {
            assert_eq!(
                Descriptor::parse(&BYTES[..length]),
                Err(DescriptorError::Missing)
            );
        }
    }

    #[test]
    fn a_name_too_long_is_cut() {
        let board = "a-name-of-more-than-twenty-bytes";
        let bytes = Descriptor { board, ..EXAMPLE }.to_bytes();
        assert_eq!(Descriptor::parse(&bytes).unwrap().board, &board[..20]);
    }

    #[test]
    fn models_it_cannot_run_are_refused() {
        let har2 = Model::from_bytes(hadamrnn_runtime::include_model!(
            "../../../models/har2/model.hdrn"
        ));
        let har2 = har2.unwrap();
        assert_eq!(EXAMPLE.check(&har2, Timing::default()), Ok(()));
        let small = Capacities {
            hidden: 64,
            ..EXAMPLE.capacities
        };
        let error = Descriptor {
            capacities: small,
            ..EXAMPLE
        }
        .check(&har2, Timing::default());
        let needed = har2.hidden_size();
        let expected = hadamrnn_runtime::SessionError::HiddenCapacity {
            needed,
            capacity: 64,
        };
        assert_eq!(error, Err(Fault::Session(expected)));
        let error = Descriptor {
            channels: 6,
            ..EXAMPLE
        }
        .check(&har2, Timing::default());
        assert_eq!(
            error,
            Err(Fault::Channels {
                model: 9,
                sensor: 6
            })
        );
        let timing = Timing {
            window: 128,
            hop: 32,
            decimation: 1,
            ..Timing::OPEN
        };
        assert_eq!(
            EXAMPLE.check(&har2, timing),
            Err(Fault::Timing {
                timing,
                sessions: 2
            })
        );
    }
}
