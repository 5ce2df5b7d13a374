//! The input projection: what drives the first layer, `U x_t + b`, or a token's row of a table and `b`.

mod batch;

pub use batch::{Inputs, TokenBatch};

use super::error::{ConfigError, size};
use super::ops::Source;
use super::parameter::Draw;
use super::quant;
use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, TensorData};
use hadamrnn_runtime::fields::FieldWidth;
use hadamrnn_runtime::limits::{self, Limit};
use serde::{Deserialize, Serialize};

/// Tokens of a vocabulary that is trained: padding and at least one more.
const VOCABULARY: Limit = Limit {
    min: 2,
    ..limits::VOCABULARY
};

/// Lengths of an embedding, which never leaves the trainer.
const EMBEDDING: Limit = Limit { min: 1, max: 4096 };

/// Kind and size of what a step of a sequence feeds the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// `d_in` numbers, within [`limits::INPUTS`], times the input matrix: `U x_t`.
    Numbers(usize),
    /// A token, which picks a row of a table; the row of token 0, padding, is zero.
    Tokens {
        /// Number of tokens, 2 or more, within [`limits::VOCABULARY`].
        vocabulary: usize,
        /// Length of an embedding `e`, 1 to 4096, whose table is `U e` (the paper's); `None` trains the table itself.
        embedding: Option<usize>,
    },
}

impl Input {
    /// Checks every range.
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        match *self {
            Self::Numbers(d_in) => size("input size", d_in, limits::INPUTS),
            Self::Tokens {
                vocabulary,
                embedding,
            } => {
                size("vocabulary", vocabulary, VOCABULARY)?;
                size("embedding", embedding.unwrap_or(EMBEDDING.min), EMBEDDING)
            }
        }
    }
}

/// Sizes of an input projection.
#[derive(Clone, Copy, Debug)]
pub(super) struct InputConfig {
    /// Kind and size of what a step feeds.
    pub input: Input,
    /// Units of the layer that is driven, `n`.
    pub units: usize,
    /// Logarithm of the side of that layer's Hadamard blocks.
    pub log2_block: usize,
    /// Bits of `U`, or of the table that is trained itself; none for full precision.
    pub bits: Option<u8>,
    /// Rows that are trained, if not all are.
    pub rows: Option<usize>,
}

impl InputConfig {
    /// Checks every range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.input.validate()?;
        let Some(rows) = self.rows else {
            return Ok(());
        };
        // The runtime skips whole words of codes.
        let width = self.bits.and_then(FieldWidth::for_weight_bits);
        let word = width.unwrap_or(FieldWidth::Eight).per_word();
        let (max, multiple) = (self.units, word * self.blocks());
        match rows > 0 && rows < max && rows.is_multiple_of(multiple) {
            true => Ok(()),
            false => Err(ConfigError::InputRows {
                rows,
                multiple,
                max,
            }),
        }
    }

    /// Rows and columns of the latent weights: `U`, or the table where tokens have no embedding.
    pub fn dims(&self) -> [usize; 2] {
        match self.input {
            Input::Numbers(d_in) => [self.units, d_in],
            Input::Tokens {
                embedding: Some(length),
                ..
            } => [self.units, length],
            Input::Tokens { vocabulary, .. } => [vocabulary, self.units],
        }
    }

    /// Whether inputs drive `unit`: the first ones of each block do, or all.
    pub fn is_driven(&self, unit: usize) -> bool {
        let within = unit & ((1 << self.log2_block) - 1);
        self.rows.is_none_or(|rows| within < rows / self.blocks())
    }

    fn blocks(&self) -> usize {
        self.units >> self.log2_block
    }

    /// Random weights: `U` or the table, and the embedding if there is one. They come from the streams 1 and 5.
    pub fn init(&self, draw: &Draw<'_>) -> (Param<Tensor<2>>, Option<Param<Tensor<2>>>) {
        let dims = self.dims();
        let mut values = draw.xavier(1, dims);
        self.clear_undriven(&mut values);
        let embedding = match self.input {
            Input::Numbers(_) => None,
            Input::Tokens {
                embedding: None, ..
            } => {
                clear_padding(&mut values, dims[1]);
                None
            }
            Input::Tokens {
                vocabulary,
                embedding: Some(length),
            } => {
                let mut table = draw.uniform(5, vocabulary * length, 3.0_f64.sqrt());
                clear_padding(&mut table, length);
                Some(draw.parameter(table, [vocabulary, length]))
            }
        };
        (draw.parameter(values, dims), embedding)
    }

    /// Zeroes the latent weights of units that no input drives.
    fn clear_undriven(&self, weights: &mut [f32]) {
        let columns = self.dims()[1];
        for (at, weight) in weights.iter_mut().enumerate() {
            let unit = match self.input {
                Input::Tokens {
                    embedding: None, ..
                } => at % columns,
                _ => at / columns,
            };
            if !self.is_driven(unit) {
                *weight = 0.0;
            }
        }
    }
}

/// Zeroes the row of the padding token.
fn clear_padding(rows: &mut [f32], length: usize) {
    rows[..length].fill(0.0);
}

/// An input projection at work.
pub(super) struct Projection<'a> {
    pub config: InputConfig,
    /// Latent `U` or table, of the configuration's [`dims`](InputConfig::dims).
    pub weights: &'a Param<Tensor<2>>,
    /// `E`, `[vocabulary, embedding]`.
    pub embedding: Option<&'a Param<Tensor<2>>>,
    /// `b`, `[n]`.
    pub bias: &'a Param<Tensor<1>>,
}

impl Projection<'_> {
    /// `U` as the forward pass uses it, `[n, d_in]`; the whole table, where tokens have no embedding.
    pub fn quantised(&self) -> Tensor<2> {
        quant::fake_quantise(self.weights.val(), self.config.bits)
    }

    /// Rows of `n` that drive the first layer: the columns of `U`, or rows of the table of tokens, `chosen` ones.
    fn rows(&self, chosen: Option<Tensor<1, Int>>) -> Tensor<2> {
        let rows = match (self.embedding, chosen) {
            (Some(embedding), Some(chosen)) => {
                let chosen = embedding.val().select(0, chosen);
                chosen.matmul(self.quantised().transpose())
            }
            (None, Some(chosen)) => {
                let table = self.weights.val();
                let rows = table.clone().select(0, chosen);
                quant::fake_quantise_part(rows, table, self.config.bits)
            }
            (_, None) => self.quantised().transpose(),
        };
        match self.config.rows {
            Some(_) => rows * self.driven_units(),
            None => rows,
        }
    }

    /// 1 for each unit that inputs drive, 0 for the others, `[1, n]`: these weights start at zero, and stay there because
    /// they get no gradient.
    fn driven_units(&self) -> Tensor<2> {
        let units = self.config.units;
        let driven = |unit| f32::from(u8::from(self.config.is_driven(unit)));
        let driven: Vec<f32> = (0..units).map(driven).collect();
        Tensor::from_data(TensorData::new(driven, [1, units]), &self.device())
    }

    /// The columns of `U` as rows, and `b` as the last row, `[d_in + 1, n]`.
    pub fn columns_and_bias(&self) -> Tensor<2> {
        Tensor::cat(vec![self.rows(None), self.bias.val().unsqueeze()], 0)
    }

    /// `inputs` as the sequence operation takes them: their kind, the rows that drive, and numbers if there are any.
    pub fn of_sequences(&self, inputs: &Inputs) -> (Source, Tensor<2>, Tensor<3>) {
        match inputs {
            Inputs::Numbers(x) => {
                let rows = self.rows(None);
                let columns = rows.dims()[0];
                (Source::Numbers { columns }, rows, x.clone())
            }
            Inputs::Tokens(tokens) => {
                let device = self.device();
                let rows = self.rows(Some(tokens.used(&device)));
                let (count, ids) = (rows.dims()[0], tokens.places());
                let source = Source::Tokens { rows: count, ids };
                (source, rows, Tensor::zeros([1, 1, 1], &device))
            }
        }
    }

    /// `d_t` of every step, `[batch, T, n]`.
    pub fn layer_input(&self, inputs: &Inputs) -> Tensor<3> {
        let ([batch, steps], n) = (inputs.dims(), self.config.units);
        let bias = self.bias.val().unsqueeze();
        let layer_input = match inputs {
            Inputs::Numbers(x) => {
                let x = x.clone().reshape([batch * steps, x.dims()[2]]);
                x.matmul(self.rows(None))
            }
            Inputs::Tokens(tokens) => {
                let device = self.device();
                let table = self.rows(Some(tokens.used(&device)));
                // The padding token's row counts as zero.
                let [rows, _] = table.dims();
                let shown = Tensor::<1, Int>::arange(0..rows as i64, &device);
                let shown = shown.greater_elem(0).float().reshape([rows, 1]);
                (table * shown).select(0, tokens.places_on(&device))
            }
        };
        (layer_input + bias).reshape([batch, steps, n])
    }

    /// The latent input weights, or the table that an embedding folds to: what is exported.
    pub fn exported(&self) -> Tensor<2> {
        match self.embedding {
            Some(embedding) => embedding.val().matmul(self.quantised().transpose()),
            None => self.weights.val(),
        }
    }

    fn device(&self) -> Device {
        self.bias.val().device()
    }
}
