//! Why a run failed.

use core::fmt;

use hadamrnn_device::windows::WindowsError;
use hadamrnn_firmware_support::report::{ErrorKind, Report};
use hadamrnn_runtime::{ModelError, SessionError};

use crate::counter::Inexact;

/// Why a run failed.
#[derive(Clone, Copy, Debug, defmt::Format)]
pub enum Failure {
    /// The instruction counter's self-check failed.
    Counter(Inexact),
    /// The runtime refused the model.
    Model(ModelError),
    /// The session cannot run the model.
    Session(SessionError),
    /// The model's decision is not one for it.
    Decision,
    /// The model has more outputs than a report can hold.
    Outputs(usize),
    /// The window file was refused.
    Windows(#[defmt(Display2Format)] WindowsError),
    /// The windows do not have as many channels as the model has inputs.
    Channels {
        /// Channels of the windows.
        found: usize,
        /// Inputs of the model.
        expected: usize,
    },
    /// The window file ends before its last sample.
    TooFewSamples,
    /// The runtime refused a sample.
    Push(SessionError),
    /// The report cannot be written.
    ReportFile,
}

impl Failure {
    /// The message for the host.
    #[must_use]
    pub fn report(&self) -> Report {
        let kind = match self {
            Self::Counter(_) => ErrorKind::Counter,
            Self::Model(_) | Self::Session(_) | Self::Decision | Self::Outputs(_) => {
                ErrorKind::Model
            }
            Self::Windows(_) | Self::Channels { .. } | Self::TooFewSamples => ErrorKind::Windows,
            Self::Push(_) | Self::ReportFile => ErrorKind::Push,
        };
        Report::error(kind, format_args!("{self}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter(Inexact { expected, found }) => write!(
                f,
                "{expected} instructions count as {found}: not the -icount of boards.toml?"
            ),
            Self::Model(error) => error.fmt(f),
            Self::Session(error) | Self::Push(error) => error.fmt(f),
            Self::Decision => f.write_str("the decision of the model is not one for it"),
            Self::Outputs(outputs) => write!(f, "{outputs} outputs are too many to report"),
            Self::Windows(error) => error.fmt(f),
            Self::Channels { found, expected } => {
                write!(
                    f,
                    "windows have {found} channels, the model takes {expected}"
                )
            }
            Self::TooFewSamples => f.write_str("window file ends before its last sample"),
            Self::ReportFile => f.write_str("cannot write the report"),
        }
    }
}

impl From<semihosting::io::Error> for Failure {
    fn from(_: semihosting::io::Error) -> Self {
        Self::ReportFile
    }
}

impl From<WindowsError> for Failure {
    fn from(error: WindowsError) -> Self {
        Self::Windows(error)
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl From<Inexact> for Failure {
    fn from(wrong: Inexact) -> Self {
        Self::Counter(wrong)
    }
}
