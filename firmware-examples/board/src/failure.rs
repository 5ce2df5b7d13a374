//! Why a program cannot go on.

use defmt::Format;
use hadamrnn_device::slots::{Fault, RegionError};
use hadamrnn_device::windows::WindowsError;
use hadamrnn_runtime::{ModelError, SessionError};

/// Why a program ended.
#[derive(Debug, Format)]
#[non_exhaustive]
pub enum Failure {
    /// The built-in model is not valid.
    Model(ModelError),
    /// This firmware cannot run the model, or the model takes samples of another length.
    Session(SessionError),
    /// This firmware cannot run its built-in model.
    Fault(#[defmt(Display2Format)] Fault),
    /// The embedded windows are not a window file.
    Windows(#[defmt(Display2Format)] WindowsError),
    /// The slots do not fit the flash.
    Region(#[defmt(Display2Format)] RegionError),
}

macro_rules! from {
    ($($variant:ident($error:ty)),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}
from!(
    Model(ModelError),
    Session(SessionError),
    Fault(Fault),
    Windows(WindowsError),
    Region(RegionError)
);
