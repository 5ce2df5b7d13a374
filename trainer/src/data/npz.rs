//! Arrays out of a NumPy `.npz`: a zip of `.npy` files.

use std::io::Cursor;

use anyhow::{Context, Result, bail, ensure};

use super::archive;
use crate::untrusted::{Bounded, Budget, Kind};
use crate::visible;

/// NumPy itself warns of headers above 10 000 bytes.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// One array as it is stored.
#[derive(Debug)]
pub(super) struct Array<'a> {
    /// The type of its values, as NumPy writes it: `<i4`, `|u1`, `|O`.
    pub kind: String,
    /// Lengths, one a dimension.
    pub shape: Vec<usize>,
    /// Whether the first index runs fastest in `data`, as in Fortran, and not the last.
    pub is_fortran: bool,
    /// The values' bytes; a pickle where the type is `|O`.
    pub data: Vec<u8>,
    budget: &'a Budget,
}

impl Array<'_> {
    /// The values, of `N` bytes each, if the type is `kind`.
    pub(super) fn values<T, const N: usize>(
        &self,
        kind: &str,
        value: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        ensure!(
            self.kind == kind,
            "its values are of type {} instead of {kind}",
            visible::name(&self.kind)
        );
        self.check_length(N)?;
        let (words, _) = self.data.as_chunks::<N>();
        self.budget.take_items::<T>(words.len())?;
        Ok(words.iter().map(|&word| value(word)).collect())
    }

    /// The values, if the type is one of whole numbers or truth values: of any width, signed or not, in either byte order.
    /// NumPy chooses by the machine and its own version.
    pub(super) fn integers(&self) -> Result<Vec<i64>> {
        let kind = self.kind.as_bytes();
        let (is_big, is_signed, size) = match *kind {
            [
                order @ (b'<' | b'>' | b'|'),
                sign @ (b'i' | b'u' | b'b'),
                size @ (b'1' | b'2' | b'4' | b'8'),
            ] => (order == b'>', sign == b'i', usize::from(size - b'0')),
            _ => bail!(
                "its values are of type {} instead of whole numbers",
                visible::name(&self.kind)
            ),
        };
        self.check_length(size)?;
        self.budget.take_items::<i64>(self.data.len() / size)?;
        let value = |word: &[u8]| {
            // From the most significant byte on, whose sign is that of the number.
            let joined = |high: i128, &byte: &u8| high << 8 | i128::from(byte);
            let unsigned = match is_big {
                true => word.iter().fold(0, joined),
                false => word.iter().rev().fold(0, joined),
            };
            let limit = 1i128 << (8 * size - 1);
            let wide = match is_signed && unsigned >= limit {
                true => unsigned - 2 * limit,
                false => unsigned,
            };
            i64::try_from(wide).with_context(|| format!("it has the value {wide}"))
        };
        self.data.chunks_exact(size).map(value).collect()
    }

    /// Whether the data are as many values of `size` bytes as the shape says.
    fn check_length(&self, size: usize) -> Result<()> {
        let count = self
            .shape
            .iter()
            .try_fold(size, |n, &size| n.checked_mul(size));
        ensure!(
            count == Some(self.data.len()),
            "{} bytes do not fill an array of shape {:?}",
            self.data.len(),
            self.shape
        );
        Ok(())
    }
}

/// An open `.npz`.
pub(super) struct Npz<'a> {
    zip: zip::ZipArchive<Bounded<Cursor<&'a [u8]>>>,
    budget: &'a Budget,
}

impl<'a> Npz<'a> {
    /// Opens the `.npz` that `bytes` are; its arrays take of `budget`.
    pub(super) fn open(bytes: &'a [u8], budget: &'a Budget) -> Result<Self> {
        let zip = archive::open_zip(Cursor::new(bytes))
            .context("this is not a whole .npz: it is truncated or damaged")?;
        Ok(Self { zip, budget })
    }

    /// The array called `name`, which must be in C order.
    pub(super) fn array(&mut self, name: &str) -> Result<Array<'a>> {
        let shown = format!("the array {name}");
        let entry = self.zip.by_name(&format!("{name}.npy"));
        let entry = entry.with_context(|| format!("{shown} is missing"))?;
        let bytes = (self.budget.read(entry, Kind::ARCHIVE))
            .map_err(|error| archive::unreadable(error, &shown, "it is truncated or damaged"))?;
        let array = parse(bytes, self.budget).context(shown.clone())?;
        ensure!(!array.is_fortran, "{shown}: it is not in C order");
        Ok(array)
    }
}

/// Reads an `.npy`: a magic, a version, the length of a header that is a Python dictionary, and the data.
pub(super) fn parse(mut bytes: Vec<u8>, budget: &Budget) -> Result<Array<'_>> {
    let magic = bytes.strip_prefix(b"\x93NUMPY").context("it is no .npy")?;
    let (length, start) = match *magic {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([a, b])), 10),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize, 12),
        _ => bail!("the version of the .npy is unknown"),
    };
    ensure!(
        length <= MAX_HEADER_BYTES,
        "its header has {length} bytes: it is no array of a data set"
    );
    let header = bytes
        .get(start..start + length)
        .context("its header is cut off")?;
    let header = std::str::from_utf8(header).context("its header is no text")?;
    let kind = field(header, "descr")?.trim_matches('\'').to_owned();
    let is_fortran = match field(header, "fortran_order")? {
        "False" => false,
        "True" => true,
        other => bail!("its fortran_order is {}", visible::name(other)),
    };
    let shape = field(header, "shape")?
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| {
            size.parse()
                .with_context(|| format!("its shape has \"{}\"", visible::name(size)))
        })
        .collect::<Result<_>>()?;
    bytes.drain(..start + length);
    Ok(Array {
        kind,
        shape,
        is_fortran,
        data: bytes,
        budget,
    })
}

/// The value of a key; for a tuple, what is inside the brackets.
fn field<'a>(header: &'a str, key: &str) -> Result<&'a str> {
    let found = || {
        let (_, rest) = header.split_once(&format!("'{key}':"))?;
        let rest = rest.trim_start();
        match rest.strip_prefix('(') {
            Some(tuple) => Some(tuple.split_once(')')?.0),
            None => Some(rest.split_once([',', '}'])?.0.trim()),
        }
    };
    found().with_context(|| format!("its header has no {key}"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    /// An `.npz` of arrays: name, type, shape, data.
    pub(in crate::data) fn pack(arrays: &[(&str, &str, &str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, kind, shape, data) in arrays {
            let header =
                format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
            zip.start_file(
                format!("{name}.npy"),
                zip::write::SimpleFileOptions::default(),
            )
            .unwrap();
            zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
            zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
            zip.write_all(header.as_bytes()).unwrap();
            zip.write_all(data).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn message(error: anyhow::Error) -> String {
        format!("{error:#}")
    }

    #[test]
    fn arrays_come_back() {
        let bytes = pack(&[
            ("a", "<i2", "(2, 2)", &[1, 0, 255, 255, 3, 0, 4, 1]),
            ("b", "|u1", "(3,)", &[7, 8, 9]),
        ]);
        let budget = Budget::of_data_set();
        let mut npz = Npz::open(&bytes, &budget).unwrap();
        let a = npz.array("a").unwrap();
        assert_eq!(a.shape, [2, 2]);
        assert_eq!(
            a.values("<i2", i16::from_le_bytes).unwrap(),
            [1, -1, 3, 260]
        );
        let b = npz.array("b").unwrap().values("|u1", u8::from_le_bytes);
        assert_eq!(b.unwrap(), [7, 8, 9]);
        assert!(message(npz.array("c").unwrap_err()).contains("the array c is missing"));
        let error = message(a.values("<i4", i32::from_le_bytes).unwrap_err());
        assert!(error.contains("<i2 instead of <i4"), "{error}");
    }

    #[test]
    fn whole_numbers_of_every_type_are_read() {
        let bytes = pack(&[
            ("i1", "|i1", "(2,)", &[5, 0x80]),
            ("u1", "|u1", "(2,)", &[5, 0x80]),
            ("b1", "|b1", "(2,)", &[0, 1]),
            ("i2", "<i2", "(2,)", &[5, 0, 0xfe, 0xff]),
            ("u2", "<u2", "(2,)", &[5, 0, 0xfe, 0xff]),
            ("big", ">i2", "(2,)", &[0, 5, 0xff, 0xfe]),
            ("i4", "<i4", "(2,)", &[5, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]),
            ("u4", ">u4", "(2,)", &[0, 0, 0, 5, 0xff, 0xff, 0xff, 0xfe]),
            (
                "i8",
                "<i8",
                "(1,)",
                &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            ),
            ("u8", "<u8", "(1,)", &[0xff; 8]),
            ("f4", "<f4", "(1,)", &[0; 4]),
            ("short", "<i4", "(2,)", &[0; 4]),
        ]);
        let budget = Budget::of_data_set();
        let mut npz = Npz::open(&bytes, &budget).unwrap();
        let mut read = |name| npz.array(name).unwrap().integers();
        for (name, values) in [
            ("i1", &[5, -128][..]),
            ("u1", &[5, 128]),
            ("b1", &[0, 1]),
            ("i2", &[5, -2]),
            ("u2", &[5, 0xfffe]),
            ("big", &[5, -2]),
            ("i4", &[5, -2]),
            ("u4", &[5, 0xffff_fffe]),
            ("i8", &[-2]),
        ] {
            assert_eq!(read(name).unwrap(), values, "{name}");
        }
        for (name, part) in [
            ("u8", "18446744073709551615"),
            ("f4", "<f4 instead of whole numbers"),
            ("short", "4 bytes do not fill"),
        ] {
            let error = message(read(name).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn malformed_arrays_are_named() {
        let bytes = pack(&[("a", "<i2", "(3,)", &[0; 4]), ("b", "<i2", "(x,)", &[])]);
        let budget = Budget::of_data_set();
        let mut npz = Npz::open(&bytes, &budget).unwrap();
        let short = npz.array("a").unwrap();
        let error = message(short.values("<i2", i16::from_le_bytes).unwrap_err());
        assert!(error.contains("4 bytes do not fill"), "{error}");
        assert!(message(npz.array("b").unwrap_err()).contains("the array b: its shape has \"x\""));
        let error = message(Npz::open(&bytes[..bytes.len() - 9], &budget).err().unwrap());
        assert!(error.contains("truncated or damaged"), "{error}");
    }

    #[test]
    fn arrays_take_of_the_budget() {
        // 100 000 bytes that a deflater makes small.
        let bytes = pack(&[("a", "|u1", "(100000,)", &[0; 100_000])]);
        assert!(bytes.len() < 1000);
        let budget = Budget::new(150_000);
        let mut npz = Npz::open(&bytes, &budget).unwrap();
        let array = npz.array("a").unwrap();
        assert_eq!(array.data.len(), 100_000);
        // With eight bytes each, they are more.
        let error = message(array.integers().unwrap_err());
        assert!(error.contains("more than 150000 bytes"), "{error}");
        let error = message(array.values("|u1", |[byte]| u64::from(byte)).unwrap_err());
        assert!(error.contains("more than 150000 bytes"), "{error}");
        let error = message(npz.array("a").unwrap_err());
        assert!(
            error.contains("the array a: the data take more than 150000 bytes"),
            "{error}"
        );
    }

    #[test]
    fn a_shape_is_not_believed() {
        let huge = format!("({0}, {0})", u64::MAX);
        let bytes = pack(&[
            ("a", "<i2", &huge, &[0; 4]),
            ("b", "<i2", "(9999999999,)", &[0; 4]),
        ]);
        let budget = Budget::new(1000);
        let mut npz = Npz::open(&bytes, &budget).unwrap();
        for name in ["a", "b"] {
            let array = npz.array(name).unwrap();
            let error = message(array.values("<i2", i16::from_le_bytes).unwrap_err());
            assert!(error.contains("4 bytes do not fill"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let budget = Budget::of_data_set();
            let _ = parse(bytes.clone(), &budget);
            bytes.splice(0..0, *b"\x93NUMPY\x01\x00\x20\x00");
            let _ = parse(bytes, &budget);
        }
    }
}
