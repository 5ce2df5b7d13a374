//! Two 16-bit states in a 32-bit word: packing, and addition and subtraction of both at once.

#[cfg(not(hadamrnn_arch = "armv7em"))]
mod borrow;
#[cfg(hadamrnn_arch = "armv7em")]
mod code_dsp;
#[cfg(hadamrnn_arch = "armv7em")]
mod dsp;

#[cfg(not(hadamrnn_arch = "armv7em"))]
pub(crate) use borrow::{add, add_products, add_squares, even_bytes, odd_bytes, pack, sub, unpack};
#[cfg(hadamrnn_arch = "armv7em")]
pub(crate) use dsp::{add, add_products, add_squares, even_bytes, odd_bytes, pack, sub, unpack};
