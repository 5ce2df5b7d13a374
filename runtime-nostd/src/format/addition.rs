//! The part of the header that versions 3 and 4 of the format have and earlier versions do not.
//!
//! It is read as words, not by postcard: that saves a small core more than a kilobyte of code.

use serde::{Deserialize, Serialize};

use super::ModelError;
use crate::limits;

/// The part of the header that versions 3 and 4 of the format have and earlier versions do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Addition {
    /// Rows of U that are stored, an equal part of each diagonal block from its first row on: the others are zero. 0 where
    /// all are.
    pub driven_rows: u16,
    /// A layer between what is read and the logits.
    pub hidden_readout: Option<HiddenReadout>,
    /// The bounds that the exporter has proven: a reader refuses a model whose own proof gives others.
    pub bounds: Bounds,
    /// How a pooled readout forgets; without it, it sums until it is reset. Version 4.
    pub fading: Option<Fading>,
    /// Parts beside the network ([`Parts`](super::Parts)). Version 4.
    pub parts: u8,
}

/// A fading pool: sums of rectified states that forget exponentially, so that nothing has to be reset in a stream.
///
/// Before the steps `2^i`, `2 * 2^i`, … after the start, where `i` is `log2_interval`, each sum loses `2^-shift` of itself,
/// rounded down. So its time constant is `2^(shift + log2_interval)` steps, and of a constant state it becomes so many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(deny_unknown_fields)]
pub struct Fading {
    /// What a sum loses: `2^-shift` of itself, `1..=15`.
    pub shift: u8,
    /// Logarithm of the steps between two losses, `0..=16`.
    pub log2_interval: u8,
}

/// Largest magnitudes over all inputs and all states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bounds {
    /// Bound of a row of `U x + b`, or of `r_z Z + b`.
    pub layer_input: i32,
    /// Bound of the first layer's sum before its right shift.
    pub step: i32,
    /// Bound of the second layer's sum before its right shift; 0 without one.
    pub second_step: i32,
    /// Bound of the hidden readout layer's sum before its right shift; 0 without one.
    pub hidden: i32,
    /// Bound of a logit.
    pub logit: i32,
}

/// A dense binary layer in the readout, `relu(M relu(h) + c)`: it has no state and is computed when logits are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HiddenReadout {
    /// Units, a multiple of 16 in `16..=1024`.
    pub hidden_size: u16,
    /// Factor on a sum of states, `1..=32767`.
    pub multiplier: u16,
    /// Right shift of the product with its bias, `0..=30`.
    pub shift: u8,
    /// Width of the result, `8..=16`: it saturates at 0 and `2^(bits-1) - 1`.
    pub bits: u8,
    /// Whether there are biases.
    pub bias: bool,
}

impl Bounds {
    /// No bound.
    pub(crate) const NONE: Self = Self {
        layer_input: 0,
        step: 0,
        second_step: 0,
        hidden: 0,
        logit: 0,
    };

    /// Whether the bounds are those of `other`.
    pub(crate) const fn is(&self, other: &Self) -> bool {
        self.layer_input == other.layer_input
            && self.step == other.step
            && self.second_step == other.second_step
            && self.hidden == other.hidden
            && self.logit == other.logit
    }
}

impl HiddenReadout {
    /// Whether every number is in its range.
    const fn is_within_limits(&self) -> bool {
        let units = self.hidden_size as usize;
        limits::HIDDEN_READOUT_SIZE.holds(units)
            && units.is_multiple_of(limits::HIDDEN_READOUT_MULTIPLE)
            && limits::MULTIPLIER.holds(self.multiplier as usize)
            && limits::HIDDEN_READOUT_SHIFT.holds(self.shift as usize)
            && limits::STATE_BITS.holds(self.bits as usize)
    }
}

impl Addition {
    /// The value for a file of an earlier version.
    pub(crate) const NONE: Self = Self {
        driven_rows: 0,
        hidden_readout: None,
        bounds: Bounds::NONE,
        fading: None,
        parts: 0,
    };
    /// Words that it takes in version 3. In version 4 one more follows.
    pub(crate) const WORDS: usize = 7;

    /// Whether it is that of a file of an earlier version.
    pub(crate) const fn is_none(&self) -> bool {
        self.driven_rows == 0
            && self.hidden_readout.is_none()
            && self.bounds.is(&Bounds::NONE)
            && !self.is_of_version_4()
    }

    /// Whether version 3 cannot hold it.
    pub(crate) const fn is_of_version_4(&self) -> bool {
        self.fading.is_some() || self.parts != 0
    }

    /// Checks every range, but for that of the driven rows, which depends on the rest of the header.
    pub(super) const fn check(&self) -> Result<(), ModelError> {
        match &self.hidden_readout {
            Some(layer) if !layer.is_within_limits() => Err(ModelError::HiddenReadout),
            _ => Ok(()),
        }
    }

    /// `None` where a bit is set that must not be. `eighth` is the word that follows in version 4, else 0.
    #[inline(always)]
    pub(crate) const fn from_words(words: &[u32; Self::WORDS], eighth: u32) -> Option<Self> {
        let [
            sizes,
            numbers,
            layer_input,
            step,
            second_step,
            hidden,
            logit,
        ] = *words;
        let hidden_size = (sizes >> 16) as u16;
        let hidden_readout = HiddenReadout {
            hidden_size,
            multiplier: numbers as u16 & 0x7FFF,
            shift: (numbers >> 16) as u8,
            bits: (numbers >> 24) as u8,
            bias: numbers >> 15 & 1 == 1,
        };
        let fading = Fading {
            shift: (eighth >> 8) as u8,
            log2_interval: (eighth >> 16) as u8,
        };
        // Without a layer its numbers are zero, and so is the interval of a pool that does not fade.
        let no_fading = fading.shift == 0;
        if hidden_size == 0 && numbers != 0
            || no_fading && fading.log2_interval != 0
            || eighth >> 24 != 0
        {
            return None;
        }
        Some(Self {
            driven_rows: sizes as u16,
            hidden_readout: if hidden_size == 0 {
                None
            } else {
                Some(hidden_readout)
            },
            bounds: Bounds {
                layer_input: layer_input as i32,
                step: step as i32,
                second_step: second_step as i32,
                hidden: hidden as i32,
                logit: logit as i32,
            },
            fading: if no_fading { None } else { Some(fading) },
            parts: eighth as u8,
        })
    }

    /// The inverse of [`from_words`](Self::from_words).
    #[cfg(feature = "encode")]
    pub(crate) fn to_words(self) -> [u32; Self::WORDS] {
        let bounds = self.bounds;
        let (size, numbers) = self.hidden_readout.map_or((0, 0), |hidden| {
            let low = u32::from(hidden.multiplier & 0x7FFF) | u32::from(hidden.bias) << 15;
            let high = u32::from(hidden.shift) | u32::from(hidden.bits) << 8;
            (u32::from(hidden.hidden_size), low | high << 16)
        });
        [
            u32::from(self.driven_rows) | size << 16,
            numbers,
            bounds.layer_input as u32,
            bounds.step as u32,
            bounds.second_step as u32,
            bounds.hidden as u32,
            bounds.logit as u32,
        ]
    }

    /// The word that follows in version 4.
    #[cfg(feature = "encode")]
    pub(crate) fn eighth_word(self) -> u32 {
        let fading = self.fading.map_or(0, |fading| {
            u32::from(fading.shift) | u32::from(fading.log2_interval) << 8
        });
        u32::from(self.parts) | fading << 8
    }
}
