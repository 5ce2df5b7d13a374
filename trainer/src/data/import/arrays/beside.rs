//! Arrays beside those of samples: labels and subjects.

use anyhow::{Context, Result, ensure};

use crate::data::npz::Array;
use crate::data::people;
use crate::data::words::words;
use crate::visible;

/// Arrays that lie beside one of samples, with a text a window or, where it has none, a sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'a> {
    pub labels: Option<&'a [String]>,
    pub subjects: Option<&'a [String]>,
}

/// Whether an array names people: `subject`, `subjects`, `subject_train`, `subject_id`.
pub(super) fn is_subject(name: &str) -> bool {
    let words = words(name);
    words.first().is_some_and(|word| {
        people::is_person(word) || word.strip_suffix('s').is_some_and(people::is_person)
    })
}

/// The subjects of an array: of the array whose name has the same rest, `subject_train` of `X_train`, or else the only one with as
/// many values.
pub(super) fn subjects_of(
    name: &str,
    array: &Array<'_>,
    all: &[(String, Array<'_>)],
) -> Result<Option<Vec<String>>> {
    let count = array.shape.first().copied().unwrap_or(0);
    let fits = |(other, of): &&(String, Array<'_>)| {
        is_subject(other) && (of.shape == [count] || of.shape == [count, 1])
    };
    let fits: Vec<&(String, Array<'_>)> = all.iter().filter(fits).collect();
    let rest = |name: &str| words(name).get(1..).unwrap_or_default().concat();
    let same = fits.iter().find(|(other, _)| rest(other) == rest(name));
    let found = same.or(if fits.len() == 1 { fits.first() } else { None });
    let texts = |(other, of): &(String, Array<'_>)| {
        texts(of).with_context(|| format!("array {}", visible::name(other)))
    };
    found.map(|found| texts(found)).transpose()
}

/// The labels of an array: of the name that goes with its own, or of the only array with as many values.
pub(super) fn labels_of(
    name: &str,
    array: &Array<'_>,
    all: &[(String, Array<'_>)],
) -> Result<Option<Vec<String>>> {
    let count = array.shape.first().copied().unwrap_or(0);
    let is_one = |other: &Array<'_>| other.shape == [count] || other.shape == [count, 1];
    let fits: Vec<&(String, Array<'_>)> = all
        .iter()
        .filter(|(other, array)| {
            other != name && is_one(array) && !array.kind.contains('f') && !is_subject(other)
        })
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
