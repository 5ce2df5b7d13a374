//! Why the assembly of boards does not run a model, and what to do about it.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use hadamrnn_runtime::Model;
use hadamrnn_runtime::kernel::{FwhtPacked, Kernel};

/// Width of the lanes in which the assembly adds drives.
const LANE: i64 = i16::MAX as i64;
/// The gain shift that the assembly takes.
const GAIN_SHIFT: u8 = 15;

/// Widths of a state that the assembly takes.
const STATE_BITS: RangeInclusive<u32> = 10..=12;

/// A property of a model that keeps it off the assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The property, and what the assembly takes.
    pub reason: String,
    /// The change that removes it.
    pub remedy: Cow<'static, str>,
}

/// The properties that keep a model off the assembly of [`FwhtPacked`], see
/// [`Model::has_fast_path`]; none where the assembly runs it.
///
/// Portable code takes two to three times the instructions, and firmware needs the feature `fallback`.
pub fn obstacles(model: &Model<'_>) -> Vec<Obstacle> {
    if model.has_fast_path() {
        return Vec::new();
    }
    let header = model.header();
    let (state_bits, log2_block) = (u32::from(header.state_bits), model.block_size().ilog2());
    let layer_input = i64::from(model.bounds().layer_input);
    let room = match header.layer_input_shift < GAIN_SHIFT {
        true => LANE - (1 << (GAIN_SHIFT - 1 - header.layer_input_shift)),
        false => 0,
    };
    let all: [(bool, String, Cow<'static, str>); 7] = [
        (
            model.second().is_some(),
            "it has a second layer".into(),
            "on Cortex-M4 and its like the second layer may still run in assembly; elsewhere take one layer".into(),
        ),
        (
            model.tokens().is_none() && header.input_weight_bits != 4,
            format!(
                "its U is in fields of {} bits, not 4",
                header.input_weight_bits
            ),
            "export with --input-field-bits 4, or train with --input-bits 4".into(),
        ),
        (
            log2_block < 5,
            format!(
                "its blocks have {} units, not 32 or more",
                model.block_size()
            ),
            "train with --log2-block 5 or more".into(),
        ),
        (
            !STATE_BITS.contains(&state_bits),
            format!("its states have {state_bits} bits, not 10 to 12"),
            "export with --state-bits 12".into(),
        ),
        (
            state_bits + log2_block > FwhtPacked::MOST_BITS,
            format!(
                "its states of {state_bits} bits in blocks of {} units are too wide",
                model.block_size()
            ),
            narrower_states(log2_block),
        ),
        (
            header.gain_shift != GAIN_SHIFT,
            format!(
                "its gain has {} bits, not {GAIN_SHIFT}: 32 bits are too few for its sums",
                header.gain_shift
            ),
            "export with fewer --state-bits or --sample-bits".into(),
        ),
        (
            layer_input > room,
            format!("|U x + b| can be {layer_input}, and 16 bits have room for {room}"),
            "export with fewer --sample-bits, or train with a smaller `clamp` of the inputs".into(),
        ),
    ];
    let found: Vec<Obstacle> = (all.into_iter())
        .filter(|(is_there, ..)| *is_there)
        .map(|(_, reason, remedy)| Obstacle { reason, remedy })
        .collect();
    if !found.is_empty() {
        return found;
    }
    vec![Obstacle {
        reason: "its sums before the right shift can reach 2^30".into(),
        remedy: "export with fewer --state-bits or --sample-bits".into(),
    }]
}

/// The widest states that the packed kernel has room for in blocks of `2^log2_block` units, and what they may cost.
fn narrower_states(log2_block: u32) -> Cow<'static, str> {
    let widest = FwhtPacked::MOST_BITS.saturating_sub(log2_block);
    if widest < *STATE_BITS.start() {
        return "train with a smaller --log2-block".into();
    }
    format!(
        "export with --state-bits {widest}, and compare the accuracy of both (hadamrnn eval MODEL --split valid)"
    )
    .into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::integer::ModelFile;

    #[test]
    fn shipped_models_are_fast_but_for_two_layers() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        for (name, expected) in [
            ("har2", None),
            ("har6-hidden", None),
            ("har2-two-layers", Some("second layer")),
            ("pmnist-4k", Some("states of 1")),
        ] {
            let file = ModelFile::read(&folder.join(name).join("model.hdrn")).expect("a model");
            let found = obstacles(&file.model().expect("valid"));
            let reasons: String = found.iter().map(|obstacle| &*obstacle.reason).collect();
            match expected {
                None => assert_eq!(reasons, "", "{name}"),
                Some(part) => assert!(reasons.contains(part), "{name}: {reasons}"),
            }
        }
    }

    #[test]
    fn the_widest_states_of_a_block_are_named() {
        assert!(narrower_states(9).contains("--state-bits 10,"));
        assert!(narrower_states(8).contains("--state-bits 11,"));
        assert!(narrower_states(10).contains("--log2-block"));
    }
}
