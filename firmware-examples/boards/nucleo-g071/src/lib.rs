//! The ST Nucleo-G071RB: what its pins, clocks and peripherals are.
#![no_std]

mod torn_words;

use cortex_m::peripheral::SCB;
use defmt_rtt as _;
use embassy_stm32::flash::{self, Flash};
use embassy_stm32::i2c::{self, I2c};
use embassy_stm32::mode::Blocking;
use embassy_stm32::peripherals::USART2;
use embassy_stm32::rcc::{Pll, PllMul, PllPreDiv, PllRDiv, PllSource, Sysclk};
use embassy_stm32::time::Hertz;
use embassy_stm32::usart::{self, BufferedUart, BufferedUartRx, BufferedUartTx};
use embassy_stm32::{Config, bind_interrupts};
use hadamrnn_board::Parts;
use hadamrnn_board::flash::SlotFlash;
use panic_probe as _;
use static_cell::ConstStaticCell;

/// What the build script was told.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}
use config::{SLOT_SIZE, SLOTS_ORIGIN};

/// Clock of the core.
pub const CORE_HZ: u32 = 64_000_000;
/// Bytes of both slots.
const SLOTS: u32 = 2 * SLOT_SIZE;

bind_interrupts!(struct Irqs {
    USART2 => usart::BufferedInterruptHandler<USART2>;
});

/// Where the core reads its flash.
const FLASH_BASE: u32 = 0x0800_0000;

/// What the board gives to the programs.
pub type Board = Parts<
    Flash<'static, flash::Blocking>,
    I2c<'static, Blocking, i2c::Master>,
    BufferedUartRx<'static>,
    BufferedUartTx<'static>,
>;

/// Starts clocks and peripherals. To be called once.
pub fn start() -> Board {
    let p = embassy_stm32::init(clocks());

    let mut config = i2c::Config::default();
    config.frequency = Hertz::khz(400);
    // SCL and SDA of the Arduino header, D15 and D14.
    let i2c = I2c::new_blocking(p.I2C1, p.PB8, p.PB9, config);

    static RX: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    static TX: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);
    let config = usart::Config::default();
    // To the ST-Link, which is a serial port on the host; RX, TX.
    let serial = BufferedUart::new(p.USART2, p.PA3, p.PA2, TX.take(), RX.take(), Irqs, config);
    let (tx, rx) = defmt::unwrap!(serial, "the clocks give 115,200 baud").split();

    Parts {
        flash: slots(Flash::new_blocking(p.FLASH)),
        i2c,
        rx,
        tx,
        reset: SCB::sys_reset,
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

#[allow(unsafe_code, reason = "tells where flash is in memory")]
/// The slots' flash.
fn slots(flash: Flash<'static, flash::Blocking>) -> SlotFlash<Flash<'static, flash::Blocking>> {
    let address = core::ptr::with_exposed_provenance(SLOTS_ORIGIN as usize);
    // SAFETY: the chip has all of its flash in its memory, from `FLASH_BASE` on; the firmware, which the linker has put elsewhere,
    // writes to flash by this driver alone.
    unsafe { SlotFlash::mapped(flash, SLOTS_ORIGIN - FLASH_BASE, SLOTS, address) }
}
