//! An entry as bytes, little-endian: the length of the header (u32), the header (postcard), for each part its values
//! (f32 or u16), targets (u32) and groups (u32), and the CRC-32 of all that.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::data::{Sequences, Targets, Values};

#[derive(Serialize, Deserialize)]
struct SplitSizes {
    channels: usize,
    steps: usize,
    /// The vocabulary if the values are tokens.
    vocabulary: Option<usize>,
    per_step: bool,
    values: usize,
    targets: usize,
    groups: usize,
}

impl SplitSizes {
    fn of(part: &Sequences) -> Self {
        Self {
            channels: part.channels,
            steps: part.steps,
            vocabulary: match part.values {
                Values::Numbers(_) => None,
                Values::Tokens { vocabulary, .. } => Some(vocabulary),
            },
            per_step: matches!(part.targets, Targets::PerStep(_)),
            values: part.values.len(),
            targets: part.targets.values().len(),
            groups: part.groups.len(),
        }
    }

    fn read(&self, bytes: &mut &[u8]) -> Option<Sequences> {
        let values = match self.vocabulary {
            None => take(bytes, self.values, f32::from_le_bytes)?.into(),
            Some(vocabulary) => Values::Tokens {
                ids: take(bytes, self.values, u16::from_le_bytes)?,
                vocabulary,
            },
        };
        let targets = take(bytes, self.targets, u32::from_le_bytes)?;
        let targets = match self.per_step {
            true => Targets::PerStep(targets),
            false => Targets::Class(targets),
        };
        let groups = take(bytes, self.groups, u32::from_le_bytes)?;
        Sequences::new(self.channels, self.steps, values, targets, groups).ok()
    }
}

/// The next `count` values of `N` bytes.
fn take<T, const N: usize>(
    bytes: &mut &[u8],
    count: usize,
    value: impl Fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    let (taken, rest) = bytes.split_at_checked(count.checked_mul(N)?)?;
    *bytes = rest;
    let (words, _) = taken.as_chunks::<N>();
    Some(words.iter().map(|&word| value(word)).collect())
}

pub(super) fn encode(parts: &[Sequences]) -> Result<Vec<u8>> {
    let header = postcard::to_stdvec(&parts.iter().map(SplitSizes::of).collect::<Vec<_>>())?;
    let mut bytes = u32::try_from(header.len())?.to_le_bytes().to_vec();
    bytes.extend(header);
    for part in parts {
        match &part.values {
            Values::Numbers(values) => {
                bytes.extend(values.packed().iter().flat_map(|v| v.to_le_bytes()));
            }
            Values::Tokens { ids, .. } => bytes.extend(ids.iter().flat_map(|v| v.to_le_bytes())),
        }
        for words in [part.targets.values(), &part.groups] {
            bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
    }
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    Ok(bytes)
}

/// The parts, or nothing if the bytes are not whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Sequences>> {
    let (mut bytes, crc) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(bytes) != u32::from_le_bytes(*crc) {
        return None;
    }
    let length = take(&mut bytes, 1, u32::from_le_bytes)?[0];
    let (header, mut bytes) = bytes.split_at_checked(length as usize)?;
    let parts: Vec<SplitSizes> = postcard::from_bytes(header).ok()?;
    parts.iter().map(|part| part.read(&mut bytes)).collect()
}
