//! The shape of model that the backends run themselves; see [`Model::has_fast_path`](crate::Model::has_fast_path).

use crate::fields::FieldWidth;
use crate::layer::Layer;

/// The gain shift of the fast path.
pub(crate) const GAIN_SHIFT: u32 = 15;

/// Whether a first layer has the shape, with fields of `width` in U.
pub(crate) const fn first_layer_has_fast_path(layer: &Layer<'_>, width: FieldWidth) -> bool {
    let shift = layer.layer_input_shift;
    if shift >= GAIN_SHIFT {
        return false;
    }
    let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(shift));
    let layer_input = layer.layer_input_bound.saturating_add(rounding);
    let bits = layer.state_bits.wrapping_add(layer.log2_block);
    matches!(width, FieldWidth::Four)
        && recurrence_has_fast_path(layer)
        && layer_input <= i16::MAX as i32
        // Below 2^15 * 2^14 and 2^11 * 2^15 * 2^(q/2): neither wraps.
        && (layer_input as u32).wrapping_shl(shift).wrapping_add(
            (layer.gain.max() as u32).wrapping_shl(bits.wrapping_sub(1)),
        ) < 1 << 30
}

/// Whether a recurrence has the shape.
pub(crate) const fn recurrence_has_fast_path(layer: &Layer<'_>) -> bool {
    layer.gain_shift == GAIN_SHIFT
        && layer.log2_block >= 5
        && matches!(layer.state_bits, 10..=12)
        && layer.state_bits.wrapping_add(layer.log2_block) <= 19
}

/// Whether second layers of the shape are run by assembly too.
pub(crate) const RUNS_SECOND_LAYERS: bool = cfg!(hadamrnn_arch = "armv7em");
