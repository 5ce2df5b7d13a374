//! How deep a region's stack goes: the free stack is painted before, and searched after.
//!
//! Both loops are single blocks of assembly, as they must not use stack themselves.
#![allow(unsafe_code, reason = "reads and writes the unused stack")]

use core::arch::asm;

const PAINT: u32 = 0xcccc_cccc;

unsafe extern "C" {
    /// Lowest word of the stack, from the linker script.
    static _stack_end: u32;
    static __sdata: u32;
    static __ebss: u32;
}

/// Runs a region and gives the bytes of stack it used, below the frame of the caller.
#[inline(always)]
pub fn depth<R>(region: impl FnOnce() -> R) -> (R, u32) {
    let end = &raw const _stack_end as u32;
    // SAFETY: writes the words of [_stack_end, sp): RAM that cortex-m-rt reserves for the stack,
    // and below the stack pointer, so nothing lives there. No interrupt is enabled.
    unsafe {
        asm!(
            "mov {top}, sp",
            "2: cmp {at}, {top}",
            "bhs 3f",
            "stmia {at}!, {{{paint}}}",
            "b 2b",
            "3:",
            at = inout(reg) end => _,
            paint = in(reg) PAINT,
            top = out(reg) _,
            options(nostack)
        );
    }
    let result = region();
    let top: u32;
    let touched: u32;
    // SAFETY: only reads, the same words.
    unsafe {
        asm!(
            "mov {top}, sp",
            "2: cmp {at}, {top}",
            "bhs 3f",
            "ldr {word}, [{at}]",
            "cmp {word}, {paint}",
            "bne 3f",
            "adds {at}, {at}, #4",
            "b 2b",
            "3:",
            at = inout(reg) end => touched,
            paint = in(reg) PAINT,
            top = out(reg) top,
            word = out(reg) _,
            options(nostack, readonly)
        );
    }
    (result, top - touched)
}

/// Bytes of `.data` and `.bss`.
#[must_use]
pub fn static_ram() -> u32 {
    (&raw const __ebss as u32) - (&raw const __sdata as u32)
}
