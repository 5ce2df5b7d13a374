//! The loss of outputs after every step.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use std::sync::Arc;

/// Class that each step's outputs should be, and how much each step counts.
#[derive(Clone, Debug)]
pub struct StepTargets {
    /// Classes, `[batch, T]`.
    pub classes: Arc<[u32]>,
    /// Weight of each step, `[T]`; equal weights of `1/T` make the loss a mean over steps.
    pub weights: Arc<[f32]>,
    /// Share of each target that is spread evenly over all classes, 0 to 1.
    pub smoothing: f32,
}

/// The mean over sequences of the weighted cross-entropies of logits `[batch, T, d_out]`, `[1]`.
pub(in crate::nn) fn step_loss(logits: Tensor<3>, targets: &StepTargets) -> Tensor<1> {
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
