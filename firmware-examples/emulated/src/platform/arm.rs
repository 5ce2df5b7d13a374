//! Cortex-M: SysTick counts.
#![allow(
    unsafe_code,
    reason = "blocks of instructions of known length, and the ends of the stack"
)]

use core::arch::asm;

pub use cortex_m::asm::wfi as wait;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
pub use cortex_m_rt::entry;
use hadamrnn_firmware_support::count::TICK_RANGE;
use hadamrnn_firmware_support::stack;

/// Starts the counter; false where it has been started before.
#[must_use]
pub fn start_ticks() -> bool {
    let Some(peripherals) = cortex_m::Peripherals::take() else {
        return false;
    };
    let mut systick = peripherals.SYST;
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload(TICK_RANGE - 1);
    systick.clear_current();
    systick.enable_counter();
    true
}

/// The counter, which counts down.
#[inline(always)]
pub fn ticks() -> u32 {
    SYST::get_current()
}

/// 10,000 instructions: 2 that make 4992, as many rounds of 2, and 14.
///
/// All of it is in the block: a constant or an argument might be loaded in the region or outside.
#[inline(always)]
pub fn loop_10_000() {
    // SAFETY: only a register and the flags change, and both are declared.
    unsafe {
        asm!(
            "movs {left}, #156",
            "lsls {left}, {left}, #5",
            "2: subs {left}, {left}, #1",
            "bne 2b",
            ".rept 14",
            "nop",
            ".endr",
            left = out(reg) _,
            options(nomem, nostack)
        );
    }
}

unsafe extern "C" {
    /// Lowest word of the stack, from the linker script.
    static _stack_end: u32;
    static __sdata: u32;
    static __ebss: u32;
}

/// Paints the free stack.
#[inline(always)]
pub fn paint_stack() {
    // SAFETY: from there to the stack pointer is what the linker script reserves for the stack.
    unsafe { stack::paint(&raw const _stack_end as u32) }
}

/// Bytes from the lowest word that was written since to the stack pointer.
#[inline(always)]
pub fn painted_over() -> u32 {
    // SAFETY: as `paint_stack` has it.
    let (lowest, top) = unsafe { stack::touched(&raw const _stack_end as u32) };
    top - lowest
}

/// First byte of `.data` and first beyond `.bss`.
pub(crate) fn statics() -> (u32, u32) {
    (&raw const __sdata as u32, &raw const __ebss as u32)
}

/// The handlers of a firmware that reports.
#[cfg(feature = "report")]
mod faults {
    use cortex_m_rt::{ExceptionFrame, exception};

    use crate::faults::fault;

    #[exception]
    unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
        fault(format_args!("hard fault at {:#010x}", frame.pc()))
    }

    #[exception]
    unsafe fn DefaultHandler(number: i16) -> ! {
        fault(format_args!("unexpected exception {number}"))
    }
}
