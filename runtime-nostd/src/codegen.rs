//! Hints to the compiler, which change no result.

/// Keeps LLVM from unrolling the loop it is in, which costs no instruction; on targets without an operating system only:
/// elsewhere code may be long, and loops should become vector instructions.
///
/// At `opt-level = 3` LLVM unrolls small loops at run-time trip counts for Cortex-M, spills registers for it and doubles
/// the code. It leaves loops with inline assembly alone.
#[inline(always)]
pub(crate) fn keep_rolled() {
    if cfg!(target_os = "none") {
        core::hint::black_box(());
    }
}

/// A slice whose length the compiler does not know: it unrolls loops of a constant few rounds whatever they contain.
#[inline(always)]
pub(crate) fn opaque<T>(elements: &mut [T]) -> &mut [T] {
    if cfg!(target_os = "none") {
        core::hint::black_box(elements)
    } else {
        elements
    }
}
