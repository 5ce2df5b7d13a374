//! Model slots, serial link and windows for a microcontroller that runs HadamRNNs: a new model reaches the board over its
//! serial link, lies in a slot of flash that survives power cuts, and classifies a stream of samples.
//!
//! | module | |
//! |---|---|
//! | [`slots`] | two places for a model in flash, and which of them runs |
//! | [`link`] | the serial protocol, and the board's end of it |
//! | [`channels`] | what a sensor gives and a model takes, and how one is found in the other |
//! | [`stream`] | windows over a stream of samples, which may overlap |
//! | [`descriptor`] | 64 bytes in flash that say which models a firmware can run |
//! | [`imu`] | samples of motion: channels, units, and where they come from |
//! | [`windows`] | files of recorded windows |
//!
//! `no_std`, without allocation and `unsafe`. `docs/LINK.md` of the repository specifies slots, link and
//! channels byte by byte, [`descriptor`] the descriptor. The program `hadamrnn` is the other end of the link.
//!
//! # A board's start, in memory
//!
//! ```
//! # #[cfg(feature = "std")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use hadamrnn_device::slots::{MemoryFlash, NewModel, Region, Running, Slots, Timing};
//! use hadamrnn_device::stream::WindowStream;
//! use hadamrnn_runtime::{Model, RoomOf, kernel::FwhtPacked};
//!
//! // Room for 128 hidden units and 9 inputs; two windows may overlap.
//! type Stream<'m> = WindowStream<'m, RoomOf<FwhtPacked, 128, 9>, 2>;
//! let accept = |model: &Model<'_>, timing| Stream::check(model, timing, 128, 9);
//!
//! // On a board: the flash driver of its HAL. Here: words of 4 bytes, sectors of 1 KiB.
//! let flash = MemoryFlash::<4, 1024>::erased(8192);
//! let region = Region { offset: 0, slot_size: 4096 };
//! let mut slots = Slots::new(flash, region, accept)?;
//! assert_eq!(slots.boot().running, Running::BuiltIn); // no slot has a model yet
//!
//! // A model arrives; `link::Server` does this with what a host sends.
//! # /*
//! let model = include_bytes!("movements.hdrn");
//! # */ let model = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/har2.hdrn"));
//! let new = NewModel::of(model, Timing { window: 128, hop: 64, decimation: 1, ..Timing::OPEN });
//! slots.begin(new)?;
//! for (piece, offset) in model.chunks(128).zip((0..).step_by(128)) {
//!     slots.write(new.crc, offset, piece)?;
//! }
//! slots.commit(new.crc)?;
//!
//! // It runs from the next start on.
//! assert_eq!(slots.boot().running.slot(), Some(0));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "std"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `teach` (default) | classes taught over the link; without it a lesson is refused, and taught models still run |
//! | `std` | [`slots::MemoryFlash`](crate::slots), flash in memory: for the host's tools and for tests |
#![cfg_attr(not(any(test, feature = "std")), no_std)]

pub mod channels;
pub mod descriptor;
pub mod imu;
pub mod link;
pub mod slots;
pub mod stream;
mod teach;
#[cfg(test)]
mod testing;
pub mod windows;

/// The CRC-32 of slots, link and descriptor: that of Ethernet and zip, as in the model format.
pub static CRC32: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Most outputs of a model whose answers the link and the windows report.
pub const MAX_OUTPUTS: usize = 32;
