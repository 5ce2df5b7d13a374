//! The shipped model `har2` as part of the program: what is verified or measured where no model is named.

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::card::files;
use crate::integer::ModelFile;

const MODEL: &[u8] = include_bytes!("../../models/har2/model.hdrn");

/// The model.
pub fn har2() -> ModelFile {
    ModelFile::new(MODEL)
}

/// Its whole folder, in a temporary place.
///
/// # Errors
/// It cannot be written there.
pub fn har2_folder() -> Result<TempDir> {
    let all: [(&str, &[u8]); 4] = [
        (files::MODEL, MODEL),
        (files::CARD, include_bytes!("../../models/har2/card.toml")),
        (
            files::WINDOWS,
            include_bytes!("../../models/har2/windows.bin"),
        ),
        (
            files::GOLDEN,
            include_bytes!("../../models/har2/golden.json"),
        ),
    ];
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    for (name, bytes) in all {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}
