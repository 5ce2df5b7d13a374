//! Code shared by the firmware of all emulated boards. The build script configures it, see `build.rs`.
#![no_std]

/// Constants that the build script writes.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

#[cfg(feature = "report")]
pub mod costs;
pub mod counter;
pub mod embedded;
#[cfg(feature = "report")]
pub mod failure;
#[cfg(feature = "report")]
mod faults;
#[cfg(feature = "report")]
pub mod judge;
#[cfg(feature = "report")]
pub mod load;
pub mod platform;
#[cfg(feature = "report")]
pub mod report_file;
#[cfg(feature = "report")]
pub mod run;
#[cfg(feature = "report")]
pub mod samples;
pub mod stack;
