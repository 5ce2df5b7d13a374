//! The input projection: units of what drives the first layer, its codes and its channels.

use anyhow::{Result, ensure};
use hadamrnn_runtime::limits;

use super::codes::Codes;
use super::scales::finest_state;
use super::{ExportPlan, Ranges, Source, pack};
use crate::nn::{HadamRnnConfig, Input};

/// Units of the first layer and of what drives it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drive {
    /// Standardised units per input step; 0 for tokens.
    pub input: f64,
    /// What one unit of `U x + b` is worth.
    pub unit: f64,
    /// What one state step is worth.
    pub state: f64,
    /// Left shift of `U x + b`.
    pub shift: u8,
    /// Factor of a token's codes; 0 for numbers.
    pub multiplier: u16,
}

impl Drive {
    /// The units for a gain shift, if there are some.
    pub fn choose(plan: &ExportPlan<'_>, gain_shift: u8) -> Option<Self> {
        let (ranges, scale) = (plan.ranges, plan.codes.input_scale);
        match plan.input() {
            Input::Numbers(_) => {
                let codes = plan.codes.input.iter();
                let squares: f64 = codes.map(|&code| f64::from(code).powi(2)).sum();
                Self::of_numbers(
                    ranges,
                    scale,
                    squares / plan.network().hidden_size as f64,
                    plan.source.standardisation.clamp,
                    plan.state_bits,
                    plan.input_bits,
                    gain_shift,
                )
            }
            Input::Tokens { .. } => {
                let bias = plan.source.weights.bias.iter();
                let bias = bias.fold(0.0, |max: f64, &b| max.max(f64::from(b).abs()));
                let largest_code = f64::from(plan.codes.input_width.offset());
                Self::of_tokens(
                    ranges,
                    scale,
                    largest_code,
                    bias,
                    plan.state_bits,
                    gain_shift,
                )
            }
        }
    }

    /// For numbers: a state step is a power of two of `U x` units, so the state or the input becomes coarser than its range
    /// needs: whichever adds less noise to the state.
    ///
    /// Rounding a state adds 1/12 of its squared step, rounding the inputs that of theirs times `energy`, the sum of a
    /// row's squared codes of U, `u` being the scale of the codes. Inputs that were trained to saturate at `clamp` must do so
    /// there: their step is fixed, and the state becomes coarser.
    fn of_numbers(
        ranges: &Ranges,
        u: f32,
        energy: f64,
        clamp: Option<f32>,
        state_bits: u8,
        input_bits: u8,
        gain_shift: u8,
    ) -> Option<Self> {
        let u = f64::from(u);
        let state = finest_state(&ranges.first(), state_bits);
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
            shift: layer_input_shift(gain_shift, exponent as i32)?,
            multiplier: 0,
        })
    }

    /// For tokens: the finest unit that keeps two rows in one accumulator, or at least the bias within 16 bits.
    ///
    /// `z` is the scale of the codes, `largest_code` their largest magnitude, `bias` that of the biases.
    fn of_tokens(
        ranges: &Ranges,
        z: f32,
        largest_code: f64,
        bias: f64,
        state_bits: u8,
        gain_shift: u8,
    ) -> Option<Self> {
        let z = f64::from(z);
        let finest = finest_state(&ranges.first(), state_bits);
        // The smallest shift has the largest exponent.
        let candidates = limits::LAYER_INPUT_SHIFT.values().filter_map(|shift| {
            let exponent = f64::from(gain_shift) - shift as f64;
            let multiplier = pack::multiplier(z / finest * exponent.exp2())?;
            let unit = z / f64::from(multiplier);
            let layer_input = Self {
                input: 0.0,
                unit,
                state: unit * exponent.exp2(),
                shift: shift as u8,
                multiplier,
            };
            let bias = bias / unit + 0.5;
            let largest_row = largest_code * f64::from(multiplier) + bias;
            (bias <= 32767.0).then_some((layer_input, largest_row))
        });
        let all: Vec<(Self, f64)> = candidates.collect();
        // A multiplier of 16 makes the state at most 6 % coarser; finer biases matter less than that.
        let in_lanes = all
            .iter()
            .find(|(layer_input, rows)| *rows <= 32767.0 && layer_input.multiplier >= 16);
        in_lanes
            .or(all.first())
            .map(|(layer_input, _)| *layer_input)
    }
}

fn layer_input_shift(gain_shift: u8, exponent: i32) -> Option<u8> {
    let shift = usize::try_from(i32::from(gain_shift) - exponent).ok()?;
    limits::LAYER_INPUT_SHIFT
        .holds(shift)
        .then_some(shift as u8)
}

/// The words of U or of the table of tokens, which no choice of units changes.
pub(super) fn words(config: &HadamRnnConfig, codes: &Codes) -> Vec<u32> {
    let (driven, width) = (driven(config, &codes.input), codes.input_width);
    match config.input {
        Input::Numbers(d_in) => pack::columns(&driven, d_in, width),
        Input::Tokens { .. } => {
            let network = &config.network;
            let row = network.input_rows.unwrap_or(network.hidden_size);
            pack::rows(&driven, row, width)
        }
    }
}

/// The codes of units that inputs drive: rows of U, or columns of a table of tokens.
fn driven(config: &HadamRnnConfig, codes: &[i32]) -> Vec<i32> {
    let unit = |at: usize| match config.input {
        Input::Numbers(d_in) => at / d_in,
        Input::Tokens { .. } => at % config.network.hidden_size,
    };
    let codes = codes.iter().enumerate();
    let driven = codes.filter(|&(at, _)| config.is_driven(unit(at)));
    driven.map(|(_, &code)| code).collect()
}

/// Offset and multiplier of each channel, and the shift they share.
///
/// A raw count is worth `lsb / (deviation * unit)` input steps; the shift is the largest that keeps every multiplier
/// within 15 bits.
pub(super) fn channels(source: &Source<'_>, unit: f64) -> Result<(Vec<u32>, u8)> {
    let standardisation = source.standardisation;
    let inputs = standardisation.source.iter();
    let inputs = inputs
        .zip(&standardisation.mean)
        .zip(&standardisation.deviation);
    let factors: Vec<(f64, f64)> = inputs
        .map(|((&channel, &mean), &deviation)| {
            let lsb = f64::from(source.input_lsb[channel]);
            (f64::from(mean) / lsb, lsb / (f64::from(deviation) * unit))
        })
        .collect();
    let largest = factors
        .iter()
        .fold(0.0, |max: f64, &(_, factor)| max.max(factor));
    let most = limits::MULTIPLIER.max as f64;
    let fits = |shift: &usize| (largest * f64::from(1u32 << shift)).round() <= most;
    let shift = limits::INPUT_SHIFT.values().rev().find(fits);
    ensure!(
        shift.is_some(),
        "a raw count is worth {largest:.0} input steps: use a larger input_lsb"
    );
    let shift = shift.unwrap_or(limits::INPUT_SHIFT.min) as u8;
    let inputs = standardisation.source.iter().zip(&factors);
    let mut before = None;
    let words = inputs.map(|(&channel, &(offset, factor))| {
        let copy = before.replace(channel) == Some(channel);
        let offset = offset.round();
        ensure!(
            (-32768.0..=32767.0).contains(&offset),
            "the mean of channel {channel} is {offset} raw counts, beyond 16 bits: use a larger input_lsb"
        );
        let multiplier = (factor * f64::from(1u32 << shift)).round() as u32;
        Ok(u32::from(offset as i16 as u16) | (multiplier | u32::from(copy) << 15) << 16)
    });
    Ok((words.collect::<Result<_>>()?, shift))
}

#[cfg(test)]
mod tests {
    use super::super::scales::tests::ranges;
    use super::*;
    use crate::config::RunConfig;
    use crate::data::Task;

    #[test]
    fn units_of_numbers_differ_by_a_power_of_two_and_cover_the_ranges() {
        for largest in [0.3, 5.0, 77.0] {
            let layer_input =
                Drive::of_numbers(&ranges(largest), 0.11, 9.0, None, 12, 10, 12).expect("fits");
            let exponent = 12 - i32::from(layer_input.shift);
            assert!(
                (layer_input.state / layer_input.unit - f64::from(exponent).exp2()).abs() < 1e-9
            );
            assert!(layer_input.state * 2047.0 >= largest, "{layer_input:?}");
            assert!(layer_input.input * 511.0 >= 4.0 * 0.999, "{layer_input:?}");
        }
    }

    #[test]
    fn a_clamp_fixes_the_input() {
        for energy in [0.0, 1e6] {
            let layer_input = Drive::of_numbers(&ranges(5.0), 0.11, energy, Some(3.0), 12, 10, 12);
            let layer_input = layer_input.expect("fits");
            assert_eq!(layer_input.input, 3.0 / 511.0);
            assert!(layer_input.state * 2047.0 >= 5.0, "{layer_input:?}");
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
            let layer_input =
                Drive::of_tokens(&ranges(largest), 0.25, 8.0, 0.1, 12, 12).expect("fits");
            assert!(8.0 * f64::from(layer_input.multiplier) + 0.1 / layer_input.unit <= 32767.5);
            assert!(
                layer_input.state * 2047.0 >= largest && layer_input.state * 2047.0 < 1.2 * largest
            );
            assert!(layer_input.unit <= 0.25 / 16.0);
        }
    }

    #[test]
    fn driven_codes_are_the_first_of_each_block() {
        let mut config = RunConfig::for_task(Task::Har2);
        config.network.resize(32);
        (config.network.log2_block, config.network.input_rows) = (4, Some(16));
        let numbers = config.network(Input::Numbers(2), 1);
        let codes: Vec<i32> = (0..64).collect();
        let expected: Vec<i32> = (0..16).chain(32..48).collect();
        assert_eq!(driven(&numbers, &codes), expected);
        let tokens = Input::Tokens {
            vocabulary: 2,
            embedding: None,
        };
        let tokens = config.network(tokens, 1);
        let expected: Vec<i32> = [0, 16, 32, 48]
            .into_iter()
            .flat_map(|first| first..first + 8)
            .collect();
        assert_eq!(driven(&tokens, &codes), expected);
    }
}
