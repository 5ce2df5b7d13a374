//! A model file with another part in it, byte by byte, without room for a model: how a board writes what it was taught.

use super::{
    Addition, CRC_BYTES, Extension, Header, MAGIC, PREFIX_BYTES, Part, VERSION, Weights,
    continue_crc32, parts,
};

/// Most bytes of the lengths and the padding before the weights.
const TAIL: usize = 1 + 3 + 5;
/// Pieces of a file.
const PIECES: usize = 12;

/// A model file of version 4 with a part added or replaced. Header, weights and other parts are read from the old file.
///
/// It is the file that [`encode_with_parts`] would write.
///
/// [`encode_with_parts`]: super::encode_with_parts
#[derive(Clone, Debug)]
pub struct Replaced<'a> {
    prefix: [u8; PREFIX_BYTES],
    head: &'a [u8],
    /// Padding and weights' length, and how many bytes they are.
    tail: ([u8; TAIL], usize),
    addition: &'a [u8],
    eighth: [u8; 4],
    /// Entries of parts with lower and higher numbers.
    table: [&'a [u8]; 2],
    entry: [u8; 4],
    /// What follows the table, before and behind the content of the part.
    contents: [&'a [u8]; 2],
    words: &'a [u8],
    crc: [u8; CRC_BYTES],
}

impl<'a> Replaced<'a> {
    /// The file `old`, which is a valid model, with `part` in it.
    ///
    /// None where it is not of version 4, or the part is out of range.
    #[must_use]
    pub fn new(old: &'a [u8], part: &Part<'a>) -> Option<Self> {
        let (prefix, rest) = old.split_first_chunk::<PREFIX_BYTES>()?;
        if !prefix.starts_with(&MAGIC) || *prefix.get(4)? != VERSION as u8 {
            return None;
        }
        let (body, _) = rest.split_last_chunk::<CRC_BYTES>()?;
        let (_, rest) = postcard::take_from_bytes::<Header<'_>>(body).ok()?;
        let (_, rest) = postcard::take_from_bytes::<Extension>(rest).ok()?;
        let (head, _) = body.split_at_checked(body.len().checked_sub(rest.len())?)?;
        let (end, _) = postcard::take_from_bytes::<Weights<'_>>(rest).ok()?;
        let (addition, rest) = (end.weights).split_at_checked(4 * Addition::WORDS)?;
        let (eighth, rest) = rest.split_first_chunk::<4>()?;
        let count = usize::from(*eighth.first()?);
        let (table, contents) = rest.split_at_checked(count.checked_mul(4)?)?;

        let entries = || {
            table
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bytes| u32::from_le_bytes(*bytes))
        };
        let words_of = |is_one: &dyn Fn(u16) -> bool| -> usize {
            let of = entries().filter(|entry| is_one(parts::id(*entry)));
            of.map(parts::length).sum()
        };
        let lower = entries()
            .take_while(|entry| parts::id(*entry) < part.id)
            .count();
        let replaced = entries().any(|entry| parts::id(entry) == part.id);
        let (before, others) = table.split_at_checked(lower.checked_mul(4)?)?;
        let (_, after) = others.split_at_checked(if replaced { 4 } else { 0 })?;
        let higher_words = words_of(&|id| id > part.id).checked_mul(4)?;
        let old_words = words_of(&|id| id == part.id).checked_mul(4)?;
        let (start, higher) =
            contents.split_at_checked(contents.len().checked_sub(higher_words)?)?;
        let (start, _) = start.split_at_checked(start.len().checked_sub(old_words)?)?;

        let count = count.checked_add(usize::from(!replaced))?;
        let [_, shift, interval, zero] = *eighth;
        let eighth = [u8::try_from(count).ok()?, shift, interval, zero];
        let mut file = Self {
            prefix: *prefix,
            head,
            tail: ([0; TAIL], 0),
            addition,
            eighth,
            table: [before, after],
            entry: part.entry()?.to_le_bytes(),
            contents: [start, higher],
            words: bytemuck::try_cast_slice(part.words).ok()?,
            crc: [0; CRC_BYTES],
        };
        file.finish()?;
        Some(file)
    }

    /// Sets what depends on all else: lengths, padding and checksum.
    fn finish(&mut self) -> Option<()> {
        // Behind the lengths, and before the checksum, which has its room already.
        let pieces = self.pieces();
        let weights = pieces.iter().skip(3).map(|piece| piece.len());
        let weights = weights.sum::<usize>().checked_sub(CRC_BYTES)?;
        let (digits, length) = varint(u32::try_from(weights).ok()?);
        let unpadded = PREFIX_BYTES
            .checked_add(self.head.len())?
            .checked_add(length)?
            .checked_add(weights.checked_add(1)?)?;
        // The weights end on a boundary of words.
        let padding = unpadded.wrapping_neg() & 3;
        let (tail, end) = &mut self.tail;
        *tail.first_mut()? = padding as u8;
        let start = padding.checked_add(1)?;
        (tail.get_mut(start..)?.iter_mut())
            .zip(digits)
            .for_each(|(to, digit)| *to = digit);
        *end = start.checked_add(length)?;
        let length = u32::try_from(unpadded.checked_add(padding)?.checked_add(CRC_BYTES)?).ok()?;
        *self.prefix.last_chunk_mut()? = length.to_le_bytes();
        let pieces = self.pieces();
        let (_, pieces) = pieces.split_last()?;
        let crc = (pieces.iter()).fold(0, |crc, piece| continue_crc32(crc, piece));
        self.crc = crc.to_le_bytes();
        Some(())
    }

    /// The file's bytes, piece by piece.
    #[must_use]
    pub fn pieces(&self) -> [&[u8]; PIECES] {
        let (tail, used) = &self.tail;
        let [before, after] = self.table;
        let [start, higher] = self.contents;
        [
            &self.prefix,
            self.head,
            tail.get(..*used).unwrap_or_default(),
            self.addition,
            &self.eighth,
            before,
            &self.entry,
            after,
            start,
            self.words,
            higher,
            &self.crc,
        ]
    }

    /// Bytes of the file.
    #[must_use]
    pub fn length(&self) -> usize {
        self.pieces().iter().map(|piece| piece.len()).sum()
    }

    /// Copies bytes of the file from `offset` on, as many as `to` has room for and there are, and gives their number.
    pub fn copy(&self, offset: usize, to: &mut [u8]) -> usize {
        let mut skip = offset;
        let mut done = 0usize;
        for piece in self.pieces() {
            let from = piece.get(skip..).unwrap_or_default();
            skip = skip.saturating_sub(piece.len());
            let room = to.get_mut(done..).unwrap_or_default();
            let count = room.len().min(from.len());
            (room.iter_mut().zip(from)).for_each(|(to, from)| *to = *from);
            done = done.wrapping_add(count);
        }
        done
    }
}

/// Seven bits a byte, the lowest first, and how many bytes are used.
fn varint(mut value: u32) -> ([u8; 5], usize) {
    let (mut digits, mut used) = ([0; 5], 0usize);
    for digit in &mut digits {
        used = used.wrapping_add(1);
        *digit = value as u8 & 0x7F;
        value >>= 7;
        if value == 0 {
            break;
        }
        *digit |= 0x80;
    }
    (digits, used)
}
