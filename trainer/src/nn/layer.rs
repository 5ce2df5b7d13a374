//! The network as a Burn module.

use super::init::{HiddenReadoutWeights, InitialWeights, SecondWeights, Start, mixing_dims};
use super::{ConfigError, HadamRnnConfig, SecondLayer, quant};
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};

/// A HadamRNN (`q = log2 n`) or Block-HadamRNN with one or two recurrent layers.
///
/// Weights are latent, in full precision; every forward pass quantises `U` and `V` and takes the signs of the latent
/// vectors, with straight-through gradients. Shapes: `n` hidden units, `d_in` inputs, `d_out` outputs.
#[derive(Module, Debug)]
pub struct HadamRnn {
    /// Latent signs of `W`, `[n]`; frozen unless the configuration trains them.
    pub signs: Param<Tensor<1>>,
    /// `U`, `[n, d_in]` or `[n, embedding]`; the table `[vocabulary, n]` of tokens without an embedding.
    pub input: Param<Tensor<2>>,
    /// `E`, `[vocabulary, embedding]`, row 0 zero.
    pub embedding: Option<Param<Tensor<2>>>,
    /// `b`, `[n]`.
    pub bias: Param<Tensor<1>>,
    /// The second layer, which the outputs are read from if there is one.
    pub second: Option<Second>,
    /// The layer between what is read and `V`, if there is one.
    pub hidden_readout: Option<HiddenReadoutLayer>,
    /// `V`, `[d_out, n]`.
    pub readout: Param<Tensor<2>>,
    /// `b_o`, `[d_out]`.
    pub readout_bias: Param<Tensor<1>>,
    /// A second readout for an auxiliary loss, in full precision; not exported.
    pub auxiliary: Option<Auxiliary>,
    #[module(skip)]
    pub(super) config: HadamRnnConfig,
}

/// Weights of a second layer of `n'` units over `n`.
#[derive(Module, Debug)]
pub struct Second {
    /// Latent signs of `W'`, `[n']`; frozen unless the configuration trains the recurrent signs.
    pub signs: Param<Tensor<1>>,
    /// Latent signs of `M`: `[n', n]`, or `[2, n]` where it is structured.
    pub mixing: Param<Tensor<2>>,
    /// `b'`, `[n']`.
    pub bias: Param<Tensor<1>>,
}

/// Weights of a hidden readout layer of `m` units over `n`.
#[derive(Module, Debug)]
pub struct HiddenReadoutLayer {
    /// Latent signs of `M`, `[m, n]`.
    pub matrix: Param<Tensor<2>>,
    /// `c`, `[m]`.
    pub bias: Param<Tensor<1>>,
}

/// Weights of a readout of `k` outputs that only training sees.
#[derive(Module, Debug)]
pub struct Auxiliary {
    /// `[k, n]`.
    pub readout: Param<Tensor<2>>,
    /// `[k]`.
    pub bias: Param<Tensor<1>>,
}

impl HadamRnnConfig {
    /// A network with random weights: Xavier uniform for the signs (as a `1 x n` matrix), `U` and `V`, uniform
    /// ±1/sqrt(n) for the biases, uniform of variance 1 for an embedding.
    ///
    /// Equal `seed` and sizes give equal bits on every device and machine.
    pub fn init(&self, seed: u64, device: &Device) -> Result<HadamRnn, ConfigError> {
        self.init_with(seed, Start::default(), device)
    }

    /// [`init`](Self::init) with biases that start elsewhere.
    pub fn init_with(
        &self,
        seed: u64,
        start: Start,
        device: &Device,
    ) -> Result<HadamRnn, ConfigError> {
        self.validate()?;
        let (n, d_out) = (self.hidden_size, self.output_size);
        let weights = InitialWeights::draw(self, seed).started(start);
        let embedding = weights.embedding.map(|values| {
            let length = self.input_dims()[1];
            parameter(values.clone(), [values.len() / length, length], device)
        });
        let second = self.second.as_ref().zip(weights.second);
        Ok(HadamRnn {
            signs: parameter(weights.signs, [n], device).set_require_grad(self.train_signs),
            input: parameter(weights.input, self.input_dims(), device),
            embedding,
            bias: parameter(weights.bias, [n], device),
            second: second.map(|(second, weights)| self.second(second, weights, device)),
            hidden_readout: weights
                .hidden_readout
                .map(|weights| self.hidden_readout(weights, device)),
            readout: parameter(weights.readout, [d_out, self.read_size()], device),
            readout_bias: parameter(weights.readout_bias, [d_out], device),
            auxiliary: weights.auxiliary.map(|values| {
                let k = self.auxiliary_size;
                Auxiliary {
                    readout: parameter(values, [k, self.read_size()], device),
                    bias: parameter(vec![0.0; k], [k], device),
                }
            }),
            config: self.clone(),
        })
    }

    fn second(&self, config: &SecondLayer, weights: SecondWeights, device: &Device) -> Second {
        let (n, mixing) = (config.hidden_size, mixing_dims(config, self.hidden_size));
        Second {
            signs: parameter(weights.signs, [n], device).set_require_grad(self.train_signs),
            mixing: parameter(weights.mixing, mixing, device).set_require_grad(config.train_mixing),
            bias: parameter(weights.bias, [n], device).set_require_grad(config.bias),
        }
    }

    fn hidden_readout(&self, weights: HiddenReadoutWeights, device: &Device) -> HiddenReadoutLayer {
        let units = weights.bias.len();
        let trained = self.hidden_readout.is_some_and(|layer| layer.bias);
        HiddenReadoutLayer {
            matrix: parameter(weights.matrix, [units, self.top_size()], device),
            bias: parameter(weights.bias, [units], device).set_require_grad(trained),
        }
    }
}

fn parameter<const D: usize>(
    values: Vec<f32>,
    dims: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_data(TensorData::new(values, dims), device)
}

impl HadamRnn {
    /// Sizes and options this network was made with.
    pub fn config(&self) -> &HadamRnnConfig {
        &self.config
    }

    /// The recurrent signs of all layers, each `-1` or `+1`.
    pub fn signs_on_host(&self) -> Vec<i8> {
        let mut latent = vec![self.signs.val()];
        latent.extend(self.second.as_ref().map(|second| second.signs.val()));
        let values = Tensor::cat(latent, 0).into_data();
        values.iter::<f32>().map(quant::sign_of).collect()
    }

    /// Parameters that hold recurrent signs.
    pub fn sign_ids(&self) -> Vec<ParamId> {
        let second = self.second.as_ref().map(|second| second.signs.id);
        [Some(self.signs.id), second]
            .into_iter()
            .flatten()
            .collect()
    }

    /// `decay` times these weights and the rest of `newer`'s, for a running mean; latent signs are `newer`'s.
    pub fn averaged_with(self, newer: &Self, decay: f32) -> Self {
        let second = self.second.zip(newer.second.as_ref());
        let embedding = self.embedding.zip(newer.embedding.as_ref());
        let hidden = self.hidden_readout.zip(newer.hidden_readout.as_ref());
        Self {
            input: blend(self.input, &newer.input, decay),
            embedding: embedding.map(|(old, new)| blend(old, new, decay)),
            bias: blend(self.bias, &newer.bias, decay),
            second: second.map(|(old, new)| Second {
                bias: blend(old.bias, &new.bias, decay),
                ..new.clone()
            }),
            hidden_readout: hidden.map(|(old, new)| HiddenReadoutLayer {
                bias: blend(old.bias, &new.bias, decay),
                ..new.clone()
            }),
            readout: blend(self.readout, &newer.readout, decay),
            readout_bias: blend(self.readout_bias, &newer.readout_bias, decay),
            auxiliary: newer.auxiliary.clone(),
            signs: newer.signs.clone(),
            config: self.config,
        }
    }
}

/// `decay` times `old` and the rest of `new`, out of any graph.
fn blend<const D: usize>(
    old: Param<Tensor<D>>,
    new: &Param<Tensor<D>>,
    decay: f32,
) -> Param<Tensor<D>> {
    let newer = new.val().detach().mul_scalar(1.0 - decay);
    // Detached once more: only a leaf may be tracked.
    old.map(|old| {
        let mean = old.detach().mul_scalar(decay).add(newer);
        mean.detach().require_grad()
    })
}
