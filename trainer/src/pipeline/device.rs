//! Devices that compute floats.

use burn::tensor::Device;

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::error::Sort as _;
use super::error::{Error, Fault, Result};
use crate::choice::{Choice, words};

/// A backend of Burn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// Portable CPU backend, multi-threaded.
    Cpu,
    /// CPU backend on ndarray.
    Ndarray,
    /// First NVIDIA GPU, through CUDA.
    Cuda,
    /// First GPU of any make, through Vulkan, Metal or DirectX 12.
    Wgpu,
}

impl Choice for DeviceName {
    const CHOICES: &'static [Self] = &[Self::Cpu, Self::Ndarray, Self::Cuda, Self::Wgpu];
    const KIND: &'static str = "device";

    fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Ndarray => "ndarray",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Cpu => "Portable CPU backend, multi-threaded",
            Self::Ndarray => "CPU backend on ndarray",
            Self::Cuda => "First NVIDIA GPU, through CUDA",
            Self::Wgpu => "First GPU of any make, through Vulkan, Metal or DirectX 12",
        }
    }

    fn other_word(self) -> Option<&'static str> {
        (self == Self::Cpu).then_some("flex")
    }
}

words!(DeviceName);

impl Default for DeviceName {
    /// The CPU backend built in.
    fn default() -> Self {
        match cfg!(feature = "flex") || !cfg!(feature = "ndarray") {
            true => Self::Cpu,
            false => Self::Ndarray,
        }
    }
}

impl DeviceName {
    /// The cargo feature that builds this backend in.
    fn feature(self) -> &'static str {
        match self {
            Self::Cpu => "flex",
            other => other.word(),
        }
    }

    /// Opens the device, without autodiff.
    ///
    /// # Errors
    /// [`Error::Device`]: this build has not its backend, or this machine no such device.
    #[cfg_attr(
        feature = "ndarray",
        allow(deprecated, reason = "the second CPU backend, kept for comparison")
    )]
    pub fn open(self) -> Result<Device> {
        match self {
            #[cfg(feature = "flex")]
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "cuda")]
            Self::Cuda => crate::nn::gpu::cuda().sort(Error::Device),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => crate::nn::gpu::wgpu().sort(Error::Device),
            #[allow(unreachable_patterns, reason = "with every feature there is no other")]
            other => Err(Error::Device(Fault::new(format_args!(
                "this program was built without the feature `{0}`: build it with `cargo build --release --features {0}`",
                other.feature()
            )))),
        }
    }
}
