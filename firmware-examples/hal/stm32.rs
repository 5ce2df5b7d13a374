//! STM32 Nucleo boards with 64 pins: what their peripherals are, and the pins of their Arduino header and ST-Link.

use core::convert::Infallible;
use core::future::pending;

use cortex_m::peripheral::SCB;
use defmt_rtt as _;
use embassy_stm32::bind_interrupts;
use embassy_stm32::flash::{self, Flash};
use embassy_stm32::i2c::{self, I2c};
use embassy_stm32::mode::Blocking;
use embassy_stm32::peripherals::USART2;
use embassy_stm32::time::Hertz;
use embassy_stm32::usart::{self, BufferedUart, BufferedUartRx, BufferedUartTx};
use hadamrnn_board::Parts;
use hadamrnn_board::flash::SlotFlash;
use panic_probe as _;
use static_cell::ConstStaticCell;

use crate::clocks;
use crate::config::{SLOT_SIZE, SLOTS_ORIGIN};

/// Bytes of both slots.
const SLOTS: u32 = 2 * SLOT_SIZE;

bind_interrupts!(struct Irqs {
    USART2 => usart::BufferedInterruptHandler<USART2>;
});

/// Where the core reads its flash.
const FLASH_BASE: u32 = 0x0800_0000;

/// The peripherals that the board hands over to the programs.
pub type Board = Parts<
    Flash<'static, flash::Blocking>,
    I2c<'static, Blocking, i2c::Master>,
    BufferedUartRx<'static>,
    BufferedUartTx<'static>,
>;

/// Starts clocks and peripherals. To be called once. Nothing has to run beside a program.
pub fn start() -> (impl Future<Output = Infallible>, Board) {
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

    let parts = Parts {
        flash: slots(Flash::new_blocking(p.FLASH)),
        i2c,
        rx,
        tx,
        reset: SCB::sys_reset,
    };
    (pending(), parts)
}

#[allow(unsafe_code, reason = "tells where flash is in memory")]
/// The slots' flash.
fn slots(flash: Flash<'static, flash::Blocking>) -> SlotFlash<Flash<'static, flash::Blocking>> {
    let address = core::ptr::with_exposed_provenance(SLOTS_ORIGIN as usize);
    // SAFETY: the chip has all of its flash in its memory, from `FLASH_BASE` on; the firmware, which the linker has put elsewhere,
    // writes to flash by this driver alone.
    unsafe { SlotFlash::mapped(flash, SLOTS_ORIGIN - FLASH_BASE, SLOTS, address) }
}
