//! The weights in host memory, for export.

use super::{HadamRnn, HadamRnnConfig, quant};
use burn::tensor::Tensor;

/// Weights of a [`HadamRnn`] in host memory: latent values, before quantisation.
///
/// [`quantise`](super::quant::quantise) with the bits of `config` gives the codes the forward pass uses.
#[derive(Clone, Debug, PartialEq)]
pub struct HostWeights {
    /// Signs of `W`, `[n]`, each `-1` or `+1`.
    pub signs: Vec<i8>,
    /// `U`, `[n, d_in]`, row-major.
    pub input: Vec<f32>,
    /// `b`, `[n]`.
    pub bias: Vec<f32>,
    /// `V`, `[d_out, n]`, row-major.
    pub readout: Vec<f32>,
    /// `b_o`, `[d_out]`.
    pub readout_bias: Vec<f32>,
    /// Sizes and bit widths.
    pub config: HadamRnnConfig,
}

impl HadamRnn {
    /// Copies the weights to the host.
    pub fn weights(&self) -> HostWeights {
        let signs = values(self.signs.val());
        HostWeights {
            signs: signs.into_iter().map(quant::sign_of).collect(),
            input: values(self.input.val()),
            bias: values(self.bias.val()),
            readout: values(self.readout.val()),
            readout_bias: values(self.readout_bias.val()),
            config: self.config.clone(),
        }
    }
}

/// The numbers of a float tensor, row-major, as `f32` whatever the device's precision.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
