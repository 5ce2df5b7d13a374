//! Writing models: for exporters, not for firmware.

use postcard::experimental::serialized_size;
use serde::Serialize;

use super::{CRC_BYTES, Header, MAGIC, PREFIX_BYTES, Part, SectionLengths, crc32};

/// Why a model could not be written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The output buffer is too small.
    BufferTooSmall,
    /// The sections do not have the lengths that the header calls for.
    SectionLength,
    /// More than 255 parts, or numbers of parts that do not rise from 1 to 32767, or a part of more than 65535 words.
    Parts,
}

impl core::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BufferTooSmall => "buffer too small for the model",
            Self::Parts => "parts beside the network are out of range or out of order",
            Self::SectionLength => "weight sections do not fit the sizes in the header",
        })
    }
}

impl core::error::Error for EncodeError {}

/// The end of the body, but for its bytes: [`Weights`](super::Weights) as postcard writes it.
#[derive(Serialize)]
struct Tail<'a> {
    padding: &'a [u8],
    length: u32,
}

/// Writes a model into `out` and returns its length, in the lowest version of the format that can hold it.
///
/// `weights` are the concatenated [`Sections`](super::Sections). The result is what [`crate::Model::from_bytes`] reads;
/// it is not validated here beyond the section lengths.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode(header: &Header<'_>, weights: &[u32], out: &mut [u8]) -> Result<usize, EncodeError> {
    encode_with_parts(header, weights, &[], out)
}

/// The same with parts beside the network, whatever number of parts the header says.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode_with_parts(
    header: &Header<'_>,
    weights: &[u32],
    parts: &[Part<'_>],
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    let mut header = *header;
    header.addition.parts = u8::try_from(parts.len()).map_err(|_| EncodeError::Parts)?;
    let header = &header;
    if !parts.is_sorted_by(|before, after| before.id < after.id) {
        return Err(EncodeError::Parts);
    }
    if SectionLengths::of(header).map(|lengths| lengths.total()) != Some(weights.len()) {
        return Err(EncodeError::SectionLength);
    }
    let version = header.version();
    let extension = (version > 1).then_some(&header.extension);
    let addition = (version > 2).then(|| header.addition.to_words());
    let addition: &[u8] = (addition.as_ref()).map_or(&[], |words| bytemuck::cast_slice(words));
    let eighth = (version > 3).then(|| header.addition.eighth_word());
    let size =
        |result: Result<usize, postcard::Error>| result.map_err(|_| EncodeError::SectionLength);
    let head = size(serialized_size(header))?
        + extension.map_or(Ok(0), |extension| size(serialized_size(extension)))?;
    let weights: &[u8] = bytemuck::cast_slice(weights);
    let stored = |part: &Part<'_>| 4 + 4 * part.words.len();
    let bytes = addition.len()
        + eighth.map_or(0, |_| 4)
        + weights.len()
        + parts.iter().map(stored).sum::<usize>();
    // The weights are the last field, so they end where the body ends: pad until that is a multiple of four.
    let tail = (0..4).find_map(|padding| {
        let tail = Tail {
            padding: [0; 4].get(..padding)?,
            length: u32::try_from(bytes).ok()?,
        };
        let end = PREFIX_BYTES + head + serialized_size(&tail).ok()? + bytes;
        end.is_multiple_of(4).then_some((tail, end))
    });
    let (tail, end) = tail.ok_or(EncodeError::SectionLength)?;
    let length = end + CRC_BYTES;
    let file = out.get_mut(..length).ok_or(EncodeError::BufferTooSmall)?;
    let (prefix, body) = file.split_at_mut(PREFIX_BYTES);
    prefix[..4].copy_from_slice(&MAGIC);
    prefix[4..6].copy_from_slice(&version.to_le_bytes());
    prefix[6..8].fill(0);
    prefix[8..].copy_from_slice(&(length as u32).to_le_bytes());
    let written = |result: postcard::Result<&mut [u8]>| {
        result
            .map(|bytes| bytes.len())
            .map_err(|_| EncodeError::BufferTooSmall)
    };
    let mut at = written(postcard::to_slice(header, body))?;
    if let Some(extension) = extension {
        at += written(postcard::to_slice(extension, &mut body[at..]))?;
    }
    at += written(postcard::to_slice(&tail, &mut body[at..]))?;
    let mut append = |bytes: &[u8]| {
        body[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    append(addition);
    if let Some(word) = eighth {
        append(&word.to_le_bytes());
    }
    for part in parts {
        let entry = part.entry().ok_or(EncodeError::Parts)?;
        append(&entry.to_le_bytes());
    }
    append(weights);
    for part in parts {
        append(bytemuck::cast_slice(part.words));
    }
    let (checked, crc) = file.split_at_mut(end);
    crc.copy_from_slice(&crc32(checked).to_le_bytes());
    Ok(length)
}
