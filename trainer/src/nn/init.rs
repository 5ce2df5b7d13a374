//! Random initial weights, reproducible from a seed to the bit.
//!
//! Each parameter draws from its own stream of one ChaCha8 generator, so that changing the size of one leaves the others
//! as they were. Numbers come from the top 24 bits of each 32-bit word: no library's float conversion is involved.

use super::{HadamRnnConfig, HiddenReadout, Input, Mixing, SecondLayer};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Initial values, row-major, in the order the generator's streams are numbered.
pub(super) struct InitialWeights {
    /// `[n]`, Xavier uniform as a `1 x n` matrix.
    pub signs: Vec<f32>,
    /// `U [n, d_in]` or `[n, embedding]`, or a table `[vocabulary, n]` whose row 0 is zero; Xavier uniform, zero for units
    /// that no input drives.
    pub input: Vec<f32>,
    /// `[n]`, uniform in ±1/sqrt(n).
    pub bias: Vec<f32>,
    /// `[d_out, read n]`, Xavier uniform.
    pub readout: Vec<f32>,
    /// `[d_out]`, uniform in ±1/sqrt(read n).
    pub readout_bias: Vec<f32>,
    /// `[vocabulary, embedding]`, uniform of variance 1, row 0 zero.
    pub embedding: Option<Vec<f32>>,
    /// `[auxiliary, read n]`, Xavier uniform, if there is an auxiliary readout.
    pub auxiliary: Option<Vec<f32>>,
    /// The second layer's, if there is one.
    pub second: Option<SecondWeights>,
    /// The hidden readout layer's, if there is one.
    pub hidden_readout: Option<HiddenReadoutWeights>,
}

/// Initial values of a [`HiddenReadout`].
pub(super) struct HiddenReadoutWeights {
    /// `[m, top n]`, Xavier uniform.
    pub matrix: Vec<f32>,
    /// `[m]`, uniform in ±1/sqrt(top n), or zero where the layer has none.
    pub bias: Vec<f32>,
}

impl HiddenReadoutWeights {
    fn draw(layer: &HiddenReadout, top: usize, seed: u64) -> Self {
        let units = layer.hidden_size;
        Self {
            matrix: uniform(seed, 10, units * top, xavier_bound(units, top)),
            bias: match layer.bias {
                true => uniform(seed, 11, units, bias_bound(top)),
                false => vec![0.0; units],
            },
        }
    }
}

/// Initial values of a [`SecondLayer`].
pub(super) struct SecondWeights {
    /// `[n]`, Xavier uniform as a `1 x n` matrix.
    pub signs: Vec<f32>,
    /// Latent signs of the matrix `M`, in the shape that [`mixing_dims`] gives, Xavier uniform.
    pub mixing: Vec<f32>,
    /// `[n]`, uniform in ±1/sqrt(n), or zero where the layer has none.
    pub bias: Vec<f32>,
}

/// Where biases start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// Factor on all layers' random biases. A bias drives every step, so that it shows in a state many times over.
    pub bias: f32,
    /// Added to the first output's bias.
    pub first_output: f32,
}

impl Default for Start {
    /// Biases as they are drawn.
    fn default() -> Self {
        Self {
            bias: 1.0,
            first_output: 0.0,
        }
    }
}

/// Rows and columns of the latent mixing signs: the matrix, or the two sign vectors.
pub(super) fn mixing_dims(second: &SecondLayer, first_size: usize) -> [usize; 2] {
    match second.mixing {
        Mixing::Dense => [second.hidden_size, first_size],
        Mixing::Hadamard => [2, second.hidden_size],
    }
}

impl InitialWeights {
    /// Draws the weights of a network of `config`'s sizes.
    pub fn draw(config: &HadamRnnConfig, seed: u64) -> Self {
        let (n, read, d_out) = (config.hidden_size, config.read_size(), config.output_size);
        let [rows, columns] = config.input_dims();
        let mut input = uniform(seed, 1, rows * columns, xavier_bound(rows, columns));
        clear_undriven(config, &mut input);
        let (input, embedding) = match config.input {
            Input::Numbers(_) => (input, None),
            Input::Tokens {
                embedding: None, ..
            } => (padded(input, n), None),
            Input::Tokens {
                vocabulary,
                embedding: Some(length),
            } => {
                let values = uniform(seed, 5, vocabulary * length, 3.0_f64.sqrt());
                (input, Some(padded(values, length)))
            }
        };
        Self {
            signs: uniform(seed, 0, n, xavier_bound(1, n)),
            input,
            bias: uniform(seed, 2, n, bias_bound(n)),
            readout: uniform(seed, 3, d_out * read, xavier_bound(d_out, read)),
            readout_bias: uniform(seed, 4, d_out, bias_bound(read)),
            embedding,
            auxiliary: (config.auxiliary_size > 0).then(|| {
                let k = config.auxiliary_size;
                uniform(seed, 9, k * read, xavier_bound(k, read))
            }),
            second: config.second.as_ref().map(|second| {
                let (n2, [rows, columns]) = (second.hidden_size, mixing_dims(second, n));
                SecondWeights {
                    signs: uniform(seed, 6, n2, xavier_bound(1, n2)),
                    mixing: uniform(seed, 7, rows * columns, xavier_bound(rows, columns)),
                    bias: match second.bias {
                        true => uniform(seed, 8, n2, bias_bound(n2)),
                        false => vec![0.0; n2],
                    },
                }
            }),
            hidden_readout: (config.hidden_readout.as_ref())
                .map(|layer| HiddenReadoutWeights::draw(layer, config.top_size(), seed)),
        }
    }
}

impl InitialWeights {
    /// These weights with their biases moved to `start`.
    pub fn started(mut self, start: Start) -> Self {
        let second = self.second.iter_mut().flat_map(|second| &mut second.bias);
        let hidden = self.hidden_readout.iter_mut();
        let hidden = hidden.flat_map(|layer| &mut layer.bias);
        for bias in self.bias.iter_mut().chain(second).chain(hidden) {
            *bias *= start.bias;
        }
        if let Some(first) = self.readout_bias.first_mut() {
            *first += start.first_output;
        }
        self
    }
}

/// Zeroes the latent weights of units that no input drives.
fn clear_undriven(config: &HadamRnnConfig, input: &mut [f32]) {
    let columns = config.input_dims()[1];
    for (at, weight) in input.iter_mut().enumerate() {
        let unit = match config.input {
            Input::Tokens {
                embedding: None, ..
            } => at % columns,
            _ => at / columns,
        };
        if !config.is_driven(unit) {
            *weight = 0.0;
        }
    }
}

/// Rows of `length` numbers, the first of them, of the padding token, zero.
fn padded(mut rows: Vec<f32>, length: usize) -> Vec<f32> {
    rows[..length].fill(0.0);
    rows
}

/// `1 / sqrt(n)`.
fn bias_bound(n: usize) -> f64 {
    1.0 / (n as f64).sqrt()
}

/// `sqrt(6 / (rows + columns))`.
fn xavier_bound(rows: usize, columns: usize) -> f64 {
    (6.0 / (rows + columns) as f64).sqrt()
}

/// `count` numbers evenly spread over `[-bound, bound)` in steps of `bound / 2^23`.
fn uniform(seed: u64, stream: u64, count: usize, bound: f64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    let step = bound / f64::from(1_u32 << 23);
    (0..count)
        .map(|_| ((f64::from(rng.next_u32() >> 8) - f64::from(1_u32 << 23)) * step) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_bounds_and_fill_them() {
        let draws = uniform(7, 1, 10_000, 0.5);
        assert!(draws.iter().all(|x| (-0.5..0.5).contains(x)));
        let mean = draws.iter().map(|&x| f64::from(x)).sum::<f64>() / 10_000.0;
        let square = draws.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.01, "{mean}");
        // The variance of a uniform distribution over ±a is a²/3.
        assert!((square - 0.25 / 3.0).abs() < 0.003, "{square}");
    }

    #[test]
    fn streams_and_seeds_differ() {
        assert_eq!(uniform(7, 1, 16, 1.0), uniform(7, 1, 16, 1.0));
        assert_ne!(uniform(7, 1, 16, 1.0), uniform(7, 2, 16, 1.0));
        assert_ne!(uniform(7, 1, 16, 1.0), uniform(8, 1, 16, 1.0));
    }
}
