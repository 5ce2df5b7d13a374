//! ESP32-C3 boards whose USB port is the chip's own, such as the ESP32-C3-DevKit-RUST-1: what their pins, clocks and
//! peripherals are.
#![no_std]

use defmt_rtt as _;
use esp_backtrace as _;
use esp_hal::clock::CpuClock;
use esp_hal::i2c::master::{Config as I2cConfig, I2c};
use esp_hal::peripherals::{FROM_CPU_INTR0, TIMG0};
use esp_hal::system::software_reset;
use esp_hal::time::Rate;
use esp_hal::timer::timg::TimerGroup;
use esp_hal::usb::usb_serial_jtag::{UsbSerialJtag, UsbSerialJtagRx, UsbSerialJtagTx};
use esp_hal::{Async, Blocking};
use esp_storage::FlashStorage;
use hadamrnn_board::Parts;
use hadamrnn_board::flash::SlotFlash;
use static_cell::ConstStaticCell;

/// Constants that the build script writes.
pub mod config {
    include!(concat!(env!("OUT_DIR"), "/config.rs"));
}
use config::{SLOT_SIZE, SLOTS_ORIGIN};

/// Clock of the core.
pub const CORE_HZ: u32 = 160_000_000;
/// Bytes of both slots.
const SLOTS: usize = 2 * SLOT_SIZE as usize;

/// The peripherals that the board hands over to the programs.
pub type Board = Parts<
    FlashStorage<'static>,
    I2c<'static, Blocking>,
    UsbSerialJtagRx<'static, Async>,
    UsbSerialJtagTx<'static, Async>,
>;

/// Timer and interrupt that wake the tasks of asynchronous programs.
pub struct Scheduler {
    timer: TIMG0<'static>,
    interrupt: FROM_CPU_INTR0<'static>,
}

impl Scheduler {
    /// Starts it.
    pub fn start(self) {
        esp_rtos::start(TimerGroup::new(self.timer).timer0, self.interrupt);
    }
}

/// The copy of the slots' flash, on the boundary that the runtime asks for.
#[repr(C, align(4))]
struct Copy([u8; SLOTS]);

/// Starts clocks and peripherals. To be called once.
pub fn start() -> (Scheduler, Board) {
    let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::_160MHz));

    let config = I2cConfig::default().with_frequency(Rate::from_khz(400));
    let i2c = defmt::unwrap!(I2c::new(p.I2C0, config), "the controller has this rate");
    let (rx, tx) = UsbSerialJtag::new(p.USB_DEVICE).into_async().split();

    // The chip reads flash through a cache that maps the firmware alone.
    static COPY: ConstStaticCell<Copy> = ConstStaticCell::new(Copy([0; SLOTS]));
    let flash = SlotFlash::copied(FlashStorage::new(p.FLASH), SLOTS_ORIGIN, &mut COPY.take().0);

    let scheduler = Scheduler {
        timer: p.TIMG0,
        interrupt: p.FROM_CPU_INTR0,
    };
    let parts = Parts {
        flash: defmt::unwrap!(flash, "the flash has these bytes"),
        i2c: i2c.with_sda(p.GPIO10).with_scl(p.GPIO8),
        rx,
        tx,
        reset: || software_reset(),
    };
    (scheduler, parts)
}
