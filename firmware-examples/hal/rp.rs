//! Boards with an RP2040 or RP2350: what their peripherals are, and the pins of a Pico.

use core::convert::Infallible;

use cortex_m::peripheral::SCB;
use defmt_rtt as _;
use embassy_rp::flash::{self, Flash};
use embassy_rp::i2c::{self, I2c};
use embassy_rp::peripherals::{FLASH, I2C0, USB};
use embassy_rp::{bind_interrupts, usb};
use embassy_usb::UsbDevice;
use embassy_usb::class::cdc_acm::{BufferedReceiver, CdcAcmClass, Sender, State};
use hadamrnn_board::Parts;
use hadamrnn_board::flash::SlotFlash;
use panic_probe as _;
use static_cell::{ConstStaticCell, StaticCell};

use crate::FLASH_SIZE;
use crate::config::{BOARD, SLOT_SIZE, SLOTS_ORIGIN};

/// Bytes of both slots.
const SLOTS: u32 = 2 * SLOT_SIZE;

/// Where the core reads it.
const FLASH_BASE: u32 = 0x1000_0000;

bind_interrupts!(struct Irqs {
    USBCTRL_IRQ => usb::InterruptHandler<USB>;
});

type Usb = usb::Driver<'static, USB>;
type Storage = Flash<'static, FLASH, flash::Blocking, FLASH_SIZE>;

/// The peripherals that the board hands over to the programs.
pub type Board = Parts<
    Storage,
    I2c<'static, I2C0, i2c::Blocking>,
    BufferedReceiver<'static, Usb>,
    Sender<'static, Usb>,
>;

/// Starts clocks and peripherals. To be called once; gives what has to run beside a program that uses the port, too.
pub fn start() -> (impl Future<Output = Infallible>, Board) {
    let p = embassy_rp::init(embassy_rp::config::Config::default());

    let mut config = i2c::Config::default();
    config.frequency = 400_000;
    let i2c = I2c::new_blocking(p.I2C0, p.PIN_5, p.PIN_4, config);

    let (usb, tx, rx) = serial(usb::Driver::new(p.USB, Irqs));
    let parts = Parts {
        flash: slots(Flash::new_blocking(p.FLASH)),
        i2c,
        rx,
        tx,
        reset: SCB::sys_reset,
    };
    (run(usb), parts)
}

async fn run(mut usb: UsbDevice<'static, Usb>) -> Infallible {
    usb.run().await
}

/// A serial port on the host, by the USB class for it.
fn serial(
    driver: Usb,
) -> (
    UsbDevice<'static, Usb>,
    Sender<'static, Usb>,
    BufferedReceiver<'static, Usb>,
) {
    // Full speed has no larger packets.
    const PACKET: usize = 64;
    static CONFIGURATION: ConstStaticCell<[u8; 128]> = ConstStaticCell::new([0; 128]);
    static BOS: ConstStaticCell<[u8; 16]> = ConstStaticCell::new([0; 16]);
    static CONTROL: ConstStaticCell<[u8; PACKET]> = ConstStaticCell::new([0; PACKET]);
    static RX: ConstStaticCell<[u8; PACKET]> = ConstStaticCell::new([0; PACKET]);
    static STATE: StaticCell<State<'static>> = StaticCell::new();

    // The test number of pid.codes: not for products.
    let mut config = embassy_usb::Config::new(0x1209, 0x0001);
    config.manufacturer = Some("HadamRNN");
    config.product = Some(BOARD);
    let mut builder = embassy_usb::Builder::new(
        driver,
        config,
        CONFIGURATION.take(),
        BOS.take(),
        &mut [],
        CONTROL.take(),
    );
    let class = CdcAcmClass::new(&mut builder, STATE.init(State::new()), PACKET as u16);
    let (tx, rx) = class.split();
    (builder.build(), tx, rx.into_buffered(RX.take()))
}

#[allow(unsafe_code, reason = "tells where flash is in memory")]
/// The slots' flash.
fn slots(flash: Storage) -> SlotFlash<Storage> {
    let address = core::ptr::with_exposed_provenance(SLOTS_ORIGIN as usize);
    // SAFETY: the chip has all of its flash in its memory, from `FLASH_BASE` on; the firmware, which the linker has put elsewhere,
    // writes to flash by this driver alone.
    unsafe { SlotFlash::mapped(flash, SLOTS_ORIGIN - FLASH_BASE, SLOTS, address) }
}
