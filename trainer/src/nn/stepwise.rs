//! The network step by step with a dense `W`: the slow form the fast ones are tested against.

use super::HadamRnn;
use super::fwht::block_scale;
use burn::tensor::{Device, Tensor, TensorData};

impl HadamRnn {
    /// What [`last_logits`](Self::last_logits) computes, from `[batch, T, d_in]`, by `T` matrix products recorded one by
    /// one. For tests and measurements.
    ///
    /// # Panics
    ///
    /// When the last dimension is not `d_in`, or `T` is 0.
    pub fn last_logits_stepwise(&self, x: Tensor<3>) -> Tensor<2> {
        let last = self.states_stepwise(x).pop();
        self.readout_of(last.expect("a sequence has at least one step"))
    }

    /// What [`all_logits`](Self::all_logits) computes, from `[batch, T, d_in]`, by `T` matrix products recorded one by
    /// one. For tests and measurements.
    ///
    /// # Panics
    ///
    /// As [`last_logits_stepwise`](Self::last_logits_stepwise).
    pub fn all_logits_stepwise(&self, x: Tensor<3>) -> Tensor<3> {
        let states = self.states_stepwise(x).into_iter();
        Tensor::stack(states.map(|state| self.readout_of(state)).collect(), 1)
    }

    /// The state after each step, each `[batch, n]`.
    fn states_stepwise(&self, x: Tensor<3>) -> Vec<Tensor<2>> {
        let [batch, steps, d_in] = x.dims();
        let recurrent = self.dense_recurrence(&x.device()).transpose();
        let input = self.quantised_input().transpose();
        let mut state = Tensor::zeros([batch, self.config.hidden_size], &x.device());
        (0..steps)
            .map(|t| {
                let step = x.clone().narrow(1, t, 1).reshape([batch, d_in]);
                let drive = step.matmul(input.clone()) + self.bias.val().unsqueeze();
                state = state.clone().matmul(recurrent.clone()) + drive;
                state.clone()
            })
            .collect()
    }

    /// `W`, `[n, n]`.
    fn dense_recurrence(&self, device: &Device) -> Tensor<2> {
        let (n, log2_block) = (self.config.hidden_size, self.config.log2_block);
        let entries = (0..n * n).map(|at| block_hadamard(at / n, at % n, log2_block));
        let data = TensorData::new(entries.collect::<Vec<f32>>(), [n, n]);
        Tensor::<2>::from_data(data, device) * self.binary_signs().unsqueeze_dim(1)
    }
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
