//! From a batch of sequences to outputs, in three forms that agree.
//!
//! | form | for | how |
//! |---|---|---|
//! | kernel | numbers, one layer, last state | one matrix product ([`ops::kernel`]) |
//! | sequence | the rest, on a CPU | one operation that stores no states ([`ops::sequence`]) |
//! | scan | fading pools; the rest, elsewhere | every state of each layer as a tensor ([`ops::scan`]) |

use super::HadamRnn;
use crate::nn::input::{Input, Inputs};
use crate::nn::ops::{self, Head, SequencePlan};
use crate::nn::readout::{StepTargets, step_loss};
use burn::tensor::Tensor;
use hadamrnn_runtime::format::ReadoutKind;

impl HadamRnn {
    /// Sequences `[batch, T, d_in]` as the rows `[x_0, .., x_{T-1}, 1]`, `[batch, T * d_in + 1]`, of [`last_state`].
    ///
    /// A data set whose samples are all of one length is best stored in this form once.
    ///
    /// [`last_state`]: Self::last_state
    pub fn augment(x: Tensor<3>) -> Tensor<2> {
        let [batch, steps, d_in] = x.dims();
        let ones = Tensor::ones([batch, 1], &x.device());
        Tensor::cat(vec![x.reshape([batch, steps * d_in]), ones], 1)
    }

    /// Whether [`last_logits`](Self::last_logits) computes this network.
    pub fn is_one_product(&self) -> bool {
        let config = &self.config;
        matches!(config.input, Input::Numbers(_))
            && self.second().is_none()
            && config.network.readout == ReadoutKind::LastState
    }

    /// Outputs after the last step, `[batch, d_out]`, from `[batch, steps * d_in + 1]` as [`augment`](Self::augment)
    /// gives it: `V relu(h_T) + b_o`, or those of the hidden readout layer. For networks of numbers with one layer.
    ///
    /// # Panics
    ///
    /// When the second dimension is not `steps * d_in + 1`, or `steps` is 0.
    pub fn last_logits(&self, x_augmented: Tensor<2>, steps: usize) -> Tensor<2> {
        self.readout_of(self.last_state(x_augmented, steps))
    }

    /// States after the last step, `[batch, n]`, as one matrix product with the [kernel](ops::kernel).
    ///
    /// # Panics
    ///
    /// When the second dimension is not `steps * d_in + 1`, or `steps` is 0.
    pub fn last_state(&self, x_augmented: Tensor<2>, steps: usize) -> Tensor<2> {
        x_augmented.matmul(
            self.first()
                .kernel(self.projection().columns_and_bias(), steps),
        )
    }

    /// Outputs of each sequence, `[batch, d_out]`: of the last state, or where the configuration says so of the mean of
    /// the rectified states.
    ///
    /// # Panics
    ///
    /// When `inputs` are not of the configuration's kind and size, or have no steps.
    pub fn logits(&self, inputs: &Inputs) -> Tensor<2> {
        self.linear_readout(self.features(inputs))
    }

    /// Features of sequences, which `V` reads for [`logits`](Self::logits), `[batch, n]`: the rectified last state or the
    /// mean of the rectified states, through the hidden readout layer if there is one.
    ///
    /// # Panics
    ///
    /// When [`logits`](Self::logits) does.
    pub fn features(&self, inputs: &Inputs) -> Tensor<2> {
        match inputs {
            Inputs::Numbers(x) if self.is_one_product() => {
                let states = self.last_state(Self::augment(x.clone()), x.dims()[1]);
                self.reading().features_of_states(states)
            }
            _ if ops::runs_sequences(&self.device()) && self.reading().has_head() => {
                let readout = self.reading();
                readout.features_of_head(self.sequence(inputs, readout.head()))
            }
            _ => self.features_by_scan(inputs),
        }
    }

    /// Features after the steps `answers` of each sequence, which rise: `[batch * answers, n]`, those of a sequence one after
    /// the other. For networks with a [fading pool](crate::nn::FadingPool), which have an answer at any step.
    ///
    /// # Panics
    ///
    /// When [`logits`](Self::logits) does, or when a sequence has no such step.
    pub fn features_after(&self, inputs: &Inputs, answers: &[usize]) -> Tensor<2> {
        self.reading()
            .features_after(self.top_states(inputs), answers)
    }

    /// Outputs after every step, `[batch, T, d_out]`.
    ///
    /// # Panics
    ///
    /// When [`logits`](Self::logits) does.
    pub fn step_logits(&self, inputs: &Inputs) -> Tensor<3> {
        if !self.reads_within_sequences() {
            return self.step_logits_by_scan(inputs);
        }
        let outputs = self.config.output_size;
        self.sequence(inputs, Head::Logits { outputs })
    }

    /// The mean over sequences of the weighted cross-entropies of [`step_logits`](Self::step_logits), `[1]`.
    ///
    /// # Panics
    ///
    /// When [`logits`](Self::logits) does, or when the targets do not fit the inputs.
    pub fn step_loss(&self, inputs: &Inputs, targets: &StepTargets) -> Tensor<1> {
        if !self.reads_within_sequences() {
            return step_loss(self.step_logits_by_scan(inputs), targets);
        }
        let head = Head::Loss {
            outputs: self.config.output_size,
            targets: targets.classes.clone(),
            weights: targets.weights.clone(),
            smoothing: targets.smoothing,
        };
        self.sequence(inputs, head)
    }

    /// The outputs of states `[rows, n]`: `[rows, d_out]`.
    pub fn readout_of(&self, states: Tensor<2>) -> Tensor<2> {
        self.linear_readout(self.reading().features_of_states(states))
    }

    /// `V f + b_o` of [`features`](Self::features) `[rows, n]`: `[rows, d_out]`.
    pub fn linear_readout(&self, features: Tensor<2>) -> Tensor<2> {
        self.reading().outputs(features)
    }

    /// Outputs of the auxiliary readout from [`features`](Self::features), if there is one.
    pub fn auxiliary_logits(&self, features: Tensor<2>) -> Option<Tensor<2>> {
        let auxiliary = self.auxiliary.as_ref();
        auxiliary.map(|auxiliary| auxiliary.forward(features))
    }

    /// Whether the sequence form computes the outputs after every step.
    fn reads_within_sequences(&self) -> bool {
        ops::runs_sequences(&self.device()) && self.reading().reads_states()
    }

    /// The sequence form of the network up to `head`.
    fn sequence<const D: usize>(&self, inputs: &Inputs, head: Head) -> Tensor<D> {
        let [batch, steps] = inputs.dims();
        let (source, rows, x) = self.projection().of_sequences(inputs);
        let network = &self.config.network;
        let plan = SequencePlan {
            batch,
            steps,
            source,
            first: network.first().size(),
            second: network.second.as_ref().map(|second| second.plan()),
            head,
            signs_frozen: false,
        };
        ops::sequence(self.all_signs(), self.flat_weights(rows, &plan), x, plan)
    }

    /// The signs of all layers.
    fn all_signs(&self) -> Tensor<1> {
        let first = self.first().signs;
        match self.second() {
            None => first,
            Some((config, second)) => Tensor::cat(vec![first, second.recurrent(config).signs], 0),
        }
    }

    /// The parameters in the order of [`SequencePlan::sections`].
    fn flat_weights(&self, rows: Tensor<2>, plan: &SequencePlan) -> Tensor<1> {
        let mut sections = vec![rows.reshape([-1]), self.bias.val()];
        if let Some((config, second)) = self.second() {
            sections.extend(second.sections(config));
        }
        if let Head::Logits { .. } | Head::Loss { .. } = plan.head {
            sections.extend(self.reading().sections());
        }
        Tensor::cat(sections, 0)
    }
}
