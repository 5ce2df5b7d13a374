//! The second layer: a recurrent layer that a binary matrix drives, `h'_t = W' h'_{t-1} + M relu(h_t) + b'`.

use super::error::ConfigError;
use super::ops::{LayerSize, Mix};
use super::parameter::{Draw, blend, host_signs, host_values, latent_signs, parameter};
use super::recurrent::{Recurrent, RecurrentConfig, resized_block};
use super::{fwht, quant};
use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use hadamrnn_runtime::format::BinaryMatrixKind;
use serde::{Deserialize, Serialize};

/// A second recurrent layer: `h'_t = W' h'_{t-1} + M relu(h_t) + b'`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondLayer {
    /// Number of hidden units, a power of two in [`limits::HIDDEN_SIZE`](hadamrnn_runtime::limits::HIDDEN_SIZE).
    pub hidden_size: usize,
    /// Logarithm of the side of a Hadamard block, as of the first layer.
    pub log2_block: usize,
    /// Leak, as of the first layer.
    #[serde(default)]
    pub leak: Option<u8>,
    /// Kind of the matrix `M`.
    pub mixing: BinaryMatrixKind,
    /// Whether the signs of `M` are trained or stay at their random start.
    #[serde(default = "super::yes")]
    pub train_mixing: bool,
    /// Whether there is a `b'`; without one a model is `4 n'` bytes smaller.
    #[serde(default = "super::yes")]
    pub bias: bool,
}

impl SecondLayer {
    /// Sizes of its recurrence.
    pub(super) fn recurrent(&self) -> RecurrentConfig {
        RecurrentConfig {
            hidden_size: self.hidden_size,
            log2_block: self.log2_block,
            leak: self.leak,
        }
    }

    /// Checks every range, over a first layer of `first` units.
    pub(super) fn validate(&self, first: usize) -> Result<(), ConfigError> {
        let second = self.hidden_size;
        self.recurrent()
            .validate(["second.hidden_size", "second.log2_block", "second.leak"])?;
        match self.mixing {
            BinaryMatrixKind::Hadamard if first != second => {
                Err(ConfigError::MixingSizes { first, second })
            }
            _ => Ok(()),
        }
    }

    /// Follows a first layer that had `before` units and has `after` ones now, if it was as large.
    pub(super) fn resize(&mut self, before: usize, after: usize) {
        if self.hidden_size == before {
            self.hidden_size = after;
            self.log2_block = resized_block(self.log2_block, before, after);
        }
    }

    /// Rows and columns of the latent signs of `M`, over `first` units: the matrix, or the two sign vectors.
    fn mixing_dims(&self, first: usize) -> [usize; 2] {
        match self.mixing {
            BinaryMatrixKind::Dense => [self.hidden_size, first],
            BinaryMatrixKind::Hadamard => [2, self.hidden_size],
        }
    }

    /// The layer as the sequence operation knows it.
    pub(super) fn plan(&self) -> (LayerSize, Mix) {
        let (mixing, trained) = (self.mixing, self.train_mixing);
        (self.recurrent().size(), Mix { mixing, trained })
    }
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

impl Second {
    /// Random weights over `first` units. They come from the streams 6 to 8.
    pub(super) fn init(config: &SecondLayer, first: usize, draw: &Draw<'_>) -> Self {
        let n = config.hidden_size;
        Self {
            signs: draw.signs(6, n),
            mixing: draw
                .matrix(7, config.mixing_dims(first))
                .set_require_grad(config.train_mixing),
            bias: draw.optional_biases(config.bias, 8, n, n),
        }
    }

    /// Its recurrence.
    pub(super) fn recurrent(&self, config: &SecondLayer) -> Recurrent {
        Recurrent::new(config.recurrent(), &self.signs)
    }

    /// Every state, `[batch, T, n']`, from the first layer's, `[batch, T, n]`.
    pub(super) fn states_after(
        &self,
        config: &SecondLayer,
        first: Tensor<3>,
        before: Option<&Tensor<3>>,
    ) -> Tensor<3> {
        let [batch, steps, n] = first.dims();
        let layer_input = self.layer_input(relu(first).reshape([batch * steps, n]), config.mixing);
        let layer_input = layer_input.reshape([batch, steps, config.hidden_size]);
        self.recurrent(config).states_after(layer_input, before)
    }

    /// The state after each step, `[batch, n']`, from the first layer's, `[batch, n]`: the slow form.
    pub(super) fn states_stepwise(
        &self,
        config: &SecondLayer,
        first: Vec<Tensor<2>>,
    ) -> Vec<Tensor<2>> {
        let first = first.into_iter();
        let layer_inputs = first.map(|state| self.layer_input(relu(state), config.mixing));
        self.recurrent(config).states_stepwise(layer_inputs)
    }

    /// `d' = M r + b'`, `[rows, n']`, from the first layer's rectified states, `[rows, n]`.
    fn layer_input(&self, rectified: Tensor<2>, mixing: BinaryMatrixKind) -> Tensor<2> {
        let weights = self.mixing_weights(mixing);
        let mixed = match mixing {
            BinaryMatrixKind::Dense => rectified.matmul(weights.transpose()),
            BinaryMatrixKind::Hadamard => {
                let n = weights.dims()[1];
                let hadamard = hadamard(n, &weights.device());
                let (a, c) = (weights.clone().narrow(0, 0, 1), weights.narrow(0, 1, 1));
                (rectified * c).matmul(hadamard) * a
            }
        };
        mixed + self.bias.val().unsqueeze()
    }

    /// `M`, or the signs `a` and `c` as rows.
    fn mixing_weights(&self, mixing: BinaryMatrixKind) -> Tensor<2> {
        let signs = quant::sign(self.mixing.val());
        match mixing {
            BinaryMatrixKind::Dense => {
                let n = signs.dims()[1] as f32;
                signs.div_scalar(n.sqrt())
            }
            BinaryMatrixKind::Hadamard => signs,
        }
    }

    /// The parameters in the order of [`Plan::sections`](super::ops::Plan::sections).
    pub(super) fn sections(&self, config: &SecondLayer) -> [Tensor<1>; 2] {
        let mixing = self.mixing_weights(config.mixing);
        [mixing.reshape([-1]), self.bias.val()]
    }

    /// The running mean of its weights: signs are `newer`'s.
    pub(super) fn averaged_with(self, newer: &Self, decay: f32) -> Self {
        Self {
            bias: blend(self.bias, &newer.bias, decay),
            ..newer.clone()
        }
    }

    /// Copies the weights to the host.
    pub(super) fn host(&self) -> HostSecondLayer {
        HostSecondLayer {
            signs: host_signs(self.signs.val()),
            mixing: host_signs(self.mixing.val()),
            bias: host_values(self.bias.val()),
        }
    }
}

/// Weights of a second layer in host memory.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSecondLayer {
    /// Signs of `W'`, `[n']`, each `-1` or `+1`.
    pub signs: Vec<i8>,
    /// Signs of `M`, each `-1` or `+1`: dense `[n', n]`, row-major; Hadamard `[2, n]`, `a` then `c`.
    pub mixing: Vec<i8>,
    /// `b'`, `[n']`.
    pub bias: Vec<f32>,
}

impl HostSecondLayer {
    /// These weights on a device, over a first layer of `first` units.
    pub(super) fn on(&self, config: &SecondLayer, first: usize, device: &Device) -> Second {
        let n = config.hidden_size;
        let mixing = latent_signs(&self.mixing);
        Second {
            signs: parameter(latent_signs(&self.signs), [n], device),
            mixing: parameter(mixing, config.mixing_dims(first), device),
            bias: parameter(self.bias.clone(), [n], device),
        }
    }
}

/// `H / sqrt(n)`, `[n, n]`, symmetric.
fn hadamard(n: usize, device: &Device) -> Tensor<2> {
    let log2 = n.ilog2() as usize;
    let mut rows = vec![0.0; n * n];
    for (i, row) in rows.chunks_exact_mut(n).enumerate() {
        row[i] = 1.0;
    }
    fwht::fwht_normalised(&mut rows, log2);
    Tensor::from_data(TensorData::new(rows, [n, n]), device)
}
