//! Scales: the float value of one step of each integer.

use serde::{Deserialize, Serialize};

use super::Ranges;
use super::calibrate::LayerRange;
use crate::nn::HadamRnnConfig;

/// How an export came out, for the model card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    /// Standardised units per input step; 0 for tokens.
    pub input: f64,
    /// Units of the float state per integer step.
    pub state: f64,
    /// Units of the float logit per integer step.
    pub logit: f64,
    /// Largest absolute float state seen in calibration.
    pub largest_state: f64,
    /// Largest absolute standardised input seen in calibration.
    pub largest_input: f64,
    /// Units of the second layer's state per integer step, if there is such a layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_state: Option<f64>,
    /// Largest absolute float state of the second layer seen in calibration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_second_state: Option<f64>,
    /// Units of a hidden readout layer's output per integer step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_readout: Option<f64>,
    /// Largest output of a hidden readout layer seen in calibration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_hidden_readout: Option<f64>,
}

/// Head-room of the state over the largest value seen in calibration.
const STATE_HEADROOM: f64 = 1.05;
/// Head-room of a pooled sum.
const POOL_HEADROOM: f64 = 1.25;
/// Ratio of a state to its rounding noise that chosen widths keep: 40 dB, the noise of U in 4 bits is above that.
const SIGNAL_TO_NOISE: f64 = 100.0;

/// The finest unit in which `bits` hold a layer's states.
pub(super) fn finest_state(range: &LayerRange, bits: u8) -> f64 {
    range.largest * STATE_HEADROOM / f64::from((1i32 << (bits - 1)) - 1)
}

/// The fewest bits, `8..=16`, that keep both layers' states [`SIGNAL_TO_NOISE`] above what rounding adds up to.
///
/// Each step rounds once, with a variance of 1/12 of a squared step. The recurrence keeps what earlier steps added, all
/// of it without a leak, so a sequence of `steps` gathers that many variances.
pub(super) fn state_bits(ranges: &Ranges, network: &HadamRnnConfig, steps: usize) -> u8 {
    let enough = |range: &LayerRange, leak: Option<u8>, bits: u8| {
        let kept = leak.map_or(1.0, |leak| (1.0 - 0.5f64.powi(leak.into())).powi(2));
        let gathered: f64 = if kept < 1.0 {
            (1.0 - kept.powf(steps as f64)) / (1.0 - kept)
        } else {
            steps as f64
        };
        let signal = range.mean_square.sqrt() / finest_state(range, bits);
        signal >= SIGNAL_TO_NOISE * (gathered / 12.0).sqrt()
    };
    let second = network.second.as_ref().zip(ranges.second.as_ref());
    let all_enough = |bits: &u8| {
        enough(&ranges.first, network.leak, *bits)
            && second.is_none_or(|(layer, range)| enough(range, layer.leak, *bits))
    };
    (8..16).find(all_enough).unwrap_or(16)
}

/// The least right shift, `0..=16`, that keeps the largest pooled sum, in steps, within 15 bits with head-room.
pub(super) fn pool_shift(largest: f64) -> u8 {
    let fits = |shift: &u8| largest * POOL_HEADROOM <= 32767.0 * f64::from(1u32 << shift);
    (0..16).find(fits).unwrap_or(16)
}

/// Units of the first layer and of what drives it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drive {
    /// Standardised units per input step; 0 for tokens.
    pub input: f64,
    /// Float value of one unit of `U x + b`.
    pub unit: f64,
    /// Float value of one state step.
    pub state: f64,
    /// Left shift of `U x + b`.
    pub shift: u8,
    /// Factor of a token's codes; 0 for numbers.
    pub multiplier: u16,
}

impl Drive {
    /// Chooses the units for inputs that are numbers. A state step is a power of two of `U x` units, so the state or
    /// the input becomes coarser than its range needs: the one that adds less noise to the state.
    ///
    /// Rounding a state adds 1/12 of its squared step, rounding the inputs that of theirs times `energy`, the sum of a
    /// row's squared codes of U, `u` being the scale of the codes. Inputs that were trained to saturate at `clamp` must do so
    /// there: their step is fixed, and the state becomes coarser.
    pub fn of_numbers(
        ranges: &Ranges,
        u: f32,
        energy: f64,
        clamp: Option<f32>,
        state_bits: u8,
        input_bits: u8,
        gain_shift: u8,
    ) -> Option<Self> {
        let u = f64::from(u);
        let state = finest_state(&ranges.first, state_bits);
        let largest_input = clamp.map_or(ranges.largest_input, f64::from);
        let wanted_input = largest_input / f64::from((1i32 << (input_bits - 1)) - 1);
        let exponent = (state / (u * wanted_input)).log2();
        let noise = |state: f64, input: f64| state.powi(2) + energy * (u * input).powi(2);
        let coarser_input = (
            state,
            state / (u * exponent.floor().exp2()),
            exponent.floor(),
        );
        let coarser_state = (
            u * wanted_input * exponent.ceil().exp2(),
            wanted_input,
            exponent.ceil(),
        );
        let (state, input, exponent) = [coarser_input, coarser_state]
            .into_iter()
            .filter(|choice| clamp.is_none() || choice.1 == wanted_input)
            .min_by(|a, b| noise(a.0, a.1).total_cmp(&noise(b.0, b.1)))?;
        Some(Self {
            input,
            unit: u * input,
            state,
            shift: drive_shift(gain_shift, exponent as i32)?,
            multiplier: 0,
        })
    }

    /// Chooses the units for tokens: the finest unit that keeps two rows in one accumulator, or at least the bias
    /// within 16 bits.
    ///
    /// `z` is the scale of the codes, `largest_code` their largest magnitude, `bias` that of the biases.
    pub fn of_tokens(
        ranges: &Ranges,
        z: f32,
        largest_code: f64,
        bias: f64,
        state_bits: u8,
        gain_shift: u8,
    ) -> Option<Self> {
        let z = f64::from(z);
        let finest = finest_state(&ranges.first, state_bits);
        let candidates = (i32::from(gain_shift) - 20..=i32::from(gain_shift)).rev();
        let candidates = candidates.filter_map(|exponent| {
            let multiplier = (z / finest * f64::from(exponent).exp2()).floor();
            if !(1.0..=32767.0).contains(&multiplier) {
                return None;
            }
            let unit = z / multiplier;
            let drive = Self {
                input: 0.0,
                unit,
                state: unit * f64::from(exponent).exp2(),
                shift: drive_shift(gain_shift, exponent)?,
                multiplier: multiplier as u16,
            };
            let bias = bias / unit + 0.5;
            (bias <= 32767.0).then_some((drive, largest_code * multiplier + bias))
        });
        let all: Vec<(Self, f64)> = candidates.collect();
        // A multiplier of 16 makes the state at most 6 % coarser; finer biases matter less than that.
        let in_lanes = all
            .iter()
            .find(|(drive, rows)| *rows <= 32767.0 && drive.multiplier >= 16);
        in_lanes.or(all.first()).map(|(drive, _)| *drive)
    }
}

fn drive_shift(gain_shift: u8, exponent: i32) -> Option<u8> {
    let shift = i32::from(gain_shift) - exponent;
    (0..=20).contains(&shift).then_some(shift as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(largest: f64) -> Ranges {
        Ranges {
            largest_input: 4.0,
            first: LayerRange {
                largest,
                mean_square: (largest / 4.0).powi(2),
            },
            ..Ranges::default()
        }
    }

    #[test]
    fn units_of_numbers_differ_by_a_power_of_two_and_cover_the_ranges() {
        for largest in [0.3, 5.0, 77.0] {
            let drive =
                Drive::of_numbers(&ranges(largest), 0.11, 9.0, None, 12, 10, 12).expect("fits");
            let exponent = 12 - i32::from(drive.shift);
            assert!((drive.state / drive.unit - f64::from(exponent).exp2()).abs() < 1e-9);
            assert!(drive.state * 2047.0 >= largest, "{drive:?}");
            assert!(drive.input * 511.0 >= 4.0 * 0.999, "{drive:?}");
        }
    }

    #[test]
    fn a_clamp_fixes_the_input() {
        for energy in [0.0, 1e6] {
            let drive = Drive::of_numbers(&ranges(5.0), 0.11, energy, Some(3.0), 12, 10, 12);
            let drive = drive.expect("fits");
            assert_eq!(drive.input, 3.0 / 511.0);
            assert!(drive.state * 2047.0 >= 5.0, "{drive:?}");
        }
    }

    #[test]
    fn the_noisier_of_state_and_input_is_kept_fine() {
        // One state step is 1.5 units of `U x`.
        let ranges = ranges(2047.0 / 1.05 * 1.5 * 4.0 / 511.0);
        let of = |energy| Drive::of_numbers(&ranges, 1.0, energy, None, 12, 10, 12).expect("fits");
        let (state, input) = (of(0.0), of(1e6));
        assert!(
            (state.state / (1.5 * 4.0 / 511.0) - 1.0).abs() < 1e-9,
            "{state:?}"
        );
        assert!(
            (input.input / (4.0 / 511.0) - 1.0).abs() < 1e-9,
            "{input:?}"
        );
    }

    #[test]
    fn tokens_get_a_fine_unit_in_lanes_and_a_state_that_covers_its_range() {
        for largest in [0.3, 5.0, 77.0] {
            let drive = Drive::of_tokens(&ranges(largest), 0.25, 8.0, 0.1, 12, 12).expect("fits");
            assert!(8.0 * f64::from(drive.multiplier) + 0.1 / drive.unit <= 32767.5);
            assert!(drive.state * 2047.0 >= largest && drive.state * 2047.0 < 1.2 * largest);
            assert!(drive.unit <= 0.25 / 16.0);
        }
    }

    #[test]
    fn longer_sequences_get_wider_states_and_a_leak_narrower_ones() {
        let network = |leak| HadamRnnConfig {
            input: crate::nn::Input::Numbers(1),
            hidden_size: 128,
            log2_block: 7,
            leak,
            second: None,
            readout: crate::nn::Readout::LastState,
            hidden_readout: None,
            output_size: 1,
            auxiliary_size: 0,
            input_bits: Some(4),
            input_rows: None,
            readout_bits: Some(4),
            train_signs: false,
        };
        let bits = |leak, steps| state_bits(&ranges(1.0), &network(leak), steps);
        assert_eq!(
            [bits(None, 1), bits(None, 128), bits(None, 1000)],
            [8, 12, 13]
        );
        assert!(bits(Some(3), 1000) < bits(None, 128));
    }

    #[test]
    fn pooled_sums_fit_fifteen_bits() {
        assert_eq!(pool_shift(26_213.0), 0);
        assert_eq!(pool_shift(26_214.0), 1);
        assert_eq!(pool_shift(1e12), 16);
    }
}
