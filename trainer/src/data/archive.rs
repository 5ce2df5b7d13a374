//! Reads chosen files out of a folder or an archive, whatever its kind, in one pass.
//!
//! The kind is told by the first bytes, never by the name. Archives are decompressed as a stream; each chosen file is
//! handed over whole as soon as it is read, so that it can be parsed while the next one is decompressed. A zip that
//! holds none of the files but another zip (as the official download of UCI HAR does) is looked into.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// No text file of a data set comes near: a guard against archives made to exhaust memory.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// The same for an archive inside an archive.
const MAX_INNER_BYTES: u64 = 1 << 30;
/// The same for an xz dictionary, in KiB; 64 MiB is what the strongest preset uses.
const MAX_XZ_KIB: u32 = 256 << 10;
/// The same for archives inside archives.
const MAX_DEPTH: u32 = 2;
/// How deep the folders of a data set lie in each other: `dsa/data/a01/p1`, with one to spare.
const MAX_FOLDERS: u32 = 5;
/// The longest prefix that [`Kind::of`] looks at.
const MAGIC_BYTES: usize = 263;

/// The file endings of the archives that can be read.
pub(super) const ENDINGS: [&str; 6] = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz"];

/// What an archive's files are handed to: the index of the file in the list of names, and its content.
pub(super) type Visit<'a> = dyn FnMut(usize, Vec<u8>) -> Result<()> + 'a;

/// A folder or an archive to read from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    Path(&'a Path),
    Bytes(&'a [u8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    Gzip,
    Xz,
}

impl Kind {
    fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            Some(Self::Zip)
        } else if head.starts_with(b"\x1f\x8b") {
            Some(Self::Gzip)
        } else if head.starts_with(b"\xfd7zXZ\0") {
            Some(Self::Xz)
        } else if head.get(257..262) == Some(b"ustar") {
            Some(Self::Tar)
        } else {
            None
        }
    }
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

/// Calls `visit` for each of `names` that `input` holds, in the order in which they are stored.
///
/// A name that is not found is not an error here; see [`Select::Names`].
pub(super) fn visit(input: Input<'_>, names: &[String], visit: &mut Visit<'_>) -> Result<()> {
    visit_selected(input, Select::Names(names), visit)
}

/// Calls `visit` for each file of `input` that is wanted, in the order in which they are stored.
pub(super) fn visit_selected(
    input: Input<'_>,
    select: Select<'_>,
    visit: &mut Visit<'_>,
) -> Result<()> {
    let mut wanted = Wanted {
        select,
        seen: HashSet::new(),
        visit,
    };
    match input {
        Input::Path(path) if path.is_dir() => folder(path, &mut wanted),
        Input::Path(path) => {
            let file =
                File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
            archive(BufReader::with_capacity(1 << 20, file), &mut wanted, 0)
        }
        Input::Bytes(bytes) => archive(Cursor::new(bytes), &mut wanted, 0),
    }
}

struct Wanted<'a, 'b> {
    select: Select<'a>,
    seen: HashSet<usize>,
    visit: &'a mut Visit<'b>,
}

impl Wanted<'_, '_> {
    /// The number of the wanted file that is stored as `path`.
    fn index(&self, path: &str) -> Option<usize> {
        let ends = |name: &String| {
            path.strip_suffix(name.as_str())
                .is_some_and(|above| above.is_empty() || above.ends_with('/'))
        };
        // Archives made on a Mac shadow each file with one of attributes.
        if path.split('/').any(|part| part == "__MACOSX") {
            return None;
        }
        match self.select {
            Select::Names(names) => names.iter().position(ends),
            Select::Paths(number) => number(path),
        }
    }

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
        let bytes = read_all(reader, MAX_FILE_BYTES)
            .with_context(|| format!("{path} cannot be read: {why}"))?;
        (self.visit)(index, bytes)
    }

    fn any(&self) -> bool {
        !self.seen.is_empty()
    }
}

fn read_all(reader: &mut dyn Read, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() as u64 <= limit,
        "it is larger than {} MiB: not part of a known data set",
        limit >> 20
    );
    Ok(bytes)
}

fn folder(path: &Path, wanted: &mut Wanted<'_, '_>) -> Result<()> {
    let Select::Names(names) = wanted.select else {
        return tree(path, "", MAX_FOLDERS, wanted);
    };
    let root = data_root(path, names)?;
    for (index, name) in names.iter().enumerate() {
        let path = root.join(name);
        match File::open(&path) {
            Ok(mut file) => {
                wanted.take(index, &mut file, &path.to_string_lossy(), "check the disk")?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be opened", path.display()));
            }
        }
    }
    Ok(())
}

/// Looks at every file below `path`, which is called `name` inside the data set.
fn tree(path: &Path, name: &str, depth: u32, wanted: &mut Wanted<'_, '_>) -> Result<()> {
    for entry in entries(path)? {
        let Some(last) = entry.file_name() else {
            continue;
        };
        let name = format!("{name}/{}", last.to_string_lossy());
        if let Some(index) = wanted.index(&name) {
            let mut file = File::open(&entry)
                .with_context(|| format!("{} cannot be opened", entry.display()))?;
            wanted.take(index, &mut file, &entry.to_string_lossy(), "check the disk")?;
        } else if depth > 0 && entry.is_dir() {
            tree(&entry, &name, depth - 1, wanted)?;
        }
    }
    Ok(())
}

/// The folder that holds any of `names`: `path` itself, else the first of its folders by name, else `path`.
fn data_root(path: &Path, names: &[String]) -> Result<PathBuf> {
    let holds = |folder: &PathBuf| names.iter().any(|name| folder.join(name).is_file());
    let root = path.to_owned();
    if holds(&root) {
        return Ok(root);
    }
    Ok(entries(path)?.into_iter().find(holds).unwrap_or(root))
}

/// What a folder contains, by name.
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
/// It cannot be read, is damaged, or is larger than `limit` bytes when decompressed.
pub(super) fn read_plain(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let read = || -> Result<Vec<u8>> {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
        let head = head_of(&mut reader)?;
        reader.seek(SeekFrom::Start(0))?;
        match Kind::of(&head) {
            Some(Kind::Gzip) => read_all(&mut flate2::read::MultiGzDecoder::new(reader), limit),
            Some(Kind::Xz) => read_all(&mut xz(reader), limit),
            _ => read_all(&mut reader, limit),
        }
    };
    read().with_context(|| {
        format!(
            "{} cannot be read, or is truncated or damaged",
            path.display()
        )
    })
}

fn xz<R: Read>(reader: R) -> lzma_rust2::XzReader<R> {
    lzma_rust2::XzReader::new_mem_limit(reader, true, MAX_XZ_KIB)
}

const DAMAGED: &str = "the archive is truncated or damaged: get it again";

fn archive<R: Read + Seek>(mut reader: R, wanted: &mut Wanted<'_, '_>, depth: u32) -> Result<()> {
    let head = head_of(&mut reader).context("the first bytes cannot be read")?;
    reader
        .seek(SeekFrom::Start(0))
        .context("the first bytes cannot be read again")?;
    match Kind::of(&head) {
        Some(Kind::Zip) => zip(reader, wanted, depth),
        Some(Kind::Tar) => tar(reader, wanted),
        Some(Kind::Gzip) => tar(flate2::read::MultiGzDecoder::new(reader), wanted),
        Some(Kind::Xz) => tar(xz(reader), wanted),
        None => bail!(
            "this is not an archive: it starts with {}; it takes a folder or one of {}",
            match head.get(..16.min(head.len())) {
                Some([]) | None => "nothing (0 bytes)".to_owned(),
                Some(bytes) => format!("\"{}\"", bytes.escape_ascii()),
            },
            ENDINGS.join(", ")
        ),
    }
}

fn head_of(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(MAGIC_BYTES);
    reader.take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn tar(reader: impl Read, wanted: &mut Wanted<'_, '_>) -> Result<()> {
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().context(DAMAGED)? {
        let mut entry = entry.context(DAMAGED)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if let Some(index) = wanted.index(&path) {
            let declared = entry.size();
            ensure!(
                declared <= MAX_FILE_BYTES,
                "{path} claims {declared} bytes: not part of a known data set"
            );
            wanted.take(index, &mut entry, &path, DAMAGED)?;
        }
    }
    // What follows the last file carries the compressor's checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink()).context(DAMAGED)?;
    Ok(())
}

fn zip<R: Read + Seek>(reader: R, wanted: &mut Wanted<'_, '_>, depth: u32) -> Result<()> {
    let mut archive = zip::ZipArchive::new(reader).context(DAMAGED)?;
    let names: Vec<String> = archive
        .file_names_raw()
        .map(|name| String::from_utf8_lossy(name).replace('\\', "/"))
        .collect();
    for (i, name) in names.iter().enumerate() {
        if let Some(index) = wanted.index(name) {
            let mut entry = archive
                .by_index(i)
                .with_context(|| format!("{DAMAGED} ({name})"))?;
            wanted.take(index, &mut entry, name, DAMAGED)?;
        }
    }
    if wanted.any() {
        return Ok(());
    }
    for (i, name) in names.iter().enumerate() {
        if name.to_ascii_lowercase().ends_with(".zip") && !name.contains("__MACOSX") {
            ensure!(
                depth < MAX_DEPTH,
                "{name} is an archive in an archive in an archive: unpack it"
            );
            let mut entry = archive
                .by_index(i)
                .with_context(|| format!("{DAMAGED} ({name})"))?;
            let inner = read_all(&mut entry, MAX_INNER_BYTES)
                .with_context(|| format!("{DAMAGED} ({name})"))?;
            self::archive(Cursor::new(inner), wanted, depth + 1)
                .with_context(|| format!("in {name}, inside the archive"))?;
        }
    }
    Ok(())
}
