//! The Raspberry Pi Pico: what its pins, clocks and peripherals are.
#![no_std]

use defmt_rtt as _;
use embassy_rp::i2c::{self, I2c};
use embassy_rp::peripherals;
use panic_probe as _;

/// What the build script was told.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

/// Clock of the core.
pub const CORE_HZ: u32 = 125_000_000;

/// What the programs use.
pub struct Board {
    /// To the motion sensor.
    pub i2c: I2c<'static, peripherals::I2C0, i2c::Blocking>,
}

impl Board {
    /// Starts clocks and peripherals. To be called once.
    pub fn start() -> Self {
        let p = embassy_rp::init(embassy_rp::config::Config::default());
        let mut i2c = i2c::Config::default();
        i2c.frequency = 400_000;
        Self {
            i2c: I2c::new_blocking(p.I2C0, p.PIN_5, p.PIN_4, i2c),
        }
    }
}
