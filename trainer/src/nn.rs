//! The recurrent network as it is trained: float weights, quantised on the way through.
//!
//! `h_t = W h_{t-1} + U x_t + b`, `h_{-1} = 0`, with `W = diag(s) (I ⊗ H) / sqrt(B)` orthogonal, `s` in ±1 and `H` the
//! Sylvester Hadamard matrix of side `B = 2^q`; `y = V relu(h) + b_o`. Source: Foucault, Mamalet and Malgouyres,
//! HadamRNN, ICLR 2025, arXiv 2502.00047.
//!
//! | module | what |
//! |---|---|
//! | [`fwht`] | the product with `H`, in place, as additions |
//! | [`quant`] | fake quantisation with straight-through gradients, and the same rounding on the host |
//! | [`ops`] | two differentiable operations, [`ops::kernel`] and [`ops::scan`] |
//! | [`HadamRnnConfig`] | sizes, and what they may be |
//! | [`HadamRnn`] | the network, its two fast forms and its slow reference forms |

pub mod fwht;
pub mod ops;
pub mod quant;

mod config;
mod init;
mod layer;
mod stepwise;
mod weights;

pub use config::{ConfigError, HadamRnnConfig, Input, Mixing, Readout, SecondLayer, decay};
pub use layer::{HadamRnn, Second};
pub use weights::{HostSecondLayer, HostWeights};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
