//! The recurrent network as it is trained: float weights, quantised on the way through.
//!
//! `h_t = γ W h_{t-1} + U x_t + b`, `h_{-1} = 0`, with `W = diag(s) (I ⊗ H) / sqrt(B)` orthogonal, `s` in ±1 and `H` the
//! Sylvester Hadamard matrix of side `B = 2^q`; `y = V relu(h) + b_o`. A token picks a row of a table in place of `U x_t`.
//! A second layer may read `M relu(h_t)`, and a hidden layer may stand between what is read and `V`. Source: Foucault, Mamalet and Malgouyres, HadamRNN, ICLR 2025, arXiv 2502.00047;
//! the leak `γ < 1`, the pooled readout, its hidden layer and the structured `M` are extensions.
//!
//! Each part of the network has a module with its configuration, its checks, its random start, its float forms and its
//! weights on the host:
//!
//! | module | part |
//! |---|---|
//! | `input` | the input projection: `U x_t + b`, or a token's row |
//! | `recurrent` | a recurrent layer, whatever drives it |
//! | `binary` | the second layer, which a binary matrix drives |
//! | `readout` | features, hidden readout layer, `V`, losses |
//!
//! `network` puts them together: [`HadamRnnConfig`], [`HadamRnn`], its fast forms and its slow reference form. All stand on:
//!
//! | module | what |
//! |---|---|
//! | [`fwht`] | the product with `H`, in place, as additions |
//! | [`quant`] | fake quantisation with straight-through gradients, and the same rounding on the host |
//! | [`ops`] | differentiable operations that replace the loop over time |
//! | `parameter`, `error` | random start and copies of parameters; values out of their range |

pub mod fwht;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub mod gpu;
pub mod ops;
pub mod quant;

mod binary;
mod error;
mod input;
mod network;
mod parameter;
mod readout;
mod recurrent;

pub use binary::{HostSecondLayer, Second, SecondLayer};
pub use error::ConfigError;
pub use hadamrnn_runtime::format::{BinaryMatrixKind, ReadoutKind};
pub use input::{Input, Inputs, TokenBatch};
pub use network::{Group, HadamRnn, HadamRnnConfig, HostWeights, NetworkConfig, Running, Trace};
pub use parameter::Start;
pub use readout::*;
pub use recurrent::{RecurrentConfig, leak_factor};

use burn::tensor::Device;

/// A device that computes on the host's own cores, the same one whatever else is there.
pub fn host_device() -> Device {
    #[cfg(feature = "flex")]
    return Device::flex();
    #[cfg(all(feature = "ndarray", not(feature = "flex")))]
    #[allow(deprecated, reason = "the second CPU backend, kept for comparison")]
    return Device::ndarray();
    #[cfg(not(any(feature = "flex", feature = "ndarray")))]
    Device::default()
}

/// The default of settings that are on unless a configuration says otherwise.
fn yes() -> bool {
    true
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
