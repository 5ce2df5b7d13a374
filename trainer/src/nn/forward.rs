//! The forward pass: from a batch of sequences to outputs, in three forms that agree.
//!
//! | form | for | how |
//! |---|---|---|
//! | kernel | numbers, one layer, last state | one matrix product ([`ops::kernel`]) |
//! | sequence | the rest, on a CPU | one operation that stores no states ([`ops::sequence`]) |
//! | scan | the rest, elsewhere | every state of each layer as a tensor ([`ops::scan`]) |

use super::ops::{self, Head, LayerSize, Mix, Plan, Source};
use super::{HadamRnn, Input, Inputs, Readout, decay, quant};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use std::sync::Arc;

/// Right answers of the steps, and the weight of each step in the loss.
#[derive(Clone, Debug)]
pub struct StepTargets {
    /// Classes, `[batch, T]`.
    pub classes: Arc<[u32]>,
    /// Weight of each step, `[T]`; equal weights of `1/T` make the loss a mean over steps.
    pub weights: Arc<[f32]>,
    /// Share of each target that is spread evenly over all classes, 0 to 1.
    pub smoothing: f32,
}

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
            && config.second.is_none()
            && config.readout == Readout::LastState
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
    /// For the reasons of [`last_logits`](Self::last_logits).
    pub fn last_state(&self, x_augmented: Tensor<2>, steps: usize) -> Tensor<2> {
        let rows = Tensor::cat(vec![self.input_rows(None), self.bias.val().unsqueeze()], 0);
        let (log2_block, decay) = (self.config.log2_block, decay(self.config.leak));
        x_augmented.matmul(ops::kernel(
            self.binary_signs(),
            rows,
            log2_block,
            steps,
            decay,
        ))
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

    /// The vector that `V` reads for [`logits`](Self::logits), `[batch, n]`: the rectified last state or the mean of
    /// the rectified states, through the hidden readout layer if there is one.
    ///
    /// # Panics
    ///
    /// For the reasons of [`logits`](Self::logits).
    pub fn features(&self, inputs: &Inputs) -> Tensor<2> {
        let read = match inputs {
            Inputs::Numbers(x) if self.is_one_product() => {
                relu(self.last_state(Self::augment(x.clone()), x.dims()[1]))
            }
            _ if !ops::runs_sequences(&self.device()) => return self.features_by_scan(inputs),
            _ => match self.config.readout {
                Readout::Pooled => self.sequence(inputs, Head::Pooled),
                _ => relu(self.sequence(inputs, Head::Last)),
            },
        };
        self.through_hidden_readout(read)
    }

    /// `relu(M r + c)` of `[rows, n]`, or `r` itself without a hidden readout layer.
    pub(super) fn through_hidden_readout(&self, read: Tensor<2>) -> Tensor<2> {
        let Some(layer) = &self.hidden_readout else {
            return read;
        };
        let scale = 1.0 / (read.dims()[1] as f32).sqrt();
        let matrix = quant::sign(layer.matrix.val()).mul_scalar(scale);
        relu(read.matmul(matrix.transpose()) + layer.bias.val().unsqueeze())
    }

    /// Outputs of the auxiliary readout from [`features`](Self::features), if there is one.
    pub fn auxiliary_logits(&self, features: Tensor<2>) -> Option<Tensor<2>> {
        let auxiliary = self.auxiliary.as_ref()?;
        let readout = auxiliary.readout.val().transpose();
        Some(features.matmul(readout) + auxiliary.bias.val().unsqueeze())
    }

    /// Outputs after every step, `[batch, T, d_out]`.
    ///
    /// # Panics
    ///
    /// For the reasons of [`logits`](Self::logits).
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
    /// For the reasons of [`logits`](Self::logits), or when the targets do not fit the inputs.
    pub fn step_loss(&self, inputs: &Inputs, targets: &StepTargets) -> Tensor<1> {
        if !self.reads_within_sequences() {
            return step_loss_of(self.step_logits_by_scan(inputs), targets);
        }
        let head = Head::Loss {
            outputs: self.config.output_size,
            targets: targets.classes.clone(),
            weights: targets.weights.clone(),
            smoothing: targets.smoothing,
        };
        self.sequence(inputs, head)
    }

    /// Whether the sequence form computes the outputs after every step: it has no hidden readout layer.
    fn reads_within_sequences(&self) -> bool {
        ops::runs_sequences(&self.device()) && self.hidden_readout.is_none()
    }

    /// The sequence form of the network up to `head`.
    fn sequence<const D: usize>(&self, inputs: &Inputs, head: Head) -> Tensor<D> {
        let ([batch, steps], device) = (inputs.dims(), self.device());
        let (source, rows, x) = match inputs {
            Inputs::Numbers(x) => {
                let rows = self.input_rows(None);
                let columns = rows.dims()[0];
                (Source::Numbers { columns }, rows, x.clone())
            }
            Inputs::Tokens(tokens) => {
                let rows = self.input_rows(Some(tokens.used(&device)));
                let (count, ids) = (rows.dims()[0], tokens.places());
                let source = Source::Tokens { rows: count, ids };
                (source, rows, Tensor::zeros([1, 1, 1], &device))
            }
        };
        let plan = Plan {
            batch,
            steps,
            source,
            first: LayerSize {
                hidden: self.config.hidden_size,
                log2_block: self.config.log2_block,
                decay: decay(self.config.leak),
            },
            second: self.second_plan(),
            head,
        };
        ops::sequence(self.all_signs(), self.flat_weights(rows, &plan), x, plan)
    }

    fn second_plan(&self) -> Option<(LayerSize, Mix)> {
        self.config.second.as_ref().map(|second| {
            let layer = LayerSize {
                hidden: second.hidden_size,
                log2_block: second.log2_block,
                decay: decay(second.leak),
            };
            let (mixing, trained) = (second.mixing, second.train_mixing);
            (layer, Mix { mixing, trained })
        })
    }

    /// The signs of all layers.
    fn all_signs(&self) -> Tensor<1> {
        match &self.second {
            None => self.binary_signs(),
            Some(second) => {
                let signs = quant::sign(second.signs.val());
                Tensor::cat(vec![self.binary_signs(), signs], 0)
            }
        }
    }

    /// The parameters in the order of [`Plan::sections`].
    fn flat_weights(&self, rows: Tensor<2>, plan: &Plan) -> Tensor<1> {
        let mut sections = vec![rows.reshape([-1]), self.bias.val()];
        if let Some((second, (_, mix))) = self.second.as_ref().zip(plan.second) {
            let mixing = second.mixing_weights(mix.mixing);
            sections.extend([mixing.reshape([-1]), second.bias.val()]);
        }
        if let Head::Logits { .. } | Head::Loss { .. } = plan.head {
            let readout = self.quantised_readout().reshape([-1]);
            sections.extend([readout, self.readout_bias.val()]);
        }
        Tensor::cat(sections, 0)
    }

    /// The outputs of states `[rows, n]`: `[rows, d_out]`.
    pub fn readout_of(&self, states: Tensor<2>) -> Tensor<2> {
        self.linear_readout(self.through_hidden_readout(relu(states)))
    }

    /// `V f + b_o` of [`features`](Self::features) `[rows, n]`: `[rows, d_out]`.
    pub fn linear_readout(&self, features: Tensor<2>) -> Tensor<2> {
        let readout = self.quantised_readout().transpose();
        features.matmul(readout) + self.readout_bias.val().unsqueeze()
    }

    fn quantised_readout(&self) -> Tensor<2> {
        quant::fake_quantise(self.readout.val(), self.config.readout_bits)
    }

    /// `U` as the forward pass uses it, `[n, d_in]`; the whole table, where tokens have no embedding.
    pub(super) fn quantised_input(&self) -> Tensor<2> {
        quant::fake_quantise(self.input.val(), self.config.input_bits)
    }

    /// `s` in ±1, `[n]`.
    pub(super) fn binary_signs(&self) -> Tensor<1> {
        quant::sign(self.signs.val())
    }

    /// Input weights of the first layer, as rows of `n`: the columns of `U`, or the `chosen` rows of the table of
    /// tokens.
    pub(super) fn input_rows(&self, chosen: Option<Tensor<1, Int>>) -> Tensor<2> {
        let rows = match (&self.embedding, chosen) {
            (Some(embedding), Some(chosen)) => {
                let chosen = embedding.val().select(0, chosen);
                chosen.matmul(self.quantised_input().transpose())
            }
            (None, Some(chosen)) => {
                let table = self.input.val();
                let rows = table.clone().select(0, chosen);
                quant::fake_quantise_part(rows, table, self.config.input_bits)
            }
            (_, None) => self.quantised_input().transpose(),
        };
        match self.config.input_rows {
            Some(_) => rows * self.driven_units(),
            None => rows,
        }
    }

    /// 1 for each unit that inputs drive, 0 for the others, `[1, n]`: these weights start at zero, and stay there because
    /// they get no gradient.
    fn driven_units(&self) -> Tensor<2> {
        let n = self.config.hidden_size;
        let driven = |unit| f32::from(u8::from(self.config.is_driven(unit)));
        let driven: Vec<f32> = (0..n).map(driven).collect();
        Tensor::from_data(TensorData::new(driven, [1, n]), &self.device())
    }

    /// Where the weights are.
    pub(super) fn device(&self) -> Device {
        self.bias.val().device()
    }
}

/// [`HadamRnn::step_loss`] of logits `[batch, T, d_out]`.
pub(super) fn step_loss_of(logits: Tensor<3>, targets: &StepTargets) -> Tensor<1> {
    let ([batch, steps, outputs], device) = (logits.dims(), logits.device());
    let classes: Vec<i32> = targets.classes.iter().map(|&class| class as i32).collect();
    let classes = TensorData::new(classes, [batch, steps, 1]);
    let log_p = log_softmax(logits, 2);
    let aimed = log_p
        .clone()
        .gather(2, Tensor::<3, Int>::from_data(classes, &device));
    let spread = log_p.mean_dim(2).mul_scalar(targets.smoothing);
    let aimed = aimed.mul_scalar(1.0 - targets.smoothing) + spread;
    debug_assert!(outputs > 0);
    let weights = TensorData::new(targets.weights.to_vec(), [1, steps, 1]);
    let weights = Tensor::<3>::from_data(weights, &device);
    (aimed * weights).sum().div_scalar(batch as f32).neg()
}
