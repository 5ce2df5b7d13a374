//! Text as loggers and spreadsheets write it: encodings, line ends, fields, numbers.

use std::borrow::Cow;

use anyhow::{Result, bail};

use super::unit::Unit;

/// Text of bytes in UTF-8 or UTF-16, with a byte order mark or without, or else in Windows-1252, where `²` and `°` are one
/// byte.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    // UTF-16 without a mark has a zero in every other byte of its first characters.
    if let [a, b, c, d, ..] = *bytes {
        let wide = match (a, b, c, d) {
            (1.., 0, 1.., 0) => Some(encoding_rs::UTF_16LE),
            (0, 1.., 0, 1..) => Some(encoding_rs::UTF_16BE),
            _ => None,
        };
        if let Some(encoding) = wide {
            return encoding.decode_without_bom_handling(bytes).0;
        }
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
        }
    }
}

/// Whether bytes are text: no control characters but those that terminals and lines have.
pub(super) fn is_text(head: &[u8]) -> bool {
    let text = decode(head);
    let control =
        |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x1b' | '\x08' | '\x0c');
    !text.is_empty() && text.chars().filter(control).count() * 50 <= text.len()
}

/// Lines with their numbers from 1. They end in LF, CR LF, or in CR where there is no LF at all.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let end = match text.contains('\n') {
        true => '\n',
        false => '\r',
    };
    let whole = text.strip_suffix(end).unwrap_or(text);
    (1..).zip(whole.split(end).map(|line| line.trim_end_matches('\r')))
}

/// Separator between the fields of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Character(u8),
    /// Any number of blanks and tabs.
    Blanks,
}

/// Splits a line into its fields, without the blanks around them and the quotes; doubled quotes inside stay doubled.
///
/// # Errors
/// A quote is not closed.
pub(super) fn split<'a>(line: &'a str, by: Separator, fields: &mut Vec<&'a str>) -> Result<()> {
    fields.clear();
    let separator = match by {
        Separator::Character(byte) => byte,
        Separator::Blanks => {
            fields.extend(
                line.split_ascii_whitespace()
                    .map(|field| field.trim_matches('"')),
            );
            return Ok(());
        }
    };
    if !line.contains('"') {
        fields.extend(line.split(char::from(separator)).map(str::trim));
        return Ok(());
    }
    let bytes = line.as_bytes();
    let mut start = 0;
    loop {
        let blanks = bytes[start..]
            .iter()
            .take_while(|&&byte| byte == b' ')
            .count();
        let (field, end) = match bytes.get(start + blanks) {
            Some(b'"') => quoted(line, start + blanks + 1, separator)?,
            _ => {
                let end = until(bytes, start, separator);
                (line[start..end].trim(), end)
            }
        };
        fields.push(field);
        if end >= bytes.len() {
            return Ok(());
        }
        start = end + 1;
    }
}

/// Place of the next `byte` at or after `start`, or the end.
fn until(bytes: &[u8], start: usize, byte: u8) -> usize {
    let found = bytes[start..].iter().position(|&other| other == byte);
    found.map_or(bytes.len(), |length| start + length)
}

/// A quoted field whose first character is at `start`, and where its separator is.
fn quoted(line: &str, start: usize, separator: u8) -> Result<(&str, usize)> {
    let bytes = line.as_bytes();
    let mut at = start;
    loop {
        let close = until(bytes, at, b'"');
        if close == bytes.len() {
            bail!("a quote is not closed");
        }
        if bytes.get(close + 1) == Some(&b'"') {
            at = close + 2;
            continue;
        }
        let end = until(bytes, close + 1, separator);
        if !line[close + 1..end].trim().is_empty() {
            bail!("text follows a closed quote");
        }
        return Ok((line[start..close].trim(), end));
    }
}

/// A field that was quoted, with single quotes for doubled ones.
pub(super) fn unquoted(field: &str) -> Cow<'_, str> {
    match field.contains("\"\"") {
        true => Cow::Owned(field.replace("\"\"", "\"")),
        false => Cow::Borrowed(field),
    }
}

/// A field that may be a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Value(f64),
    /// The value is missing: nothing, `nan`, `null`, `NA`.
    Missing,
    /// No number.
    Other,
}

/// Reads a number, with `,` before its decimals where `comma` says so.
pub(super) fn number(field: &str, comma: bool) -> Number {
    let mut buffer = [0; 48];
    let plain = match comma && field.contains(',') {
        false => field,
        true => match with_point(field, &mut buffer) {
            Some(plain) => plain,
            None => return Number::Other,
        },
    };
    let starts = plain.as_bytes().first();
    if starts.is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'))
        && let Ok(value) = plain.parse::<f64>()
        && value.is_finite()
    {
        return Number::Value(value);
    }
    match is_missing(plain) {
        true => Number::Missing,
        false => Number::Other,
    }
}

/// Reads a number with a unit behind it, such as `5 g` or `12,5 °C`: the number, and the text of the unit. None where there is no
/// known unit.
pub(super) fn quantity(field: &str, comma: bool) -> Option<(f64, &str)> {
    let first = *field.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let of_number = |(at, c): &(usize, char)| {
        let is_exponent = || {
            let next = field.as_bytes().get(at + 1);
            matches!(c, 'e' | 'E')
                && next.is_some_and(|next| next.is_ascii_digit() || matches!(next, b'+' | b'-'))
        };
        c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',') || is_exponent()
    };
    let (end, _) = field.char_indices().find(|at| !of_number(at))?;
    let (start, unit) = field.split_at(end);
    let (unit, Number::Value(value)) = (unit.trim_start(), number(start, comma)) else {
        return None;
    };
    let is_known = Unit::parse(unit).is_some_and(|(unit, _)| unit != Unit::Unknown);
    is_known.then_some((value, unit))
}

/// Whether a field is a number, with or without a unit.
pub(super) fn is_value(field: &str, comma: bool) -> bool {
    matches!(number(field, comma), Number::Value(_)) || quantity(field, comma).is_some()
}

/// Whether a field stands for nothing.
pub(super) fn is_missing(field: &str) -> bool {
    let words = ["nan", "-nan", "na", "n/a", "null", "none", "?", "<na>"];
    field.is_empty() || words.iter().any(|word| field.eq_ignore_ascii_case(word))
}

/// `0,5` as `0.5`; none where there are two commas, or a point as well.
fn with_point<'a>(field: &str, buffer: &'a mut [u8; 48]) -> Option<&'a str> {
    let to = buffer.get_mut(..field.len())?;
    to.copy_from_slice(field.as_bytes());
    let mut commas = 0;
    for byte in to.iter_mut() {
        match byte {
            b'.' => return None,
            b',' => {
                commas += 1;
                *byte = b'.';
            }
            _ => {}
        }
    }
    match commas {
        // `1,` is what is left of a list.
        1 if !field.ends_with(',') => std::str::from_utf8(to).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(line: &str, by: u8) -> Vec<&str> {
        let mut fields = Vec::new();
        split(line, Separator::Character(by), &mut fields).unwrap();
        fields
    }

    #[test]
    fn encodings_are_told_apart() {
        let text = "a,°/s\n1,2\n";
        let utf16 = |big: bool| -> Vec<u8> {
            let bytes = |unit: u16| match big {
                true => unit.to_be_bytes(),
                false => unit.to_le_bytes(),
            };
            text.encode_utf16().flat_map(bytes).collect()
        };
        let with = |mark: &[u8], rest: Vec<u8>| [mark.to_vec(), rest].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            with(&[0xef, 0xbb, 0xbf], text.into()),
            with(&[0xff, 0xfe], utf16(false)),
            with(&[0xfe, 0xff], utf16(true)),
            utf16(false),
            utf16(true),
            b"a,\xb0/s\n1,2\n".to_vec(),
        ] {
            assert_eq!(decode(&bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn lines_have_their_numbers_whatever_ends_them() {
        for text in [
            "a\nb\n\nc\n",
            "a\r\nb\r\n\r\nc\r\n",
            "a\rb\r\rc",
            "a\nb\n\nc",
        ] {
            let found: Vec<_> = lines(text).collect();
            assert_eq!(found, [(1, "a"), (2, "b"), (3, ""), (4, "c")], "{text:?}");
        }
    }

    #[test]
    fn fields_are_told_apart() {
        assert_eq!(fields("a, b ,,c", b','), ["a", "b", "", "c"]);
        assert_eq!(
            fields("\"a\",\"b,c\", \"d\" ,e", b','),
            ["a", "b,c", "d", "e"]
        );
        assert_eq!(fields("\"say \"\"x\"\"\",", b','), ["say \"\"x\"\"", ""]);
        assert_eq!(unquoted("say \"\"x\"\""), "say \"x\"");
        let mut none = Vec::new();
        for line in ["\"walk,1,2", "1,\"walk", "\"a\"b,1"] {
            assert!(
                split(line, Separator::Character(b','), &mut none).is_err(),
                "{line}"
            );
        }
        split(" 1  2\t3 ", Separator::Blanks, &mut none).unwrap();
        assert_eq!(none, ["1", "2", "3"]);
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (field, value) in [
            ("8297.0", 8297.0),
            ("1.02e-1", 0.102),
            ("+5", 5.0),
            ("-.5", -0.5),
            ("5.017022500E-2", 0.050_170_225),
        ] {
            assert_eq!(number(field, false), Number::Value(value));
        }
        assert_eq!(number("-0,5", true), Number::Value(-0.5));
        assert_eq!(number("1,5e-3", true), Number::Value(1.5e-3));
        assert_eq!(number("0.5", true), Number::Value(0.5));
        for field in ["", "NaN", "nan", "NULL", "?"] {
            assert_eq!(number(field, false), Number::Missing);
        }
        for field in ["1,5", "-", "inf", "1e999", "walk", "1\0", "0x10", "-inf"] {
            assert_eq!(number(field, false), Number::Other, "{field}");
        }
        assert_eq!(number("1.234,5", true), Number::Other);
        assert_eq!(number("1,2,3", true), Number::Other);
        assert_eq!(number("1,", true), Number::Other);
    }

    #[test]
    fn numbers_may_carry_their_unit() {
        for (field, value, unit) in [
            ("5 g", 5.0, "g"),
            ("0.98 m/s2", 0.98, "m/s2"),
            ("-0.98m/s²", -0.98, "m/s²"),
            ("12,5 °C", 12.5, "°C"),
            ("1.5e-3 rad/s", 1.5e-3, "rad/s"),
            ("3 mg", 3.0, "mg"),
        ] {
            assert_eq!(quantity(field, true), Some((value, unit)), "{field}");
        }
        for field in [
            "5", "5 apples", "g", "5 -", "1,2,3 g", "5e g", "é5 g", "5 é", "",
        ] {
            assert_eq!(quantity(field, true), None, "{field}");
        }
        assert_eq!(quantity("12,5 °C", false), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), by in any::<u8>()) {
            let text = decode(&bytes);
            let mut fields = Vec::new();
            for (_, line) in lines(&text) {
                for by in [Separator::Blanks, Separator::Character(by & 0x7f), Separator::Character(b',')] {
                    let _ = split(line, by, &mut fields);
                    for field in &fields {
                        let _ = (number(field, true), number(field, false), quantity(field, true));
                    }
                }
            }
        }
    }
}
