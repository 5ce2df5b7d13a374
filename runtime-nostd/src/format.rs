//! The model file, versions 1 to 4 (specified with worked bytes in `docs/FORMAT.md`).
//!
//! ```text
//! 0   4  magic "HDRN"
//! 4   2  version, little-endian
//! 6   2  reserved, zero
//! 8   4  length of the whole file in bytes, little-endian
//! 12  …  body, postcard: `Header`, from version 2 on `Extension`, then 0-3 zeros of padding, and the weights on a
//!        four-byte boundary; from version 3 on the first of these are the words of `Addition`, and in version 4 the table
//!        of `Parts`, whose contents follow the sections
//! …   4  CRC-32/ISO-HDLC over all bytes before it, little-endian
//! ```

mod addition;
pub(crate) mod check;
mod checksum;
pub(crate) mod constant;
#[cfg(feature = "encode")]
mod encode;
mod error;
mod header;
mod parts;
mod replaced;
mod sections;

use serde::Deserialize;

pub use addition::*;
pub use checksum::{Crc32, continue_crc32, crc32};
#[cfg(feature = "encode")]
pub use encode::{EncodeError, encode, encode_with_parts};
pub use error::ModelError;
pub use header::{BinaryMatrixKind, Extension, Header, Readout, ReadoutKind, Second, Tokens};
pub use parts::{Part, Parts, part};
pub use replaced::Replaced;
pub use sections::{SECTION_NAMES, SectionLengths, Sections};
pub(crate) use sections::{counts, is_copy};

/// The first four bytes of every model.
pub const MAGIC: [u8; 4] = *b"HDRN";
/// The newest format version that this crate reads; it reads the older ones too.
pub const VERSION: u16 = 4;
/// Bytes before the postcard body.
pub const PREFIX_BYTES: usize = 12;
/// Bytes of the checksum at the end.
pub const CRC_BYTES: usize = 4;

/// The end of the body.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Weights<'a> {
    /// No to three bytes of zero, so that the weights start on a four-byte boundary.
    pub padding: &'a [u8],
    /// Little-endian words: from version 3 on those of [`Addition`], in version 4 the table of [`Parts`], then the sections of
    /// [`Sections`], in its order, then the contents of the parts.
    pub weights: &'a [u8],
}

/// Checks prefix and checksum and decodes the body: the header and the words of table, sections and parts.
pub(crate) fn decode(bytes: &[u8], crc32: impl Crc32) -> Result<(Header<'_>, &[u32]), ModelError> {
    let (prefix, rest) = bytes
        .split_first_chunk::<PREFIX_BYTES>()
        .ok_or_else(|| short_prefix(bytes))?;
    let [m0, m1, m2, m3, v0, v1, r0, r1, l0, l1, l2, l3] = *prefix;
    if [m0, m1, m2, m3] != MAGIC {
        return Err(ModelError::BadMagic);
    }
    let version = u16::from_le_bytes([v0, v1]);
    if !(1..=VERSION).contains(&version) {
        return Err(ModelError::UnsupportedVersion(version));
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    match u32::try_from(bytes.len()) {
        Ok(found) if found < length => return Err(ModelError::Truncated),
        Ok(found) if found == length => {}
        _ => return Err(ModelError::TrailingBytes),
    }
    let (body, stored_crc) = rest
        .split_last_chunk::<CRC_BYTES>()
        .ok_or(ModelError::Truncated)?;
    let (checked, _) = bytes
        .split_last_chunk::<CRC_BYTES>()
        .ok_or(ModelError::Truncated)?;
    if crc32(checked) != u32::from_le_bytes(*stored_crc) {
        return Err(ModelError::Checksum);
    }
    if [r0, r1] != [0, 0] {
        return Err(ModelError::Malformed);
    }
    decode_body(version, body).ok_or(ModelError::Malformed)
}

fn decode_body(version: u16, body: &[u8]) -> Option<(Header<'_>, &[u32])> {
    let (mut header, mut rest) = postcard::take_from_bytes::<Header<'_>>(body).ok()?;
    if version > 1 {
        (header.extension, rest) = postcard::take_from_bytes(rest).ok()?;
    } else if header.readout != Readout::LastState {
        return None;
    }
    let (end, rest) = postcard::take_from_bytes::<Weights<'_>>(rest).ok()?;
    if end.padding.len() > 3 || end.padding.iter().fold(0, |any, byte| any | byte) != 0 {
        return None;
    }
    let mut words: &[u32] = bytemuck::try_cast_slice(end.weights).ok()?;
    if version > 2 {
        let (addition, mut weights) = words.split_first_chunk()?;
        let mut eighth = 0;
        if version > 3 {
            let (word, others) = weights.split_first()?;
            (eighth, weights) = (*word, others);
        }
        (header.addition, words) = (Addition::from_words(addition, eighth)?, weights);
        // A file is written in the lowest version that can hold it.
        if header.addition.is_none() || version > 3 && !header.addition.is_of_version_4() {
            return None;
        }
    }
    rest.is_empty().then_some((header, words))
}

/// A file that ends within its prefix: truncated if what is there is right so far.
fn short_prefix(bytes: &[u8]) -> ModelError {
    if bytes
        .iter()
        .zip(&MAGIC)
        .all(|(found, wanted)| found == wanted)
    {
        ModelError::Truncated
    } else {
        ModelError::BadMagic
    }
}
