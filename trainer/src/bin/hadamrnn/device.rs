//! Which device trains.

use anyhow::Result;
use burn::tensor::Device;
use clap::ValueEnum;

/// A backend of Burn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    /// Portable CPU backend, multi-threaded.
    #[value(alias = "flex")]
    Cpu,
    /// CPU backend on ndarray.
    Ndarray,
    /// First NVIDIA GPU, through CUDA.
    Cuda,
    /// First GPU of any make, through Vulkan, Metal or DirectX 12.
    Wgpu,
}

#[derive(clap::Args, Clone, Debug)]
pub struct DeviceArgs {
    /// Device to compute floats on; those but `cpu` need a build with the feature of that name
    #[arg(long, value_enum, default_value_t = DeviceName::default())]
    pub device: DeviceName,
}

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
            Self::Ndarray => "ndarray",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
        }
    }
}

impl DeviceArgs {
    /// These arguments as they are given on a command line; nothing if they are the usual ones.
    pub fn given(&self) -> String {
        let usual = self.device == DeviceName::default();
        let name = self.device.to_possible_value().filter(|_| !usual);
        name.map_or(String::new(), |name| {
            format!(" --device {}", name.get_name())
        })
    }

    /// The device, without autodiff.
    #[cfg_attr(
        feature = "ndarray",
        allow(deprecated, reason = "the second CPU backend, kept for comparison")
    )]
    pub fn device(&self) -> Result<Device> {
        match self.device {
            #[cfg(feature = "flex")]
            DeviceName::Cpu => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            DeviceName::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "cuda")]
            DeviceName::Cuda => hadamrnn::nn::gpu::cuda(),
            #[cfg(feature = "wgpu")]
            DeviceName::Wgpu => hadamrnn::nn::gpu::wgpu(),
            #[allow(unreachable_patterns, reason = "with every feature there is no other")]
            other => anyhow::bail!(
                "this program was built without the feature `{0}`: build it with `cargo build --release --features {0}`",
                other.feature()
            ),
        }
    }
}
