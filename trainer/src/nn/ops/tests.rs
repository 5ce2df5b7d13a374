//! The two operations: gradients against central differences in double precision, threads, backends, frozen signs.

use super::definition::{dense_kernel, dense_scan};
use super::{kernel, scan};
use crate::nn::testing::{assert_close, cpu_devices, devices, noise};
use burn::tensor::{Device, Tensor, TensorData};

/// One operation on fixed inputs, with the weights of a scalar loss `Σ loss ⊙ output`.
struct Case {
    signs: Vec<f32>,
    other: Vec<f32>,
    loss: Vec<f32>,
    q: usize,
    /// Columns of `U` and the bias, or sequences.
    outer: usize,
    steps: usize,
    leak_factor: f32,
    is_kernel: bool,
}

/// Values of one run: the output, and the gradients of the signs and of the other input.
struct Run {
    output: Vec<f32>,
    signs: Option<Vec<f32>>,
    other: Vec<f32>,
}

impl Run {
    fn assert_equal(&self, other: &Self) {
        assert_eq!(self.output, other.output);
        assert_eq!(self.signs, other.signs);
        assert_eq!(self.other, other.other);
    }
}

impl Case {
    fn new(is_kernel: bool, n: usize, q: usize, outer: usize, steps: usize) -> Self {
        let (other, output) = match is_kernel {
            true => (outer * n, (steps * (outer - 1) + 1) * n),
            false => (outer * steps * n, outer * steps * n),
        };
        let signs = noise(1, n).iter().map(|x| x.signum()).collect();
        let (other, loss) = (noise(2, other), noise(3, output));
        Self {
            signs,
            other,
            loss,
            q,
            outer,
            steps,
            leak_factor: 1.0,
            is_kernel,
        }
    }

    /// Several sizes of each operation: one channel and many, small blocks and full, one step and many.
    fn all() -> Vec<Self> {
        let kernels = [
            (16, 4, 2, 7),
            (16, 1, 3, 5),
            (32, 2, 4, 6),
            (64, 6, 1, 9),
            (16, 3, 2, 1),
        ];
        let scans = [
            (16, 4, 3, 7),
            (16, 1, 1, 5),
            (32, 2, 4, 6),
            (64, 6, 2, 9),
            (16, 3, 2, 1),
        ];
        let kernels = kernels.map(|(n, q, outer, steps)| Self::new(true, n, q, outer, steps));
        let scans = scans.map(|(n, q, outer, steps)| Self::new(false, n, q, outer, steps));
        let orthogonal = kernels.into_iter().chain(scans);
        // A leak of 1/2 at every other size.
        let leaky = |(i, case): (usize, Self)| match i % 2 {
            0 => case,
            _ => Self {
                leak_factor: 0.5,
                ..case
            },
        };
        orthogonal.enumerate().map(leaky).collect()
    }

    fn dims(&self) -> Vec<usize> {
        let n = self.signs.len();
        match self.is_kernel {
            true => vec![self.outer, n],
            false => vec![self.outer, self.steps, n],
        }
    }

    /// Runs the operation forward and backward on `device`.
    fn run(&self, device: &Device, train_signs: bool) -> Run {
        let device = device.clone().autodiff();
        let signs = Tensor::<1>::from_data(self.signs.as_slice(), &device);
        let signs = signs.set_require_grad(train_signs);
        let data = TensorData::new(self.other.clone(), self.dims());
        let (output, other, grads) = if self.is_kernel {
            let input = Tensor::<2>::from_data(data, &device).require_grad();
            let output = kernel(
                signs.clone(),
                input.clone(),
                self.q,
                self.steps,
                self.leak_factor,
            );
            let grads = self.weigh(output.clone().reshape([-1])).backward();
            (
                output.into_data(),
                input.grad(&grads).map(Tensor::into_data),
                grads,
            )
        } else {
            let layer_input = Tensor::<3>::from_data(data, &device).require_grad();
            let output = scan(signs.clone(), layer_input.clone(), self.q, self.leak_factor);
            let grads = self.weigh(output.clone().reshape([-1])).backward();
            (
                output.into_data(),
                layer_input.grad(&grads).map(Tensor::into_data),
                grads,
            )
        };
        Run {
            output: floats(output),
            signs: signs.grad(&grads).map(|grad| floats(grad.into_data())),
            other: floats(other.expect("a gradient")),
        }
    }

    fn weigh(&self, output: Tensor<1>) -> Tensor<1> {
        let loss = Tensor::from_data(self.loss.as_slice(), &output.device());
        (output * loss).sum()
    }

    /// The operation from its definition, in double precision.
    fn dense(&self, signs: &[f64], other: &[f64]) -> Vec<f64> {
        match self.is_kernel {
            true => dense_kernel(signs, other, self.q, self.steps, self.leak_factor.into()),
            false => dense_scan(signs, other, self.q, self.steps, self.leak_factor.into()),
        }
    }

    fn dense_loss(&self, signs: &[f64], other: &[f64]) -> f64 {
        let output = self.dense(signs, other);
        let terms = output.iter().zip(&self.loss);
        terms.map(|(x, &weight)| x * f64::from(weight)).sum()
    }

    /// Central differences of the loss: exact up to rounding in one entry of the other input, in which it is linear.
    fn numeric_grads(&self) -> (Vec<f32>, Vec<f32>) {
        let (signs, other) = (doubles(&self.signs), doubles(&self.other));
        let by_signs = central(&signs, |signs| self.dense_loss(signs, &other));
        let by_other = central(&other, |other| self.dense_loss(&signs, other));
        (by_signs, by_other)
    }
}

fn central(at: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f32> {
    const STEP: f64 = 1e-4;
    let moved = |i, by| {
        let mut at = at.to_vec();
        at[i] += by;
        f(&at)
    };
    (0..at.len())
        .map(|i| ((moved(i, STEP) - moved(i, -STEP)) / (2.0 * STEP)) as f32)
        .collect()
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn floats(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}

#[test]
fn outputs_equal_the_definition() {
    for device in devices() {
        for case in Case::all() {
            let dense = case.dense(&doubles(&case.signs), &doubles(&case.other));
            let dense: Vec<f32> = dense.into_iter().map(|x| x as f32).collect();
            assert_close(&case.run(&device, true).output, &dense, 1e-6);
        }
    }
}

#[test]
fn gradients_equal_central_differences() {
    for case in Case::all() {
        let (signs, other) = case.numeric_grads();
        for device in devices() {
            let run = case.run(&device, true);
            assert_close(&run.signs.expect("trained signs"), &signs, 1e-5);
            assert_close(&run.other, &other, 1e-5);
        }
    }
}

#[test]
fn frozen_signs_have_no_gradient_and_change_no_other() {
    for device in devices() {
        for case in Case::all() {
            let (frozen, trained) = (case.run(&device, false), case.run(&device, true));
            assert_eq!(frozen.signs, None);
            assert_eq!(frozen.other, trained.other);
            assert_eq!(frozen.output, trained.output);
        }
    }
}

#[test]
fn only_the_signs_may_be_trained() {
    for device in devices() {
        let device = device.autodiff();
        let signs = Tensor::<1>::ones([16], &device).require_grad();
        let input = Tensor::<2>::ones([2, 16], &device);
        let grads = kernel(signs.clone(), input, 4, 3, 1.0).sum().backward();
        assert!(signs.grad(&grads).is_some());
    }
}

#[test]
fn cpu_backends_give_equal_bits() {
    let devices = cpu_devices();
    for case in [
        Case::new(true, 128, 7, 4, 33),
        Case::new(false, 128, 7, 5, 33),
    ] {
        let runs: Vec<Run> = devices
            .iter()
            .map(|device| case.run(device, true))
            .collect();
        runs[1..].iter().for_each(|run| run.assert_equal(&runs[0]));
    }
}

#[test]
fn any_number_of_threads_gives_equal_bits() {
    let cases = [
        Case::new(true, 64, 6, 6, 40),
        Case::new(false, 64, 3, 9, 40),
    ];
    for device in devices() {
        for case in &cases {
            let runs = [1, 2, 5].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build()
                    .expect("threads")
                    .install(|| case.run(&device, true))
            });
            runs[1..].iter().for_each(|run| run.assert_equal(&runs[0]));
        }
    }
}

#[test]
fn strided_and_offset_views_are_read_as_what_they_show() {
    for device in devices() {
        let whole = Tensor::<2>::from_data(TensorData::new(noise(5, 16 * 8), [16, 8]), &device);
        let view = whole.narrow(1, 3, 3).transpose();
        let copy = Tensor::<2>::from_data(view.to_data(), &device);
        let signs = Tensor::<1>::ones([16], &device);
        let of = |input| kernel(signs.clone(), input, 4, 5, 1.0).into_data();
        assert_eq!(floats(of(view)), floats(of(copy)));
    }
}

#[test]
#[should_panic(expected = "not whole blocks")]
fn partial_block_is_refused() {
    let device = devices()[0].clone();
    scan(
        Tensor::ones([12], &device),
        Tensor::ones([1, 2, 12], &device),
        3,
        1.0,
    );
}
