//! Why a program cannot go on.

use defmt::Format;
use hadamrnn_firmware_common::windows::WindowsError;
use hadamrnn_runtime::{ModelError, SessionError};

use crate::imu;

/// Why a program ended.
#[derive(Debug, Format)]
#[non_exhaustive]
pub enum Failure {
    /// The embedded model is not valid.
    Model(ModelError),
    /// The model is too large for this firmware, or its kernel cannot run it.
    Session(SessionError),
    /// The embedded windows are not a window file.
    Windows(#[defmt(Debug2Format)] WindowsError),
    /// A sample of the model has another number of channels than this source of samples.
    Channels {
        /// Of the model.
        expected: usize,
        /// Of the source.
        found: usize,
    },
    /// No sensor, or it fails.
    Imu(imu::Error),
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<WindowsError> for Failure {
    fn from(error: WindowsError) -> Self {
        Self::Windows(error)
    }
}

impl From<imu::Error> for Failure {
    fn from(error: imu::Error) -> Self {
        Self::Imu(error)
    }
}
