//! Checks while a model runs, against bits that flip in flash or RAM.
//!
//! | what may be damaged | check | cost |
//! |---|---|---|
//! | the model's file | [`Scrub`], a few bytes whenever there is time | 7 instructions a byte on Cortex-M4 |
//! | what was read from it | [`Model::is_still`], at the end of a round | as reading it |
//! | a session between two samples | [`Session::checksum`], before and after a sample | 5 instructions a word of state on Cortex-M4 |
//!
//! None of them runs by itself. A program that finds damage starts anew: it reads the model again, or restarts, and takes
//! another slot's model where the file is damaged.
//!
//! ```
//! use hadamrnn_runtime::guard::Scrub;
//! use hadamrnn_runtime::{Model, RoomOf, Session, kernel::FwhtPacked};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # /*
//! static FILE: &[u8] = hadamrnn_runtime::include_model!("movements.hdrn");
//! # */ static FILE: &[u8] = hadamrnn_runtime::include_model!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/har2.hdrn"));
//! # let samples = [[120, -36, 8, 3, 2, -1, 8192, -40, 1033]; 4];
//! let model = Model::from_bytes(FILE)?;
//! let mut session = Session::<RoomOf<FwhtPacked, 128, 9>>::new(&model)?;
//! let mut scrub = Scrub::new(FILE);
//! let mut checksum = session.checksum();
//! for sample in samples {
//!     if session.checksum() != checksum {
//!         // A bit has flipped since the last sample.
//!         session.reset();
//!     }
//!     session.push(&sample)?;
//!     checksum = session.checksum();
//!     // In the time that is left until the next sample.
//!     let round_is_over = scrub.next(1024)?;
//!     if round_is_over && !model.is_still(FILE) {
//!         // The model in RAM is damaged.
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Model::is_still`]: crate::Model::is_still
//! [`Session::checksum`]: crate::Session::checksum

use crate::codegen::keep_rolled;
use crate::format::{ModelError, continue_crc32};

/// CRC-32 of any bytes with their own CRC-32 behind them, in little-endian order.
const RESIDUE: u32 = 0x2144_DF1C;

/// Reads a model's file again and again, a few bytes at a time, and compares its checksum.
///
/// One flipped bit is always found, by the end of the round that reads it; so are all flips within 32 neighbouring bits. Of
/// others one in 2^32 is not.
#[derive(Clone, Debug)]
pub struct Scrub<'m> {
    file: &'m [u8],
    /// Bytes that this round has read.
    read: usize,
    crc: u32,
}

impl<'m> Scrub<'m> {
    /// Starts at the first byte of a model's file.
    #[must_use]
    pub const fn new(file: &'m [u8]) -> Self {
        Self {
            file,
            read: 0,
            crc: 0,
        }
    }

    /// Reads the next `bytes` bytes, or as many as this round has left. Gives whether the round is over: then the whole file has been
    /// read, and is as it was written. Multiples of four are read fastest.
    ///
    /// # Errors
    /// [`ModelError::Checksum`] at the end of a round over a damaged file. The next call begins a new round.
    pub fn next(&mut self, bytes: usize) -> Result<bool, ModelError> {
        let rest = self.file.get(self.read..).unwrap_or_default();
        let piece = rest.get(..bytes).unwrap_or(rest);
        self.crc = continue_crc32(self.crc, piece);
        self.read = self.read.wrapping_add(piece.len());
        if piece.len() < rest.len() {
            return Ok(false);
        }
        let found = self.crc;
        *self = Self::new(self.file);
        match found {
            RESIDUE => Ok(true),
            _ => Err(ModelError::Checksum),
        }
    }
}

/// Appends words to a checksum.
///
/// `c' = rotate((c ^ w) * m, 15)`, with an odd `m`: each word's step is a bijection of both `c` and `w`. So two sequences that differ in one
/// word, however many bits of it, never have the same checksum. The rotation keeps two flips of top bits from
/// cancelling, which multiplication alone leaves where they are.
#[inline(always)]
pub(crate) fn checksum(before: u32, words: impl IntoIterator<Item = u32>) -> u32 {
    const MULTIPLIER: u32 = 0x9E37_79B1;
    words.into_iter().fold(before, |sum, word| {
        keep_rolled();
        (sum ^ word).wrapping_mul(MULTIPLIER).rotate_right(15)
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::format::crc32;
    use proptest::prelude::*;

    fn with_crc(content: &[u8]) -> Vec<u8> {
        [content, &crc32(content).to_le_bytes()].concat()
    }

    /// Rounds until the end of one.
    fn round(scrub: &mut Scrub<'_>, piece: usize) -> Result<(), ModelError> {
        while !scrub.next(piece)? {}
        Ok(())
    }

    proptest! {
        #[test]
        fn a_whole_file_stays_whole_and_a_flip_is_found(
            content: Vec<u8>, piece in 1usize..40, bit: prop::sample::Index, burst in 1u32..=u32::MAX,
        ) {
            let mut file = with_crc(&content);
            let mut scrub = Scrub::new(&file);
            for _ in 0..3 {
                prop_assert_eq!(round(&mut scrub, piece), Ok(()));
            }
            // Flips within 32 neighbouring bits, in the order in which the checksum reads them.
            let first = bit.index(8 * file.len());
            let mut is_damaged = false;
            for i in (0..32).filter(|i| burst >> i & 1 != 0) {
                if let Some(byte) = file.get_mut((first + i) / 8) {
                    *byte ^= 1 << ((first + i) % 8);
                    is_damaged = true;
                }
            }
            let expected = if is_damaged { Err(ModelError::Checksum) } else { Ok(()) };
            prop_assert_eq!(round(&mut Scrub::new(&file), piece), expected);
        }

        #[test]
        fn one_damaged_word_is_always_found(
            words in prop::collection::vec(any::<u32>(), 1..80), at: prop::sample::Index, mask in 1u32..=u32::MAX,
        ) {
            let mut damaged = words.clone();
            damaged[at.index(words.len())] ^= mask;
            prop_assert_ne!(checksum(7, words), checksum(7, damaged));
        }
    }

    #[test]
    fn no_file_at_all_is_a_damaged_one() {
        assert_eq!(Scrub::new(&[]).next(64), Err(ModelError::Checksum));
        // Nothing is read, and nothing is over.
        assert_eq!(Scrub::new(&with_crc(b"abc")).next(0), Ok(false));
    }
}
