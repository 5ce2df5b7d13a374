//! The hidden readout layer: `relu(M r + c)` between what is read and `V`.

use crate::nn::error::ConfigError;
use crate::nn::parameter::{Draw, blend, host_signs, host_values, latent_signs, parameter};
use crate::nn::quant;
use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use hadamrnn_runtime::limits;
use serde::{Deserialize, Serialize};

/// A hidden layer of the readout, without a state of its own: `y = V relu(M r + c) + b_o` of what is read, `r`. An extension.
///
/// `M` is a trained dense matrix of `±1 / sqrt(n)`, like the paper's between two layers. It is computed only when the
/// outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenReadout {
    /// Number of units, `m`: a multiple of [`limits::HIDDEN_READOUT_MULTIPLE`] in [`limits::HIDDEN_READOUT_SIZE`].
    pub hidden_size: usize,
    /// Whether there is a `c`; without one a model is `4 m` bytes smaller.
    #[serde(default = "crate::nn::yes")]
    pub bias: bool,
}

impl HiddenReadout {
    /// Checks every range.
    pub(in crate::nn) fn validate(&self) -> Result<(), ConfigError> {
        let (size, limit) = (self.hidden_size, limits::HIDDEN_READOUT_SIZE);
        let multiple = limits::HIDDEN_READOUT_MULTIPLE;
        match limit.holds(size) && size.is_multiple_of(multiple) {
            true => Ok(()),
            false => Err(ConfigError::Multiple {
                field: "hidden_readout.hidden_size",
                size,
                multiple,
                limit,
            }),
        }
    }

    /// Follows a first layer that had `before` units and has `after` ones now, if it was as large.
    pub(in crate::nn) fn resize(&mut self, before: usize, after: usize) {
        if self.hidden_size == before {
            self.hidden_size = after;
        }
    }
}

/// Weights of a hidden readout layer of `m` units over `n`.
#[derive(Module, Debug)]
pub struct HiddenReadoutLayer {
    /// Latent signs of `M`, `[m, n]`.
    pub matrix: Param<Tensor<2>>,
    /// `c`, `[m]`.
    pub bias: Param<Tensor<1>>,
}

impl HiddenReadoutLayer {
    /// Random weights over `read` units, of the streams 10 and 11.
    pub(in crate::nn) fn init(config: &HiddenReadout, read: usize, draw: &Draw<'_>) -> Self {
        let units = config.hidden_size;
        Self {
            matrix: draw.matrix(10, [units, read]),
            bias: draw.optional_biases(config.bias, 11, units, read),
        }
    }

    /// `relu(M r + c)`, `[rows, m]`, of `[rows, n]`.
    pub(super) fn forward(&self, read: Tensor<2>) -> Tensor<2> {
        let scale = 1.0 / (read.dims()[1] as f32).sqrt();
        let matrix = quant::sign(self.matrix.val()).mul_scalar(scale);
        relu(read.matmul(matrix.transpose()) + self.bias.val().unsqueeze())
    }

    /// The running mean of its weights: signs are `newer`'s.
    pub(in crate::nn) fn averaged_with(self, newer: &Self, decay: f32) -> Self {
        Self {
            bias: blend(self.bias, &newer.bias, decay),
            ..newer.clone()
        }
    }

    /// Copies the weights to the host.
    pub(in crate::nn) fn host(&self) -> HostHiddenReadout {
        HostHiddenReadout {
            matrix: host_signs(self.matrix.val()),
            bias: host_values(self.bias.val()),
        }
    }
}

/// Weights of a hidden readout layer in host memory.
#[derive(Clone, Debug, PartialEq)]
pub struct HostHiddenReadout {
    /// Signs of `M`, `[m, n]`, row-major, each `-1` or `+1`.
    pub matrix: Vec<i8>,
    /// `c`, `[m]`.
    pub bias: Vec<f32>,
}

impl HostHiddenReadout {
    /// These weights on a device, over `read` units.
    pub(in crate::nn) fn on(&self, read: usize, device: &Device) -> HiddenReadoutLayer {
        let units = self.bias.len();
        HiddenReadoutLayer {
            matrix: parameter(latent_signs(&self.matrix), [units, read], device),
            bias: parameter(self.bias.clone(), [units], device),
        }
    }
}
