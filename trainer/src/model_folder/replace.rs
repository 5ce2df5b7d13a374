//! Putting a folder of new files in the place of an old one.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::files::{Lock, UNFINISHED, is_unfinished, write_atomically};

/// Name of the old folder beside the new one, where the two cannot change names in one step.
const OLD: &str = "old";

/// Names and contents of files.
type Contents<'a> = [(&'a str, &'a [u8])];

/// Writes `contents` as the folder `folder`: at any moment the old one is there, or the new one.
///
/// File by file, in their order, where the folder holds other things, is the current one, or cannot be renamed.
///
/// # Errors
/// The folder cannot be written.
pub(super) fn write(folder: &Path, contents: &Contents<'_>) -> Result<()> {
    let unwritable = || format!("cannot write the folder {}", folder.display());
    // Not the link, where it is one, but the folder it leads to.
    let folder = match folder.exists() {
        true => folder.canonicalize().with_context(unwritable)?,
        false => std::path::absolute(folder).with_context(unwritable)?,
    };
    let parent = folder.parent().map(Path::to_path_buf);
    let replaceable = parent.filter(|_| is_replaceable(&folder, contents));
    let Some(parent) = replaceable else {
        return one_by_one(&folder, contents);
    };
    fs::create_dir_all(&parent).with_context(unwritable)?;
    match as_one(&folder, &parent, contents) {
        Err(error) if folder.is_dir() && cannot_rename(&error) => one_by_one(&folder, contents),
        result => result.with_context(unwritable),
    }
}

/// Whether `folder` is not there, or holds nothing but earlier `contents` and what writes that were killed left.
fn is_replaceable(folder: &Path, contents: &Contents<'_>) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return !folder.exists();
    };
    let here = std::env::current_dir().and_then(fs::canonicalize);
    let is_known = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| {
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            let found = entry.file_name();
            let is_ours = contents.iter().any(|(name, _)| found == *name);
            is_file && (is_ours || is_unfinished(&found))
        })
    };
    here.map_or(true, |here| here != folder) && entries.into_iter().all(is_known)
}

/// Whether a folder could not be put in the place of another for a reason that a file in it does not share.
fn cannot_rename(error: &anyhow::Error) -> bool {
    let kind = error.root_cause().downcast_ref().map(io::Error::kind);
    matches!(
        kind,
        Some(
            ErrorKind::PermissionDenied
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::ResourceBusy
                | ErrorKind::CrossesDevices
        )
    )
}

fn one_by_one(folder: &Path, contents: &Contents<'_>) -> Result<()> {
    for (name, bytes) in contents {
        write_atomically(&folder.join(name), bytes)?;
    }
    sync(folder).with_context(|| format!("cannot write the folder {}", folder.display()))
}

fn as_one(folder: &Path, parent: &Path, contents: &Contents<'_>) -> Result<()> {
    remove_stale_folders(parent);
    let (prefix, suffix) = UNFINISHED;
    let staging = tempfile::Builder::new()
        .prefix(prefix)
        .suffix(suffix)
        .tempdir_in(parent)?;
    // Ends with the process that writes, however it ends. Where there are no locks, nobody removes anything.
    let _lock = Lock::take(staging.path()).ok();
    // A folder within, for a temporary one is private.
    let new = staging.path().join("new");
    fs::create_dir(&new)?;
    one_by_one(&new, contents)?;
    put(&new, folder, staging)?;
    sync(parent)?;
    Ok(())
}

/// Removes the unfinished folders in `parent` that no living process writes. One without a lock file is being made, or was
/// left in the moment of that: it stays.
fn remove_stale_folders(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder || !is_unfinished(&entry.file_name()) || !Lock::is_in(&path) {
            continue;
        }
        // An old model folder that could not be put back is nobody's to remove.
        if !path.join(OLD).exists()
            && let Ok(Some(_lock)) = Lock::take(&path)
        {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Gives `new` the name `folder`. An old folder of that name goes with `staging`.
fn put(new: &Path, folder: &Path, staging: TempDir) -> io::Result<()> {
    if !folder.exists() {
        return fs::rename(new, folder);
    }
    if exchange(new, folder).is_ok() {
        return Ok(());
    }
    let old: PathBuf = staging.path().join(OLD);
    fs::rename(folder, &old)?;
    fs::rename(new, folder).inspect_err(|_| {
        if fs::rename(&old, folder).is_err() {
            // Better a strange name than no old folder.
            let _ = staging.keep();
        }
    })
}

/// Gives two folders each other's name in one step.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Waits until a folder's entries are on the disk.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
