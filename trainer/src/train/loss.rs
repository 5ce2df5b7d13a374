//! Losses as tensors, and how high they may be.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Int, Tensor};

use crate::checkpoint::TaskFacts;
use crate::config::TrainingConfig;

/// How many times the loss of a network that answers nothing is beyond all measure.
const BEYOND: f64 = 1000.0;

/// The highest loss of a run that has not diverged.
///
/// The measure is the loss of a network whose logits are all equal, `ln(classes)`, that of the auxiliary loss included. A step
/// size a hundred times too large brings mean losses of some forty times that, which pass.
pub(super) fn highest(task: &TaskFacts, training: &TrainingConfig) -> f64 {
    // One logit tells two classes apart.
    let ignorance = |logits: usize| (logits.max(2) as f64).ln();
    let auxiliary = match task.auxiliary {
        0 => 0.0,
        logits => f64::from(training.auxiliary) * ignorance(logits),
    };
    BEYOND * (ignorance(task.outputs) + auxiliary)
}

/// Mean loss of one row of logits a sequence: logistic for one logit, `[rows, 1]`, against targets 0 or 1, else the
/// softmax cross-entropy of `[rows, classes]`. `smoothing` is the share of a target that is spread over all classes.
pub(super) fn of_classes(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f32) -> Tensor<1> {
    match logits.dims()[1] {
        1 => binary_cross_entropy(logits, targets, smoothing),
        _ => cross_entropy(logits, targets, smoothing),
    }
}

fn binary_cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f32) -> Tensor<1> {
    let rows = logits.dims()[0];
    let z = logits.reshape([rows]);
    let y = targets.float().mul_scalar(1.0 - smoothing);
    let y = y.add_scalar(smoothing / 2.0);
    // ln(1 + e^z) - y z, without overflow.
    (relu(z.clone()) - z.clone() * y + z.abs().neg().exp().log1p()).mean()
}

fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f32) -> Tensor<1> {
    let rows = logits.dims()[0];
    let log_p = log_softmax(logits, 1);
    let spread = log_p.clone().mean();
    let aimed = log_p.gather(1, targets.reshape([rows, 1])).mean();
    aimed
        .mul_scalar(1.0 - smoothing)
        .add(spread.mul_scalar(smoothing))
        .neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn loss(logits: &[f32], classes: usize, targets: &[i32], smoothing: f32) -> f64 {
        let device = Device::default();
        let data = TensorData::new(logits.to_vec(), [logits.len() / classes, classes]);
        let targets = Tensor::from_data(targets, &device);
        of_classes(Tensor::from_data(data, &device), targets, smoothing).into_scalar()
    }

    /// The definition, for one row.
    fn exact(row: &[f64], target: usize, smoothing: f64) -> f64 {
        let sum: f64 = row.iter().map(|x| x.exp()).sum();
        let share = |class| {
            f64::from(u8::from(class == target)) * (1.0 - smoothing) + smoothing / row.len() as f64
        };
        row.iter()
            .enumerate()
            .map(|(class, x)| share(class) * (sum.ln() - x))
            .sum()
    }

    #[test]
    fn losses_equal_their_definition() {
        for smoothing in [0.0, 0.1] {
            let several = loss(&[1.0, -2.0, 0.5, 0.0, 3.0, 1.0], 3, &[2, 0], smoothing);
            let smooth = f64::from(smoothing);
            let expected = exact(&[1.0, -2.0, 0.5], 2, smooth) + exact(&[0.0, 3.0, 1.0], 0, smooth);
            assert!((several - expected / 2.0).abs() < 1e-6, "{several}");
            // One logit is the log-odds of class 1.
            let one = loss(&[1.5, -0.5], 1, &[1, 1], smoothing);
            let expected = exact(&[0.0, 1.5], 1, smooth) + exact(&[0.0, -0.5], 1, smooth);
            assert!((one - expected / 2.0).abs() < 1e-6, "{one}");
        }
    }
}
