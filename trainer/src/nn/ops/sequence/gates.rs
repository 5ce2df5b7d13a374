//! Which states are above zero, kept by the forward pass where the backward pass wants nothing else of them.
//!
//! So it is for a mean of rectified states with frozen signs. A number holds a unit's bits of `STEPS` steps as a whole number,
//! which single precision holds exactly: a thirtieth of the memory of the states, and none is computed a second time.

use std::ops::Range;

/// Steps whose bits one number holds.
pub(super) const STEPS: usize = f32::MANTISSA_DIGITS as usize;

/// Adds the bits of the `states` `[steps, n]` of the steps `range` to `kept`, `[T / STEPS rounded up, n]`, which starts as zeros.
#[inline(always)]
pub(super) fn keep(range: Range<usize>, states: &[f32], n: usize, kept: &mut [f32]) {
    for (step, state) in range.zip(states.chunks_exact(n)) {
        let bit = (1_u32 << (step % STEPS)) as f32;
        let words = &mut kept[step / STEPS * n..][..n];
        for (word, state) in words.iter_mut().zip(state) {
            *word += if *state > 0.0 { bit } else { 0.0 };
        }
    }
}

/// Writes to `out`, `[steps, n]`, for each step of `range` the gradient `share grad` of the states above zero, and 0 for the others.
#[inline(always)]
pub(super) fn spread(range: Range<usize>, kept: &[f32], share: f32, grad: &[f32], out: &mut [f32]) {
    let n = grad.len();
    for (step, out) in range.zip(out.chunks_exact_mut(n)) {
        let bit = 1_i32 << (step % STEPS);
        let words = &kept[step / STEPS * n..][..n];
        for (out, (word, grad)) in out.iter_mut().zip(words.iter().zip(grad)) {
            let is_open = *word as i32 & bit != 0;
            *out = if is_open { grad * share } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Head, Inputs, LayerSize, SequencePlan, Source, forward, gradients};
    use crate::nn::testing::noise;

    fn plan(steps: usize, signs_frozen: bool) -> SequencePlan {
        SequencePlan {
            batch: 5,
            steps,
            source: Source::Numbers { columns: 3 },
            first: LayerSize {
                hidden: 16,
                log2_block: 3,
                leak_factor: 0.875,
            },
            second: None,
            head: Head::Pooled,
            signs_frozen,
        }
    }

    /// Output and gradient of the parameters, with gates or with states that are computed once more.
    fn run(steps: usize, signs_frozen: bool) -> (Vec<f32>, Vec<f32>) {
        let plan = plan(steps, signs_frozen);
        assert_eq!(plan.keeps_gates(), signs_frozen);
        let signs: Vec<f32> = noise(1, 16).iter().map(|x| x.signum()).collect();
        let (weights, x) = (noise(2, plan.parameters()), noise(3, 5 * steps * 3));
        let inputs = Inputs {
            signs: &signs,
            weights: &weights,
            x: &x,
        };
        let (output, kept) = forward(&plan, inputs, true);
        let (_, gradient) = gradients(&plan, inputs, &kept, &noise(4, 5 * 16), false);
        (output, gradient)
    }

    #[test]
    fn gates_give_the_bits_that_rebuilt_states_give() {
        // One step, one number of bits exactly and one more, several blocks whose ends lie within a number.
        for steps in [1, 23, 24, 25, 64, 65, 200, 500] {
            let (gates, rebuilt) = (run(steps, true), run(steps, false));
            assert_eq!(gates, rebuilt, "{steps} steps");
            assert!(gates.1.iter().any(|&x| x != 0.0), "{steps} steps");
        }
    }

    #[test]
    fn long_sequences_are_rebuilt() {
        assert!(plan(1_000, true).keeps_gates());
        assert!(!plan(100_000_000, true).keeps_gates());
        let trained = SequencePlan {
            head: Head::Last,
            ..plan(10, true)
        };
        assert!(!trained.keeps_gates());
    }
}
