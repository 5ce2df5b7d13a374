//! The shape of model that the backends run themselves.

use crate::fields::FieldWidth;
use crate::layer::Layer;
use crate::model::Model;

/// The gain shift of the common shape.
pub(crate) const GAIN_SHIFT: u32 = 15;

impl Model<'_> {
    /// Whether the assembly of [`FwhtPacked`](crate::kernel::FwhtPacked) runs this model. If not, portable code does, where
    /// the feature `any-shape` is on; the answers are the same.
    ///
    /// The shape: 4-bit `U`, or a table of tokens; blocks of 32 or more; 10 to 12 state bits, and no more than 19 with
    /// `log2(block)`; a gain shift of 15, which the exporter takes unless 32 bits are too few; drives that leave room for the
    /// rounding constant in a 16-bit lane; sums below 2^30, so that a row, shifted, fits such a lane.
    ///
    /// A second layer is run by portable code, but for Cortex-M4 and its like: there by assembly if its shape allows.
    pub const fn has_common_shape(&self) -> bool {
        self.layer().common_shape && self.second().is_none()
    }

    /// Whether the first layer has the shape.
    pub(crate) fn first_layer_has_common_shape(&self) -> bool {
        let layer = self.layer();
        let shift = layer.drive_shift;
        if shift >= GAIN_SHIFT {
            return false;
        }
        let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(shift));
        let drive = layer.drive_bound.saturating_add(rounding);
        let bits = layer.state_bits.wrapping_add(layer.log2_block);
        self.input_width == FieldWidth::Four
            && layer.recurrence_has_common_shape()
            && drive <= i32::from(i16::MAX)
            // Below 2^15 * 2^14 and 2^11 * 2^15 * 2^(q/2): neither wraps.
            && (drive as u32).wrapping_shl(shift).wrapping_add(
                (layer.gain.max() as u32).wrapping_shl(bits.wrapping_sub(1)),
            ) < 1 << 30
    }
}

impl Layer<'_> {
    /// Whether the recurrence alone has the shape.
    pub(crate) fn recurrence_has_common_shape(&self) -> bool {
        self.gain_shift == GAIN_SHIFT
            && self.log2_block >= 5
            && matches!(self.state_bits, 10..=12)
            && self.state_bits.wrapping_add(self.log2_block) <= 19
    }
}

/// Whether second layers of the shape are run by assembly too.
pub(crate) const RUNS_SECOND_LAYERS: bool = cfg!(hadamrnn_arch = "armv7em");
