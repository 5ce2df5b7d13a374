//! From trained float weights to a packed integer model.
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
//! | logit | `v` times the unit of the state that is read; pooled: `v h 2^p / T` |

mod calibrate;
mod codes;
mod pack;
mod scales;
mod second;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::ModelError;
use hadamrnn_runtime::fields::FieldWidth;
use hadamrnn_runtime::format::{Addition, Extension, Header, Readout, Tokens, encode};

use crate::config::ExportConfig;
use crate::data::Sequences;
use crate::integer::ModelFile;
use crate::nn::{self, HostWeights, Input};
use crate::standardise::Standardisation;

use codes::Codes;
use scales::Drive;
use second::SecondPlan;

pub use calibrate::{LayerRange, Ranges};
pub use scales::Scales;

/// What an export starts from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Name of the model, at most 31 bytes.
    pub name: &'a str,
    /// The trained weights.
    pub weights: &'a HostWeights,
    /// What the network's inputs went through; not used for tokens.
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
        let second = plan.second(drive.state)?;
        if let Some(file) = plan.encode(gain_shift, &drive, second.as_ref(), &fixed)? {
            let scales = plan.scales(&drive, second.as_ref());
            return Ok((file, scales));
        }
    }
    bail!(
        "no shifts fit 32 bits with states of {state_bits} bits: choose fewer state_bits or input_bits, or train with \
         fewer bits of U and V"
    )
}

fn check(source: &Source<'_>) -> Result<()> {
    ensure!(
        source.name.len() <= 31,
        "the name \"{}\" is longer than 31 bytes",
        source.name
    );
    let weights = source.weights;
    let second = weights.second.iter().flat_map(|second| &second.bias);
    let all_finite = [
        &weights.input,
        &weights.bias,
        &weights.readout,
        &weights.readout_bias,
    ]
    .into_iter()
    .flatten()
    .chain(second)
    .all(|weight| weight.is_finite());
    ensure!(
        all_finite,
        "the weights are not all finite: training has diverged, lower the learning rate"
    );
    Ok(())
}

/// Sections that do not depend on scales.
struct FixedSections {
    input: Vec<u32>,
    signs: Vec<u32>,
    mixing: Vec<u32>,
    second_signs: Vec<u32>,
    readout: Vec<u32>,
}

impl FixedSections {
    fn pack(source: &Source<'_>, codes: &Codes) -> Self {
        let weights = source.weights;
        let network = &weights.config;
        let second = weights.second.as_ref().zip(network.second.as_ref());
        Self {
            input: match network.input {
                Input::Numbers(d_in) => pack::input(&codes.input, d_in, codes.input_width),
                Input::Tokens { .. } => {
                    pack::rows(&codes.input, network.hidden_size, codes.input_width)
                }
            },
            signs: pack::signs(&weights.signs),
            mixing: second.map_or(Vec::new(), |(weights, layer)| {
                pack::mixing(&weights.mixing, layer.mixing, network.hidden_size)
            }),
            second_signs: second.map_or(Vec::new(), |(weights, _)| pack::signs(&weights.signs)),
            readout: pack::rows(&codes.readout, network.top_size(), codes.readout_width),
        }
    }
}

/// What the choice of scales rests on.
struct Plan<'a> {
    source: &'a Source<'a>,
    codes: &'a Codes,
    ranges: &'a Ranges,
    state_bits: u8,
    input_bits: u8,
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
        SecondPlan::choose(
            layer,
            weights,
            range,
            first_unit,
            network.hidden_size,
            self.state_bits,
        )
        .map(Some)
    }

    /// The value of one step of the state that is read.
    fn top_unit(&self, drive: &Drive, second: Option<&SecondPlan>) -> f64 {
        second.map_or(drive.state, |second| second.state)
    }

    /// The readout, and the value of a logit.
    fn readout(&self, top_unit: f64) -> (Readout, f64) {
        let logit = f64::from(self.codes.readout_scale) * top_unit;
        let steps = self.source.calibration.steps;
        match self.network().readout {
            nn::Readout::LastState => (Readout::LastState, logit),
            nn::Readout::EveryStep => (Readout::EveryStep, logit),
            nn::Readout::Pooled => {
                let shift = scales::pool_shift(self.ranges.largest_sum / top_unit);
                let readout = Readout::Pooled {
                    shift,
                    steps: steps as u32,
                };
                (readout, logit * f64::from(1u32 << shift) / steps as f64)
            }
        }
    }

    /// The model, or `None` where the runtime finds that it could overflow.
    fn encode(
        &self,
        gain_shift: u8,
        drive: &Drive,
        second: Option<&SecondPlan>,
        fixed: &FixedSections,
    ) -> Result<Option<ModelFile>> {
        let weights = self.source.weights;
        let (readout, logit) = self.readout(self.top_unit(drive, second));
        let Some(bias) = pack::bias(&weights.bias, drive.unit) else {
            return Ok(None);
        };
        let (channels, input_shift) = match self.network().input {
            Input::Numbers(_) => pack::channels(self.source, drive.input)?,
            Input::Tokens { .. } => (Vec::new(), 0),
        };
        let readout_bias = pack::readout_bias(&weights.readout_bias, logit)?;
        let second_bias = second.map_or(&[] as &[u32], |second| &second.bias);
        let words = [
            &channels,
            &fixed.input,
            &bias,
            &fixed.signs,
            &fixed.mixing,
            second_bias,
            &fixed.second_signs,
            &fixed.readout,
            &readout_bias,
        ]
        .concat();
        let mut header = Header {
            gain_shift,
            input_shift,
            readout,
            logit_scale: logit as f32,
            ..self.header(drive, second)?
        };
        let bounds = match model_file(&header, &words)?.model() {
            Ok(model) => model.bounds(),
            Err(error) if error.downcast_ref() == Some(&ModelError::Overflow) => return Ok(None),
            Err(error) => {
                return Err(error.context("the exported model is refused by the runtime"));
            }
        };
        // What has been proven here is written down, for the runtime to find the same.
        header.addition.bounds = bounds;
        model_file(&header, &words).map(Some)
    }

    /// What of the header does not come with the weights.
    fn header(&self, drive: &Drive, second: Option<&SecondPlan>) -> Result<Header<'_>> {
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
                second: second.map(|second| second.header),
            },
            addition: Addition::default(),
        })
    }

    fn scales(&self, drive: &Drive, second: Option<&SecondPlan>) -> Scales {
        let (_, logit) = self.readout(self.top_unit(drive, second));
        Scales {
            input: drive.input,
            state: drive.state,
            logit,
            largest_state: self.ranges.first.largest,
            largest_input: self.ranges.largest_input,
            second_state: second.map(|second| second.state),
            largest_second_state: self.ranges.second.map(|range| range.largest),
        }
    }
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
