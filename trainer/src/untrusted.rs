//! Files from outside: only regular ones are opened, and no more of them is held in memory than a stated bound.
//!
//! A file of a [`Kind`] has a bound of its own. A data set, which may be thousands of files, has one `Budget` for all
//! of them and for what is parsed from them. `docs/DATA.md` lists the bounds.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};

const MIB: u64 = 1 << 20;

/// A kind of file, with the most bytes that one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    what: &'static str,
    most: u64,
}

impl Kind {
    /// A model: twice what the largest table of tokens takes.
    pub const MODEL: Self = Self::new("a model", 128 * MIB);
    /// A checkpoint: the largest network five times, with moments and means.
    pub const CHECKPOINT: Self = Self::new("a checkpoint", 2048 * MIB);
    /// A text of settings: a configuration, a card, the board registry.
    pub const SETTINGS: Self = Self::new("a file of settings", 4 * MIB);
    /// A text of results: golden vectors, metrics, plans and records of jobs.
    pub const RECORD: Self = Self::new("a record", 64 * MIB);
    /// The curves of a run: a million epochs.
    pub const CURVES: Self = Self::new("the curves of a run", 1024 * MIB);
    /// Raw input windows.
    pub const WINDOWS: Self = Self::new("a file of windows", 512 * MIB);
    /// Output of a build or an emulator: firmware with its symbols, a log.
    pub const FIRMWARE: Self = Self::new("firmware or its log", 256 * MIB);
    /// A list of words with their numbers.
    pub(crate) const WORDS: Self = Self::new("a list of words", 16 * MIB);
    /// A file of a data set, decompressed.
    pub(crate) const DATA: Self = Self::new("a file of a data set", 256 * MIB);
    /// A file of the user's own recordings, which is not held as a whole.
    pub(crate) const RECORDING: Self = Self::new("a file of recordings", 16 * 1024 * MIB);
    /// An archive or array file of a data set, decompressed.
    pub(crate) const ARCHIVE: Self = Self::new("an archive in an archive", 1024 * MIB);
    /// An entry of the cache.
    pub(crate) const CACHE: Self = Self::new("an entry of the cache", 1024 * MIB);

    const fn new(what: &'static str, most: u64) -> Self {
        Self { what, most }
    }

    /// Whether a file of this kind may have so many bytes.
    ///
    /// # Errors
    /// It is too large.
    pub(crate) fn check(self, bytes: u64) -> io::Result<()> {
        if bytes <= self.most {
            return Ok(());
        }
        let Self { what, most } = self;
        Err(too_large(format!(
            "it is larger than {}, the most that {what} may be: is it the right file?",
            size(most)
        )))
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// The reader fails, or there is more than a file of this kind may have.
    pub fn read(self, reader: impl Read) -> io::Result<Vec<u8>> {
        self.read_into(Vec::new(), reader)
    }

    fn read_into(self, mut bytes: Vec<u8>, reader: impl Read) -> io::Result<Vec<u8>> {
        reader.take(self.most + 1).read_to_end(&mut bytes)?;
        self.check(bytes.len() as u64)?;
        Ok(bytes)
    }
}

/// Opens a file for reading if it is a regular one, or a link to one. Others, such as pipes, might never end, or change
/// something by being opened.
///
/// # Errors
/// The errors of [`File::open`]; or the file is not a regular one. The message does not name it.
pub fn open(path: &Path) -> io::Result<File> {
    check_regular(&fs::metadata(path)?)?;
    File::open(path)
}

/// Whether a file, open or not, is a regular one.
///
/// # Errors
/// It is another one; the message says which.
pub(crate) fn check_regular(file: &fs::Metadata) -> io::Result<()> {
    if file.is_file() {
        return Ok(());
    }
    let what = describe(file.file_type());
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        format!("it is {what}, not a regular file"),
    ))
}

#[cfg(unix)]
fn describe(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_symlink() => "a link",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
fn describe(kind: fs::FileType) -> &'static str {
    match kind.is_dir() {
        true => "a folder",
        false => "a device",
    }
}

/// Reads a regular file.
///
/// # Errors
/// The errors of [`open`]; or the file is larger than `kind` allows. The message does not name it.
pub fn read(path: &Path, kind: Kind) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    kind.check(length)?;
    kind.read_into(Vec::with_capacity(length as usize), file)
}

/// Opens a regular file to read it in pieces, as long as it is now.
///
/// # Errors
/// The errors of [`open`]; or the file is larger than `kind` allows. The message does not name it.
pub(crate) fn open_kind(path: &Path, kind: Kind) -> io::Result<io::Take<File>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    kind.check(length)?;
    Ok(file.take(length))
}

/// Reads a regular file of text.
///
/// # Errors
/// The errors of [`read`]; or the file is not UTF-8.
pub fn text(path: &Path, kind: Kind) -> io::Result<String> {
    into_text(read(path, kind)?)
}

/// Reads settings that the user names, which may come through a pipe.
///
/// # Errors
/// They cannot be read, are no UTF-8 or more than [`Kind::SETTINGS`]. The message does not name the file.
pub fn named_settings(path: &Path) -> io::Result<String> {
    into_text(Kind::SETTINGS.read(File::open(path)?)?)
}

fn into_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// How many more bytes reading a data set may hold in memory. What is taken is not given back: it is a bound on all
/// that was read, not on what is held at a time.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u64,
    left: AtomicU64,
}

impl Budget {
    /// Budget of a data set: its files, decompressed, and the values parsed from them. The largest published set, DSA
    /// as texts, takes half of it.
    pub(crate) fn of_data_set() -> Self {
        Self::new(1536 * MIB)
    }

    pub(crate) fn new(most: u64) -> Self {
        Self {
            most,
            left: AtomicU64::new(most),
        }
    }

    /// Takes what is about to be held.
    pub(crate) fn take(&self, bytes: usize) -> io::Result<()> {
        let less = |left: u64| left.checked_sub(bytes as u64);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        match taken {
            Ok(_) => Ok(()),
            Err(_) => Err(too_large(format!(
                "the data take more than {} of memory, files and parsed values together: name a folder or archive \
                 that holds this data set alone, or use less of your own",
                size(self.most)
            ))),
        }
    }

    /// Takes `count` items of `T`.
    pub(crate) fn take_items<T>(&self, count: usize) -> io::Result<()> {
        self.take(count.saturating_mul(size_of::<T>()))
    }

    /// Reads to the end and takes what there is.
    pub(crate) fn read(&self, reader: impl Read, kind: Kind) -> io::Result<Vec<u8>> {
        let left = self.left.load(Ordering::Relaxed);
        let bytes = kind.read(reader.take(left.saturating_add(1)))?;
        self.take(bytes.len())?;
        Ok(bytes)
    }

    /// Reads a regular file and takes what there is.
    pub(crate) fn read_file(&self, path: &Path, kind: Kind) -> Result<Vec<u8>> {
        let file = open(path).with_context(|| format!("cannot read {}", path.display()))?;
        self.read(file, kind)
            .with_context(|| path.display().to_string())
    }
}

/// A reader that fails once more than a number of bytes was read from it.
pub(crate) struct Bounded<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R> Bounded<R> {
    pub(crate) fn new(inner: R, most: u64) -> Self {
        Self {
            inner,
            left: Rc::new(Cell::new(most)),
        }
    }

    /// Bytes that may still be read, in a cell that can be set anew while something else owns the reader.
    pub(crate) fn left(&self) -> Rc<Cell<u64>> {
        self.left.clone()
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self
            .left
            .get()
            .checked_sub(count as u64)
            .ok_or_else(|| too_large("it holds more than is ever read".into()))?;
        self.left.set(left);
        Ok(count)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn too_large(message: String) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, message)
}

/// Bytes as messages show them.
fn size(bytes: u64) -> String {
    match bytes {
        MIB.. => format!("{} MiB", bytes / MIB),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Cursor;

    use super::*;

    /// Makes a pipe that nobody writes to: opening it without a look at what it is would wait for ever.
    #[cfg(unix)]
    pub(crate) fn make_pipe(path: &Path) {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.expect("mkfifo is there").success());
    }

    const SMALL: Kind = Kind::new("a test", 10);

    #[test]
    fn a_file_up_to_the_bound_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "0123456789").unwrap();
        assert_eq!(text(&path, SMALL).unwrap(), "0123456789");
        fs::write(&path, "0123456789a").unwrap();
        let error = read(&path, SMALL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        let expected =
            "it is larger than 10 bytes, the most that a test may be: is it the right file?";
        assert_eq!(error.to_string(), expected);
        // A stream tells no length before.
        assert!(SMALL.read(&[0; 10][..]).is_ok() && SMALL.read(io::repeat(0)).is_err());
    }

    #[test]
    fn the_size_is_looked_at_before_anything_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.hdrn");
        // A file of zeros that takes no disk.
        File::create(&path)
            .unwrap()
            .set_len(Kind::MODEL.most + 1)
            .unwrap();
        let error = read(&path, Kind::MODEL).unwrap_err().to_string();
        assert!(
            error.contains("128 MiB, the most that a model may be"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        make_pipe(&path("pipe"));
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        for (path, what) in [
            (path("pipe"), "a pipe"),
            (path("socket"), "a socket"),
            (folder.path().into(), "a folder"),
            ("/dev/null".into(), "a device"),
        ] {
            let error = open(&path).unwrap_err().to_string();
            assert_eq!(error, format!("it is {what}, not a regular file"));
        }
        fs::write(path("file"), "x").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        assert_eq!(read(&path("link"), SMALL).unwrap(), b"x");
        std::os::unix::fs::symlink(path("pipe"), path("link to a pipe")).unwrap();
        assert!(open(&path("link to a pipe")).is_err());
        let error = open(&path("none")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_budget_is_for_all_together() {
        let budget = Budget::new(10);
        assert_eq!(budget.read(&[1; 4][..], SMALL).unwrap(), [1; 4]);
        budget.take_items::<u16>(2).unwrap();
        let error = budget.read(&[1; 3][..], SMALL).unwrap_err().to_string();
        assert!(error.contains("more than 10 bytes of memory"), "{error}");
        assert!(budget.take(3).is_err() && budget.take(usize::MAX).is_err());
        budget.take(2).unwrap();
        assert!(budget.read(io::repeat(0), Kind::CACHE).is_err());
    }

    #[test]
    fn a_bounded_reader_fails_beyond_its_bound_until_it_is_lifted() {
        let mut reader = Bounded::new(Cursor::new([7; 20]), 10);
        let mut ten = [0; 10];
        reader.read_exact(&mut ten).unwrap();
        assert!(reader.read(&mut ten).is_err());
        reader.left().set(10);
        reader.seek(SeekFrom::Start(15)).unwrap();
        assert_eq!(reader.read(&mut ten).unwrap(), 5);
        assert_eq!(reader.read(&mut ten).unwrap(), 0);
    }
}
