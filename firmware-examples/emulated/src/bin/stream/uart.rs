//! UART 0 of the MPS2 boards: Arm's CMSDK APB UART (Arm DDI 0479).
#![allow(unsafe_code, reason = "device registers at fixed addresses")]

use cortex_m::peripheral::{NVIC, SCB};
use hadamrnn_device::link::Port;

const BASE: usize = 0x4000_4000;
const DATA: usize = 0x00;
const STATE: usize = 0x04;
const CONTROL: usize = 0x08;
const INTERRUPT: usize = 0x0c;
const DIVIDER: usize = 0x10;

const STATE_SEND_FULL: u32 = 1 << 0;
const STATE_RECEIVED: u32 = 1 << 1;
const CONTROL_SEND: u32 = 1 << 0;
const CONTROL_RECEIVE: u32 = 1 << 1;
const CONTROL_RECEIVE_INTERRUPT: u32 = 1 << 3;
const INTERRUPT_RECEIVED: u32 = 1 << 1;
/// 25 MHz by 115,200 baud.
const BAUD_DIVIDER: u32 = 217;
/// Received bytes are interrupt 0 of all of these boards.
const LINE: u32 = 1 << 0;

/// The port. No interrupt is ever taken: they only end [`Uart::wait`].
pub struct Uart {
    nvic: NVIC,
}

impl Uart {
    /// Starts the port, and masks interrupts for good.
    pub fn start(nvic: NVIC) -> Self {
        cortex_m::interrupt::disable();
        write(DIVIDER, BAUD_DIVIDER);
        let control = CONTROL_SEND | CONTROL_RECEIVE | CONTROL_RECEIVE_INTERRUPT;
        write(CONTROL, control);
        // SAFETY: interrupts are masked, so enabling one breaks no critical section.
        unsafe { nvic.iser[0].write(LINE) };
        Self { nvic }
    }

    /// Sleeps until a byte arrives or the sample timer fires; not at all if there is work.
    pub fn wait(&mut self, is_busy: bool) {
        if is_busy || read(STATE) & STATE_RECEIVED != 0 || SCB::is_pendst_pending() {
            return;
        }
        cortex_m::asm::wfi();
    }
}

impl Port for Uart {
    fn read(&mut self) -> Option<u8> {
        // Cleared before the byte is taken: the next one sets it again.
        write(INTERRUPT, INTERRUPT_RECEIVED);
        // SAFETY: a pending interrupt that is masked has no other use than to wake.
        unsafe { self.nvic.icpr[0].write(LINE) };
        (read(STATE) & STATE_RECEIVED != 0).then(|| read(DATA) as u8)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            while read(STATE) & STATE_SEND_FULL != 0 {}
            write(DATA, u32::from(*byte));
        }
    }
}

const fn register(offset: usize) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(BASE + offset)
}

fn read(offset: usize) -> u32 {
    // SAFETY: a register of the UART, which only this module uses.
    unsafe { register(offset).read_volatile() }
}

fn write(offset: usize, value: u32) {
    // SAFETY: as above.
    unsafe { register(offset).write_volatile(value) }
}
