//! The ST Nucleo-G071RB: what its pins, clocks and peripherals are.
#![no_std]

#[path = "../../../hal/stm32.rs"]
mod stm32;
mod torn_words;

use embassy_stm32::Config;
use embassy_stm32::rcc::{Pll, PllMul, PllPreDiv, PllRDiv, PllSource, Sysclk};

pub use stm32::{Board, start};

/// Constants that the build script writes.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

/// Clock of the core.
pub const CORE_HZ: u32 = 64_000_000;

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
