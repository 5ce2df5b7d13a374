//! The readout: from the last layer's states to outputs, `y = V f + b_o`.
//!
//! `f` are the *features*: the rectified last state, or the mean of the rectified states, of which old ones may
//! [fade](fading), and where there is one, what the [hidden readout layer](hidden) makes of that.

mod auxiliary;
mod fading;
mod hidden;
mod loss;

pub use auxiliary::Auxiliary;
pub(super) use fading::validate as validate_fading;
pub use fading::{Fading, FadingPool, fading_of_window};
pub use hidden::{HiddenReadout, HiddenReadoutLayer, HostHiddenReadout};
pub use loss::StepTargets;
pub(super) use loss::step_loss;

use super::ops::Head;
use super::parameter::Draw;
use super::quant;
use burn::module::Param;
use burn::tensor::activation::relu;
use burn::tensor::{Int, Tensor};
use hadamrnn_runtime::format::ReadoutKind;

/// Random weights `V`, `[outputs, read]`, and `b_o`, of the streams 3 and 4.
pub(super) fn init(
    outputs: usize,
    read: usize,
    draw: &Draw<'_>,
) -> (Param<Tensor<2>>, Param<Tensor<1>>) {
    let mut bias = draw.bias_values(4, outputs, read);
    if let Some(first) = bias.first_mut() {
        *first += draw.start.first_output;
    }
    (
        draw.matrix(3, [outputs, read]),
        draw.parameter(bias, [outputs]),
    )
}

/// A readout at work.
pub(super) struct Readout<'a> {
    /// Which states are read.
    pub kind: ReadoutKind,
    /// How old states fade, where they do.
    pub fading: Option<FadingPool>,
    /// Bits of `V`; none for full precision.
    pub bits: Option<u8>,
    /// The layer between what is read and `V`, if there is one.
    pub hidden: Option<&'a HiddenReadoutLayer>,
    /// `V`, `[d_out, read n]`.
    pub weights: &'a Param<Tensor<2>>,
    /// `b_o`, `[d_out]`.
    pub bias: &'a Param<Tensor<1>>,
}

impl Readout<'_> {
    /// Features of sequences, `[batch, read n]`, from the last layer's states `[batch, T, n]`.
    pub fn features_of_sequences(&self, states: Tensor<3>) -> Tensor<2> {
        let [batch, steps, n] = states.dims();
        let read = match (self.kind, self.fading) {
            (ReadoutKind::Pooled, Some(pool)) => pool.means(states, &[steps - 1]),
            (ReadoutKind::Pooled, None) => relu(states).mean_dim(1),
            _ => relu(states.narrow(1, steps - 1, 1)),
        };
        self.features_of_read(read.reshape([batch, n]))
    }

    /// Features after the steps `answers` of each sequence, `[batch * answers, read n]`, from the last layer's states
    /// `[batch, T, n]`. Means over whole sequences have none.
    pub fn features_after(&self, states: Tensor<3>, answers: &[usize]) -> Tensor<2> {
        let ([batch, _, n], device) = (states.dims(), states.device());
        let read = match self.fading {
            Some(pool) => pool.means(states, answers),
            None => {
                let steps: Vec<i32> = answers.iter().map(|&step| step as i32).collect();
                relu(states.select(1, Tensor::<1, Int>::from_data(steps.as_slice(), &device)))
            }
        };
        self.features_of_read(read.reshape([batch * answers.len(), n]))
    }

    /// Features after each step, `[batch * T, read n]`, from the last layer's states `[batch, T, n]`.
    pub fn features_of_steps(&self, states: Tensor<3>) -> Tensor<2> {
        let [batch, steps, n] = states.dims();
        if self.fading.is_some() {
            return self.features_after(states, &(0..steps).collect::<Vec<_>>());
        }
        self.features_of_states(states.reshape([batch * steps, n]))
    }

    /// Features of each state, `[rows, read n]`, from `[rows, n]`.
    pub fn features_of_states(&self, states: Tensor<2>) -> Tensor<2> {
        self.features_of_read(relu(states))
    }

    /// Features of sequences, from the last layer's state after each step, `[batch, n]`: the slow form.
    pub fn features_stepwise(&self, states: Vec<Tensor<2>>) -> Tensor<2> {
        let count = states.len() as f32;
        let read = match (self.kind, self.fading) {
            (ReadoutKind::Pooled, Some(pool)) => pool.mean_stepwise(states),
            (ReadoutKind::Pooled, None) => {
                let rectified = states.into_iter().map(relu);
                let sum = rectified.reduce(|sum, state| sum + state);
                sum.map(|sum| sum.div_scalar(count))
            }
            _ => states.into_iter().next_back().map(relu),
        };
        self.features_of_read(read.expect("a sequence has at least one step"))
    }

    /// Kind of what the sequence operation reads of sequences, for [`features_of_head`](Self::features_of_head).
    pub fn head(&self) -> Head {
        match self.kind {
            ReadoutKind::Pooled => Head::Pooled,
            _ => Head::Last,
        }
    }

    /// Features of sequences, `[batch, read n]`, from what the sequence operation has read, `[batch, n]`.
    pub fn features_of_head(&self, read: Tensor<2>) -> Tensor<2> {
        match self.kind {
            ReadoutKind::Pooled => self.features_of_read(read),
            _ => self.features_of_states(read),
        }
    }

    /// Features of what is read, rectified, `[rows, n]`: through the hidden readout layer, if there is one.
    fn features_of_read(&self, read: Tensor<2>) -> Tensor<2> {
        match self.hidden {
            Some(layer) => layer.forward(read),
            None => read,
        }
    }

    /// Whether features are the rectified states themselves: then the sequence operation computes the outputs of steps.
    pub fn reads_states(&self) -> bool {
        self.hidden.is_none() && self.fading.is_none()
    }

    /// Whether the sequence operation computes what is read of sequences: a fading mean it does not.
    pub fn has_head(&self) -> bool {
        self.fading.is_none()
    }

    /// `V f + b_o` of features `[rows, read n]`: `[rows, d_out]`.
    pub fn outputs(&self, features: Tensor<2>) -> Tensor<2> {
        features.matmul(self.quantised().transpose()) + self.bias.val().unsqueeze()
    }

    /// The parameters in the order of [`Plan::sections`](super::ops::Plan::sections).
    pub fn sections(&self) -> [Tensor<1>; 2] {
        [self.quantised().reshape([-1]), self.bias.val()]
    }

    fn quantised(&self) -> Tensor<2> {
        quant::fake_quantise(self.weights.val(), self.bits)
    }
}
