//! Frames: a message, its CRC-32, COBS, a zero byte.

use cobs::{DecodeResult, DecoderState};
use postcard::de_flavors::crc::take_from_bytes_u32;
use postcard::ser_flavors::crc::CrcModifier;
use postcard::ser_flavors::{Cobs, Slice};
use serde::{Deserialize, Serialize};

use crate::CRC32;

/// Writes the frame of a message into `buffer`, zero byte included.
///
/// # Errors
/// The buffer is too short; [`MAX_FRAME`](super::MAX_FRAME) is enough for every message.
pub fn encode<'b>(
    message: &impl Serialize,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], postcard::Error> {
    let cobs = Cobs::try_new(Slice::new(buffer))?;
    postcard::serialize_with_flavor(message, CrcModifier::new(cobs, CRC32.digest()))
        .map(|frame| &*frame)
}

/// Finds messages in a stream of bytes, whatever the bytes are. `N` bounds a message and its CRC-32.
#[derive(Debug)]
pub struct Decoder<const N: usize> {
    buffer: [u8; N],
    /// Bytes of the frame so far; more than `N` where it is too long.
    length: usize,
    state: DecoderState,
    rejected: u32,
}

impl<const N: usize> Default for Decoder<N> {
    fn default() -> Self {
        Self {
            buffer: [0; N],
            length: 0,
            state: DecoderState::Idle,
            rejected: 0,
        }
    }
}

impl<const N: usize> Decoder<N> {
    /// Takes a byte, and gives a message where one is complete with it.
    ///
    /// What is no message is counted and dropped up to the next zero byte. Nothing between zero bytes is no error: a
    /// sender may begin with one.
    pub fn push<'d, T: Deserialize<'d>>(&'d mut self, byte: u8) -> Option<T> {
        let result = self.state.feed(byte);
        if byte != 0 {
            if let Ok(DecodeResult::DataContinue(byte)) = result {
                if let Some(to) = self.buffer.get_mut(self.length) {
                    *to = byte;
                }
                self.length = self.length.saturating_add(1);
            }
            return None;
        }
        let length = core::mem::take(&mut self.length);
        let message = match result {
            Ok(DecodeResult::NoData) => return None,
            Ok(_) => self.buffer.get(..length).and_then(decode),
            Err(_) => None,
        };
        if message.is_none() {
            self.rejected = self.rejected.wrapping_add(1);
        }
        message
    }

    /// Frames that were no messages.
    #[must_use]
    pub const fn rejected(&self) -> u32 {
        self.rejected
    }
}

/// The message in these bytes, if they are one, its CRC-32 and nothing else.
fn decode<'d, T: Deserialize<'d>>(bytes: &'d [u8]) -> Option<T> {
    match take_from_bytes_u32(bytes, CRC32.digest()) {
        Ok((message, [])) => Some(message),
        _ => None,
    }
}
