//! The recurrent layer: `h_t = γ W h_{t-1} + d_t`, with `W = diag(s) (I ⊗ H) / sqrt(B)`.
//!
//! Both layers of a network are such layers. They differ in what drives them: the [input](super::input) or a
//! [binary matrix](super::binary).

use super::error::ConfigError;
use super::fwht::block_scale;
use super::ops::{self, LayerSize};
use super::quant;
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use hadamrnn_runtime::limits;

/// Sizes of a recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecurrentConfig {
    /// `n`, a power of two.
    pub hidden_size: usize,
    /// `q`: blocks of `2^q`.
    pub log2_block: usize,
    /// `k`: `γ = 1 - 2^-k`, or 1.
    pub leak: Option<u8>,
}

impl RecurrentConfig {
    /// Checks every range; `fields` are the names of size, block and leak.
    pub(super) fn validate(&self, fields: [&'static str; 3]) -> Result<(), ConfigError> {
        let [size, block, leak] = fields;
        let n = self.hidden_size;
        if !n.is_power_of_two() || !limits::HIDDEN_SIZE.holds(n) {
            return Err(ConfigError::HiddenSize(size, n));
        }
        let (log2_block, max) = (self.log2_block, n.ilog2() as usize);
        if !(limits::MIN_LOG2_BLOCK..=max).contains(&log2_block) {
            return Err(ConfigError::Log2Block {
                field: block,
                log2_block,
                max,
            });
        }
        match self.leak {
            Some(found) if !limits::LEAK.holds(found.into()) => Err(ConfigError::Leak(leak, found)),
            _ => Ok(()),
        }
    }

    /// The layer as operations know it.
    pub(super) fn size(&self) -> LayerSize {
        LayerSize {
            hidden: self.hidden_size,
            log2_block: self.log2_block,
            leak_factor: leak_factor(self.leak),
        }
    }
}

/// `γ = 1 - 2^-leak`, or 1.
pub fn leak_factor(leak: Option<u8>) -> f32 {
    leak.map_or(1.0, |leak| 1.0 - 0.5_f32.powi(i32::from(leak)))
}

/// The size of `log2_block` after a layer of `before` units got `after` ones: a full Hadamard matrix stays full, blocks keep
/// their size.
pub(super) fn resized_block(log2_block: usize, before: usize, after: usize) -> usize {
    match before == 1 << log2_block && after > 0 {
        true => after.ilog2() as usize,
        false => log2_block,
    }
}

/// A recurrent layer at work.
pub(super) struct Recurrent {
    config: RecurrentConfig,
    /// `s` in ±1, `[n]`, with straight-through gradients.
    pub signs: Tensor<1>,
}

impl Recurrent {
    /// The layer of these latent signs.
    pub fn new(config: RecurrentConfig, latent: &Param<Tensor<1>>) -> Self {
        Self {
            config,
            signs: quant::sign(latent.val()),
        }
    }

    /// The kernel that makes last states of inputs with one matrix product; see [`ops::kernel`].
    pub fn kernel(self, rows: Tensor<2>, steps: usize) -> Tensor<2> {
        let leak_factor = leak_factor(self.config.leak);
        ops::kernel(self.signs, rows, self.config.log2_block, steps, leak_factor)
    }

    /// Every state, `[batch, T, n]`, of the layer inputs `[batch, T, n]`, from the state `before`, `[batch, 1, n]`, or from zero.
    pub fn states_after(self, layer_input: Tensor<3>, before: Option<&Tensor<3>>) -> Tensor<3> {
        let leak_factor = leak_factor(self.config.leak);
        let scan = |input| ops::scan(self.signs, input, self.config.log2_block, leak_factor);
        let steps = layer_input.dims()[1];
        match before {
            None => scan(layer_input),
            // From zero, a step whose layer input is a state leads to that state.
            Some(before) => {
                scan(Tensor::cat(vec![before.clone(), layer_input], 1)).narrow(1, 1, steps)
            }
        }
    }

    /// The state after each step, `[batch, n]`, of the layer inputs `[batch, n]`, by products with a dense `W`: the slow form.
    pub fn states_stepwise(&self, layer_inputs: impl Iterator<Item = Tensor<2>>) -> Vec<Tensor<2>> {
        let recurrent = self.dense().mul_scalar(leak_factor(self.config.leak));
        let recurrent = recurrent.transpose();
        let mut state: Option<Tensor<2>> = None;
        layer_inputs
            .map(|layer_input| {
                let next = match state.take() {
                    Some(state) => state.matmul(recurrent.clone()) + layer_input,
                    None => layer_input,
                };
                state = Some(next.clone());
                next
            })
            .collect()
    }

    /// `W`, `[n, n]`.
    fn dense(&self) -> Tensor<2> {
        let signs = self.signs.clone();
        let ([n], device): (_, Device) = (signs.dims(), signs.device());
        let entries = (0..n * n).map(|at| block_hadamard(at / n, at % n, self.config.log2_block));
        let data = TensorData::new(entries.collect::<Vec<f32>>(), [n, n]);
        Tensor::<2>::from_data(data, &device) * signs.unsqueeze_dim(1)
    }
}

/// Entry of `(I ⊗ H) / sqrt(B)`: `(-1)^popcount(row & column) / sqrt(B)` within a block, 0 elsewhere.
fn block_hadamard(row: usize, column: usize, log2_block: usize) -> f32 {
    if row >> log2_block != column >> log2_block {
        return 0.0;
    }
    let within = (1 << log2_block) - 1;
    match (row & column & within).count_ones() % 2 {
        0 => block_scale(log2_block),
        _ => -block_scale(log2_block),
    }
}
