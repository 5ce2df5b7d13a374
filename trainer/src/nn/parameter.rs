//! Parameters of any part of the network: their random start, their running mean, and their copies on the host.
//!
//! Each parameter draws from its own stream of one ChaCha8 generator, so that changing the size of one leaves the others
//! as they were. Numbers come from the top 24 bits of each 32-bit word: no library's float conversion is involved. The
//! streams in use are listed beside the fields of [`HadamRnn`](super::HadamRnn).

use super::quant;
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Where biases start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// Factor on all layers' random biases. A bias drives every step, so that it shows in a state many times over.
    pub bias: f32,
    /// Added to the first output's bias.
    pub first_output: f32,
}

impl Default for Start {
    /// As drawn.
    fn default() -> Self {
        Self {
            bias: 1.0,
            first_output: 0.0,
        }
    }
}

/// Random initial values of parameters, row-major, reproducible from a seed to the bit.
pub(super) struct Draw<'a> {
    pub seed: u64,
    pub start: Start,
    pub device: &'a Device,
}

impl Draw<'_> {
    /// A matrix, Xavier uniform: ±sqrt(6 / (rows + columns)).
    pub fn matrix(&self, stream: u64, dims: [usize; 2]) -> Param<Tensor<2>> {
        self.parameter(self.xavier(stream, dims), dims)
    }

    /// The values of [`matrix`](Self::matrix).
    pub fn xavier(&self, stream: u64, [rows, columns]: [usize; 2]) -> Vec<f32> {
        let bound = (6.0 / (rows + columns) as f64).sqrt();
        self.uniform(stream, rows * columns, bound)
    }

    /// The latent signs of `n` rows, Xavier uniform as a `1 x n` matrix.
    pub fn signs(&self, stream: u64, n: usize) -> Param<Tensor<1>> {
        self.parameter(self.xavier(stream, [1, n]), [n])
    }

    /// A layer's biases, uniform in ±1/sqrt(inputs), times [`Start::bias`].
    pub fn biases(&self, stream: u64, count: usize, inputs: usize) -> Param<Tensor<1>> {
        let mut values = self.bias_values(stream, count, inputs);
        values.iter_mut().for_each(|bias| *bias *= self.start.bias);
        self.parameter(values, [count])
    }

    /// The biases of a layer that may have none: [`biases`](Self::biases) that are trained, or zeros that stay.
    pub fn optional_biases(
        &self,
        there: bool,
        stream: u64,
        count: usize,
        inputs: usize,
    ) -> Param<Tensor<1>> {
        let biases = match there {
            true => self.biases(stream, count, inputs),
            false => self.parameter(vec![0.0; count], [count]),
        };
        biases.set_require_grad(there)
    }

    /// Biases, uniform in ±1/sqrt(inputs), as drawn.
    pub fn bias_values(&self, stream: u64, count: usize, inputs: usize) -> Vec<f32> {
        self.uniform(stream, count, 1.0 / (inputs as f64).sqrt())
    }

    /// `count` numbers evenly spread over `[-bound, bound)`.
    pub fn uniform(&self, stream: u64, count: usize, bound: f64) -> Vec<f32> {
        uniform(self.seed, stream, count, bound)
    }

    /// A parameter of these values.
    pub fn parameter<const D: usize>(
        &self,
        values: Vec<f32>,
        dims: [usize; D],
    ) -> Param<Tensor<D>> {
        parameter(values, dims, self.device)
    }
}

/// A parameter of these values, row-major.
pub(super) fn parameter<const D: usize>(
    values: Vec<f32>,
    dims: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_data(TensorData::new(values, dims), device)
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

/// `leak factor` times `old` and the rest of `new`, out of any graph.
pub(super) fn blend<const D: usize>(
    old: Param<Tensor<D>>,
    new: &Param<Tensor<D>>,
    leak_factor: f32,
) -> Param<Tensor<D>> {
    let newer = new.val().detach().mul_scalar(1.0 - leak_factor);
    // Detached once more: only a leaf may be tracked.
    old.map(|old| {
        let mean = old.detach().mul_scalar(leak_factor).add(newer);
        mean.detach().require_grad()
    })
}

/// Signs of latent values on the host, row-major, each `-1` or `+1`.
pub(super) fn host_signs<const D: usize>(latent: Tensor<D>) -> Vec<i8> {
    host_values(latent)
        .into_iter()
        .map(quant::sign_of)
        .collect()
}

/// The latent values of signs.
pub(super) fn latent_signs(signs: &[i8]) -> Vec<f32> {
    signs.iter().copied().map(f32::from).collect()
}

/// The numbers of a float tensor, row-major, as `f32` whatever the device's precision.
pub(super) fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
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
