//! Scales of a hidden readout layer.

use hadamrnn_runtime::format::HiddenReadout;

use crate::nn::{self, HostHiddenReadout};

/// Head-room over the largest output seen in calibration: the layer has no state, so its width is cheap.
const HEADROOM: f64 = 2.0;

/// Values that a hidden readout layer reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    /// Units.
    pub units: usize,
    /// Width of a value.
    pub bits: u8,
    /// Float value of one integer step of a value.
    pub unit: f64,
}

/// Header, biases and unit of a hidden readout layer.
pub(super) struct HiddenReadoutPlan {
    pub header: HiddenReadout,
    /// Biases, one i32 a unit.
    pub bias: Vec<u32>,
    /// Float value of one integer step of an output.
    pub unit: f64,
}

impl HiddenReadoutPlan {
    /// The largest shift, and for it the largest multiplier, for which nothing overflows.
    ///
    /// A sum of what is read is worth `read.unit / sqrt(read.units)` a step, an output `2^shift / multiplier` times as much.
    /// `largest` is the largest output seen, `readout_bits` the width of V's codes. None where no shift fits 32 bits.
    pub fn choose(
        layer: &nn::HiddenReadout,
        weights: &HostHiddenReadout,
        largest: f64,
        read: Read,
        readout_bits: u32,
    ) -> Option<Self> {
        let bits = output_bits(layer.hidden_size, readout_bits);
        let finest = largest * HEADROOM / f64::from((1i32 << (bits - 1)) - 1);
        let sum = read.unit / (read.units as f64).sqrt();
        for shift in (0..=30u8).rev() {
            let scale = f64::from(1u32 << shift);
            let multiplier = (sum / finest * scale).floor();
            if !(1.0..=32767.0).contains(&multiplier) {
                continue;
            }
            let bias: Vec<i64> = (weights.bias.iter())
                .map(|&bias| (f64::from(bias) / (sum / multiplier)).round() as i64)
                .collect();
            let header = HiddenReadout {
                hidden_size: layer.hidden_size as u16,
                multiplier: multiplier as u16,
                shift,
                bits,
                bias: layer.bias,
            };
            if fits(&header, &bias, read) {
                let stored = bias.iter().take(if layer.bias { bias.len() } else { 0 });
                return Some(Self {
                    header,
                    bias: stored.map(|&bias| bias as i32 as u32).collect(),
                    unit: sum / multiplier * scale,
                });
            }
        }
        None
    }
}

/// The widest outputs, `8..=16` bits, whose products with V leave half of 32 bits to the output bias.
fn output_bits(units: usize, readout_bits: u32) -> u8 {
    let taken = units.next_power_of_two().ilog2() + readout_bits - 1;
    (31 - taken).clamp(8, 16) as u8
}

/// The bound of `docs/ARITHMETIC.md`, which the runtime checks again.
fn fits(header: &HiddenReadout, bias: &[i64], read: Read) -> bool {
    let largest = (read.units as i64) << (read.bits - 1);
    let bias = bias.iter().map(|bias| bias.abs()).max().unwrap_or(0);
    let half = (1i64 << header.shift) >> 1;
    i64::from(header.multiplier) * largest + bias + half <= i64::from(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_cover_their_range_and_nothing_overflows() {
        for (units, bits, largest) in [(128, 12, 0.3), (512, 12, 40.0), (1024, 16, 2000.0)] {
            let layer = nn::HiddenReadout {
                hidden_size: 512,
                bias: true,
            };
            let weights = HostHiddenReadout {
                matrix: vec![],
                bias: vec![0.5, -0.25],
            };
            let read = Read {
                units,
                bits,
                unit: 0.01,
            };
            let plan = HiddenReadoutPlan::choose(&layer, &weights, largest, read, 4).expect("fits");
            let range = plan.unit * f64::from((1i32 << (plan.header.bits - 1)) - 1);
            assert!(
                range >= 2.0 * largest && range < 4.0 * largest,
                "{range} {largest}"
            );
            // A step of the bias is what 2^shift of them make an output.
            let steps = f64::from(plan.bias[0] as i32) / f64::from(1u32 << plan.header.shift);
            assert!(
                (steps * plan.unit - 0.5).abs() <= plan.unit,
                "{:?}",
                plan.header
            );
            assert_eq!(plan.bias.len(), 2);
            assert!(fits(&plan.header, &[], read));
        }
    }

    #[test]
    fn wider_codes_of_v_leave_narrower_outputs() {
        assert_eq!(output_bits(512, 4), 16);
        assert_eq!(output_bits(1024, 8), 14);
        assert_eq!(output_bits(48, 2), 16);
    }
}
