//! Backends of [`FwhtPacked`](crate::kernel::FwhtPacked), one chosen for the target when compiling (see `build.rs`).
//!
//! | backend | targets | what it has of its own |
//! |---|---|---|
//! | `armv7em` | Cortex-M4, -M7; -M33 with `-C target-feature=+dsp` | assembly with the DSP instructions |
//! | `armv7m` | Cortex-M3, -M33 | assembly |
//! | `armv6m` | Cortex-M0, -M0+, -M23 | assembly in the low registers |
//! | `riscv32` | RISC-V of 32 bits | Rust that keeps eight rows in registers |
//! | `portable` | everything else; everywhere with feature `portable` | Rust |
//!
//! Every backend has the same parts. `step` advances the state
//! of models of the fast path, and leaves every other model to the portable code of the kernel. `standardise` (inputs),
//! `step_second` (a second layer), `add_products` (sums beyond 16 bits), `add_columns` (a dense binary matrix),
//! `add_rectified` (a pooled readout) and `project_pooled` (its place in a metric) do the same for theirs; where a backend has none of
//! its own, that of `portable` leaves everything.

#[cfg(hadamrnn_arch = "armv6m")]
mod armv6m;
#[cfg(any(hadamrnn_arch = "armv7m", hadamrnn_arch = "armv7em"))]
mod armv7m;
mod channels;
mod fast_path;
#[cfg(not(hadamrnn_arch = "portable"))]
mod plan;
#[cfg(not(hadamrnn_arch = "armv7em"))]
mod portable;
#[cfg(hadamrnn_arch = "riscv32")]
mod riscv32;
mod step;

pub(crate) use channels::Channels;
pub(crate) use fast_path::{
    RUNS_SECOND_LAYERS, first_layer_has_fast_path, recurrence_has_fast_path,
};
#[cfg(not(hadamrnn_arch = "portable"))]
pub(crate) use plan::FastPath;
pub use step::OwnStep;

#[cfg(hadamrnn_arch = "armv7em")]
pub(crate) use armv7m::{
    Constants, add_columns, add_products, add_rectified, project_pooled, standardise, step,
    step_second,
};
#[cfg(hadamrnn_arch = "portable")]
pub(crate) use portable::{
    FastPath, add_columns, add_products, add_rectified, project_pooled, standardise, step,
    step_second,
};
#[cfg(hadamrnn_arch = "armv6m")]
pub(crate) use {
    armv6m::{Constants, add_rectified, standardise, step},
    portable::{add_columns, add_products, project_pooled, step_second},
};
#[cfg(hadamrnn_arch = "armv7m")]
pub(crate) use {
    armv7m::{Constants, add_columns, add_products, standardise, step},
    portable::{add_rectified, project_pooled, step_second},
};
#[cfg(hadamrnn_arch = "riscv32")]
pub(crate) use {
    portable::{
        add_columns, add_products, add_rectified, project_pooled, standardise, step_second,
    },
    riscv32::{Constants, step},
};
