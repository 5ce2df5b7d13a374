//! Empatica E4: `ACC.csv` has a line with the start in seconds since 1970, a line with the rate, each once a column, and below
//! them counts of 1/64 g from -128 to 127.

use anyhow::{Context, Result};

use super::context::{BadLines, Reading};
use super::recording::{Channel, Recording, TimeBase};
use super::text::{Number, Separator, lines, number, split};
use super::unit::Unit;
use super::{File, Format};
use crate::visible;

pub(super) const EMPATICA: Format = Format {
    name: "Empatica E4",
    detect: |file| match file.text().and_then(rate) {
        Some(_) => 90,
        None => 0,
    },
    read,
};

/// Counts per g.
const COUNTS_PER_G: f32 = 64.0;
/// Stamps of the years 2001 to 2096.
const SINCE_1970: std::ops::Range<f64> = 1e9..4e9;

/// Three equal numbers.
fn three(line: &str) -> Option<f64> {
    let mut fields = Vec::new();
    split(line, Separator::Character(b','), &mut fields).ok()?;
    let &[a, b, c] = fields.as_slice() else {
        return None;
    };
    match (number(a, false), a == b && b == c) {
        (Number::Value(value), true) => Some(value),
        _ => None,
    }
}

/// The rate in the second line, if the first two lines are of this format.
fn rate(text: &str) -> Option<f64> {
    let mut lines = lines(text).map(|(_, line)| three(line));
    let (start, rate) = (lines.next()??, lines.next()??);
    (SINCE_1970.contains(&start) && (0.1..=1000.0).contains(&rate)).then_some(rate)
}

fn read(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let text = file.text().context("it is no text")?;
    let rate = rate(text).context("its first two lines are no start and rate")?;
    let channels = ["acc_x", "acc_y", "acc_z"]
        .map(|name| Channel::new(name, Unit::G))
        .to_vec();
    let mut recording = Recording::new(file.name(), channels);
    recording.time = TimeBase::Rate(rate);
    let mut bad = BadLines::default();
    let mut fields = Vec::new();
    let mut clipped = 0_usize;
    for (at, line) in lines(text).skip(2) {
        if line.trim().is_empty() {
            recording.gap();
            continue;
        }
        let sample =
            split(line, Separator::Character(b','), &mut fields).and_then(|()| counts(&fields));
        match sample {
            Ok(sample) => {
                reading.budget.take(3 * size_of::<f32>())?;
                clipped += usize::from(sample.iter().any(|count| matches!(count, -128 | 127)));
                recording
                    .values
                    .extend(sample.map(|count| f32::from(count) / COUNTS_PER_G));
                recording.line_last(at);
            }
            Err(error) => {
                recording.gap();
                bad.add(at, &error);
            }
        }
    }
    reading.accept(&file.entry.name, &bad)?;
    if clipped > 0 {
        reading.note(format!(
            "{}: {clipped} samples are at the end of the range, -128 or 127 counts",
            file.entry.name
        ));
    }
    recording
        .gaps
        .retain(|&gap| gap < recording.values.len() / 3);
    Ok(vec![recording])
}

fn counts(fields: &[&str]) -> Result<[i8; 3]> {
    let count = |i: usize| {
        let field: &str = fields.get(i).copied().unwrap_or_default();
        let whole = field.strip_suffix(".0").unwrap_or(field);
        whole
            .parse::<i8>()
            .ok()
            .with_context(|| format!("\"{}\" is not a count, -128 to 127", visible::name(field)))
    };
    anyhow::ensure!(fields.len() == 3, "{} fields instead of 3", fields.len());
    Ok([count(0)?, count(1)?, count(2)?])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Options;
    use super::super::tests::read_with;
    use super::*;

    fn read_as(text: &str) -> (Result<Vec<Recording>>, Vec<String>) {
        read_with(&EMPATICA, "S1/ACC.csv", text, &Options::default())
    }

    const HEAD: &str = "1544027337.000000, 1544027337.000000, 1544027337.000000\n32.000000, 32.000000, 32.000000\n";

    #[test]
    fn counts_become_g_and_clipping_is_said() {
        let (found, notes) = read_as(&format!("{HEAD}-6,63,64\n127,0,-128\n"));
        let found = found.unwrap().remove(0);
        assert_eq!(found.values, [-0.09375, 0.984375, 1.0, 1.984375, 0.0, -2.0]);
        assert_eq!(
            (found.time, found.name.as_str()),
            (TimeBase::Rate(32.0), "S1/ACC")
        );
        assert!(notes[0].contains("1 samples are at the end"), "{notes:?}");
        for (row, part) in [
            ("1,2", "2 fields"),
            ("1,2,200", "\"200\""),
            ("1,2,x", "\"x\""),
        ] {
            let error = format!(
                "{:#}",
                read_as(&format!("{HEAD}1,2,3\n{row}\n")).0.unwrap_err()
            );
            assert!(error.contains("line 4") && error.contains(part), "{error}");
        }
        assert!(read_as("1,2,3\n4,5,6\n").0.is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9,. \nµ]{0,80}") {
            let _ = read_as(&text);
            let _ = read_as(&format!("{HEAD}{text}"));
        }
    }
}
