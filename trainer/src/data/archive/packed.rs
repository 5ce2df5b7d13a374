//! Archives: tar and zip, and what they are compressed by.
//!
//! Sizes that an archive states about itself are not believed: names, tables of contents, dictionaries and the stream
//! itself are bounded here, files by the code that reads them.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use anyhow::{Context, Result, bail, ensure};

use super::{ENDINGS, Wanted, unreadable};
use crate::untrusted::{Bounded, Kind};

/// Decompressed bytes of a tar, unwanted files included: eight times the largest that is published.
const MAX_TAR_BYTES: u64 = 4 << 30;
/// Bytes of a zip's table of contents, which takes many times as much in memory: three times that of the largest set.
const MAX_TABLE_BYTES: u64 = 32 << 20;
/// Bytes of a name and other attributes in front of a file of a tar.
const MAX_ATTRIBUTE_BYTES: u64 = 1 << 20;
/// KiB of an xz dictionary; 64 MiB is what the strongest preset uses.
const MAX_XZ_KIB: u32 = 256 << 10;
/// How deep archives may lie in each other.
const MAX_DEPTH: u32 = 2;
/// The longest prefix that [`Format::of`] looks at.
const MAGIC_BYTES: usize = 263;

const DAMAGED: &str = "the archive is truncated or damaged: get it again";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Zip,
    Tar,
    Gzip,
    Xz,
}

impl Format {
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

/// The first bytes, by which a format is told.
pub(super) fn head_of(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(MAGIC_BYTES);
    reader.take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Content of a file that starts with `head`, decompressed if it is compressed by gzip or xz.
pub(super) fn plain<'a>(head: &[u8], reader: impl Read + 'a) -> Box<dyn Read + 'a> {
    match Format::of(head) {
        Some(Format::Gzip) => Box::new(flate2::read::MultiGzDecoder::new(reader)),
        Some(Format::Xz) => Box::new(lzma_rust2::XzReader::new_mem_limit(
            reader, true, MAX_XZ_KIB,
        )),
        _ => Box::new(reader),
    }
}

/// Hands over the wanted files of an archive that lies in `depth` others.
pub(super) fn archive<R: Read + Seek>(
    mut reader: R,
    wanted: &mut Wanted<'_, '_>,
    depth: u32,
) -> Result<()> {
    let head = head_of(&mut reader).context("the first bytes cannot be read")?;
    reader
        .seek(SeekFrom::Start(0))
        .context("the first bytes cannot be read again")?;
    match Format::of(&head) {
        Some(Format::Zip) => zip(reader, wanted, depth),
        Some(_) => tar(plain(&head, reader), wanted, MAX_TAR_BYTES),
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

/// Entries are read raw: the crate would hold names of any length.
pub(super) fn tar(reader: impl Read, wanted: &mut Wanted<'_, '_>, most: u64) -> Result<()> {
    let mut archive = tar::Archive::new(Bounded::new(reader, most));
    let mut name = None;
    for entry in archive.entries().context(DAMAGED)?.raw(true) {
        let mut entry = entry.context(DAMAGED)?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            name = long_name(&mut entry)?.or(name);
            continue;
        }
        if kind.is_gnu_longlink() || kind.is_pax_global_extensions() {
            continue;
        }
        ensure!(
            !kind.is_gnu_sparse(),
            "the archive holds a sparse file: pack it without --sparse"
        );
        let path = (name.take()).unwrap_or_else(|| entry.path_bytes().into_owned());
        let path = String::from_utf8_lossy(&path).into_owned();
        if !kind.is_file() {
            continue;
        }
        if let Some(index) = wanted.select.number(&path) {
            wanted.take(index, &mut entry, &path, DAMAGED)?;
        }
    }
    // The bytes after the last file carry the compressor's checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink()).context(DAMAGED)?;
    Ok(())
}

/// The name that `entry` gives to the file after it, if it gives one.
fn long_name(entry: &mut tar::Entry<'_, impl Read>) -> Result<Option<Vec<u8>>> {
    let length = entry.size();
    ensure!(
        length <= MAX_ATTRIBUTE_BYTES,
        "{DAMAGED} (a file's name and attributes take {length} bytes)"
    );
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).context(DAMAGED)?;
    if entry.header().entry_type().is_gnu_longname() {
        bytes.pop_if(|last| *last == 0);
        return Ok(Some(bytes));
    }
    let mut fields = tar::PaxExtensions::new(&bytes).filter_map(Result::ok);
    let path = fields.find(|field| field.key_bytes() == b"path");
    Ok(path.map(|field| field.value_bytes().to_vec()))
}

fn zip<R: Read + Seek>(reader: R, wanted: &mut Wanted<'_, '_>, depth: u32) -> Result<()> {
    let mut archive = open_zip(reader).context(DAMAGED)?;
    let names: Vec<String> = archive
        .file_names_raw()
        .map(|name| String::from_utf8_lossy(name).replace('\\', "/"))
        .collect();
    for (i, name) in names.iter().enumerate() {
        if let Some(index) = wanted.select.number(name) {
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
            let entry = archive
                .by_index(i)
                .with_context(|| format!("{DAMAGED} ({name})"))?;
            let inner = (wanted.budget.read(entry, Kind::ARCHIVE))
                .map_err(|error| unreadable(error, name, DAMAGED))?;
            self::archive(Cursor::new(inner), wanted, depth + 1)
                .with_context(|| format!("in {name}, inside the archive"))?;
        }
    }
    Ok(())
}

/// Opens a zip, whose table of contents may take [`MAX_TABLE_BYTES`].
pub(in crate::data) fn open_zip<R: Read + Seek>(
    reader: R,
) -> zip::result::ZipResult<zip::ZipArchive<Bounded<R>>> {
    open_zip_of(reader, MAX_TABLE_BYTES)
}

pub(super) fn open_zip_of<R: Read + Seek>(
    reader: R,
    most: u64,
) -> zip::result::ZipResult<zip::ZipArchive<Bounded<R>>> {
    let reader = Bounded::new(reader, most);
    let left = reader.left();
    let archive = zip::ZipArchive::new(reader)?;
    left.set(u64::MAX);
    Ok(archive)
}
