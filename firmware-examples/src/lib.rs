//! Shared parts of the firmware examples of HadamRNN and the host's tools: how an emulated board is counted and reports, and,
//! with the feature `registry`, which boards there are and what a build script makes of one.
//!
//! `no_std` and without allocation, except [`boards`] and [`configure`], which need `std`.
//!
//! It serves this project's own examples and its program `hadamrnn`. A product needs `hadamrnn-device` and
//! `hadamrnn-runtime` alone.
#![cfg_attr(not(any(test, feature = "registry")), no_std)]

#[cfg(feature = "registry")]
pub mod boards;
#[cfg(feature = "registry")]
pub mod configure;
pub mod count;
pub mod report;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub mod stack;
