//! ARFF files of Weka: a row a sample, a row a series of one channel, or a relational attribute, whose series have a line a channel.

use anyhow::{Context, Result, bail, ensure};

use super::Format;
use super::context::{BadLines, Reading};
use super::delimited::{self, Dialect};
use super::recording::{Channel, Recording};
use super::text::{Number, Separator, lines, number};
use super::unit::Unit;
use crate::visible;

pub(super) const ARFF: Format = Format {
    name: "ARFF",
    detect: |file| {
        let is_relation = |line: &str| {
            line.get(..9)
                .is_some_and(|start| start.eq_ignore_ascii_case("@relation"))
        };
        let first = |text: &str| {
            lines(text)
                .map(|(_, line)| line.trim())
                .find(|line| !line.is_empty() && !line.starts_with('%'))
                .is_some_and(is_relation)
        };
        if file.text().is_some_and(first) {
            90
        } else {
            0
        }
    },
    read: |file, reading| read(&file.name(), file.text().context("it is no text")?, reading),
};

/// Numbered attributes from which on a row is taken for a series.
const SERIES: usize = 24;
/// Most series of a file: each is a recording.
const MOST_SERIES: usize = 100_000;

/// An attribute.
struct Attribute<'a> {
    name: &'a str,
    is_number: bool,
}

/// The declarations above the rows.
struct Header<'a> {
    attributes: Vec<Attribute<'a>>,
    is_relational: bool,
    /// Line of `@data`.
    data: u64,
}

/// A name, with or without quotes, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    match text.chars().next()? {
        quote @ ('\'' | '"') => text[1..].split_once(quote),
        _ => Some(text.split_once(char::is_whitespace).unwrap_or((text, ""))),
    }
}

fn header(text: &str) -> Result<Header<'_>> {
    let mut header = Header {
        attributes: Vec::new(),
        is_relational: false,
        data: 0,
    };
    let mut is_inside = false;
    for (at, line) in lines(text) {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word.to_ascii_lowercase().as_str() {
            "@data" => {
                header.data = at;
                return Ok(header);
            }
            "@end" => is_inside = false,
            "@attribute" => {
                let (name, kind) = name(rest)
                    .with_context(|| format!("line {at}: an attribute without a name"))?;
                let kind = kind.trim().to_ascii_lowercase();
                let is_number = ["numeric", "real", "integer"].contains(&kind.as_str());
                if kind == "relational" {
                    ensure!(
                        !header.is_relational,
                        "line {at}: a second relational attribute"
                    );
                    header.is_relational = true;
                    is_inside = true;
                } else if !is_inside {
                    header.attributes.push(Attribute { name, is_number });
                }
            }
            _ => {}
        }
    }
    bail!("it has no @data")
}

fn read(name: &str, text: &str, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let header = header(text)?;
    if !header.is_relational && !is_series(&header) {
        return table(name, text, &header, reading);
    }
    let mut bad = BadLines::default();
    let mut all: Vec<Recording> = Vec::new();
    for (at, line) in lines(text).filter(|(at, _)| *at > header.data) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('%') {
            continue;
        }
        ensure!(
            all.len() < MOST_SERIES,
            "it holds more than {MOST_SERIES} series"
        );
        reading.budget.take(line.len().saturating_mul(3))?;
        let series = match header.is_relational {
            true => relational(line),
            false => single(line, &header),
        };
        let same = |series: &Recording| {
            ensure!(
                all.first()
                    .is_none_or(|first| first.channels.len() == series.channels.len()),
                "{} channels, unlike the first series",
                series.channels.len()
            );
            Ok(())
        };
        match series.and_then(|series| same(&series).map(|()| series)) {
            Ok(mut recording) => {
                recording.name = format!("{name}:{:05}", all.len() + 1);
                all.push(recording);
            }
            Err(error) => bad.add(at, &error),
        }
    }
    reading.accept(name, &bad)?;
    ensure!(!all.is_empty(), "no row follows @data");
    Ok(all)
}

/// Whether the numeric attributes are the steps of a series: many, with one name and successive numbers.
fn is_series(header: &Header<'_>) -> bool {
    let numbered: Vec<&str> = header
        .attributes
        .iter()
        .filter(|attribute| attribute.is_number)
        .map(|attribute| attribute.name)
        .collect();
    let stem = |name: &str| {
        name.trim_end_matches(|c: char| c.is_ascii_digit())
            .to_owned()
    };
    let step = |name: &str| name[stem(name).len()..].parse::<u64>().ok();
    let follows = |pair: &[&str]| {
        stem(pair[0]) == stem(pair[1])
            && step(pair[0]).is_some_and(|step_before| step(pair[1]) == step_before.checked_add(1))
    };
    numbered.len() >= SERIES && numbered.windows(2).all(follows)
}

/// A row a sample: delimited text whose header stands above.
fn table(
    name: &str,
    text: &str,
    header: &Header<'_>,
    reading: &Reading<'_>,
) -> Result<Vec<Recording>> {
    let (first, row) = lines(text)
        .filter(|(at, _)| *at > header.data)
        .find(|(_, line)| !line.trim().is_empty() && !line.starts_with('%'))
        .context("no row follows @data")?;
    ensure!(
        !row.trim_start().starts_with('{'),
        "line {first}: sparse rows, in braces, are no recording"
    );
    let names: Vec<String> = header
        .attributes
        .iter()
        .map(|attribute| attribute.name.to_owned())
        .collect();
    let dialect = Dialect {
        separator: Separator::Character(b','),
        comma: false,
        header: Some(header.data),
        width: names.len(),
        names,
        units: Vec::new(),
        first,
        share: 1.0,
    };
    let mut all = delimited::read_with(name, text, &dialect, reading)?;
    for label in all.iter_mut().flat_map(|recording| &mut recording.labels) {
        label.label = label.label.trim_matches('\'').to_owned();
    }
    Ok(all)
}

/// A row whose first field holds lines, one a channel, and whose last is the class.
fn relational(line: &str) -> Result<Recording> {
    let quote = line
        .chars()
        .next()
        .filter(|c| matches!(c, '\'' | '"'))
        .context("it does not begin with a quoted series")?;
    let (inside, rest) = line[1..]
        .split_once(quote)
        .context("a quote is not closed")?;
    let channels: Vec<Vec<f32>> = inside.split("\\n").map(values).collect::<Result<_>>()?;
    let samples = channels[0].len();
    let names = (1..=channels.len())
        .map(|i| Channel::new(format!("d{i}"), Unit::Unknown))
        .collect();
    let mut recording = Recording::new(String::new(), names);
    if let Some(i) = channels.iter().position(|channel| channel.len() != samples) {
        bail!(
            "channel {} has {} values, channel 1 has {samples}",
            i + 1,
            channels[i].len()
        );
    }
    for i in 0..samples {
        recording
            .values
            .extend(channels.iter().map(|channel| channel[i]));
    }
    let label = rest
        .trim()
        .strip_prefix(',')
        .context("it has no class")?
        .trim();
    label_with(&mut recording, label)
}

/// A row of the samples of one channel, and a class.
fn single(line: &str, header: &Header<'_>) -> Result<Recording> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    ensure!(
        fields.len() == header.attributes.len(),
        "{} fields, but there are {} attributes",
        fields.len(),
        header.attributes.len()
    );
    let mut recording = Recording::new(String::new(), vec![Channel::new("d1", Unit::Unknown)]);
    let mut label = "";
    for (field, attribute) in fields.iter().zip(&header.attributes) {
        match attribute.is_number {
            true => recording.values.extend(values(field)?),
            false => label = field,
        }
    }
    label_with(&mut recording, label)
}

fn label_with(recording: &mut Recording, label: &str) -> Result<Recording> {
    let label = label.trim_matches(['\'', '"']);
    ensure!(
        !label.is_empty() && !label.contains(','),
        "it does not end in one class: \"{}\"",
        visible::name(label)
    );
    if number(label, false) != Number::Missing {
        recording.label_all(label);
    }
    Ok(recording.clone())
}

fn values(text: &str) -> Result<Vec<f32>> {
    let value = |field: &str| match number(field.trim(), false) {
        Number::Value(value) if (value as f32).is_finite() => Ok(value as f32),
        Number::Missing => Ok(f32::NAN),
        _ => bail!("\"{}\" is not a number", visible::name(field)),
    };
    text.split(',').map(value).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Options;
    use super::*;
    use crate::untrusted::Budget;

    fn read_as(text: &str) -> Result<Vec<Recording>> {
        let options = Options::default();
        let budget = Budget::of_data_set();
        read("f", text, &Reading::new(&options, &budget))
    }

    #[test]
    fn a_row_is_a_sample() {
        let text = "% a comment\n@RELATION 'x y'\n@ATTRIBUTE 'acc x' REAL\n@attribute \"acc y\" numeric\n@attribute class {up,'go down'}\n\n@DATA\n\
                    1,2,up\n?,4,'go down'\n5,6,'go down'\n";
        let all = read_as(text).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].channels[1].name, "acc_y");
        assert_eq!(
            all[0].label_of_each(),
            [Some("up"), Some("go down"), Some("go down")]
        );
        assert!(all[0].values[2].is_nan() && all[0].values[5] == 6.0);
        let error = format!("{:#}", read_as(&text.replace("5,6", "5,no")).unwrap_err());
        assert!(
            error.contains("line 10") && error.contains("acc y"),
            "{error}"
        );
    }

    #[test]
    fn a_row_may_be_a_series() {
        let attributes: String = (0..30)
            .map(|i| format!("@attribute att{i} numeric\n"))
            .collect();
        let values: Vec<String> = (0..30).map(|i| i.to_string()).collect();
        let text = format!(
            "@relation x\n{attributes}@attribute target {{1,2}}\n@data\n{},2\n",
            values.join(",")
        );
        let all = read_as(&text).unwrap();
        assert_eq!(
            (
                all[0].samples(),
                all[0].values[29],
                all[0].labels[0].label.as_str()
            ),
            (30, 29.0, "2")
        );
        let text = format!(
            "@relation x\n@attribute r relational\n{attributes}@end r\n@attribute class {{a,b}}\n@data\n'1,2,3\\n4,5,6',a\n\"7,8\\n9,?\",b\n"
        );
        let all = read_as(&text).unwrap();
        assert_eq!(all[0].values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(
            (all[1].name.as_str(), all[1].labels[0].label.as_str()),
            ("f:00002", "b")
        );
        for (row, part) in [
            ("'1,2\\n3',a", "channel 2 has 1 values"),
            ("'1,2\\n3,4'", "no class"),
            ("'1,2", "not closed"),
            ("'1,2',a", "1 channels, unlike"),
            ("1,2,a", "quoted series"),
            ("'1,x\\n2,3',a", "\"x\" is not a number"),
        ] {
            let error = format!("{:#}", read_as(&format!("{text}{row}\n")).unwrap_err());
            assert!(error.contains(part), "{row}: {error}");
        }
        assert!(read_as("@relation x\n").is_err());
        assert!(read_as("@relation x\n@attribute a numeric\n@data\n{0 1}\n").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(head in "[@a-z{} '\"\n0-9µ]{0,60}", rows in "[-0-9,.'\"\\\\n\n{}?µ]{0,60}") {
            let _ = read_as(&format!("@relation x\n{head}\n@data\n{rows}"));
            let _ = read_as(&format!("@relation x\n@attribute r relational\n@attribute a numeric\n@end r\n@attribute c {{a}}\n@data\n{rows}"));
            let _ = read_as(&format!("@relation x\n@attribute a numeric\n@attribute class {{a}}\n@data\n{rows}"));
        }
    }
}
