//! From trained float weights to a packed integer model.
//!
//! Scales (`docs/ARITHMETIC.md` derives them). With `u` and `v` the scales of the codes of U and V:
//!
//! | quantity | unit |
//! |---|---|
//! | hidden state | `h`, from the largest state seen on calibration windows |
//! | input | `x = h / (u 2^e)`, the whole `e` that makes `x` no finer than the calibrated range of inputs needs |
//! | `U x + b` | `u x = h / 2^e`: so it enters the state with a left shift by `gain_shift - e` and no multiplication |
//! | logit | `v h` |

mod calibrate;
mod pack;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::ModelError;
use hadamrnn_runtime::fields::FieldWidth;
use hadamrnn_runtime::format::{Header, Readout, encode};
use serde::{Deserialize, Serialize};

use crate::config::ExportConfig;
use crate::data::Sequences;
use crate::integer::ModelFile;
use crate::nn::{self, HostWeights, Input, quant};
use crate::standardise::Standardisation;

pub use calibrate::Ranges;

/// What an export starts from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Name of the model, at most 31 bytes.
    pub name: &'a str,
    /// The trained weights.
    pub weights: &'a HostWeights,
    /// What the network's inputs went through.
    pub standardisation: &'a Standardisation,
    /// Physical units per raw count, per channel.
    pub input_lsb: &'a [f32],
    /// Windows to find ranges on; not the test split.
    pub calibration: &'a Sequences,
}

/// How an export came out, for the model card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    /// Standardised units per input step.
    pub input: f64,
    /// Units of the float state per integer step.
    pub state: f64,
    /// Units of the float logit per integer step.
    pub logit: f64,
    /// Largest absolute float state seen in calibration.
    pub largest_state: f64,
    /// Largest absolute standardised input seen in calibration.
    pub largest_input: f64,
}

/// Quantises and packs a model.
///
/// # Errors
/// The weights are not quantised to 1-8 bits, not finite, or no choice of shifts fits 32 bits.
pub fn export(source: Source<'_>, config: &ExportConfig) -> Result<(ModelFile, Scales)> {
    let network = &source.weights.config;
    ensure!(
        source.name.len() <= 31,
        "the name \"{}\" is longer than 31 bytes",
        source.name
    );
    let Input::Numbers(input_size) = network.input else {
        bail!("a model of tokens cannot be exported");
    };
    ensure!(
        network.leak.is_none()
            && network.second.is_none()
            && network.readout != nn::Readout::Pooled,
        "a model with a leak, a second layer or a pooled readout cannot be exported"
    );
    let (Some(input_bits), Some(readout_bits)) = (network.input_bits, network.readout_bits) else {
        bail!(
            "a model with full-precision U or V cannot be exported: train it with input_bits and readout_bits of 1 to 8"
        );
    };
    let all_finite = [
        &source.weights.input,
        &source.weights.bias,
        &source.weights.readout,
        &source.weights.readout_bias,
    ]
    .into_iter()
    .flatten()
    .all(|weight| weight.is_finite());
    ensure!(
        all_finite,
        "the weights are not all finite: training has diverged, lower the learning rate"
    );
    let (input_codes, u) = quant::quantise(&source.weights.input, input_bits);
    let (readout_codes, v) = quant::quantise(&source.weights.readout, readout_bits);
    let ranges = calibrate::ranges(&source, &input_codes, u);
    let scales = choose_scales(&ranges, f64::from(u), f64::from(v), config);
    let (channels, input_shift) = pack::channels(&source, scales.input)?;
    let mut words = channels;
    words.extend(pack::input(&input_codes, input_size, width(input_bits)?));
    words.extend(pack::bias(
        &source.weights.bias,
        scales.input * f64::from(u),
    )?);
    words.extend(pack::signs(&source.weights.signs));
    words.extend(pack::rows(
        &readout_codes,
        network.hidden_size,
        width(readout_bits)?,
    ));
    words.extend(pack::readout_bias(
        &source.weights.readout_bias,
        scales.logit,
    )?);
    let header = Header {
        name: source.name,
        hidden_size: network.hidden_size as u16,
        input_size: u16::try_from(input_size).context("too many input channels")?,
        output_size: u16::try_from(network.output_size).context("too many outputs")?,
        log2_block: network.log2_block as u8,
        input_weight_bits: width(input_bits)?.bits() as u8,
        readout_weight_bits: width(readout_bits)?.bits() as u8,
        state_bits: config.state_bits,
        input_bits: config.input_bits,
        input_shift,
        drive_shift: 0,
        gain_shift: 0,
        readout: Readout::LastState,
        logit_scale: scales.logit as f32,
        extension: Default::default(),
    };
    let exponent = (scales.state / (f64::from(u) * scales.input))
        .log2()
        .round() as i32;
    Ok((finest_shifts(header, &words, exponent)?, scales))
}

/// Encodes with the largest shifts, so the finest gain, for which the runtime proves that nothing overflows.
fn finest_shifts(mut header: Header<'_>, words: &[u32], exponent: i32) -> Result<ModelFile> {
    let mut bytes = vec![0; 128 + 4 * words.len()];
    for gain_shift in (4..=15u8).rev() {
        let drive_shift = i32::from(gain_shift) - exponent;
        if !(0..=20).contains(&drive_shift) {
            continue;
        }
        (header.gain_shift, header.drive_shift) = (gain_shift, drive_shift as u8);
        let length = encode(&header, words, &mut bytes)?;
        let file = ModelFile::new(&bytes[..length]);
        match file.model().map(drop) {
            Ok(()) => return Ok(file),
            Err(error) if error.downcast_ref() == Some(&ModelError::Overflow) => {}
            Err(error) => return Err(error.context("the exported model is refused by the runtime")),
        }
    }
    bail!(
        "no shifts fit 32 bits: a state step is 2^{exponent} steps of U x; choose fewer state_bits or input_bits"
    )
}

fn width(bits: u8) -> Result<FieldWidth> {
    FieldWidth::for_weight_bits(bits)
        .with_context(|| format!("weights of {bits} bits cannot be packed"))
}

/// Head-room of the state over the largest value seen in calibration.
const STATE_HEADROOM: f64 = 1.05;

fn choose_scales(ranges: &Ranges, u: f64, v: f64, config: &ExportConfig) -> Scales {
    let state_limit = f64::from((1i32 << (config.state_bits - 1)) - 1);
    let input_limit = f64::from((1i32 << (config.input_bits - 1)) - 1);
    let state = ranges.largest_state * STATE_HEADROOM / state_limit;
    let wanted_input = ranges.largest_input / input_limit;
    // h / (u x) must be a power of two: make the input coarser by up to sqrt(2), or the state.
    let exponent = (state / (u * wanted_input)).log2();
    let (state, exponent) = if exponent - exponent.floor() <= 0.5 {
        (state, exponent.floor())
    } else {
        (state * (exponent.ceil() - exponent).exp2(), exponent.ceil())
    };
    Scales {
        input: state / (u * exponent.exp2()),
        state,
        logit: v * state,
        largest_state: ranges.largest_state,
        largest_input: ranges.largest_input,
    }
}
