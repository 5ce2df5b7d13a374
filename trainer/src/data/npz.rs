//! Arrays out of a NumPy `.npz`: a zip of `.npy` files.

use std::io::Cursor;

use anyhow::{Context, Result, bail, ensure};

use super::archive;
use crate::untrusted::{Bounded, Budget, Kind};

/// NumPy itself warns of headers above 10 000 bytes.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// One array as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Array {
    /// The type of its values, as NumPy writes it: `<i4`, `|u1`, `|O`.
    pub kind: String,
    /// In C order.
    pub shape: Vec<usize>,
    /// The values' bytes; a pickle where the type is `|O`.
    pub data: Vec<u8>,
}

impl Array {
    /// The values, of `N` bytes each, if the type is `kind`.
    pub(super) fn values<T, const N: usize>(
        &self,
        kind: &str,
        value: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        ensure!(
            self.kind == kind,
            "its values are of type {} instead of {kind}",
            self.kind
        );
        let count = self
            .shape
            .iter()
            .try_fold(N, |n, &size| n.checked_mul(size));
        ensure!(
            count == Some(self.data.len()),
            "{} bytes do not fill an array of shape {:?}",
            self.data.len(),
            self.shape
        );
        let (words, _) = self.data.as_chunks::<N>();
        Ok(words.iter().map(|&word| value(word)).collect())
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

    /// The array called `name`.
    pub(super) fn array(&mut self, name: &str) -> Result<Array> {
        let shown = format!("the array {name}");
        let entry = self.zip.by_name(&format!("{name}.npy"));
        let entry = entry.with_context(|| format!("{shown} is missing"))?;
        let bytes = (self.budget.read(entry, Kind::ARCHIVE))
            .map_err(|error| archive::unreadable(error, &shown, "it is truncated or damaged"))?;
        parse(bytes).context(shown)
    }
}

/// Reads an `.npy`: a magic, a version, the length of a header that is a Python dictionary, and the data.
fn parse(mut bytes: Vec<u8>) -> Result<Array> {
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
    ensure!(
        field(header, "fortran_order")? == "False",
        "it is not in C order"
    );
    let shape = field(header, "shape")?
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| {
            size.parse()
                .with_context(|| format!("its shape has \"{size}\""))
        })
        .collect::<Result<_>>()?;
    bytes.drain(..start + length);
    Ok(Array {
        kind,
        shape,
        data: bytes,
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
        assert_eq!(npz.array("a").unwrap().data.len(), 100_000);
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
            let _ = parse(bytes.clone());
            bytes.splice(0..0, *b"\x93NUMPY\x01\x00\x20\x00");
            let _ = parse(bytes);
        }
    }
}
