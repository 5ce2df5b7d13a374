//! The model and the windows in flash, and the session that runs them.

use hadamrnn_runtime::{Session, SessionError, kernel};

use crate::config::{HIDDEN, INPUTS, POOL, READ, SECOND};

/// The embedded model file, aligned as the runtime reads it.
pub static MODEL: &[u8] = hadamrnn_runtime::include_model!(concat!(env!("OUT_DIR"), "/model.bin"));

/// The embedded window file.
pub static WINDOWS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/windows.bin"));

/// The kernel of this firmware.
#[cfg(hadamrnn_kernel = "fwht")]
pub type Kernel = hadamrnn_runtime::kernel::Fwht;
/// The kernel of this firmware.
#[cfg(hadamrnn_kernel = "fwht-packed")]
pub type Kernel = hadamrnn_runtime::kernel::FwhtPacked;
/// The kernel of this firmware.
#[cfg(hadamrnn_kernel = "xnor")]
pub type Kernel = hadamrnn_runtime::kernel::XnorPopcount;

/// The session of this firmware.
pub type Net<'m> = Session<'m, Kernel, HIDDEN, INPUTS, POOL, SECOND, READ>;

/// Advances by one sample of the embedded model's kind: only the code for that kind is linked.
///
/// # Errors
/// The model is of the other kind, or refuses the sample.
#[inline(always)]
pub fn push<
    K: kernel::Kernel,
    const N: usize,
    const D: usize,
    const P: usize,
    const S: usize,
    const R: usize,
>(
    session: &mut Session<'_, K, N, D, P, S, R>,
    sample: &[i16],
) -> Result<(), SessionError> {
    #[cfg(hadamrnn_tokens)]
    return session.push_token(sample.first().copied().unwrap_or(0) as u16);
    #[cfg(not(hadamrnn_tokens))]
    session.push(sample)
}
