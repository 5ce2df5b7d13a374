//! Reading a file while compiling: the header and the checksum, by constant functions.
//!
//! Firmware decodes its models by postcard; tests hold both readers against each other.

use super::{
    Addition, BinaryMatrixKind, CRC_BYTES, Extension, Header, MAGIC, ModelError, PREFIX_BYTES,
    Readout, Second, Tokens, VERSION, checksum,
};

/// The value of an option; else the function that it is in ends with none.
macro_rules! some {
    ($option:expr) => {
        match $option {
            Some(value) => value,
            None => return None,
        }
    };
}

/// The header of a file, and the bytes of the table of parts, all sections and all parts, a multiple of four.
///
/// # Errors
/// The errors of [`Model::from_bytes`](crate::Model::from_bytes), except those about the ranges of header fields and
/// the lengths of sections.
pub(crate) const fn read(file: &[u8]) -> Result<(Header<'_>, &[u8]), ModelError> {
    let (version, reserved, body) = match parts(file) {
        Ok(parts) => parts,
        Err(error) => return Err(error),
    };
    let (checked, stored) = file.split_at(file.len() - CRC_BYTES);
    let Some(stored) = stored.first_chunk() else {
        return Err(ModelError::Truncated);
    };
    if crc32(checked) != u32::from_le_bytes(*stored) {
        return Err(ModelError::Checksum);
    }
    match (reserved, Reader { bytes: body }.body(version)) {
        (0, Some(body)) => Ok(body),
        _ => Err(ModelError::Malformed),
    }
}

/// The name and the bytes of table, sections and parts of a file that [`read`] takes; of another file these or none. Its checksum is not
/// computed again.
pub(crate) const fn name_and_sections(file: &[u8]) -> (&str, &[u8]) {
    match parts(file) {
        Ok((version, _, body)) => match (Reader { bytes: body }).body(version) {
            Some((header, sections)) => (header.name, sections),
            None => ("", &[]),
        },
        Err(_) => ("", &[]),
    }
}

/// The version of a file, its reserved bytes and its body.
const fn parts(file: &[u8]) -> Result<(u16, u16, &[u8]), ModelError> {
    let Some((prefix, rest)) = file.split_first_chunk::<PREFIX_BYTES>() else {
        return Err(if starts_like_magic(file) {
            ModelError::Truncated
        } else {
            ModelError::BadMagic
        });
    };
    let [_, _, _, _, v0, v1, r0, r1, l0, l1, l2, l3] = *prefix;
    if !starts_like_magic(file) {
        return Err(ModelError::BadMagic);
    }
    let version = u16::from_le_bytes([v0, v1]);
    if version == 0 || version > VERSION {
        return Err(ModelError::UnsupportedVersion(version));
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if file.len() < length {
        return Err(ModelError::Truncated);
    }
    if file.len() > length {
        return Err(ModelError::TrailingBytes);
    }
    match rest.split_last_chunk::<CRC_BYTES>() {
        Some((body, _)) => Ok((version, u16::from_le_bytes([r0, r1]), body)),
        None => Err(ModelError::Truncated),
    }
}

const fn starts_like_magic(file: &[u8]) -> bool {
    let mut at = 0;
    while at < file.len() && at < MAGIC.len() {
        if file[at] != MAGIC[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The same checksum as [`super::crc32`], computed with a table. It runs only in the compiler, which limits the steps
/// of a constant; no program contains the table.
const fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = checksum::table();
    let mut crc = u32::MAX;
    let mut at = 0;
    while at < bytes.len() {
        crc = (crc >> 8) ^ TABLE[((crc as u8) ^ bytes[at]) as usize];
        at += 1;
    }
    !crc
}

/// Bytes still to be read. Every function returns none if the bytes are not what it reads.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The header, and the bytes of all sections.
    const fn body(&mut self, version: u16) -> Option<(Header<'a>, &'a [u8])> {
        let mut header = some!(self.header());
        if version > 1 {
            header.extension = some!(self.extension());
        } else if !matches!(header.readout, Readout::LastState) {
            return None;
        }
        let padding = some!(self.slice());
        let mut at = 0;
        while at < padding.len() {
            if at == 3 || padding[at] != 0 {
                return None;
            }
            at += 1;
        }
        let mut weights = some!(self.slice());
        // They end where the body ends, on a boundary of words.
        if !self.bytes.is_empty() || !weights.len().is_multiple_of(4) {
            return None;
        }
        if version > 2 {
            let mut reader = Reader { bytes: weights };
            header.addition = some!(reader.addition(version));
            weights = reader.bytes;
        }
        Some((header, weights))
    }

    const fn header(&mut self) -> Option<Header<'a>> {
        Some(Header {
            name: match str::from_utf8(some!(self.slice())) {
                Ok(name) => name,
                Err(_) => return None,
            },
            hidden_size: some!(self.half()),
            input_size: some!(self.half()),
            output_size: some!(self.half()),
            log2_block: some!(self.byte()),
            input_weight_bits: some!(self.byte()),
            readout_weight_bits: some!(self.byte()),
            state_bits: some!(self.byte()),
            input_bits: some!(self.byte()),
            input_shift: some!(self.byte()),
            layer_input_shift: some!(self.byte()),
            gain_shift: some!(self.byte()),
            readout: match some!(self.varint(2)) {
                0 => Readout::LastState,
                1 => Readout::EveryStep,
                _ => Readout::Pooled {
                    shift: some!(self.byte()),
                    steps: some!(self.varint(u32::MAX)),
                },
            },
            logit_scale: f32::from_bits(some!(self.word())),
            extension: Extension {
                tokens: None,
                copies: 0,
                leak: 0,
                second: None,
            },
            addition: Addition::NONE,
        })
    }

    const fn extension(&mut self) -> Option<Extension> {
        let tokens = if some!(self.flag()) {
            Some(Tokens {
                vocabulary: some!(self.varint(u32::MAX)),
                multiplier: some!(self.half()),
            })
        } else {
            None
        };
        Some(Extension {
            tokens,
            copies: some!(self.half()),
            leak: some!(self.byte()),
            second: if some!(self.flag()) {
                Some(some!(self.second()))
            } else {
                None
            },
        })
    }

    const fn second(&mut self) -> Option<Second> {
        Some(Second {
            hidden_size: some!(self.half()),
            log2_block: some!(self.byte()),
            leak: some!(self.byte()),
            state_bits: some!(self.byte()),
            gain_shift: some!(self.byte()),
            multiplier: some!(self.half()),
            mixing: match some!(self.varint(1)) {
                0 => BinaryMatrixKind::Dense,
                _ => BinaryMatrixKind::Hadamard,
            },
            bias: some!(self.flag()),
        })
    }

    /// Reads the fields of versions 3 and 4; none if those of the file's version are zero, since such a file has to be of a lower
    /// one.
    const fn addition(&mut self, version: u16) -> Option<Addition> {
        let mut words = [0; Addition::WORDS];
        let (mut at, mut any) = (0, 0);
        while at < words.len() {
            words[at] = some!(self.word());
            any |= words[at];
            at += 1;
        }
        let eighth = if version > 3 { some!(self.word()) } else { 0 };
        if any == 0 && version == 3 || eighth == 0 && version > 3 {
            return None;
        }
        Addition::from_words(&words, eighth)
    }

    const fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = some!(self.bytes.split_at_checked(count));
        self.bytes = rest;
        Some(taken)
    }

    const fn byte(&mut self) -> Option<u8> {
        Some(some!(self.take(1))[0])
    }

    const fn flag(&mut self) -> Option<bool> {
        match some!(self.byte()) {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// Four little-endian bytes.
    const fn word(&mut self) -> Option<u32> {
        match some!(self.take(4)).first_chunk() {
            Some(bytes) => Some(u32::from_le_bytes(*bytes)),
            None => None,
        }
    }

    /// A length, and so many bytes.
    const fn slice(&mut self) -> Option<&'a [u8]> {
        let length = some!(self.varint(u32::MAX));
        self.take(length as usize)
    }

    const fn half(&mut self) -> Option<u16> {
        Some(some!(self.varint(u16::MAX as u32)) as u16)
    }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    const fn varint(&mut self, most: u32) -> Option<u32> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = some!(self.byte());
            value |= ((byte & 0x7F) as u64) << shift;
            if value > most as u64 || shift > 28 {
                return None;
            }
            if byte < 0x80 {
                return Some(value as u32);
            }
            shift += 7;
        }
    }
}
