//! Scales of counts as the first line of a file of recordings tells them:
//! `# imported from walk; ax: 8192 counts are 1 g, ay: 8192 counts are 1 g`.
//!
//! `hadamrnn data import` and `hadamrnn monitor --record` write such a line. Channels that it does not name are in counts.

use anyhow::{Context, Result, bail, ensure};

use super::unit::Unit;
use crate::visible;

/// Words between a number of counts and a unit.
const ARE: &str = " counts are 1 ";
/// Lines at the start of a file among which the scales are looked for.
const MOST_LINES: usize = 100;
/// Characters of the origin that are written.
const MOST_OF_ORIGIN: usize = 400;

/// Scale of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldScale {
    /// Name of the channel.
    pub channel: String,
    /// Unit of its values.
    pub unit: Unit,
    /// Counts that stand for 1 of the unit.
    pub counts_per_unit: f64,
}

impl ToldScale {
    /// Scale of a channel of plain counts.
    pub fn counts(channel: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            unit: Unit::Counts,
            counts_per_unit: 1.0,
        }
    }

    /// Whether the counts stand for nothing but themselves.
    pub fn is_counts(&self) -> bool {
        matches!(self.unit, Unit::Counts | Unit::Unknown) && self.counts_per_unit == 1.0
    }

    /// Counts that stand for 1 of `unit`; none where it is of another quantity.
    pub fn per(&self, unit: Unit) -> Option<f64> {
        Some(self.counts_per_unit * unit.factor_to(self.unit)?)
    }

    /// The scale in words for people: `8192 counts are 1 g`.
    pub fn words(&self) -> String {
        match self.unit {
            Unit::Unknown => format!("{}{ARE}of a unit that is not told", self.counts_per_unit),
            _ => self.text(),
        }
    }

    /// The scale as a file tells it.
    fn text(&self) -> String {
        format!("{}{ARE}{}", self.counts_per_unit, self.unit)
    }
}

/// The first line of a file whose counts have these scales, without an end of line; `origin` says where they are from.
pub fn line(origin: &str, scales: &[ToldScale]) -> String {
    // The first semicolon ends the origin.
    let origin: String = (origin.chars().take(MOST_OF_ORIGIN))
        .map(|c| if c == ';' { ',' } else { c })
        .collect();
    let told: Vec<String> = (scales.iter().filter(|scale| !scale.is_counts()))
        .map(|scale| format!("{}: {}", scale.channel, scale.text()))
        .collect();
    let line = match told.is_empty() {
        true => format!("# {origin}"),
        false => format!("# {origin}; {}", told.join(", ")),
    };
    line.chars().filter(|c| !c.is_control()).collect()
}

/// The scales that a comment of a file tells which stands above or just below its header, among numbered lines of the file.
///
/// # Errors
/// A comment tells scales, but not in the form of [`line()`], or two comments do. The message names the line.
pub fn of_lines<'a>(lines: impl Iterator<Item = (u64, &'a str)>) -> Result<Vec<ToldScale>> {
    let mut told: Option<(u64, Vec<ToldScale>)> = None;
    let mut is_below_header = false;
    for (number, line) in lines.take(MOST_LINES) {
        let is_empty = line.trim().is_empty();
        if !is_empty && !line.starts_with('#') {
            if is_below_header {
                break;
            }
            is_below_header = true;
            continue;
        }
        let scales = parse(line).with_context(|| format!("line {number}"))?;
        if scales.is_empty() {
            continue;
        }
        if let Some((before, _)) = told {
            bail!("lines {before} and {number} both tell scales of counts: leave one of them out");
        }
        told = Some((number, scales));
    }
    Ok(told.map_or_else(Vec::new, |(_, scales)| scales))
}

/// The scales that a line tells; none if it tells nothing of scales.
///
/// # Errors
/// It tells scales, but not in the form of [`line()`].
pub fn parse(line: &str) -> Result<Vec<ToldScale>> {
    let Some(comment) = line.strip_prefix('#').map(str::trim) else {
        return Ok(Vec::new());
    };
    if !comment.contains(ARE) {
        return Ok(Vec::new());
    }
    let told = comment.split_once("; ").map_or(comment, |(_, told)| told);
    let mut scales: Vec<ToldScale> = Vec::new();
    let mut rest = told;
    while !rest.is_empty() {
        let (scale, after) = first(rest).with_context(|| {
            format!(
                "the comment tells scales in another form than `# NAME; ax: 8192{ARE}g, ay: 8192{ARE}g`, at \"{}\"",
                visible::name(&rest.chars().take(60).collect::<String>())
            )
        })?;
        ensure!(
            scales.iter().all(|other| other.channel != scale.channel),
            "the comment tells two scales of channel {}",
            visible::name(&scale.channel)
        );
        scales.push(scale);
        rest = after;
    }
    Ok(scales)
}

/// The scale at the start of a text, and what follows it.
fn first(text: &str) -> Option<(ToldScale, &str)> {
    let (before, after) = text.split_once(ARE)?;
    // Names may hold colons and commas.
    let (channel, number) = before.rsplit_once(": ")?;
    let counts_per_unit: f64 = number.trim().parse().ok()?;
    let (unit, rest) = after.split_once(", ").unwrap_or((after, ""));
    let is_size = counts_per_unit.is_finite() && counts_per_unit > 0.0;
    let scale = ToldScale {
        channel: channel.trim().to_owned(),
        unit: Unit::named(unit)?,
        counts_per_unit,
    };
    (is_size && !scale.channel.is_empty()).then_some((scale, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(channel: &str, unit: Unit, counts_per_unit: f64) -> ToldScale {
        ToldScale {
            channel: channel.into(),
            unit,
            counts_per_unit,
        }
    }

    #[test]
    fn a_comment_near_the_header_tells_scales() {
        let of = |text: &str| of_lines((1..).zip(text.lines()));
        let ax = [scale("ax", Unit::G, 8192.0)];
        let line = "# x; ax: 8192 counts are 1 g\n";
        for text in [
            format!("{line}label,ax\na,1\n"),
            format!("# by me\n\n{line}label,ax\na,1\n"),
            format!("label,ax\n{line}a,1\n"),
        ] {
            assert_eq!(of(&text).unwrap(), ax, "{text}");
        }
        // Below the first row a comment is one.
        assert!(of(&format!("label,ax\na,1\n{line}")).unwrap().is_empty());
        let error = of(&format!("{line}label,ax\n{line}a,1\n")).unwrap_err();
        assert!(error.to_string().contains("lines 1 and 3"), "{error}");
        let error = of("# x\n# ax: eight counts are 1 g\n").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn what_is_written_is_read() {
        let scales = [
            scale("ax", Unit::G, 8192.0),
            scale("a, b: c", Unit::MetrePerSecondSquared, 8192.0 / 9.80665),
            scale("gx", Unit::DegreePerSecond, 1.0 / 0.07),
            scale("temp; inside", Unit::Celsius, (-3f64).exp2()),
            scale("field", Unit::MicroTesla, 1.0),
            scale("strain", Unit::Unknown, 4096.0),
        ];
        let text = line("imported from a; b/walk\n1", &scales);
        assert!(!text.contains('\n'), "{text}");
        assert_eq!(parse(&text).unwrap(), scales);
        assert_eq!(line("x", &[ToldScale::counts("a")]), "# x");
    }

    #[test]
    fn comments_without_scales_tell_none_and_damaged_ones_are_errors() {
        for none in ["", "label,ax", "# imported from walk", "# counts of day 1"] {
            assert_eq!(parse(none).unwrap(), [], "{none}");
        }
        let by_hand = parse("# ax: 2048 counts are 1 m/s^2").unwrap();
        assert_eq!(by_hand, [scale("ax", Unit::MetrePerSecondSquared, 2048.0)]);
        for damaged in [
            "# 8192 counts are 1 g",
            "# a; ax: 0 counts are 1 g",
            "# a; ax: -1 counts are 1 g",
            "# a; ax: NaN counts are 1 g",
            "# a; ax: 8192 counts are 1 furlong",
            "# a; ax: 8192 counts are 1 mg",
            "# a; ax: 1 counts are 1 g, ax: 2 counts are 1 g",
            "# a; ax: 1 counts are 1 g, ay: 2 cou",
        ] {
            let error = format!("{:#}", parse(damaged).unwrap_err());
            assert!(error.contains("comment tells"), "{damaged}: {error}");
        }
    }
}
