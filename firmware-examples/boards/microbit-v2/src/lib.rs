//! The BBC micro:bit v2: what its pins, clocks and peripherals are.
#![no_std]

#[path = "../../../hal/nrf.rs"]
mod nrf;

use core::convert::Infallible;

use embassy_nrf::config::LfclkSource;
use embassy_nrf::twim::Twim;
use hadamrnn_board::imu;
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
    // The board has no slow crystal.
    let p = embassy_nrf::init(clocks(LfclkSource::InternalRC));

    // The bus controllers read from RAM alone: what lies in flash goes through here.
    static OUTER: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    static INNER: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    let mut config = bus();
    // With nothing wired there, the lines have to be high.
    (config.sda_pullup, config.scl_pullup) = (true, true);
    // SDA and SCL of the edge connector, pins 20 and 19.
    let mut outer = Twim::new(p.TWISPI0, Irqs, p.P1_00, p.P0_26, config, OUTER.take());
    let i2c = match imu::find(&mut outer) {
        Some(_) => outer,
        // The bus of the board's own accelerometer.
        None => Twim::new(p.TWISPI1, Irqs, p.P0_16, p.P0_08, bus(), INNER.take()),
    };

    let channels = (p.PPI_CH0, p.PPI_CH1, p.PPI_GROUP0);
    // To the interface chip, which is a serial port on the host; RX, TX.
    let link = link(p.UARTE0, p.TIMER1, channels, p.P1_08, p.P0_06);
    parts(p.NVMC, i2c, link)
}
