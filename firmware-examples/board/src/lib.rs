//! The firmware of every real board, but for its pins, clocks and peripherals: those are all that the workspaces in
//! `boards/` hold.
//!
//! Feature `firmware` has the programs; without it there are the sensors alone, which tests on the host run against a
//! scripted bus.
#![no_std]

#[cfg(feature = "firmware")]
mod classify;
#[cfg(feature = "firmware")]
pub mod cycles;
#[cfg(feature = "firmware")]
mod failure;
pub mod imu;
#[cfg(feature = "firmware")]
mod stream;

use core::marker::PhantomData;

use hadamrnn_runtime::Kernel;

#[cfg(feature = "firmware")]
pub use failure::Failure;
#[cfg(feature = "firmware")]
pub use hadamrnn_firmware_common::stack;

/// What a firmware is built for; its build script writes it.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The board's name in the registry.
    pub board: &'static str,
    /// Name of the kernel.
    pub kernel: &'static str,
    /// Samples a second.
    pub sample_hz: u16,
    /// Samples to a window.
    pub window: u16,
    /// Samples from one answer to the next.
    pub hop: u16,
}

/// What a firmware carries with it.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// A model file, aligned as the runtime reads it.
    pub model: &'static [u8],
    /// A window file.
    pub windows: &'static [u8],
}

/// The programs, with room for models of `N` hidden units, `D` inputs, a pooled readout of `POOL` units and a second
/// layer of `SECOND` units, run by kernel `K`.
pub struct App<K: Kernel, const N: usize, const D: usize, const POOL: usize, const SECOND: usize>(
    PhantomData<K>,
);
