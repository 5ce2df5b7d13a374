//! How deep a region's stack goes: the free stack is painted before, and searched after.

use crate::platform::{paint_stack, painted_over, statics};

/// Runs a region and gives the bytes of stack it used, below the frame of the caller.
#[inline(always)]
pub fn depth<R>(region: impl FnOnce() -> R) -> (R, u32) {
    paint_stack();
    let result = region();
    (result, painted_over())
}

/// Bytes of `.data` and `.bss`.
#[must_use]
pub fn static_ram() -> u32 {
    let (start, end) = statics();
    end - start
}
