//! Flips bits in memory behind the compiler's back, as radiation does.
#![allow(unsafe_code, reason = "memory that changes by itself")]

use core::arch::asm;

/// Flips the bits of `mask` in a word.
///
/// # Safety
/// The word is memory of this program that can be read and written.
pub unsafe fn flip(word: *mut u32, mask: u32) {
    // SAFETY: the caller's word. The compiler must take it that any memory may have changed.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!(
            "ldr {old}, [{word}]",
            "eors {old}, {mask}",
            "str {old}, [{word}]",
            old = out(reg) _, word = in(reg) word, mask = in(reg) mask,
            options(nostack)
        )
    }
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!(
            "lw {old}, 0({word})",
            "xor {old}, {old}, {mask}",
            "sw {old}, 0({word})",
            old = out(reg) _, word = in(reg) word, mask = in(reg) mask,
            options(nostack)
        )
    }
}

/// Flips the bits of `mask` in the word of `place` with this number, modulo the number of its words.
pub fn flip_in<T>(place: *mut T, word: u32, mask: u32) {
    let words = size_of::<T>() / 4;
    if let Some(index) = (word as usize).checked_rem(words) {
        let start = place.cast::<u32>();
        // SAFETY: a word of a value of this program: values are placed by their alignment, which is at least four for all
        // that this firmware flips.
        unsafe { flip(start.wrapping_add(index), mask) }
    }
}
