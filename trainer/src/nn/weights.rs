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
    /// `U`, `[n, d_in]`, row-major, where steps are numbers.
    ///
    /// Where they are tokens: their table, `[vocabulary, n]`, row-major, row 0 zero. Latent if it is trained itself;
    /// with an embedding `E`, the product `E Uᵀ` with the quantised `U`, in full precision.
    pub input: Vec<f32>,
    /// `b`, `[n]`.
    pub bias: Vec<f32>,
    /// The second layer, if there is one.
    pub second: Option<HostSecondLayer>,
    /// The hidden readout layer, if there is one.
    pub hidden_readout: Option<HostHiddenReadout>,
    /// `V`, `[d_out, n]` with the `n` of the layer it reads, row-major.
    pub readout: Vec<f32>,
    /// `b_o`, `[d_out]`.
    pub readout_bias: Vec<f32>,
    /// Sizes and bit widths.
    pub config: HadamRnnConfig,
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

/// Weights of a hidden readout layer in host memory.
#[derive(Clone, Debug, PartialEq)]
pub struct HostHiddenReadout {
    /// Signs of `M`, `[m, n]`, row-major, each `-1` or `+1`.
    pub matrix: Vec<i8>,
    /// `c`, `[m]`.
    pub bias: Vec<f32>,
}

impl HadamRnn {
    /// Copies the weights to the host.
    pub fn weights(&self) -> HostWeights {
        HostWeights {
            signs: signs(self.signs.val()),
            input: values(self.exported_input()),
            bias: values(self.bias.val()),
            second: self.second.as_ref().map(|second| HostSecondLayer {
                signs: signs(second.signs.val()),
                mixing: signs(second.mixing.val()),
                bias: values(second.bias.val()),
            }),
            hidden_readout: (self.hidden_readout.as_ref()).map(|layer| HostHiddenReadout {
                matrix: signs(layer.matrix.val()),
                bias: values(layer.bias.val()),
            }),
            readout: values(self.readout.val()),
            readout_bias: values(self.readout_bias.val()),
            config: self.config.clone(),
        }
    }

    /// The latent input weights, or the table that an embedding folds to.
    fn exported_input(&self) -> Tensor<2> {
        match &self.embedding {
            Some(embedding) => embedding.val().matmul(self.quantised_input().transpose()),
            None => self.input.val(),
        }
    }
}

fn signs<const D: usize>(latent: Tensor<D>) -> Vec<i8> {
    values(latent).into_iter().map(quant::sign_of).collect()
}

/// The numbers of a float tensor, row-major, as `f32` whatever the device's precision.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
