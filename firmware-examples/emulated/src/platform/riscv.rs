//! RISC-V: the core counts its instructions itself. QEMU gives the counter in nanoseconds of virtual time.
#![allow(unsafe_code, reason = "blocks of instructions of known length")]

use core::arch::asm;

pub use riscv::asm::wfi as wait;
pub use riscv_rt::entry;

/// Starts the counter, which runs from reset.
#[must_use]
pub fn start_ticks() -> bool {
    true
}

/// The counter, turned around: as SysTick does, it counts down.
#[inline(always)]
pub fn ticks() -> u32 {
    !(riscv::register::minstret::read() as u32)
}

/// 100 instructions.
#[inline(always)]
pub fn nops_100() {
    // SAFETY: `nop` changes nothing.
    unsafe {
        asm!(
            ".rept 100",
            "nop",
            ".endr",
            options(nomem, nostack, preserves_flags)
        )
    }
}

/// 10,000 instructions: 2 that make 4992, as many rounds of 2, and 14.
///
/// All of it is in the block: a constant or an argument might be loaded in the region or outside.
#[inline(always)]
pub fn loop_10_000() {
    // SAFETY: only a register changes, and it is declared.
    unsafe {
        asm!(
            "li {left}, 39",
            "slli {left}, {left}, 7",
            "2: addi {left}, {left}, -1",
            "bnez {left}, 2b",
            ".rept 14",
            "nop",
            ".endr",
            left = out(reg) _,
            options(nomem, nostack)
        );
    }
}

/// The handlers of a firmware that reports.
#[cfg(feature = "report")]
mod faults {
    use riscv::register::{mcause, mepc};

    use crate::faults::fault;

    // SAFETY: the one definition that riscv-rt's linker script asks for.
    #[unsafe(export_name = "ExceptionHandler")]
    extern "C" fn exception() -> ! {
        fault(format_args!(
            "exception {} at {:#010x}",
            mcause::read().code(),
            mepc::read()
        ))
    }

    // SAFETY: the one definition that riscv-rt's linker script asks for.
    #[unsafe(export_name = "DefaultHandler")]
    extern "C" fn interrupt() -> ! {
        fault(format_args!(
            "unexpected interrupt {}",
            mcause::read().code()
        ))
    }
}
