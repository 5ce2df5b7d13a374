//! Values of a configuration out of their range, and the checks that parts of the network share.

use hadamrnn_runtime::limits::{self, Limit};
use std::fmt;

/// A value of [`HadamRnnConfig`](super::HadamRnnConfig) out of its range. It names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A number of hidden units that is not a power of two within its limits.
    HiddenSize(&'static str, usize),
    /// A block size that the number of hidden units does not allow.
    Log2Block {
        /// The field.
        field: &'static str,
        /// The value found.
        log2_block: usize,
        /// The largest that `hidden_size` allows.
        max: usize,
    },
    /// A size that is out of its range.
    Size {
        /// The field.
        field: &'static str,
        /// The value found.
        size: usize,
        /// The smallest.
        min: usize,
        /// The largest.
        max: usize,
    },
    /// A size that is out of its range, or not a multiple of what it must be.
    Multiple {
        /// The field.
        field: &'static str,
        /// The value found.
        size: usize,
        /// Number that it must be a multiple of.
        multiple: usize,
        /// The range.
        limit: Limit,
    },
    /// A width of weights out of its range.
    Bits(&'static str, u8),
    /// A leak out of its range.
    Leak(&'static str, u8),
    /// Structured mixing between layers of different sizes.
    MixingSizes {
        /// Hidden units of the first layer.
        first: usize,
        /// Hidden units of the second layer.
        second: usize,
    },
    /// Another readout than a pooled one that fades.
    Fading,
    /// Trained rows of `U` that are not an equal part of every block in whole words of its codes.
    InputRows {
        /// The value found.
        rows: usize,
        /// Number that it must be a multiple of.
        multiple: usize,
        /// All rows.
        max: usize,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HiddenSize(field, n) => {
                let Limit { min, max } = limits::HIDDEN_SIZE;
                write!(
                    f,
                    "{field} must be a power of two from {min} to {max}, not {n}"
                )
            }
            Self::Log2Block {
                field,
                log2_block,
                max,
            } => write!(
                f,
                "{field} must be from {} to {max} (the full Hadamard matrix), not {log2_block}",
                limits::MIN_LOG2_BLOCK
            ),
            Self::Size {
                field,
                size,
                min,
                max,
            } => write!(f, "{field} must be from {min} to {max}, not {size}"),
            Self::Multiple {
                field,
                size,
                multiple,
                limit: Limit { min, max },
            } => write!(
                f,
                "{field} must be a multiple of {multiple} from {min} to {max}, not {size}"
            ),
            Self::Bits(field, bits) => {
                let Limit { min, max } = limits::WEIGHT_BITS;
                write!(
                    f,
                    "{field} must be from {min} (ternary) to {max}, or none, not {bits}"
                )
            }
            Self::Leak(field, leak) => {
                let Limit { min, max } = limits::LEAK;
                write!(
                    f,
                    "{field} must be from {min} (half) to {max}, or none, not {leak}"
                )
            }
            Self::MixingSizes { first, second } => write!(
                f,
                "second.mixing = \"hadamard\" needs layers of one size, not {first} and {second}: use \"dense\""
            ),
            Self::Fading => write!(f, "the table fading is for readout = \"pooled\""),
            Self::InputRows { multiple, max, .. } if multiple >= max => write!(
                f,
                "no value of input_rows works here: a word of codes of U, the least that is trained of each block, takes \
                 the whole block. Use larger blocks (log2_block) or more bits of U (input_bits), or leave input_rows out"
            ),
            Self::InputRows {
                rows,
                multiple,
                max,
            } => write!(
                f,
                "input_rows, counted over all blocks, must be a multiple of {multiple} (whole words of U in every block) and less than {max} (all \
                 rows, which it is without input_rows), not {rows}"
            ),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Checks that a size lies in its range.
pub(super) fn size(
    field: &'static str,
    size: usize,
    Limit { min, max }: Limit,
) -> Result<(), ConfigError> {
    match (min..=max).contains(&size) {
        true => Ok(()),
        false => Err(ConfigError::Size {
            field,
            size,
            min,
            max,
        }),
    }
}

/// Checks the width of weights.
pub(super) fn bits(field: &'static str, bits: Option<u8>) -> Result<(), ConfigError> {
    match bits {
        Some(bits) if !limits::WEIGHT_BITS.holds(bits.into()) => {
            Err(ConfigError::Bits(field, bits))
        }
        _ => Ok(()),
    }
}
