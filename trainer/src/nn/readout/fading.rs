//! The fading pool: the mean of the rectified states, of which old ones weigh less and less.

use crate::nn::error::{self, ConfigError};
use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};
pub use hadamrnn_runtime::format::Fading;
use hadamrnn_runtime::limits::{self, Limit};

/// Range of the shift that an unstated fading has: a loss of an eighth, or more where the window is short.
const USUAL_SHIFT: u8 = 3;

/// The fading whose time constant is half of a window of `steps`, or up to twice that: with half, its weights have the same
/// variance of the mean as equal ones of the window.
pub fn fading_of_window(steps: usize) -> Fading {
    let log2 = (steps.clamp(4, 1 << 16) as f64 / 2.0).log2().ceil() as u8;
    let shift = USUAL_SHIFT.min(log2);
    Fading {
        shift,
        log2_interval: log2 - shift,
    }
}

/// Checks every range.
pub(in crate::nn) fn validate(fading: &Fading) -> Result<(), ConfigError> {
    let Fading {
        shift,
        log2_interval,
    } = *fading;
    error::size("fading.shift", shift.into(), limits::FADE_SHIFT)?;
    error::size(
        "fading.log2_interval",
        log2_interval.into(),
        limits::LOG2_FADE_INTERVAL,
    )?;
    let bits = usize::from(shift) + usize::from(log2_interval);
    let most = limits::FADING_POOL_BITS - limits::STATE_BITS.min;
    error::size(
        "fading.shift + fading.log2_interval",
        bits,
        Limit { min: 1, max: most },
    )
}

/// A fading pool at work.
///
/// Its time constant is so many steps as all of them weigh together once a stream has run for long. The mean is the sum divided by
/// it.
#[derive(Clone, Copy, Debug)]
pub struct FadingPool {
    /// Steps from one loss to the next.
    interval: usize,
    /// Part of the sums that a loss leaves.
    kept: f32,
    /// Steps after which a state weighs `1/e`.
    time_constant: f32,
}

impl From<Fading> for FadingPool {
    fn from(
        Fading {
            shift,
            log2_interval,
        }: Fading,
    ) -> Self {
        let power = |log2: u8| 2f32.powi(log2.into());
        Self {
            interval: 1 << log2_interval,
            kept: 1.0 - power(shift).recip(),
            time_constant: power(shift) * power(log2_interval),
        }
    }
}

impl FadingPool {
    /// Steps after which a state weighs `1/e`; the weight of all steps together in the long run.
    pub fn time_constant(&self) -> f32 {
        self.time_constant
    }

    /// Takes step `step`, counted from 0, of rectified states into `sums`.
    pub fn add(&self, sums: &mut [f32], step: usize, states: impl Iterator<Item = f32>) {
        let kept = if self.fades_before(step) {
            self.kept
        } else {
            1.0
        };
        for (sum, state) in sums.iter_mut().zip(states) {
            *sum = *sum * kept + state;
        }
    }

    fn fades_before(&self, step: usize) -> bool {
        step > 0 && step.is_multiple_of(self.interval)
    }

    /// Weights of the states of `steps` steps in the mean after each of the steps `answers`, `[answers, steps]`.
    pub fn weights(&self, answers: &[usize], steps: usize) -> Vec<f32> {
        let mut weights = vec![0.0; answers.len() * steps];
        for (row, &answer) in weights.chunks_exact_mut(steps.max(1)).zip(answers) {
            let mut weight = self.time_constant.recip();
            for step in (0..steps.min(answer + 1)).rev() {
                row[step] = weight;
                if self.fades_before(step) {
                    weight *= self.kept;
                }
            }
        }
        weights
    }

    /// The means after each of the steps `answers`, `[batch, answers, n]`, of states `[batch, T, n]`.
    pub(super) fn means(&self, states: Tensor<3>, answers: &[usize]) -> Tensor<3> {
        let ([batch, steps, _], device) = (states.dims(), states.device());
        let shape = [1, answers.len(), steps];
        let weights = TensorData::new(self.weights(answers, steps), shape);
        let weights = Tensor::<3>::from_data(weights, &device);
        let weights = weights.expand([batch, answers.len(), steps]);
        weights.matmul(relu(states))
    }

    /// The means after the last of these states, `[batch, n]` each: the slow form.
    pub(super) fn mean_stepwise(&self, states: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        let rectified = states.into_iter().map(relu).enumerate();
        let sums = rectified.fold(None, |sum: Option<Tensor<2>>, (step, state)| {
            Some(match sum {
                Some(sum) if self.fades_before(step) => sum.mul_scalar(self.kept) + state,
                Some(sum) => sum + state,
                None => state,
            })
        });
        sums.map(|sum| sum.div_scalar(self.time_constant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(shift: u8, log2_interval: u8) -> FadingPool {
        Fading {
            shift,
            log2_interval,
        }
        .into()
    }

    #[test]
    fn weights_are_those_of_the_sums() {
        let states: Vec<f32> = (0..40).map(|t| (t as f32 * 0.7).sin().abs()).collect();
        for (shift, log2_interval) in [(1, 0), (3, 1), (2, 3), (3, 2)] {
            let pool = pool(shift, log2_interval);
            let answers: Vec<usize> = (0..40).collect();
            let weights = pool.weights(&answers, 40);
            let (mut naive, mut sum) = (0.0, [0.0]);
            for (t, row) in weights.chunks_exact(40).enumerate() {
                if t > 0 && t % (1 << log2_interval) == 0 {
                    naive -= naive / f32::from(1u16 << shift);
                }
                naive += states[t];
                pool.add(&mut sum, t, [states[t]].into_iter());
                let mean: f32 = row.iter().zip(&states).map(|(w, h)| w * h).sum();
                assert!((mean - naive / pool.time_constant()).abs() < 1e-5, "{t}");
                assert!((naive - sum[0]).abs() < 1e-4, "{t}");
            }
        }
    }

    #[test]
    fn all_steps_weigh_one_in_the_long_run() {
        for (shift, log2_interval) in [(3, 0), (3, 2), (1, 3)] {
            let steps = 40 << (shift + log2_interval);
            // The last step before the sums fade.
            let weights = pool(shift, log2_interval).weights(&[steps - 1], steps);
            let sum: f32 = weights.iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        }
    }

    #[test]
    fn a_window_has_the_time_constant_of_its_half() {
        let of = |steps| {
            let Fading {
                shift,
                log2_interval,
            } = fading_of_window(steps);
            (shift, log2_interval)
        };
        let found = [64, 128, 26, 21, 4].map(of);
        assert_eq!(found, [(3, 2), (3, 3), (3, 1), (3, 1), (1, 0)]);
        for steps in [0, 1, 65_535, usize::MAX] {
            assert_eq!(validate(&fading_of_window(steps)), Ok(()), "{steps}");
        }
    }
}
