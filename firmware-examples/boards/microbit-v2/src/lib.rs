//! The BBC micro:bit v2: what its pins, clocks and peripherals are.
#![no_std]

use defmt_rtt as _;
use embassy_nrf::config::{Config, HfclkSource, LfclkSource};
use embassy_nrf::twim::{self, Twim};
use embassy_nrf::{bind_interrupts, peripherals};
use panic_probe as _;
use static_cell::ConstStaticCell;

/// What the build script was told.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

/// Clock of the core.
pub const CORE_HZ: u32 = 64_000_000;

bind_interrupts!(struct Irqs {
    TWISPI0 => twim::InterruptHandler<peripherals::TWISPI0>;
});

/// What the programs use.
pub struct Board {
    /// To the motion sensor.
    pub i2c: Twim<'static>,
}

impl Board {
    /// Starts clocks and peripherals. To be called once.
    pub fn start() -> Self {
        let mut config = Config::default();
        config.hfclk_source = HfclkSource::ExternalXtal;
        // The board has no slow crystal.
        config.lfclk_source = LfclkSource::InternalRC;
        let p = embassy_nrf::init(config);
        // The controller reads from RAM alone: what lies in flash goes through here.
        static BUFFER: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
        let mut i2c = twim::Config::default();
        i2c.frequency = twim::Frequency::K400;
        Self {
            i2c: Twim::new(p.TWISPI0, Irqs, p.P0_16, p.P0_08, i2c, BUFFER.take()),
        }
    }
}
