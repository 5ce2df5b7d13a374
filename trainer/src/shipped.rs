//! The shipped model `har2` as part of the program: what is verified or measured where no model is named.

use anyhow::{Context, Result};
use hadamrnn_models::HAR2;
use tempfile::TempDir;

use crate::card::files;
use crate::integer::ModelFile;

/// The model.
pub fn har2() -> ModelFile {
    ModelFile::new(HAR2.model)
}

/// Its whole folder, in a temporary place.
///
/// # Errors
/// It cannot be written there.
pub fn har2_folder() -> Result<TempDir> {
    let all: [(&str, &[u8]); 4] = [
        (files::MODEL, HAR2.model),
        (files::CARD, HAR2.card.as_bytes()),
        (files::WINDOWS, HAR2.windows),
        (files::GOLDEN, HAR2.golden.as_bytes()),
    ];
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    for (name, bytes) in all {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}
