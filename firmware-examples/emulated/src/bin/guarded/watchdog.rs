//! The watchdog of the MPS2 boards: a counter that interrupts when it ends, and restarts the board when it ends again.
#![allow(unsafe_code, reason = "registers of the watchdog, and its interrupt")]

use cortex_m_rt::exception;

/// Arm CMSDK APB watchdog, as the technical reference manual of the design kit has its registers.
const LOAD: *mut u32 = 0x4000_8000 as *mut u32;
const CONTROL: *mut u32 = 0x4000_8008 as *mut u32;
const LOCK: *mut u32 = 0x4000_8C00 as *mut u32;
/// The counter runs and interrupts; the board restarts when the interrupt is not cleared in time.
const INTERRUPT_AND_RESET: u32 = 0b11;
/// Opens the registers.
const KEY: u32 = 0x1ACC_E551;

/// Runs from here on: without [`feed`] for `2 * ticks` ticks of 25 MHz the board restarts.
pub fn start(ticks: u32) {
    // SAFETY: registers of this board's watchdog, which nothing else uses.
    unsafe {
        LOCK.write_volatile(KEY);
        LOAD.write_volatile(ticks);
        CONTROL.write_volatile(INTERRUPT_AND_RESET);
        // From now on a stray write cannot stop it.
        LOCK.write_volatile(0);
    }
}

/// The program is alive: the counter begins anew with `ticks`.
pub fn feed(ticks: u32) {
    // SAFETY: as above.
    unsafe {
        LOCK.write_volatile(KEY);
        LOAD.write_volatile(ticks);
        LOCK.write_volatile(0);
    }
}

/// The first end of the counter: nothing is to be done but to wait for the second.
#[exception]
unsafe fn NonMaskableInt() {}
