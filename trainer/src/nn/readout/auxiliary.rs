//! A second readout that only training sees: it is not exported.

use crate::nn::parameter::Draw;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// Weights of a readout of `k` outputs, in full precision, for an auxiliary loss.
#[derive(Module, Debug)]
pub struct Auxiliary {
    /// `[k, n]`.
    pub readout: Param<Tensor<2>>,
    /// `[k]`.
    pub bias: Param<Tensor<1>>,
}

impl Auxiliary {
    /// Random weights, of the stream 9; biases start at zero.
    pub(in crate::nn) fn init(outputs: usize, read: usize, draw: &Draw<'_>) -> Self {
        Self {
            readout: draw.matrix(9, [outputs, read]),
            bias: draw.parameter(vec![0.0; outputs], [outputs]),
        }
    }

    /// Its outputs, `[rows, k]`, of features `[rows, n]`.
    pub(in crate::nn) fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let readout = self.readout.val().transpose();
        features.matmul(readout) + self.bias.val().unsqueeze()
    }
}
