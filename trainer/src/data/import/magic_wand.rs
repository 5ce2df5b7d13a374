//! Magic-wand transcripts: what a terminal showed of an Arduino sketch that prints `-,-,-` before each gesture and then its
//! acceleration, `x,y,z`, a line a sample.
//!
//! A transcript has carriage returns, terminal codes and the user's own words above the first and below the last gesture. Some
//! files are in g and some in mg, which only gravity tells.

use anyhow::{Context, Result, bail, ensure};

use super::context::{BadLines, Reading};
use super::recording::{Channel, Recording};
use super::text::{Number, Separator, lines, number, split};
use super::unit::Unit;
use super::{Format, gravity};
use crate::visible;

pub(super) const MAGIC_WAND: Format = Format {
    name: "magic wand",
    detect: |file| match file.text().is_some_and(is_transcript) {
        true => 85,
        false => 0,
    },
    read: |file, reading| read(&file.name(), file.text().context("it is no text")?, reading),
};

/// Lines in which the first gesture begins.
const HEAD_LINES: usize = 2000;

fn is_transcript(text: &str) -> bool {
    lines(text)
        .take(HEAD_LINES)
        .any(|(_, line)| is_separator(&plain(line)))
}

fn is_separator(line: &str) -> bool {
    line.split(',').map(str::trim).eq(["-", "-", "-"])
}

/// A line without the codes that move a terminal's cursor, and without characters that were taken back.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\x08' => {
                plain.pop();
            }
            '\x1b' => match characters.next() {
                Some('[') => {
                    while characters
                        .next()
                        .is_some_and(|c| !c.is_ascii_alphabetic() && c != '@')
                    {}
                }
                Some('(' | ')') => {
                    characters.next();
                }
                _ => {}
            },
            _ if character.is_control() && character != '\t' => {}
            _ => plain.push(character),
        }
    }
    plain.trim().to_owned()
}

fn read(name: &str, text: &str, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let channels = ["ax", "ay", "az"]
        .map(|axis| Channel::new(axis, Unit::Unknown))
        .to_vec();
    let mut recording = Recording::new(name, channels);
    let mut bad = BadLines::default();
    // Lines that are none; what follows the last gesture is not counted.
    let mut pending = Vec::new();
    let mut has_begun = false;
    for (at, line) in lines(text) {
        let line = plain(line);
        if is_separator(&line) {
            has_begun = true;
            recording.gap();
            continue;
        }
        if line.is_empty() || !has_begun {
            continue;
        }
        let mut fields = Vec::new();
        let sample =
            split(&line, Separator::Character(b','), &mut fields).and_then(|()| sample(&fields));
        match sample {
            Ok(sample) => {
                for (at, error) in pending.drain(..) {
                    recording.gap();
                    bad.add(at, &error);
                }
                reading.budget.take(3 * size_of::<f32>())?;
                recording.values.extend(sample);
                recording.line_last(at);
            }
            Err(error) => pending.push((at, error)),
        }
    }
    reading.accept(name, &bad)?;
    ensure!(recording.samples() > 0, "no sample follows -,-,-");
    recording
        .gaps
        .retain(|&gap| gap < recording.values.len() / 3);
    unit(&mut recording, reading)?;
    Ok(vec![recording])
}

fn sample(fields: &[&str]) -> Result<[f32; 3]> {
    let &[x, y, z] = fields else {
        bail!("{} fields instead of x,y,z", fields.len());
    };
    let value = |field: &str| match number(field, false) {
        Number::Value(value) if (value as f32).is_finite() => Ok(value as f32),
        _ => bail!("\"{}\" is not a number", visible::name(field)),
    };
    Ok([value(x)?, value(y)?, value(z)?])
}

/// Brings the values to g, by what gravity is in them.
fn unit(recording: &mut Recording, reading: &Reading<'_>) -> Result<()> {
    if reading.options.unit.is_some() {
        return Ok(());
    }
    let norm = gravity::norm(recording, [0, 1, 2]).map_or(0.0, |norm| norm.median);
    let (name, unit, factor) = gravity::unit_of(norm).with_context(|| {
        format!("its unit is not told, and its median acceleration, {norm:.3}, is that of neither g, m/s² nor mg: state it with --unit")
    })?;
    let factor = factor * unit.factor_to(Unit::G).unwrap_or(1.0);
    for value in &mut recording.values {
        *value = (f64::from(*value) * factor) as f32;
    }
    for channel in &mut recording.channels {
        channel.unit = Unit::G;
    }
    reading.note(format!(
        "{}: in {name}, for its median acceleration is {norm:.3}",
        recording.name
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Options;
    use super::super::tests::read_with;
    use super::*;

    const START: &str = "Script started on Thu\r\n\x1b[?1034hbash-3.2$  -\x08\x1b[K\x08\x1b[Kscreen x 115200\r\n\x1b[?1049h\x1b[!p\x1b[?1h\x1b=\x1b[0m\x1b(B\x1b[2J\r\n\r\n";
    const END: &str = "\x1b[24;2H\x1b[?1l\x1b>\r\n[screen is terminating]\r\nexit\r\n";

    #[test]
    fn gestures_are_told_apart_and_words_around_them_are_none() {
        for (unit, factor) in [("g", 1.0), ("mg", 1000.0), ("m/s²", 9.80665)] {
            let row = |x: f64| {
                format!(
                    "{:.2},{:.2},{:.2}\r\n",
                    0.6 * factor,
                    0.8 * factor,
                    x * factor
                )
            };
            let text = format!(
                "{START} -,-,-\r\n{}{}\r\n-,-,-\r\n{}{}{}\x1b[K\r\n{END}",
                row(0.0),
                row(0.1),
                row(0.0),
                row(0.0),
                row(0.1).trim_end()
            );
            let (found, notes) = read_with(&MAGIC_WAND, "f.txt", &text, &Options::default());
            let found = found.unwrap().remove(0);
            assert_eq!((found.samples(), &found.gaps[..]), (5, &[2][..]), "{unit}");
            assert!(
                (found.values[3] - 0.6).abs() < 0.01 && (found.values[5] - 0.1).abs() < 0.01,
                "{unit}: {:?}",
                found.values
            );
            assert_eq!(found.channels[0].unit, Unit::G);
            assert!(
                notes[0].contains(&format!("in {unit}, for its median")),
                "{notes:?}"
            );
        }
    }

    #[test]
    fn malformed_lines_and_unknown_units_are_refused() {
        let text = "-,-,-\n0,0,1\n0,0\n0,0,1\n";
        let error = format!(
            "{:#}",
            read_with(&MAGIC_WAND, "f.txt", text, &Options::default())
                .0
                .unwrap_err()
        );
        assert!(error.contains("line 3: 2 fields"), "{error}");
        let (found, _) = read_with(
            &MAGIC_WAND,
            "f.txt",
            text,
            &Options {
                skip_bad_lines: 1,
                ..Options::default()
            },
        );
        assert_eq!(found.unwrap()[0].gaps, [1]);
        let raw = "-,-,-\n0,0,8192\n0,0,8192\n";
        let error = format!(
            "{:#}",
            read_with(&MAGIC_WAND, "f.txt", raw, &Options::default())
                .0
                .unwrap_err()
        );
        assert!(
            error.contains("8192.000") && error.contains("--unit"),
            "{error}"
        );
        let (found, _) = read_with(
            &MAGIC_WAND,
            "f.txt",
            raw,
            &Options {
                unit: Unit::parse("counts"),
                ..Options::default()
            },
        );
        assert_eq!(found.unwrap()[0].values[2], 8192.0);
        assert!(
            read_with(&MAGIC_WAND, "f.txt", "-,-,-\n", &Options::default())
                .0
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9,.\x1b\x08\\[(@Km\r\nµ ]{0,100}") {
            let _ = read_with(&MAGIC_WAND, "f.txt", &text, &Options::default());
            let _ = read_with(&MAGIC_WAND, "f.txt", format!("-,-,-\n0,0,1\n{text}\n0,0,1"), &Options { skip_bad_lines: 99, ..Options::default() });
        }
    }
}
