//! The digest of the set: that of its published texts, which are written again from the values.
//!
//! The texts hold five significant digits, as C's `%.5g` prints them. Single precision keeps more than six, so the
//! published text comes back.

use std::path::Path;

use anyhow::Result;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{CHANNELS, COUNT, SEGMENT, SEGMENTS, read};
use crate::data::catalog;
use crate::data::hex::hex;

/// Reads the set at `path` for the catalogue to compare.
pub(in crate::data) fn content(path: &Path) -> Result<catalog::Content> {
    let values = read(path)?;
    let mut sha256 = Sha256::new();
    // In blocks, so that the texts (422 MB) need not be held all at once.
    for block in values.chunks(SEGMENT * SEGMENTS) {
        let texts: Vec<String> = block.par_chunks(SEGMENT).map(text).collect();
        texts.iter().for_each(|text| sha256.update(text));
    }
    Ok(catalog::Content {
        sha256: hex(&sha256.finalize()),
        what: format!("{COUNT} segments"),
    })
}

/// The published text of a segment.
pub(super) fn text(segment: &[f32]) -> String {
    let mut text = String::with_capacity(8 * segment.len());
    for step in segment.chunks(CHANNELS) {
        for (channel, &value) in step.iter().enumerate() {
            if channel > 0 {
                text.push(',');
            }
            push_number(&mut text, value);
        }
        text.push('\n');
    }
    text
}

/// Writes a number as `%.5g` does: five significant digits without trailing zeros, with an exponent where it is below
/// -4 or above 4.
fn push_number(text: &mut String, value: f32) {
    if value == 0.0 {
        text.push_str(if value.is_sign_negative() { "-0" } else { "0" });
        return;
    }
    let scientific = format!("{value:.4e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return text.push_str(&scientific);
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..=4).contains(&exponent) {
        let decimals = (4 - exponent) as usize;
        let fixed = format!("{:.decimals$}", f64::from(value));
        text.push_str(without_zeros(&fixed));
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push_str(without_zeros(digits));
        text.push_str(&format!("e{sign}{:02}", exponent.abs()));
    }
}

fn without_zeros(number: &str) -> &str {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn print(value: f32) -> String {
        let mut text = String::new();
        push_number(&mut text, value);
        text
    }

    #[test]
    fn numbers_as_c_prints_them() {
        for text in [
            "0",
            "-0",
            "1",
            "-1",
            "8.1305",
            "0.0001",
            "-0.00012345",
            "1.2345e-05",
            "-5e-07",
            "10",
            "120.5",
            "99999",
            "1e+05",
            "-1.2346e+12",
            "0.1",
            "100",
            "0.69375",
        ] {
            assert_eq!(print(text.parse().unwrap()), text);
        }
        assert_eq!(print(0.999_996), "1");
        assert_eq!(print(99_999.6), "1e+05");
    }

    proptest! {
        #[test]
        fn five_digits_come_back(digits in 10_000..=99_999_i32, power in -12..6, negative: bool) {
            let sign = if negative { "-" } else { "" };
            let value: f32 = format!("{sign}{digits}e{power}").parse().unwrap();
            let printed: f32 = print(value).parse().unwrap();
            prop_assert_eq!(printed, value);
            prop_assert!(print(value).len() <= 12);
        }
    }
}
