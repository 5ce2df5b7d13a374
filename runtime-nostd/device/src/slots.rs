//! Model slots: two places for a model in a reserved region of flash, so that a better model reaches a board without
//! new firmware, and a power cut at any moment leaves a model that runs.
//!
//! A slot is a 32-byte header, then the model, which is read in place. Everything is little-endian:
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `HDSL` |
//! | 4 | 2 | layout version, 1 |
//! | 6 | 2 | zero |
//! | 8 | 4 | sequence number: the newer of two slots has the larger one, compared wrapping |
//! | 12 | 4 | bytes of the model |
//! | 16 | 4 | CRC-32C of the model ([`digest`]) |
//! | 20 | 2 | samples in a window, 0 for the firmware's own |
//! | 22 | 2 | samples from one answer to the next, 0 for a window |
//! | 24 | 2 | every how many of the sensor's samples one is used, 0 for 1 |
//! | 26 | 2 | zero |
//! | 28 | 4 | CRC-32 of the 28 bytes before |
//! | 32 | | the model, a file as `docs/FORMAT.md` has it |
//!
//! The rules that keep a board bootable, which [`Slots`] alone knows: the slot in use is never touched; the sector of
//! the header is erased first, always, and the header is written last, after the model was read back. So a slot is
//! either the old one, or refused, or the new one. [`boot`] trusts no slot before all of it was checked.
//!
//! `docs/LINK.md` has the reasons and a worked example.

mod boot;
mod header;
#[cfg(any(test, feature = "std"))]
mod memory;
#[cfg(test)]
mod power_cuts;
mod teach;
#[cfg(test)]
mod teach_cuts;
mod write;

pub use boot::{Accept, Boot, Running, boot, inspect};
pub use header::{Fault, HEADER_LEN, MAGIC, ModelId, SlotHeader, Timing, VERSION, digest};
#[cfg(any(test, feature = "std"))]
pub use memory::MemoryFlash;
pub use write::{Begun, MappedFlash, NewModel, PIECE, Region, RegionError, SlotError, Slots};
