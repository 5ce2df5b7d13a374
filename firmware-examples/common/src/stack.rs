//! How deep the stack goes: the free stack is painted before, and searched after.
//!
//! Both loops are single blocks of assembly, as they must not use stack themselves. Interrupts may come meanwhile: what
//! they put below the stack pointer is dead when they return, so painting over it harms nobody.
#![allow(unsafe_code, reason = "reads and writes the unused stack")]

use core::arch::asm;

const PAINT: u32 = 0xcccc_cccc;

unsafe extern "C" {
    /// Lowest word of the stack, from the linker script.
    static _stack_end: u32;
    /// Just above its highest word.
    static _stack_start: u32;
    /// The word that `esp-hal` has the debug unit watch for writes; on other RISC-V cores the lowest word.
    #[cfg(target_arch = "riscv32")]
    static __stack_chk_guard: u32;
    static __sdata: u32;
    static __ebss: u32;
}

/// The lowest word that may be painted.
#[inline(always)]
fn end() -> u32 {
    #[cfg(target_arch = "arm")]
    return &raw const _stack_end as u32;
    #[cfg(target_arch = "riscv32")]
    return &raw const __stack_chk_guard as u32 + size_of::<u32>() as u32;
}

/// Paints the free stack, from its end to the caller's frame.
#[inline(always)]
pub fn paint() {
    let end = end();
    // SAFETY: writes the words of [end, sp): RAM that the linker script reserves for the stack, and below the
    // stack pointer, so nothing lives there.
    #[cfg(target_arch = "arm")]
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
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!(
            "2: bgeu {at}, sp, 3f",
            "sw {paint}, 0({at})",
            "addi {at}, {at}, 4",
            "j 2b",
            "3:",
            at = inout(reg) end => _,
            paint = in(reg) PAINT,
            options(nostack)
        );
    }
}

/// The lowest address that was written since [`paint`].
#[inline(always)]
fn lowest_touched() -> u32 {
    let end = end();
    let touched: u32;
    // SAFETY: only reads, the words that `paint` wrote.
    #[cfg(target_arch = "arm")]
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
            top = out(reg) _,
            word = out(reg) _,
            options(nostack, readonly)
        );
    }
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!(
            "2: bgeu {at}, sp, 3f",
            "lw {word}, 0({at})",
            "bne {word}, {paint}, 3f",
            "addi {at}, {at}, 4",
            "j 2b",
            "3:",
            at = inout(reg) end => touched,
            paint = in(reg) PAINT,
            word = out(reg) _,
            options(nostack, readonly)
        );
    }
    touched
}

#[inline(always)]
fn stack_pointer() -> u32 {
    let top: u32;
    // SAFETY: reads a register.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("mov {top}, sp", top = out(reg) top, options(nostack, nomem));
        #[cfg(target_arch = "riscv32")]
        asm!("mv {top}, sp", top = out(reg) top, options(nostack, nomem));
    }
    top
}

/// Runs a region and gives the bytes of stack it used, below the frame of the caller.
#[inline(always)]
pub fn depth<R>(region: impl FnOnce() -> R) -> (R, u32) {
    paint();
    let result = region();
    let touched = lowest_touched();
    (result, stack_pointer() - touched)
}

/// The most bytes of stack that were in use since [`paint`], of those there are.
#[must_use]
pub fn high_water_mark() -> (u32, u32) {
    let top = &raw const _stack_start as u32;
    (top - lowest_touched(), top - &raw const _stack_end as u32)
}

/// Bytes of `.data` and `.bss`.
#[must_use]
pub fn static_ram() -> u32 {
    (&raw const __ebss as u32) - (&raw const __sdata as u32)
}
