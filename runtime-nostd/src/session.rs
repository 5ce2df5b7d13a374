//! Streaming inference.

use crate::drive::standardise_all;
use crate::error::SessionError;
use crate::kernel::{HiddenState, Kernel};
use crate::model::Model;
use crate::readout::{self, Logits};
use crate::step::Step;

/// A model at work: its hidden state, and nothing else in RAM.
///
/// `K` is the [kernel](crate::kernel), `N` the largest hidden size and `D` the largest number of input channels that the
/// session has room for.
pub struct Session<'m, K: Kernel, const N: usize, const D: usize> {
    model: &'m Model<'m>,
    state: K::State<N>,
    gain_phase: u16,
    steps: u32,
}

impl<'m, K: Kernel, const N: usize, const D: usize> Session<'m, K, N, D> {
    /// Starts at the zero state.
    ///
    /// # Errors
    /// The model exceeds the capacities, or `K` cannot compute it exactly.
    pub fn new(model: &'m Model<'m>) -> Result<Self, SessionError> {
        if model.hidden_size() > N {
            return Err(SessionError::HiddenCapacity {
                needed: model.hidden_size(),
                capacity: N,
            });
        }
        if model.input_size() > D {
            return Err(SessionError::InputCapacity {
                needed: model.input_size(),
                capacity: D,
            });
        }
        K::check(model, N)?;
        Ok(Self {
            model,
            state: K::State::ZERO,
            gain_phase: 0,
            steps: 0,
        })
    }

    /// Advances by one sample of raw sensor counts, one a channel.
    ///
    /// # Errors
    /// [`SessionError::SampleLength`]; the state is then unchanged.
    pub fn push(&mut self, sample: &[i16]) -> Result<(), SessionError> {
        let expected = self.model.input_size();
        if sample.len() != expected {
            return Err(SessionError::SampleLength {
                expected,
                found: sample.len(),
            });
        }
        let mut inputs = heapless::Vec::<i32, D>::new();
        // Cannot fail: `new` has checked the capacity.
        if inputs.resize_default(expected).is_ok() {
            standardise_all(self.model, sample, &mut inputs);
        }
        let gain = self.model.gain.next(&mut self.gain_phase);
        K::step(&mut self.state, &Step::new(self.model, &inputs, gain));
        self.steps = self.steps.saturating_add(1);
        Ok(())
    }

    /// The integer logits of the current state, computed as they are read.
    pub fn logits(&self) -> Logits<'_, K::State<N>> {
        Logits::new(self.model, &self.state)
    }

    /// The class of the current state: the index of the largest logit, or for a single logit whether it is positive.
    pub fn class(&self) -> usize {
        readout::class(self.logits())
    }

    /// The hidden state, in index order.
    pub fn states(&self) -> impl ExactSizeIterator<Item = i16> {
        (0..self.model.hidden_size()).map(|unit| self.state.get(unit))
    }

    /// Samples since the start or the last [`reset`](Self::reset), saturating.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// The model.
    pub const fn model(&self) -> &'m Model<'m> {
        self.model
    }

    /// Back to the zero state.
    pub fn reset(&mut self) {
        self.state = K::State::ZERO;
        self.gain_phase = 0;
        self.steps = 0;
    }
}
