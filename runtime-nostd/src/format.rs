//! The model file, version 1 (specified with worked bytes in `docs/FORMAT.md`).
//!
//! ```text
//! 0   4  magic "HDRN"
//! 4   2  version, little-endian
//! 6   2  reserved, zero
//! 8   4  length of the whole file in bytes, little-endian
//! 12  …  body: postcard of `Body` (header, 0-3 bytes of padding, weights on a four-byte boundary)
//! …   4  CRC-32/ISO-HDLC over all bytes before it, little-endian
//! ```

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::kernel::keep_rolled;

/// The first four bytes of every model.
pub const MAGIC: [u8; 4] = *b"HDRN";
/// The format version that this crate reads and writes.
pub const VERSION: u16 = 1;
/// Bytes before the postcard body.
pub const PREFIX_BYTES: usize = 12;
/// Bytes of the checksum at the end.
pub const CRC_BYTES: usize = 4;
/// Largest hidden size.
pub const MAX_HIDDEN: usize = 1024;
/// Smallest hidden size.
pub const MIN_HIDDEN: usize = 16;
/// Largest number of input channels.
pub const MAX_INPUTS: usize = 1024;
/// Largest number of outputs.
pub const MAX_OUTPUTS: usize = 1024;

/// Sizes, widths and shifts of a model. Every quantity is defined in `docs/ARITHMETIC.md`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header<'a> {
    /// What the model was trained for; for people, not for programs.
    pub name: &'a str,
    /// `n`, a power of two in `16..=1024`.
    pub hidden_size: u16,
    /// Channels of a sample.
    pub input_size: u16,
    /// Outputs; one means a binary task decided by the sign of its logit.
    pub output_size: u16,
    /// `q`: the recurrent matrix has diagonal blocks of `2^q`; `q = log2(n)` is the full Hadamard matrix.
    pub log2_block: u8,
    /// Field width of the input weights U: 2, 4 or 8 bits.
    pub input_weight_bits: u8,
    /// Field width of the output weights V: 2, 4 or 8 bits.
    pub readout_weight_bits: u8,
    /// Width `w` of the hidden state, `8..=16`: states saturate at `-2^(w-1)` and `2^(w-1) - 1`.
    pub state_bits: u8,
    /// Width of a standardised input, `4..=16`: inputs saturate likewise.
    pub input_bits: u8,
    /// Right shift of the standardisation, `1..=17`.
    pub input_shift: u8,
    /// Left shift of `U x + b`, `0..=20`.
    pub drive_shift: u8,
    /// Right shift after the recurrence, `4..=15`.
    pub gain_shift: u8,
    /// How logits come from the states.
    pub readout: Readout,
    /// What one unit of an integer logit is worth in the float model.
    pub logit_scale: f32,
}

/// How logits come from the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Readout {
    /// `V relu(h_t) + b_o` of the current state: the paper's.
    LastState,
}

/// What postcard encodes between prefix and checksum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body<'a> {
    #[serde(borrow)]
    pub header: Header<'a>,
    /// Zero to three bytes, so that the weights start on a four-byte boundary.
    pub padding: &'a [u8],
    /// The sections of [`Sections`], in its order, little-endian words.
    pub weights: &'a [u8],
}

/// The weight sections, as little-endian 32-bit words, in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sections<'a> {
    /// One word a channel: offset as i16 in the low half, multiplier `0..=32767` in the high half.
    pub channels: &'a [u32],
    /// U in groups of `R` rows; in a group one word for each column, holding its `R` codes ([`crate::fields`]).
    pub input: &'a [u32],
    /// Two biases a word, each stored as `b + 32768` in 16 bits, the even row in the low half.
    pub bias: &'a [u32],
    /// Row signs of the recurrent matrix: bit `i % 32` of word `i / 32`; set means -1.
    pub signs: &'a [u32],
    /// V row by row, `n / R` words each.
    pub readout: &'a [u32],
    /// One i32 an output, in logit units.
    pub readout_bias: &'a [u32],
}

/// Lengths in words of the six sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionLengths(pub [usize; 6]);

impl SectionLengths {
    /// The lengths that `header` calls for, or `None` where a field width is unknown.
    pub fn of(header: &Header<'_>) -> Option<Self> {
        use crate::fields::FieldWidth;
        let n = usize::from(header.hidden_size);
        let inputs = usize::from(header.input_size);
        let outputs = usize::from(header.output_size);
        let input_width = FieldWidth::from_bits(header.input_weight_bits)?;
        let readout_width = FieldWidth::from_bits(header.readout_weight_bits)?;
        Some(Self([
            inputs,
            n.div_ceil(input_width.per_word()) * inputs,
            n.div_ceil(2),
            n.div_ceil(32),
            n.div_ceil(readout_width.per_word()) * outputs,
            outputs,
        ]))
    }

    /// Words of all sections together.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

/// The CRC-32 of zlib, Ethernet and PNG. Computed bit by bit: a table would cost 1 KiB of flash to save milliseconds
/// once at start, and the general code of the `crc` crate takes 0.8 KiB.
pub fn crc32(bytes: &[u8]) -> u32 {
    const REVERSED_POLYNOMIAL: u32 = 0xEDB8_8320;
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            keep_rolled();
            (crc >> 1) ^ (REVERSED_POLYNOMIAL & (crc & 1).wrapping_neg())
        })
    });
    !crc
}

/// Checks prefix and checksum and decodes the body.
pub(crate) fn decode(bytes: &[u8]) -> Result<Body<'_>, ModelError> {
    let (prefix, rest) = bytes
        .split_first_chunk::<PREFIX_BYTES>()
        .ok_or_else(|| short_prefix(bytes))?;
    let [m0, m1, m2, m3, v0, v1, r0, r1, l0, l1, l2, l3] = *prefix;
    if [m0, m1, m2, m3] != MAGIC {
        return Err(ModelError::BadMagic);
    }
    let version = u16::from_le_bytes([v0, v1]);
    if version != VERSION {
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
    match postcard::take_from_bytes::<Body<'_>>(body) {
        Ok((decoded, [])) => Ok(decoded),
        _ => Err(ModelError::Malformed),
    }
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

/// Why a model could not be written.
#[cfg(feature = "encode")]
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The output buffer is too small.
    BufferTooSmall,
    /// The sections do not have the lengths that the header calls for.
    SectionLength,
}

#[cfg(feature = "encode")]
impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BufferTooSmall => "buffer too small for the model",
            Self::SectionLength => "weight sections do not fit the sizes in the header",
        })
    }
}

#[cfg(feature = "encode")]
impl core::error::Error for EncodeError {}

/// Writes a model into `out` and returns its length.
///
/// `weights` are the concatenated [`Sections`]. The result is what [`crate::Model::from_bytes`] reads; it is not
/// validated here beyond the section lengths.
///
/// # Errors
/// See [`EncodeError`].
#[cfg(feature = "encode")]
pub fn encode(header: &Header<'_>, weights: &[u32], out: &mut [u8]) -> Result<usize, EncodeError> {
    if SectionLengths::of(header).map(|lengths| lengths.total()) != Some(weights.len()) {
        return Err(EncodeError::SectionLength);
    }
    let weights: &[u8] = bytemuck::cast_slice(weights);
    // The weights are the last field, so they end where the body ends: pad until that is a multiple of four.
    let body = (0..4).find_map(|padding| {
        let body = Body {
            header: *header,
            padding: [0; 4].get(..padding)?,
            weights,
        };
        let end = PREFIX_BYTES + postcard::experimental::serialized_size(&body).ok()?;
        end.is_multiple_of(4).then_some((body, end))
    });
    let (body, end) = body.ok_or(EncodeError::SectionLength)?;
    let length = end + CRC_BYTES;
    let file = out.get_mut(..length).ok_or(EncodeError::BufferTooSmall)?;
    let (prefix, rest) = file.split_at_mut(PREFIX_BYTES);
    prefix[..4].copy_from_slice(&MAGIC);
    prefix[4..6].copy_from_slice(&VERSION.to_le_bytes());
    prefix[6..8].fill(0);
    prefix[8..].copy_from_slice(&(length as u32).to_le_bytes());
    postcard::to_slice(&body, rest).map_err(|_| EncodeError::BufferTooSmall)?;
    let (checked, crc) = file.split_at_mut(end);
    crc.copy_from_slice(&crc32(checked).to_le_bytes());
    Ok(length)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::crc32;
    use proptest::prelude::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    proptest! {
        #[test]
        fn equals_the_crc_crate(bytes: Vec<u8>) {
            let oracle = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
            prop_assert_eq!(crc32(&bytes), oracle.checksum(&bytes));
        }
    }
}
