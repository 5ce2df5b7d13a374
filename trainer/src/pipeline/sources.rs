//! Writing a model as C and Rust sources.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::{Error, Fault, Result, Sort};
use super::model::open_model;
use crate::files::write_atomically;
use crate::model_folder::StoredModel;
use crate::taught;
use crate::untrusted::{self, Kind};
use crate::usage::Usage;
use crate::{c_array, rust_module};

/// Words in every source that is written. A file with them may be replaced: it was not written by hand.
const MARK: &str = "Written by hadamrnn ";

/// Sources of a model to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// C header with an aligned array, for the C interface; its name is that of the array.
    pub c_header: Option<PathBuf>,
    /// Rust module. The model file is written beside it, with the ending `.hdrn`.
    pub rust_module: Option<PathBuf>,
}

impl SourceOptions {
    /// Whether there is anything to write.
    pub fn are_any(&self) -> bool {
        *self != Self::default()
    }

    /// Whether the names are those of sources, and no other files are there. All files may be there if `overwrite`.
    pub(super) fn check(&self, overwrite: bool) -> Result<()> {
        if let Some(path) = &self.c_header {
            c_array::name(path).sort_at(Error::Config, path)?;
        }
        if let Some(path) = &self.rust_module {
            rust_module::name(path).sort_at(Error::Config, path)?;
        }
        let paths = self.c_header.iter().chain(&self.rust_module);
        for path in paths.filter(|_| !overwrite) {
            if path.symlink_metadata().is_ok() && !is_written(path) {
                return Err(refused(path, "was not written by this program"));
            }
        }
        Ok(())
    }

    /// Writes a model as these sources.
    pub(super) fn write(&self, stored: &StoredModel, overwrite: bool) -> Result<()> {
        let usage = Usage::of(stored).sort_at(Error::Model, &stored.path)?;
        let file = &stored.file;
        let model = file.model().sort_at(Error::Model, &stored.path)?;
        taught::refuse(&model, "a source with a session of its network")
            .sort_at(Error::Model, &stored.path)?;
        let mut files = Vec::new();
        if let Some(path) = &self.c_header {
            let name = c_array::name(path).sort_at(Error::Config, path)?;
            let text = c_array::header(name, file, &usage).sort(Error::Model)?;
            files.push((path.clone(), text.into_bytes()));
        }
        if let Some(path) = &self.rust_module {
            let name = rust_module::name(path).sort_at(Error::Config, path)?;
            let text = rust_module::module(name, file, &usage).sort(Error::Model)?;
            let beside = path.with_extension("hdrn");
            if !holds(&beside, file.bytes()) {
                let is_free = beside.symlink_metadata().is_err();
                if !(is_free || overwrite || is_written(path)) {
                    return Err(refused(&beside, "is another model"));
                }
                files.push((beside, file.bytes().to_vec()));
            }
            // After the model: until then an old module has its own.
            files.push((path.clone(), text.into_bytes()));
        }
        for (path, bytes) in files {
            write_atomically(&path, &bytes).sort_at(Error::Io, &path)?;
        }
        Ok(())
    }
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    untrusted::read(path, Kind::MODEL).is_ok_and(|found| found == bytes)
}

/// Whether the beginning of a file has the [`MARK`].
fn is_written(path: &Path) -> bool {
    const BEGINNING: u64 = 1 << 16;
    let mut bytes = Vec::new();
    let read = untrusted::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut bytes));
    read.is_ok() && String::from_utf8_lossy(&bytes).contains(MARK)
}

fn refused(path: &Path, why: &str) -> Error {
    let fault = Fault::new(format_args!(
        "{} is there and {why}: replace it with --overwrite, or choose another name",
        path.display()
    ));
    Error::Io(fault.at(path))
}

/// Writes the model of a model folder or a model file as sources.
///
/// # Errors
/// [`Error::Config`]: a file's name is none of a source; [`Error::Model`]; [`Error::Io`]: a file cannot be written, or is there
/// and is something else, without `overwrite`.
pub fn export_sources(model: &Path, sources: &SourceOptions, overwrite: bool) -> Result<()> {
    sources.check(overwrite)?;
    sources.write(&open_model(model)?, overwrite)
}
