//! Edges of every range of a configuration.

use crate::nn::{
    BinaryMatrixKind, ConfigError, HadamRnnConfig, HiddenReadout, Input, NetworkConfig,
    ReadoutKind, SecondLayer,
};

fn config() -> HadamRnnConfig {
    HadamRnnConfig {
        input: Input::Numbers(9),
        network: NetworkConfig {
            leak: Some(4),
            readout_bits: None,
            readout: ReadoutKind::Pooled,
            second: Some(SecondLayer {
                hidden_size: 128,
                log2_block: 3,
                leak: None,
                mixing: BinaryMatrixKind::Hadamard,
                train_mixing: true,
                bias: true,
            }),
            hidden_readout: Some(HiddenReadout {
                hidden_size: 48,
                bias: true,
            }),
            ..NetworkConfig::of_size(128)
        },
        output_size: 6,
        auxiliary_size: 0,
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
    changed(|config| change(config.network.second.as_mut().expect("a second layer")))
}

#[test]
fn edges_of_the_first_layer() {
    for n in [16_usize, 32, 1024] {
        for log2_block in [1, n.ilog2() as usize] {
            let outcome = changed(|config| {
                (config.network.hidden_size, config.network.log2_block) = (n, log2_block);
                config.network.second = None;
            });
            assert_eq!(outcome, Ok(()));
        }
    }
    for n in [0, 8, 100, 2048] {
        let outcome = changed(|config| config.network.hidden_size = n);
        assert_eq!(outcome, Err(ConfigError::HiddenSize("hidden_size", n)));
    }
    for log2_block in [0, 8] {
        let (field, max) = ("log2_block", 7);
        let error = ConfigError::Log2Block {
            field,
            log2_block,
            max,
        };
        let outcome = changed(|config| config.network.log2_block = log2_block);
        assert_eq!(outcome, Err(error));
    }
    for bits in [0, 9] {
        let outcome = changed(|config| config.network.readout_bits = Some(bits));
        assert_eq!(outcome, Err(ConfigError::Bits("readout_bits", bits)));
    }
    for leak in [0, 16] {
        let outcome = changed(|config| config.network.leak = Some(leak));
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
        let error = ConfigError::Size {
            field: "vocabulary",
            size: vocabulary,
            min: 2,
            max: 65_536,
        };
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
    for (size, fits) in [
        (0, false),
        (1, true),
        (1024, true),
        (1025, false),
        (usize::MAX, false),
    ] {
        let input = changed(|config| config.input = Input::Numbers(size));
        let output = changed(|config| config.output_size = size);
        assert_eq!((input.is_ok(), output.is_ok()), (fits, fits), "{size}");
    }
    let auxiliary = changed(|config| config.auxiliary_size = 1025);
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
    let dense =
        second(|second| (second.hidden_size, second.mixing) = (64, BinaryMatrixKind::Dense));
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
            config.network.hidden_readout = Some(HiddenReadout {
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
            (config.network.input_bits, config.network.log2_block) = (Some(bits), log2_block);
            config.network.input_rows = Some(rows);
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
            (config.network.input_bits, config.network.log2_block) = (Some(bits), log2_block);
            config.network.input_rows = Some(64);
        });
        let text = outcome.expect_err("refused").to_string();
        assert!(text.starts_with("no value of input_rows works"), "{text}");
    }
    let outcome = changed(|config| config.network.input_rows = Some(4));
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
        "output_size must be from 1 to 1024, not 0"
    );
    let text = ConfigError::HiddenSize("hidden_size", 100).to_string();
    assert_eq!(
        text,
        "hidden_size must be a power of two from 16 to 1024, not 100"
    );
}
