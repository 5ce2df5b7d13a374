//! The BBC micro:bit v2: what its pins, clocks and peripherals are.
#![no_std]

use cortex_m::peripheral::SCB;
use defmt_rtt as _;
use embassy_nrf::buffered_uarte::{self, BufferedUarte, BufferedUarteRx, BufferedUarteTx};
use embassy_nrf::config::{Config, HfclkSource, LfclkSource};
use embassy_nrf::nvmc::Nvmc;
use embassy_nrf::twim::{self, Twim};
use embassy_nrf::{bind_interrupts, peripherals, uarte};
use hadamrnn_board::flash::SlotFlash;
use hadamrnn_board::{Parts, imu};
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
    TWISPI0 => twim::InterruptHandler<peripherals::TWISPI0>;
    TWISPI1 => twim::InterruptHandler<peripherals::TWISPI1>;
    UARTE0 => buffered_uarte::InterruptHandler<peripherals::UARTE0>;
});

/// What the board gives to the programs.
pub type Board =
    Parts<Nvmc<'static>, Twim<'static>, BufferedUarteRx<'static>, BufferedUarteTx<'static>>;

/// Starts clocks and peripherals. To be called once.
pub fn start() -> Board {
    let mut config = Config::default();
    config.hfclk_source = HfclkSource::ExternalXtal;
    // The board has no slow crystal.
    config.lfclk_source = LfclkSource::InternalRC;
    let p = embassy_nrf::init(config);

    // The bus controllers read from RAM alone: what lies in flash goes through here.
    static OUTER: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    static INNER: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    let mut config = twim::Config::default();
    config.frequency = twim::Frequency::K400;
    // With nothing wired there, the lines have to be high.
    (config.sda_pullup, config.scl_pullup) = (true, true);
    // SDA and SCL of the edge connector, pins 20 and 19.
    let mut outer = Twim::new(p.TWISPI0, Irqs, p.P1_00, p.P0_26, config, OUTER.take());
    let i2c = match imu::find(&mut outer) {
        Some(_) => outer,
        // The bus of the board's own accelerometer.
        None => {
            let mut config = twim::Config::default();
            config.frequency = twim::Frequency::K400;
            Twim::new(p.TWISPI1, Irqs, p.P0_16, p.P0_08, config, INNER.take())
        }
    };

    static RX: ConstStaticCell<[u8; 256]> = ConstStaticCell::new([0; 256]);
    static TX: ConstStaticCell<[u8; 512]> = ConstStaticCell::new([0; 512]);
    // To the interface chip, which is a serial port on the host; RX, TX.
    let (rx, tx) = BufferedUarte::new(
        p.UARTE0,
        p.TIMER1,
        p.PPI_CH0,
        p.PPI_CH1,
        p.PPI_GROUP0,
        p.P1_08,
        p.P0_06,
        Irqs,
        uarte::Config::default(),
        RX.take(),
        TX.take(),
    )
    .split();

    Parts {
        flash: slots(Nvmc::new(p.NVMC)),
        i2c,
        rx,
        tx,
        reset: SCB::sys_reset,
    }
}

#[allow(unsafe_code, reason = "tells where flash is in memory")]
/// The slots' flash.
fn slots(flash: Nvmc<'static>) -> SlotFlash<Nvmc<'static>> {
    let address = core::ptr::with_exposed_provenance(SLOTS_ORIGIN as usize);
    // SAFETY: the chip has all of its flash in its memory, from address 0 on; the firmware, which the linker has put elsewhere,
    // writes to flash by this driver alone.
    unsafe { SlotFlash::mapped(flash, SLOTS_ORIGIN, SLOTS, address) }
}
