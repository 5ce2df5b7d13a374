//! The GPU devices of this machine, as far as this build has their backends.

use anyhow::{Context, Result};
use burn::tensor::Device;
use burn_cubecl::CubeDevice;

/// The first CUDA device. `CUDA_VISIBLE_DEVICES` chooses which one that is.
///
/// # Errors
///
/// When this machine has no NVIDIA driver or no device of it.
#[cfg(feature = "cuda")]
pub fn cuda() -> Result<Device> {
    CubeDevice::cuda(0).context("no CUDA device: is the NVIDIA driver installed?")?;
    Ok(Device::cuda(0))
}

/// The adapter that wgpu prefers. `CUBECL_WGPU_DEFAULT_DEVICE` chooses another, for instance `DiscreteGpu(1)`.
///
/// # Errors
///
/// When this machine has no adapter, not even a software one.
#[cfg(feature = "wgpu")]
pub fn wgpu() -> Result<Device> {
    use burn::tensor::DeviceKind;
    use burn_cubecl::cubecl::device::WgpuDeviceKind;

    CubeDevice::wgpu(WgpuDeviceKind::DefaultDevice)
        .context("no wgpu adapter: is a Vulkan, Metal or DirectX 12 driver installed?")?;
    Ok(Device::wgpu(DeviceKind::DefaultDevice))
}
