//! The model and the windows in flash, and the kernel that runs them.

/// The embedded model file, aligned as the runtime reads it.
pub static MODEL: &[u8] = hadamrnn_runtime::include_model!(concat!(env!("OUT_DIR"), "/model.bin"));

/// The embedded window file.
pub static WINDOWS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/windows.bin"));

/// The kernel of this firmware.
#[cfg(hadamrnn_kernel = "fwht")]
pub type Kernel = hadamrnn_runtime::kernel::Fwht;
/// The kernel of this firmware.
#[cfg(hadamrnn_kernel = "fwht-packed")]
pub type Kernel = hadamrnn_runtime::kernel::FwhtPacked;
/// The kernel of this firmware.
#[cfg(hadamrnn_kernel = "xnor")]
pub type Kernel = hadamrnn_runtime::kernel::XnorPopcount;
