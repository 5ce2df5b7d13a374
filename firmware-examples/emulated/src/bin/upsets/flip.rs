//! Flips bits in memory behind the compiler's back, as radiation does.
#![allow(unsafe_code, reason = "memory that changes by itself")]

use core::arch::asm;

/// Flips the bits of `mask` in the word of `place` with this number, modulo the number of its words.
pub fn flip_in<T>(place: *mut T, word: u32, mask: u32) {
    let words = size_of::<T>() / 4;
    if let Some(index) = (word as usize).checked_rem(words) {
        let word = place.cast::<u32>().wrapping_add(index);
        // SAFETY: a word of a value of this program: values are placed by their alignment, which is at least four for all
        // that this firmware flips. By the empty assembly the compiler must take it that any memory may have changed.
        unsafe {
            word.write_volatile(word.read_volatile() ^ mask);
            asm!("/* {0} */", in(reg) word, options(nostack, preserves_flags));
        }
    }
}
