//! The network with every state of each layer as a tensor: the form for devices that do not run on the host, and the
//! steps' drive, which the step-by-step form starts from, too.

use super::{HadamRnn, Inputs, Mixing, Readout, Second, decay, fwht, ops, quant};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};

impl HadamRnn {
    /// [`logits`](Self::logits) in the scan form.
    #[cfg(test)]
    pub(super) fn logits_by_scan(&self, inputs: &Inputs) -> Tensor<2> {
        self.linear_readout(self.features_by_scan(inputs))
    }

    /// [`features`](Self::features) in the scan form.
    pub(super) fn features_by_scan(&self, inputs: &Inputs) -> Tensor<2> {
        let states = self.states(inputs);
        let [batch, steps, n] = states.dims();
        let features = match self.config.readout {
            Readout::Pooled => relu(states).mean_dim(1),
            _ => relu(states.narrow(1, steps - 1, 1)),
        };
        self.through_hidden_readout(features.reshape([batch, n]))
    }

    /// [`step_logits`](Self::step_logits) in the scan form.
    pub(super) fn step_logits_by_scan(&self, inputs: &Inputs) -> Tensor<3> {
        let states = self.states(inputs);
        let [batch, steps, n] = states.dims();
        let logits = self.readout_of(states.reshape([batch * steps, n]));
        logits.reshape([batch, steps, self.config.output_size])
    }

    /// States of the last layer after every step, `[batch, T, n]`.
    fn states(&self, inputs: &Inputs) -> Tensor<3> {
        let config = &self.config;
        let (signs, drive) = (self.binary_signs(), self.drive(inputs));
        let states = ops::scan(signs, drive, config.log2_block, decay(config.leak));
        let Some((second, weights)) = config.second.as_ref().zip(self.second.as_ref()) else {
            return states;
        };
        let [batch, steps, n] = states.dims();
        let drive = weights.drive(relu(states).reshape([batch * steps, n]), second.mixing);
        let drive = drive.reshape([batch, steps, second.hidden_size]);
        let signs = quant::sign(weights.signs.val());
        ops::scan(signs, drive, second.log2_block, decay(second.leak))
    }

    /// `d_t` of the first layer, `[batch, T, n]`.
    pub(super) fn drive(&self, inputs: &Inputs) -> Tensor<3> {
        let ([batch, steps], n) = (inputs.dims(), self.config.hidden_size);
        let bias = self.bias.val().unsqueeze();
        let drive = match inputs {
            Inputs::Numbers(x) => {
                let x = x.clone().reshape([batch * steps, x.dims()[2]]);
                x.matmul(self.input_rows(None))
            }
            Inputs::Tokens(tokens) => {
                let used = tokens.used(&self.device());
                let table = self.input_rows(Some(used));
                // The padding token's row counts as zero.
                let [rows, _] = table.dims();
                let shown = Tensor::<1, Int>::arange(0..rows as i64, &self.device());
                let shown = shown.greater_elem(0).float().reshape([rows, 1]);
                (table * shown).select(0, tokens.places_on(&self.device()))
            }
        };
        (drive + bias).reshape([batch, steps, n])
    }
}

impl Second {
    /// `d'` of the second layer, `[rows, n']`, from the first layer's rectified states, `[rows, n]`.
    pub(super) fn drive(&self, rectified: Tensor<2>, mixing: Mixing) -> Tensor<2> {
        let weights = self.mixing_weights(mixing);
        let mixed = match mixing {
            Mixing::Dense => rectified.matmul(weights.transpose()),
            Mixing::Hadamard => {
                let n = weights.dims()[1];
                let hadamard = hadamard(n, &weights.device());
                let (a, c) = (weights.clone().narrow(0, 0, 1), weights.narrow(0, 1, 1));
                (rectified * c).matmul(hadamard) * a
            }
        };
        mixed + self.bias.val().unsqueeze()
    }

    /// `M`, or the signs `a` and `c` as rows.
    pub(super) fn mixing_weights(&self, mixing: Mixing) -> Tensor<2> {
        let signs = quant::sign(self.mixing.val());
        match mixing {
            Mixing::Dense => {
                let n = signs.dims()[1] as f32;
                signs.div_scalar(n.sqrt())
            }
            Mixing::Hadamard => signs,
        }
    }
}

/// `H / sqrt(n)`, `[n, n]`, symmetric.
fn hadamard(n: usize, device: &Device) -> Tensor<2> {
    let log2 = n.ilog2() as usize;
    let mut rows = vec![0.0; n * n];
    for (i, row) in rows.chunks_exact_mut(n).enumerate() {
        row[i] = 1.0;
    }
    fwht::fwht_normalised(&mut rows, log2);
    Tensor::from_data(TensorData::new(rows, [n, n]), device)
}
