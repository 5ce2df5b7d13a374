//! Which device trains.

use anyhow::Result;
use burn::tensor::Device;
use clap::ValueEnum;

/// A backend of Burn that this program was built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    /// Portable CPU backend, multi-threaded.
    #[cfg(feature = "flex")]
    Flex,
    /// CPU backend on ndarray.
    #[cfg(feature = "ndarray")]
    Ndarray,
}

#[derive(clap::Args, Clone, Debug)]
pub struct DeviceArgs {
    /// Device to compute floats on
    #[arg(long, value_enum, default_value_t = default_device())]
    pub device: DeviceName,
}

fn default_device() -> DeviceName {
    DeviceName::value_variants()[0]
}

impl DeviceArgs {
    /// The device, without autodiff.
    #[cfg_attr(
        feature = "ndarray",
        allow(deprecated, reason = "the second CPU backend, kept for comparison")
    )]
    pub fn device(&self) -> Result<Device> {
        Ok(match self.device {
            #[cfg(feature = "flex")]
            DeviceName::Flex => Device::flex(),
            #[cfg(feature = "ndarray")]
            DeviceName::Ndarray => Device::ndarray(),
        })
    }
}
