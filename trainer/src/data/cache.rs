//! Parsed data sets on disk, so that loading one again takes no decompression, parsing or cutting into tokens.
//!
//! An entry's name is the digest of what it was made from: the content of each source file, or of the files in a folder
//! that are read, with the version of the loaders. What changed is thus never found. An entry that cannot be read, or whose
//! checksum is wrong, is made anew; one that cannot be written is done without.
//!
//! Entries lie in the folder `hadamrnn` of the user's cache folder, or in the folder that [`CACHE_VARIABLE`] names; they
//! may be deleted at any time. If it is `off`, nothing is cached.

mod format;
#[cfg(test)]
mod tests;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::archive::{self, Select};
use super::hex::hex;
use super::{Sequences, Source};
use crate::files::write_atomically;
use crate::untrusted::{self, Kind};

/// The environment variable that names the folder of the cache, or is `off`.
pub const CACHE_VARIABLE: &str = "HADAMRNN_CACHE";

/// Raised whenever a loader gives other sequences for the same files.
const LOADERS: u32 = 1;
/// Sources of fewer bytes are read in a moment.
const LEAST_BYTES: u64 = 256 << 10;

/// The sequences that `build` makes of `source` in the way called `kind`, from the cache if they are in it. Of folders
/// it reads the files that `select` tells.
pub(super) fn cached(
    kind: &str,
    source: &Source,
    select: Select<'_>,
    build: impl FnOnce() -> Result<Vec<Sequences>>,
) -> Result<Vec<Sequences>> {
    match (folder(), source) {
        (Some(folder), Source::Files(paths)) => cached_in(&folder, kind, paths, select, build),
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
    select: Select<'_>,
    build: impl FnOnce() -> Result<Vec<Sequences>>,
) -> Result<Vec<Sequences>> {
    // Errors of reading are reported by the loader, which knows what a file should be.
    let key = || self::key(kind, paths, select).ok().flatten();
    let Some(found) = key() else {
        return build();
    };
    let path = folder.join(format!("{kind}-{found}.bin"));
    let entry = untrusted::read(&path, Kind::CACHE)
        .ok()
        .and_then(|bytes| format::decode(&bytes));
    if let Some(parts) = entry {
        return Ok(parts);
    }
    let parts = build()?;
    // Files that changed meanwhile may have been read in part.
    if key().is_some_and(|now| now == found) {
        // The cache is a convenience: a full disk or a folder without write permission is no reason to fail.
        let _ = store(folder, &path, &parts);
    }
    Ok(parts)
}

/// The digest of what is read; none if it is little.
fn key(kind: &str, paths: &[PathBuf], select: Select<'_>) -> Result<Option<String>> {
    let mut sha256 = Sha256::new();
    sha256.update(format!("{LOADERS} {kind}"));
    let mut bytes = 0;
    for path in paths {
        let files = match path.is_dir() {
            true => archive::files_in(path, select)?,
            false => vec![(0, path.clone())],
        };
        // So that two lists of files never look like one.
        sha256.update((files.len() as u64).to_le_bytes());
        let contents: Vec<Content> = (files.par_iter())
            .map(|(_, file)| Content::of(file))
            .collect::<Result<_>>()?;
        for ((number, _), content) in files.iter().zip(contents) {
            sha256.update((*number as u64).to_le_bytes());
            sha256.update(content.sha256);
            bytes += content.bytes;
        }
    }
    let digest = hex(&sha256.finalize());
    Ok((bytes >= LEAST_BYTES).then_some(digest))
}

/// Digest and length of a file's content.
struct Content {
    sha256: [u8; 32],
    bytes: u64,
}

impl Content {
    fn of(path: &Path) -> Result<Self> {
        let mut file = BufReader::with_capacity(64 << 10, untrusted::open(path)?);
        let (mut sha256, mut bytes) = (Sha256::new(), 0);
        loop {
            let block = file.fill_buf()?;
            if block.is_empty() {
                break;
            }
            let count = block.len();
            sha256.update(block);
            bytes += count as u64;
            file.consume(count);
        }
        Ok(Self {
            sha256: sha256.finalize().into(),
            bytes,
        })
    }
}

/// Writes an entry, which is never half written.
fn store(folder: &Path, path: &Path, parts: &[Sequences]) -> Result<()> {
    fs::create_dir_all(folder)?;
    write_atomically(path, &format::encode(parts)?)
}
