//! Smaller forms of a configuration.

use crate::config::RunConfig;
use crate::nn::ReadoutKind;

/// Fewest units of a layer.
const LEAST_UNITS: usize = 16;
/// Bits of a U that is as small as can be.
const LEAST_BITS: u8 = 2;

/// Configurations that are smaller in one respect each: half the units, half the hidden readout layer or none, fewer driven rows,
/// narrower V.
pub(super) fn steps(config: &RunConfig) -> Vec<RunConfig> {
    let all = [units, hidden_readout, driven_rows, readout_bits];
    let step = |change: fn(&mut RunConfig) -> bool| {
        let mut smaller = config.clone();
        change(&mut smaller).then_some(smaller)
    };
    all.into_iter().filter_map(step).collect()
}

/// The step after all of these, which makes a model smaller, but not faster: a readout of the last state, then narrow fields of U.
pub(super) fn last_step(config: &RunConfig) -> Option<RunConfig> {
    let mut smaller = config.clone();
    let network = &mut smaller.network;
    if network.readout == ReadoutKind::Pooled {
        network.readout = ReadoutKind::LastState;
        return Some(smaller);
    }
    let is_narrow = network.input_bits.is_some_and(|bits| bits <= LEAST_BITS);
    if is_narrow && smaller.export.input_field_bits.is_none() {
        return None;
    }
    network.input_bits = Some(network.input_bits.unwrap_or(LEAST_BITS).min(LEAST_BITS));
    smaller.export.input_field_bits = None;
    Some(smaller)
}

fn units(config: &mut RunConfig) -> bool {
    let network = &mut config.network;
    let (hidden, rows) = (network.hidden_readout, network.input_rows);
    let is_larger = network.hidden_size > LEAST_UNITS;
    if is_larger {
        network.resize(network.hidden_size / 2);
        // One thing at a time.
        network.hidden_readout = hidden;
        network.input_rows = rows.map(|rows| rows / 2);
    }
    is_larger
}

fn hidden_readout(config: &mut RunConfig) -> bool {
    let layer = &mut config.network.hidden_readout;
    let Some(units) = layer.as_ref().map(|layer| layer.hidden_size) else {
        return false;
    };
    // Units come 16 at a time.
    let half = units / 2 / LEAST_UNITS * LEAST_UNITS;
    match layer {
        Some(layer) if half > 0 => layer.hidden_size = half,
        _ => *layer = None,
    }
    true
}

fn driven_rows(config: &mut RunConfig) -> bool {
    let network = &mut config.network;
    let rows = network.input_rows.unwrap_or(network.hidden_size);
    let is_larger = rows > network.hidden_size / 4;
    if is_larger {
        network.input_rows = Some(match rows > network.hidden_size / 2 {
            true => network.hidden_size / 2,
            false => network.hidden_size / 4,
        });
    }
    is_larger
}

fn readout_bits(config: &mut RunConfig) -> bool {
    let bits = &mut config.network.readout_bits;
    let is_wider = bits.is_none_or(|bits| bits > 2);
    if is_wider {
        *bits = Some(bits.map_or(4, |bits| if bits > 4 { 4 } else { 2 }));
    }
    is_wider
}
