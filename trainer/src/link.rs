//! The host's end of the serial link to a board: [`Client`] asks, [`send`] brings a model over.
//!
//! The messages and the board's end are in `hadamrnn_device::link`; `docs/LINK.md` describes both.

mod client;
#[cfg(test)]
mod noise;
mod port;
mod send;
mod teach;

pub use client::{BoardStatus, Client, Firmware, Patience, Step, Told};
pub use port::{Address, Wire};
pub use send::{Sent, send, start_newest};
pub use teach::{BoardLesson, pull, teach, undo};
