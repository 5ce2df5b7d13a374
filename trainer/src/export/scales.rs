//! Scales: the float value of one step of each integer.

use serde::{Deserialize, Serialize};

use super::Ranges;
use super::calibrate::LayerRange;
use crate::nn::NetworkConfig;
use hadamrnn_runtime::limits;

/// How an export came out, for the model card.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
/// Ratio of a state to its rounding noise that chosen widths keep: 40 dB, the noise of U in 4 bits is above that.
const SIGNAL_TO_NOISE: f64 = 100.0;

/// The finest unit in which `bits` hold a layer's states.
pub(super) fn finest_state(range: &LayerRange, bits: u8) -> f64 {
    range.largest * STATE_HEADROOM / f64::from((1i32 << (bits - 1)) - 1)
}

/// The fewest bits, within [`limits::STATE_BITS`], that keep the states of all layers [`SIGNAL_TO_NOISE`] above what rounding adds up to.
///
/// Each step rounds once, with a variance of 1/12 of a squared step. The recurrence keeps what earlier steps added, all
/// of it without a leak, so a sequence of `steps` gathers that many variances.
pub(super) fn state_bits(ranges: &Ranges, network: &NetworkConfig, steps: usize) -> u8 {
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
    let all_enough = |bits: &usize| {
        let mut layers = ranges.layers.iter().zip(network.layers());
        layers.all(|(range, layer)| enough(range, layer.leak, *bits as u8))
    };
    let fewest = limits::STATE_BITS.values().find(all_enough);
    fewest.unwrap_or(limits::STATE_BITS.max) as u8
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Ranges of one layer of numbers up to 4.
    pub fn ranges(largest: f64) -> Ranges {
        Ranges {
            largest_input: 4.0,
            layers: vec![LayerRange {
                largest,
                mean_square: (largest / 4.0).powi(2),
            }],
            ..Ranges::default()
        }
    }

    #[test]
    fn longer_sequences_get_wider_states_and_a_leak_narrower_ones() {
        let network = |leak| NetworkConfig {
            leak,
            ..NetworkConfig::of_size(128)
        };
        let bits = |leak, steps| state_bits(&ranges(1.0), &network(leak), steps);
        assert_eq!(
            [bits(None, 1), bits(None, 128), bits(None, 1000)],
            [8, 12, 13]
        );
        assert!(bits(Some(3), 1000) < bits(None, 128));
    }
}
