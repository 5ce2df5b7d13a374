//! Files that are whole or not there, and folders in which one process works at a time.
//!
//! Both rest on locks of the operating system, which end with the process that holds them, however it ends. A file that is
//! being written has another name and is locked until it is whole; one that is not locked was left by a process that died,
//! and the next one that writes into the folder removes it.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::untrusted::check_regular;

/// Names of files that are being written start and end like this.
pub(crate) const UNFINISHED: (&str, &str) = (".hadamrnn-", ".tmp");
/// Name of the file whose lock is that of its folder. It stays: to remove it would let two processes lock two files.
const LOCK_NAME: &str = "lock";

/// Writes a file so that at any moment either the old or the new content is there. What killed processes left unfinished
/// in its folder is removed.
///
/// # Errors
/// The folder cannot be written or the disk is full; the old content is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    anyhow::ensure!(
        folder.is_dir(),
        "cannot write {}: there is no folder {}, make it first",
        path.display(),
        folder.display()
    );
    let write = || -> io::Result<()> {
        remove_stale(folder);
        let mut file = unfinished_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        set_ordinary_mode(file.as_file())?;
        file.persist(path)?;
        sync_folder(folder)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Puts the names in a folder on the disk: until then a power cut may bring the old content of a replaced file back.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        // Systems and file systems that know no such thing for folders.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// Writes a file as [`write_atomically`] does, over none but one that begins with the same `start` bytes: a user's own file is not
/// taken for an earlier one of the program's.
///
/// # Errors
/// Those of [`write_atomically`]; another file is there.
pub fn write_over_own(path: &Path, bytes: &[u8], start: usize) -> Result<()> {
    let start = &bytes[..start.min(bytes.len())];
    if let Ok(file) = crate::untrusted::open(path) {
        let mut found = Vec::new();
        file.take(start.len() as u64).read_to_end(&mut found)?;
        anyhow::ensure!(
            found.is_empty() || found == start,
            "{} is there already and is no such file: choose another name, or move it away",
            path.display()
        );
    }
    write_atomically(path, bytes)
}

/// A new file in `folder`, locked.
fn unfinished_in(folder: &Path) -> io::Result<NamedTempFile> {
    let (prefix, suffix) = UNFINISHED;
    loop {
        let file = tempfile::Builder::new()
            .prefix(prefix)
            .suffix(suffix)
            .tempfile_in(folder)?;
        // Before it is locked, another process may take it for a stale one and remove it.
        match file.as_file().try_lock() {
            Ok(()) if file.path().exists() => return Ok(file),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // Where there are no locks, nobody removes anything.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Whether a name is one of files and folders that are being written.
pub(crate) fn is_unfinished(name: &OsStr) -> bool {
    let (prefix, suffix) = UNFINISHED;
    let name = name.to_string_lossy();
    name.starts_with(prefix) && name.ends_with(suffix)
}

/// Removes the unfinished files in `folder` that no living process writes. What cannot be removed stays.
fn remove_stale(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !is_unfinished(&entry.file_name()) {
            continue;
        }
        if let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Temporary files are private; what becomes of them should be readable like any other file.
#[cfg(unix)]
fn set_ordinary_mode(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_ordinary_mode(_: &File) -> io::Result<()> {
    Ok(())
}

/// Opens a file of the program's own for writing, and makes it if it is not there; `anew` empties it. In a folder from
/// elsewhere its name may be that of a link, which would lead out of the folder, or of a pipe: neither is opened.
///
/// # Errors
/// It cannot be written, or is not a regular file.
pub fn open_own(path: &Path, anew: bool) -> Result<File> {
    let open = || -> io::Result<File> {
        if let Ok(found) = path.symlink_metadata() {
            check_regular(&found)?;
        }
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(anew)
            .open(path)
    };
    open().with_context(|| format!("cannot write {}", path.display()))
}

/// Keeps other processes from a folder, until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Whether a process ever took the lock of `folder`.
    pub(crate) fn is_in(folder: &Path) -> bool {
        folder.join(LOCK_NAME).exists()
    }

    /// Takes the lock of `folder`; `None` if another process has it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn take(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(LOCK_NAME);
        let file = open_own(&path, false)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_a_link_or_has_content_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "precious").unwrap();
        let inside = folder.path().join("run");
        std::fs::create_dir(&inside).unwrap();
        std::os::unix::fs::symlink(&elsewhere, inside.join(LOCK_NAME)).unwrap();
        let error = format!("{:#}", Lock::take(&inside).unwrap_err());
        assert!(error.contains("it is a link"), "{error}");
        assert!(open_own(&inside.join(LOCK_NAME), true).is_err());
        std::fs::remove_file(inside.join(LOCK_NAME)).unwrap();
        std::fs::rename(&elsewhere, inside.join(LOCK_NAME)).unwrap();
        assert!(Lock::take(&inside).unwrap().is_some());
        assert_eq!(std::fs::read(inside.join(LOCK_NAME)).unwrap(), b"precious");
    }

    #[test]
    fn the_next_save_removes_what_a_dead_process_left_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        // A process that is killed does not remove its file, and its lock is gone.
        let (dead, dead_path) = unfinished_in(path).unwrap().keep().unwrap();
        drop(dead);
        let living = unfinished_in(path).unwrap();
        for of_the_user in [".tmp-notes", ".hadamrnn-notes", "a.tmp"] {
            std::fs::write(path.join(of_the_user), "kept").unwrap();
        }
        write_atomically(&path.join("whole"), b"first").unwrap();
        write_atomically(&path.join("whole"), b"second").unwrap();
        assert_eq!(std::fs::read(path.join("whole")).unwrap(), b"second");
        assert!(!dead_path.exists());
        assert!(living.path().exists());
        drop(living);
        let kept = [".hadamrnn-notes", ".tmp-notes", "a.tmp", "whole"];
        assert_eq!(names(path), kept);
    }

    #[test]
    fn many_writers_in_one_folder_all_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                scope.spawn(move || {
                    for _ in 0..20 {
                        write_atomically(&path.join(format!("{writer}")), b"whole").unwrap();
                    }
                });
            }
        });
        assert_eq!(names(path), ["0", "1", "2", "3"]);
    }

    #[test]
    fn a_lock_keeps_others_away_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(lock.is_some());
        assert!(Lock::take(folder.path()).unwrap().is_none());
        drop(lock);
        assert!(Lock::take(folder.path()).unwrap().is_some());
    }
}
