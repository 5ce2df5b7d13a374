//! ARFF files of Weka: a row a sample, a row a series of one channel, or a relational attribute, whose series have a line a channel.

#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail, ensure};

use super::Format;
use super::context::{BadLines, Reading};
use super::delimited::{self, Dialect};
use super::recording::{Channel, Recording};
use super::text::{Number, Separator, lines, number};
use super::unit::Unit;
use crate::data::Spots;
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
    /// The values that are declared, of a nominal one.
    values: Option<Vec<&'a str>>,
}

impl Attribute<'_> {
    /// Refuses a value that is not declared.
    fn check(&self, field: &str) -> Result<()> {
        let Some(values) = &self.values else {
            return Ok(());
        };
        let field = unquoted(field);
        ensure!(
            field == "?" || values.contains(&field),
            "attribute {}: \"{}\" is not among its declared values: {}",
            visible::name(self.name),
            visible::name(field),
            visible::names(values)
        );
        Ok(())
    }
}

/// A text without blanks and quotes around it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"')).unwrap_or(text)
}

/// The values of a declaration such as `{up, 'go, down'}`; none of another kind of attribute.
///
/// # Errors
/// The brace or a quote is not closed.
fn declared(kind: &str) -> Result<Option<Vec<&str>>> {
    let Some(inside) = kind.trim().strip_prefix('{') else {
        return Ok(None);
    };
    let inside = inside
        .strip_suffix('}')
        .context("its values are not closed by }")?;
    let (mut values, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in inside.char_indices() {
        match (c, quote) {
            ('\'' | '"', None) if inside[start..at].trim().is_empty() => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (',', None) => {
                values.push(unquoted(&inside[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    ensure!(quote.is_none(), "a quote is not closed");
    values.push(unquoted(&inside[start..]));
    Ok(Some(values))
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
                let lower = kind.trim().to_ascii_lowercase();
                let is_number = ["numeric", "real", "integer"].contains(&lower.as_str());
                let values = declared(kind)
                    .with_context(|| format!("line {at}: attribute {}", visible::name(name)))?;
                if lower == "relational" {
                    ensure!(
                        !header.is_relational,
                        "line {at}: a second relational attribute"
                    );
                    header.is_relational = true;
                    is_inside = true;
                } else if !is_inside {
                    header.attributes.push(Attribute {
                        name,
                        is_number,
                        values,
                    });
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
            true => relational(line, &header),
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
                recording.spots = Spots::of_samples(Some(at));
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
    let check = |fields: &[&str]| {
        let mut both = header.attributes.iter().zip(fields);
        both.try_for_each(|(attribute, field)| attribute.check(field))
    };
    let mut all = delimited::read_with(name, text, &dialect, &check, reading)?;
    for label in all.iter_mut().flat_map(|recording| &mut recording.labels) {
        label.label = label.label.trim_matches('\'').to_owned();
    }
    Ok(all)
}

/// A row whose first field holds lines, one a channel, and whose last is the class.
fn relational(line: &str, header: &Header<'_>) -> Result<Recording> {
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
    // The attribute of the series is not among them.
    if let Some(class) = header.attributes.last() {
        class.check(label)?;
    }
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
            false => {
                attribute.check(field)?;
                label = field;
            }
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
