//! NumPy: `.npy`, and `.npz` with samples and labels.
//!
//! An array `[samples][channels]` is a recording, one `[windows][samples][channels]` a recording a window; of the last two the
//! shorter is the channels. Arrays in Fortran order are read by index. In an `.npz` the labels of `X` are in `y`, those of
//! `X_train` in `y_train`, or in the only other array of as many values.

use std::io::Cursor;

use anyhow::{Context, Result, bail, ensure};

use super::context::Reading;
use super::recording::{Channel, Recording};
use super::unit::Unit;
use super::{File, Format};
use crate::data::archive;
use crate::data::npz::{self, Array};
use crate::untrusted::Kind;
use crate::visible;

pub(super) const NPY: Format = Format {
    name: "NumPy .npy",
    detect: |file| match file.bytes.starts_with(b"\x93NUMPY") {
        true => 100,
        false => 0,
    },
    read: |file, reading| {
        let array = npz::parse(file.bytes.to_vec(), reading.budget)?;
        recordings(&file.name(), &array, None, reading)
    },
};

pub(super) const NPZ: Format = Format {
    name: "NumPy .npz",
    detect: |file| match file.bytes.starts_with(b"PK\x03\x04")
        && first_name(file.bytes).is_some_and(|name| name.ends_with(b".npy"))
    {
        true => 100,
        false => 0,
    },
    read: read_npz,
};

/// The most channels of an array.
const MOST_CHANNELS: usize = 1024;
/// Most windows of an array: each is a recording.
const MOST_WINDOWS: usize = 100_000;

/// Name of the first file of a zip.
fn first_name(zip: &[u8]) -> Option<&[u8]> {
    let length = u16::from_le_bytes([*zip.get(26)?, *zip.get(27)?]);
    zip.get(30..30 + usize::from(length))
}

fn read_npz(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    const DAMAGED: &str = "it is truncated or damaged";
    let mut zip = archive::open_zip(Cursor::new(file.bytes)).context(DAMAGED)?;
    let mut arrays: Vec<(String, Array<'_>)> = Vec::new();
    for i in 0..zip.len() {
        let entry = zip.by_index(i).context(DAMAGED)?;
        let name = entry.name().context(DAMAGED)?.into_owned();
        let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
        let bytes = reading
            .budget
            .read(entry, Kind::ARCHIVE)
            .with_context(|| format!("array {}", visible::name(&name)))?;
        let array = npz::parse(bytes, reading.budget)
            .with_context(|| format!("array {}", visible::name(&name)))?;
        arrays.push((name, array));
    }
    let mut all = Vec::new();
    for (name, array) in arrays
        .iter()
        .filter(|(_, array)| array.shape.len() >= 2 && is_number(&array.kind))
    {
        let labels = labels_of(name, array, &arrays)?;
        if labels.is_none() {
            reading.note(format!("{}: no labels for array {name}", file.name()));
        }
        let found = recordings(
            &format!("{}:{name}", file.name()),
            array,
            labels.as_deref(),
            reading,
        );
        all.extend(found.with_context(|| format!("array {}", visible::name(name)))?);
    }
    ensure!(
        !all.is_empty(),
        "no array of samples among {}",
        visible::names(arrays.iter().map(|(name, _)| name))
    );
    Ok(all)
}

/// Whether values of this type are numbers.
fn is_number(kind: &str) -> bool {
    matches!(
        kind.as_bytes(),
        [b'<' | b'>' | b'|' | b'=', b'f' | b'i' | b'u', ..]
    )
}

/// The labels of an array: of the name that goes with its own, or of the only array with as many values.
fn labels_of(
    name: &str,
    array: &Array<'_>,
    all: &[(String, Array<'_>)],
) -> Result<Option<Vec<String>>> {
    let count = array.shape.first().copied().unwrap_or(0);
    let is_one = |other: &Array<'_>| other.shape == [count] || other.shape == [count, 1];
    let fits: Vec<&(String, Array<'_>)> = all
        .iter()
        .filter(|(other, array)| other != name && is_one(array) && !array.kind.contains('f'))
        .collect();
    let partners = ["y", "Y", "labels", "label", "target", "targets"];
    let partner = |other: &str| {
        partners.iter().any(|partner| {
            ["X", "x", "data", "inputs"].iter().any(|own| {
                name.strip_prefix(own)
                    .is_some_and(|rest| *other == format!("{partner}{rest}"))
                    || name
                        .strip_suffix(own)
                        .is_some_and(|rest| *other == format!("{rest}{partner}"))
            })
        })
    };
    let named = fits.iter().find(|(other, _)| partner(other));
    let found = named.or(if fits.len() == 1 { fits.first() } else { None });
    let Some((other, labels)) = found else {
        return Ok(None);
    };
    texts(labels)
        .map(Some)
        .with_context(|| format!("array {}", visible::name(other)))
}

/// Labels as texts.
fn texts(array: &Array<'_>) -> Result<Vec<String>> {
    let count = array.shape.first().copied().unwrap_or(0);
    let width = array
        .kind
        .get(2..)
        .and_then(|width| width.parse::<usize>().ok());
    let texts: Vec<String> = match (array.kind.as_bytes(), width) {
        ([b'<', b'U', ..], Some(width @ 1..=1024)) => {
            ensure!(
                Some(array.data.len()) == count.checked_mul(4 * width),
                "its length is not that of its shape"
            );
            let text = |bytes: &[u8]| {
                let (words, _) = bytes.as_chunks::<4>();
                let codes = words.iter().map(|&word| u32::from_le_bytes(word));
                codes
                    .take_while(|&code| code != 0)
                    .map(|code| char::from_u32(code).unwrap_or('\u{fffd}'))
                    .collect()
            };
            array.data.chunks_exact(4 * width).map(text).collect()
        }
        ([b'|', b'S', ..], Some(width @ 1..=4096)) => {
            ensure!(
                Some(array.data.len()) == count.checked_mul(width),
                "its length is not that of its shape"
            );
            let text = |bytes: &[u8]| {
                String::from_utf8_lossy(bytes)
                    .trim_end_matches('\0')
                    .to_owned()
            };
            array.data.chunks_exact(width).map(text).collect()
        }
        _ => array.integers()?.iter().map(i64::to_string).collect(),
    };
    ensure!(texts.len() == count, "its length is not that of its shape");
    Ok(texts)
}

/// All values, as they lie in the file.
fn values(array: &Array<'_>) -> Result<Vec<f32>> {
    Ok(match array.kind.as_str() {
        "<f4" => array.values("<f4", f32::from_le_bytes)?,
        ">f4" => array.values(">f4", f32::from_be_bytes)?,
        "<f8" => array.values("<f8", |word| f64::from_le_bytes(word) as f32)?,
        ">f8" => array.values(">f8", |word| f64::from_be_bytes(word) as f32)?,
        kind if is_number(kind) && !kind.contains('f') => array
            .integers()?
            .iter()
            .map(|&value| value as f32)
            .collect(),
        kind => bail!(
            "its values are of type {}: save them as float32 or as whole numbers",
            visible::name(kind)
        ),
    })
}

fn recordings(
    name: &str,
    array: &Array<'_>,
    labels: Option<&[String]>,
    reading: &Reading<'_>,
) -> Result<Vec<Recording>> {
    let flat = values(array)?;
    ensure!(
        flat.iter().all(|value| !value.is_infinite()),
        "a value is infinite or too large"
    );
    let shape = array.shape.as_slice();
    let (windows, [rows, columns]) = match *shape {
        [samples] => (None, [samples, 1]),
        [samples, channels] => (None, [samples, channels]),
        [windows, rows, columns] => (Some(windows), [rows, columns]),
        _ => {
            bail!("its shape is {shape:?}, not [samples, channels] or [windows, samples, channels]")
        }
    };
    // Of windows the shorter side is the channels, and the last of equal ones.
    let is_turned = windows.is_some() && rows < columns;
    let (samples, channels) = if is_turned {
        (columns, rows)
    } else {
        (rows, columns)
    };
    ensure!(
        (1..=MOST_CHANNELS).contains(&channels),
        "{channels} channels"
    );
    ensure!(
        windows.is_none_or(|windows| windows <= MOST_WINDOWS),
        "more than {MOST_WINDOWS} windows"
    );
    if let Some(windows) = windows {
        reading.note(format!(
            "{name}: {windows} windows of {samples} samples and {channels} channels; whether they overlap is not known"
        ));
    }
    let channel = |i: usize| Channel::new(format!("c{}", i + 1), Unit::Unknown);
    let at = |window: usize, sample: usize, channel: usize| {
        let (row, column) = if is_turned {
            (channel, sample)
        } else {
            (sample, channel)
        };
        let count = windows.unwrap_or(1);
        match array.is_fortran {
            true => window + count * (row + rows * column),
            false => (window * rows + row) * columns + column,
        }
    };
    reading.budget.take_items::<f32>(flat.len())?;
    let mut all = Vec::new();
    for window in 0..windows.unwrap_or(1) {
        let of = match windows {
            Some(_) => format!("{name}:{window:05}"),
            None => name.to_owned(),
        };
        let mut recording = Recording::new(of, (0..channels).map(channel).collect());
        for sample in 0..samples {
            for channel in 0..channels {
                recording.values.push(flat[at(window, sample, channel)]);
            }
            if windows.is_none()
                && let Some(label) = labels.and_then(|labels| labels.get(sample))
            {
                recording.label_last(label);
            }
        }
        if windows.is_some()
            && let Some(label) = labels.and_then(|labels| labels.get(window))
        {
            recording.label_all(label);
        }
        all.push(recording);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::source::Entry;
    use super::super::{Imported, Options, import};
    use super::*;
    use crate::data::npz::tests::pack;

    fn npy(kind: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let order = if fortran { "True" } else { "False" };
        let header =
            format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
    }

    fn of(name: &str, bytes: &[u8]) -> Result<Imported> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        import(&path, &Options::default())
    }

    fn i16s(values: &[i16]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    #[test]
    fn arrays_in_either_order_say_the_same() {
        let rows = of(
            "a.npy",
            &npy("<i2", false, "(3, 2)", &i16s(&[1, 2, 3, 4, 5, 6])),
        )
        .unwrap();
        let columns = of(
            "a.npy",
            &npy("<i2", true, "(3, 2)", &i16s(&[1, 3, 5, 2, 4, 6])),
        )
        .unwrap();
        assert_eq!(rows.recordings, columns.recordings);
        assert_eq!(rows.recordings[0].sample(1), [3.0, 4.0]);
        let big: Vec<u8> = [1.5_f64, f64::NAN, 2.5]
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect();
        let found = of("a.npy", &npy(">f8", false, "(3,)", &big)).unwrap();
        assert_eq!(
            (
                &found.recordings[0].values[..],
                &found.recordings[0].gaps[..]
            ),
            (&[1.5, 2.5][..], &[1][..])
        );
    }

    #[test]
    fn windows_and_their_labels_are_found() {
        // Two windows of three samples and two channels; channels first in the second array.
        let values: Vec<i16> = (0..12).collect();
        let names: Vec<u8> = ["up", "go"]
            .iter()
            .flat_map(|name| name.chars().flat_map(|c| (c as u32).to_le_bytes()))
            .collect();
        let bytes = pack(&[
            ("X_train", "<i2", "(2, 3, 2)", &i16s(&values)),
            ("y_train", "<U2", "(2,)", &names),
            ("X_test", "<i2", "(2, 2, 3)", &i16s(&values)),
            ("y_test", "|u1", "(2,)", &[7, 8]),
        ]);
        let found = of("a.npz", &bytes).unwrap();
        let shown: Vec<(&str, &str)> = found
            .recordings
            .iter()
            .map(|r| (r.name.as_str(), r.labels[0].label.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("a:X_test:00000", "7"),
                ("a:X_test:00001", "8"),
                ("a:X_train:00000", "up"),
                ("a:X_train:00001", "go")
            ]
        );
        assert_eq!(found.recordings[2].values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(found.recordings[0].values, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert!(
            found
                .notes
                .iter()
                .any(|note| note.contains("whether they overlap")),
            "{:?}",
            found.notes
        );
        // A label a sample.
        let bytes = pack(&[
            ("data", "<i2", "(3, 2)", &i16s(&values[..6])),
            ("activity", "|S1", "(3,)", b"aab"),
        ]);
        let found = of("a.npz", &bytes).unwrap();
        assert_eq!(
            found.recordings[0].label_of_each(),
            [Some("a"), Some("a"), Some("b")]
        );
    }

    #[test]
    fn arrays_that_are_none_are_refused() {
        for (bytes, part) in [
            (
                npy("<f4", false, "(9999, 9999)", &[0; 8]),
                "8 bytes do not fill",
            ),
            (npy("<c8", false, "(1, 1)", &[0; 8]), "type <c8"),
            (npy("<f2", false, "(1, 1)", &[0; 2]), "type <f2"),
            (npy("<i2", false, "(1, 1, 1, 1)", &[0; 2]), "its shape is"),
            (
                npy("<f4", false, "(1,)", &f32::INFINITY.to_le_bytes()),
                "infinite",
            ),
        ] {
            let error = format!("{:#}", of("a.npy", &bytes).unwrap_err());
            assert!(error.contains("a.npy") && error.contains(part), "{error}");
        }
        let error = format!(
            "{:#}",
            of("a.npz", &pack(&[("y", "|u1", "(2,)", &[7, 8])])).unwrap_err()
        );
        assert!(error.contains("no array of samples among y"), "{error}");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(place in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
            let options = Options::default();
            let budget = crate::untrusted::Budget::of_data_set();
            let reading = Reading::new(&options, &budget);
            let zip = pack(&[("X", "<i2", "(1, 2, 2)", &i16s(&[1, 2, 3, 4])), ("y", "<U1", "(1,)", &[65, 0, 0, 0])]);
            for (format, mut bytes) in [(NPY, npy("<i2", true, "(2, 2)", &i16s(&[1, 2, 3, 4]))), (NPZ, zip)] {
                let place = place % bytes.len();
                bytes[place] = byte;
                bytes.truncate(cut % (bytes.len() + 1));
                let entry = Entry::of_bytes("x", &bytes);
                let file = File::new(&entry, &bytes);
                let _ = ((format.detect)(&file), (format.read)(&file, &reading));
            }
        }
    }
}
