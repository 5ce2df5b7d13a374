//! A digest of the files of recordings, by which it is told whether they have changed.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::{is_hidden, locate};
use crate::data::hex::hex;
pub use crate::data::import::TASK_FILE;
use crate::data::{Source, archive};
use crate::untrusted;

/// Levels of folders that are looked into.
const LEVELS: usize = 8;
/// Bytes that are read at once.
const BLOCK: usize = 1 << 16;

/// SHA-256, in 64 hexadecimal digits, of the recordings at `place`: of its `.csv` files, or where there are none of all files in it and
/// below it, with their names; of a file or an archive its content. Hidden files and task files do not count.
///
/// # Errors
/// There is nothing, or a file cannot be read.
pub fn content_digest(place: &Path) -> Result<String> {
    let files = match locate(place)? {
        Source::Own { files, .. } if !files.is_empty() => files,
        _ => {
            let mut files = Vec::new();
            add(place, LEVELS, &mut files)?;
            files
        }
    };
    let mut digest = Sha256::new();
    let mut block = vec![0; BLOCK];
    for path in files {
        let name = path.strip_prefix(place).unwrap_or(&path);
        digest.update(name.to_string_lossy().as_bytes());
        digest.update([0]);
        let mut file = untrusted::open(&path).with_context(|| path.display().to_string())?;
        let mut length = 0_u64;
        loop {
            let read = file
                .read(&mut block)
                .with_context(|| path.display().to_string())?;
            if read == 0 {
                break;
            }
            length += read as u64;
            digest.update(&block[..read]);
        }
        digest.update(length.to_le_bytes());
    }
    Ok(hex(&digest.finalize()))
}

/// Adds the files of a folder, and of those below it.
fn add(folder: &Path, levels: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    for path in archive::entries(folder)? {
        if is_hidden(&path) || path.file_name().is_some_and(|name| name == TASK_FILE) {
            continue;
        }
        if path.is_dir() {
            if levels > 0 {
                add(&path, levels - 1, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_changes_the_recordings_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        fs::create_dir(place.join("walk")).unwrap();
        fs::write(place.join("walk/a.csv"), "x\n1\n").unwrap();
        let first = content_digest(place).unwrap();
        assert_eq!(
            (content_digest(place).unwrap(), first.len()),
            (first.clone(), 64)
        );
        for hidden in [".notes", "task.toml"] {
            fs::write(place.join(hidden), "x").unwrap();
            assert_eq!(content_digest(place).unwrap(), first, "{hidden}");
        }
        fs::rename(place.join("walk"), place.join("run")).unwrap();
        let renamed = content_digest(place).unwrap();
        fs::write(place.join("run/a.csv"), "x\n2\n").unwrap();
        let changed = content_digest(place).unwrap();
        // The files of a folder that holds some count alone.
        fs::write(place.join("b.csv"), "label,x\n").unwrap();
        let own = content_digest(place).unwrap();
        fs::write(place.join("run/a.csv"), "x\n3\n").unwrap();
        assert_eq!(content_digest(place).unwrap(), own);
        let all = [first, renamed, changed, own];
        assert!(
            (1..all.len()).all(|i| !all[..i].contains(&all[i])),
            "{all:?}"
        );
        assert!(content_digest(&place.join("nowhere")).is_err());
    }
}
