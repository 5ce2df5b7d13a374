//! Streaming inference.

use crate::arch::OwnStep;
use crate::binary_matrix::{self, SecondLayer};
use crate::codegen::keep_rolled;
use crate::error::SessionError;
use crate::format::Readout;
use crate::format::check::pass;
use crate::guard;
use crate::input_projection::InputProjection;
use crate::kernel::{self, HiddenState, Kernel};
use crate::layer::Layer;
use crate::layer_input::LayerInput;
use crate::model::Model;
use crate::novelty::{Metric, Place, SCORED};
use crate::pool;
use crate::readout::{self, Logits};
use crate::room::{Array, Inputs, Room};
use crate::source::{Loaded, Source};
use crate::standardise::standardise_all;
use crate::step::Step;

/// A model at work: its hidden state, and nothing else in RAM.
///
/// `R` is its [room](crate::room): the [kernel](crate::kernel) and the sizes that it has room for.
/// `S` says where its model comes from: it is [`Loaded`], or part of the program's code, as [`Embedded::start`] has it.
///
/// [`Embedded::start`]: crate::Embedded::start
pub struct Session<'m, R: Room, S: Source = Loaded> {
    model: S::Stored<'m>,
    state: R::State,
    second: Second<R>,
    /// Sums of the top layer's rectified states; see [`pool`].
    pool: R::Pool,
    /// Phases of the alternating gains of both layers. The second layer's has a place here where there would be
    /// padding.
    gain_phases: [u16; 2],
    steps: u32,
}

/// The number that follows `2^32 - 1` steps: the last 16 bits go on, which say when sums are limited and when they fade.
const STEPS_END: u32 = 0u32.wrapping_sub(pool::STEPS);

/// State and input projection of a second layer.
struct Second<R: Room> {
    state: R::Second,
    /// Its input projection in this step.
    driven: R::InputTile,
}

impl<R: Room> Second<R> {
    const ZERO: Self = Self {
        state: R::Second::ZERO,
        driven: R::InputTile::ZERO,
    };

    fn step(&mut self, second: &SecondLayer<'_>, gain: i32, pairs: impl Iterator<Item = [i32; 2]>) {
        let layer = second.layer();
        // Cannot fail: `Session::new` has checked the capacity.
        let Some(rows) = self.driven.as_mut().get_mut(..layer.hidden_size) else {
            return;
        };
        binary_matrix::layer_input(second, pairs, rows);
        let step = Step::new(layer, LayerInput::Ready(rows), gain);
        R::Kernel::step_second(self.state.words_mut(), &step);
    }
}

/// Whether a session with this room runs a model.
///
/// # Errors
/// The model exceeds the capacities of the room, or its kernel cannot compute it exactly.
pub(crate) const fn check<R: Room>(model: &Model<'_>) -> Result<(), SessionError> {
    pass!(R::CAPACITIES.check(model));
    pass!(kernel::check::<R::Kernel>(
        model.layer(),
        R::CAPACITIES.hidden as usize
    ));
    if R::CAPACITIES.second > 0
        && let Some(second) = model.second()
    {
        pass!(kernel::check::<R::Kernel>(
            second.layer(),
            R::CAPACITIES.second as usize
        ));
    }
    Ok(())
}

impl<'m, R: Room> Session<'m, R> {
    /// Starts at the zero state.
    ///
    /// # Errors
    /// The model exceeds the capacities of the room, or its kernel cannot compute it exactly.
    pub fn new(model: &'m Model<'m>) -> Result<Self, SessionError> {
        check::<R>(model)?;
        Ok(Self::of(model))
    }
}

impl<'m, R: Room, S: Source> Session<'m, R, S> {
    /// Whether there is room for a second layer. What is behind a false constant is not compiled.
    const SECOND: bool = R::CAPACITIES.second > 0;
    /// Whether there is room for a pooled readout.
    const POOL: bool = R::CAPACITIES.pool > 0;

    /// A session at the zero state. [`check`] has passed for its model.
    pub(crate) const fn of(model: S::Stored<'m>) -> Self {
        Self {
            model,
            state: R::State::ZERO,
            second: Second::ZERO,
            pool: R::Pool::ZERO,
            gain_phases: [0; 2],
            steps: 0,
        }
    }

    /// Advances by one sample of raw sensor counts, one a channel.
    ///
    /// # Errors
    /// [`SessionError::SampleLength`], or [`SessionError::InputKind`] for a model of tokens; the state is then unchanged.
    pub fn push(&mut self, sample: &[i16]) -> Result<(), SessionError> {
        let model = self.model();
        if model.tokens().is_some() {
            return Err(SessionError::InputKind);
        }
        let expected = model.sample_size();
        if sample.len() != expected {
            return Err(SessionError::SampleLength {
                expected,
                found: sample.len(),
            });
        }
        // `new` has checked the capacity.
        let mut inputs = R::Inputs::empty();
        let inputs = inputs.view();
        let (own, words) = (model.channels.as_ref(), model.sections.channels);
        let sum = standardise_all(own, words, model.header(), sample, inputs);
        self.step(model.sections.input, inputs, sum);
        Ok(())
    }

    /// Advances by one token.
    ///
    /// # Errors
    /// [`SessionError::Token`] beyond the vocabulary, or [`SessionError::InputKind`] for a model of numbers; the state is
    /// then unchanged.
    pub fn push_token(&mut self, token: u16) -> Result<(), SessionError> {
        let model = self.model();
        let Some(tokens) = model.tokens() else {
            return Err(SessionError::InputKind);
        };
        let Some(row) = model.token_row(token) else {
            return Err(SessionError::Token {
                vocabulary: tokens.vocabulary,
                found: token,
            });
        };
        // A token's row of the table and its multiplier are a U of one column and its input.
        let multiplier = i32::from(tokens.multiplier);
        self.step(row, &[multiplier], multiplier);
        Ok(())
    }

    /// Advances by one sample as files of test windows hold it: raw sensor counts, or the bits of a token.
    ///
    /// # Errors
    /// The errors of [`push`](Self::push) and [`push_token`](Self::push_token).
    pub fn push_raw(&mut self, sample: &[i16]) -> Result<(), SessionError> {
        match (self.model().tokens(), sample) {
            (None, _) => self.push(sample),
            (Some(_), [token]) => self.push_token(*token as u16),
            (Some(_), _) => Err(SessionError::SampleLength {
                expected: 1,
                found: sample.len(),
            }),
        }
    }

    /// Advances by the inputs `x`, of this `sum`, that the columns of `u` are multiplied by.
    #[inline(always)]
    fn step(&mut self, u: &[u32], x: &[i32], sum: i32) {
        let model = self.model();
        let layer = model.layer();
        let [phase, second_phase] = &mut self.gain_phases;
        let gain = layer.gain.next(phase);
        let own = model.plan.as_ref().is_some_and(|plan| {
            let step = OwnStep {
                plan,
                u,
                x,
                sum,
                gain,
            };
            R::Kernel::step_own(self.state.words_mut(), &step)
        });
        if !own {
            step_any::<R::Kernel>(self.state.words_mut(), model, u, x, sum, gain);
        }
        if Self::SECOND
            && let Some(second) = model.second()
        {
            let gain = second.layer.gain.next(second_phase);
            let states = first_units(&self.state, layer.hidden_size);
            self.second.step(second, gain, states);
        }
        if Self::POOL
            && let Readout::Pooled { .. } = model.readout()
        {
            if let Some(fading) = model.fading() {
                let interval = 1u32.wrapping_shl(fading.log2_interval.into());
                if self.steps & interval.wrapping_sub(1) == 0 {
                    pool::fade(self.pool.as_mut(), fading.shift.into());
                }
            }
            match model.second() {
                Some(_) if Self::SECOND => self.second.state.add_rectified(self.pool.as_mut()),
                _ => self.state.add_rectified(self.pool.as_mut()),
            }
            if self.steps.wrapping_add(1).is_multiple_of(pool::STEPS) {
                pool::limit(self.pool.as_mut());
            }
        }
        self.steps = match self.steps.wrapping_add(1) {
            0 => STEPS_END,
            steps => steps,
        };
    }

    /// The integer logits of the current state, or of all states so far for a pooled readout, computed as they are read.
    pub fn logits(&self) -> Logits<'_, R, S> {
        let model = self.model();
        let second = model.second().map(|_| &self.second.state);
        let pool = match model.readout() {
            Readout::Pooled { shift, .. } => Some((&self.pool, shift.into())),
            _ => None,
        };
        Logits::new(model, &self.state, second, pool)
    }

    /// The class of the current state: the index of the largest logit, or for a single logit whether it is positive.
    pub fn class(&self) -> usize {
        readout::class_of(self.logits())
    }

    /// What the readout reads, one value a unit, in `0..=32767`: the last layer's rectified state, or its scaled sum over time.
    pub fn read(&self) -> impl ExactSizeIterator<Item = i16> {
        let pooled = match self.model().readout() {
            Readout::Pooled { shift, .. } if Self::POOL => Some(shift.into()),
            _ => None,
        };
        let top = match self.model().second() {
            Some(_) if Self::SECOND => Some(&self.second.state),
            _ => None,
        };
        (0..self.model().top().hidden_size).map(move |unit| match (pooled, top) {
            (Some(shift), _) => {
                let sum = self.pool.as_ref().get(unit).copied();
                pool::scale(sum.unwrap_or(0), shift) as i16
            }
            (None, Some(second)) => second.get(unit).max(0),
            (None, None) => self.state.get(unit).max(0),
        })
    }

    /// Where the session is in the space of its model's metric.
    pub fn place(&self, metric: &Metric<'_>) -> Place {
        self.place_in(metric)
    }

    /// How far the session is from all that its model was trained on, by the model's metric; beyond the metric's
    /// [threshold](Metric::threshold) it is none of the classes.
    pub fn novelty(&self, metric: &Metric<'_>) -> u32 {
        metric.score_at(&self.place_in::<SCORED>(metric))
    }

    fn place_in<const N: usize>(&self, metric: &Metric<'_>) -> [i32; N] {
        match (self.model().readout(), self.model().second()) {
            (Readout::Pooled { shift, .. }, _) if Self::POOL => {
                metric.place_of_pool(self.pool.as_ref(), shift.into())
            }
            (_, Some(_)) if Self::SECOND => metric.place(|| self.second.state.pairs()),
            _ => metric.place(|| self.state.pairs()),
        }
    }

    /// The hidden states, in index order: of the first layer, then of the second.
    pub fn states(&self) -> impl ExactSizeIterator<Item = i16> {
        let first = self.model().hidden_size();
        let second = self
            .model()
            .second()
            .map_or(0, |second| second.layer().hidden_size);
        (0..first.wrapping_add(second)).map(move |unit| match unit.checked_sub(first) {
            Some(unit) if Self::SECOND => self.second.state.get(unit),
            _ => self.state.get(unit),
        })
    }

    /// Checksum over all of the session in RAM that its next sample or answer depends on: what it is before a sample must be what it was
    /// after the sample before. See [`guard`](crate::guard).
    ///
    /// Sessions that differ in one 32-bit word never have the same; of others one pair in 2^32 has. The model is another matter: of
    /// it the checksum has its place alone.
    pub fn checksum(&self) -> u32 {
        let mut sum = guard::checksum(0, self.state.raw_words().iter().copied());
        if Self::SECOND {
            sum = guard::checksum(sum, self.second.state.raw_words().iter().copied());
        }
        if Self::POOL {
            sum = guard::checksum(sum, self.pool.as_ref().iter().copied());
        }
        let [phase, second_phase] = self.gain_phases.map(u32::from);
        let phases = phase | second_phase << 16;
        let place = core::ptr::from_ref(self.model()).addr();
        guard::checksum(sum, [phases, self.steps, place as u32])
    }

    /// Units whose state is the smallest or largest that its width holds: of the first layer, and of the second. The recurrence is
    /// exact while there are none; each sample that leaves many is beyond what the model was made for.
    pub fn saturated(&self) -> usize {
        let model = self.model();
        let first = saturated(&self.state, model.layer());
        match model.second() {
            Some(second) if Self::SECOND => {
                first.wrapping_add(saturated(&self.second.state, second.layer()))
            }
            _ => first,
        }
    }

    /// Samples since the start or the last [`reset`](Self::reset), up to `2^32 - 1`. Beyond that its last 16 bits go on counting.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// The model.
    #[inline(always)]
    pub fn model(&self) -> &'m Model<'m> {
        S::model(self.model)
    }

    /// Back to the zero state.
    pub fn reset(&mut self) {
        self.state = R::State::ZERO;
        self.second = Second::ZERO;
        self.pool = R::Pool::ZERO;
        self.gain_phases = [0; 2];
        self.steps = 0;
    }
}

/// Units of a layer that are at the ends of their range.
fn saturated<S: HiddenState>(state: &S, layer: &Layer<'_>) -> usize {
    let limit = 1i32.wrapping_shl(layer.state_bits.wrapping_sub(1));
    let is_at_end = |value: i32| value == limit.wrapping_neg() || value == limit.wrapping_sub(1);
    let ends = |pair: [i32; 2]| {
        keep_rolled();
        pair.map(|value| usize::from(is_at_end(value)))
    };
    first_units(state, layer.hidden_size)
        .map(ends)
        .fold(0, |sum, [a, b]| sum.wrapping_add(a).wrapping_add(b))
}

/// A step of the first layer by the kernel's portable code. Not inlined: its stack is not that of other steps.
#[inline(never)]
fn step_any<K: Kernel>(
    state: &mut [K::Word],
    model: &Model<'_>,
    u: &[u32],
    x: &[i32],
    sum: i32,
    gain: i32,
) {
    let layer_input = InputProjection::new(&model.first, u, x, sum);
    let step = Step::new(model.layer(), LayerInput::Product(&layer_input), gain);
    K::step(state, &step);
}

/// The states of a layer that has fewer units than its session has room for.
fn first_units<S: HiddenState>(state: &S, units: usize) -> impl Iterator<Item = [i32; 2]> {
    state.pairs().take(units / 2)
}
