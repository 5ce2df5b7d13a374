//! Ranges against those of the network's slow form, unit by unit.

use super::*;
use crate::config::ExportConfig;
use crate::data::{Sequences, Targets, Values};
use crate::nn::{
    BinaryMatrixKind, HadamRnnConfig, HiddenReadout, HostWeights, Input, NetworkConfig,
    ReadoutKind, SecondLayer,
};
use crate::standardise::Standardisation;

const STEPS: usize = 30;
const WINDOWS: usize = 7;

fn config(input: Input, change: impl FnOnce(&mut NetworkConfig)) -> HadamRnnConfig {
    let mut network = NetworkConfig::of_size(32);
    change(&mut network);
    HadamRnnConfig {
        input,
        network,
        output_size: 3,
        auxiliary_size: 0,
        train_signs: false,
    }
}

fn second(hidden_size: usize, mixing: BinaryMatrixKind) -> Option<SecondLayer> {
    Some(SecondLayer {
        hidden_size,
        log2_block: 4,
        leak: Some(3),
        mixing,
        train_mixing: true,
        bias: true,
    })
}

/// Networks of each kind of input, layer and readout.
fn configs() -> Vec<HadamRnnConfig> {
    let numbers = Input::Numbers(3);
    let tokens = |embedding| Input::Tokens {
        vocabulary: 11,
        embedding,
    };
    let hidden = Some(HiddenReadout {
        hidden_size: 48,
        bias: true,
    });
    vec![
        config(numbers, |_| {}),
        config(numbers, |network| {
            network.leak = Some(4);
            network.readout = ReadoutKind::Pooled;
            network.hidden_readout = hidden;
            network.input_rows = Some(16);
            network.log2_block = 4;
        }),
        config(numbers, |network| {
            network.second = second(64, BinaryMatrixKind::Dense);
            network.readout = ReadoutKind::Pooled;
        }),
        config(numbers, |network| {
            network.input_bits = None;
            network.second = second(32, BinaryMatrixKind::Hadamard);
            network.hidden_readout = hidden;
        }),
        config(tokens(None), |network| {
            network.readout = ReadoutKind::EveryStep;
            network.hidden_readout = hidden;
        }),
        config(tokens(Some(5)), |network| network.log2_block = 2),
    ]
}

/// Windows of numbers that no library's random generator makes, or of tokens, padding among them.
fn sequences(input: Input) -> Sequences {
    let noise = |i: usize| (i as f64 * 0.754_877_666).fract() as f32;
    let (channels, values) = match input {
        Input::Numbers(channels) => {
            let count = WINDOWS * STEPS * channels;
            let values = (0..count).map(|i| 4.0 * noise(i) - 2.0);
            (channels, values.collect::<Vec<f32>>().into())
        }
        Input::Tokens { vocabulary, .. } => {
            let id = |i| (noise(i) * vocabulary as f32) as u16;
            let ids = (0..WINDOWS * STEPS).map(id).collect();
            (1, Values::Tokens { ids, vocabulary })
        }
    };
    let targets = Targets::Class(vec![0; WINDOWS]);
    Sequences::new(channels, STEPS, values, targets, vec![]).unwrap()
}

/// Runs `check` on the source and the codes of each kind of network.
fn for_each_kind(check: impl Fn(&Source<'_>, &Codes)) {
    for (seed, config) in configs().into_iter().enumerate() {
        let network = config.init(seed as u64, &host_device()).unwrap();
        let (weights, calibration) = (network.weights(), sequences(config.input));
        let source = Source {
            name: "test",
            weights: &weights,
            standardisation: &Standardisation::identity(3),
            input_lsb: &[1.0; 3],
            calibration: &calibration,
        };
        let export = ExportConfig {
            weight_bits: Some(8),
            ..ExportConfig::default()
        };
        check(&source, &Codes::new(&weights, &export).unwrap());
    }
}

/// The features of rectified reads `[read]`, from their definition.
fn features(weights: &HostWeights, read: Vec<f64>) -> Vec<f64> {
    let Some(layer) = &weights.hidden_readout else {
        return read;
    };
    let scale = 1.0 / (read.len() as f64).sqrt();
    let rows = layer.matrix.chunks_exact(read.len()).zip(&layer.bias);
    rows.map(|(row, &bias)| {
        let products = row.iter().zip(&read).map(|(&sign, r)| f64::from(sign) * r);
        (scale * products.sum::<f64>() + f64::from(bias)).max(0.0)
    })
    .collect()
}

/// The ranges, from the states that dense matrices give one step after the other.
fn naive(source: &Source<'_>, codes: &Codes) -> Ranges {
    let network = network(source, codes);
    let inputs = evaluate::inputs(source.calibration, source.standardisation, &host_device());
    let largest = |values: &[f64]| values.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    // Layer by layer, step by step, all windows in a row.
    let layers: Vec<Vec<Vec<f64>>> = (network.states_stepwise(&inputs).into_iter())
        .map(|steps| {
            let step = |state: Tensor<2>| state.into_data().iter::<f64>().collect();
            steps.into_iter().map(step).collect()
        })
        .collect();
    let range = |steps: &Vec<Vec<f64>>| {
        let all = steps.concat();
        LayerRange {
            largest: largest(&all),
            mean_square: all.iter().map(|h| h * h).sum::<f64>() / all.len() as f64,
        }
    };
    let top = layers.last().unwrap();
    let rectified = |step: &Vec<f64>| step.iter().map(|h| h.max(0.0)).collect::<Vec<_>>();
    let mut sums = vec![0.0; top[0].len()];
    for step in top {
        let step = rectified(step);
        sums.iter_mut().zip(step).for_each(|(sum, h)| *sum += h);
    }
    let reads: Vec<Vec<f64>> = match source.weights.config.network.readout {
        ReadoutKind::Pooled => vec![sums.iter().map(|sum| sum / STEPS as f64).collect()],
        ReadoutKind::LastState => vec![rectified(&top[STEPS - 1])],
        ReadoutKind::EveryStep => top.iter().map(rectified).collect(),
    };
    let n = source.weights.config.network.top_size();
    let rows = reads.iter().flat_map(|read| read.chunks_exact(n));
    let features: Vec<f64> = rows
        .flat_map(|read| features(source.weights, read.to_vec()))
        .collect();
    let numbers = source.calibration.values.numbers();
    let numbers = numbers.iter();
    let numbers: Vec<f64> = numbers.copied().map(f64::from).collect();
    Ranges {
        largest_input: largest(&numbers).max(LEAST),
        layers: layers.iter().map(range).collect(),
        largest_sum: largest(&sums),
        largest_feature: largest(&features),
    }
}

/// The numbers of ranges, in order.
fn numbers(ranges: &Ranges) -> Vec<f64> {
    let layers = ranges.layers.iter();
    let layers = layers.flat_map(|layer| [layer.largest, layer.mean_square]);
    let others = [
        ranges.largest_input,
        ranges.largest_sum,
        ranges.largest_feature,
    ];
    others.into_iter().chain(layers).collect()
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs() / expected;
        assert!(error < 2e-6, "{found} for {expected}: {error:.1e}");
    }
}

#[test]
fn ranges_are_those_of_the_slow_form() {
    for_each_kind(|source, codes| {
        let (found, expected) = (ranges(source, codes), naive(source, codes));
        assert_near(&numbers(&found), &numbers(&expected));
    });
}

#[test]
fn parts_add_up_and_no_range_is_zero() {
    let range = |square| Ranges {
        layers: vec![LayerRange {
            largest: square,
            mean_square: square,
        }],
        ..Ranges::default()
    };
    let total = Ranges::default()
        .merge(range(1.0))
        .merge(range(3.0))
        .finish(2);
    assert_eq!(total.first().mean_square, 2.0);
    assert_eq!((total.first().largest, total.largest_input), (3.0, LEAST));
    assert_eq!(total.second(), None);
}
