//! Errors of the pipeline, by what can be done about them.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Result of a step of the pipeline.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Failure of a step of the pipeline. Variants differ in what a caller can do; the message says it for people, with the
/// file, the field and the remedy. [`with_causes`](Error::with_causes) adds what lies below.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data set is missing, damaged, or another one than the run's: name its folder, or fetch it again.
    #[error(transparent)]
    Data(Fault),
    /// A setting or an option is out of its range, or does not go with the task, the run or the model: change it.
    #[error(transparent)]
    Config(Fault),
    /// The checkpoint of a run is missing, damaged or of no use: name another folder, or train anew.
    #[error(transparent)]
    Checkpoint(Fault),
    /// A model, or a file beside it, is missing, damaged, or not of its task: name another one, or export it again.
    #[error(transparent)]
    Model(Fault),
    /// The folder of a new run holds one already: resume it, overwrite it, or choose another folder.
    #[error(
        "{folder} already holds a run: continue it with --resume {folder}, start anew with --overwrite, or choose another --out"
    )]
    Exists {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process works in the folder: wait until it ends, or choose another folder.
    #[error(
        "{folder} is busy: another process is training there; wait until it ends, or give another folder with --out"
    )]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// Training has diverged: lower the step size and start anew. The last epoch that was saved is whole.
    #[error(transparent)]
    Diverged(Fault),
    /// The device that is to compute floats is not there, or is not part of this build: choose another one.
    #[error(transparent)]
    Device(Fault),
    /// A board is unknown, or its firmware cannot be built or run: install its tools, or choose another board.
    #[error(transparent)]
    Board(Fault),
    /// The folder of a plan or a job is missing, damaged, or of other settings: choose another one.
    #[error(transparent)]
    Plan(Fault),
    /// A file or folder cannot be written, or the system refuses something: see to rights and free space.
    #[error(transparent)]
    Io(Fault),
}

impl Error {
    /// File or folder that the error is about, where there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Exists { folder } | Self::Busy { folder } => Some(folder),
            Self::Data(fault)
            | Self::Config(fault)
            | Self::Checkpoint(fault)
            | Self::Model(fault)
            | Self::Diverged(fault)
            | Self::Device(fault)
            | Self::Board(fault)
            | Self::Plan(fault)
            | Self::Io(fault) => fault.path.as_deref(),
        }
    }

    /// The message with all its causes, in one line unless one of them has several.
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text += &format!(": {error}");
            cause = error.source();
        }
        text
    }
}

/// Cause of an [`Error`]: a message, and the causes below it as [`source`](StdError::source).
pub struct Fault {
    path: Option<PathBuf>,
    cause: anyhow::Error,
}

impl Fault {
    /// A fault that is its message alone.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self {
            path: None,
            cause: anyhow::Error::msg(message.to_string()),
        }
    }

    /// The same, of a file or folder.
    pub(crate) fn at(self, path: &Path) -> Self {
        Self {
            path: Some(path.into()),
            ..self
        }
    }

    /// File or folder that it is about, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl From<anyhow::Error> for Fault {
    fn from(cause: anyhow::Error) -> Self {
        Self { path: None, cause }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.cause, f)
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

/// Sorts errors of deeper modules, most of which have messages only.
pub(crate) trait Sort<T> {
    /// An error becomes one of `kind`.
    fn sort(self, kind: fn(Fault) -> Error) -> Result<T>;
    /// An error becomes one of `kind` that is about `path`.
    fn sort_at(self, kind: fn(Fault) -> Error, path: &Path) -> Result<T>;
}

impl<T, E: Into<anyhow::Error>> Sort<T> for Result<T, E> {
    fn sort(self, kind: fn(Fault) -> Error) -> Result<T> {
        self.map_err(|error| kind(Fault::from(error.into())))
    }

    fn sort_at(self, kind: fn(Fault) -> Error, path: &Path) -> Result<T> {
        self.map_err(|error| kind(Fault::from(error.into()).at(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn messages_and_causes_are_those_of_the_error_below() {
        let below = || -> anyhow::Result<()> {
            Err(std::io::Error::other("disk on fire"))
                .context("cannot read x")
                .context("[network]")
        };
        let error = below()
            .sort_at(Error::Config, Path::new("config.toml"))
            .unwrap_err();
        assert!(matches!(error, Error::Config(_)));
        assert_eq!(error.path(), Some(Path::new("config.toml")));
        assert_eq!(error.to_string(), "[network]");
        let whole = "[network]: cannot read x: disk on fire";
        assert_eq!(error.with_causes(), whole);
        assert_eq!(format!("{:#}", anyhow::Error::from(error)), whole);
    }

    #[test]
    fn an_error_without_causes_says_itself_once() {
        let busy = Error::Busy {
            folder: "runs/a".into(),
        };
        let whole = busy.with_causes();
        assert!(whole.starts_with("runs/a is busy: "), "{whole}");
        assert_eq!(busy.path(), Some(Path::new("runs/a")));
        let alone = Error::Io(Fault::new("no current folder"));
        assert_eq!(
            format!("{:#}", anyhow::Error::from(alone)),
            "no current folder"
        );
    }
}
