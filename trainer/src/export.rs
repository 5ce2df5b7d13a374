//! Export: makes a packed integer model of trained float weights.
//!
//! Scales (`docs/ARITHMETIC.md` derives them). With `u` and `v` the scales of the codes of U and V, `z` of a table's:
//!
//! | quantity | unit |
//! |---|---|
//! | hidden state | `h`, from the largest state seen on calibration windows |
//! | input | `x = h / (u 2^e)`, the whole `e` that makes `x` no finer than the calibrated range of inputs needs |
//! | `U x + b` | `u x = h / 2^e`: so it enters the state with a left shift by `gain_shift - e` and no multiplication |
//! | the same for tokens | `z / r = h / 2^e`, the largest whole multiplier `r` that fits |
//! | second state | `h' = h 2^g' / (sqrt(n) r')`, the largest whole `r'` that makes it no finer than its range needs |
//! | hidden readout unit | the unit of what is read times `2^s / (sqrt(n) m)`, the largest whole `m` as fine as its range needs |
//! | logit | `v` times the unit of what is read: of the state; pooled `h 2^p / T`, where it fades with the time constant for `T`; of a hidden readout unit |

mod calibrate;
mod codes;
mod input;
mod pack;
mod readout;
mod scales;
mod second;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::fields::FieldWidth;
use hadamrnn_runtime::format::{Addition, Extension, Header, Tokens, encode};
use hadamrnn_runtime::{Bounds, Model, ModelError, limits};

use crate::config::ExportConfig;
use crate::data::Sequences;
use crate::integer::ModelFile;
use crate::nn::{HostWeights, Input, NetworkConfig};
use crate::standardise::Standardisation;

use codes::Codes;
use input::Drive;
use readout::ReadoutPlan;
use second::SecondPlan;

pub use calibrate::{LayerRange, Ranges};
pub use scales::Scales;

/// A trained network, and the data that its export needs.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Name of the model, at most 31 bytes.
    pub name: &'a str,
    /// The trained weights.
    pub weights: &'a HostWeights,
    /// Standardisation of the network's inputs; not used for tokens.
    pub standardisation: &'a Standardisation,
    /// Physical units per raw count, per channel; not used for tokens.
    pub input_lsb: &'a [f32],
    /// Windows to find ranges on; not the test split.
    pub calibration: &'a Sequences,
}

/// Quantises and packs a model.
///
/// # Errors
/// The weights are in full precision and `weight_bits` is not given, they are not finite, or no choice of shifts fits 32
/// bits.
pub fn export(source: Source<'_>, config: &ExportConfig) -> Result<(ModelFile, Scales)> {
    check(&source)?;
    let mut weights = source.weights.clone();
    weights.config.network.add_leak(config.leak);
    let source = Source {
        weights: &weights,
        ..source
    };
    let codes = Codes::new(source.weights, config)?;
    let ranges = calibrate::ranges(&source, &codes);
    let network = &source.weights.config.network;
    let state_bits = config
        .state_bits
        .unwrap_or_else(|| scales::state_bits(&ranges, network, source.calibration.steps));
    let plan = ExportPlan {
        source: &source,
        codes: &codes,
        ranges: &ranges,
        state_bits,
        input_bits: config.input_bits,
    };
    let input = input::words(&source.weights.config, &codes);
    // The largest shifts, so the finest gain, for which the runtime proves that nothing overflows.
    for gain_shift in limits::GAIN_SHIFT.values().rev() {
        let gain_shift = gain_shift as u8;
        let Some(layer_input) = Drive::choose(&plan, gain_shift) else {
            continue;
        };
        let upper = plan.upper(layer_input.state)?;
        if let Some(file) = plan.encode(gain_shift, &layer_input, &upper, &input)? {
            return Ok((file, plan.scales(&layer_input, &upper)));
        }
    }
    let input_bits = matches!(plan.input(), Input::Numbers(_)).then_some(config.input_bits);
    bail!(
        "no shifts fit 32 bits with states of {state_bits} bits: {}",
        narrower(state_bits, input_bits)
    )
}

/// How to need fewer than 32 bits, with states and inputs of so many; tokens have no bits of inputs.
fn narrower(state_bits: u8, input_bits: Option<u8>) -> String {
    let mut ways = vec!["train with fewer bits of U and V"];
    if input_bits.is_some_and(|bits| usize::from(bits) > limits::INPUT_BITS.min) {
        ways.insert(
            0,
            "choose fewer bits of an input (--sample-bits, [export] input_bits)",
        );
    }
    if usize::from(state_bits) > limits::STATE_BITS.min {
        ways.insert(0, NARROWER_STATES);
    }
    ways.join(", or ")
}

/// How to make states narrower.
const NARROWER_STATES: &str = "choose fewer bits of a state (--state-bits, [export] state_bits)";

/// How to make the layers above the first need fewer than 32 bits, where they read values of so many, of states or not.
fn narrower_above(bits: u8, of_states: bool) -> &'static str {
    match of_states && usize::from(bits) > limits::STATE_BITS.min {
        true => NARROWER_STATES,
        false => "train with fewer hidden units",
    }
}

fn check(source: &Source<'_>) -> Result<()> {
    ensure!(
        source.name.len() <= 31,
        "the name \"{}\" is longer than 31 bytes",
        source.name
    );
    ensure!(
        !source.calibration.is_empty(),
        "there is no window to find the ranges of inputs and states on"
    );
    ensure!(
        source.weights.are_finite(),
        "the weights are not all finite: training has diverged, lower the learning rate"
    );
    Ok(())
}

/// Codes, ranges and widths from which the scales are chosen.
struct ExportPlan<'a> {
    source: &'a Source<'a>,
    codes: &'a Codes,
    ranges: &'a Ranges,
    state_bits: u8,
    input_bits: u8,
}

/// Everything above the first layer.
struct Upper {
    second: Option<SecondPlan>,
    readout: ReadoutPlan,
}

impl ExportPlan<'_> {
    fn input(&self) -> Input {
        self.source.weights.config.input
    }

    fn network(&self) -> &NetworkConfig {
        &self.source.weights.config.network
    }

    fn second(&self, first_unit: f64) -> Result<Option<SecondPlan>> {
        let network = self.network();
        let (Some(layer), Some(weights), Some(range)) = (
            &network.second,
            &self.source.weights.second,
            self.ranges.second(),
        ) else {
            return Ok(None);
        };
        let bits = self.state_bits;
        let units = network.hidden_size;
        let plan = SecondPlan::choose(layer, weights, &range, first_unit, units, bits);
        plan.map(Some).with_context(|| {
            format!(
                "no shifts fit 32 bits for a second layer with states of {bits} bits: {}",
                narrower_above(bits, true)
            )
        })
    }

    fn upper(&self, first_unit: f64) -> Result<Upper> {
        let second = self.second(first_unit)?;
        let top_unit = second.as_ref().map_or(first_unit, |second| second.state);
        let readout = ReadoutPlan::choose(self, top_unit)?;
        Ok(Upper { second, readout })
    }

    /// The model, or `None` where the runtime finds that it could overflow. `input` are the words of U.
    fn encode(
        &self,
        gain_shift: u8,
        layer_input: &Drive,
        upper: &Upper,
        input: &[u32],
    ) -> Result<Option<ModelFile>> {
        let weights = self.source.weights;
        let Some(bias) = pack::bias(&weights.bias, layer_input.unit) else {
            return Ok(None);
        };
        let (channels, input_shift) = match self.input() {
            Input::Numbers(_) => input::channels(self.source, layer_input.input)?,
            Input::Tokens { .. } => (Vec::new(), 0),
        };
        let (signs, readout) = (pack::signs(&weights.signs), upper.readout.words(self)?);
        let second = (upper.second.as_ref()).map_or(&[] as &[u32], |second| &second.words);
        let words = [&channels, input, &bias, &signs, second, &readout].concat();
        let header = Header {
            gain_shift,
            input_shift,
            ..self.header(layer_input, upper)?
        };
        proven_file(header, &words)
    }

    /// The header but for its gain shift and input shift.
    fn header(&self, layer_input: &Drive, upper: &Upper) -> Result<Header<'_>> {
        let network = self.network();
        let (input_size, input_bits, tokens) = match self.input() {
            Input::Numbers(d_in) => (d_in, self.input_bits, None),
            Input::Tokens { vocabulary, .. } => {
                let tokens = Tokens {
                    vocabulary: vocabulary as u32,
                    multiplier: layer_input.multiplier,
                };
                (1, 0, Some(tokens))
            }
        };
        let outputs = self.source.weights.config.output_size;
        Ok(Header {
            name: self.source.name,
            hidden_size: network.hidden_size as u16,
            input_size: u16::try_from(input_size).context("too many input channels")?,
            output_size: u16::try_from(outputs).context("too many outputs")?,
            log2_block: network.log2_block as u8,
            input_weight_bits: self.codes.input_width.bits() as u8,
            readout_weight_bits: self.codes.readout_width.bits() as u8,
            state_bits: self.state_bits,
            input_bits,
            input_shift: 0,
            layer_input_shift: layer_input.shift,
            gain_shift: 0,
            readout: upper.readout.readout,
            logit_scale: upper.readout.logit as f32,
            extension: Extension {
                tokens,
                copies: match tokens {
                    None => (input_size - self.source.standardisation.channels()) as u16,
                    Some(_) => 0,
                },
                leak: network.leak.unwrap_or(0),
                second: upper.second.as_ref().map(|second| second.header),
            },
            addition: Addition {
                driven_rows: network.input_rows.unwrap_or(0) as u16,
                ..upper.readout.addition(self)
            },
        })
    }

    fn scales(&self, layer_input: &Drive, upper: &Upper) -> Scales {
        let scales = Scales {
            input: layer_input.input,
            state: layer_input.state,
            largest_state: self.ranges.first().largest,
            largest_input: self.ranges.largest_input,
            second_state: upper.second.as_ref().map(|second| second.state),
            largest_second_state: self.ranges.second().map(|range| range.largest),
            ..Scales::default()
        };
        upper.readout.describe(self, scales)
    }
}

/// The file of a model, or `None` where the runtime finds that it could overflow.
///
/// It is in the lowest version that can hold the model. Version 3 has room for the bounds that are proven here, for the
/// runtime to find the same; bounds alone are no reason for it.
pub(crate) fn proven_file(mut header: Header<'_>, words: &[u32]) -> Result<Option<ModelFile>> {
    const REFUSED: &str = "the exported model is refused by the runtime";
    header.addition.bounds = Bounds::default();
    let unstated = model_file(&header, words)?;
    let bounds = match Model::proven_bounds(unstated.bytes()) {
        Ok(bounds) => bounds,
        Err(ModelError::Overflow) => return Ok(None),
        Err(error) => return Err(error).context(REFUSED),
    };
    let file = match header.addition == Addition::default() {
        true => unstated,
        false => {
            header.addition.bounds = bounds;
            model_file(&header, words)?
        }
    };
    file.model().context(REFUSED)?;
    Ok(Some(file))
}

fn model_file(header: &Header<'_>, words: &[u32]) -> Result<ModelFile> {
    let mut bytes = vec![0; 256 + 4 * words.len()];
    let length = encode(header, words, &mut bytes)?;
    Ok(ModelFile::new(&bytes[..length]))
}

fn width(bits: u8) -> Result<FieldWidth> {
    FieldWidth::for_weight_bits(bits)
        .with_context(|| format!("weights of {bits} bits cannot be packed"))
}

#[cfg(test)]
mod tests;
