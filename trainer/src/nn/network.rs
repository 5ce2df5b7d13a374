//! The network, put together from its parts: one configuration, one Burn module, one set of host weights.

mod forward;
mod running;
mod scan;
mod stepwise;

pub use running::Running;
pub use scan::Trace;

use super::binary::{HostSecondLayer, Second, SecondLayer};
use super::error::{self, ConfigError};
use super::input::{Input, InputConfig, Projection};
use super::parameter::{Draw, Start, blend, host_signs, host_values, latent_signs, parameter};
use super::readout::{
    self, Auxiliary, Fading, FadingPool, HiddenReadout, HiddenReadoutLayer, HostHiddenReadout,
    Readout,
};
use super::recurrent::{Recurrent, RecurrentConfig, resized_block};
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor};
use hadamrnn_runtime::format::ReadoutKind;
use hadamrnn_runtime::limits::{self, Limit};
use serde::{Deserialize, Serialize};

/// The sizes and kinds of layers that are free to choose: `[network]` of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Number of hidden units, `n`: a power of two in [`limits::HIDDEN_SIZE`].
    pub hidden_size: usize,
    /// `q`: Hadamard blocks of `2^q`, 1 to `log2(n)`, where `log2(n)` is the full Hadamard matrix (HadamRNN).
    pub log2_block: usize,
    /// `k`: `W` is scaled by `1 - 2^-k`, within [`limits::LEAK`], so that old inputs fade; absent it is orthogonal (the
    /// paper's).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leak: Option<u8>,
    /// Bits of the input weights U, within [`limits::WEIGHT_BITS`] (1 is ternary); absent they keep full precision, and an
    /// export must give them some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_bits: Option<u8>,
    /// Number of rows of U (columns of a table) that are trained, the first ones of each Hadamard block in equal parts; the
    /// others are zero, and cost the model neither bytes nor time. Absent all are trained (the paper's).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_rows: Option<usize>,
    /// Bits of the output weights V, as of U.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readout_bits: Option<u8>,
    /// Which states the outputs are read from.
    #[serde(default)]
    pub readout: ReadoutKind,
    /// How old states fade in the mean of a pooled readout, so that it needs no reset in a stream; absent it is that of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fading: Option<Fading>,
    /// Length of the embedding of a token, 1 to 4096; absent the table of tokens is trained itself. It becomes part of
    /// [`HadamRnnConfig::input`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<usize>,
    /// A second layer (the paper's two-layer variant), which the outputs are then read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondLayer>,
    /// A hidden layer of the readout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_readout: Option<HiddenReadout>,
}

impl NetworkConfig {
    /// One layer of `hidden_size` units with the full Hadamard matrix, U and V of 4 bits, read at the last state.
    pub fn of_size(hidden_size: usize) -> Self {
        Self {
            hidden_size,
            log2_block: hidden_size.checked_ilog2().unwrap_or(0) as usize,
            leak: None,
            input_bits: Some(4),
            input_rows: None,
            readout_bits: Some(4),
            readout: ReadoutKind::LastState,
            fading: None,
            embedding: None,
            second: None,
            hidden_readout: None,
        }
    }

    /// Changes the number of hidden units. A full Hadamard matrix stays full, blocks keep their size, and other layers of as
    /// many units follow.
    pub fn resize(&mut self, hidden_size: usize) {
        let before = self.hidden_size;
        self.hidden_size = hidden_size;
        self.log2_block = resized_block(self.log2_block, before, hidden_size);
        if let Some(second) = &mut self.second {
            second.resize(before, hidden_size);
        }
        if let Some(hidden) = &mut self.hidden_readout {
            hidden.resize(before, hidden_size);
        }
    }

    /// Gives this leak, if it is one, to the layers without a leak.
    pub(crate) fn add_leak(&mut self, leak: Option<u8>) {
        self.leak = self.leak.or(leak);
        if let Some(second) = &mut self.second {
            second.leak = second.leak.or(leak);
        }
    }

    /// Sizes of the recurrent layers, the first layer first.
    pub fn layers(&self) -> impl Iterator<Item = RecurrentConfig> {
        let second = self.second.as_ref().map(SecondLayer::recurrent);
        [Some(self.first()), second].into_iter().flatten()
    }

    /// Sizes of the first layer.
    pub(super) fn first(&self) -> RecurrentConfig {
        RecurrentConfig {
            hidden_size: self.hidden_size,
            log2_block: self.log2_block,
            leak: self.leak,
        }
    }

    /// Number of Hadamard blocks of the first layer.
    pub fn blocks(&self) -> usize {
        self.hidden_size >> self.log2_block
    }

    /// Hidden units of the recurrent layer that the outputs are read from.
    pub fn top_size(&self) -> usize {
        let layers = self.layers().map(|layer| layer.hidden_size);
        layers.last().unwrap_or(self.hidden_size)
    }

    /// Columns of `V`: units of the hidden readout layer if there is one, else of the last recurrent layer.
    pub fn read_size(&self) -> usize {
        let hidden = self.hidden_readout.as_ref();
        hidden.map_or(self.top_size(), |hidden| hidden.hidden_size)
    }

    /// Checks every range stated at the fields; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    fn validate(&self) -> Result<(), ConfigError> {
        self.first()
            .validate(["hidden_size", "log2_block", "leak"])?;
        error::bits("input_bits", self.input_bits)?;
        error::bits("readout_bits", self.readout_bits)?;
        if self.fading.is_some() && self.readout != ReadoutKind::Pooled {
            return Err(ConfigError::Fading);
        }
        let fading = self.fading.as_ref();
        fading.map_or(Ok(()), readout::validate_fading)?;
        let hidden = self.hidden_readout.as_ref();
        hidden.map_or(Ok(()), HiddenReadout::validate)?;
        let second = self.second.as_ref();
        second.map_or(Ok(()), |second| second.validate(self.hidden_size))
    }
}

/// Sizes and options of a [`HadamRnn`]: what is free to choose, and what the data and the training say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HadamRnnConfig {
    /// Kind and size of what a step feeds the network.
    pub input: Input,
    /// Layers between inputs and outputs.
    pub network: NetworkConfig,
    /// Number of outputs, `d_out`, within [`limits::OUTPUTS`].
    pub output_size: usize,
    /// Outputs of a second readout that only training sees, for an auxiliary loss, as many at most; 0 is none.
    pub auxiliary_size: usize,
    /// Whether the signs of `W` are trained or stay at their random start.
    pub train_signs: bool,
}

impl HadamRnnConfig {
    /// Checks every range stated at the fields; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        error::size("output_size", self.output_size, limits::OUTPUTS)?;
        let auxiliary = Limit {
            min: 0,
            ..limits::OUTPUTS
        };
        error::size("auxiliary_size", self.auxiliary_size, auxiliary)?;
        self.network.validate()?;
        self.projection().validate()
    }

    /// Sizes of the input projection.
    pub(super) fn projection(&self) -> InputConfig {
        let network = &self.network;
        InputConfig {
            input: self.input,
            units: network.hidden_size,
            log2_block: network.log2_block,
            bits: network.input_bits,
            rows: network.input_rows,
        }
    }

    /// Whether inputs drive `unit` of the first layer: all units, unless [`NetworkConfig::input_rows`] says otherwise.
    pub fn is_driven(&self, unit: usize) -> bool {
        self.projection().is_driven(unit)
    }

    /// A network with random weights: Xavier uniform for the signs (as a `1 x n` matrix), `U` and `V`, uniform
    /// ±1/sqrt(n) for the biases, uniform of variance 1 for an embedding.
    ///
    /// The same `seed` and sizes give the same bits on every device and machine.
    ///
    /// # Errors
    /// The configuration is not [valid](Self::validate).
    pub fn init(&self, seed: u64, device: &Device) -> Result<HadamRnn, ConfigError> {
        self.init_with(seed, Start::default(), device)
    }

    /// [`init`](Self::init) with biases that start elsewhere.
    ///
    /// # Errors
    /// The configuration is not [valid](Self::validate).
    pub fn init_with(
        &self,
        seed: u64,
        start: Start,
        device: &Device,
    ) -> Result<HadamRnn, ConfigError> {
        self.validate()?;
        let draw = Draw {
            seed,
            start,
            device,
        };
        let network = &self.network;
        let (n, read) = (network.hidden_size, network.read_size());
        let (input, embedding) = self.projection().init(&draw);
        let (readout, readout_bias) = readout::init(self.output_size, read, &draw);
        let mut made = HadamRnn {
            signs: draw.signs(0, n),
            input,
            embedding,
            bias: draw.biases(2, n, n),
            second: (network.second.as_ref()).map(|second| Second::init(second, n, &draw)),
            hidden_readout: (network.hidden_readout.as_ref())
                .map(|layer| HiddenReadoutLayer::init(layer, network.top_size(), &draw)),
            readout,
            readout_bias,
            auxiliary: (self.auxiliary_size > 0)
                .then(|| Auxiliary::init(self.auxiliary_size, read, &draw)),
            config: self.clone(),
        };
        for signs in made.latent_signs() {
            *signs = signs.clone().set_require_grad(self.train_signs);
        }
        Ok(made)
    }
}

/// A HadamRNN (`q = log2 n`) or Block-HadamRNN with one or two recurrent layers.
///
/// Weights are latent, in full precision; every forward pass quantises `U` and `V` and takes the signs of the latent
/// vectors, with straight-through gradients. Shapes: `n` hidden units, `d_in` inputs, `d_out` outputs.
///
/// Checkpoints hold the fields under these names. The random streams of their start are, in this order: 0, 1, 5, 2; 6 to 8
/// of the second layer; 10 and 11 of the hidden readout layer; 3, 4; 9 of the auxiliary readout.
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

/// Groups of parameters that an optimiser may step at rates of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// U, or the table of tokens.
    Input,
    /// The embedding of tokens.
    Embedding,
    /// Biases of layers.
    Bias,
    /// Signs of binary matrices.
    Mixing,
    /// V, the output biases, and the auxiliary readout.
    Readout,
}

impl HadamRnn {
    /// Sizes and options this network was made with.
    pub fn config(&self) -> &HadamRnnConfig {
        &self.config
    }

    /// Device of the weights.
    pub fn device(&self) -> Device {
        self.bias.val().device()
    }

    /// The input projection.
    pub(super) fn projection(&self) -> Projection<'_> {
        Projection {
            config: self.config.projection(),
            weights: &self.input,
            embedding: self.embedding.as_ref(),
            bias: &self.bias,
        }
    }

    /// The readout.
    fn reading(&self) -> Readout<'_> {
        let network = &self.config.network;
        Readout {
            kind: network.readout,
            fading: network.fading.map(FadingPool::from),
            bits: network.readout_bits,
            hidden: self.hidden_readout.as_ref(),
            weights: &self.readout,
            bias: &self.readout_bias,
        }
    }

    /// The recurrence of the first layer.
    pub(super) fn first(&self) -> Recurrent {
        Recurrent::new(self.config.network.first(), &self.signs)
    }

    /// The second layer and its configuration, if there is one.
    pub(super) fn second(&self) -> Option<(&SecondLayer, &Second)> {
        self.config
            .network
            .second
            .as_ref()
            .zip(self.second.as_ref())
    }

    /// Parameters that hold the latent recurrent signs, layer by layer.
    fn latent_signs(&mut self) -> impl Iterator<Item = &mut Param<Tensor<1>>> {
        let second = self.second.as_mut().map(|second| &mut second.signs);
        [Some(&mut self.signs), second].into_iter().flatten()
    }

    /// The recurrent signs of all layers, each `-1` or `+1`.
    pub fn signs_on_host(&self) -> Vec<i8> {
        let mut latent = vec![self.signs.val()];
        latent.extend(self.second.as_ref().map(|second| second.signs.val()));
        host_signs(Tensor::cat(latent, 0))
    }

    /// Parameters that hold recurrent signs.
    pub fn sign_ids(&self) -> Vec<ParamId> {
        let second = self.second.as_ref().map(|second| second.signs.id);
        let first = Some(self.signs.id);
        [first, second].into_iter().flatten().collect()
    }

    /// All other parameters, each with its group.
    pub fn groups(&self) -> Vec<(Group, ParamId)> {
        let mut members = vec![
            (Group::Input, self.input.id),
            (Group::Bias, self.bias.id),
            (Group::Readout, self.readout.id),
            (Group::Readout, self.readout_bias.id),
        ];
        members.extend((self.embedding.as_ref()).map(|table| (Group::Embedding, table.id)));
        if let Some(auxiliary) = &self.auxiliary {
            members.push((Group::Readout, auxiliary.readout.id));
            members.push((Group::Readout, auxiliary.bias.id));
        }
        if let Some(second) = &self.second {
            members.push((Group::Mixing, second.mixing.id));
            members.push((Group::Bias, second.bias.id));
        }
        if let Some(hidden) = &self.hidden_readout {
            members.push((Group::Mixing, hidden.matrix.id));
            members.push((Group::Bias, hidden.bias.id));
        }
        members
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
            second: second.map(|(old, new)| old.averaged_with(new, decay)),
            hidden_readout: hidden.map(|(old, new)| old.averaged_with(new, decay)),
            readout: blend(self.readout, &newer.readout, decay),
            readout_bias: blend(self.readout_bias, &newer.readout_bias, decay),
            auxiliary: newer.auxiliary.clone(),
            signs: newer.signs.clone(),
            config: self.config,
        }
    }

    /// Copies the weights to the host.
    pub fn weights(&self) -> HostWeights {
        HostWeights {
            signs: host_signs(self.signs.val()),
            input: host_values(self.projection().exported()),
            bias: host_values(self.bias.val()),
            second: self.second.as_ref().map(Second::host),
            hidden_readout: self.hidden_readout.as_ref().map(HiddenReadoutLayer::host),
            readout: host_values(self.readout.val()),
            readout_bias: host_values(self.readout_bias.val()),
            config: self.config.clone(),
        }
    }
}

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

impl HostWeights {
    /// Whether no weight is infinite or not a number.
    pub fn are_finite(&self) -> bool {
        let second = self.second.as_ref().map(|layer| &layer.bias);
        let hidden = self.hidden_readout.as_ref().map(|layer| &layer.bias);
        [&self.input, &self.bias, &self.readout, &self.readout_bias]
            .into_iter()
            .chain(second)
            .chain(hidden)
            .flatten()
            .all(|weight| weight.is_finite())
    }

    /// The network of these weights on a device, with `input` in place of its own input weights, of which it is used as it
    /// stands: neither it nor `V` is quantised.
    ///
    /// `input` has the length of [`HostWeights::input`]. The network has no auxiliary readout.
    pub fn network(&self, input: Vec<f32>, device: &Device) -> HadamRnn {
        let mut config = self.config.clone();
        (config.network.input_bits, config.network.readout_bits) = (None, None);
        config.auxiliary_size = 0;
        if let Input::Tokens { embedding, .. } = &mut config.input {
            *embedding = None;
        }
        let network = &config.network;
        let (n, top, read) = (network.hidden_size, network.top_size(), network.read_size());
        let second = self.second.as_ref().zip(network.second.as_ref());
        let hidden = self.hidden_readout.as_ref();
        HadamRnn {
            signs: parameter(latent_signs(&self.signs), [n], device),
            input: parameter(input, config.projection().dims(), device),
            embedding: None,
            bias: parameter(self.bias.clone(), [n], device),
            second: second.map(|(weights, layer)| weights.on(layer, n, device)),
            hidden_readout: hidden.map(|weights| weights.on(top, device)),
            readout: parameter(self.readout.clone(), [config.output_size, read], device),
            readout_bias: parameter(self.readout_bias.clone(), [config.output_size], device),
            auxiliary: None,
            config,
        }
    }
}
