//! Reads chosen files out of a folder or an archive, whatever its kind, in one pass.
//!
//! The kind is told by the first bytes, never by the name. Archives are decompressed as a stream; each chosen file is
//! handed over whole as soon as it is read, so that it can be parsed while the next one is decompressed. A zip that
//! holds none of the files but another zip (as the official download of UCI HAR does) is looked into.

mod packed;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

pub(super) use packed::open_zip;

use crate::untrusted::{self, Budget, Kind};

/// How deep the folders of a data set lie in each other: `dsa/data/a01/p1`, with one to spare.
const MAX_FOLDERS: u32 = 5;
/// Memory that a chosen file takes beside its bytes: its place in lists, and what the allocator keeps of it.
const FILE_COST: usize = 96;

/// The file endings of the archives that can be read.
pub(super) const ENDINGS: [&str; 6] = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz"];

/// Receiver of an archive's files. It takes the index of the file in the list of names, and the file's content.
pub(super) type Visit<'a> = dyn FnMut(usize, Vec<u8>) -> Result<()> + 'a;

/// A folder or an archive to read from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    Path(&'a Path),
    Bytes(&'a [u8]),
}

/// Which files are wanted.
#[derive(Clone, Copy)]
pub(super) enum Select<'a> {
    /// Paths with `/` inside the data set, numbered in order; they match at the root of the input and below any folder.
    Names(&'a [String]),
    /// Gives the number of the file that is stored under a path with `/`, if it is wanted: for sets of thousands of
    /// files. Folders are searched to a depth of [`MAX_FOLDERS`].
    Paths(&'a (dyn Fn(&str) -> Option<usize> + Sync)),
}

impl Select<'_> {
    /// The number of the wanted file that is stored as `path`.
    fn number(self, path: &str) -> Option<usize> {
        let ends = |name: &String| {
            path.strip_suffix(name.as_str())
                .is_some_and(|above| above.is_empty() || above.ends_with('/'))
        };
        // Archives made on a Mac shadow each file with one of attributes.
        if path.split('/').any(|part| part == "__MACOSX") {
            return None;
        }
        match self {
            Self::Names(names) => names.iter().position(ends),
            Self::Paths(number) => number(path),
        }
    }
}

/// Calls `visit` for each file of `input` that is wanted, in the order in which they are stored; `budget` is for all of
/// them together.
///
/// A name that is not found is not an error here; see [`Select::Names`].
pub(super) fn visit(
    input: Input<'_>,
    select: Select<'_>,
    budget: &Budget,
    visit: &mut Visit<'_>,
) -> Result<()> {
    let mut wanted = Wanted {
        select,
        budget,
        seen: HashSet::new(),
        visit,
    };
    match input {
        Input::Path(path) if path.is_dir() => {
            for (index, file) in files_in(path, select)? {
                let shown = file.to_string_lossy();
                let mut reader =
                    untrusted::open(&file).with_context(|| format!("{shown} cannot be opened"))?;
                wanted.take(index, &mut reader, &shown, "check the disk")?;
            }
            Ok(())
        }
        Input::Path(path) => {
            let file = untrusted::open(path)
                .with_context(|| format!("{} cannot be opened", path.display()))?;
            packed::archive(BufReader::with_capacity(1 << 20, file), &mut wanted, 0)
        }
        Input::Bytes(bytes) => packed::archive(Cursor::new(bytes), &mut wanted, 0),
    }
}

struct Wanted<'a, 'b> {
    select: Select<'a>,
    budget: &'a Budget,
    seen: HashSet<usize>,
    visit: &'a mut Visit<'b>,
}

impl Wanted<'_, '_> {
    /// Reads a file that is stored as `path` and hands it over; `why` is what an unreadable one is put down to.
    fn take(&mut self, index: usize, reader: &mut dyn Read, path: &str, why: &str) -> Result<()> {
        ensure!(
            self.seen.insert(index),
            "{} is there twice ({path}): use a folder or archive that holds the data set once",
            match self.select {
                Select::Names(names) => names[index].as_str(),
                Select::Paths(_) => "a file",
            }
        );
        self.budget.take(FILE_COST)?;
        let bytes =
            (self.budget.read(reader, Kind::DATA)).map_err(|error| unreadable(error, path, why))?;
        (self.visit)(index, bytes)
    }

    fn any(&self) -> bool {
        !self.seen.is_empty()
    }
}

/// An error of reading, put down to `why` unless there is just too much.
pub(super) fn unreadable(error: io::Error, path: &str, why: &str) -> anyhow::Error {
    let what = match error.kind() {
        ErrorKind::FileTooLarge => path.to_owned(),
        _ => format!("{path} cannot be read: {why}"),
    };
    anyhow::Error::new(error).context(what)
}

/// The wanted files of the folder at `path`, with their numbers, in the order of their paths or names.
pub(super) fn files_in(path: &Path, select: Select<'_>) -> Result<Vec<(usize, PathBuf)>> {
    let mut found = Vec::new();
    match select {
        Select::Paths(_) => tree(path, "", MAX_FOLDERS, select, &mut found)?,
        Select::Names(names) => {
            let root = data_root(path, names)?;
            for (index, name) in names.iter().enumerate() {
                let file = root.join(name);
                let there = file.try_exists();
                if there.with_context(|| format!("{} cannot be opened", file.display()))? {
                    found.push((index, file));
                }
            }
        }
    }
    Ok(found)
}

/// Looks at every file below `path`, which is called `name` inside the data set.
fn tree(
    path: &Path,
    name: &str,
    depth: u32,
    select: Select<'_>,
    found: &mut Vec<(usize, PathBuf)>,
) -> Result<()> {
    for entry in entries(path)? {
        let Some(last) = entry.file_name() else {
            continue;
        };
        let name = format!("{name}/{}", last.to_string_lossy());
        if let Some(index) = select.number(&name) {
            found.push((index, entry));
        } else if depth > 0 && entry.is_dir() {
            tree(&entry, &name, depth - 1, select, found)?;
        }
    }
    Ok(())
}

/// The folder that holds any of `names`: `path` itself, else the first of its folders by name, else `path`.
fn data_root(path: &Path, names: &[String]) -> Result<PathBuf> {
    let holds = |folder: &PathBuf| names.iter().any(|name| folder.join(name).exists());
    let root = path.to_owned();
    if holds(&root) {
        return Ok(root);
    }
    Ok(entries(path)?.into_iter().find(holds).unwrap_or(root))
}

/// Paths of a folder's entries, sorted by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || -> io::Result<Vec<PathBuf>> {
        folder.read_dir()?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut entries =
        list().with_context(|| format!("the folder {} cannot be listed", folder.display()))?;
    entries.sort();
    Ok(entries)
}

/// Reads a file whole; one that is compressed by gzip or xz is decompressed.
///
/// # Errors
/// It cannot be read, is damaged, or is larger, when decompressed, than its kind or the budget allows.
pub(super) fn read_plain(path: &Path, kind: Kind, budget: &Budget) -> Result<Vec<u8>> {
    let shown = path.to_string_lossy();
    let file = untrusted::open(path).with_context(|| format!("{shown} cannot be opened"))?;
    let read = || -> io::Result<Vec<u8>> {
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let head = packed::head_of(&mut reader)?;
        reader.seek(SeekFrom::Start(0))?;
        budget.read(packed::plain(&head, reader), kind)
    };
    read().map_err(|error| unreadable(error, &shown, "it is truncated or damaged"))
}
