//! Time of samples, told by the stamps of a file: their unit, the rate of the samples, and the gaps between them.
//!
//! Recordings that are trained on and recordings that are imported are measured by the same [`Clock`], so that they agree.

mod choice;
mod clock;
mod date;
mod grid;
mod names;
mod order;
mod repeats;
#[cfg(test)]
mod tests;
mod unit;

pub(in crate::data) use choice::{Candidate, SAMPLE_ROWS, candidates, finest};
pub(in crate::data) use clock::{Clock, Column, agree, rounded, unit};
pub(in crate::data) use date::{Kind, Stamp, stamp};
pub(in crate::data) use names::is_time;
pub(in crate::data) use order::{out_of_order, runs_back};
pub(in crate::data) use repeats::Repeats;
pub(in crate::data) use unit::Unit;

/// How far a stated rate may be from the measured one, as a share of it.
pub(in crate::data) const RATE_TOLERANCE: f64 = 0.05;
/// How far the rates of two recordings are apart from which on it is told, as a share: clocks of sensors are off by a percent each.
pub(in crate::data) const TOLD_SPREAD: f64 = 0.03;
/// Most samples a second that are believed of a time column.
pub(in crate::data) const MOST_HZ: f64 = 1e6;
