//! Long runs: how far rounding takes the states of a model from those of exact arithmetic.
//!
//! `docs/ARITHMETIC.md`, "Long runs", derives both numbers. With a leak the recurrence contracts, so there is a bound for ever. Without one
//! it keeps every rounding error, so there is only a number of steps, and the model wants a reset before.

use hadamrnn_runtime::{Gain, Layer, Model, limits};
use serde::Serialize;

use crate::nn::fwht::fwht_normalised;

/// Share of the largest state that rounding may amount to, as a root mean square over the units.
pub const SHARE: f64 = 1.0 / 16.0;
/// Variance of a rounding error, in squared units of the state.
const VARIANCE: f64 = 1.0 / 12.0;
/// Steps over which the mean of what the recurrence makes of a constant vector is taken.
const MEAN_STEPS: usize = 4096;

/// Rounding in a long run, of each recurrent layer on its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LongRun {
    /// The first layer first.
    pub layers: Vec<LayerRun>,
    /// The leak `l` of `2^-l` that is the slowest to hold rounding within [`SHARE`] in every layer; none where no leak does.
    pub slowest_leak: Option<u8>,
}

/// Rounding in a long run of one layer. States are counted in their own units, those of many as a root mean square.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerRun {
    /// Largest state, `2^(w-1)`.
    pub largest_state: f64,
    /// Proven for all inputs, all states and ever: the most by which states differ from those that the same gains and the same saturation
    /// give without rounding. None where the recurrence does not contract, or the bound is no less than the largest state.
    pub bound: Option<f64>,
    /// Steps after which any two states have come as close as rounding lets them; none where they need not.
    pub forgets: Option<u64>,
    /// What rounding adds in a step, in the mean, along what the recurrence leaves as it is: for a constant layer input.
    pub push: f64,
    /// Estimated steps until rounding amounts to [`SHARE`] of the largest state; none where the bound is within that.
    pub steps: Option<u64>,
}

/// How long a model runs from one reset of its state to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// A window of so many steps.
    Window(usize),
    /// Without end: a stream.
    Endless,
}

impl LongRun {
    /// The long run of a model.
    pub fn of(model: &Model<'_>) -> Self {
        let header = model.header();
        let first = (model.layer(), header.gain_shift);
        let second = (model.second().zip(header.extension.second))
            .map(|(second, header)| (second.layer(), header.gain_shift));
        let layers = || [Some(first), second].into_iter().flatten();
        let holds = |leak: &u8| layers().all(|(layer, shift)| is_held(layer, shift, *leak));
        Self {
            layers: layers()
                .map(|(layer, shift)| LayerRun::of(layer, shift))
                .collect(),
            slowest_leak: (limits::LEAK.values().rev())
                .map(|leak| leak as u8)
                .find(holds),
        }
    }

    /// Steps that the model may run without a reset; none where there is no limit.
    pub fn steps(&self) -> Option<u64> {
        self.layers.iter().filter_map(|layer| layer.steps).min()
    }

    /// What is wrong with running the model so long, with a remedy; none where nothing is.
    pub fn warning(&self, stretch: Stretch) -> Option<String> {
        let steps = self.steps()?;
        let share = SHARE.recip();
        let fault = match stretch {
            Stretch::Window(window) if window as u64 <= steps => return None,
            Stretch::Window(window) => format!(
                "a window has {window} steps, and rounding moves states by 1/{share:.0} of the largest in some {steps}: export the model \
                 with more --state-bits"
            ),
            Stretch::Endless => match self.layers.iter().all(|layer| layer.bound.is_some()) {
                true => format!(
                    "the model is to run without a reset, and its leak is so slow that rounding may hold states off by more than \
                     1/{share:.0} of the largest: reset it every so often"
                ),
                false => format!(
                    "the model is to run without a reset, and keeps all of its state: rounding moves states by 1/{share:.0} of the largest in \
                     some {steps} steps, and a constant input may add up for ever: reset it before"
                ),
            },
        };
        let leak = self.slowest_leak.map_or(String::new(), |leak| {
            format!(", or train it with [network] leak = {leak} or less, or export it with --leak {leak}")
        });
        Some(fault + &leak)
    }
}

impl Stretch {
    /// The stretch of a model whose windows have so many steps: a pool that fades has none, and is a stream.
    pub fn of(model: &Model<'_>, window: usize) -> Self {
        match model.fading() {
            Some(_) => Self::Endless,
            None => Self::Window(window),
        }
    }
}

/// Whether a leak holds rounding within [`SHARE`] in a layer of this right shift.
fn is_held(layer: &Layer<'_>, gain_shift: u8, leak: u8) -> bool {
    let gain = Gain::new(layer.block_size().ilog2() as u8, gain_shift, leak);
    let bound = Gains::of(gain, gain_shift, layer.block_size()).bound();
    bound.is_some_and(|bound| bound <= SHARE * largest_state(layer))
}

fn largest_state(layer: &Layer<'_>) -> f64 {
    f64::from(1i32 << (layer.state_bits() - 1))
}

impl LayerRun {
    /// The long run of a layer with this right shift.
    pub fn of(layer: &Layer<'_>, gain_shift: u8) -> Self {
        let gains = Gains::of(layer.gain(), gain_shift, layer.block_size());
        let largest_state = largest_state(layer);
        let limit = SHARE * largest_state;
        let bound = gains.bound().filter(|&bound| bound < largest_state);
        let forgets = bound.map(|_| (largest_state.ln() / -gains.decay).ceil() as u64);
        let push = gains.mean_error * kept_of_ones(layer);
        let steps = match bound {
            Some(bound) if bound <= limit => None,
            _ => Some(steps_until(limit, push)),
        };
        Self {
            largest_state,
            bound,
            forgets,
            push,
            steps,
        }
    }
}

/// A period of a layer's gains.
struct Gains {
    /// What each step multiplies the length of a state by.
    factors: Vec<f64>,
    /// Mean logarithm of the factors.
    decay: f64,
    /// Mean error of rounding halves up, in units of the state, where the layer input has no finer bits than the products.
    mean_error: f64,
}

impl Gains {
    fn of(gain: Gain, gain_shift: u8, block: usize) -> Self {
        let one = f64::from(1u32 << gain_shift);
        let (mut phase, mut factors, mut errors) = (0, Vec::new(), 0.0);
        loop {
            let integer = gain.next(&mut phase);
            factors.push(f64::from(integer) * (block as f64).sqrt() / one);
            // Products are multiples of the gain's lowest bit. So many in a unit, and the half is one of them.
            let lowest = integer & integer.wrapping_neg();
            errors += f64::from(lowest) / (2.0 * one);
            if phase == 0 {
                break;
            }
        }
        let period = factors.len() as f64;
        Self {
            decay: factors.iter().map(|factor| factor.ln()).sum::<f64>() / period,
            mean_error: errors / period,
            factors,
        }
    }

    /// The largest `e` of `e' = factor * e + 1/2`, from 0 on and for ever; none where the factors do not contract.
    fn bound(&self) -> Option<f64> {
        let round = |start: f64| {
            (self.factors.iter()).scan(start, |error, factor| {
                *error = factor * *error + 0.5;
                Some(*error)
            })
        };
        let product: f64 = self.factors.iter().product();
        let fixed = round(0.0).last()? / (1.0 - product);
        (product < 1.0).then(|| round(fixed).fold(0.0, f64::max))
    }
}

/// Root mean square of the part of the vector of ones that the recurrent matrix, without its leak, leaves as it is: of the mean of its first
/// powers times that vector.
fn kept_of_ones(layer: &Layer<'_>) -> f64 {
    let units = layer.hidden_size();
    let signs: Vec<f32> = (0..units).map(|row| layer.sign(row) as f32).collect();
    let mut power = vec![1.0; units];
    let mut sum = vec![0.0; units];
    for _ in 0..MEAN_STEPS {
        fwht_normalised(&mut power, layer.block_size().ilog2() as usize);
        for ((power, sign), sum) in power.iter_mut().zip(&signs).zip(&mut sum) {
            *power *= sign;
            *sum += f64::from(*power);
        }
    }
    let squares: f64 = sum.iter().map(|sum| sum * sum).sum();
    (squares / units as f64).sqrt() / MEAN_STEPS as f64
}

/// Steps `t` until `(push t)^2 + t VARIANCE` is the square of `limit`.
fn steps_until(limit: f64, push: f64) -> u64 {
    let (a, b, c) = (push * push, VARIANCE, limit * limit);
    // The form that does not cancel where `push` is small.
    (2.0 * c / (b + (b * b + 4.0 * a * c).sqrt())) as u64
}
