//! The exporter for every kind of network: integer logits against a naive float network of the same random weights.

use hadamrnn::config::ExportConfig;
use hadamrnn::data::{Sequences, Values};
use hadamrnn::evaluate::integer_metrics;
use hadamrnn::export::{self, export};
use hadamrnn::fast_path::{Obstacle, obstacles};
use hadamrnn::integer::{KernelName, answers};
use hadamrnn::nn::{BinaryMatrixKind, HostWeights, Input, ReadoutKind, leak_factor, quant};
use hadamrnn::standardise::Standardisation;

mod kinds;

use kinds::*;

/// `s γ H h / sqrt(B)`.
fn recur(h: &[f64], signs: &[i8], log2_block: usize, leak: Option<u8>) -> Vec<f64> {
    let block = 1usize << log2_block;
    let factor = f64::from(leak_factor(leak)) / (block as f64).sqrt();
    (0..h.len())
        .map(|i| {
            let first = i / block * block;
            let sum: f64 = (0..block)
                .map(|j| {
                    if ((i - first) & j).count_ones().is_multiple_of(2) {
                        h[first + j]
                    } else {
                        -h[first + j]
                    }
                })
                .sum();
            factor * f64::from(signs[i]) * sum
        })
        .collect()
}

fn relu(h: &[f64]) -> Vec<f64> {
    h.iter().map(|h| h.max(0.0)).collect()
}

/// The float network's logits after the last step.
struct Float<'a> {
    weights: &'a HostWeights,
    input: Vec<f64>,
    readout: Vec<f64>,
}

impl<'a> Float<'a> {
    /// Weights quantised to 4 bits; a folded table keeps its precision.
    fn new(weights: &'a HostWeights) -> Self {
        let quantised = |weights: &[f32]| -> Vec<f64> {
            let (codes, scale) = quant::quantise(weights, 4);
            codes
                .iter()
                .map(|&code| f64::from(code as f32 * scale))
                .collect()
        };
        let folded = matches!(
            weights.config.input,
            Input::Tokens {
                embedding: Some(_),
                ..
            }
        );
        Self {
            weights,
            input: match folded {
                true => weights.input.iter().copied().map(f64::from).collect(),
                false => quantised(&weights.input),
            },
            readout: quantised(&weights.readout),
        }
    }

    fn layer_input(&self, x: &[f64], token: Option<u16>) -> Vec<f64> {
        let bias = |i: usize| f64::from(self.weights.bias[i]);
        match token {
            Some(token) => (0..N)
                .map(|i| self.input[usize::from(token) * N + i] + bias(i))
                .collect(),
            None => (0..N)
                .map(|i| {
                    let row = &self.input[i * x.len()..][..x.len()];
                    bias(i) + row.iter().zip(x).map(|(u, x)| u * x).sum::<f64>()
                })
                .collect(),
        }
    }

    fn mix(&self, h: &[f64]) -> Vec<f64> {
        let second = self.weights.second.as_ref().expect("a second layer");
        let layer = self.weights.config.network.second.expect("a second layer");
        let h = relu(h);
        let entry = |i: usize, j: usize| match layer.mixing {
            BinaryMatrixKind::Dense => f64::from(second.mixing[i * N + j]),
            BinaryMatrixKind::Hadamard => {
                let sign = 1.0 - 2.0 * f64::from((i & j).count_ones() % 2);
                f64::from(second.mixing[i]) * sign * f64::from(second.mixing[N + j])
            }
        };
        (0..layer.hidden_size)
            .map(|i| {
                let sum: f64 = (0..N).map(|j| entry(i, j) * h[j]).sum();
                sum / (N as f64).sqrt() + f64::from(second.bias[i])
            })
            .collect()
    }

    fn logits(&self, data: &Sequences, window: usize) -> Vec<f64> {
        let config = &self.weights.config.network;
        let mut h = vec![0.0; N];
        let mut h2 = vec![0.0; config.second.map_or(0, |layer| layer.hidden_size)];
        let mut mean = vec![0.0; config.top_size()];
        for t in 0..STEPS {
            let (x, token): (Vec<f64>, _) = match &data.values {
                Values::Numbers(_) => {
                    let x = &data.window(window)[t * data.channels..][..data.channels];
                    (x.iter().copied().map(f64::from).collect(), None)
                }
                Values::Tokens { .. } => (vec![], Some(data.tokens(window)[t])),
            };
            let add = |a: Vec<f64>, b: Vec<f64>| -> Vec<f64> {
                a.iter().zip(b).map(|(a, b)| a + b).collect()
            };
            h = add(
                recur(&h, &self.weights.signs, config.log2_block, config.leak),
                self.layer_input(&x, token),
            );
            if let (Some(layer), Some(second)) = (config.second, &self.weights.second) {
                h2 = add(
                    recur(&h2, &second.signs, layer.log2_block, layer.leak),
                    self.mix(&h),
                );
            }
            let top = if h2.is_empty() { &h } else { &h2 };
            mean = add(mean, relu(top).iter().map(|h| h / STEPS as f64).collect());
        }
        let read = match config.readout {
            ReadoutKind::Pooled => mean,
            _ => relu(if h2.is_empty() { &h } else { &h2 }),
        };
        let read = match &self.weights.hidden_readout {
            Some(layer) => {
                let rows = layer.matrix.chunks(read.len()).zip(&layer.bias);
                let sums = rows.map(|(row, &bias)| {
                    let sum: f64 = row
                        .iter()
                        .zip(&read)
                        .map(|(&sign, r)| f64::from(sign) * r)
                        .sum();
                    f64::from(bias) + sum / (read.len() as f64).sqrt()
                });
                relu(&sums.collect::<Vec<f64>>())
            }
            None => read,
        };
        let rows = self
            .readout
            .chunks(read.len())
            .zip(&self.weights.readout_bias);
        rows.map(|(row, &bias)| {
            f64::from(bias) + row.iter().zip(&read).map(|(v, h)| v * h).sum::<f64>()
        })
        .collect()
    }
}

/// Root mean square error of the integer logits, relative to the spread of the float network's.
fn relative_error(weights: &HostWeights, data: &Sequences, config: &ExportConfig) -> f64 {
    let file = exported(weights, data, config);
    let model = file.model().expect("valid");
    let scale = f64::from(model.header().logit_scale);
    let float = Float::new(weights);
    let integer =
        answers(&model, KernelName::best_for(&model), data, &[LSB; CHANNELS]).expect("runs");
    let (mut error, mut all) = (0.0, Vec::new());
    for (window, answer) in integer.iter().enumerate() {
        for (float, &logit) in float.logits(data, window).into_iter().zip(&answer.logits) {
            error += (float - f64::from(logit) * scale).powi(2);
            all.push(float);
        }
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let spread: f64 = all.iter().map(|logit| (logit - mean).powi(2)).sum();
    (error / spread).sqrt()
}

#[test]
fn integer_logits_follow_float_logits_for_every_kind() {
    for (seed, (kind, config)) in kinds().into_iter().enumerate() {
        let (weights, data) = (weights(config.clone(), seed as u64), sequences(&config));
        let error = |bits| relative_error(&weights, &data, &widths(bits));
        let (coarse, normal, fine) = (error(9), error(12), error(16));
        // A folded table has its own rounding, to 8 bits.
        let (normal_limit, fine_limit) = if kind == "folded tokens" {
            (0.05, 0.02)
        } else {
            (0.04, 0.005)
        };
        assert!(
            normal < normal_limit,
            "{kind}: 12-bit states err by {normal}"
        );
        assert!(fine < fine_limit, "{kind}: 16-bit states err by {fine}");
        assert!(
            fine < normal && normal < coarse,
            "{kind}: {fine} {normal} {coarse}"
        );
    }
}

#[test]
fn metrics_of_the_integer_model_are_those_of_its_logits() {
    for readout in [ReadoutKind::LastState, ReadoutKind::EveryStep] {
        let input = Input::Tokens {
            vocabulary: VOCABULARY,
            embedding: None,
        };
        let config = config(input, None, None, readout);
        let (weights, data) = (weights(config.clone(), 5), sequences(&config));
        let file = exported(&weights, &data, &widths(12));
        let model = file.model().expect("valid");
        let kernel = KernelName::best_for(&model);
        let found = integer_metrics(&model, kernel, &data, &[]).expect("runs");
        let every_step = readout == ReadoutKind::EveryStep;
        assert_eq!(found.count, if every_step { WINDOWS * 10 } else { WINDOWS });
        let scale = f64::from(model.header().logit_scale);
        let losses: Vec<f64> = (0..WINDOWS)
            .flat_map(|i| {
                let window = data.raw(i, &[]);
                let logits = kernel.logits(&model, &window, every_step).expect("runs");
                let rows: Vec<f64> = (logits.chunks(OUTPUTS))
                    .map(|row| {
                        let sum: f64 = row.iter().map(|&y| (f64::from(y) * scale).exp()).sum();
                        sum.ln() - f64::from(row[1]) * scale
                    })
                    .collect();
                rows
            })
            .collect();
        let mean = losses.iter().sum::<f64>() / losses.len() as f64;
        assert!((found.loss - mean).abs() < 1e-9, "{} {mean}", found.loss);
    }
}

#[test]
fn each_kind_is_written_in_the_lowest_version() {
    for (name, config) in kinds() {
        let (weights, data) = (weights(config.clone(), 3), sequences(&config));
        let file = exported(&weights, &data, &widths(12));
        let expected = match &config.network {
            config if config.hidden_readout.is_some() || config.input_rows.is_some() => 3,
            config if name == "numbers" && config.leak.is_none() => 1,
            _ => 2,
        };
        let stored = u16::from_le_bytes([file.bytes()[4], file.bytes()[5]]);
        assert_eq!(stored, expected, "{name}");
        let model = file.model().expect("valid");
        let is_stated = model.header().addition.bounds == model.bounds();
        assert_eq!(is_stated, stored == 3, "{name}");
    }
}

#[test]
fn widths_are_chosen_from_ranges() {
    let config = config(Input::Numbers(CHANNELS), None, None, ReadoutKind::LastState);
    let (weights, data) = (weights(config.clone(), 3), sequences(&config));
    let automatic = ExportConfig::default();
    let bits = exported(&weights, &data, &automatic)
        .model()
        .expect("valid")
        .header()
        .state_bits;
    assert!((10..=13).contains(&bits), "{bits} bits");
    let error = relative_error(&weights, &data, &automatic);
    assert!(error < 0.05, "{bits} bits err by {error}");
}

#[test]
fn full_precision_is_refused_unless_bits_are_given() {
    let mut config = config(Input::Numbers(CHANNELS), None, None, ReadoutKind::LastState);
    (config.network.input_bits, config.network.readout_bits) = (None, None);
    let (weights, data) = (weights(config.clone(), 3), sequences(&config));
    let source = export::Source {
        name: "test",
        weights: &weights,
        standardisation: &Standardisation::identity(CHANNELS),
        input_lsb: &[LSB; CHANNELS],
        calibration: &data,
    };
    let error = export(source, &ExportConfig::default())
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("full precision") && error.contains("--weight-bits"),
        "{error}"
    );
    let eight = ExportConfig {
        weight_bits: Some(8),
        ..ExportConfig::default()
    };
    let (file, _) = export(source, &eight).expect("exports");
    assert_eq!(file.model().expect("valid").header().input_weight_bits, 8);
}

#[test]
fn wider_fields_hold_the_same_weights() {
    for readout in [ReadoutKind::LastState, ReadoutKind::Pooled] {
        let mut config = config(Input::Numbers(CHANNELS), None, None, readout);
        config.network.input_bits = Some(2);
        let (weights, data) = (weights(config.clone(), 7), sequences(&config));
        let logits = |input_field_bits, stored| {
            let config = ExportConfig {
                input_field_bits,
                ..widths(12)
            };
            let file = exported(&weights, &data, &config);
            let model = file.model().expect("valid");
            assert_eq!(model.header().input_weight_bits, stored);
            let kernel = KernelName::best_for(&model);
            let answers = answers(&model, kernel, &data, &[LSB; CHANNELS]).expect("runs");
            answers
                .into_iter()
                .flat_map(|answer| answer.logits)
                .collect::<Vec<_>>()
        };
        let packed = logits(None, 2);
        assert_eq!(packed, logits(Some(4), 4));
        assert_eq!(packed, logits(Some(8), 8));
    }
}

#[test]
fn layers_without_a_leak_get_that_of_the_export() {
    let exported = |first, second, leak| {
        let second = second_layer(N, BinaryMatrixKind::Hadamard, second);
        let config = config(
            Input::Numbers(CHANNELS),
            first,
            Some(second),
            ReadoutKind::LastState,
        );
        let (weights, data) = (weights(config.clone(), 5), sequences(&config));
        let export = ExportConfig { leak, ..widths(12) };
        exported(&weights, &data, &export)
    };
    // As if it had been trained with it.
    let added = exported(None, Some(2), Some(6));
    assert_eq!(added.bytes(), exported(Some(6), Some(2), None).bytes());
    assert_ne!(added.bytes(), exported(None, Some(2), None).bytes());
}

/// Each reason is told where it holds, and what it advises is a remedy.
#[test]
fn what_keeps_a_model_off_the_assembly_is_told_with_its_remedy() {
    let config = config(Input::Numbers(CHANNELS), None, None, ReadoutKind::LastState);
    let data = sequences(&config);
    let weights = weights(config, 7);
    let found = |state_bits, input_bits| {
        let widths = ExportConfig {
            state_bits: Some(state_bits),
            input_bits,
            ..ExportConfig::default()
        };
        let file = exported(&weights, &data, &widths);
        let model = file.model().expect("valid");
        let found = obstacles(&model);
        assert_eq!(found.is_empty(), model.has_fast_path());
        let text = |obstacle: &Obstacle| format!("{} -> {}", obstacle.reason, obstacle.remedy);
        found.iter().map(text).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(found(12, 10), "");
    let inputs = found(12, 16);
    assert!(inputs.contains("16 bits have room for"), "{inputs}");
    assert!(inputs.contains("--sample-bits"), "{inputs}");
    let states = found(14, 10);
    assert!(states.contains("states have 14 bits"), "{states}");
    assert!(states.contains("--state-bits 12"), "{states}");
}
