//! Helpers that the tests of this module share.

use burn::tensor::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One device per backend compiled in, as far as this machine has one.
pub(super) fn devices() -> Vec<Device> {
    let mut devices = cpu_devices();
    devices.extend(gpu_devices());
    devices
}

/// One device per CPU backend compiled in.
pub(super) fn cpu_devices() -> Vec<Device> {
    vec![
        #[cfg(feature = "flex")]
        Device::flex(),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        Device::ndarray(),
    ]
}

/// One device per GPU backend compiled in; says so where this machine has none.
fn gpu_devices() -> Vec<Device> {
    let found: Vec<anyhow::Result<Device>> = vec![
        #[cfg(feature = "cuda")]
        super::gpu::cuda(),
        #[cfg(feature = "wgpu")]
        super::gpu::wgpu(),
    ];
    let skipped = |error: &anyhow::Error| println!("skipped: {error:#}");
    let devices = found.into_iter().map(|device| device.inspect_err(skipped));
    devices.filter_map(Result::ok).collect()
}

/// `count` numbers in ±1, the same for the same `seed`.
pub(super) fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draws = std::iter::repeat_with(|| rng.next_u32() as i32 as f32 / 2.0_f32.powi(31));
    draws.take(count).collect()
}

/// Asserts that `found` is within `tolerance` of `expected`, relative to the largest magnitude expected.
pub(super) fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    let bound = tolerance * largest.max(1.0);
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(
            error <= bound,
            "at {i}: {found} for {expected}, off by {error} > {bound}"
        );
    }
}
