//! The readout: pooled means, the hidden readout layer, V and the value of a logit.

use anyhow::{Context, Result, ensure};
use hadamrnn_runtime::format::{Addition, BinaryMatrixKind, HiddenReadout, Readout};
use hadamrnn_runtime::{HiddenReadout as Proof, limits};

use super::scales::Scales;
use super::{ExportPlan, narrower_above, pack};
use crate::nn::{self, FadingPool, HostHiddenReadout, ReadoutKind};

/// Head-room of a pooled sum.
const POOL_HEADROOM: f64 = 1.25;

/// Header, words and units of a readout.
pub(super) struct ReadoutPlan {
    pub readout: Readout,
    hidden: Option<HiddenPlan>,
    /// Value of one step of a logit.
    pub logit: f64,
}

impl ReadoutPlan {
    /// The units, a step of the top layer's states being worth `top_unit`.
    ///
    /// # Errors
    /// No shift of a hidden readout layer fits 32 bits, or the sums of a fading pool do not.
    pub fn choose(plan: &ExportPlan<'_>, top_unit: f64) -> Result<Self> {
        if let Some(fading) = plan.network().fading {
            let sum = u32::from(fading.shift) + u32::from(fading.log2_interval);
            let bits = limits::FADING_POOL_BITS as u32 - sum;
            ensure!(
                u32::from(plan.state_bits) <= bits,
                "sums of a time constant of 2^{sum} steps have room for states of {bits} bits, not {}: choose fewer (--state-bits), or train \
                 with a shorter one ([network.fading])",
                plan.state_bits
            );
        }
        let (readout, read) = read(plan, top_unit);
        let layer = plan.network().hidden_readout.as_ref();
        let hidden = layer.zip(plan.source.weights.hidden_readout.as_ref());
        let hidden = hidden.map(|(layer, weights)| {
            let (largest, width) = (plan.ranges.largest_feature, plan.codes.readout_width);
            let chosen = HiddenPlan::choose(layer, weights, largest, read, width.bits());
            chosen.with_context(|| {
                let of_states = plan.network().readout != ReadoutKind::Pooled;
                format!(
                    "no shift fits 32 bits for a hidden readout layer that reads {} values of {} bits: {}",
                    read.units,
                    read.bits,
                    narrower_above(read.bits, of_states)
                )
            })
        });
        let hidden = hidden.transpose()?;
        let unit = hidden.as_ref().map_or(read.unit, |hidden| hidden.unit);
        Ok(Self {
            readout,
            hidden,
            logit: f64::from(plan.codes.readout_scale) * unit,
        })
    }

    /// The part of a header of versions 3 and 4 that is the readout's.
    pub fn addition(&self, plan: &ExportPlan<'_>) -> Addition {
        Addition {
            fading: plan.network().fading,
            hidden_readout: self.hidden.as_ref().map(|hidden| hidden.header),
            ..Addition::default()
        }
    }

    /// Its sections: matrix and biases of the hidden readout layer, V, output biases.
    ///
    /// # Errors
    /// An output bias needs more bits than there are.
    pub fn words(&self, plan: &ExportPlan<'_>) -> Result<Vec<u32>> {
        let (weights, network, codes) = (plan.source.weights, plan.network(), plan.codes);
        let mut words = Vec::new();
        if let (Some(hidden), Some(layer)) = (&self.hidden, &weights.hidden_readout) {
            words = pack::mixing(&layer.matrix, BinaryMatrixKind::Dense, network.top_size());
            words.extend(&hidden.bias);
        }
        let readout = pack::rows(&codes.readout, network.read_size(), codes.readout_width);
        words.extend(readout);
        words.extend(pack::readout_bias(&weights.readout_bias, self.logit)?);
        Ok(words)
    }

    /// `scales` with those of the readout.
    pub fn describe(&self, plan: &ExportPlan<'_>, scales: Scales) -> Scales {
        let hidden = self.hidden.as_ref();
        Scales {
            logit: self.logit,
            hidden_readout: hidden.map(|hidden| hidden.unit),
            largest_hidden_readout: hidden.map(|_| plan.ranges.largest_feature),
            ..scales
        }
    }
}

/// The kind of the readout with its numbers, and the values that it reads.
fn read(plan: &ExportPlan<'_>, top_unit: f64) -> (Readout, Read) {
    let state = Read {
        units: plan.network().top_size(),
        bits: plan.state_bits,
        unit: top_unit,
    };
    match plan.network().readout {
        ReadoutKind::LastState => (Readout::LastState, state),
        ReadoutKind::EveryStep => (Readout::EveryStep, state),
        ReadoutKind::Pooled => {
            let steps = plan.source.calibration.steps;
            let shift = pool_shift(plan.ranges.largest_sum / top_unit);
            let readout = Readout::Pooled {
                shift,
                steps: steps as u32,
            };
            // What all steps weigh together.
            let weight = match plan.network().fading {
                Some(fading) => FadingPool::from(fading).time_constant().into(),
                None => steps as f64,
            };
            let mean = Read {
                bits: limits::POOLED_BITS,
                unit: top_unit * f64::from(1u32 << shift) / weight,
                ..state
            };
            (readout, mean)
        }
    }
}

/// The least right shift, within [`limits::POOL_SHIFT`], that keeps the largest pooled sum, in steps, within 15 bits with
/// head-room.
fn pool_shift(largest: f64) -> u8 {
    let fits = |shift: &usize| largest * POOL_HEADROOM <= 32767.0 * f64::from(1u32 << shift);
    let least = limits::POOL_SHIFT.values().find(fits);
    least.unwrap_or(limits::POOL_SHIFT.max) as u8
}

/// Head-room over the largest output seen in calibration: the layer has no state, so its width is cheap.
const HEADROOM: f64 = 2.0;

/// Values that a readout reads of the top layer.
#[derive(Clone, Copy, Debug)]
struct Read {
    /// Number of units.
    units: usize,
    /// Width of a value.
    bits: u8,
    /// Value of one step.
    unit: f64,
}

/// Header, biases and unit of a hidden readout layer.
struct HiddenPlan {
    header: HiddenReadout,
    /// One i32 a unit.
    bias: Vec<u32>,
    /// Value of one step of an output.
    unit: f64,
}

impl HiddenPlan {
    /// The largest shift, and for it the largest multiplier, for which nothing overflows.
    ///
    /// A sum of what is read is worth `read.unit / sqrt(read.units)` a step, an output `2^shift / multiplier` times as much.
    /// `largest` is the largest output seen, `readout_bits` the width of V's codes. None where no shift fits 32 bits.
    fn choose(
        layer: &nn::HiddenReadout,
        weights: &HostHiddenReadout,
        largest: f64,
        read: Read,
        readout_bits: u32,
    ) -> Option<Self> {
        let bits = output_bits(layer.hidden_size, readout_bits);
        let finest = largest * HEADROOM / f64::from((1i32 << (bits - 1)) - 1);
        let sum = read.unit / (read.units as f64).sqrt();
        for shift in limits::HIDDEN_READOUT_SHIFT.values().rev() {
            let scale = f64::from(1u32 << shift);
            let Some(multiplier) = pack::multiplier(sum / finest * scale) else {
                continue;
            };
            let unit = sum / f64::from(multiplier);
            let Some(bias) = pack::wide_bias(&weights.bias, unit, layer.bias) else {
                continue;
            };
            let header = HiddenReadout {
                hidden_size: layer.hidden_size as u16,
                multiplier,
                shift: shift as u8,
                bits,
                bias: layer.bias,
            };
            if Proof::prove(&header, &bias, read.units, read.bits.into()).is_some() {
                return Some(Self {
                    header,
                    bias,
                    unit: unit * scale,
                });
            }
        }
        None
    }
}

/// The widest outputs, within [`limits::STATE_BITS`], whose products with V leave half of 32 bits to the output bias.
fn output_bits(units: usize, readout_bits: u32) -> u8 {
    let taken = units.next_power_of_two().ilog2() + readout_bits - 1;
    limits::STATE_BITS.clamp((31 - taken) as usize) as u8
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
            let plan = HiddenPlan::choose(&layer, &weights, largest, read, 4).expect("fits");
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
            let bound = Proof::prove(&plan.header, &plan.bias, units, bits.into());
            assert!(bound.is_some(), "{:?}", plan.header);
        }
    }

    #[test]
    fn wider_codes_of_v_leave_narrower_outputs() {
        assert_eq!(output_bits(512, 4), 16);
        assert_eq!(output_bits(1024, 8), 14);
        assert_eq!(output_bits(48, 2), 16);
    }

    #[test]
    fn pooled_sums_fit_fifteen_bits() {
        assert_eq!(pool_shift(26_213.0), 0);
        assert_eq!(pool_shift(26_214.0), 1);
        assert_eq!(pool_shift(1e12), 16);
    }
}
