//! Uniform quantisation of weights, on the device with straight-through gradients and on the host as integers.
//!
//! With `a = max|w|` and `c = 2^(p-1)`: `code = clamp(round(w c / a), -c, c - 1)`, `w_q = code * a / c`. At `p = 1` the
//! clamp is `[-c, c]`: ternary. Ties round to even. Both versions perform the same roundings in the same order (`c` is a
//! power of two, so scaling by it is exact), and the tests hold them to equal bits.
//!
//! Source: the weights of arXiv 2502.00047, section on post-training quantisation, and its public reference.

use burn::tensor::Tensor;

/// Stands in for `max|w|` where every weight is zero.
const MIN_RANGE: f32 = f32::MIN_POSITIVE;

/// `c = 2^(bits-1)` and the smallest and largest code.
fn code_range(bits: u8) -> (f32, f32, f32) {
    let c = 2.0_f32.powi(i32::from(bits) - 1);
    let highest = if bits == 1 { c } else { c - 1.0 };
    (c, -c, highest)
}

/// Quantises to `bits` in the forward pass and passes gradients through unchanged (straight-through estimator).
///
/// `bits` in 1..=8; `None` returns `weights` as they are. One scale for the whole tensor, which never leaves the device.
pub fn fake_quantise<const D: usize>(weights: Tensor<D>, bits: Option<u8>) -> Tensor<D> {
    fake_quantise_part(weights.clone(), weights, bits)
}

/// [`fake_quantise`] of a `part` of a tensor, with the scale of the `whole`.
pub fn fake_quantise_part<const D: usize>(
    part: Tensor<D>,
    whole: Tensor<D>,
    bits: Option<u8>,
) -> Tensor<D> {
    let Some(bits) = bits else { return part };
    let (c, lowest, highest) = code_range(bits);
    let (weights, fixed) = (part.clone(), part.detach());
    let range = whole.detach().abs().max().clamp_min(MIN_RANGE);
    let range = range.reshape([1; D]);
    let codes = fixed.mul_scalar(c).div(range.clone()).round();
    let codes = codes.clamp(lowest, highest);
    straight_through(weights, codes.mul(range.div_scalar(c)))
}

/// `+1` where a latent weight is at least zero, `-1` elsewhere; gradients pass through unchanged.
pub fn sign<const D: usize>(latent: Tensor<D>) -> Tensor<D> {
    let positive = latent.clone().detach().greater_equal_elem(0.0);
    let signs = positive.float().mul_scalar(2.0).sub_scalar(1.0);
    straight_through(latent, signs)
}

/// The value of `forward` with the gradient of `latent`.
///
/// `latent - latent` is exactly zero for finite weights, so the value is `forward` to the bit.
fn straight_through<const D: usize>(latent: Tensor<D>, forward: Tensor<D>) -> Tensor<D> {
    latent.clone().sub(latent.detach()).add(forward.detach())
}

/// The host's version of [`fake_quantise`]: codes and the scale with `w_q = code as f32 * scale`.
///
/// `bits` in 1..=8, codes in `-2^(bits-1) ..= 2^(bits-1) - 1` (ternary: `-1..=1`), weights finite. All-zero weights give
/// zero codes.
pub fn quantise(weights: &[f32], bits: u8) -> (Vec<i32>, f32) {
    let (c, lowest, highest) = code_range(bits);
    let range = weights.iter().fold(MIN_RANGE, |max, w| max.max(w.abs()));
    let code = |w: &f32| ((w * c) / range).round_ties_even().clamp(lowest, highest);
    (weights.iter().map(|w| code(w) as i32).collect(), range / c)
}

/// The host's version of [`sign`]: `+1` from zero up (`-0.0` included), `-1` below.
pub fn sign_of(latent: f32) -> i8 {
    if latent >= 0.0 { 1 } else { -1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::testing::{devices, noise};
    use burn::tensor::TensorData;
    use proptest::prelude::*;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    /// Weights of any scale, often on the ties between two codes.
    fn weights() -> impl Strategy<Value = Vec<f32>> {
        let uniform = prop::collection::vec(-1.0_f32..1.0, 1..64);
        let ties = prop::collection::vec((-64_i8..=64).prop_map(|i| f32::from(i) / 16.0), 1..64);
        let scale = (-20_i32..20).prop_map(|e| 1.7_f32.powi(e));
        (prop_oneof![uniform, ties], prop_oneof![Just(1.0), scale])
            .prop_map(|(weights, scale)| weights.into_iter().map(|w| w * scale).collect())
    }

    proptest! {
        #[test]
        fn device_and_host_agree_to_the_bit(weights in weights(), bits in 1_u8..=8) {
            let (codes, scale) = quantise(&weights, bits);
            let host: Vec<f32> = codes.iter().map(|&code| code as f32 * scale).collect();
            for device in devices() {
                let data = TensorData::new(weights.clone(), [weights.len(), 1]);
                let tensor = Tensor::<2>::from_data(data, &device);
                prop_assert_eq!(&values(fake_quantise(tensor, Some(bits))), &host);
            }
        }

        #[test]
        fn codes_are_in_range_and_near_their_weights(weights in weights(), bits in 1_u8..=8) {
            let (codes, scale) = quantise(&weights, bits);
            let (c, lowest, highest) = code_range(bits);
            for (&code, w) in codes.iter().zip(&weights) {
                let code = code as f32;
                prop_assert!((lowest..=highest).contains(&code));
                // Half a step, and a whole one where the largest weight has no code of its own.
                let room = if code == highest && bits > 1 { 1.0 } else { 0.5 };
                prop_assert!((code * scale - w).abs() <= room * scale * (1.0 + 4.0 * f32::EPSILON * c));
            }
        }
    }

    #[test]
    fn worked_example() {
        let weights = [1.0, -1.0, 0.5, 0.25, 0.125, 0.375, 0.0, -0.3];
        // Two bits: c = 2, scale 1/2; 0.25 and 0.75 of a step are ties and near misses.
        assert_eq!(quantise(&weights, 2), (vec![1, -2, 1, 0, 0, 1, 0, -1], 0.5));
        assert_eq!(quantise(&weights, 1), (vec![1, -1, 0, 0, 0, 0, 0, 0], 1.0));
    }

    #[test]
    fn zero_weights_have_zero_codes() {
        assert_eq!(quantise(&[0.0, -0.0], 4).0, [0, 0]);
        for device in devices() {
            let zero = Tensor::<1>::zeros([3], &device);
            assert_eq!(values(fake_quantise(zero, Some(4))), [0.0; 3]);
        }
    }

    #[test]
    fn full_precision_changes_nothing() {
        for device in devices() {
            let weights = noise(1, 20);
            let tensor = Tensor::<1>::from_data(weights.as_slice(), &device);
            assert_eq!(values(fake_quantise(tensor, None)), weights);
        }
    }

    #[test]
    fn sign_of_zero_is_positive() {
        let latent = [0.0_f32, -0.0, 1e-30, -1e-30, 3.0, -3.0];
        let signs = [1.0, 1.0, 1.0, -1.0, 1.0, -1.0];
        assert_eq!(latent.map(sign_of).map(f32::from), signs);
        for device in devices() {
            let tensor = Tensor::<1>::from_data(latent, &device);
            assert_eq!(values(sign(tensor)), signs);
        }
    }

    #[test]
    fn gradients_pass_straight_through() {
        for device in devices() {
            let device = device.autodiff();
            let latent = Tensor::<1>::from_data(noise(2, 8).as_slice(), &device).require_grad();
            let slopes = Tensor::<1>::from_data(noise(3, 8).as_slice(), &device);
            let forward = fake_quantise(latent.clone(), Some(3)) + sign(latent.clone());
            let grads = (forward * slopes.clone()).sum().backward();
            let grad = latent.grad(&grads).expect("a gradient");
            let twice: Vec<f32> = values(slopes).iter().map(|x| 2.0 * x).collect();
            assert_eq!(values(grad), twice);
        }
    }
}
