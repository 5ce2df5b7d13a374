//! The network step by step with dense matrices: the slow form the fast ones are tested and measured against.

use super::HadamRnn;
use crate::nn::input::Inputs;
use crate::nn::readout::{StepTargets, step_loss};
use burn::tensor::Tensor;

impl HadamRnn {
    /// Outputs as of [`logits`](Self::logits), by matrix products recorded step by step. For tests and measurements.
    ///
    /// # Panics
    ///
    /// As [`logits`](Self::logits).
    pub fn logits_stepwise(&self, inputs: &Inputs) -> Tensor<2> {
        let states = self.states_stepwise(inputs).pop();
        let states = states.expect("a network has a layer");
        self.linear_readout(self.reading().features_stepwise(states))
    }

    /// Outputs as of [`step_logits`](Self::step_logits), by matrix products recorded step by step. For tests and
    /// measurements.
    ///
    /// # Panics
    ///
    /// As [`logits`](Self::logits).
    pub fn step_logits_stepwise(&self, inputs: &Inputs) -> Tensor<3> {
        let states = self.states_stepwise(inputs).pop().into_iter().flatten();
        Tensor::stack(states.map(|state| self.readout_of(state)).collect(), 1)
    }

    /// The loss as of [`step_loss`](Self::step_loss), from [`step_logits_stepwise`](Self::step_logits_stepwise).
    ///
    /// # Panics
    ///
    /// As [`step_loss`](Self::step_loss).
    pub fn step_loss_stepwise(&self, inputs: &Inputs, targets: &StepTargets) -> Tensor<1> {
        step_loss(self.step_logits_stepwise(inputs), targets)
    }

    /// State after each step, `[batch, n]`, of each layer, the first layer first.
    pub(crate) fn states_stepwise(&self, inputs: &Inputs) -> Vec<Vec<Tensor<2>>> {
        let ([_, steps], n) = (inputs.dims(), self.config.network.hidden_size);
        let layer_input = self.projection().layer_input(inputs);
        let layer_inputs = (0..steps).map(|t| {
            let [batch, ..] = layer_input.dims();
            layer_input.clone().narrow(1, t, 1).reshape([batch, n])
        });
        let first = self.first().states_stepwise(layer_inputs);
        match self.second() {
            None => vec![first],
            Some((config, second)) => {
                let states = second.states_stepwise(config, first.clone());
                vec![first, states]
            }
        }
    }
}
