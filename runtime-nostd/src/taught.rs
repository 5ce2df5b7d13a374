//! What a model was taught after training: classes as places in the space of its [metric](Metric), by which its answers are
//! overruled.
//!
//! The part [`part::TAUGHT`] of a file has entries: each a class, one of the network's or a new one behind them, and a centre. For a
//! place whose network answers class `c`, with the quotients `q` of the metric, and `u` in its dimensions for teaching (`u = q` where it
//! has none):
//!
//! ```text
//! u_c     = the least u of the metric's centre of c and of entries of c
//! w_t     = u_t a_t                   of entry t
//! answer  = the class of the entry of least w_t, the first of equals, if w_t < 256 u_c; else c
//! score   = a q_t of that entry, if it answers; else that of the metric, where entries are centres with factor a
//! ```
//!
//! A centre is the mean of the places of the windows that were shown, rounded half up, and moves when more are shown:
//!
//! ```text
//! m'      = floor((m count + sum z + floor((count + n) / 2)) / (count + n))
//! ```
//!
//! All fits 32 bits: quotients and factors have 16 bits; places have 16 bits, and an entry counts at most `2^15 - 1` windows.

mod lesson;

pub use lesson::{Lesson, Plan, Shown, TaughtWords, TeachError};

use crate::format::{ModelError, part};
use crate::limits;
use crate::model::Model;
use crate::novelty::{DIMENSIONS, Metric, Place};

/// `a_t` of an entry that is as near as a centre of the network's own class.
pub const FACTOR: u16 = 256;
/// Words of an entry before its centre.
const ENTRY: usize = 2;
/// Words of a label.
const LABEL: usize = limits::TAUGHT_LABEL.max / 4;
/// Most words of a part.
pub const MAX_WORDS: usize = 1 + limits::TAUGHT_ENTRIES.max * (ENTRY + DIMENSIONS / 2 + LABEL);

const _: () = {
    let windows = limits::TAUGHT_WINDOWS.max as i64;
    assert!((windows << 15) + windows <= i32::MAX as i64);
};

/// What a model was taught: the part [`part::TAUGHT`] of its file.
#[derive(Clone, Copy, Debug)]
pub struct Taught<'a> {
    /// Classes of the network.
    trained: usize,
    dimensions: usize,
    entries: &'a [u32],
    labels: &'a [u32],
}

/// An entry of what a model was taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The class: one of the network's, or a new one behind them.
    pub class: u16,
    /// Windows that it is the mean of, `1..=32767`.
    pub windows: u16,
    /// The factor `a_t`.
    pub factor: u16,
    /// Two coordinates a word.
    centre: &'a [u32],
}

/// The answer to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The class.
    pub class: usize,
    /// Whether it was taught: the network's answer is overruled.
    pub by_entry: bool,
    /// How far the place is from all that is known; beyond the metric's [threshold](Metric::threshold) it is none of the classes.
    pub score: u32,
}

/// The answer to `place` by a model whose network answers `class`: the rule of this module.
pub fn judge(
    metric: &Metric<'_>,
    taught: Option<&Taught<'_>>,
    place: &Place,
    class: usize,
) -> Judged {
    let mut near = metric.nearness(place, class);
    // Weight, quotient and class of the best entry.
    let mut best = (u32::MAX, 0, class);
    for entry in taught.into_iter().flat_map(Taught::entries) {
        let quotient = metric.quotient(metric.squared_distance(entry.centre, place));
        let taught = metric.taught_quotient(entry.centre, place);
        near.nearest = near.nearest.min(quotient);
        near.own = near.own.min(quotient.wrapping_mul(metric.factor()));
        if usize::from(entry.class) == class {
            near.of_class = near.of_class.min(taught);
        }
        let weight = taught.wrapping_mul(entry.factor.into());
        if weight < best.0 {
            best = (weight, quotient, entry.class.into());
        }
    }
    let (weight, quotient, taught) = best;
    match weight < near.of_class.wrapping_mul(FACTOR.into()) {
        true => Judged {
            class: taught,
            by_entry: true,
            score: quotient.wrapping_mul(metric.factor()),
        },
        false => Judged {
            class,
            by_entry: false,
            score: near.score(metric),
        },
    }
}

impl<'a> Taught<'a> {
    /// What `model` was taught, if anything.
    ///
    /// # Errors
    /// [`ModelError::Taught`]: numbers are out of range, or it is not of the length that they and the model's metric call for, or there
    /// is no metric; [`ModelError::Metric`].
    pub const fn of(model: &Model<'a>) -> Result<Option<Self>, ModelError> {
        let Some(words) = model.parts().get(part::TAUGHT) else {
            return Ok(None);
        };
        match Metric::of(model) {
            Ok(Some(metric)) => match Self::read(words, model.class_count(), metric.dimensions()) {
                Some(taught) => Ok(Some(taught)),
                None => Err(ModelError::Taught),
            },
            Ok(None) => Err(ModelError::Taught),
            Err(error) => Err(error),
        }
    }

    const fn read(words: &'a [u32], trained: usize, dimensions: usize) -> Option<Self> {
        let Some((&sizes, words)) = words.split_first() else {
            return None;
        };
        let (entries, new) = ((sizes & 0xFF) as usize, (sizes >> 8 & 0xFF) as usize);
        if sizes >> 16 != 0 || !limits::TAUGHT_ENTRIES.holds(entries) || new > entries {
            return None;
        }
        let of_entries = entries.wrapping_mul(words_of_entry(dimensions));
        let Some((entries, labels)) = words.split_at_checked(of_entries) else {
            return None;
        };
        if labels.len() != new.wrapping_mul(LABEL) {
            return None;
        }
        let taught = Self {
            trained,
            dimensions,
            entries,
            labels,
        };
        if taught.has_valid_entries() && taught.has_valid_labels() {
            Some(taught)
        } else {
            None
        }
    }

    /// Whether classes do not fall, new ones are there without a gap, and no number is out of range.
    const fn has_valid_entries(&self) -> bool {
        let (mut rest, mut before, mut next) = (self.entries, 0, self.trained);
        while let Some((entry, others)) = rest.split_at_checked(words_of_entry(self.dimensions)) {
            let Some((&[numbers, factor], _)) = entry.split_first_chunk() else {
                break;
            };
            let class = (numbers & 0xFFFF) as usize;
            if class == next {
                next = next.wrapping_add(1);
            }
            if class < before
                || class >= next
                || !limits::TAUGHT_WINDOWS.holds((numbers >> 16) as usize)
                || factor > 0xFFFF
            {
                return false;
            }
            (rest, before) = (others, class);
        }
        next == self.class_count()
    }

    /// Whether labels are text that zeros fill up.
    const fn has_valid_labels(&self) -> bool {
        let mut rest = self.labels;
        while let Some((label, others)) = rest.split_first_chunk::<LABEL>() {
            if text_length(label).is_none() {
                return false;
            }
            rest = others;
        }
        true
    }

    /// Classes of the network and new ones.
    pub const fn class_count(&self) -> usize {
        self.trained.wrapping_add(self.labels.len() / LABEL)
    }

    /// Classes of the network: the first new one has this number.
    pub const fn trained_count(&self) -> usize {
        self.trained
    }

    /// Names of the new classes, in their order.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let (labels, _) = self.labels.as_chunks();
        labels.iter().map(text)
    }

    /// The entries, by rising classes.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let words = words_of_entry(self.dimensions);
        self.entries.chunks(words.max(1)).map(|entry| {
            let (numbers, centre) = entry.split_at_checked(ENTRY).unwrap_or((&[], &[]));
            let (numbers, factor) = match *numbers {
                [numbers, factor] => (numbers, factor),
                _ => (0, 0),
            };
            Entry {
                class: numbers as u16,
                windows: (numbers >> 16) as u16,
                factor: factor as u16,
                centre,
            }
        })
    }
}

impl Entry<'_> {
    /// The centre, with zeros behind the dimensions that the metric has.
    pub fn centre(&self) -> Place {
        let mut centre = [0; DIMENSIONS];
        let (pairs, _) = centre.as_chunks_mut::<2>();
        for (pair, word) in pairs.iter_mut().zip(self.centre) {
            let word = *word as i32;
            *pair = [word << 16 >> 16, word >> 16];
        }
        centre
    }
}

/// Words of an entry; at least two.
const fn words_of_entry(dimensions: usize) -> usize {
    dimensions.div_ceil(2).wrapping_add(ENTRY)
}

/// Bytes of the text of a label; none where it is empty, no UTF-8, or has zeros within.
const fn text_length(label: &[u32; LABEL]) -> Option<usize> {
    let (mut length, mut at, mut has_ended) = (0usize, 0usize, false);
    let mut bytes = [0; 4 * LABEL];
    let (mut words, mut to) = (label.as_slice(), bytes.as_mut_slice());
    while let (Some((word, others)), Some((four, rest))) =
        (words.split_first(), to.split_first_chunk_mut::<4>())
    {
        *four = word.to_le_bytes();
        (words, to) = (others, rest);
    }
    let mut rest = bytes.as_slice();
    while let Some((byte, others)) = rest.split_first() {
        at = at.wrapping_add(1);
        match (*byte, has_ended) {
            (0, _) => has_ended = true,
            (_, true) => return None,
            (_, false) => length = at,
        }
        rest = others;
    }
    let Some((text, _)) = bytes.split_at_checked(length) else {
        return None;
    };
    match str::from_utf8(text) {
        Ok(_) if length > 0 => Some(length),
        _ => None,
    }
}

/// The text of a label; empty where it is none.
fn text(label: &[u32; LABEL]) -> &str {
    let bytes: &[u8] = bytemuck::cast_slice(label);
    let bytes = bytes.get(..text_length(label).unwrap_or(0));
    str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}
