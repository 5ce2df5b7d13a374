//! The firmware of every real board, but for its pins, clocks and peripherals: those are all that the workspaces in
//! `boards/` hold.
//!
//! Feature `firmware` has the programs; without it there are the sensors and the flash of the slots, which tests on the
//! host run against a scripted bus and a flash in memory.
#![cfg_attr(not(test), no_std)]

#[cfg(feature = "firmware")]
mod app;
#[cfg(feature = "firmware")]
mod classify;
#[cfg(feature = "firmware")]
pub mod cycles;
#[cfg(feature = "firmware")]
mod failure;
pub mod flash;
pub mod imu;
#[cfg(feature = "firmware")]
mod outbox;
#[cfg(feature = "firmware")]
pub mod stack;
#[cfg(feature = "firmware")]
mod stream;

#[cfg(feature = "firmware")]
pub use app::App;
#[cfg(feature = "firmware")]
pub use failure::Failure;
#[cfg(feature = "firmware")]
pub use stream::Parts;
