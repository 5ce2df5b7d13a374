//! The network with every state of each layer as a tensor: the form for devices that do not run on the host, and for who
//! looks at states, as an export does to find their ranges.

use super::HadamRnn;
use crate::nn::input::Inputs;
use burn::tensor::Tensor;
use hadamrnn_runtime::format::ReadoutKind;

/// States and features of a batch of sequences, on their way to the outputs.
#[derive(Clone, Debug)]
pub struct Trace {
    /// States of each recurrent layer after every step, `[batch, T, n]`, the first layer first.
    pub states: Vec<Tensor<3>>,
    /// Features, which `V` reads, `[rows, n]`: a row a sequence, or a row a step where the outputs of every step count.
    pub features: Tensor<2>,
}

impl HadamRnn {
    /// Runs sequences and keeps what their outputs come from.
    ///
    /// # Panics
    ///
    /// When [`logits`](Self::logits) does.
    pub fn trace(&self, inputs: &Inputs) -> Trace {
        let states = self.states(inputs);
        let top = last(&states);
        let features = match self.config.network.readout {
            ReadoutKind::EveryStep => self.reading().features_of_steps(top),
            _ => self.reading().features_of_sequences(top),
        };
        Trace { states, features }
    }

    /// [`logits`](Self::logits) in the scan form.
    #[cfg(test)]
    pub(in crate::nn) fn logits_by_scan(&self, inputs: &Inputs) -> Tensor<2> {
        self.linear_readout(self.features_by_scan(inputs))
    }

    /// [`features`](Self::features) in the scan form.
    pub(super) fn features_by_scan(&self, inputs: &Inputs) -> Tensor<2> {
        let states = last(&self.states(inputs));
        self.reading().features_of_sequences(states)
    }

    /// [`step_logits`](Self::step_logits) in the scan form.
    pub(in crate::nn) fn step_logits_by_scan(&self, inputs: &Inputs) -> Tensor<3> {
        let states = last(&self.states(inputs));
        let [batch, steps, _] = states.dims();
        let logits = self.linear_readout(self.reading().features_of_steps(states));
        logits.reshape([batch, steps, self.config.output_size])
    }

    /// States of the last layer after every step, `[batch, T, n]`.
    pub(super) fn top_states(&self, inputs: &Inputs) -> Tensor<3> {
        last(&self.states(inputs))
    }

    /// States of each layer after every step, `[batch, T, n]`, the first layer first.
    fn states(&self, inputs: &Inputs) -> Vec<Tensor<3>> {
        self.states_after(inputs, &[])
    }

    /// States as of [`states`](Self::states), where `before` has the state of each layer before the first step,
    /// `[batch, 1, n]`, or nothing where that is zero.
    pub(super) fn states_after(&self, inputs: &Inputs, before: &[Tensor<3>]) -> Vec<Tensor<3>> {
        let layer_input = self.projection().layer_input(inputs);
        let first = self.first().states_after(layer_input, before.first());
        match self.second() {
            None => vec![first],
            Some((config, second)) => {
                let states = second.states_after(config, first.clone(), before.get(1));
                vec![first, states]
            }
        }
    }
}

/// The states of the last layer.
pub(super) fn last(states: &[Tensor<3>]) -> Tensor<3> {
    states.last().expect("a network has a layer").clone()
}
