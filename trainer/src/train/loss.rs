//! Losses as tensors.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Int, Tensor};

/// Mean logistic loss of one logit a row, `[rows, 1]`, against targets 0 or 1.
pub(super) fn binary_cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let rows = logits.dims()[0];
    let (z, y) = (logits.reshape([rows]), targets.float());
    // ln(1 + e^z) - y z, without overflow.
    (relu(z.clone()) - z.clone() * y + z.abs().neg().exp().log1p()).mean()
}

/// Mean softmax cross-entropy of logits `[rows, classes]`.
pub(super) fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let rows = logits.dims()[0];
    let picked = log_softmax(logits, 1).gather(1, targets.reshape([rows, 1]));
    picked.mean().neg()
}
