//! Stretches of streams: what a network with a fading pool is trained on.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::bounds::within;

/// Stretches of streams that a network with a fading pool is trained on, with several answers to each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stretch {
    /// Length in windows, `2..=64`. A batch has a stretch for each window that it else would have.
    pub windows: usize,
    /// Share of stretches, `0..=1`, that are joined from two places of a stream, so that the network learns to forget.
    pub joints: f32,
}

impl Default for Stretch {
    fn default() -> Self {
        Self {
            windows: 2,
            joints: 0.1,
        }
    }
}

impl Stretch {
    /// Checks every range.
    pub(super) fn validate(&self) -> Result<()> {
        within("stretch.windows", self.windows, STRETCH_WINDOWS)?;
        ensure!(
            (0.0..=1.0).contains(&self.joints),
            "stretch.joints must be from 0 to 1, not {}",
            self.joints
        );
        Ok(())
    }
}

/// Range of [`Stretch::windows`].
const STRETCH_WINDOWS: std::ops::RangeInclusive<usize> = 2..=64;
