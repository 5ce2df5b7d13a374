//! The network as a Burn module.

use super::init::{InitialWeights, SecondWeights, mixing_dims};
use super::{ConfigError, HadamRnnConfig, SecondLayer, ops, quant};
use burn::module::{Module, Param};
use burn::tensor::activation::relu;
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
    /// `V`, `[d_out, n]`.
    pub readout: Param<Tensor<2>>,
    /// `b_o`, `[d_out]`.
    pub readout_bias: Param<Tensor<1>>,
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

impl HadamRnnConfig {
    /// A network with random weights: Xavier uniform for the signs (as a `1 x n` matrix), `U` and `V`, uniform
    /// ±1/sqrt(n) for the biases, uniform of variance 1 for an embedding.
    ///
    /// The same `seed` and sizes give the same bits on every device and machine.
    pub fn init(&self, seed: u64, device: &Device) -> Result<HadamRnn, ConfigError> {
        self.validate()?;
        let (n, d_out) = (self.hidden_size, self.output_size);
        let weights = InitialWeights::draw(self, seed);
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
            readout: parameter(weights.readout, [d_out, self.top_size()], device),
            readout_bias: parameter(weights.readout_bias, [d_out], device),
            config: self.clone(),
        })
    }

    fn second(&self, config: &SecondLayer, weights: SecondWeights, device: &Device) -> Second {
        let (n, mixing) = (config.hidden_size, mixing_dims(config, self.hidden_size));
        Second {
            signs: parameter(weights.signs, [n], device).set_require_grad(self.train_signs),
            mixing: parameter(weights.mixing, mixing, device).set_require_grad(config.train_mixing),
            bias: parameter(weights.bias, [n], device),
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

    /// Sequences `[batch, T, d_in]` as the rows `[x_0, .., x_{T-1}, 1]`, `[batch, T * d_in + 1]`, of [`last_state`].
    ///
    /// A data set whose samples are all of one length is best stored in this form once.
    ///
    /// [`last_state`]: Self::last_state
    pub fn augment(x: Tensor<3>) -> Tensor<2> {
        let [batch, steps, d_in] = x.dims();
        let ones = Tensor::ones([batch, 1], &x.device());
        Tensor::cat(vec![x.reshape([batch, steps * d_in]), ones], 1)
    }

    /// Outputs after the last step, `[batch, d_out]`, from `[batch, steps * d_in + 1]` as [`augment`](Self::augment)
    /// gives it: `V relu(h_T) + b_o`.
    ///
    /// # Panics
    ///
    /// When the second dimension is not `steps * d_in + 1`, or `steps` is 0.
    pub fn last_logits(&self, x_augmented: Tensor<2>, steps: usize) -> Tensor<2> {
        self.readout_of(self.last_state(x_augmented, steps))
    }

    /// States after the last step, `[batch, n]`, as one matrix product with the [kernel](ops::kernel).
    ///
    /// # Panics
    ///
    /// As [`last_logits`](Self::last_logits).
    pub fn last_state(&self, x_augmented: Tensor<2>, steps: usize) -> Tensor<2> {
        x_augmented.matmul(self.kernel(steps))
    }

    /// Outputs after every step, `[batch, T, d_out]`, from `[batch, T, d_in]`.
    ///
    /// # Panics
    ///
    /// When the last dimension is not `d_in`.
    pub fn all_logits(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, steps, _] = x.dims();
        let states = self.all_states(x);
        let states = states.reshape([batch * steps, self.config.hidden_size]);
        let logits = self.readout_of(states);
        logits.reshape([batch, steps, self.config.output_size])
    }

    /// States after every step, `[batch, T, n]`, from `[batch, T, d_in]`, by a [scan](ops::scan).
    ///
    /// # Panics
    ///
    /// When the last dimension is not `d_in`.
    pub fn all_states(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, steps, d_in] = x.dims();
        let ones = Tensor::ones([batch * steps, 1], &x.device());
        let augmented = Tensor::cat(vec![x.reshape([batch * steps, d_in]), ones], 1);
        let drive = augmented.matmul(self.input_rows());
        let drive = drive.reshape([batch, steps, self.config.hidden_size]);
        ops::scan(self.binary_signs(), drive, self.config.log2_block)
    }

    /// `V relu(h) + b_o` of states `[rows, n]`: `[rows, d_out]`.
    pub fn readout_of(&self, states: Tensor<2>) -> Tensor<2> {
        let readout = quant::fake_quantise(self.readout.val(), self.config.readout_bits);
        relu(states).matmul(readout.transpose()) + self.readout_bias.val().unsqueeze()
    }

    /// `U` as the forward pass uses it, `[n, d_in]`.
    pub(super) fn quantised_input(&self) -> Tensor<2> {
        quant::fake_quantise(self.input.val(), self.config.input_bits)
    }

    /// `s` in ±1, `[n]`.
    pub(super) fn binary_signs(&self) -> Tensor<1> {
        quant::sign(self.signs.val())
    }

    /// The kernel of `steps` steps, `[steps * d_in + 1, n]`.
    fn kernel(&self, steps: usize) -> Tensor<2> {
        let (signs, rows) = (self.binary_signs(), self.input_rows());
        ops::kernel(signs, rows, self.config.log2_block, steps)
    }

    /// The columns of `U` as rows, then the bias, `[d_in + 1, n]`: times these, `[x_t, 1]` is `U x_t + b`.
    fn input_rows(&self) -> Tensor<2> {
        let columns = self.quantised_input().transpose();
        Tensor::cat(vec![columns, self.bias.val().unsqueeze()], 0)
    }
}
