//! Checks of the values of a [`HadamRnnConfig`].

use super::{HadamRnnConfig, HiddenReadout, Input, Mixing, SecondLayer};
use hadamrnn_runtime::fields::FieldWidth;
use std::fmt;

/// Largest number of tokens: ids have 16 bits.
const MAX_VOCABULARY: usize = 1 << 16;

/// Largest number of inputs or outputs: the model format has 16 bits for it.
const MAX_SIZE: usize = 65_535;

/// Largest length of an embedding.
const MAX_EMBEDDING: usize = 4096;

/// Largest leak: a smaller one than `2^-15` would vanish in the 16-bit states of the exported model.
const MAX_LEAK: u8 = 15;

/// A value of [`HadamRnnConfig`] out of its range.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The named number of hidden units is not a power of two from 16 to 1024.
    HiddenSize(&'static str, usize),
    /// The named block size is not from 1 to `log2(hidden_size)`.
    Log2Block {
        /// The field.
        field: &'static str,
        /// The value found.
        log2_block: usize,
        /// The largest that `hidden_size` allows.
        max: usize,
    },
    /// The named size is out of its range.
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
    /// The named bit width is not from 1 to 8.
    Bits(&'static str, u8),
    /// The named leak is not from 1 to 15.
    Leak(&'static str, u8),
    /// The vocabulary is not from 2 to 65536.
    Vocabulary(usize),
    /// Structured mixing between layers of different sizes.
    MixingSizes {
        /// Hidden units of the first layer.
        first: usize,
        /// Hidden units of the second layer.
        second: usize,
    },
    /// The number of units of the hidden readout layer is not a multiple of 16 from 16 to 1024.
    HiddenReadout(usize),
    /// The trained rows of `U` are not an equal part of every block in whole words of its codes.
    InputRows {
        /// The value found.
        rows: usize,
        /// The number of which it must be a multiple.
        multiple: usize,
        /// Number of all rows.
        max: usize,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HiddenSize(field, n) => {
                write!(f, "{field} must be a power of two from 16 to 1024, not {n}")
            }
            Self::Log2Block {
                field,
                log2_block,
                max,
            } => write!(
                f,
                "{field} must be from 1 to {max} (the full Hadamard matrix), not {log2_block}"
            ),
            Self::Size {
                field,
                size,
                min,
                max,
            } => write!(f, "{field} must be from {min} to {max}, not {size}"),
            Self::Bits(field, bits) => {
                write!(
                    f,
                    "{field} must be from 1 (ternary) to 8, or none, not {bits}"
                )
            }
            Self::Leak(field, leak) => write!(
                f,
                "{field} must be from 1 (half) to {MAX_LEAK}, or none, not {leak}"
            ),
            Self::Vocabulary(size) => write!(
                f,
                "a vocabulary must hold from 2 to {MAX_VOCABULARY} tokens, not {size}"
            ),
            Self::MixingSizes { first, second } => write!(
                f,
                "second.mixing = \"hadamard\" needs layers of one size, not {first} and {second}: use \"dense\""
            ),
            Self::HiddenReadout(units) => write!(
                f,
                "hidden_readout.hidden_size must be a multiple of 16 from 16 to 1024, not {units}"
            ),
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

impl HadamRnnConfig {
    /// Checks every range stated at the fields.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_input()?;
        size("output_size", self.output_size, 1, MAX_SIZE)?;
        size("auxiliary_size", self.auxiliary_size, 0, MAX_SIZE)?;
        hidden_size("hidden_size", self.hidden_size)?;
        log2_block("log2_block", self.log2_block, self.hidden_size)?;
        leak("leak", self.leak)?;
        bits("input_bits", self.input_bits)?;
        bits("readout_bits", self.readout_bits)?;
        self.validate_input_rows()?;
        let hidden = self.hidden_readout.as_ref();
        hidden.map_or(Ok(()), HiddenReadout::validate)?;
        let second = self.second.as_ref();
        second.map_or(Ok(()), |second| second.validate(self.hidden_size))
    }

    fn validate_input(&self) -> Result<(), ConfigError> {
        match self.input {
            Input::Numbers(d_in) => size("input size", d_in, 1, MAX_SIZE),
            Input::Tokens { vocabulary, .. } if !(2..=MAX_VOCABULARY).contains(&vocabulary) => {
                Err(ConfigError::Vocabulary(vocabulary))
            }
            Input::Tokens { embedding, .. } => {
                size("embedding", embedding.unwrap_or(1), 1, MAX_EMBEDDING)
            }
        }
    }

    /// The runtime skips whole words of codes.
    fn validate_input_rows(&self) -> Result<(), ConfigError> {
        let Some(rows) = self.input_rows else {
            return Ok(());
        };
        let width = self.input_bits.and_then(FieldWidth::for_weight_bits);
        let word = width.unwrap_or(FieldWidth::Eight).per_word();
        let (max, multiple) = (
            self.hidden_size,
            word * (self.hidden_size >> self.log2_block),
        );
        match rows > 0 && rows < max && rows.is_multiple_of(multiple) {
            true => Ok(()),
            false => Err(ConfigError::InputRows {
                rows,
                multiple,
                max,
            }),
        }
    }
}

impl HiddenReadout {
    fn validate(&self) -> Result<(), ConfigError> {
        let units = self.hidden_size;
        match units.is_multiple_of(16) && (16..=1024).contains(&units) {
            true => Ok(()),
            false => Err(ConfigError::HiddenReadout(units)),
        }
    }
}

impl SecondLayer {
    fn validate(&self, first: usize) -> Result<(), ConfigError> {
        let second = self.hidden_size;
        hidden_size("second.hidden_size", second)?;
        log2_block("second.log2_block", self.log2_block, second)?;
        leak("second.leak", self.leak)?;
        match self.mixing {
            Mixing::Hadamard if first != second => Err(ConfigError::MixingSizes { first, second }),
            _ => Ok(()),
        }
    }
}

fn size(field: &'static str, size: usize, min: usize, max: usize) -> Result<(), ConfigError> {
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

fn hidden_size(field: &'static str, n: usize) -> Result<(), ConfigError> {
    match n.is_power_of_two() && (16..=1024).contains(&n) {
        true => Ok(()),
        false => Err(ConfigError::HiddenSize(field, n)),
    }
}

fn log2_block(field: &'static str, log2_block: usize, n: usize) -> Result<(), ConfigError> {
    let max = n.ilog2() as usize;
    match (1..=max).contains(&log2_block) {
        true => Ok(()),
        false => Err(ConfigError::Log2Block {
            field,
            log2_block,
            max,
        }),
    }
}

fn leak(field: &'static str, leak: Option<u8>) -> Result<(), ConfigError> {
    match leak {
        Some(leak) if !(1..=MAX_LEAK).contains(&leak) => Err(ConfigError::Leak(field, leak)),
        _ => Ok(()),
    }
}

fn bits(field: &'static str, bits: Option<u8>) -> Result<(), ConfigError> {
    match bits {
        Some(bits) if !(1..=8).contains(&bits) => Err(ConfigError::Bits(field, bits)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Readout;

    fn config() -> HadamRnnConfig {
        HadamRnnConfig {
            input: Input::Numbers(9),
            hidden_size: 128,
            log2_block: 7,
            leak: Some(4),
            second: Some(SecondLayer {
                hidden_size: 128,
                log2_block: 3,
                leak: None,
                mixing: Mixing::Hadamard,
                train_mixing: true,
                bias: true,
            }),
            readout: Readout::Pooled,
            hidden_readout: Some(HiddenReadout {
                hidden_size: 48,
                bias: true,
            }),
            output_size: 6,
            auxiliary_size: 0,
            input_bits: Some(4),
            input_rows: None,
            readout_bits: None,
            train_signs: true,
        }
    }

    /// The outcome after one change to a valid configuration.
    fn changed(change: impl FnOnce(&mut HadamRnnConfig)) -> Result<(), ConfigError> {
        let mut config = config();
        change(&mut config);
        config.validate()
    }

    /// The outcome after one change to its second layer.
    fn second(change: impl FnOnce(&mut SecondLayer)) -> Result<(), ConfigError> {
        changed(|config| change(config.second.as_mut().expect("a second layer")))
    }

    #[test]
    fn edges_of_the_first_layer() {
        for n in [16_usize, 32, 1024] {
            for log2_block in [1, n.ilog2() as usize] {
                let outcome = changed(|config| {
                    (config.hidden_size, config.log2_block) = (n, log2_block);
                    config.second = None;
                });
                assert_eq!(outcome, Ok(()));
            }
        }
        for n in [0, 8, 100, 2048] {
            let outcome = changed(|config| config.hidden_size = n);
            assert_eq!(outcome, Err(ConfigError::HiddenSize("hidden_size", n)));
        }
        for log2_block in [0, 8] {
            let (field, max) = ("log2_block", 7);
            let error = ConfigError::Log2Block {
                field,
                log2_block,
                max,
            };
            let outcome = changed(|config| config.log2_block = log2_block);
            assert_eq!(outcome, Err(error));
        }
        for bits in [0, 9] {
            let outcome = changed(|config| config.readout_bits = Some(bits));
            assert_eq!(outcome, Err(ConfigError::Bits("readout_bits", bits)));
        }
        for leak in [0, 16] {
            let outcome = changed(|config| config.leak = Some(leak));
            assert_eq!(outcome, Err(ConfigError::Leak("leak", leak)));
        }
    }

    #[test]
    fn edges_of_tokens() {
        let tokens = |vocabulary, embedding| {
            changed(|config| {
                config.input = Input::Tokens {
                    vocabulary,
                    embedding,
                }
            })
        };
        assert_eq!(tokens(2, None), Ok(()));
        assert_eq!(tokens(65_536, Some(1)), Ok(()));
        for vocabulary in [0, 1, 65_537] {
            let error = ConfigError::Vocabulary(vocabulary);
            assert_eq!(tokens(vocabulary, None), Err(error));
        }
        assert_eq!(tokens(2, Some(4096)), Ok(()));
        for size in [0, 4097] {
            let (field, min, max) = ("embedding", 1, 4096);
            let error = ConfigError::Size {
                field,
                size,
                min,
                max,
            };
            assert_eq!(tokens(2, Some(size)), Err(error));
        }
    }

    #[test]
    fn edges_of_inputs_and_outputs() {
        for (size, fits) in [(0, false), (1, true), (65_535, true), (usize::MAX, false)] {
            let input = changed(|config| config.input = Input::Numbers(size));
            let output = changed(|config| config.output_size = size);
            assert_eq!((input.is_ok(), output.is_ok()), (fits, fits), "{size}");
        }
        let auxiliary = changed(|config| config.auxiliary_size = 65_536);
        assert!(auxiliary.is_err());
    }

    #[test]
    fn edges_of_the_second_layer() {
        assert_eq!(second(|_| {}), Ok(()));
        let error = ConfigError::HiddenSize("second.hidden_size", 96);
        assert_eq!(second(|second| second.hidden_size = 96), Err(error));
        let error = ConfigError::Leak("second.leak", 0);
        assert_eq!(second(|second| second.leak = Some(0)), Err(error));
        let sizes = ConfigError::MixingSizes {
            first: 128,
            second: 64,
        };
        assert_eq!(second(|second| second.hidden_size = 64), Err(sizes));
        let dense = second(|second| (second.hidden_size, second.mixing) = (64, Mixing::Dense));
        assert_eq!(dense, Ok(()));
    }

    #[test]
    fn edges_of_the_hidden_readout() {
        for (units, fits) in [
            (16, true),
            (1024, true),
            (0, false),
            (40, false),
            (1040, false),
        ] {
            let outcome = changed(|config| {
                config.hidden_readout = Some(HiddenReadout {
                    hidden_size: units,
                    bias: false,
                });
            });
            assert_eq!(outcome.is_ok(), fits, "{units}: {outcome:?}");
        }
    }

    #[test]
    fn driven_rows_are_whole_words_of_every_block() {
        // Bits of U, log2 of the block, rows.
        for (bits, log2_block, rows, fits) in [
            (4, 7, 8, true),
            (4, 7, 120, true),
            (4, 7, 128, false),
            (4, 7, 0, false),
            (4, 7, 4, false),
            (4, 5, 32, true),
            (4, 5, 16, false),
            (2, 7, 16, true),
            (2, 7, 8, false),
            (8, 7, 4, true),
            (4, 2, 64, false),
        ] {
            let outcome = changed(|config| {
                (config.input_bits, config.log2_block) = (Some(bits), log2_block);
                config.input_rows = Some(rows);
            });
            assert_eq!(
                outcome.is_ok(),
                fits,
                "{bits} {log2_block} {rows}: {outcome:?}"
            );
        }
    }

    #[test]
    fn where_no_number_of_rows_fits_the_message_says_so() {
        // Bits of U, log2 of the block: a word of codes is as long as the block, or longer.
        for (bits, log2_block) in [(3, 3), (4, 3), (2, 4), (8, 2), (8, 1), (1, 3)] {
            let outcome = changed(|config| {
                (config.input_bits, config.log2_block) = (Some(bits), log2_block);
                config.input_rows = Some(64);
            });
            let text = outcome.expect_err("refused").to_string();
            assert!(text.starts_with("no value of input_rows works"), "{text}");
        }
        let outcome = changed(|config| config.input_rows = Some(4));
        let text = outcome.expect_err("refused").to_string();
        assert!(
            text.contains("over all blocks, must be a multiple of 8"),
            "{text}"
        );
    }

    #[test]
    fn messages_name_the_field_and_the_range() {
        let error = changed(|config| config.output_size = 0).expect_err("a size of zero");
        assert_eq!(
            error.to_string(),
            "output_size must be from 1 to 65535, not 0"
        );
        let text = ConfigError::HiddenSize("hidden_size", 100).to_string();
        assert_eq!(
            text,
            "hidden_size must be a power of two from 16 to 1024, not 100"
        );
    }
}
