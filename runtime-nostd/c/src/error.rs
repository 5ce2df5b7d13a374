//! Errors as numbers, and their texts.

use core::ffi::CStr;

use hadamrnn_runtime::{ModelError, SessionError};

/// Whether a call succeeded, and why not. The numbers are part of the interface: none is ever used anew.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::enum_variant_names,
    reason = "C has one name space for the constants of all libraries"
)]
pub enum Error {
    /// Success.
    HadamrnnOk = 0,
    /// A pointer is null.
    HadamrnnErrorNull = 1,
    /// The memory is smaller than hadamrnn_memory_size() says.
    HadamrnnErrorMemorySize = 2,
    /// The memory does not start on a boundary of HADAMRNN_ALIGNMENT bytes.
    HadamrnnErrorMemoryAlignment = 3,
    /// The model does not start on a boundary of four bytes.
    HadamrnnErrorModelAlignment = 4,
    /// The bytes are not a model: they do not start with HDRN.
    HadamrnnErrorNotAModel = 5,
    /// The model has a format version that this library does not read.
    HadamrnnErrorVersion = 6,
    /// The model has fewer or more bytes than it says.
    HadamrnnErrorModelLength = 7,
    /// The model is corrupted: its checksum does not match.
    HadamrnnErrorChecksum = 8,
    /// A field of the model is out of its range; `hadamrnn inspect` tells which.
    HadamrnnErrorModelInvalid = 9,
    /// The library was built without room for a model of this size or kind; see the features of its Cargo.toml.
    HadamrnnErrorCapacity = 10,
    /// No kernel of the library takes the model: build it with the features fallback and wide.
    HadamrnnErrorKernel = 11,
    /// A token for a model of numbers, or numbers for a model of tokens.
    HadamrnnErrorInputKind = 12,
    /// A token that is not in the model's vocabulary.
    HadamrnnErrorToken = 13,
    /// A sample or a row of logits has another length than the model's.
    HadamrnnErrorLength = 14,
    /// The model has no metric, by which "none of these" is told.
    HadamrnnErrorNoMetric = 15,
    /// The model has no decision, which says when answers count.
    HadamrnnErrorNoDecision = 16,
}

impl Error {
    /// Text of the error: what happened and what to do, ending with a zero byte.
    pub const fn text(self) -> &'static CStr {
        match self {
            Self::HadamrnnOk => c"success",
            Self::HadamrnnErrorNull => c"a pointer is null",
            Self::HadamrnnErrorMemorySize => {
                c"the memory is smaller than hadamrnn_memory_size() says"
            }
            Self::HadamrnnErrorMemoryAlignment => {
                c"the memory is not aligned to HADAMRNN_ALIGNMENT bytes"
            }
            Self::HadamrnnErrorModelAlignment => c"the model is not aligned to four bytes",
            Self::HadamrnnErrorNotAModel => c"not a hadamrnn model: it does not start with HDRN",
            Self::HadamrnnErrorVersion => {
                c"the model's format version is newer than this library: update the library"
            }
            Self::HadamrnnErrorModelLength => c"the model has fewer or more bytes than it says",
            Self::HadamrnnErrorChecksum => c"the model is corrupted: its checksum does not match",
            Self::HadamrnnErrorModelInvalid => {
                c"a field of the model is out of range: hadamrnn inspect tells which"
            }
            Self::HadamrnnErrorCapacity => {
                c"no room for a model of this size or kind: build the library with more features"
            }
            Self::HadamrnnErrorKernel => {
                c"no kernel takes this model: build the library with fallback and wide"
            }
            Self::HadamrnnErrorInputKind => {
                c"a token for a model of numbers, or numbers for a model of tokens"
            }
            Self::HadamrnnErrorToken => c"the token is not in the model's vocabulary",
            Self::HadamrnnErrorLength => c"a length that is not the model's",
            Self::HadamrnnErrorNoMetric => {
                c"the model has no metric: export its run with --novelty"
            }
            Self::HadamrnnErrorNoDecision => {
                c"the model has no decision: give it one with hadamrnn decide"
            }
        }
    }

    /// The error of a number; none for numbers that are not errors.
    pub const fn of_number(number: i32) -> Option<Self> {
        Some(match number {
            0 => Self::HadamrnnOk,
            1 => Self::HadamrnnErrorNull,
            2 => Self::HadamrnnErrorMemorySize,
            3 => Self::HadamrnnErrorMemoryAlignment,
            4 => Self::HadamrnnErrorModelAlignment,
            5 => Self::HadamrnnErrorNotAModel,
            6 => Self::HadamrnnErrorVersion,
            7 => Self::HadamrnnErrorModelLength,
            8 => Self::HadamrnnErrorChecksum,
            9 => Self::HadamrnnErrorModelInvalid,
            10 => Self::HadamrnnErrorCapacity,
            11 => Self::HadamrnnErrorKernel,
            12 => Self::HadamrnnErrorInputKind,
            13 => Self::HadamrnnErrorToken,
            14 => Self::HadamrnnErrorLength,
            15 => Self::HadamrnnErrorNoMetric,
            16 => Self::HadamrnnErrorNoDecision,
            _ => return None,
        })
    }
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Misaligned => Self::HadamrnnErrorModelAlignment,
            ModelError::BadMagic => Self::HadamrnnErrorNotAModel,
            ModelError::UnsupportedVersion(_) => Self::HadamrnnErrorVersion,
            ModelError::Truncated | ModelError::TrailingBytes => Self::HadamrnnErrorModelLength,
            ModelError::Checksum => Self::HadamrnnErrorChecksum,
            _ => Self::HadamrnnErrorModelInvalid,
        }
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::KernelRange => Self::HadamrnnErrorKernel,
            SessionError::InputKind => Self::HadamrnnErrorInputKind,
            SessionError::Token { .. } => Self::HadamrnnErrorToken,
            SessionError::SampleLength { .. } => Self::HadamrnnErrorLength,
            _ => Self::HadamrnnErrorCapacity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn every_number_has_its_error_and_its_own_text() {
        let errors: Vec<Error> = (0..).map_while(Error::of_number).collect();
        for (number, error) in errors.iter().enumerate() {
            assert_eq!(*error as usize, number);
            assert!(
                errors[..number]
                    .iter()
                    .all(|other| other.text() != error.text())
            );
        }
        assert_eq!(errors.last(), Some(&Error::HadamrnnErrorNoDecision));
        assert_eq!(Error::of_number(-1), None);
    }
}
