//! ESP32-C3 boards whose USB port is the chip's own: what their pins, clocks and peripherals are.
#![no_std]

use defmt_rtt as _;
use esp_backtrace as _;
use esp_hal::Blocking;
use esp_hal::clock::CpuClock;
use esp_hal::i2c::master::{Config as I2cConfig, I2c};
use esp_hal::peripherals::{FROM_CPU_INTR0, TIMG0};
use esp_hal::time::Rate;
use esp_hal::timer::timg::TimerGroup;

/// What the build script was told.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}

/// Clock of the core.
pub const CORE_HZ: u32 = 160_000_000;

/// What the programs use.
pub struct Board {
    /// To the motion sensor.
    pub i2c: I2c<'static, Blocking>,
    /// What wakes tasks.
    pub timer: Timer,
}

/// The timer of the asynchronous programs.
pub struct Timer {
    group: TIMG0<'static>,
    interrupt: FROM_CPU_INTR0<'static>,
}

impl Timer {
    /// Starts the scheduler.
    pub fn start(self) {
        esp_rtos::start(TimerGroup::new(self.group).timer0, self.interrupt);
    }
}

impl Board {
    /// Starts clocks and peripherals. To be called once.
    pub fn start() -> Self {
        let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::_160MHz));
        let i2c = I2cConfig::default().with_frequency(Rate::from_khz(400));
        let i2c = defmt::unwrap!(I2c::new(p.I2C0, i2c), "a rate that the controller has");
        Self {
            i2c: i2c.with_sda(p.GPIO10).with_scl(p.GPIO8),
            timer: Timer {
                group: p.TIMG0,
                interrupt: p.FROM_CPU_INTR0,
            },
        }
    }
}
