//! The Nordic nRF52840-DK: what its pins, clocks and peripherals are.
#![no_std]

#[path = "../../../hal/nrf.rs"]
mod nrf;

use core::convert::Infallible;

use embassy_nrf::config::LfclkSource;
use embassy_nrf::twim::Twim;
use nrf::{Irqs, bus, clocks, link, parts};
use static_cell::ConstStaticCell;

pub use nrf::Board;

/// Constants that the build script writes.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

/// Clock of the core.
pub const CORE_HZ: u32 = 64_000_000;

/// Starts clocks and peripherals. To be called once. Nothing has to run beside a program.
pub fn start() -> (impl Future<Output = Infallible>, Board) {
    let p = embassy_nrf::init(clocks(LfclkSource::ExternalXtal));

    // The bus controller reads from RAM alone: what lies in flash goes through here.
    static I2C: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    // SDA and SCL of the Arduino header.
    let i2c = Twim::new(p.TWISPI0, Irqs, p.P0_26, p.P0_27, bus(), I2C.take());

    let channels = (p.PPI_CH0, p.PPI_CH1, p.PPI_GROUP0);
    // To the J-Link, which is a serial port on the host; RX, TX.
    let link = link(p.UARTE0, p.TIMER1, channels, p.P0_08, p.P0_06);
    parts(p.NVMC, i2c, link)
}
