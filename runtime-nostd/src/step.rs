//! The element-wise end of a time step, shared by every kernel.

use crate::drive::Drive;
use crate::model::Model;

/// Everything of one time step but the transform itself.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    pub(crate) model: &'a Model<'a>,
    drive: Drive<'a>,
    gain: i32,
}

impl<'a> Step<'a> {
    pub(crate) fn new(model: &'a Model<'a>, x: &'a [i16], gain: i32) -> Self {
        Self {
            model,
            drive: Drive::new(model, x),
            gain,
        }
    }

    /// New states of rows `8 * group ..` from `v`, the same rows of `(I ⊗ H) h`.
    ///
    /// `h' = clamp(((U x + b) << drive_shift + s * gain * v + half) >> gain_shift)`: rounds to nearest, halves up,
    /// saturates to `state_bits`. [`Model::from_bytes`] has established that nothing overflows.
    #[inline(always)]
    pub(crate) fn finish8(&self, group: usize, v: [i32; 8]) -> [i32; 8] {
        let model = self.model;
        let half = 1i32.wrapping_shl(model.gain_shift.wrapping_sub(1));
        let limit = 1i32.wrapping_shl(model.state_bits.wrapping_sub(1));
        let mut signs = model.signs8(group);
        let mut rows = self.drive.rows8(group);
        for (row, v) in rows.iter_mut().zip(v) {
            let gain = if signs & 1 == 0 {
                self.gain
            } else {
                self.gain.wrapping_neg()
            };
            signs >>= 1;
            let sum = row
                .wrapping_shl(model.drive_shift)
                .wrapping_add(half)
                .wrapping_add(gain.wrapping_mul(v));
            *row = sum
                .wrapping_shr(model.gain_shift)
                .clamp_to(-limit, limit - 1);
        }
        rows
    }
}

/// `Ord::clamp` without its assertion, so that no panic can be linked in.
trait ClampTo {
    fn clamp_to(self, low: Self, high: Self) -> Self;
}

impl ClampTo for i32 {
    #[inline(always)]
    fn clamp_to(self, low: i32, high: i32) -> i32 {
        self.max(low).min(high)
    }
}
