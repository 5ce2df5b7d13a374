//! Largest magnitudes of a model's accumulators.

use serde::Serialize;

/// Largest magnitudes over all inputs and all states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bounds {
    /// Bound on every row of the input projection: `U x + b`, or `r_z Z + b` for tokens.
    pub drive: i32,
    /// Bound on the first layer's sum before its right shift.
    pub step: i32,
    /// Bound on the second layer's sum before its right shift; 0 without one.
    pub second_step: i32,
    /// Bound on the hidden readout layer's sum before its right shift; 0 without one.
    pub hidden: i32,
    /// Bound on a logit.
    pub logit: i32,
}

/// `value * 2^shift`, saturating.
pub(crate) const fn shifted(value: u32, shift: u32) -> u32 {
    value.saturating_mul(1u32.wrapping_shl(shift))
}
