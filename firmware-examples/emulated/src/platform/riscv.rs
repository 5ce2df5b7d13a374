//! RISC-V: the core counts its instructions itself. QEMU gives the counter in nanoseconds of virtual time.
#![allow(
    unsafe_code,
    reason = "blocks of instructions of known length, and the ends of the stack"
)]

use core::arch::asm;

use hadamrnn_firmware_support::stack;
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

unsafe extern "C" {
    /// Lowest byte of the stack, from the linker script.
    static __estack: u32;
    static __sdata: u32;
    static __ebss: u32;
}

/// Paints the free stack.
#[inline(always)]
pub fn paint_stack() {
    // SAFETY: from there to the stack pointer is what the linker script reserves for the stack.
    unsafe { stack::paint(first_word()) }
}

/// Bytes from the lowest word that was written since to the stack pointer.
#[inline(always)]
pub fn painted_over() -> u32 {
    // SAFETY: as `paint_stack` has it.
    let (lowest, top) = unsafe { stack::touched(first_word()) };
    top - lowest
}

/// Address of the lowest whole word of the stack.
fn first_word() -> u32 {
    (&raw const __estack as u32).next_multiple_of(4)
}

/// First byte of `.data` and first beyond `.bss`.
pub(crate) fn statics() -> (u32, u32) {
    (&raw const __sdata as u32, &raw const __ebss as u32)
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
