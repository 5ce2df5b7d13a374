//! Differentiable operations that replace the loop over time, for any Burn backend.
//!
//! [`kernel`] serves readouts of the last state: the recurrence is linear and independent of the data, so a batch of
//! last states is one matrix product with a kernel built once. [`scan`] gives every state. [`sequence()`] is the whole
//! network, from inputs to readouts or losses, in memory that does not grow with the number of steps. All products
//! with `W` and both gradients are fast Walsh-Hadamard transforms; `W` is never stored.
//!
//! [`HadamBackend`] names the operations. Its default bodies read float tensors as host slices and run the portable
//! `f32` code of this module in parallel, so that a backend joins with an empty `impl`; one with its own kernels
//! overrides them, as the GPU backends do.

#![cfg_attr(
    feature = "ndarray",
    allow(deprecated, reason = "the second CPU backend, kept for comparison")
)]

mod autodiff;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod cube;
mod host;
mod kernel;
mod recurrence;
mod scan;
mod sequence;

#[cfg(test)]
mod definition;
#[cfg(test)]
mod tests;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor};
use host::{HostRead, write};
use kernel::KernelShape;
use scan::ScanShape;

pub use sequence::{Head, LayerSize, Mix, SequencePlan, Source};

/// Backends that can run the recurrence.
///
/// Float tensors are `f32`; `signs` is `[n]` in ±1, and blocks of `2^log2_block` divide `n`. Gradients with respect to
/// the signs use `s² = 1`: they are exact at ±1 only. The gradient operations are not themselves differentiable.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "cuda", feature = "wgpu")),
    Fusion: cfg(any(feature = "cuda", feature = "wgpu")),
    Autodiff,
)]
pub trait HadamBackend: HostRead {
    /// `signs [n]`, `input [C, n]` to the kernel `[steps * (C - 1) + 1, n]` described at [`kernel`].
    #[fusion(dtype = input, shape = KernelShape::new(input[0], input[1], *log2_block, *steps).dims().into())]
    fn hadam_kernel(
        signs: FloatTensor<Self>,
        input: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
        leak_factor: f32,
    ) -> FloatTensor<Self> {
        let (device, shape) = (input.device(), input.shape());
        let shape =
            KernelShape::new(shape[0], shape[1], log2_block, steps).with_leak_factor(leak_factor);
        let (signs, input) = (Self::read(signs), Self::read(input));
        let kernel = kernel::forward(signs.as_slice(), input.as_slice(), &shape);
        write::<Self>(kernel, shape.dims(), &device)
    }

    /// Gradient of [`hadam_kernel`](Self::hadam_kernel) with respect to `input [C, n]`, from `grad` of the kernel's shape.
    #[fusion(dtype = grad, shape = [KernelShape::of_grad(grad[0], grad[1], *log2_block, *steps).columns, grad[1]].into())]
    fn hadam_kernel_input_grad(
        signs: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
        leak_factor: f32,
    ) -> FloatTensor<Self> {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = KernelShape::of_grad(shape[0], shape[1], log2_block, steps)
            .with_leak_factor(leak_factor);
        let (signs, grad) = (Self::read(signs), Self::read(grad));
        let input = kernel::input_grad(signs.as_slice(), grad.as_slice(), &shape);
        write::<Self>(input, [shape.columns, shape.hidden], &device)
    }

    /// Gradients with respect to `signs [n]` and `input [C, n]`, from the operation's input, its output and `grad`.
    #[fusion(meta = |signs, input, _, _, _, _, _| (signs.clone(), input.clone()))]
    fn hadam_kernel_grads(
        signs: FloatTensor<Self>,
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
        leak_factor: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = KernelShape::of_grad(shape[0], shape[1], log2_block, steps)
            .with_leak_factor(leak_factor);
        let (signs, input) = (Self::read(signs), Self::read(input));
        let (kernel, grad) = (Self::read(kernel), Self::read(grad));
        let forward = kernel::Forward::new(input.as_slice(), kernel.as_slice(), &shape);
        let (signs, input) = kernel::grads(signs.as_slice(), &forward, grad.as_slice(), &shape);
        (
            write::<Self>(signs, [shape.hidden], &device),
            write::<Self>(input, [shape.columns, shape.hidden], &device),
        )
    }

    /// `signs [n]`, `layer_input [batch, T, n]` to the states `[batch, T, n]` described at [`scan`].
    #[fusion(dtype = layer_input, shape = layer_input)]
    fn hadam_scan(
        signs: FloatTensor<Self>,
        layer_input: FloatTensor<Self>,
        log2_block: usize,
        leak_factor: f32,
    ) -> FloatTensor<Self> {
        let (device, shape) = (layer_input.device(), layer_input.shape());
        let shape = ScanShape::new([shape[0], shape[1], shape[2]], log2_block, leak_factor);
        let (signs, layer_input) = (Self::read(signs), Self::read(layer_input));
        let states = scan::forward(signs.as_slice(), layer_input.as_slice(), &shape);
        write::<Self>(states, shape.dims(), &device)
    }

    /// Gradient of [`hadam_scan`](Self::hadam_scan) with respect to `layer_input`, from `grad [batch, T, n]`.
    #[fusion(dtype = grad, shape = grad)]
    fn hadam_scan_input_grad(
        signs: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
        leak_factor: f32,
    ) -> FloatTensor<Self> {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = ScanShape::new([shape[0], shape[1], shape[2]], log2_block, leak_factor);
        let (signs, grad) = (Self::read(signs), Self::read(grad));
        let layer_input = scan::drive_grad(signs.as_slice(), grad.as_slice(), &shape);
        write::<Self>(layer_input, shape.dims(), &device)
    }

    /// Gradients with respect to `signs [n]` and `layer_input`, from the operation's layer input, its states and `grad`.
    #[fusion(meta = |signs, layer_input, _, _, _, _| (signs.clone(), layer_input.clone()))]
    fn hadam_scan_grads(
        signs: FloatTensor<Self>,
        layer_input: FloatTensor<Self>,
        states: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        log2_block: usize,
        leak_factor: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (device, shape) = (grad.device(), grad.shape());
        let shape = ScanShape::new([shape[0], shape[1], shape[2]], log2_block, leak_factor);
        let (signs, layer_input) = (Self::read(signs), Self::read(layer_input));
        let (states, grad) = (Self::read(states), Self::read(grad));
        let drive_grad = scan::drive_grad(signs.as_slice(), grad.as_slice(), &shape);
        let forward = scan::Forward {
            layer_input: layer_input.as_slice(),
            states: states.as_slice(),
        };
        let signs = scan::signs_grad(signs.as_slice(), &forward, &drive_grad, &shape);
        (
            write::<Self>(signs, [shape.hidden], &device),
            write::<Self>(drive_grad, shape.dims(), &device),
        )
    }

    /// The run that [`SequencePlan`] describes: its output, flat, and where `keep` what
    /// [`hadam_sequence_grads`](Self::hadam_sequence_grads) wants of it, else nothing.
    ///
    /// `signs` holds those of all layers, `weights` the parameters as [`SequencePlan::sections`] has them, `x` is
    /// `[batch, T, d_in]`, or anything where steps are tokens.
    #[fusion(default)]
    fn hadam_sequence(
        signs: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        x: FloatTensor<Self>,
        plan: SequencePlan,
        keep: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let device = weights.device();
        let (signs, weights, x) = (Self::read(signs), Self::read(weights), Self::read(x));
        let inputs = sequence::Inputs {
            signs: signs.as_slice(),
            weights: weights.as_slice(),
            x: x.as_slice(),
        };
        let (output, kept) = sequence::forward(&plan, inputs, keep);
        let kept_dims = [kept.len()];
        (
            write::<Self>(output, plan.output_dims(), &device),
            write::<Self>(kept, kept_dims, &device),
        )
    }

    /// Gradients with respect to `signs`, zeros unless `train_signs`, and `weights`; the other arguments are those of
    /// [`hadam_sequence`](Self::hadam_sequence), what it kept and the gradient of its output.
    #[fusion(default)]
    #[allow(
        clippy::too_many_arguments,
        reason = "an operation's tensors are its arguments"
    )]
    fn hadam_sequence_grads(
        signs: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        x: FloatTensor<Self>,
        kept: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        plan: SequencePlan,
        train_signs: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let device = weights.device();
        let (signs, weights, x) = (Self::read(signs), Self::read(weights), Self::read(x));
        let (kept, grad) = (Self::read(kept), Self::read(grad));
        let inputs = sequence::Inputs {
            signs: signs.as_slice(),
            weights: weights.as_slice(),
            x: x.as_slice(),
        };
        let (kept, grad) = (kept.as_slice(), grad.as_slice());
        let (signs, weights) = sequence::gradients(&plan, inputs, kept, grad, train_signs);
        let dims = ([signs.len()], [weights.len()]);
        (
            write::<Self>(signs, dims.0, &device),
            write::<Self>(weights, dims.1, &device),
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
/// batch of last states. With `leak factor` below 1 the recurrence is `leak factor W`. Differentiable in `signs` and `input`; a
/// `signs` that is not tracked costs no work and no memory.
///
/// # Panics
///
/// When `n` is not a whole number of blocks, the lengths of `signs` and `input` differ, `input` has no row or `steps`
/// is 0.
pub fn kernel(
    signs: Tensor<1>,
    input: Tensor<2>,
    log2_block: usize,
    steps: usize,
    leak_factor: f32,
) -> Tensor<2> {
    let [columns, n] = input.dims();
    check(&signs, n, log2_block);
    assert!(columns > 0, "kernel: input has no row");
    assert!(steps > 0, "kernel: no steps");
    let (signs, input) = (signs.into_dispatch(), input.into_dispatch());
    let kernel = Dispatch::hadam_kernel(signs, input, log2_block, steps, leak_factor);
    Tensor::from_dispatch(kernel)
}

/// Every state of the recurrence: `h_t = leak factor W h_{t-1} + drive_t` with `h_{-1} = 0`.
///
/// `signs` is `[n]` in ±1, `layer_input` is `[batch, T, n]` and so is the result. Differentiable in both tensors; a `signs`
/// that is not tracked costs no work and no memory.
///
/// # Panics
///
/// When `n` is not a whole number of blocks, or the lengths of `signs` and the last dimension of `layer_input` differ.
pub fn scan(
    signs: Tensor<1>,
    layer_input: Tensor<3>,
    log2_block: usize,
    leak_factor: f32,
) -> Tensor<3> {
    let [_, _, n] = layer_input.dims();
    check(&signs, n, log2_block);
    let (signs, layer_input) = (signs.into_dispatch(), layer_input.into_dispatch());
    Tensor::from_dispatch(Dispatch::hadam_scan(
        signs,
        layer_input,
        log2_block,
        leak_factor,
    ))
}

/// A whole network over a batch of sequences, as [`SequencePlan`] describes it: of the shape [`SequencePlan::output_dims`].
///
/// `signs` holds the signs of all layers, in ±1; `weights` the other parameters, flat, as [`SequencePlan::sections`] has them;
/// `x` is `[batch, T, d_in]`, or any tensor where steps are tokens. Differentiable in `signs` and `weights`; signs that are not tracked cost
/// no work. Memory does not grow with the number of steps, or as its square root with a leak.
///
/// # Panics
///
/// When the lengths do not agree with `plan`, or a layer is not whole blocks.
pub fn sequence<const D: usize>(
    signs: Tensor<1>,
    weights: Tensor<1>,
    x: Tensor<3>,
    plan: SequencePlan,
) -> Tensor<D> {
    let ([signs_len], [weights_len]) = (signs.dims(), weights.dims());
    assert!(
        signs_len == plan.signs() && weights_len == plan.parameters(),
        "{signs_len} signs and {weights_len} parameters for a plan of {} and {}",
        plan.signs(),
        plan.parameters()
    );
    plan.check_inputs(x.dims());
    let (signs, weights) = (signs.into_dispatch(), weights.into_dispatch());
    let (output, _) = Dispatch::hadam_sequence(signs, weights, x.into_dispatch(), plan, false);
    Tensor::from_dispatch(output)
}

/// Whether [`sequence()`] is the fast form on `device`: it computes on the host.
pub fn runs_sequences(device: &Device) -> bool {
    let hosts = [
        #[cfg(feature = "flex")]
        Device::flex(),
        #[cfg(feature = "ndarray")]
        Device::ndarray(),
    ];
    hosts.contains(device)
}

fn check(signs: &Tensor<1>, n: usize, log2_block: usize) {
    let [found] = signs.dims();
    assert!(found == n, "{found} signs for {n} hidden units");
    assert!(
        n > 0 && n.trailing_zeros() as usize >= log2_block,
        "{n} hidden units are not whole blocks of 2^{log2_block}"
    );
}
