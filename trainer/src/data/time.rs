//! Time of samples, told by the stamps of a file: their unit, the rate of the samples, and the gaps between them.
//!
//! Recordings that are trained on and recordings that are imported are measured by the same [`Clock`], so that they agree.

mod choice;
mod clock;
mod date;
mod names;
#[cfg(test)]
mod tests;
mod unit;

pub(in crate::data) use choice::{Candidate, SAMPLE_ROWS, candidates, finest};
pub(in crate::data) use clock::{Clock, Column, agree, rounded, unit};
pub(in crate::data) use date::{Kind, Stamp, stamp};
pub(in crate::data) use names::is_time;
pub(in crate::data) use unit::Unit;

/// How far a stated rate may be from the measured one, as a share of it.
pub(in crate::data) const RATE_TOLERANCE: f64 = 0.05;
