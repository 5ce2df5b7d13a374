//! NumPy: `.npy`, and `.npz` with samples and labels.
//!
//! An array `[samples][channels]` is a recording, one `[windows][samples][channels]` a recording a window; of the last two the
//! shorter is the channels. Arrays in Fortran order are read by index. In an `.npz` the labels of `X` are in `y`, those of
//! `X_train` in `y_train`, or in the only other array of as many values.

mod beside;
#[cfg(test)]
mod tests;

use std::io::Cursor;

use anyhow::{Context, Result, bail, ensure};

use super::context::Reading;
use super::recording::{Channel, Recording};
use super::unit::Unit;
use super::{File, Format, overlaps};
use crate::data::archive;
use crate::data::npz::{self, Array};
use crate::untrusted::Kind;
use crate::visible;
use beside::{Beside, is_subject, labels_of, subjects_of};

pub(super) const NPY: Format = Format {
    name: "NumPy .npy",
    detect: |file| match file.bytes.starts_with(b"\x93NUMPY") {
        true => 100,
        false => 0,
    },
    read: |file, reading| {
        let array = npz::parse(file.bytes.to_vec(), reading.budget)?;
        recordings(&file.name(), &array, Beside::default(), reading)
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
    for (name, array) in arrays.iter().filter(|(name, array)| {
        array.shape.len() >= 2 && is_number(&array.kind) && !is_subject(name)
    }) {
        let labels = labels_of(name, array, &arrays)?;
        let subjects = subjects_of(name, array, &arrays)?;
        if labels.is_none() {
            reading.note(format!("{}: no labels for array {name}", file.name()));
        }
        let of = Beside {
            labels: labels.as_deref(),
            subjects: subjects.as_deref(),
        };
        let found = recordings(&format!("{}:{name}", file.name()), array, of, reading);
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
    beside: Beside<'_>,
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
    let label = |i: usize| beside.labels?.get(i).map(String::as_str);
    let subject = |i: usize| beside.subjects?.get(i);
    let mut all = Vec::new();
    for window in 0..windows.unwrap_or(1) {
        let of = match windows {
            Some(_) => format!("{name}:{window:05}"),
            None => name.to_owned(),
        };
        let mut recording = Recording::new(of, (0..channels).map(channel).collect());
        recording.subject = subject(window).filter(|_| windows.is_some()).cloned();
        for sample in 0..samples {
            if windows.is_none() && subject(sample) != sample.checked_sub(1).and_then(subject) {
                let of = subject(sample).map_or(String::new(), |subject| format!(":{subject}"));
                let begun = Recording::new(format!("{name}{of}"), recording.channels.clone());
                let before = std::mem::replace(&mut recording, begun);
                recording.subject = subject(sample).cloned();
                all.extend(Some(before).filter(|before| before.samples() > 0));
            }
            for channel in 0..channels {
                recording.values.push(flat[at(window, sample, channel)]);
            }
            if let Some(label) = label(sample).filter(|_| windows.is_none()) {
                recording.label_last(label);
            }
        }
        if let Some(label) = label(window).filter(|_| windows.is_some()) {
            recording.label_all(label);
        }
        all.push(recording);
    }
    if let Some(windows) = windows {
        let shape = format!("{windows} windows of {samples} samples and {channels} channels");
        reading.note(format!(
            "{name}: {shape}; {}",
            overlaps::join(name, &mut all)
        ));
    }
    Ok(all)
}
