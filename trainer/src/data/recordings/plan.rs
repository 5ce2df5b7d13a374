//! Reading rows that go on with the run before them, at the speed of the memory: one pass over the bytes, no field is copied.
//!
//! Only the plainest rows are taken: the same label, recording and group byte by byte, whole numbers, no quotes, blanks only in front
//! of a field. All others are left to the parser that takes lines apart, so there is one place that knows what is an error.

use super::columns::Columns;
use super::lines::MAX_LINE_BYTES;
use crate::data::numbering::mark;
use crate::data::time::{Candidate, Kind};

/// Digits of a whole number of 16 bits, at most.
const DIGITS: usize = 5;
/// Decimal digits that a number of 64 bits holds exactly, whichever they are.
const EXACT: usize = 15;

/// The part that a column plays, for rows that go on with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Skip,
    /// The label, the recording or the group.
    Key(usize),
    Time,
    /// A channel, by its number.
    Channel(usize),
    /// A column of numbers.
    Mark,
}

/// Columns of a file in the order of their fields.
#[derive(Debug)]
pub(super) struct Plan {
    steps: Vec<Step>,
    channels: usize,
    /// The column of stamps, if there is one.
    time: Option<Candidate>,
}

/// Fields of the label, recording and group of a row.
#[derive(Debug)]
pub(super) struct Keys {
    fields: [Vec<u8>; 3],
    /// Whether they look in a line without quotes as they are.
    is_plain: bool,
}

impl Keys {
    pub fn of(fields: [&[u8]; 3]) -> Self {
        let is_plain = |field: &[u8]| !field.contains(&b',') && !field.contains(&b'"');
        Self {
            is_plain: fields.into_iter().all(is_plain),
            fields: fields.map(<[u8]>::to_vec),
        }
    }

    /// Whether they are these.
    pub fn are(&self, fields: [&[u8]; 3]) -> bool {
        self.fields.iter().zip(fields).all(|(a, b)| a == b)
    }

    /// The fields, if a line without quotes holds them as they are.
    pub fn plain(&self) -> Option<&[Vec<u8>; 3]> {
        self.is_plain.then_some(&self.fields)
    }
}

impl Plan {
    /// None where a column has two parts to play, samples tell what they were before they were resampled, or two columns are the time together.
    pub fn of(columns: &Columns, time: Option<&Candidate>) -> Option<Self> {
        if columns.source.is_some() || time.is_some_and(|time| time.day.is_some()) {
            return None;
        }
        let mut steps = vec![Step::Skip; columns.count];
        let keys = [
            Some(columns.label),
            columns.recording,
            columns.group.as_ref().map(|(column, _)| *column),
        ];
        let keys = (0..)
            .zip(keys)
            .filter_map(|(key, column)| Some((column?, Step::Key(key))));
        let of_time = time.map(|time| (time.column, Step::Time));
        let channels = columns.channels.iter().zip(0..);
        let channels = channels.map(|(&column, channel)| (column, Step::Channel(channel)));
        let marks = columns
            .marks
            .iter()
            .map(|(column, _)| (*column, Step::Mark));
        for (column, step) in keys.chain(of_time).chain(channels).chain(marks) {
            let known = steps.get_mut(column)?;
            if *known != Step::Skip {
                return None;
            }
            *known = step;
        }
        Some(Self {
            steps,
            channels: columns.channels.len(),
            time: time.cloned(),
        })
    }

    /// Reads the first line of `bytes`, if it goes on with a run of `keys` and is plain: adds its counts, its stamp if it has
    /// one, and its marks, and gives the length of the line with its end. None, and nothing is added, where it is not.
    pub fn row(
        &self,
        bytes: &[u8],
        keys: &[Vec<u8>; 3],
        (counts, times, marks): (&mut Vec<i16>, &mut Vec<f64>, &mut Vec<i64>),
    ) -> Option<usize> {
        let (before, marks_before) = (counts.len(), marks.len());
        counts.resize(before + self.channels, 0);
        let read = self.fields(bytes, keys, &mut counts[before..], marks);
        let Some((length, stamp)) = read.filter(|(length, _)| *length <= MAX_LINE_BYTES) else {
            counts.truncate(before);
            marks.truncate(marks_before);
            return None;
        };
        times.extend(stamp);
        Some(length)
    }

    /// The length of the first line with its end, and its stamp; its counts go to `counts`, `[channels]`.
    #[inline]
    fn fields(
        &self,
        bytes: &[u8],
        keys: &[Vec<u8>; 3],
        counts: &mut [i16],
        marks: &mut Vec<i64>,
    ) -> Option<(usize, Option<f64>)> {
        let (mut at, mut stamp) = (0, None);
        let last = self.steps.len() - 1;
        for (column, step) in self.steps.iter().enumerate() {
            while bytes.get(at) == Some(&b' ') {
                at += 1;
            }
            let rest = &bytes[at..];
            at += match *step {
                Step::Channel(channel) => {
                    let (count, length) = whole_number(rest)?;
                    counts[channel] = count;
                    length
                }
                Step::Key(key) => {
                    let field = keys[key].as_slice();
                    rest.starts_with(field).then_some(field.len())?
                }
                Step::Time => {
                    let (value, length) = self.stamp(rest)?;
                    stamp = Some(value);
                    length
                }
                Step::Mark => {
                    let field = field(rest)?;
                    marks.push(mark(field));
                    field.len()
                }
                Step::Skip => field(rest)?.len(),
            };
            if column < last {
                if bytes.get(at) != Some(&b',') {
                    return None;
                }
                at += 1;
            }
        }
        at += match bytes.get(at..)? {
            [] => 0,
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
        Some((at, stamp))
    }
}

impl Plan {
    /// The stamp of the first field, and the length of the field.
    #[inline]
    fn stamp(&self, bytes: &[u8]) -> Option<(f64, usize)> {
        let time = self.time.as_ref()?;
        let plain = (time.kind == Kind::Number).then(|| plain_number(bytes));
        plain.flatten().or_else(|| {
            let field = std::str::from_utf8(field(bytes)?).ok()?;
            Some((time.stamp(|_| field, false)?, field.len()))
        })
    }
}

/// The first field, if it has neither quotes nor blanks around it.
#[inline]
fn field(bytes: &[u8]) -> Option<&[u8]> {
    let is_end = |&byte: &u8| matches!(byte, b',' | b'\n' | b'\r' | b'"');
    let end = bytes.iter().position(is_end).unwrap_or(bytes.len());
    let field = &bytes[..end];
    let is_plain = field.trim_ascii().len() == end && bytes.get(end) != Some(&b'"');
    is_plain.then_some(field)
}

/// The whole number of 16 bits that stands first, and its length.
#[inline]
fn whole_number(bytes: &[u8]) -> Option<(i16, usize)> {
    match bytes.first_chunk() {
        Some(first) => number_of_eight(u64::from_le_bytes(*first)),
        None => number_of_few(bytes),
    }
}

/// Does the same for eight bytes, the first one the lowest: all digits at once.
#[inline]
fn number_of_eight(bytes: u64) -> Option<(i16, usize)> {
    let sign = u32::from(bytes as u8 == b'-');
    // Digits become 0 to 9, which have no bits above the lowest four, also where 6 is added; other bytes have some.
    let values = (bytes >> (8 * sign)) ^ 0x3030_3030_3030_3030;
    let others = (values | values.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0;
    let digits = others.trailing_zeros() / 8;
    if !(1..=DIGITS as u32).contains(&digits) {
        return None;
    }
    // The last digit is the highest byte; zeros come before the first. Pairs of digits, then of pairs, are put together.
    let number = values << (64 - 8 * digits);
    let number = number.wrapping_mul((10 << 8) + 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let number = number.wrapping_mul((100 << 16) + 1) >> 16 & 0x0000_ffff_0000_ffff;
    let number = number.wrapping_mul((10_000 << 32) + 1) >> 32;
    let number = if sign == 1 {
        -(number as i32)
    } else {
        number as i32
    };
    Some((i16::try_from(number).ok()?, (sign + digits) as usize))
}

/// Does the same for fewer bytes, digit by digit.
fn number_of_few(bytes: &[u8]) -> Option<(i16, usize)> {
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let mut number = 0;
    let mut length = sign;
    while let Some(digit) = bytes.get(length).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        if length - sign == DIGITS {
            return None;
        }
        number = 10 * number + i32::from(digit);
        length += 1;
    }
    if length == sign {
        return None;
    }
    let number = if sign == 1 { -number } else { number };
    Some((i16::try_from(number).ok()?, length))
}

/// The first field and its length, if it is a number of digits with or without a point, so few that it is exact: both the digits as
/// a whole number and the power of ten are exact then, so their quotient is the nearest number.
#[inline]
fn plain_number(bytes: &[u8]) -> Option<(f64, usize)> {
    const POWERS: [f64; EXACT + 1] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let (mut number, mut point, mut length) = (0_u64, None, 0);
    for &byte in bytes {
        match byte {
            b',' | b'\n' | b'\r' => break,
            _ if length == EXACT => return None,
            b'0'..=b'9' => number = 10 * number + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(length),
            _ => return None,
        }
        length += 1;
    }
    let decimals = point.map_or(0, |point| length - point - 1);
    let digits = length - usize::from(point.is_some());
    (digits > 0).then(|| (number as f64 / POWERS[decimals], length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_are_read_like_few() {
        let check = |bytes: &[u8; 8]| {
            let all = number_of_eight(u64::from_le_bytes(*bytes));
            assert_eq!(all, number_of_few(bytes), "{bytes:?}");
        };
        for number in -100_001..=100_001_i32 {
            for end in [",12,-9..", "\r\n12,345", " ,,,,,,,", "/:\u{7f}..,,,"] {
                let text = format!("{number}{end}");
                check(text.as_bytes().first_chunk().unwrap());
            }
        }
        // Any byte at any place.
        for at in 0..8 {
            for byte in 0..=255 {
                for text in [b"12345678", b"-0123456", b"00001,78", b"-,234567"] {
                    let mut bytes = *text;
                    bytes[at] = byte;
                    check(&bytes);
                }
            }
        }
        assert_eq!(whole_number(b"-32768,"), Some((-32768, 6)));
        assert_eq!(whole_number(b"-32768,1,"), Some((-32768, 6)));
        assert_eq!(whole_number(b"32768,1,"), None);
    }

    #[test]
    fn plain_numbers_are_those_of_the_library() {
        for text in [
            "0",
            "7.",
            ".5",
            "12.25",
            "1764512906123",
            "0.1",
            "99999999999.999",
            "000000000000001",
        ] {
            for end in ["", ",1", "\n", "\r\n"] {
                let found = plain_number(format!("{text}{end}").as_bytes());
                assert_eq!(found, Some((text.parse().unwrap(), text.len())), "{text}");
            }
        }
        for text in [
            "",
            ".",
            "-1",
            "1e3",
            "1 ",
            "\"1\"",
            "1.2.3",
            "1234567890123456",
        ] {
            assert_eq!(plain_number(text.as_bytes()), None, "{text}");
        }
    }
}
