//! The network's fast forms against its step-by-step form, its random start, and what it trains.

use super::testing::{assert_close, devices, noise};
use super::{HadamRnn, HadamRnnConfig, Input, Readout, quant};
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};

fn config(hidden_size: usize, log2_block: usize, input_size: usize) -> HadamRnnConfig {
    HadamRnnConfig {
        input: Input::Numbers(input_size),
        hidden_size,
        log2_block,
        leak: None,
        second: None,
        readout: Readout::LastState,
        output_size: 5,
        input_bits: Some(4),
        readout_bits: Some(2),
        train_signs: true,
    }
}

/// Sizes tried: small blocks and the full matrix, one channel and several, ternary and full-precision weights.
fn configs() -> Vec<HadamRnnConfig> {
    vec![
        config(16, 4, 1),
        config(32, 2, 3),
        HadamRnnConfig {
            train_signs: false,
            ..config(64, 6, 2)
        },
        HadamRnnConfig {
            input_bits: None,
            readout_bits: None,
            ..config(64, 1, 9)
        },
        HadamRnnConfig {
            input_bits: Some(1),
            ..config(128, 7, 4)
        },
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

fn sequences(batch: usize, steps: usize, d_in: usize, device: &Device) -> Tensor<3> {
    let data = TensorData::new(noise(11, batch * steps * d_in), [batch, steps, d_in]);
    Tensor::from_data(data, device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Outputs and the gradient of every parameter under a fixed scalar loss; `None` for a parameter without one.
fn outputs_and_grads<const D: usize>(
    model: &HadamRnn,
    logits: Tensor<D>,
) -> (Vec<f32>, Vec<Option<Vec<f32>>>) {
    let weights = noise(13, logits.shape().num_elements());
    let weights = Tensor::<1>::from_data(weights.as_slice(), &logits.device());
    let loss = (logits.clone().reshape([-1]) * weights).sum();
    let grads = loss.backward();
    let of = |grad: Option<Tensor<1>>| grad.map(values);
    let parameters = vec![
        of(model.signs.val().grad(&grads)),
        of(model
            .input
            .val()
            .grad(&grads)
            .map(|grad| grad.reshape([-1]))),
        of(model.bias.val().grad(&grads)),
        of(model
            .readout
            .val()
            .grad(&grads)
            .map(|grad| grad.reshape([-1]))),
        of(model.readout_bias.val().grad(&grads)),
    ];
    (values(logits), parameters)
}

fn assert_equal_form<const D: usize>(model: &HadamRnn, fast: Tensor<D>, slow: Tensor<D>) {
    assert_eq!(fast.dims(), slow.dims());
    let (fast, fast_grads) = outputs_and_grads(model, fast);
    let (slow, slow_grads) = outputs_and_grads(model, slow);
    assert_close(&fast, &slow, 1e-5);
    for (parameter, (fast, slow)) in fast_grads.into_iter().zip(slow_grads).enumerate() {
        let frozen = parameter == 0 && !model.config().train_signs;
        assert_eq!(fast.is_none(), frozen, "parameter {parameter}");
        if let Some(fast) = fast {
            assert_close(&fast, &slow.expect("a gradient in both forms"), 2e-5);
        }
    }
}

#[test]
fn last_logits_equal_the_stepwise_form() {
    for (device, config) in devices_and_configs() {
        let device = device.autodiff();
        let model = config.init(3, &device).expect("a valid configuration");
        for (batch, steps) in [(1, 1), (4, 13)] {
            let x = sequences(batch, steps, config.input_dims()[1], &device);
            let fast = model.last_logits(HadamRnn::augment(x.clone()), steps);
            assert_equal_form(&model, fast, model.last_logits_stepwise(x));
        }
    }
}

#[test]
fn all_logits_equal_the_stepwise_form() {
    for (device, config) in devices_and_configs() {
        let device = device.autodiff();
        let model = config.init(4, &device).expect("a valid configuration");
        for (batch, steps) in [(1, 1), (4, 13)] {
            let x = sequences(batch, steps, config.input_dims()[1], &device);
            let fast = model.all_logits(x.clone());
            assert_equal_form(&model, fast, model.all_logits_stepwise(x));
        }
    }
}

#[test]
fn long_sequences_stay_close_to_the_stepwise_form() {
    for device in devices() {
        let device = device.autodiff();
        let model = config(128, 7, 1)
            .init(5, &device)
            .expect("a valid configuration");
        let x = sequences(2, 300, 1, &device);
        let fast = model.last_logits(HadamRnn::augment(x.clone()), 300);
        assert_equal_form(&model, fast, model.last_logits_stepwise(x.clone()));
        assert_equal_form(
            &model,
            model.all_logits(x.clone()),
            model.all_logits_stepwise(x),
        );
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
            assert_eq!(signs, values(model.binary_signs()));
            let expected = match config.input_bits {
                Some(bits) => {
                    let (codes, scale) = quant::quantise(&weights.input, bits);
                    codes.iter().map(|&code| code as f32 * scale).collect()
                }
                None => weights.input,
            };
            assert_eq!(expected, values(model.quantised_input()));
        }
    }
}

/// One Adam step on a sum of squares of outputs.
fn trained_once(config: &HadamRnnConfig, device: &Device) -> (HadamRnn, HadamRnn) {
    let device = device.clone().autodiff();
    let model = config.init(8, &device).expect("a valid configuration");
    let x = HadamRnn::augment(sequences(3, 6, config.input_dims()[1], &device));
    let loss = model.last_logits(x, 6).powi_scalar(2).sum();
    let grads = GradientsParams::from_grads(loss.backward(), &model);
    let stepped = AdamConfig::new().init().step(0.1, model.clone(), grads);
    (model, stepped)
}

#[test]
fn training_moves_the_signs_only_where_asked() {
    for device in devices() {
        for train_signs in [true, false] {
            let config = HadamRnnConfig {
                train_signs,
                ..config(16, 4, 2)
            };
            let (before, after) = trained_once(&config, &device);
            let (old, new) = (values(before.signs.val()), values(after.signs.val()));
            assert_eq!(old != new, train_signs);
            assert_ne!(before.weights().input, after.weights().input);
            assert_ne!(before.weights().readout_bias, after.weights().readout_bias);
        }
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
            values(model.all_logits(sequences(2, 4, 2, device)))
        };
        assert_eq!(
            logits(&model, &device.clone().autodiff()),
            logits(&valid, &device)
        );
    }
}
