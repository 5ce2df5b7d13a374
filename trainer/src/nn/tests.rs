//! The network's fast forms against its step-by-step form, its random start, and what it trains.

mod limits;

use super::testing::{assert_close, devices, noise};
use super::{
    BinaryMatrixKind, Fading, HadamRnn, HadamRnnConfig, HiddenReadout, Input, Inputs,
    NetworkConfig, ReadoutKind, SecondLayer, StepTargets, TokenBatch, quant,
};
use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

fn config(hidden_size: usize, log2_block: usize, input_size: usize) -> HadamRnnConfig {
    HadamRnnConfig {
        input: Input::Numbers(input_size),
        network: NetworkConfig {
            log2_block,
            readout_bits: Some(2),
            ..NetworkConfig::of_size(hidden_size)
        },
        output_size: 5,
        auxiliary_size: 0,
        train_signs: true,
    }
}

/// A configuration after changes.
fn changed(mut config: HadamRnnConfig, change: impl FnOnce(&mut HadamRnnConfig)) -> HadamRnnConfig {
    change(&mut config);
    config
}

fn tokens(vocabulary: usize, embedding: Option<usize>) -> Input {
    Input::Tokens {
        vocabulary,
        embedding,
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

fn hidden_readout(hidden_size: usize) -> Option<HiddenReadout> {
    Some(HiddenReadout {
        hidden_size,
        bias: true,
    })
}

/// Sizes tried: small blocks and the full matrix, one channel and several, ternary and full-precision weights, leaks,
/// tokens with and without an embedding, second layers of both kinds, hidden readout layers, inputs to some units only.
fn configs() -> Vec<HadamRnnConfig> {
    vec![
        config(16, 4, 1),
        config(32, 2, 3),
        changed(config(64, 6, 2), |c| {
            c.train_signs = false;
            c.network.leak = Some(1);
        }),
        changed(config(64, 1, 9), |c| {
            c.network.input_bits = None;
            c.network.readout_bits = None;
            c.network.leak = Some(4);
        }),
        changed(config(128, 7, 4), |c| {
            c.network.input_bits = Some(1);
        }),
        changed(config(32, 5, 1), |c| {
            c.input = tokens(10, None);
        }),
        changed(config(16, 3, 1), |c| {
            c.input = tokens(40, Some(6));
            c.network.leak = Some(2);
        }),
        changed(config(16, 4, 9), |c| {
            c.network.second = second(32, BinaryMatrixKind::Dense);
        }),
        changed(config(32, 3, 2), |c| {
            c.network.second = second(32, BinaryMatrixKind::Hadamard).map(|second| SecondLayer {
                leak: None,
                ..second
            });
            c.network.leak = Some(3);
        }),
        changed(config(16, 4, 1), |c| {
            c.input = tokens(7, None);
            c.network.second = second(16, BinaryMatrixKind::Hadamard).map(|second| SecondLayer {
                train_mixing: false,
                ..second
            });
        }),
        changed(config(32, 5, 3), |c| {
            c.network.hidden_readout = hidden_readout(48);
        }),
        changed(config(32, 4, 1), |c| {
            c.input = tokens(9, None);
            c.network.input_rows = Some(16);
            c.network.second = second(16, BinaryMatrixKind::Dense);
            c.network.hidden_readout = hidden_readout(16);
        }),
        changed(config(32, 5, 1), |c| {
            c.input = tokens(9, Some(5));
            c.network.input_rows = Some(8);
        }),
        changed(config(32, 4, 3), |c| {
            c.network.input_rows = Some(16);
        }),
    ]
}

/// Every configuration on every device.
fn devices_and_configs() -> Vec<(Device, HadamRnnConfig)> {
    let pairs = devices().into_iter().flat_map(|device| {
        configs()
            .into_iter()
            .map(move |config| (device.clone(), config))
    });
    pairs.collect()
}

/// A batch of noise, or of tokens with padding among them.
fn inputs(input: Input, batch: usize, steps: usize, device: &Device) -> Inputs {
    match input {
        Input::Numbers(d_in) => {
            let data = TensorData::new(noise(11, batch * steps * d_in), [batch, steps, d_in]);
            Inputs::Numbers(Tensor::from_data(data, device))
        }
        Input::Tokens { vocabulary, .. } => {
            let draw = |x: f32| ((x + 1.0) * 0.5 * vocabulary as f32) as u16 % vocabulary as u16;
            let ids: Vec<u16> = noise(11, batch * steps).into_iter().map(draw).collect();
            Inputs::Tokens(TokenBatch::new(&ids, steps))
        }
    }
}

fn step_targets(config: &HadamRnnConfig, batch: usize, steps: usize) -> StepTargets {
    let classes = noise(17, batch * steps);
    let class =
        |x: f32| ((x + 1.0) * 0.5 * config.output_size as f32) as u32 % config.output_size as u32;
    StepTargets {
        classes: classes.into_iter().map(class).collect(),
        weights: noise(19, steps).into_iter().map(|x| x + 1.5).collect(),
        smoothing: 0.1,
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn grad<const D: usize>(parameter: &Param<Tensor<D>>, grads: &Gradients) -> Option<Vec<f32>> {
    parameter.val().grad(grads).map(values)
}

/// Outputs and the gradient of every parameter under a fixed scalar loss; `None` for a parameter without one.
fn outputs_and_grads<const D: usize>(
    model: &HadamRnn,
    output: Tensor<D>,
) -> (Vec<f32>, Vec<Option<Vec<f32>>>) {
    let weights = noise(13, output.shape().num_elements());
    let weights = Tensor::<1>::from_data(weights.as_slice(), &output.device());
    let loss = (output.clone().reshape([-1]) * weights).sum();
    let grads = loss.backward();
    let mut parameters = vec![
        grad(&model.signs, &grads),
        grad(&model.input, &grads),
        grad(&model.bias, &grads),
        grad(&model.readout, &grads),
        grad(&model.readout_bias, &grads),
    ];
    parameters.extend(
        model
            .embedding
            .iter()
            .map(|embedding| grad(embedding, &grads)),
    );
    if let Some(second) = &model.second {
        parameters.extend([
            grad(&second.signs, &grads),
            grad(&second.mixing, &grads),
            grad(&second.bias, &grads),
        ]);
    }
    if let Some(hidden) = &model.hidden_readout {
        parameters.extend([grad(&hidden.matrix, &grads), grad(&hidden.bias, &grads)]);
    }
    (values(output), parameters)
}

/// Asserts that the distance of two gradients is at most `tolerance` of their length.
fn assert_near(found: &[f32], expected: &[f32], tolerance: f32) {
    let length = |x: &mut dyn Iterator<Item = f32>| x.map(|x| x * x).sum::<f32>().sqrt();
    let distance = length(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    let bound = tolerance * length(&mut expected.iter().copied()).max(1.0);
    assert_eq!(found.len(), expected.len());
    assert!(distance <= bound, "{distance} > {bound}");
}

/// Holds outputs and gradients of two forms equal up to rounding.
fn assert_equal_forms<const D: usize>(
    model: &HadamRnn,
    fast: Tensor<D>,
    slow: Tensor<D>,
    tolerance: f32,
) {
    assert_eq!(fast.dims(), slow.dims());
    let (fast, fast_grads) = outputs_and_grads(model, fast);
    let (slow, slow_grads) = outputs_and_grads(model, slow);
    assert_close(&fast, &slow, tolerance);
    for (parameter, (fast, slow)) in fast_grads.into_iter().zip(slow_grads).enumerate() {
        // The step-by-step form of one step has no use for recurrent signs.
        match (fast, slow) {
            (Some(fast), Some(slow)) => assert_near(&fast, &slow, 2.0 * tolerance),
            (fast, None) => assert!(fast.iter().flatten().all(|&x| x == 0.0), "{parameter}"),
            (None, Some(_)) => panic!("parameter {parameter} has no gradient"),
        }
    }
    assert_eq!(
        model.signs.val().is_require_grad(),
        model.config().train_signs
    );
}

#[test]
fn logits_equal_the_stepwise_form() {
    for (device, config) in devices_and_configs() {
        let fading = Fading {
            shift: 2,
            log2_interval: 1,
        };
        for (readout, fading) in [
            (ReadoutKind::LastState, None),
            (ReadoutKind::Pooled, None),
            (ReadoutKind::Pooled, Some(fading)),
        ] {
            let config = changed(config.clone(), |c| {
                c.network.readout = readout;
                c.network.fading = fading;
            });
            let device = device.clone().autodiff();
            let model = config.init(3, &device).expect("a valid configuration");
            for (batch, steps) in [(1, 1), (4, 13), (3, 70)] {
                let x = inputs(config.input, batch, steps, &device);
                let slow = || model.logits_stepwise(&x);
                assert_equal_forms(&model, model.logits(&x), slow(), 2e-5);
                assert_equal_forms(&model, model.logits_by_scan(&x), slow(), 2e-5);
            }
        }
    }
}

/// A network that runs on, chunk by chunk, answers as one whose sequence ends there does.
#[test]
fn answers_within_a_stream_are_those_of_its_beginning() {
    for (device, config) in devices_and_configs() {
        let config = changed(config.clone(), |c| {
            c.network.readout = ReadoutKind::Pooled;
            c.network.fading = Some(Fading {
                shift: 1,
                log2_interval: 2,
            });
        });
        if !matches!(config.input, Input::Numbers(_)) {
            continue;
        }
        let model = config.init(8, &device).expect("a valid configuration");
        let Inputs::Numbers(x) = inputs(config.input, 1, 40, &device) else {
            continue;
        };
        let part = |from: usize, to: usize| Inputs::Numbers(x.clone().narrow(1, from, to - from));
        let answers = [0, 6, 7, 25, 39];
        let slow: Vec<f32> = (answers.iter())
            .flat_map(|&last| values(model.logits_stepwise(&part(0, last + 1))))
            .collect();
        let fast = model.linear_readout(model.features_after(&part(0, 40), &answers));
        assert_close(&values(fast), &slow, 2e-5);
        let mut running = model.running().expect("a fading pool");
        let mut found = running.push(&part(0, 7), &[0, 6]);
        found.extend(running.push(&part(7, 8), &[0]));
        found.extend(running.push(&part(8, 20), &[]));
        found.extend(running.push(&part(20, 40), &[5, 19]));
        let found: Vec<f32> = found.into_iter().map(|value| value as f32).collect();
        assert_close(&found, &slow, 2e-5);
    }
}

#[test]
fn step_logits_and_losses_equal_the_stepwise_form() {
    for (device, config) in devices_and_configs() {
        let device = device.autodiff();
        let model = config.init(4, &device).expect("a valid configuration");
        for (batch, steps) in [(1, 1), (4, 13), (3, 70)] {
            let x = inputs(config.input, batch, steps, &device);
            let slow = || model.step_logits_stepwise(&x);
            assert_equal_forms(&model, model.step_logits(&x), slow(), 2e-5);
            assert_equal_forms(&model, model.step_logits_by_scan(&x), slow(), 2e-5);
            let targets = step_targets(&config, batch, steps);
            let slow = model.step_loss_stepwise(&x, &targets);
            assert_equal_forms(&model, model.step_loss(&x, &targets), slow, 2e-5);
        }
    }
}

#[test]
fn a_thousand_steps_stay_close_to_the_scan_form() {
    // Rounding may put a state that is nearly zero on the other side of the rectifier, which moves a gradient at once.
    const TOLERANCE: f32 = 1e-2;
    let device = devices()[0].clone().autodiff();
    let layers = [
        (None, None),
        (Some(4), None),
        (None, second(32, BinaryMatrixKind::Dense)),
    ];
    for (leak, second) in layers {
        for input in [Input::Numbers(2), tokens(10, None)] {
            let config = changed(config(32, 5, 1), |c| {
                c.input = input;
                c.network.leak = leak;
                c.network.second = second;
                c.network.readout = ReadoutKind::Pooled;
            });
            let model = config.init(5, &device).expect("a valid configuration");
            let x = inputs(input, 2, 1000, &device);
            let slow = model.logits_by_scan(&x);
            assert_equal_forms(&model, model.logits(&x), slow, TOLERANCE);
            let slow = model.step_logits_by_scan(&x);
            assert_close(&values(model.step_logits(&x)), &values(slow.clone()), 1e-5);
            assert_equal_forms(&model, model.step_logits(&x), slow, TOLERANCE);
        }
    }
}

#[test]
fn long_sequences_stay_close_to_the_stepwise_form() {
    for (device, leak) in devices()
        .into_iter()
        .flat_map(|d| [(d.clone(), None), (d, Some(3))])
    {
        let device = device.autodiff();
        let config = changed(config(128, 7, 1), |c| {
            c.network.leak = leak;
        });
        let model = config.init(5, &device).expect("a valid configuration");
        let x = inputs(config.input, 2, 300, &device);
        assert_equal_forms(&model, model.logits(&x), model.logits_stepwise(&x), 1e-4);
        let slow = model.step_logits_stepwise(&x);
        assert_equal_forms(&model, model.step_logits(&x), slow, 1e-4);
    }
}

#[test]
fn padding_changes_nothing_but_time() {
    let device = devices()[0].clone();
    let config = changed(config(16, 4, 1), |c| {
        c.input = tokens(9, Some(4));
    });
    let model = config.init(5, &device).expect("a valid configuration");
    assert!(model.weights().input[..16].iter().all(|&z| z == 0.0));
    // A table whose padding row is not zero gives the same outputs.
    let mut altered = model.clone();
    altered.embedding = altered
        .embedding
        .map(|e| e.map(|e| e.slice_fill(0..1, 3.0)));
    let x = inputs(config.input, 3, 20, &device);
    assert_eq!(values(model.logits(&x)), values(altered.logits(&x)));
    assert_eq!(
        values(model.logits_stepwise(&x)),
        values(altered.logits_stepwise(&x))
    );
}

#[test]
fn any_number_of_threads_gives_equal_bits() {
    for (device, config) in devices_and_configs() {
        let device = device.autodiff();
        let config = changed(config, |c| {
            c.network.readout = ReadoutKind::Pooled;
        });
        let model = config.init(6, &device).expect("a valid configuration");
        let x = inputs(config.input, 37, 20, &device);
        let runs = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().expect("threads");
            pool.install(|| outputs_and_grads(&model, model.logits(&x)))
        });
        assert!(runs[1..].iter().all(|run| *run == runs[0]));
    }
}

#[test]
fn a_seed_gives_equal_bits() {
    for device in devices() {
        let config = config(64, 6, 3);
        let weights =
            |seed, device: &Device| config.init(seed, device).map(|model| model.weights());
        let first = weights(9, &device).expect("a valid configuration");
        assert_eq!(Ok(&first), weights(9, &device.clone().autodiff()).as_ref());
        assert_eq!(Ok(&first), weights(9, &devices()[0]).as_ref());
        assert_ne!(Ok(&first), weights(10, &device).as_ref());
    }
}

#[test]
fn a_refused_configuration_makes_no_network() {
    let device = devices()[0].clone();
    assert!(config(48, 4, 1).init(0, &device).is_err());
}

#[test]
fn the_exported_codes_are_what_the_forward_pass_uses() {
    for device in devices() {
        for config in configs() {
            let model = config.init(6, &device).expect("a valid configuration");
            let weights = model.weights();
            let signs: Vec<f32> = weights.signs.iter().copied().map(f32::from).collect();
            assert_eq!(signs, values(model.first().signs));
            let used = match &model.embedding {
                Some(embedding) => embedding
                    .val()
                    .matmul(model.projection().quantised().transpose()),
                None => model.projection().quantised(),
            };
            let expected = match config
                .network
                .input_bits
                .filter(|_| model.embedding.is_none())
            {
                Some(bits) => {
                    let (codes, scale) = quant::quantise(&weights.input, bits);
                    codes.iter().map(|&code| code as f32 * scale).collect()
                }
                None => weights.input,
            };
            assert_eq!(expected, values(used));
        }
    }
}

/// One Adam step on a sum of squares of outputs.
fn trained_once(config: &HadamRnnConfig, device: &Device) -> (HadamRnn, HadamRnn) {
    let device = device.clone().autodiff();
    let model = config.init(8, &device).expect("a valid configuration");
    let x = inputs(config.input, 3, 6, &device);
    let loss = model.logits(&x).powi_scalar(2).sum();
    let grads = GradientsParams::from_grads(loss.backward(), &model);
    let stepped = AdamConfig::new().init().step(0.1, model.clone(), grads);
    (model, stepped)
}

#[test]
fn training_moves_the_signs_only_where_asked() {
    for device in devices() {
        for train_signs in [true, false] {
            let config = changed(config(16, 4, 2), |c| {
                c.train_signs = train_signs;
            });
            let (before, after) = trained_once(&config, &device);
            let (old, new) = (values(before.signs.val()), values(after.signs.val()));
            assert_eq!(old != new, train_signs);
            assert_ne!(before.weights().input, after.weights().input);
            assert_ne!(before.weights().readout_bias, after.weights().readout_bias);
        }
    }
}

/// Weights of units that no input drives are zero, get no gradient, and stay.
#[test]
fn training_leaves_undriven_units_alone() {
    for device in devices() {
        for input in [Input::Numbers(3), tokens(9, None), tokens(9, Some(4))] {
            let config = changed(config(32, 4, 1), |c| {
                c.input = input;
                c.network.input_rows = Some(16);
            });
            let (before, after) = trained_once(&config, &device);
            let columns = config.projection().dims()[1];
            let unit = |at: usize| match input {
                Input::Tokens {
                    embedding: None, ..
                } => at % columns,
                _ => at / columns,
            };
            let weights = values(before.input.val()).into_iter();
            for (at, (old, new)) in weights.zip(values(after.input.val())).enumerate() {
                let driven = unit(at) % 16 < 8;
                assert_eq!(driven, config.is_driven(unit(at)));
                assert!(driven || (old, new) == (0.0, 0.0), "{at}: {old} {new}");
            }
            assert_ne!(values(before.input.val()), values(after.input.val()));
        }
    }
}

#[test]
fn training_moves_the_hidden_readout() {
    for device in devices() {
        let config = changed(config(16, 4, 2), |c| {
            c.network.hidden_readout = hidden_readout(16);
        });
        let (before, after) = trained_once(&config, &device);
        let weights = |model: &HadamRnn| model.weights().hidden_readout.expect("a layer");
        let (old, new) = (weights(&before), weights(&after));
        assert_ne!(old.matrix, new.matrix);
        assert_ne!(old.bias, new.bias);
        assert!(new.matrix.iter().all(|sign| sign.abs() == 1));
    }
}

#[test]
fn leaving_training_mode_keeps_weights_and_outputs() {
    for device in devices() {
        let model = config(32, 5, 2).init(2, &device.clone().autodiff());
        let model = model.expect("a valid configuration");
        let valid = model.valid();
        assert_eq!(model.weights(), valid.weights());
        let logits = |model: &HadamRnn, device: &Device| {
            values(model.step_logits(&inputs(Input::Numbers(2), 2, 4, device)))
        };
        assert_eq!(
            logits(&model, &device.clone().autodiff()),
            logits(&valid, &device)
        );
    }
}
