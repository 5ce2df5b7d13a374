//! The ST Nucleo-G071RB: what its pins, clocks and peripherals are.
#![no_std]

use defmt_rtt as _;
use embassy_stm32::Config;
use embassy_stm32::i2c::{self, I2c};
use embassy_stm32::mode::Blocking;
use embassy_stm32::rcc::{Pll, PllMul, PllPreDiv, PllRDiv, PllSource, Sysclk};
use embassy_stm32::time::Hertz;
use panic_probe as _;

/// What the build script was told.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

/// Clock of the core.
pub const CORE_HZ: u32 = 64_000_000;

/// What the programs use.
pub struct Board {
    /// To the motion sensor.
    pub i2c: I2c<'static, Blocking, i2c::Master>,
}

impl Board {
    /// Starts clocks and peripherals. To be called once.
    pub fn start() -> Self {
        let p = embassy_stm32::init(clocks());
        let mut i2c = i2c::Config::default();
        i2c.frequency = Hertz::khz(400);
        Self {
            i2c: I2c::new_blocking(p.I2C1, p.PB8, p.PB9, i2c),
        }
    }
}

/// 16 MHz of the internal oscillator · 8 / 2.
fn clocks() -> Config {
    let mut config = Config::default();
    config.rcc.pll = Some(Pll {
        source: PllSource::HSI,
        prediv: PllPreDiv::DIV1,
        mul: PllMul::MUL8,
        divp: None,
        divq: None,
        divr: Some(PllRDiv::DIV2),
    });
    config.rcc.sys = Sysclk::PLL1_R;
    config
}
