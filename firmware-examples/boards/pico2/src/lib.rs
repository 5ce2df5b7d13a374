//! The Raspberry Pi Pico 2: what its pins, clocks and peripherals are.
#![no_std]

#[path = "../../../hal/rp.rs"]
mod rp;

pub use rp::{Board, start};

/// Constants that the build script writes.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

/// Clock of the core.
pub const CORE_HZ: u32 = 150_000_000;
/// Bytes of flash on the board.
const FLASH_SIZE: usize = 4 << 20;
