//! How deep the stack goes: the free stack is painted, and searched later.
//!
//! Both are single blocks of assembly, as they must not use stack themselves. Interrupts may come meanwhile: what they put
//! below the stack pointer is dead when they return, so painting over it harms nobody.
#![allow(unsafe_code, reason = "reads and writes the unused stack")]

use core::arch::asm;

const PAINT: u32 = 0xcccc_cccc;

/// Paints the free stack, from address `end` to the caller's frame.
///
/// # Safety
/// `end` is the address of a word; from there to the stack pointer is RAM that belongs to the running stack.
#[inline(always)]
pub unsafe fn paint(end: u32) {
    // SAFETY: writes the words of [end, sp): below the stack pointer, so nothing lives there.
    unsafe {
        #[cfg(target_arch = "arm")]
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
        #[cfg(target_arch = "riscv32")]
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

/// The lowest address that was written since [`paint`], and the stack pointer.
///
/// # Safety
/// `end` is what [`paint`] was given, on this stack.
#[inline(always)]
pub unsafe fn touched(end: u32) -> (u32, u32) {
    let (lowest, top): (u32, u32);
    // SAFETY: only reads, the words that `paint` wrote.
    unsafe {
        #[cfg(target_arch = "arm")]
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
            at = inout(reg) end => lowest,
            paint = in(reg) PAINT,
            top = out(reg) top,
            word = out(reg) _,
            options(nostack, readonly)
        );
        #[cfg(target_arch = "riscv32")]
        asm!(
            "mv {top}, sp",
            "2: bgeu {at}, {top}, 3f",
            "lw {word}, 0({at})",
            "bne {word}, {paint}, 3f",
            "addi {at}, {at}, 4",
            "j 2b",
            "3:",
            at = inout(reg) end => lowest,
            paint = in(reg) PAINT,
            top = out(reg) top,
            word = out(reg) _,
            options(nostack, readonly)
        );
    }
    (lowest, top)
}
