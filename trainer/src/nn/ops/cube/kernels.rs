//! The recurrence and its gradients, the loop over time inside: one cube per column or sequence.
//!
//! Every kernel takes flat, contiguous `f32` buffers. The formulas are those of [`kernel`](super::super::kernel) and
//! [`scan`](super::super::scan), with `γ W` for `W`. A number of the next time step is read from memory before the transform that it waits
//! for, so that the memory's latency is hidden behind the transform.

use super::held::{add, add_turned, multiply, read, scaled_signs, write, zeros};
use super::layout::Layout;
use super::transform::transform;
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// `input [C, n]` to the kernel `[steps * (C - 1) + 1, n]`; cube `C - 1` sums the powers of the bias by Horner's rule.
#[cube(launch)]
pub fn kernel_forward(
    signs: &[f32],
    input: &[f32],
    kernel: &mut [f32],
    scale: f32,
    steps: u32,
    columns: u32,
    #[comptime] layout: Layout,
) {
    let column = CUBE_POS;
    let channels = columns as usize - 1;
    let is_bias = column == channels;
    let signs = scaled_signs(signs, scale, layout);
    let start = read(input, column, layout);
    let mut shared = Shared::<[f32]>::new_slice(layout.shared_len());
    let mut state = read(input, column, layout);
    for step in 0..steps as usize {
        if step > 0 {
            transform(&mut state, &mut shared, layout);
            multiply(&mut state, &signs, layout);
            if is_bias {
                add(&mut state, &start, layout);
            }
        }
        if !is_bias {
            let time = steps as usize - 1 - step;
            write(kernel, time * channels + column, &state, layout);
        }
    }
    if is_bias {
        write(kernel, steps as usize * channels, &state, layout);
    }
}

/// Gradient of the input from `grad` of the kernel's shape.
#[cube(launch)]
pub fn kernel_input_grad(
    signs: &[f32],
    grad: &[f32],
    input_grad: &mut [f32],
    scale: f32,
    steps: u32,
    columns: u32,
    #[comptime] layout: Layout,
) {
    let column = CUBE_POS;
    let channels = columns as usize - 1;
    let is_bias = column == channels;
    let signs = scaled_signs(signs, scale, layout);
    let first = if is_bias {
        steps as usize * channels
    } else {
        column
    };
    let mut shared = Shared::<[f32]>::new_slice(layout.shared_len());
    let mut g = read(grad, first, layout);
    let mut sum = read(grad, first, layout);
    for time in 1..steps as usize {
        // The bias has one row of gradient: its next row is never added.
        let next = if is_bias {
            first
        } else {
            time * channels + column
        };
        let next = read(grad, next, layout);
        multiply(&mut g, &signs, layout);
        transform(&mut g, &mut shared, layout);
        if is_bias {
            add(&mut sum, &g, layout);
        } else {
            add(&mut g, &next, layout);
        }
    }
    if is_bias {
        write(input_grad, column, &sum, layout);
    } else {
        write(input_grad, column, &g, layout);
    }
}

/// Gradient of the input, and per column the sum over time of `g ⊙ W k` or `g ⊙ W a`: the gradient of the signs before
/// the columns are summed.
///
/// `scratch [C + steps, n]` holds these sums, then the states `a` of the bias, which the forward pass does not keep.
#[cube(launch)]
pub fn kernel_grads(
    signs: &[f32],
    input: &[f32],
    kernel: &[f32],
    grad: &[f32],
    input_grad: &mut [f32],
    scratch: &mut [f32],
    scale: f32,
    steps: u32,
    columns: u32,
    #[comptime] layout: Layout,
) {
    let column = CUBE_POS;
    let (columns, steps) = (columns as usize, steps as usize);
    let channels = columns - 1;
    let is_bias = column == channels;
    let signs = scaled_signs(signs, scale, layout);
    let mut shared = Shared::<[f32]>::new_slice(layout.shared_len());
    let mut added = zeros(layout);
    if is_bias {
        add(&mut added, &read(input, channels, layout), layout);
        let mut state = read(input, channels, layout);
        write(scratch, columns, &state, layout);
        for step in 1..steps {
            transform(&mut state, &mut shared, layout);
            multiply(&mut state, &signs, layout);
            add(&mut state, &added, layout);
            write(scratch, columns + step, &state, layout);
        }
    }
    let first = if is_bias { steps * channels } else { column };
    let mut g = read(grad, first, layout);
    let mut sum = read(grad, first, layout);
    let mut turned = zeros(layout);
    for time in 1..steps {
        // The bias has one row of gradient: `next` is not added then.
        let row = if is_bias {
            first
        } else {
            time * channels + column
        };
        let next = read(grad, row, layout);
        if is_bias {
            let state = read(&*scratch, columns + steps - time, layout);
            add_turned(&mut turned, &g, &state, &added, layout);
        } else {
            let state = read(kernel, (time - 1) * channels + column, layout);
            add_turned(&mut turned, &g, &state, &added, layout);
        }
        multiply(&mut g, &signs, layout);
        transform(&mut g, &mut shared, layout);
        if is_bias {
            add(&mut sum, &g, layout);
        } else {
            add(&mut g, &next, layout);
        }
    }
    write(scratch, column, &turned, layout);
    if is_bias {
        write(input_grad, column, &sum, layout);
    } else {
        write(input_grad, column, &g, layout);
    }
}

/// `layer_input [batch, T, n]` to the states of the same shape.
#[cube(launch)]
pub fn scan_forward(
    signs: &[f32],
    layer_input: &[f32],
    states: &mut [f32],
    scale: f32,
    steps: u32,
    #[comptime] layout: Layout,
) {
    let first = CUBE_POS * steps as usize;
    let signs = scaled_signs(signs, scale, layout);
    let mut shared = Shared::<[f32]>::new_slice(layout.shared_len());
    let mut state = read(layer_input, first, layout);
    write(states, first, &state, layout);
    for time in 1..steps as usize {
        let next = read(layer_input, first + time, layout);
        transform(&mut state, &mut shared, layout);
        multiply(&mut state, &signs, layout);
        add(&mut state, &next, layout);
        write(states, first + time, &state, layout);
    }
}

/// Gradient of the layer input from `grad [batch, T, n]`.
#[cube(launch)]
pub fn scan_drive_grad(
    signs: &[f32],
    grad: &[f32],
    drive_grad: &mut [f32],
    scale: f32,
    steps: u32,
    #[comptime] layout: Layout,
) {
    let last = CUBE_POS * steps as usize + steps as usize - 1;
    let signs = scaled_signs(signs, scale, layout);
    let mut shared = Shared::<[f32]>::new_slice(layout.shared_len());
    let mut g = read(grad, last, layout);
    write(drive_grad, last, &g, layout);
    for back in 1..steps as usize {
        let next = read(grad, last - back, layout);
        multiply(&mut g, &signs, layout);
        transform(&mut g, &mut shared, layout);
        add(&mut g, &next, layout);
        write(drive_grad, last - back, &g, layout);
    }
}

/// Gradient of the layer input, and per sequence `Σ_t g_t ⊙ (h_t - z_t)`: the gradient of the signs before sequences are
/// summed.
#[cube(launch)]
pub fn scan_grads(
    signs: &[f32],
    layer_input: &[f32],
    states: &[f32],
    grad: &[f32],
    drive_grad: &mut [f32],
    partial: &mut [f32],
    scale: f32,
    steps: u32,
    #[comptime] layout: Layout,
) {
    let last = CUBE_POS * steps as usize + steps as usize - 1;
    let signs = scaled_signs(signs, scale, layout);
    let mut shared = Shared::<[f32]>::new_slice(layout.shared_len());
    let mut g = read(grad, last, layout);
    let mut turned = zeros(layout);
    write(drive_grad, last, &g, layout);
    for back in 1..steps as usize {
        let state = read(states, last - back + 1, layout);
        let layer_input = read(layer_input, last - back + 1, layout);
        let next = read(grad, last - back, layout);
        add_turned(&mut turned, &g, &state, &layer_input, layout);
        multiply(&mut g, &signs, layout);
        transform(&mut g, &mut shared, layout);
        add(&mut g, &next, layout);
        write(drive_grad, last - back, &g, layout);
    }
    write(partial, CUBE_POS, &turned, layout);
}

/// `sum[i] = signs[i] * Σ_row partial[row][i]`, rows in order; one unit per number.
#[cube(launch)]
pub fn sum_rows(signs: &[f32], partial: &[f32], sum: &mut [f32], rows: u32) {
    let at = ABSOLUTE_POS;
    if at < sum.len() {
        let mut total = 0.0f32;
        for row in 0..rows as usize {
            total += partial[row * sum.len() + at];
        }
        sum[at] = total * signs[at];
    }
}
