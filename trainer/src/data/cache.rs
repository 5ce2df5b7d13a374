//! Parsed data sets on disk, so that loading one again takes no decompression, parsing or cutting into tokens.
//!
//! An entry's name is the digest of what it was made from: the content of each source file, or for a folder the names,
//! sizes and times of the files in it, with the version of the loaders. What changed is thus never found. An entry that
//! cannot be read, or whose checksum is wrong, is made anew; one that cannot be written is done without.
//!
//! Entries lie in the folder `hadamrnn` of the user's cache folder, or in the folder that [`CACHE_VARIABLE`] names; they
//! may be deleted at any time. If it is `off`, nothing is cached.

mod format;
#[cfg(test)]
mod tests;

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::check::hex;
use super::{Sequences, Source, archive};
use crate::files::write_atomically;

/// The environment variable that names the folder of the cache, or is `off`.
pub const CACHE_VARIABLE: &str = "HADAMRNN_CACHE";

/// Raised whenever a loader gives other sequences for the same files.
const LOADERS: u32 = 1;
/// Sources of fewer bytes are read in a moment.
const LEAST_BYTES: u64 = 256 << 10;
/// How deep folders are looked into, as in archives.
const DEPTH: u32 = 5;

/// The sequences that `build` makes of `source` in the way called `kind`, from the cache if they are in it.
pub(super) fn cached(
    kind: &str,
    source: &Source,
    build: impl FnOnce() -> Result<Vec<Sequences>>,
) -> Result<Vec<Sequences>> {
    match (folder(), source) {
        (Some(folder), Source::Files(paths)) => cached_in(&folder, kind, paths, build),
        _ => build(),
    }
}

fn folder() -> Option<PathBuf> {
    match env::var_os(CACHE_VARIABLE) {
        Some(value) if value == "off" => None,
        Some(value) if !value.is_empty() => Some(value.into()),
        _ => Some(dirs::cache_dir()?.join("hadamrnn")),
    }
}

fn cached_in(
    folder: &Path,
    kind: &str,
    paths: &[PathBuf],
    build: impl FnOnce() -> Result<Vec<Sequences>>,
) -> Result<Vec<Sequences>> {
    // What cannot be read is reported by the loader, which knows what it should be.
    let Some(key) = key(kind, paths).ok().flatten() else {
        return build();
    };
    let path = folder.join(format!("{kind}-{key}.bin"));
    let found = fs::read(&path)
        .ok()
        .and_then(|bytes| format::decode(&bytes));
    if let Some(parts) = found {
        return Ok(parts);
    }
    let parts = build()?;
    // The cache is a convenience: a full disk or a folder without write permission is no reason to fail.
    let _ = store(folder, &path, &parts);
    Ok(parts)
}

/// The digest of what is read; none if it is little.
fn key(kind: &str, paths: &[PathBuf]) -> Result<Option<String>> {
    let mut hasher = Hasher {
        sha256: Sha256::new(),
        bytes: 0,
    };
    hasher.text(&format!("{LOADERS} {kind}"));
    for path in paths {
        match path.is_dir() {
            true => hasher.folder(path, DEPTH)?,
            false => hasher.file(path)?,
        }
    }
    let digest = hex(&hasher.sha256.finalize());
    Ok((hasher.bytes >= LEAST_BYTES).then_some(digest))
}

struct Hasher {
    sha256: Sha256,
    /// Of the files seen.
    bytes: u64,
}

impl Hasher {
    /// A text and its end, so that two never look like another two.
    fn text(&mut self, text: &str) {
        self.sha256.update((text.len() as u64).to_le_bytes());
        self.sha256.update(text);
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut sha256 = Sha256::new();
        loop {
            let block = file.fill_buf()?;
            if block.is_empty() {
                break;
            }
            let count = block.len();
            sha256.update(block);
            self.bytes += count as u64;
            file.consume(count);
        }
        self.sha256.update(sha256.finalize());
        Ok(())
    }

    fn folder(&mut self, path: &Path, depth: u32) -> Result<()> {
        for entry in archive::entries(path)? {
            let data = fs::metadata(&entry)?;
            if data.is_dir() {
                if depth > 0 {
                    self.folder(&entry, depth - 1)?;
                }
                continue;
            }
            let time = data
                .modified()?
                .duration_since(UNIX_EPOCH)
                .context("time")?;
            self.text(&entry.to_string_lossy());
            self.text(&format!("{} {}", data.len(), time.as_nanos()));
            self.bytes += data.len();
        }
        Ok(())
    }
}

/// Writes an entry, which is never half written.
fn store(folder: &Path, path: &Path, parts: &[Sequences]) -> Result<()> {
    fs::create_dir_all(folder)?;
    write_atomically(path, &format::encode(parts)?)
}
