//! Random initial weights, reproducible from a seed to the bit.
//!
//! Each parameter draws from its own stream of one ChaCha8 generator, so that changing the size of one leaves the others
//! as they were. Numbers come from the top 24 bits of each 32-bit word: no library's float conversion is involved.

use super::HadamRnnConfig;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Initial values, row-major, in the order the generator's streams are numbered.
pub(super) struct InitialWeights {
    /// `[n]`, Xavier uniform as a `1 x n` matrix.
    pub signs: Vec<f32>,
    /// `[n, d_in]`, Xavier uniform.
    pub input: Vec<f32>,
    /// `[n]`, uniform in ±1/sqrt(n).
    pub bias: Vec<f32>,
    /// `[d_out, n]`, Xavier uniform.
    pub readout: Vec<f32>,
    /// `[d_out]`, uniform in ±1/sqrt(n).
    pub readout_bias: Vec<f32>,
}

impl InitialWeights {
    /// Draws the weights of a network of `config`'s sizes.
    pub fn draw(config: &HadamRnnConfig, seed: u64) -> Self {
        let (n, d_in, d_out) = (config.hidden_size, config.input_size, config.output_size);
        let bias_bound = 1.0 / (n as f64).sqrt();
        Self {
            signs: uniform(seed, 0, n, xavier_bound(1, n)),
            input: uniform(seed, 1, n * d_in, xavier_bound(n, d_in)),
            bias: uniform(seed, 2, n, bias_bound),
            readout: uniform(seed, 3, d_out * n, xavier_bound(d_out, n)),
            readout_bias: uniform(seed, 4, d_out, bias_bound),
        }
    }
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
