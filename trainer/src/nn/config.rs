//! Sizes and options of the network, and what they may be.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Sizes and options of a [`HadamRnn`](super::HadamRnn).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HadamRnnConfig {
    /// Numbers per step, `d_in`: at least 1.
    pub input_size: usize,
    /// Hidden units, `n`: a power of two, 16 to 1024.
    pub hidden_size: usize,
    /// `q`: Hadamard blocks of `2^q`, 1 to `log2(n)`, where `log2(n)` is the full Hadamard matrix.
    pub log2_block: usize,
    /// Outputs, `d_out`: at least 1.
    pub output_size: usize,
    /// Bits of the input matrix `U`, 1 (ternary) to 8; `None` keeps it in full precision.
    pub input_bits: Option<u8>,
    /// Bits of the readout matrix `V`, 1 (ternary) to 8; `None` keeps it in full precision.
    pub readout_bits: Option<u8>,
    /// Whether the signs of `W` are trained or stay at their random start.
    pub train_signs: bool,
}

/// A value of [`HadamRnnConfig`] out of its range.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// `hidden_size` is not a power of two from 16 to 1024.
    HiddenSize(usize),
    /// `log2_block` is not from 1 to `log2(hidden_size)`.
    Log2Block {
        /// The value found.
        log2_block: usize,
        /// The largest that `hidden_size` allows.
        max: usize,
    },
    /// The named size is zero.
    ZeroSize(&'static str),
    /// The named bit width is not from 1 to 8.
    Bits(&'static str, u8),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HiddenSize(n) => {
                write!(
                    f,
                    "hidden_size must be a power of two from 16 to 1024, not {n}"
                )
            }
            Self::Log2Block { log2_block, max } => write!(
                f,
                "log2_block must be from 1 to {max} (the full Hadamard matrix), not {log2_block}"
            ),
            Self::ZeroSize(field) => write!(f, "{field} must be at least 1"),
            Self::Bits(field, bits) => {
                write!(
                    f,
                    "{field} must be from 1 (ternary) to 8, or none, not {bits}"
                )
            }
        }
    }
}

impl std::error::Error for ConfigError {}

impl HadamRnnConfig {
    /// Checks every range stated at the fields.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_sizes()?;
        validate_bits("input_bits", self.input_bits)?;
        validate_bits("readout_bits", self.readout_bits)
    }

    fn validate_sizes(&self) -> Result<(), ConfigError> {
        let n = self.hidden_size;
        if !n.is_power_of_two() || !(16..=1024).contains(&n) {
            return Err(ConfigError::HiddenSize(n));
        }
        let (log2_block, max) = (self.log2_block, n.ilog2() as usize);
        if !(1..=max).contains(&log2_block) {
            return Err(ConfigError::Log2Block { log2_block, max });
        }
        let sizes = [
            ("input_size", self.input_size),
            ("output_size", self.output_size),
        ];
        match sizes.into_iter().find(|&(_, size)| size == 0) {
            Some((field, _)) => Err(ConfigError::ZeroSize(field)),
            None => Ok(()),
        }
    }
}

fn validate_bits(field: &'static str, bits: Option<u8>) -> Result<(), ConfigError> {
    match bits {
        Some(bits) if !(1..=8).contains(&bits) => Err(ConfigError::Bits(field, bits)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> HadamRnnConfig {
        HadamRnnConfig {
            input_size: 9,
            hidden_size: 128,
            log2_block: 7,
            output_size: 6,
            input_bits: Some(4),
            readout_bits: None,
            train_signs: true,
        }
    }

    #[test]
    fn edges_of_every_range() {
        for n in [16_usize, 32, 1024] {
            for log2_block in [1, n.ilog2() as usize] {
                let config = HadamRnnConfig {
                    hidden_size: n,
                    log2_block,
                    ..config()
                };
                assert_eq!(config.validate(), Ok(()));
            }
        }
        for n in [0, 8, 100, 2048] {
            let config = HadamRnnConfig {
                hidden_size: n,
                ..config()
            };
            assert_eq!(config.validate(), Err(ConfigError::HiddenSize(n)));
        }
        for log2_block in [0, 8] {
            let config = HadamRnnConfig {
                log2_block,
                ..config()
            };
            let error = ConfigError::Log2Block { log2_block, max: 7 };
            assert_eq!(config.validate(), Err(error));
        }
        for bits in [0, 9] {
            let config = HadamRnnConfig {
                readout_bits: Some(bits),
                ..config()
            };
            assert_eq!(
                config.validate(),
                Err(ConfigError::Bits("readout_bits", bits))
            );
        }
    }

    #[test]
    fn messages_name_the_field_and_the_range() {
        let config = HadamRnnConfig {
            output_size: 0,
            ..config()
        };
        let error = config.validate().expect_err("a size of zero");
        assert_eq!(error.to_string(), "output_size must be at least 1");
        let text = ConfigError::HiddenSize(100).to_string();
        assert_eq!(
            text,
            "hidden_size must be a power of two from 16 to 1024, not 100"
        );
    }
}
