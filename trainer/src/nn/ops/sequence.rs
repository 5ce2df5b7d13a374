//! The whole network over a batch of sequences in one operation, on host slices.
//!
//! ```text
//! d_t = U x_t + b   or   Z[token_t] + b              h_t = γ W h_{t-1} + d_t
//! d'_t = M relu(h_t) + b'                            h'_t = γ' W' h'_{t-1} + d'_t        (with a second layer)
//! head:  h_T,   mean_t relu(h_t),   V relu(h_t) + b_o,   or the cross-entropy of the latter
//! ```
//!
//! The states of all steps are never stored together. A sequence is run block by block of a few dozen steps; the input
//! projection of a block is computed when it is needed, forward and backward. The backward pass gets the states back
//!
//! - of an orthogonal layer (`γ = 1`) by running the recurrence backwards from the last state, `h_{t-1} = Wᵀ (h_t - d_t)`:
//!   memory does not grow with `T`;
//! - of a layer with a leak by running forward again from the state before each block, which the forward pass keeps: a
//!   step back would amplify rounding by `1/γ`. Blocks then have at least `sqrt(T)` steps, and memory grows as `sqrt(T)`;
//! - not at all where a mean of one layer with a leak is read and its signs are frozen: then the forward pass keeps one bit a
//!   state, unless these grow beyond a bound.
//!
//! Sequences run in parallel. Gradients are summed by groups of sequences whose number depends on sizes alone, then over
//! groups in order: equal bits on any number of threads.

mod binary_matrix;
mod buffers;
mod gates;
mod head;
mod matrix;
mod network;
mod pass;
mod plan;
mod source;

pub(super) use network::Inputs;
pub(super) use pass::{forward, gradients};
pub use plan::{Head, LayerSize, Mix, SequencePlan, Source};
