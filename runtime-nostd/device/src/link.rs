//! The serial link between a host and a board: it carries models to the board, and classes and samples back.
//!
//! A frame is a [`postcard`] message and its CRC-32, encoded by COBS, and a zero byte. Frames that are damaged are
//! dropped; the next zero byte starts anew. The host sends [`Request`]s, one at a time, and repeats a request that is
//! not answered: each can be repeated without harm. The board sends [`Message`]s: an answer to each request, which
//! carries its number, and whatever the host asked to be told in between.
//!
//! Stability: [`PROTOCOL`] changes with any change of these types but for new variants at the end.
//! `docs/LINK.md` has a table of the messages, with their bytes.

#[cfg(test)]
mod bytes;
mod frame;
mod message;
#[cfg(test)]
mod noise;
mod server;
#[cfg(test)]
mod teaching;

pub use crate::channels::MAX_CHANNELS;
pub use frame::{Decoder, encode};
pub use message::{
    Ask, Logits, MAX_CHUNK, MAX_FRAME, MAX_NAME, MAX_OUTPUTS, MAX_REQUEST, Message, PROTOCOL,
    Reply, Request, Status, Values,
};
pub use server::{Action, Port, Server};
