//! Reads chosen files out of a folder or an archive, whatever its kind, in one pass.
//!
//! The kind is told by the first bytes, never by the name. Archives are decompressed as a stream; each chosen file is
//! handed over whole as soon as it is read, so that it can be parsed while the next one is decompressed. A zip that
//! holds none of the files but another zip (as the official download of UCI HAR does) is looked into.

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

/// Calls `visit` for each of `names` that `input` holds, in the order in which they are stored.
///
/// A name is a path with `/` inside the data set; it matches at the root of the input and below any folder. A name that
/// is not found is not an error here.
pub(super) fn visit(input: Input<'_>, names: &[String], visit: &mut Visit<'_>) -> Result<()> {
    let mut wanted = Wanted {
        names,
        seen: vec![false; names.len()],
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
    names: &'a [String],
    seen: Vec<bool>,
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
            None
        } else {
            self.names.iter().position(ends)
        }
    }

    /// Reads a file that is stored as `path` and hands it over; `why` is what an unreadable one is put down to.
    fn take(&mut self, index: usize, reader: &mut dyn Read, path: &str, why: &str) -> Result<()> {
        ensure!(
            !self.seen[index],
            "{} is there twice ({path}): use a folder or archive that holds the data set once",
            self.names[index]
        );
        self.seen[index] = true;
        let bytes = read_all(reader, MAX_FILE_BYTES)
            .with_context(|| format!("{path} cannot be read: {why}"))?;
        (self.visit)(index, bytes)
    }

    fn any(&self) -> bool {
        self.seen.contains(&true)
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
    let root = data_root(path, wanted.names)?;
    for (index, name) in wanted.names.iter().enumerate() {
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
        Some(Kind::Xz) => tar(
            lzma_rust2::XzReader::new_mem_limit(reader, true, MAX_XZ_KIB),
            wanted,
        ),
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
