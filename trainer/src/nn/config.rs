//! Sizes and options of the network, and what they may be.

mod validate;

pub use validate::ConfigError;

use serde::{Deserialize, Serialize};

/// Input of the network in a step of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// `d_in` numbers, 1 to 65535, times the input matrix: `U x_t`.
    Numbers(usize),
    /// A token, which picks a row of a table; the row of token 0, padding, is zero.
    Tokens {
        /// Number of tokens, 2 to 65536.
        vocabulary: usize,
        /// Length of an embedding `e`, 1 to 4096, whose table is `U e` (the paper's); `None` trains the table itself.
        embedding: Option<usize>,
    },
}

/// Which states the outputs are read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// `V relu(h_T) + b_o`: the paper's, many to one.
    #[default]
    LastState,
    /// `V relu(h_t) + b_o` after every step: the paper's copy task.
    EveryStep,
    /// `V mean_t relu(h_t) + b_o`: an extension.
    Pooled,
}

/// How a second layer's inputs come from the first layer's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mixing {
    /// A trained dense matrix of `±1 / sqrt(n_1)`: the paper's.
    Dense,
    /// `diag(a) H diag(c) / sqrt(n)` with signs `a` and `c`, both layers of `n` units: an extension that stores `2 n` bits
    /// and costs one more fast Walsh-Hadamard transform.
    Hadamard,
}

/// A second recurrent layer: `h'_t = W' h'_{t-1} + M relu(h_t) + b'`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondLayer {
    /// Hidden units, a power of two, 16 to 1024.
    pub hidden_size: usize,
    /// `q'`: Hadamard blocks of `2^q'`, 1 to `log2(n')`, where `log2(n')` is the full Hadamard matrix.
    pub log2_block: usize,
    /// `k'`: the layer's recurrent matrix is scaled by `1 - 2^-k'`, 1 to 15; `None` keeps it orthogonal.
    #[serde(default)]
    pub leak: Option<u8>,
    /// Kind of the matrix `M`.
    pub mixing: Mixing,
    /// Whether the signs of `M` are trained or stay at their random start.
    #[serde(default = "yes")]
    pub train_mixing: bool,
    /// Whether there is a `b'`; without one a model is `4 n'` bytes smaller.
    #[serde(default = "yes")]
    pub bias: bool,
}

/// A hidden layer of the readout, without a state of its own: `y = V relu(M r + c) + b_o` of what is read, `r`. An extension.
///
/// `M` is a trained dense matrix of `±1 / sqrt(n)`, like the paper's between two layers. It is computed only when the
/// outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenReadout {
    /// Units, `m`: a multiple of 16 from 16 to 1024.
    pub hidden_size: usize,
    /// Whether there is a `c`; without one a model is `4 m` bytes smaller.
    #[serde(default = "yes")]
    pub bias: bool,
}

fn yes() -> bool {
    true
}

/// Sizes and options of a [`HadamRnn`](super::HadamRnn).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HadamRnnConfig {
    /// Input of the network in a step.
    pub input: Input,
    /// Hidden units, `n`: a power of two, 16 to 1024.
    pub hidden_size: usize,
    /// `q`: Hadamard blocks of `2^q`, 1 to `log2(n)`, where `log2(n)` is the full Hadamard matrix.
    pub log2_block: usize,
    /// `k`: `W` is scaled by `1 - 2^-k`, 1 to 15, so that old inputs fade; `None` keeps it orthogonal (the paper's).
    pub leak: Option<u8>,
    /// A second layer (the paper's two-layer variant), which the outputs are then read from.
    pub second: Option<SecondLayer>,
    /// Which states the outputs are read from.
    pub readout: Readout,
    /// A layer between what is read and the outputs.
    pub hidden_readout: Option<HiddenReadout>,
    /// Outputs, `d_out`: 1 to 65535.
    pub output_size: usize,
    /// Outputs of a second readout that only training sees, for an auxiliary loss, up to 65535; 0 is none.
    pub auxiliary_size: usize,
    /// Bits of the input matrix `U`, 1 (ternary) to 8; `None` keeps it in full precision.
    pub input_bits: Option<u8>,
    /// Rows of `U` (columns of a table) that are trained, the first ones of each Hadamard block in equal parts; the others
    /// are zero, and cost neither bytes nor time. `None` trains all (the paper's).
    pub input_rows: Option<usize>,
    /// Bits of the readout matrix `V`, 1 (ternary) to 8; `None` keeps it in full precision.
    pub readout_bits: Option<u8>,
    /// Whether the signs of `W` are trained or stay at their random start.
    pub train_signs: bool,
}

impl HadamRnnConfig {
    /// Rows and columns of the latent input weights: `U`, or the table where tokens have no embedding.
    pub(super) fn input_dims(&self) -> [usize; 2] {
        match self.input {
            Input::Numbers(d_in) => [self.hidden_size, d_in],
            Input::Tokens {
                embedding: Some(length),
                ..
            } => [self.hidden_size, length],
            Input::Tokens { vocabulary, .. } => [vocabulary, self.hidden_size],
        }
    }

    /// Hidden units of the recurrent layer that the outputs are read from.
    pub fn top_size(&self) -> usize {
        let second = self.second.as_ref();
        second.map_or(self.hidden_size, |second| second.hidden_size)
    }

    /// Columns of `V`: units of the hidden readout layer if there is one, else of the last recurrent layer.
    pub fn read_size(&self) -> usize {
        let hidden = self.hidden_readout.as_ref();
        hidden.map_or(self.top_size(), |hidden| hidden.hidden_size)
    }

    /// Whether inputs drive `unit` of the first layer: all units, unless [`input_rows`](Self::input_rows) says otherwise.
    pub fn is_driven(&self, unit: usize) -> bool {
        let blocks = self.hidden_size >> self.log2_block;
        let within = unit & ((1 << self.log2_block) - 1);
        self.input_rows.is_none_or(|rows| within < rows / blocks)
    }
}

/// `γ = 1 - 2^-leak`, or 1.
pub fn decay(leak: Option<u8>) -> f32 {
    leak.map_or(1.0, |leak| 1.0 - 0.5_f32.powi(i32::from(leak)))
}
