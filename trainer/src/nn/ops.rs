//! Two differentiable operations that replace the loop over time, for any Burn backend.
//!
//! [`kernel`] serves readouts of the last state: the recurrence is linear and independent of the data, so a batch of
//! last states is one matrix product with a kernel built once. [`scan`] serves readouts of every state. Both products
//! with `W` and both gradients are fast Walsh-Hadamard transforms; `W` is never stored.
//!
//! [`HadamBackend`] names the operations. Its default bodies read float tensors as host slices and run the portable
//! `f32` code of this module in parallel, so that a backend joins with an empty `impl`; one with its own kernels
//! overrides them.

#![cfg_attr(
    feature = "ndarray",
    allow(deprecated, reason = "the second CPU backend, kept for comparison")
)]

mod autodiff;
mod host;
mod kernel;
mod recurrence;
mod scan;

#[cfg(test)]
mod definition;
#[cfg(test)]
mod tests;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use host::{HostRead, write};
use kernel::KernelShape;
use scan::ScanShape;

/// Backends that can run the recurrence.
///
/// Float tensors are `f32`; `signs` is `[n]` in ±1, and blocks of `2^log2_block` divide `n`. Gradients with respect to
/// the signs use `s² = 1`: they are exact at ±1 only. The gradient operations are not themselves differentiable.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff,
)]
pub trait HadamBackend: HostRead {
    /// `signs [n]`, `input [C, n]` to the kernel `[steps * (C - 1) + 1, n]` described at [`kernel`].
    fn hadam_kernel(
        signs: FloatTensor<Self>,
        input: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
    ) -> FloatTensor<Self> {
        let (device, shape) = (input.device(), input.shape());
        let shape = KernelShape::new(shape[0], shape[1], log2_block, steps);
        let (signs, input) = (Self::read(signs), Self::read(input));
        let kernel = kernel::forward(signs.as_slice(), input.as_slice(), &shape);
        write::<Self>(kernel, [shape.rows(), shape.hidden], &device)
    }

    /// Gradient of [`hadam_kernel`](Self::hadam_kernel) with respect to `input [C, n]`, from `grad` of the kernel's shape.
    fn hadam_kernel_input_grad(
        signs: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
    ) -> FloatTensor<Self> {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = KernelShape::of_grad(shape[0], shape[1], log2_block, steps);
        let (signs, grad) = (Self::read(signs), Self::read(grad));
        let input = kernel::input_grad(signs.as_slice(), grad.as_slice(), &shape);
        write::<Self>(input, [shape.columns, shape.hidden], &device)
    }

    /// Gradients with respect to `signs [n]` and `input [C, n]`, from the operation's input, its output and `grad`.
    fn hadam_kernel_grads(
        signs: FloatTensor<Self>,
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = KernelShape::of_grad(shape[0], shape[1], log2_block, steps);
        let (signs, input) = (Self::read(signs), Self::read(input));
        let (kernel, grad) = (Self::read(kernel), Self::read(grad));
        let forward = kernel::Forward::new(input.as_slice(), kernel.as_slice(), &shape);
        let (signs, input) = kernel::grads(signs.as_slice(), &forward, grad.as_slice(), &shape);
        (
            write::<Self>(signs, [shape.hidden], &device),
            write::<Self>(input, [shape.columns, shape.hidden], &device),
        )
    }

    /// `signs [n]`, `drive [batch, T, n]` to the states `[batch, T, n]` described at [`scan`].
    fn hadam_scan(
        signs: FloatTensor<Self>,
        drive: FloatTensor<Self>,
        log2_block: usize,
    ) -> FloatTensor<Self> {
        let (device, shape) = (drive.device(), drive.shape());
        let shape = ScanShape::new([shape[0], shape[1], shape[2]], log2_block);
        let (signs, drive) = (Self::read(signs), Self::read(drive));
        let states = scan::forward(signs.as_slice(), drive.as_slice(), &shape);
        write::<Self>(states, shape.dims(), &device)
    }

    /// Gradient of [`hadam_scan`](Self::hadam_scan) with respect to `drive`, from `grad [batch, T, n]`.
    fn hadam_scan_drive_grad(
        signs: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
    ) -> FloatTensor<Self> {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = ScanShape::new([shape[0], shape[1], shape[2]], log2_block);
        let (signs, grad) = (Self::read(signs), Self::read(grad));
        let drive = scan::drive_grad(signs.as_slice(), grad.as_slice(), &shape);
        write::<Self>(drive, shape.dims(), &device)
    }

    /// Gradients with respect to `signs [n]` and `drive`, from the operation's drive, its states and `grad`.
    fn hadam_scan_grads(
        signs: FloatTensor<Self>,
        drive: FloatTensor<Self>,
        states: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = ScanShape::new([shape[0], shape[1], shape[2]], log2_block);
        let (signs, drive) = (Self::read(signs), Self::read(drive));
        let (states, grad) = (Self::read(states), Self::read(grad));
        let drive_grad = scan::drive_grad(signs.as_slice(), grad.as_slice(), &shape);
        let forward = scan::Forward {
            drive: drive.as_slice(),
            states: states.as_slice(),
        };
        let signs = scan::signs_grad(signs.as_slice(), &forward, &drive_grad, &shape);
        (
            write::<Self>(signs, [shape.hidden], &device),
            write::<Self>(drive_grad, shape.dims(), &device),
        )
    }
}

#[cfg(feature = "flex")]
impl HadamBackend for burn::backend::Flex {}

#[cfg(feature = "ndarray")]
impl HadamBackend for burn::backend::NdArray {}

/// The kernel `K` with which `steps` steps of the recurrence are one matrix product.
///
/// `signs` is `[n]` in ±1. `input` is `[C, n]`: the columns of `U` as rows, then the bias `b` as the last row. The
/// result is `[steps * (C - 1) + 1, n]`: row `t * (C - 1) + j` is `W^(steps-1-t) U[:, j]` and the last row is
/// `Σ_t W^(steps-1-t) b`. A batch of sequences, each flattened to `[x_0, .., x_{steps-1}, 1]`, times this matrix is the
/// batch of last states. Differentiable in both tensors; a `signs` that is not tracked costs no work and no memory.
///
/// # Panics
///
/// When `n` is not a whole number of blocks, the lengths of `signs` and `input` differ, `input` has no row or `steps`
/// is 0.
pub fn kernel(signs: Tensor<1>, input: Tensor<2>, log2_block: usize, steps: usize) -> Tensor<2> {
    let [columns, n] = input.dims();
    check(&signs, n, log2_block);
    assert!(columns > 0, "kernel: input has no row");
    assert!(steps > 0, "kernel: no steps");
    let (signs, input) = (signs.into_dispatch(), input.into_dispatch());
    Tensor::from_dispatch(Dispatch::hadam_kernel(signs, input, log2_block, steps))
}

/// Every state of the recurrence: `h_t = W h_{t-1} + drive_t` with `h_{-1} = 0`.
///
/// `signs` is `[n]` in ±1, `drive` is `[batch, T, n]` and so is the result. Differentiable in both tensors; a `signs`
/// that is not tracked costs no work and no memory.
///
/// # Panics
///
/// When `n` is not a whole number of blocks, or the lengths of `signs` and the last dimension of `drive` differ.
pub fn scan(signs: Tensor<1>, drive: Tensor<3>, log2_block: usize) -> Tensor<3> {
    let [_, _, n] = drive.dims();
    check(&signs, n, log2_block);
    let (signs, drive) = (signs.into_dispatch(), drive.into_dispatch());
    Tensor::from_dispatch(Dispatch::hadam_scan(signs, drive, log2_block))
}

fn check(signs: &Tensor<1>, n: usize, log2_block: usize) {
    let [found] = signs.dims();
    assert!(found == n, "{found} signs for {n} hidden units");
    assert!(
        n > 0 && n.trailing_zeros() as usize >= log2_block,
        "{n} hidden units are not whole blocks of 2^{log2_block}"
    );
}
