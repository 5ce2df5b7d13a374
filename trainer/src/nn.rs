//! The recurrent network as it is trained: float weights, quantised on the way through.
//!
//! `h_t = γ W h_{t-1} + U x_t + b`, `h_{-1} = 0`, with `W = diag(s) (I ⊗ H) / sqrt(B)` orthogonal, `s` in ±1 and `H` the
//! Sylvester Hadamard matrix of side `B = 2^q`; `y = V relu(h) + b_o`. A token picks a row of a table in place of `U x_t`.
//! A second layer may read `M relu(h_t)`, and a hidden layer may stand between what is read and `V`. Source: Foucault, Mamalet and Malgouyres, HadamRNN, ICLR 2025, arXiv 2502.00047;
//! the leak `γ < 1`, the pooled readout, its hidden layer and the structured `M` are extensions.
//!
//! | module | what |
//! |---|---|
//! | [`fwht`] | the product with `H`, in place, as additions |
//! | [`quant`] | fake quantisation with straight-through gradients, and the same rounding on the host |
//! | [`ops`] | differentiable operations that replace the loop over time |
//! | [`HadamRnnConfig`] | sizes, and what they may be |
//! | [`HadamRnn`] | the network, its fast forms and its slow reference form |

pub mod fwht;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub mod gpu;
pub mod ops;
pub mod quant;

mod config;
mod forward;
mod init;
mod inputs;
mod layer;
mod scan_form;
mod stepwise;
mod weights;

pub use config::{
    ConfigError, HadamRnnConfig, HiddenReadout, Input, Mixing, Readout, SecondLayer, decay,
};
pub use forward::StepTargets;
pub use init::Start;
pub use inputs::{Inputs, TokenBatch};
pub use layer::{HadamRnn, HiddenReadoutLayer, Second};
pub use weights::{HostHiddenReadout, HostSecondLayer, HostWeights};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
