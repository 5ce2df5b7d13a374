//! The stack's high-water mark.
#![allow(
    unsafe_code,
    reason = "the stack's ends are known to the linker script alone"
)]

use hadamrnn_firmware_support::stack;

unsafe extern "C" {
    /// Lowest word of the stack.
    static _stack_end: u32;
    /// Just above its highest word.
    static _stack_start: u32;
    /// The word near the lowest one that `esp-hal` has the debug unit watch for writes.
    #[cfg(target_arch = "riscv32")]
    static __stack_chk_guard: u32;
}

/// The lowest word that may be painted.
#[inline(always)]
fn end() -> u32 {
    #[cfg(target_arch = "arm")]
    return &raw const _stack_end as u32;
    #[cfg(target_arch = "riscv32")]
    return &raw const __stack_chk_guard as u32 + size_of::<u32>() as u32;
}

/// Paints the free stack: to be called first of all.
#[inline(always)]
pub fn paint() {
    // SAFETY: from `end` to the stack pointer is what the linker script reserves for the stack.
    unsafe { stack::paint(end()) }
}

/// The most bytes of stack that were in use since [`paint`], of those there are.
#[must_use]
pub fn high_water_mark() -> (u32, u32) {
    // SAFETY: as `paint` has it.
    let (lowest, _) = unsafe { stack::touched(end()) };
    let top = &raw const _stack_start as u32;
    (top - lowest, top - &raw const _stack_end as u32)
}
