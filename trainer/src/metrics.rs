//! Mean loss and accuracy of a set of predictions.

mod confusion;
mod interval;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use confusion::{Confusion, Evaluation, UnitAnswers};
pub use interval::wilson;

/// Mean loss and accuracy over a split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Mean cross-entropy in nats, over windows, or over steps where every step has a target.
    pub loss: f64,
    /// Share of correct classes: of windows, or of the steps to recall in the copying task.
    pub accuracy: f64,
    /// Number of predictions that `accuracy` counts.
    pub count: usize,
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "accuracy {:.2} %, loss {:.4}",
            100.0 * self.accuracy,
            self.loss
        )
    }
}

/// Sums predictions up to [`Metrics`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    loss: f64,
    predictions: usize,
    correct: usize,
    counted: usize,
}

impl Tally {
    /// Adds one prediction from float logits; `counts` says whether it enters the accuracy.
    pub fn add(&mut self, logits: &[f64], target: u32, counts: bool) {
        self.loss += cross_entropy(logits, target as usize);
        self.predictions += 1;
        if counts {
            self.counted += 1;
            self.correct += usize::from(class(logits) == target as usize);
        }
    }

    /// Adds the sums of another tally.
    pub fn merge(self, other: Self) -> Self {
        Self {
            loss: self.loss + other.loss,
            predictions: self.predictions + other.predictions,
            correct: self.correct + other.correct,
            counted: self.counted + other.counted,
        }
    }

    /// The means; zeros for no predictions.
    pub fn metrics(&self) -> Metrics {
        Metrics {
            loss: self.loss / self.predictions.max(1) as f64,
            accuracy: self.correct as f64 / self.counted.max(1) as f64,
            count: self.counted,
        }
    }
}

/// The predicted class: for one logit whether it is positive, else the first largest.
pub fn class(logits: &[f64]) -> usize {
    match logits {
        [logit] => usize::from(*logit > 0.0),
        _ => {
            let larger = |best, (class, &logit): (usize, &f64)| {
                if logit > logits[best] { class } else { best }
            };
            logits.iter().enumerate().fold(0, larger)
        }
    }
}

/// Probabilities of the classes by logits of the float network: logistic for one logit, which is of the second of two
/// classes, softmax for several. They are not calibrated: of the answers with 90 % need not nine in ten be right.
pub fn probabilities(logits: &[f64]) -> Vec<f64> {
    match logits {
        [logit] => {
            let second = 1.0 / (1.0 + (-logit).exp());
            vec![1.0 - second, second]
        }
        _ => {
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let parts: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
            let sum: f64 = parts.iter().sum();
            parts.iter().map(|part| part / sum).collect()
        }
    }
}

/// `-log p(target)`: logistic for one logit, softmax for several.
fn cross_entropy(logits: &[f64], target: usize) -> f64 {
    match logits {
        [logit] => {
            let margin = if target == 1 { *logit } else { -*logit };
            // ln(1 + exp(-margin)) without overflow.
            (-margin).max(0.0) + (-margin.abs()).exp().ln_1p()
        }
        _ => {
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
            largest + sum.ln() - logits.get(target).copied().unwrap_or(f64::NEG_INFINITY)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_class_of_one_logit() {
        assert!((cross_entropy(&[0.0], 1) - 2f64.ln()).abs() < 1e-12);
        assert!((cross_entropy(&[800.0], 0) - 800.0).abs() < 1e-9);
        assert!(cross_entropy(&[800.0], 1) < 1e-9);
        assert_eq!((class(&[0.1]), class(&[0.0]), class(&[-0.1])), (1, 0, 0));
    }

    #[test]
    fn loss_and_class_of_several_logits() {
        assert!((cross_entropy(&[1.0, 1.0, 1.0], 2) - 3f64.ln()).abs() < 1e-12);
        assert!((cross_entropy(&[1e4, 0.0], 1) - 1e4).abs() < 1e-9);
        assert_eq!(class(&[1.0, 3.0, 3.0]), 1);
    }

    #[test]
    fn probabilities_are_those_of_the_loss() {
        for logits in [&[0.7][..], &[-900.0], &[1.0, -2.0, 0.5], &[1e4, 0.0]] {
            let found = probabilities(logits);
            assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (target, share) in found.into_iter().enumerate() {
                let expected = (-cross_entropy(logits, target)).exp();
                assert!((share - expected).abs() < 1e-12, "{logits:?} {target}");
            }
        }
        assert!(probabilities(&[]).is_empty());
    }

    #[test]
    fn tallies_merge() {
        let mut a = Tally::default();
        a.add(&[2.0], 1, true);
        let mut b = Tally::default();
        b.add(&[2.0], 0, true);
        b.add(&[2.0], 1, false);
        let both = a.merge(b).metrics();
        assert_eq!((both.accuracy, both.count), (0.5, 2));
    }
}
