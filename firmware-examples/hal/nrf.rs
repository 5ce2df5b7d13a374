//! Boards with an nRF52833 or nRF52840: what their peripherals are. The pins are the board's.

use core::convert::Infallible;
use core::future::pending;

use cortex_m::peripheral::SCB;
use defmt_rtt as _;
use embassy_nrf::buffered_uarte::{self, BufferedUarte, BufferedUarteRx, BufferedUarteTx};
use embassy_nrf::config::{Config, HfclkSource, LfclkSource};
use embassy_nrf::gpio::Pin;
use embassy_nrf::nvmc::Nvmc;
use embassy_nrf::twim::{self, Twim};
use embassy_nrf::{Peri, bind_interrupts, peripherals, uarte};
use hadamrnn_board::Parts;
use hadamrnn_board::flash::SlotFlash;
use panic_probe as _;
use static_cell::ConstStaticCell;

use crate::config::{SLOT_SIZE, SLOTS_ORIGIN};

/// Bytes of both slots.
const SLOTS: u32 = 2 * SLOT_SIZE;

bind_interrupts!(pub struct Irqs {
    TWISPI0 => twim::InterruptHandler<peripherals::TWISPI0>;
    TWISPI1 => twim::InterruptHandler<peripherals::TWISPI1>;
    UARTE0 => buffered_uarte::InterruptHandler<peripherals::UARTE0>;
});

/// The peripherals that the board hands over to the programs.
pub type Board =
    Parts<Nvmc<'static>, Twim<'static>, BufferedUarteRx<'static>, BufferedUarteTx<'static>>;

/// The fast clock from the crystal that every board has, the slow one from where this board has it.
pub fn clocks(slow: LfclkSource) -> Config {
    let mut config = Config::default();
    config.hfclk_source = HfclkSource::ExternalXtal;
    config.lfclk_source = slow;
    config
}

/// Settings of an I2C bus at 400 kHz.
pub fn bus() -> twim::Config {
    let mut config = twim::Config::default();
    config.frequency = twim::Frequency::K400;
    config
}

/// The link, by a port and the timer and channels that its driver takes.
pub fn link(
    port: Peri<'static, peripherals::UARTE0>,
    timer: Peri<'static, peripherals::TIMER1>,
    (first, second, group): (
        Peri<'static, peripherals::PPI_CH0>,
        Peri<'static, peripherals::PPI_CH1>,
        Peri<'static, peripherals::PPI_GROUP0>,
    ),
    rx: Peri<'static, impl Pin>,
    tx: Peri<'static, impl Pin>,
) -> (BufferedUarteRx<'static>, BufferedUarteTx<'static>) {
    static RX: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    static TX: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);
    let config = uarte::Config::default();
    let (rx_buffer, tx_buffer) = (RX.take(), TX.take());
    BufferedUarte::new(
        port, timer, first, second, group, rx, tx, Irqs, config, rx_buffer, tx_buffer,
    )
    .split()
}

/// The peripherals that a board hands over to the programs. No other task has to run beside them.
pub fn parts(
    flash: Peri<'static, peripherals::NVMC>,
    i2c: Twim<'static>,
    (rx, tx): (BufferedUarteRx<'static>, BufferedUarteTx<'static>),
) -> (impl Future<Output = Infallible>, Board) {
    let parts = Parts {
        flash: slots(Nvmc::new(flash)),
        i2c,
        rx,
        tx,
        reset: SCB::sys_reset,
    };
    (pending(), parts)
}

#[allow(unsafe_code, reason = "tells where flash is in memory")]
/// The slots' flash.
fn slots(flash: Nvmc<'static>) -> SlotFlash<Nvmc<'static>> {
    let address = core::ptr::with_exposed_provenance(SLOTS_ORIGIN as usize);
    // SAFETY: the chip has all of its flash in its memory, from address 0 on; the firmware, which the linker has put elsewhere,
    // writes to flash by this driver alone.
    unsafe { SlotFlash::mapped(flash, SLOTS_ORIGIN, SLOTS, address) }
}
