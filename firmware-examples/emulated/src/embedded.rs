//! The model and the windows in flash, and the session that runs them.

use hadamrnn_runtime::{Room, Session, SessionError, Source};

use crate::config;

/// The embedded model file, aligned as the runtime reads it.
pub static MODEL: &[u8] = hadamrnn_runtime::include_model!(concat!(env!("OUT_DIR"), "/model.bin"));

/// The embedded window file.
pub static WINDOWS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/windows.bin"));

#[cfg(feature = "known")]
hadamrnn_runtime::model! {
    /// The embedded model, as the compiler knows it.
    pub static KNOWN: KnownModel = concat!(env!("OUT_DIR"), "/model.bin"), kernel = <config::Room as Room>::Kernel;
}

/// The session of this firmware, where it reads the model.
pub type Net<'m> = Session<'m, config::Room>;

/// Advances by one sample of the embedded model's kind: only the code for that kind is linked.
///
/// # Errors
/// The model is of the other kind, or refuses the sample.
// A call where the compiler knows the model, as there is one inside where it does not: else the frame would be that of the
// caller, which no measured stack contains.
#[cfg_attr(feature = "known", inline(never))]
#[cfg_attr(not(feature = "known"), inline(always))]
pub fn push<R: Room, S: Source>(
    session: &mut Session<'_, R, S>,
    sample: &[i16],
) -> Result<(), SessionError> {
    #[cfg(hadamrnn_tokens)]
    return session.push_token(sample.first().copied().unwrap_or(0) as u16);
    #[cfg(not(hadamrnn_tokens))]
    session.push(sample)
}
