//! The model and the windows in flash, and the session that runs them.

use hadamrnn_runtime::{Room, Session, SessionError};

use crate::config;

/// The embedded model file, aligned as the runtime reads it.
pub static MODEL: &[u8] = hadamrnn_runtime::include_model!(concat!(env!("OUT_DIR"), "/model.bin"));

/// The embedded window file.
pub static WINDOWS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/windows.bin"));

/// The session of this firmware.
pub type Net<'m> = Session<'m, config::Room>;

/// Advances by one sample of the embedded model's kind: only the code for that kind is linked.
///
/// # Errors
/// The model is of the other kind, or refuses the sample.
#[inline(always)]
pub fn push<R: Room>(session: &mut Session<'_, R>, sample: &[i16]) -> Result<(), SessionError> {
    #[cfg(hadamrnn_tokens)]
    return session.push_token(sample.first().copied().unwrap_or(0) as u16);
    #[cfg(not(hadamrnn_tokens))]
    session.push(sample)
}
