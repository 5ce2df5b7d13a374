//! Flash words whose writing was cut short.
//!
//! The STM32G0's flash has check bits, and reading a double word that two bits of which are wrong raises the non-maskable
//! interrupt. That is what a power cut may leave in a slot: the read has to go on, so that the slot's checksum can refuse it.
#![allow(
    unsafe_code,
    reason = "a register that the HAL does not show, and a handler that cortex-m-rt wants unsafe"
)]

use cortex_m_rt::exception;

/// `FLASH_ECCR` (RM0444, section 3.7.7).
const ECC: *mut u32 = core::ptr::with_exposed_provenance_mut(0x4002_2018);
/// Two wrong bits were found; cleared by writing 1.
const DETECTED: u32 = 1 << 31;

#[exception]
unsafe fn NonMaskableInt() {
    // SAFETY: a register of the flash controller. Writing back what is read changes no setting, and clears the flag.
    let status = unsafe { ECC.read_volatile() };
    assert!(status & DETECTED != 0, "an interrupt that nobody knows");
    // SAFETY: as above.
    unsafe { ECC.write_volatile(status) }
}
