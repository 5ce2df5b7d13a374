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
//! | logit | `v` times the unit of what is read: of the state; pooled `h 2^p / T`; of a hidden readout unit |

mod calibrate;
mod codes;
mod fixed;
mod hidden_readout;
mod pack;
mod scales;
mod second;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::fields::FieldWidth;
use hadamrnn_runtime::format::{Addition, Extension, Header, Readout, Tokens, encode};
use hadamrnn_runtime::{Bounds, Model, ModelError};

use crate::config::ExportConfig;
use crate::data::Sequences;
use crate::integer::ModelFile;
use crate::nn::{self, HostWeights, Input};
use crate::standardise::Standardisation;

use codes::Codes;
use fixed::FixedSections;
use hidden_readout::{HiddenReadoutPlan, Read};
use scales::Drive;
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
    let codes = Codes::new(source.weights, config)?;
    let ranges = calibrate::ranges(&source, &codes);
    let network = &source.weights.config;
    let state_bits = config
        .state_bits
        .unwrap_or_else(|| scales::state_bits(&ranges, network, source.calibration.steps));
    let plan = Plan {
        source: &source,
        codes: &codes,
        ranges: &ranges,
        state_bits,
        input_bits: config.input_bits,
    };
    let fixed = FixedSections::pack(&source, &codes);
    // The largest shifts, so the finest gain, for which the runtime proves that nothing overflows.
    for gain_shift in (4..=15).rev() {
        let Some(drive) = plan.drive(gain_shift) else {
            continue;
        };
        let upper = plan.upper(drive.state)?;
        if let Some(file) = plan.encode(gain_shift, &drive, &upper, &fixed)? {
            return Ok((file, plan.scales(&drive, &upper)));
        }
    }
    let input_bits = matches!(network.input, Input::Numbers(_)).then_some(config.input_bits);
    bail!(
        "no shifts fit 32 bits with states of {state_bits} bits: {}",
        narrower(state_bits, input_bits)
    )
}

/// How to need fewer than 32 bits, with states and inputs of so many; tokens have no bits of inputs.
fn narrower(state_bits: u8, input_bits: Option<u8>) -> String {
    let mut ways = vec!["train with fewer bits of U and V"];
    if input_bits.is_some_and(|bits| bits > 4) {
        ways.insert(
            0,
            "choose fewer bits of an input (--sample-bits, [export] input_bits)",
        );
    }
    if state_bits > 8 {
        ways.insert(0, NARROWER_STATES);
    }
    ways.join(", or ")
}

/// How to make states narrower.
const NARROWER_STATES: &str = "choose fewer bits of a state (--state-bits, [export] state_bits)";

/// How to make the layers above the first need fewer than 32 bits, where they read values of so many, of states or not.
fn narrower_above(bits: u8, of_states: bool) -> &'static str {
    match of_states && bits > 8 {
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
    let weights = source.weights;
    let second = weights.second.iter().flat_map(|second| &second.bias);
    let hidden = weights.hidden_readout.iter().flat_map(|layer| &layer.bias);
    let all_finite = [
        &weights.input,
        &weights.bias,
        &weights.readout,
        &weights.readout_bias,
    ]
    .into_iter()
    .flatten()
    .chain(second)
    .chain(hidden)
    .all(|weight| weight.is_finite());
    ensure!(
        all_finite,
        "the weights are not all finite: training has diverged, lower the learning rate"
    );
    Ok(())
}

/// Codes, ranges and widths from which the scales are chosen.
struct Plan<'a> {
    source: &'a Source<'a>,
    codes: &'a Codes,
    ranges: &'a Ranges,
    state_bits: u8,
    input_bits: u8,
}

/// Everything above the first layer.
struct Upper {
    second: Option<SecondPlan>,
    readout: Readout,
    hidden: Option<HiddenReadoutPlan>,
    /// The value of one step of a logit.
    logit: f64,
}

impl Plan<'_> {
    fn network(&self) -> &nn::HadamRnnConfig {
        &self.source.weights.config
    }

    /// Units of the first layer, if there are some for this gain shift.
    fn drive(&self, gain_shift: u8) -> Option<Drive> {
        let (ranges, scale) = (self.ranges, self.codes.input_scale);
        match self.network().input {
            Input::Numbers(_) => {
                let squares: f64 = self
                    .codes
                    .input
                    .iter()
                    .map(|&code| f64::from(code).powi(2))
                    .sum();
                let energy = squares / self.network().hidden_size as f64;
                Drive::of_numbers(
                    ranges,
                    scale,
                    energy,
                    self.source.standardisation.clamp,
                    self.state_bits,
                    self.input_bits,
                    gain_shift,
                )
            }
            Input::Tokens { .. } => {
                let bias = self.source.weights.bias.iter();
                let bias = bias.fold(0.0, |max: f64, &b| max.max(f64::from(b).abs()));
                let largest_code = f64::from(self.codes.input_width.offset());
                Drive::of_tokens(
                    ranges,
                    scale,
                    largest_code,
                    bias,
                    self.state_bits,
                    gain_shift,
                )
            }
        }
    }

    fn second(&self, first_unit: f64) -> Result<Option<SecondPlan>> {
        let network = self.network();
        let (Some(layer), Some(weights), Some(range)) = (
            &network.second,
            &self.source.weights.second,
            &self.ranges.second,
        ) else {
            return Ok(None);
        };
        let bits = self.state_bits;
        let units = network.hidden_size;
        let plan = SecondPlan::choose(layer, weights, range, first_unit, units, bits);
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
        let (readout, read) = self.read(top_unit);
        let hidden = self.hidden_readout(read)?;
        let unit = hidden.as_ref().map_or(read.unit, |hidden| hidden.unit);
        Ok(Upper {
            second,
            readout,
            hidden,
            logit: f64::from(self.codes.readout_scale) * unit,
        })
    }

    /// The readout, and what it reads, a step of the top layer's states being worth `top_unit`.
    fn read(&self, top_unit: f64) -> (Readout, Read) {
        let state = Read {
            units: self.network().top_size(),
            bits: self.state_bits,
            unit: top_unit,
        };
        match self.network().readout {
            nn::Readout::LastState => (Readout::LastState, state),
            nn::Readout::EveryStep => (Readout::EveryStep, state),
            nn::Readout::Pooled => {
                let steps = self.source.calibration.steps;
                let shift = scales::pool_shift(self.ranges.largest_sum / top_unit);
                let readout = Readout::Pooled {
                    shift,
                    steps: steps as u32,
                };
                let mean = Read {
                    bits: 16,
                    unit: top_unit * f64::from(1u32 << shift) / steps as f64,
                    ..state
                };
                (readout, mean)
            }
        }
    }

    fn hidden_readout(&self, read: Read) -> Result<Option<HiddenReadoutPlan>> {
        let layer = self.network().hidden_readout.as_ref();
        let weights = self.source.weights.hidden_readout.as_ref();
        layer
            .zip(weights)
            .map(|(layer, weights)| {
                let (largest, width) = (self.ranges.largest_hidden, self.codes.readout_width);
                let plan = HiddenReadoutPlan::choose(layer, weights, largest, read, width.bits());
                plan.with_context(|| {
                    let of_states = self.network().readout != nn::Readout::Pooled;
                    format!(
                        "no shift fits 32 bits for a hidden readout layer that reads {} values of {} bits: {}",
                        read.units,
                        read.bits,
                        narrower_above(read.bits, of_states)
                    )
                })
            })
            .transpose()
    }

    /// The model, or `None` where the runtime finds that it could overflow.
    fn encode(
        &self,
        gain_shift: u8,
        drive: &Drive,
        upper: &Upper,
        fixed: &FixedSections,
    ) -> Result<Option<ModelFile>> {
        let weights = self.source.weights;
        let Some(bias) = pack::bias(&weights.bias, drive.unit) else {
            return Ok(None);
        };
        let (channels, input_shift) = match self.network().input {
            Input::Numbers(_) => pack::channels(self.source, drive.input)?,
            Input::Tokens { .. } => (Vec::new(), 0),
        };
        let readout_bias = pack::readout_bias(&weights.readout_bias, upper.logit)?;
        let second_bias = (upper.second.as_ref()).map_or(&[] as &[u32], |second| &second.bias);
        let hidden_bias = (upper.hidden.as_ref()).map_or(&[] as &[u32], |hidden| &hidden.bias);
        let words = [
            &channels,
            &fixed.input,
            &bias,
            &fixed.signs,
            &fixed.mixing,
            second_bias,
            &fixed.second_signs,
            &fixed.hidden_matrix,
            hidden_bias,
            &fixed.readout,
            &readout_bias,
        ]
        .concat();
        let header = Header {
            gain_shift,
            input_shift,
            readout: upper.readout,
            logit_scale: upper.logit as f32,
            ..self.header(drive, upper)?
        };
        proven_file(header, &words)
    }

    /// Header of the model but for four fields, which the caller sets together with the weights.
    fn header(&self, drive: &Drive, upper: &Upper) -> Result<Header<'_>> {
        let network = self.network();
        let (input_size, input_bits, tokens) = match network.input {
            Input::Numbers(d_in) => (d_in, self.input_bits, None),
            Input::Tokens { vocabulary, .. } => {
                let tokens = Tokens {
                    vocabulary: vocabulary as u32,
                    multiplier: drive.multiplier,
                };
                (1, 0, Some(tokens))
            }
        };
        Ok(Header {
            name: self.source.name,
            hidden_size: network.hidden_size as u16,
            input_size: u16::try_from(input_size).context("too many input channels")?,
            output_size: u16::try_from(network.output_size).context("too many outputs")?,
            log2_block: network.log2_block as u8,
            input_weight_bits: self.codes.input_width.bits() as u8,
            readout_weight_bits: self.codes.readout_width.bits() as u8,
            state_bits: self.state_bits,
            input_bits,
            input_shift: 0,
            drive_shift: drive.shift,
            gain_shift: 0,
            readout: Readout::LastState,
            logit_scale: 1.0,
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
                hidden_readout: upper.hidden.as_ref().map(|hidden| hidden.header),
                ..Addition::default()
            },
        })
    }

    fn scales(&self, drive: &Drive, upper: &Upper) -> Scales {
        let hidden = upper.hidden.as_ref();
        Scales {
            input: drive.input,
            state: drive.state,
            logit: upper.logit,
            largest_state: self.ranges.first.largest,
            largest_input: self.ranges.largest_input,
            second_state: upper.second.as_ref().map(|second| second.state),
            largest_second_state: self.ranges.second.map(|range| range.largest),
            hidden_readout: hidden.map(|hidden| hidden.unit),
            largest_hidden_readout: hidden.map(|_| self.ranges.largest_hidden),
        }
    }
}

/// The file of a model, or `None` where the runtime finds that it could overflow.
///
/// It is in the lowest version that can hold the model. Version 3 has room for the bounds that are proven here, for the
/// runtime to find the same; bounds alone are no reason for it.
fn proven_file(mut header: Header<'_>, words: &[u32]) -> Result<Option<ModelFile>> {
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
