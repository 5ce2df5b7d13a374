//! Files as blocks of whole lines, so that no file is held in memory as a whole and blocks are parsed in parallel.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use memchr::{memchr, memrchr};

use super::columns::Wanted;
use super::lines::BYTE_ORDER_MARK;
use super::parse::{Head, columns_of};
use super::times;
use crate::untrusted::{self, Kind};

/// The lines of a reader in blocks.
pub(super) struct Blocks<R> {
    reader: R,
    /// Bytes of a block, about; a line may be longer.
    size: usize,
    /// The beginning of a line, read with the block before.
    rest: Vec<u8>,
    /// Memory for the next block.
    spare: Vec<u8>,
}

impl<R: Read> Blocks<R> {
    pub fn new(reader: R, size: usize) -> Self {
        Self {
            reader,
            size,
            rest: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// The next lines, with their ends; only the last one of all may have none.
    pub fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut block = std::mem::take(&mut self.spare);
        block.clear();
        block.reserve(self.rest.len() + self.size);
        block.append(&mut self.rest);
        loop {
            let before = block.len();
            // A line without an end is bounded like a file.
            let most = self.size.max(before) as u64;
            self.reader.by_ref().take(most).read_to_end(&mut block)?;
            if block.len() == before {
                return Ok(Some(block).filter(|block| !block.is_empty()));
            }
            if let Some(end) = memrchr(b'\n', &block[before..]) {
                self.rest = block.split_off(before + end + 1);
                return Ok(Some(block));
            }
            Kind::DATA.check(block.len() as u64)?;
        }
    }
}

/// A block of a file below its header.
pub(super) struct Block {
    /// Number of the file.
    pub file: usize,
    pub head: Arc<Head>,
    /// Number of lines of the file before the block, where it is the first block below the header.
    pub first: Option<u64>,
    pub bytes: Vec<u8>,
}

/// The blocks of files, one file after the other.
pub(super) struct Files<'a> {
    files: &'a [PathBuf],
    wanted: Wanted<'a>,
    size: usize,
    /// Number of the file after those that are read or begun.
    next: usize,
    current: Option<(Blocks<io::Take<std::fs::File>>, Arc<Head>)>,
    /// Memory of blocks that are done.
    spare: Vec<Vec<u8>>,
}

impl<'a> Files<'a> {
    /// `size` is that of a block, about, in bytes.
    pub fn new(files: &'a [PathBuf], wanted: Wanted<'a>, size: usize) -> Self {
        Self {
            files,
            wanted,
            size,
            next: 0,
            current: None,
            spare: Vec::new(),
        }
    }

    /// Takes back the memory of a block.
    pub fn recycle(&mut self, block: Block) {
        self.spare.push(block.bytes);
    }

    /// Further blocks, of about `bytes` bytes together; none at the end. The last one may be an error, after which there is
    /// nothing more to read.
    pub fn batch(&mut self, bytes: usize) -> Vec<Result<Block>> {
        let (mut batch, mut size) = (Vec::new(), 0);
        while size < bytes {
            let Some(block) = self.block().transpose() else {
                break;
            };
            let is_error = block.is_err();
            // A short file takes time, too.
            size += block.as_ref().map_or(0, |block| block.bytes.len()) + self.size / 64 + 1;
            batch.push(block);
            if is_error {
                self.next = self.files.len();
                self.current = None;
                break;
            }
        }
        batch
    }

    fn block(&mut self) -> Result<Option<Block>> {
        match self.further()? {
            Some(block) => Ok(Some(block)),
            None => self.first(),
        }
    }

    /// The next block of the file that is begun, if there is one.
    fn further(&mut self) -> Result<Option<Block>> {
        let Some((blocks, head)) = &mut self.current else {
            return Ok(None);
        };
        blocks.spare = self.spare.pop().unwrap_or_default();
        let file = self.next - 1;
        let bytes = blocks
            .next()
            .with_context(|| format!("cannot read {}", self.files[file].display()))?;
        let block = |bytes| Block {
            file,
            head: head.clone(),
            first: None,
            bytes,
        };
        Ok(bytes.map(block))
    }

    /// The first block of the next file, if there is one.
    fn first(&mut self) -> Result<Option<Block>> {
        let file = self.next;
        let Some(path) = self.files.get(file) else {
            self.current = None;
            return Ok(None);
        };
        self.next += 1;
        let reader = untrusted::open_kind(path, Kind::RECORDING)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut blocks = Blocks::new(reader, self.size);
        blocks.spare = self.spare.pop().unwrap_or_default();
        let (head, lines, bytes) =
            head(&mut blocks, self.wanted).with_context(|| path.display().to_string())?;
        let head = Arc::new(head);
        self.current = Some((blocks, head.clone()));
        Ok(Some(Block {
            file,
            head,
            first: Some(lines),
            bytes,
        }))
    }
}

/// Reads up to the header, and below it until the columns of stamps are known: the columns, the number of lines with the header, and
/// what was read behind it.
pub(super) fn head<R: Read>(
    blocks: &mut Blocks<R>,
    wanted: Wanted<'_>,
) -> Result<(Head, u64, Vec<u8>)> {
    let mut lines = 0;
    while let Some(block) = blocks.next()? {
        let mut at = match block.starts_with(BYTE_ORDER_MARK) && lines == 0 {
            true => BYTE_ORDER_MARK.len(),
            false => 0,
        };
        while at < block.len() {
            let end = memchr(b'\n', &block[at..]).map(|length| at + length);
            let line = block[at..end.unwrap_or(block.len())].trim_ascii();
            at = end.map_or(block.len(), |end| end + 1);
            lines += 1;
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let columns = columns_of(line, wanted).with_context(|| format!("line {lines}"))?;
            let mut below = block;
            below.drain(..at);
            let times = loop {
                let (times, is_sure) = times::of_rows(&below, &columns);
                // Twice as much each time, so that a long beginning without labels is looked at a few times only.
                let before = below.len();
                while !is_sure && below.len() <= 2 * before {
                    match blocks.next()? {
                        Some(more) => below.extend(more),
                        None => break,
                    }
                }
                if below.len() == before {
                    break times;
                }
            };
            return Ok((Head::new(columns, times), lines, below));
        }
    }
    anyhow::bail!("it is empty: no header line `label,CHANNEL,CHANNEL,…`")
}
