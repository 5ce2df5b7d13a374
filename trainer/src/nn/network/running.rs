//! The network over a stream, as on a board: it runs on from chunk to chunk, and nothing is reset.

use super::HadamRnn;
use crate::nn::input::Inputs;
use crate::nn::readout::FadingPool;
use burn::tensor::{Tensor, TensorData};

/// A network with a [fading pool](crate::nn::FadingPool) that runs over one stream.
#[derive(Debug)]
pub struct Running<'a> {
    network: &'a HadamRnn,
    pool: FadingPool,
    /// State of each layer after the last step, `[1, 1, n]`, the first layer first; empty at the start.
    states: Vec<Tensor<3>>,
    /// Sums over time of the last layer's rectified states, `[n]`.
    sums: Vec<f32>,
    /// Steps since the start.
    steps: usize,
}

impl HadamRnn {
    /// This network at the start of a stream; none without a fading pool.
    pub fn running(&self) -> Option<Running<'_>> {
        let network = &self.config.network;
        network.fading.map(|fading| Running {
            network: self,
            pool: fading.into(),
            states: Vec::new(),
            sums: vec![0.0; network.top_size()],
            steps: 0,
        })
    }
}

impl Running<'_> {
    /// Takes the next steps, a batch of one sequence, and gives the outputs after the steps `answers` of these, which rise:
    /// `[answers][d_out]`.
    ///
    /// # Panics
    ///
    /// When `inputs` are not of the network's kind and size, or have no steps.
    pub fn push(&mut self, inputs: &Inputs, answers: &[usize]) -> Vec<f64> {
        let states = self.network.states_after(inputs, &self.states);
        let last_step = |states: &Tensor<3>| states.clone().narrow(1, states.dims()[1] - 1, 1);
        self.states = states.iter().map(last_step).collect();
        let top = super::scan::last(&states);
        let n = self.sums.len();
        let top: Vec<f32> = top.into_data().iter::<f32>().collect();
        let means = self.means(&top, answers);
        if answers.is_empty() {
            return Vec::new();
        }
        let means = TensorData::new(means, [answers.len(), n]);
        let means = Tensor::from_data(means, &self.network.device());
        let outputs = self.network.readout_of(means);
        outputs.into_data().iter::<f64>().collect()
    }

    /// Adds states `[T, n]` to the sums; gives the means after the steps `answers`, `[answers, n]`.
    fn means(&mut self, states: &[f32], answers: &[usize]) -> Vec<f32> {
        let mut answers = answers.iter().copied().peekable();
        let mut means = Vec::new();
        for (step, state) in states.chunks_exact(self.sums.len()).enumerate() {
            let rectified = state.iter().map(|h| h.max(0.0));
            self.pool.add(&mut self.sums, self.steps, rectified);
            self.steps += 1;
            while answers.next_if_eq(&step).is_some() {
                let mean = |sum: &f32| sum / self.pool.time_constant();
                means.extend(self.sums.iter().map(mean));
            }
        }
        means
    }
}
