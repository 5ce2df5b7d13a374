//! Code that differs between the cores: start-up, a counter of instructions, the free stack, faults.
#![allow(unsafe_code, reason = "a block of instructions of known length")]

use core::arch::asm;

#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "arm")]
pub use arm::*;
#[cfg(target_arch = "riscv32")]
mod riscv;
#[cfg(target_arch = "riscv32")]
pub use riscv::*;

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
