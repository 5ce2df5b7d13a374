//! Limits of a network and of its model: the range of every size, width and shift.
//!
//! They are defined here alone. The loader refuses a model beyond them, the trainer a configuration, and the exporter
//! searches within them. `docs/FORMAT.md` states the same numbers, and the names are those of `docs/ARITHMETIC.md`.

use core::fmt;

/// A range of whole numbers, both ends included. It is shown as `16..=1024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The least number.
    pub min: usize,
    /// The largest number.
    pub max: usize,
}

impl Limit {
    const fn new(min: usize, max: usize) -> Self {
        Self { min, max }
    }

    /// Whether `value` lies in the range.
    #[inline(always)]
    pub const fn holds(self, value: usize) -> bool {
        self.min <= value && value <= self.max
    }

    /// The number in the range that is closest to `value`.
    pub const fn clamp(self, value: usize) -> usize {
        if value < self.min {
            self.min
        } else if value > self.max {
            self.max
        } else {
            value
        }
    }

    /// All numbers of the range, rising.
    pub fn values(self) -> impl DoubleEndedIterator<Item = usize> {
        self.min..=self.max
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.min, self.max)
    }
}

/// Hidden units `n` of a recurrent layer, a power of two.
pub const HIDDEN_SIZE: Limit = Limit::new(16, 1024);
/// Least logarithm `q` of the side of a diagonal block; the largest is that of the layer's hidden units.
pub const MIN_LOG2_BLOCK: usize = 1;
/// Units of a hidden readout layer, a multiple of [`HIDDEN_READOUT_MULTIPLE`].
pub const HIDDEN_READOUT_SIZE: Limit = HIDDEN_SIZE;
/// Divisor of the units of a hidden readout layer: so many codes of two bits fill a word of V.
pub const HIDDEN_READOUT_MULTIPLE: usize = 16;
/// Inputs: channels and their copies.
pub const INPUTS: Limit = Limit::new(1, 1024);
/// Outputs; one is a binary task.
pub const OUTPUTS: Limit = Limit::new(1, 1024);
/// Tokens of a vocabulary: a token is a 16-bit number.
pub const VOCABULARY: Limit = Limit::new(1, 1 << 16);
/// Bits of a trained weight of U or V; 1 is ternary.
pub const WEIGHT_BITS: Limit = Limit::new(1, 8);
/// Bits `w` of a state, and of an output of a hidden readout layer.
pub const STATE_BITS: Limit = Limit::new(8, 16);
/// Bits `i` of a standardised input.
pub const INPUT_BITS: Limit = Limit::new(4, 16);
/// What a fading pool loses of itself: `2^-f`.
pub const FADE_SHIFT: Limit = Limit::new(1, 15);
/// Logarithm of the steps between two losses of a fading pool.
pub const LOG2_FADE_INTERVAL: Limit = Limit::new(0, 16);
/// Bits of a sum of a fading pool, those of its time constant and of a state together, at most.
pub const FADING_POOL_BITS: usize = 32;
/// Dimensions of a group of a metric.
pub(crate) const METRIC_DIMENSIONS_OF_GROUP: usize = 6;
/// Groups of dimensions of a metric that the score looks at.
pub const METRIC_GROUPS: Limit = Limit::new(1, 4);
/// Groups of dimensions of a metric in which classes are taught.
pub const TEACHING_GROUPS: Limit = Limit::new(0, 11);
/// Right shift of a projection and of the distances of a metric.
pub const METRIC_SHIFT: Limit = Limit::new(0, 30);
/// Entries of what a model was taught.
pub const TAUGHT_ENTRIES: Limit = Limit::new(1, 8);
/// Windows that the centre of an entry is the mean of.
pub const TAUGHT_WINDOWS: Limit = Limit::new(1, 0x7FFF);
/// Bytes of the name of a class that was taught.
pub const TAUGHT_LABEL: Limit = Limit::new(1, 32);
/// Bits of the mean that a pooled readout reads.
pub const POOLED_BITS: u8 = 16;
/// Leak `l` of a layer that has one: its state keeps `1 - 2^-l` of itself in a step.
pub const LEAK: Limit = Limit::new(1, 15);
/// Right shift `p` of the standardisation.
pub const INPUT_SHIFT: Limit = Limit::new(1, 17);
/// Left shift `k` of what drives the first layer.
pub const LAYER_INPUT_SHIFT: Limit = Limit::new(0, 20);
/// Right shift `g` after a recurrence.
pub const GAIN_SHIFT: Limit = Limit::new(4, 15);
/// Right shift `e` of a pooled sum.
pub const POOL_SHIFT: Limit = Limit::new(0, 16);
/// Right shift `s_h` of a sum of a hidden readout layer.
pub const HIDDEN_READOUT_SHIFT: Limit = Limit::new(0, 30);
/// Multipliers `r`, `r_z` and `r_h`: of a second layer, of a table of tokens and of a hidden readout layer.
pub const MULTIPLIER: Limit = Limit::new(1, 0x7FFF);
/// Samples of a window, from the start of one to that of the next, and from one sample that is used to the next: 16-bit
/// numbers beside a model in flash.
pub const SAMPLES: Limit = Limit::new(1, 65_535);

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::ModelError;
    use crate::fields::FieldWidth;
    use std::string::ToString;

    #[test]
    fn both_ends_are_within() {
        for (value, within, closest) in
            [(7, false, 8), (8, true, 8), (16, true, 16), (17, false, 16)]
        {
            assert_eq!(STATE_BITS.holds(value), within);
            assert_eq!(STATE_BITS.clamp(value), closest);
        }
        assert!(LAYER_INPUT_SHIFT.values().eq(0..=20));
    }

    #[test]
    fn messages_name_the_limits() {
        for (error, limit) in [
            (ModelError::HiddenSize, HIDDEN_SIZE),
            (ModelError::StateBits, STATE_BITS),
            (ModelError::InputBits, INPUT_BITS),
        ] {
            assert!(error.text().contains(&limit.to_string()), "{error} {limit}");
        }
        for (error, limit) in [(ModelError::Leak, LEAK), (ModelError::Pool, POOL_SHIFT)] {
            let beyond = std::format!("beyond {}", limit.max);
            assert!(error.text().contains(&beyond), "{error} {limit}");
        }
    }

    #[test]
    fn weights_of_these_bits_have_a_field() {
        for bits in 0..=u8::MAX {
            let has_field = FieldWidth::for_weight_bits(bits).is_some();
            assert_eq!(has_field, WEIGHT_BITS.holds(bits.into()), "{bits}");
        }
    }
}
