//! Networks of every kind with random weights, and sequences for them.

#![allow(dead_code, reason = "each test uses a part of it")]

use hadamrnn::config::ExportConfig;
use hadamrnn::data::{Sequences, Targets, Values};
use hadamrnn::export::{self, export};
use hadamrnn::integer::ModelFile;
use hadamrnn::nn::{
    BinaryMatrixKind, HadamRnnConfig, HiddenReadout, HostHiddenReadout, HostSecondLayer,
    HostWeights, Input, NetworkConfig, ReadoutKind, SecondLayer,
};
use hadamrnn::standardise::Standardisation;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub const N: usize = 64;
pub const STEPS: usize = 60;
pub const WINDOWS: usize = 20;
pub const VOCABULARY: usize = 40;
pub const CHANNELS: usize = 3;
pub const OUTPUTS: usize = 4;
/// Physical units per raw count.
pub const LSB: f32 = 1.0 / 4096.0;

fn uniform(rng: &mut impl Rng, count: usize, limit: f32) -> Vec<f32> {
    (0..count)
        .map(|_| rng.random_range(-limit..limit))
        .collect()
}

fn signs(rng: &mut impl Rng, count: usize) -> Vec<i8> {
    (0..count)
        .map(|_| if rng.random() { 1 } else { -1 })
        .collect()
}

pub fn config(
    input: Input,
    leak: Option<u8>,
    second: Option<SecondLayer>,
    readout: ReadoutKind,
) -> HadamRnnConfig {
    HadamRnnConfig {
        input,
        network: NetworkConfig {
            log2_block: 5,
            leak,
            second,
            readout,
            ..NetworkConfig::of_size(N)
        },
        output_size: OUTPUTS,
        auxiliary_size: 0,
        train_signs: false,
    }
}

pub fn second_layer(hidden_size: usize, mixing: BinaryMatrixKind, leak: Option<u8>) -> SecondLayer {
    SecondLayer {
        hidden_size,
        log2_block: hidden_size.ilog2() as usize,
        leak,
        mixing,
        train_mixing: false,
        bias: true,
    }
}

pub fn weights(config: HadamRnnConfig, seed: u64) -> HostWeights {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut input = match config.input {
        Input::Numbers(d_in) => uniform(rng, N * d_in, 0.3),
        Input::Tokens { vocabulary, .. } => {
            let mut table = uniform(rng, vocabulary * N, 0.3);
            table[..N].fill(0.0);
            table
        }
    };
    for (at, weight) in input.iter_mut().enumerate() {
        let unit = match config.input {
            Input::Numbers(d_in) => at / d_in,
            Input::Tokens { .. } => at % N,
        };
        if !config.is_driven(unit) {
            *weight = 0.0;
        }
    }
    let hidden_readout = config
        .network
        .hidden_readout
        .map(|layer| HostHiddenReadout {
            matrix: signs(rng, layer.hidden_size * config.network.top_size()),
            bias: uniform(rng, layer.hidden_size, 0.1),
        });
    let second = config.network.second.map(|layer| HostSecondLayer {
        signs: signs(rng, layer.hidden_size),
        mixing: match layer.mixing {
            BinaryMatrixKind::Dense => signs(rng, layer.hidden_size * N),
            BinaryMatrixKind::Hadamard => signs(rng, 2 * N),
        },
        bias: uniform(rng, layer.hidden_size, 0.1),
    });
    HostWeights {
        signs: signs(rng, N),
        input,
        bias: uniform(rng, N, 0.02),
        second,
        hidden_readout,
        readout: uniform(rng, OUTPUTS * config.network.read_size(), 0.3),
        readout_bias: uniform(rng, OUTPUTS, 0.5),
        config,
    }
}

pub fn sequences(config: &HadamRnnConfig) -> Sequences {
    let rng = &mut ChaCha8Rng::seed_from_u64(99);
    let (channels, values) = match config.input {
        Input::Numbers(channels) => {
            // Whole raw counts, so that both sides see the same numbers.
            let values = (0..WINDOWS * STEPS * channels)
                .map(|_| f32::from(rng.random_range(-8000i16..8000)) * LSB);
            (channels, values.collect::<Vec<f32>>().into())
        }
        Input::Tokens { vocabulary, .. } => {
            let ids = (0..WINDOWS * STEPS).map(|_| rng.random_range(0..vocabulary as u16));
            (
                1,
                Values::Tokens {
                    ids: ids.collect(),
                    vocabulary,
                },
            )
        }
    };
    let targets = match config.network.readout {
        ReadoutKind::EveryStep => Targets::PerStep(vec![1; WINDOWS * STEPS]),
        _ => Targets::Class(vec![1; WINDOWS]),
    };
    Sequences::new(channels, STEPS, values, targets, vec![]).expect("consistent")
}

/// Adds a hidden readout layer to a configuration.
fn hidden(mut config: HadamRnnConfig, hidden_size: usize) -> HadamRnnConfig {
    config.network.hidden_readout = Some(HiddenReadout {
        hidden_size,
        bias: true,
    });
    config
}

/// Gives inputs to `rows` of the units only.
fn driven(mut config: HadamRnnConfig, rows: usize) -> HadamRnnConfig {
    config.network.input_rows = Some(rows);
    config
}

pub fn kinds() -> Vec<(&'static str, HadamRnnConfig)> {
    let numbers = Input::Numbers(CHANNELS);
    let tokens = |embedding| Input::Tokens {
        vocabulary: VOCABULARY,
        embedding,
    };
    let dense = |n| Some(second_layer(n, BinaryMatrixKind::Dense, Some(3)));
    let hadamard = Some(second_layer(N, BinaryMatrixKind::Hadamard, None));
    vec![
        (
            "numbers",
            config(numbers, None, None, ReadoutKind::LastState),
        ),
        (
            "leak",
            config(numbers, Some(3), None, ReadoutKind::LastState),
        ),
        (
            "pooled",
            config(numbers, Some(4), None, ReadoutKind::Pooled),
        ),
        (
            "tokens",
            config(tokens(None), None, None, ReadoutKind::LastState),
        ),
        (
            "folded tokens",
            config(tokens(Some(8)), Some(5), None, ReadoutKind::Pooled),
        ),
        (
            "two layers, dense",
            config(numbers, Some(3), dense(128), ReadoutKind::Pooled),
        ),
        (
            "two layers, Hadamard",
            config(numbers, None, hadamard, ReadoutKind::LastState),
        ),
        (
            "two layers of tokens",
            config(tokens(None), Some(2), dense(32), ReadoutKind::LastState),
        ),
        (
            "hidden readout",
            hidden(config(numbers, None, None, ReadoutKind::LastState), 48),
        ),
        (
            "hidden readout, two layers, pooled",
            hidden(config(numbers, Some(3), hadamard, ReadoutKind::Pooled), 16),
        ),
        (
            "hidden readout of tokens, driven rows",
            driven(
                hidden(config(tokens(None), None, None, ReadoutKind::LastState), 32),
                16,
            ),
        ),
        (
            "driven rows",
            driven(config(numbers, None, None, ReadoutKind::LastState), 32),
        ),
    ]
}

pub fn exported(weights: &HostWeights, data: &Sequences, config: &ExportConfig) -> ModelFile {
    let source = export::Source {
        name: "test",
        weights,
        standardisation: &Standardisation::identity(CHANNELS),
        input_lsb: &[LSB; CHANNELS],
        calibration: data,
    };
    export(source, config).expect("exports").0
}

pub fn widths(state_bits: u8) -> ExportConfig {
    ExportConfig {
        state_bits: Some(state_bits),
        input_bits: state_bits.min(14),
        ..ExportConfig::default()
    }
}

/// A session of 6.4 KB of 32-bit states, and 4 KB on the stack while logits are read.
pub fn large_hidden_readout() -> HadamRnnConfig {
    let second = second_layer(512, BinaryMatrixKind::Dense, None);
    let numbers = Input::Numbers(CHANNELS);
    hidden(
        config(numbers, None, Some(second), ReadoutKind::Pooled),
        1024,
    )
}

/// A table of 320 KB.
pub fn large_vocabulary() -> HadamRnnConfig {
    let input = Input::Tokens {
        vocabulary: 10_000,
        embedding: None,
    };
    config(input, None, None, ReadoutKind::LastState)
}
