//! What HadamRNN firmware and its host tools share.
//!
//! `no_std` and without allocation, except [`boards`], which needs the `registry` feature and `std`.
#![cfg_attr(not(any(test, feature = "registry")), no_std)]

#[cfg(feature = "registry")]
pub mod boards;
pub mod count;
pub mod imu;
pub mod report;
pub mod windows;
