//! A step as the backends take it.

use super::FastPath;

/// A time step of the first layer for a target's own code.
#[derive(Clone, Copy)]
#[cfg_attr(
    hadamrnn_arch = "portable",
    allow(dead_code, reason = "portable code takes a `Step`")
)]
pub struct OwnStep<'a> {
    /// The model.
    pub(crate) plan: &'a FastPath<'a>,
    /// `U`, or a token's row.
    pub(crate) u: &'a [u32],
    /// Factors of the columns of `u`: the inputs, or the multiplier of a token's row; and their sum.
    pub(crate) x: &'a [i32],
    pub(crate) sum: i32,
    pub(crate) gain: i32,
}
