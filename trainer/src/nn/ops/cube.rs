//! The operations as CubeCL kernels, for every runtime of Burn's `cuda` and `wgpu` features.
//!
//! One launch does a whole sequence: one cube per column of the kernel or per sequence of the scan, the loop over time
//! inside, the state in the cube's registers and shared memory. [`kernels`] has the formulas, [`transform`] the
//! butterflies, [`layout`] which unit holds what, [`held`] what it does with that alone.

mod held;
#[allow(clippy::too_many_arguments, reason = "every buffer of a kernel is one")]
mod kernels;
mod layout;
mod transform;

#[cfg(test)]
mod tests;

use super::HadamBackend;
use super::host::HostRead;
use super::kernel::KernelShape;
use crate::nn::fwht::block_scale;
use burn::backend::TensorMetadata;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl::prelude::{CubeCount, CubeDim};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use layout::Layout;

impl HostRead for CubeBackend {}

/// How one launch is spread over the device.
struct Launch {
    /// Lends its client and device.
    like: CubeTensor,
    layout: Layout,
    cubes: u32,
    steps: u32,
    /// `γ / sqrt(B)`.
    scale: f32,
}

/// `γ W`.
struct Recurrence {
    hidden: usize,
    log2_block: usize,
    leak_factor: f32,
}

impl Launch {
    /// One cube for each of `cubes` columns or sequences.
    fn new(like: &CubeTensor, recurrence: Recurrence, cubes: usize, steps: usize) -> Self {
        let Recurrence {
            hidden,
            log2_block,
            leak_factor,
        } = recurrence;
        let hardware = &like.client.properties().hardware;
        let layout = Layout::new(hidden, log2_block, hardware.max_units_per_cube as usize);
        let shared = layout.shared_len() * size_of::<f32>();
        assert!(
            shared <= hardware.max_shared_memory_size,
            "{hidden} hidden units in blocks of 2^{log2_block} need {shared} bytes of shared memory, this device has {}",
            hardware.max_shared_memory_size
        );
        let most = hardware.max_cube_count.0 as usize;
        assert!(
            cubes <= most,
            "{cubes} columns or sequences at once, this device takes {most}: use a smaller batch"
        );
        Self {
            like: like.clone(),
            layout,
            cubes: cubes as u32,
            steps: u32::try_from(steps).expect("steps fit 32 bits"),
            scale: block_scale(log2_block) * leak_factor,
        }
    }

    /// One cube for each column of the kernel.
    fn of_columns(like: &CubeTensor, shape: &KernelShape) -> Self {
        let recurrence = Recurrence {
            hidden: shape.hidden,
            log2_block: shape.log2_block,
            leak_factor: shape.leak_factor,
        };
        Self::new(like, recurrence, shape.columns, shape.steps)
    }

    /// One cube for each of the sequences `[batch, T, n]`.
    fn of_sequences(like: &CubeTensor, log2_block: usize, leak_factor: f32) -> Self {
        let shape = like.shape();
        let recurrence = Recurrence {
            hidden: shape[2],
            log2_block,
            leak_factor,
        };
        Self::new(like, recurrence, shape[0], shape[1])
    }

    /// Whether there is no step to take.
    fn is_empty(&self) -> bool {
        self.cubes == 0 || self.steps == 0
    }

    fn count(&self) -> CubeCount {
        CubeCount::Static(self.cubes, 1, 1)
    }

    fn dim(&self) -> CubeDim {
        CubeDim::new_1d(self.layout.units as u32)
    }

    /// A tensor that the kernel fills.
    fn output(&self, shape: impl Into<Shape>) -> CubeTensor {
        let shape = shape.into();
        // Kernels index with 32 bits.
        assert!(
            u32::try_from(shape.num_elements()).is_ok(),
            "a tensor of shape {shape:?} is too large for this device: use a smaller batch"
        );
        let (client, device) = (self.like.client.clone(), self.like.device.clone());
        empty_device_contiguous_dtype(client, device, shape, DType::F32)
    }

    /// The gradient of the signs, `[n]`, from the cubes' sums, the first rows of `partial`, `[cubes.., n]`.
    fn signs_grad(&self, signs: CubeTensor, partial: CubeTensor) -> CubeTensor {
        const UNITS: usize = 64;
        let hidden = self.layout.hidden;
        let sum = self.output([hidden]);
        kernels::sum_rows::launch(
            &self.like.client,
            CubeCount::Static(hidden.div_ceil(UNITS) as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            signs.into_buffer_arg(),
            partial.into_buffer_arg(),
            sum.clone().into_buffer_arg(),
            self.cubes,
        );
        sum
    }
}

/// `tensor` as the flat buffer that a kernel reads.
fn floats(tensor: CubeTensor) -> CubeTensor {
    assert!(
        tensor.dtype == DType::F32,
        "the recurrence computes in f32: convert the tensor first"
    );
    into_contiguous(tensor)
}

impl HadamBackend for CubeBackend {
    fn hadam_kernel(
        signs: CubeTensor,
        input: CubeTensor,
        log2_block: usize,
        steps: usize,
        leak_factor: f32,
    ) -> CubeTensor {
        let shape = input.shape();
        let shape =
            KernelShape::new(shape[0], shape[1], log2_block, steps).with_leak_factor(leak_factor);
        let launch = Launch::of_columns(&input, &shape);
        let kernel = launch.output(shape.dims());
        kernels::kernel_forward::launch(
            &launch.like.client,
            launch.count(),
            launch.dim(),
            floats(signs).into_buffer_arg(),
            floats(input).into_buffer_arg(),
            kernel.clone().into_buffer_arg(),
            launch.scale,
            launch.steps,
            launch.cubes,
            launch.layout,
        );
        kernel
    }

    fn hadam_kernel_input_grad(
        signs: CubeTensor,
        grad: CubeTensor,
        log2_block: usize,
        steps: usize,
        leak_factor: f32,
    ) -> CubeTensor {
        let shape = grad.shape();
        let shape = KernelShape::of_grad(shape[0], shape[1], log2_block, steps)
            .with_leak_factor(leak_factor);
        let launch = Launch::of_columns(&grad, &shape);
        let input = launch.output([shape.columns, shape.hidden]);
        kernels::kernel_input_grad::launch(
            &launch.like.client,
            launch.count(),
            launch.dim(),
            floats(signs).into_buffer_arg(),
            floats(grad).into_buffer_arg(),
            input.clone().into_buffer_arg(),
            launch.scale,
            launch.steps,
            launch.cubes,
            launch.layout,
        );
        input
    }

    fn hadam_kernel_grads(
        signs: CubeTensor,
        input: CubeTensor,
        kernel: CubeTensor,
        grad: CubeTensor,
        log2_block: usize,
        steps: usize,
        leak_factor: f32,
    ) -> (CubeTensor, CubeTensor) {
        let shape = grad.shape();
        let shape = KernelShape::of_grad(shape[0], shape[1], log2_block, steps)
            .with_leak_factor(leak_factor);
        let launch = Launch::of_columns(&grad, &shape);
        let signs = floats(signs);
        let input_grad = launch.output([shape.columns, shape.hidden]);
        // The columns' gradients of the signs, then the states of the bias.
        let scratch = launch.output([shape.columns + steps, shape.hidden]);
        kernels::kernel_grads::launch(
            &launch.like.client,
            launch.count(),
            launch.dim(),
            signs.clone().into_buffer_arg(),
            floats(input).into_buffer_arg(),
            floats(kernel).into_buffer_arg(),
            floats(grad).into_buffer_arg(),
            input_grad.clone().into_buffer_arg(),
            scratch.clone().into_buffer_arg(),
            launch.scale,
            launch.steps,
            launch.cubes,
            launch.layout,
        );
        (launch.signs_grad(signs, scratch), input_grad)
    }

    fn hadam_scan(
        signs: CubeTensor,
        layer_input: CubeTensor,
        log2_block: usize,
        leak_factor: f32,
    ) -> CubeTensor {
        let launch = Launch::of_sequences(&layer_input, log2_block, leak_factor);
        let states = launch.output(layer_input.shape());
        if launch.is_empty() {
            return states;
        }
        kernels::scan_forward::launch(
            &launch.like.client,
            launch.count(),
            launch.dim(),
            floats(signs).into_buffer_arg(),
            floats(layer_input).into_buffer_arg(),
            states.clone().into_buffer_arg(),
            launch.scale,
            launch.steps,
            launch.layout,
        );
        states
    }

    fn hadam_scan_input_grad(
        signs: CubeTensor,
        grad: CubeTensor,
        log2_block: usize,
        leak_factor: f32,
    ) -> CubeTensor {
        let launch = Launch::of_sequences(&grad, log2_block, leak_factor);
        let layer_input = launch.output(grad.shape());
        if launch.is_empty() {
            return layer_input;
        }
        kernels::scan_drive_grad::launch(
            &launch.like.client,
            launch.count(),
            launch.dim(),
            floats(signs).into_buffer_arg(),
            floats(grad).into_buffer_arg(),
            layer_input.clone().into_buffer_arg(),
            launch.scale,
            launch.steps,
            launch.layout,
        );
        layer_input
    }

    fn hadam_scan_grads(
        signs: CubeTensor,
        layer_input: CubeTensor,
        states: CubeTensor,
        grad: CubeTensor,
        log2_block: usize,
        leak_factor: f32,
    ) -> (CubeTensor, CubeTensor) {
        let launch = Launch::of_sequences(&grad, log2_block, leak_factor);
        let signs = floats(signs);
        let drive_grad = launch.output(grad.shape());
        let partial = launch.output([launch.cubes as usize, launch.layout.hidden]);
        if !launch.is_empty() {
            kernels::scan_grads::launch(
                &launch.like.client,
                launch.count(),
                launch.dim(),
                signs.clone().into_buffer_arg(),
                floats(layer_input).into_buffer_arg(),
                floats(states).into_buffer_arg(),
                floats(grad).into_buffer_arg(),
                drive_grad.clone().into_buffer_arg(),
                partial.clone().into_buffer_arg(),
                launch.scale,
                launch.steps,
                launch.layout,
            );
        }
        (launch.signs_grad(signs, partial), drive_grad)
    }
}
