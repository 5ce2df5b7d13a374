//! The network step by step with dense matrices: the slow form the fast ones are tested and measured against.

use super::fwht::block_scale;
use super::{HadamRnn, Inputs, Readout, StepTargets, decay, forward, quant};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

impl HadamRnn {
    /// Outputs equal to those of [`logits`](Self::logits), computed by matrix products recorded step by step. For tests
    /// and measurements.
    ///
    /// # Panics
    ///
    /// For the reasons of [`logits`](Self::logits).
    pub fn logits_stepwise(&self, inputs: &Inputs) -> Tensor<2> {
        let states = self.states_stepwise(inputs);
        let count = states.len() as f32;
        match self.config.readout {
            Readout::Pooled => {
                let sum = states
                    .into_iter()
                    .map(relu)
                    .reduce(|sum, state| sum + state);
                let sum = sum.expect("a sequence has at least one step");
                self.linear_readout(self.through_hidden_readout(sum.div_scalar(count)))
            }
            _ => {
                let last = states.into_iter().next_back();
                self.readout_of(last.expect("a sequence has at least one step"))
            }
        }
    }

    /// Outputs equal to those of [`step_logits`](Self::step_logits), computed by matrix products recorded step by step.
    /// For tests and measurements.
    ///
    /// # Panics
    ///
    /// For the reasons of [`logits`](Self::logits).
    pub fn step_logits_stepwise(&self, inputs: &Inputs) -> Tensor<3> {
        let states = self.states_stepwise(inputs).into_iter();
        Tensor::stack(states.map(|state| self.readout_of(state)).collect(), 1)
    }

    /// Loss equal to that of [`step_loss`](Self::step_loss), computed from
    /// [`step_logits_stepwise`](Self::step_logits_stepwise).
    ///
    /// # Panics
    ///
    /// For the reasons of [`step_loss`](Self::step_loss).
    pub fn step_loss_stepwise(&self, inputs: &Inputs, targets: &StepTargets) -> Tensor<1> {
        forward::step_loss_of(self.step_logits_stepwise(inputs), targets)
    }

    /// The last layer's state after each step, each `[batch, n]`.
    fn states_stepwise(&self, inputs: &Inputs) -> Vec<Tensor<2>> {
        let ([_, steps], n) = (inputs.dims(), self.config.hidden_size);
        let drive = self.drive(inputs);
        let drives = (0..steps).map(|t| {
            let [batch, ..] = drive.dims();
            drive.clone().narrow(1, t, 1).reshape([batch, n])
        });
        let (q, leak) = (self.config.log2_block, self.config.leak);
        let states = recurrence(drives, self.binary_signs(), q, leak);
        let Some((config, second)) = self.config.second.as_ref().zip(self.second.as_ref()) else {
            return states;
        };
        let drives = states
            .into_iter()
            .map(|state| second.drive(relu(state), config.mixing));
        let signs = quant::sign(second.signs.val());
        recurrence(drives, signs, config.log2_block, config.leak)
    }
}

/// The states that drives `[batch, n]` make.
fn recurrence(
    drives: impl Iterator<Item = Tensor<2>>,
    signs: Tensor<1>,
    log2_block: usize,
    leak: Option<u8>,
) -> Vec<Tensor<2>> {
    let recurrent = dense_recurrence(signs, log2_block).mul_scalar(decay(leak));
    let recurrent = recurrent.transpose();
    let mut state: Option<Tensor<2>> = None;
    drives
        .map(|drive| {
            let next = match state.take() {
                Some(state) => state.matmul(recurrent.clone()) + drive,
                None => drive,
            };
            state = Some(next.clone());
            next
        })
        .collect()
}

/// `W`, `[n, n]`.
fn dense_recurrence(signs: Tensor<1>, log2_block: usize) -> Tensor<2> {
    let ([n], device): (_, Device) = (signs.dims(), signs.device());
    let entries = (0..n * n).map(|at| block_hadamard(at / n, at % n, log2_block));
    let data = TensorData::new(entries.collect::<Vec<f32>>(), [n, n]);
    Tensor::<2>::from_data(data, &device) * signs.unsqueeze_dim(1)
}

/// Entry of `(I ⊗ H) / sqrt(B)`: `(-1)^popcount(row & column) / sqrt(B)` within a block, 0 elsewhere.
fn block_hadamard(row: usize, column: usize, log2_block: usize) -> f32 {
    if row >> log2_block != column >> log2_block {
        return 0.0;
    }
    let within = (1 << log2_block) - 1;
    match (row & column & within).count_ones() % 2 {
        0 => block_scale(log2_block),
        _ => -block_scale(log2_block),
    }
}
