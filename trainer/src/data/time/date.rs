//! Dates and times of day, however loggers and spreadsheets write them.

use chrono::NaiveDate;

/// Kind of a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Kind {
    /// A number, in the unit of its column.
    Number,
    /// A date with a time, in seconds since 1970.
    Moment,
    /// A date without a time, in seconds since 1970.
    Day,
    /// A time of day, in seconds since midnight.
    OfDay,
}

/// A time stamp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct Stamp {
    pub kind: Kind,
    pub value: f64,
}

/// Reads a time stamp, with `,` before the decimals of numbers where `comma` says so; none where it is none.
///
/// Read are numbers, `2024-10-17 14:57:32.25`, with `T`, a zone, or `-` in the time; `17.10.2024`, `10/17/2024 2:57:32 PM`,
/// `14:57:32,250`, and `57:32.2` as minutes and seconds. A zone changes nothing. Of `10/11/2024` the first is the month.
pub(in crate::data) fn stamp(text: &str, comma: bool) -> Option<Stamp> {
    let first = *text.as_bytes().first()?;
    let number = |text: &str| {
        let value = text.parse::<f64>().ok()?;
        (value.is_finite()).then_some(Stamp {
            kind: Kind::Number,
            value,
        })
    };
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if let Some(found) = number(text) {
        return Some(found);
    }
    if comma && text.bytes().filter(|&byte| byte == b',').count() == 1 && !text.ends_with(',') {
        let with_point = text.replace(',', ".");
        // `1.234,5` is a number of another kind.
        if let Some(found) = number(&with_point).filter(|_| !text.contains('.')) {
            return Some(found);
        }
    }
    date(text)
}

/// Reads a date, a time of day, or both.
fn date(text: &str) -> Option<Stamp> {
    let separator = |c: char| matches!(c, ' ' | 'T' | '_');
    let (start, rest) = match text.find(separator) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim_start())),
        None => (text, None),
    };
    if let Some(day) = day(start) {
        return match rest {
            None | Some("") => Some(Stamp {
                kind: Kind::Day,
                value: day,
            }),
            Some(rest) => Some(Stamp {
                kind: Kind::Moment,
                value: day + of_day(rest, true)?,
            }),
        };
    }
    let value = of_day(text, false)?;
    Some(Stamp {
        kind: Kind::OfDay,
        value,
    })
}

/// The beginning of a day, in seconds since 1970.
fn day(text: &str) -> Option<f64> {
    let separator = ['-', '/', '.'].into_iter().find(|&c| text.contains(c))?;
    let mut parts = text.split(separator);
    let parts = [parts.next()?, parts.next()?, parts.next()?, {
        parts.next().unwrap_or_default()
    }];
    let [a, b, c, rest] = parts;
    let number = |text: &str| match text.len() {
        1..=4 if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse::<u32>().ok(),
        _ => None,
    };
    if !rest.is_empty() {
        return None;
    }
    let (year, month, day) = match (a.len(), c.len(), separator) {
        (4, _, _) => (number(a)?, number(b)?, number(c)?),
        (_, 4, '/') if number(a)? <= 12 => (number(c)?, number(a)?, number(b)?),
        (_, 4, _) => (number(c)?, number(b)?, number(a)?),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() as f64)
}

/// A time of day in seconds, without a zone that may follow; `-` may stand for `:` where `dashes` says so.
fn of_day(text: &str, dashes: bool) -> Option<f64> {
    let text = text.trim();
    let half = |word: &str| {
        let at = text.len().checked_sub(word.len())?;
        let (time, end) = (text.get(..at)?, text.get(at..)?);
        end.eq_ignore_ascii_case(word).then(|| time.trim_end())
    };
    let (time, is_pm) = match (half("AM"), half("PM")) {
        (Some(time), _) => (time, Some(false)),
        (_, Some(time)) => (time, Some(true)),
        _ => (without_zone(text), None),
    };
    let separator = match dashes && !time.contains(':') {
        true => '-',
        false => ':',
    };
    let mut parts = time.split(separator);
    let first = whole(parts.next()?, 2)?;
    let second = parts.next()?;
    let third = parts.next();
    // `14:57:32:250`.
    let thousandths = match parts.next() {
        Some(text) if text.len() == 3 && parts.next().is_none() => whole(text, 3)? / 1000.0,
        Some(_) => return None,
        None => 0.0,
    };
    let (hour, minute, second) = match third {
        Some(third) => (first, whole(second, 2)?, fraction(third)? + thousandths),
        None if second.contains(['.', ',']) => (0.0, first, fraction(second)?),
        None => (first, whole(second, 2)?, 0.0),
    };
    let hour = match is_pm {
        None => hour,
        Some(_) if !(1.0..=12.0).contains(&hour) => return None,
        Some(is_pm) => hour % 12.0 + if is_pm { 12.0 } else { 0.0 },
    };
    let is_one = hour < 24.0 && minute < 60.0 && second < 61.0;
    is_one.then_some(hour * 3600.0 + minute * 60.0 + second)
}

/// A time without `Z`, `UTC`, `+02:00` or `-0500` at its end.
fn without_zone(text: &str) -> &str {
    for word in ["Z", "UTC", "GMT"] {
        if let Some(time) = text.strip_suffix(word) {
            return time.trim_end();
        }
    }
    let at = text.rfind('+').or_else(|| {
        let at = text.rfind('-')?;
        (at > 0 && text[..at].contains(':')).then_some(at)
    });
    match at {
        Some(at)
            if text[at + 1..]
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':') =>
        {
            text[..at].trim_end()
        }
        _ => text,
    }
}

/// A whole number of at most so many digits.
fn whole(text: &str, digits: usize) -> Option<f64> {
    let is_one = (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_one.then(|| text.parse().ok()).flatten()
}

/// Seconds of two digits, with decimals after a point or a comma.
fn fraction(text: &str) -> Option<f64> {
    let (seconds, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let seconds = whole(seconds, 2)?;
    if decimals.is_empty() {
        return Some(seconds);
    }
    let is_one = decimals.len() <= 18 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = is_one.then(|| format!("0.{decimals}").parse::<f64>().ok())??;
    Some(seconds + decimals)
}

/// The stamp of a date and of a time of day that stand in two columns.
pub(super) fn together(day: Stamp, of_day: Stamp) -> Option<Stamp> {
    match (day.kind, of_day.kind) {
        (Kind::Day, Kind::OfDay) => Some(Stamp {
            kind: Kind::Moment,
            value: day.value + of_day.value,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<(Kind, f64)> {
        stamp(text, true).map(|stamp| (stamp.kind, stamp.value))
    }

    #[test]
    fn dates_and_times_are_read_however_they_are_written() {
        let at = 1_729_177_052.0;
        for (text, kind, value) in [
            ("1970-01-01 00:00:01.5", Kind::Moment, 1.5),
            ("2024-10-17T14:57:32Z", Kind::Moment, at),
            ("2024-10-17T14:57:32.250+02:00", Kind::Moment, at + 0.25),
            ("2024-10-17 14:57:32-0500", Kind::Moment, at),
            ("2024/10/17 14:57:32,250", Kind::Moment, at + 0.25),
            ("17.10.2024 14:57:32", Kind::Moment, at),
            ("10/17/2024 2:57:32 PM", Kind::Moment, at),
            ("17/10/2024 02:57:32.5pm", Kind::Moment, at + 0.5),
            ("2024-10-17 14:57:32:250", Kind::Moment, at + 0.25),
            ("2024-10-17 14-57-32", Kind::Moment, at),
            ("2024-10-17_14:57:32", Kind::Moment, at),
            ("2024-10-17 14:57", Kind::Moment, at - 32.0),
            ("2024-10-17", Kind::Day, at - 53_852.0),
            ("14:57:32.25", Kind::OfDay, 53_852.25),
            ("12:00:01 AM", Kind::OfDay, 1.0),
            ("12:00:01 PM", Kind::OfDay, 43_201.0),
            ("57:32.5", Kind::OfDay, 3_452.5),
            ("1729177052.5", Kind::Number, at + 0.5),
            ("1729177052,5", Kind::Number, at + 0.5),
            ("-1.5e-3", Kind::Number, -0.0015),
            (
                "1700000000123456789",
                Kind::Number,
                1_700_000_000_123_456_789.0,
            ),
        ] {
            assert_eq!(read(text), Some((kind, value)), "{text}");
        }
        for text in [
            "",
            "nan",
            "inf",
            "noon",
            "25:00:00",
            "13:00:00 PM",
            "2024-13-01",
            "1.234,5",
            "1,",
            "x",
            "2024-10-17 walk",
            "1-2",
            "12:5x",
            "é\u{30a}aaaaaaaaaaaaaaa",
            "10:00:00:1234",
            "1.2.3.4",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn two_columns_are_one_time() {
        let of = |text| stamp(text, false).unwrap();
        let both = together(of("2024-10-17"), of("14:57:32")).unwrap();
        assert_eq!((both.kind, both.value), (Kind::Moment, 1_729_177_052.0));
        assert_eq!(together(of("14:57:32"), of("14:57:32")), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9:., /TZ+APMé]{0,24}", any in ".{0,12}") {
            let _ = (stamp(&text, true), stamp(&text, false), stamp(&any, true));
        }
    }
}
