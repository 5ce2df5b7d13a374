//! Pages of a column in a Parquet file, checked before they are decoded.
//!
//! The sizes that a page states are what a decoder allocates, and a damaged or malicious one states any. Here the headers alone are
//! read, in the compact protocol of Thrift, and sizes are held against the bytes that are there.

use anyhow::{Context, Result, bail, ensure};

/// Bytes of a page when it is decompressed, at most; writers make them of a megabyte.
const MOST_PAGE: i64 = 64 << 20;
/// How deep structures of a header lie in each other.
const DEPTH: u32 = 8;
/// Encodings whose decoders allocate no more than what a page holds, by their numbers in the format: plain, the two of
/// dictionaries, runs, and split streams.
const ENCODINGS: [i64; 5] = [0, 2, 3, 8, 9];
/// The numbers of the other encodings, for people.
const OTHERS: [(i64, &str); 4] = [
    (4, "BIT_PACKED"),
    (5, "DELTA_BINARY_PACKED"),
    (6, "DELTA_LENGTH_BYTE_ARRAY"),
    (7, "DELTA_BYTE_ARRAY"),
];

/// Checks the pages in the bytes of a column that has `values`, those that are missing too, of `width` bytes each at least; returns
/// the bytes of the largest, decompressed.
///
/// # Errors
/// A header is malformed, states more than the bytes can hold, or an encoding that is not read.
pub(super) fn check(bytes: &[u8], values: i64, width: i64) -> Result<usize> {
    let mut left = bytes;
    let (mut seen, mut largest) = (0_i64, 0);
    while seen < values {
        let mut thrift = Thrift { bytes: left };
        let header = thrift.page().context("a page's header is damaged")?;
        let size = |size: Option<i64>| usize::try_from(size.unwrap_or(-1));
        let compressed = size(header.compressed).context("a page's size is negative")?;
        let inflated = header.uncompressed.unwrap_or(-1);
        ensure!(
            (0..=MOST_PAGE).contains(&inflated),
            "a page of {inflated} bytes; read are those of up to {MOST_PAGE}"
        );
        left = (thrift.bytes)
            .get(compressed..)
            .context("a page reaches beyond its column")?;
        ensure!(
            header.values.is_some() || header.dictionary.is_some(),
            "a page without a number of values"
        );
        let [count, in_dictionary] =
            [header.values, header.dictionary].map(Option::unwrap_or_default);
        ensure!(count >= 0, "a page of {count} values");
        ensure!(
            in_dictionary <= inflated / width.max(1),
            "a dictionary of {in_dictionary} values in {inflated} bytes"
        );
        seen = seen.saturating_add(count);
        if let Some((_, name)) = OTHERS.iter().find(|(number, _)| *number == header.encoding) {
            bail!(
                "its encoding {name} is not read: write it with plain or dictionary encoding, as pandas and polars do"
            );
        }
        ensure!(
            ENCODINGS.contains(&header.encoding),
            "its encoding {} is not known",
            header.encoding
        );
        largest = largest.max(inflated as usize);
    }
    Ok(largest)
}

/// The parts of a page's header that sizes hang on.
#[derive(Debug, Default)]
struct Page {
    uncompressed: Option<i64>,
    compressed: Option<i64>,
    values: Option<i64>,
    /// Number of values of a dictionary.
    dictionary: Option<i64>,
    encoding: i64,
}

/// A reader of the compact protocol.
struct Thrift<'a> {
    bytes: &'a [u8],
}

impl Thrift<'_> {
    fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.bytes.split_first().context("it ends too early")?;
        self.bytes = rest;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        bail!("a number is too long")
    }

    fn integer(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn skip_bytes(&mut self, count: u64) -> Result<()> {
        let count = usize::try_from(count).ok();
        let rest = count.and_then(|count| self.bytes.get(count..));
        self.bytes = rest.context("it ends too early")?;
        Ok(())
    }

    /// The next field of a structure: its number and type; none at the end.
    fn field(&mut self, before: i64) -> Result<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let number = match head >> 4 {
            0 => self.integer()?,
            step => before.saturating_add(i64::from(step)),
        };
        Ok(Some((number, head & 15)))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Result<()> {
        let Some(depth) = depth.checked_sub(1) else {
            bail!("it is too deep");
        };
        match kind {
            1 | 2 => Ok(()),
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.varint()?,
                    count => u64::from(count),
                };
                // Truths take a byte in lists.
                let kind = if head & 15 <= 2 { 3 } else { head & 15 };
                (0..count).try_for_each(|_| self.skip(kind, depth))
            }
            12 => {
                let mut number = 0;
                while let Some((next, kind)) = self.field(number)? {
                    number = next;
                    self.skip(kind, depth)?;
                }
                Ok(())
            }
            kind => bail!("a field of type {kind}"),
        }
    }

    /// Reads the header of a page.
    fn page(&mut self) -> Result<Page> {
        let mut page = Page::default();
        let mut number = 0;
        while let Some((next, kind)) = self.field(number)? {
            number = next;
            match (number, kind) {
                (2, 5) => page.uncompressed = Some(self.integer()?),
                (3, 5) => page.compressed = Some(self.integer()?),
                (5 | 7 | 8, 12) => self.of_kind(number, &mut page)?,
                _ => self.skip(kind, DEPTH)?,
            }
        }
        Ok(page)
    }

    /// Reads the part of a header that the kind of the page has.
    fn of_kind(&mut self, part: i64, page: &mut Page) -> Result<()> {
        let encoding = if part == 8 { 4 } else { 2 };
        let mut number = 0;
        while let Some((next, kind)) = self.field(number)? {
            number = next;
            match (number, kind) {
                (1, 5) if part == 7 => page.dictionary = Some(self.integer()?),
                (1, 5) => page.values = Some(self.integer()?),
                (of, 5) if of == encoding => page.encoding = self.integer()?,
                _ => self.skip(kind, DEPTH)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The header of a data page: sizes, values, encoding; statistics with a text of three bytes.
    fn header(inflated: u8, compressed: u8, values: u8, encoding: u8) -> Vec<u8> {
        let twice = |value: u8| 2 * value;
        vec![
            0x15,
            0,
            0x15,
            twice(inflated),
            0x15,
            twice(compressed),
            0x2c,
            0x15,
            twice(values),
            0x15,
            twice(encoding),
            0x2c,
            0x18,
            3,
            b'a',
            b'b',
            b'c',
            0,
            0,
            0,
        ]
    }

    #[test]
    fn sizes_are_held_against_the_bytes() {
        let with = |header: Vec<u8>, rest: usize| [header, vec![0; rest]].concat();
        assert_eq!(check(&with(header(20, 10, 5, 0), 10), 5, 4).unwrap(), 20);
        let two = [with(header(20, 10, 5, 8), 10), with(header(30, 3, 5, 8), 3)].concat();
        assert_eq!(check(&two, 10, 4).unwrap(), 30);
        for (bytes, values, part) in [
            (with(header(20, 10, 5, 0), 9), 5, "beyond its column"),
            (with(header(20, 10, 5, 0), 10), 6, "header is damaged"),
            (
                with(header(20, 10, 5, 6), 10),
                5,
                "DELTA_LENGTH_BYTE_ARRAY is not read",
            ),
            (
                with(header(20, 10, 5, 63), 10),
                5,
                "encoding 63 is not known",
            ),
        ] {
            let error = format!("{:#}", check(&bytes, values, 4).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
        assert!(MOST_PAGE < i64::from(i32::MAX));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), place in any::<usize>(), byte in any::<u8>()) {
            let _ = check(&bytes, i64::MAX, 4);
            let mut spoilt = header(20, 10, 5, 0);
            let place = place % spoilt.len();
            spoilt[place] = byte;
            let _ = check(&[spoilt, bytes].concat(), i64::MAX, 4);
        }
    }
}
