//! Parts of a model file beside the network: what is optional, and what later firmware may add. Version 4.
//!
//! A table has a word for each: its number, whether it is critical, and its length. So a part is found without reading the
//! ones before it, and whoever does not know it can skip it.

use super::ModelError;

/// Numbers of the parts. 1 to 3 and 6 are kept for channels, timing, names and signatures.
pub mod part {
    /// When an answer is a decision: smoothing, thresholds, durations.
    pub const DECISION: u16 = 4;
    /// How far an input is from all that the model was trained on.
    pub const METRIC: u16 = 5;
    /// Classes that were taught after training.
    pub const TAUGHT: u16 = 7;
}

/// A part as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its number, `1..=32767`.
    pub id: u16,
    /// Whether a runtime that does not know it must refuse the model, instead of skipping it.
    pub critical: bool,
    /// Its content, at most 65535 little-endian words.
    pub words: &'a [u32],
}

/// The parts of a model, by rising numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts<'a> {
    /// A word for each: number in bits 0 to 14, bit 15 set if it is critical, length in words in bits 16 to 31.
    table: &'a [u32],
    /// The contents, one after the other.
    words: &'a [u32],
}

impl<'a> Parts<'a> {
    /// No parts.
    pub(crate) const NONE: Self = Self {
        table: &[],
        words: &[],
    };

    /// The parts of a file's table and of the words behind its sections.
    ///
    /// # Errors
    /// [`ModelError::Parts`] where numbers do not rise or lengths do not add up, [`ModelError::UnknownPart`] for a critical part
    /// that this runtime does not know.
    pub(crate) const fn read(table: &'a [u32], words: &'a [u32]) -> Result<Self, ModelError> {
        let (mut rest, mut before, mut sum) = (table, 0, 0usize);
        while let Some((entry, others)) = rest.split_first() {
            let id = id(*entry);
            if id <= before {
                return Err(ModelError::Parts);
            }
            if is_critical(*entry) && !matches!(id, part::DECISION | part::METRIC | part::TAUGHT) {
                return Err(ModelError::UnknownPart(id));
            }
            // At most 255 lengths of 16 bits.
            (rest, before, sum) = (others, id, sum.wrapping_add(length(*entry)));
        }
        if sum == words.len() {
            Ok(Self { table, words })
        } else {
            Err(ModelError::Parts)
        }
    }

    /// The content of a part; none where the model lacks it.
    #[must_use]
    pub const fn get(&self, wanted: u16) -> Option<&'a [u32]> {
        let (mut table, mut words) = (self.table, self.words);
        while let Some((entry, others)) = table.split_first() {
            let Some((content, rest)) = words.split_at_checked(length(*entry)) else {
                return None;
            };
            if id(*entry) == wanted {
                return Some(content);
            }
            (table, words) = (others, rest);
        }
        None
    }

    /// All parts, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let mut words = self.words;
        self.table.iter().map_while(move |&entry| {
            let (content, rest) = words.split_at_checked(length(entry))?;
            words = rest;
            Some(Part {
                id: id(entry),
                critical: is_critical(entry),
                words: content,
            })
        })
    }
}

pub(super) const fn id(entry: u32) -> u16 {
    entry as u16 & 0x7FFF
}

const fn is_critical(entry: u32) -> bool {
    entry >> 15 & 1 == 1
}

/// Words of a part.
pub(super) const fn length(entry: u32) -> usize {
    (entry >> 16) as usize
}

impl Part<'_> {
    /// Its word in the table; none for a number or a length out of range.
    pub(crate) fn entry(&self) -> Option<u32> {
        let length = u16::try_from(self.words.len()).ok()?;
        let fits = (1..0x8000).contains(&self.id);
        fits.then(|| u32::from(self.id) | u32::from(self.critical) << 15 | u32::from(length) << 16)
    }
}
