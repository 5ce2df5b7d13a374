//! Points in numbers: before decimals, or between groups of thousands.

use anyhow::{Result, ensure};

use crate::visible;

/// Numbers that look grouped, from which on a column beside whole numbers without a point is doubted.
const ENOUGH: usize = 3;

/// Fields of a column, or of the axes of a sensor, by their points.
#[derive(Clone, Debug, Default)]
pub(super) struct Points {
    /// Numbers whose points may be of thousands.
    grouped: usize,
    /// Whether a number has a point that cannot be one of thousands.
    has_decimals: bool,
    /// Whether a whole number has no point.
    has_whole: bool,
    /// The first that may be grouped, with its column.
    first: Option<[String; 2]>,
}

impl Points {
    /// Counts a field of a column.
    pub fn add(&mut self, field: &str, column: &str) {
        if !field.contains('.') {
            let digits = field.trim_start_matches(['+', '-']);
            self.has_whole |=
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        } else if groups(field).is_some() {
            self.grouped += 1;
            self.first
                .get_or_insert_with(|| [field, column].map(String::from));
        } else {
            self.has_decimals = true;
        }
    }

    /// Those of two columns.
    pub fn with(mut self, other: &Self) -> Self {
        self.grouped += other.grouped;
        self.has_decimals |= other.has_decimals;
        self.has_whole |= other.has_whole;
        self.first = self.first.or_else(|| other.first.clone());
        self
    }

    /// Checks that the points of the axes of a sensor are those before decimals; `comma` says whether a comma is in this file.
    ///
    /// # Errors
    /// They may be those of thousands.
    pub fn check(&self, comma: bool) -> Result<()> {
        let [first, column] = self.first.clone().unwrap_or_default();
        let is_doubted = !self.has_decimals
            && (comma && self.grouped > 0 || self.has_whole && self.grouped >= ENOUGH);
        ensure!(
            !is_doubted,
            "column {}: \"{}\" may be a number with a point between thousands or before decimals, and others of the sensor or the file are \
             written as if it were between thousands. Save the file without points of thousands, or with a point before all decimals",
            visible::name(&column),
            visible::name(&first)
        );
        Ok(())
    }
}

/// Whether a field can be no other number than one with points between thousands, such as `1.411,5` or `12.345.678`.
pub(super) fn is_grouped(field: &str) -> bool {
    groups(field).is_some_and(|groups| groups > 1 || field.contains(','))
}

/// The number of groups of three digits behind points, if a field is such a number: `-12.345,6` has 1.
fn groups(field: &str) -> Option<usize> {
    let digits = field.strip_prefix(['+', '-']).unwrap_or(field);
    let (whole, decimals) = digits.split_once(',').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = whole.split('.');
    let first = parts
        .next()
        .filter(|first| is_number(first) && first.len() <= 3)?;
    let mut groups = 0;
    for part in parts {
        if part.len() != 3 || !is_number(part) {
            return None;
        }
        groups += 1;
    }
    (groups > 0 && !first.starts_with('0') && is_number(decimals)).then_some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubted(fields: &[&str], comma: bool) -> bool {
        let mut points = Points::default();
        fields.iter().for_each(|field| points.add(field, "ax"));
        points.check(comma).is_err()
    }

    #[test]
    fn points_of_thousands_are_doubted_and_those_of_decimals_are_not() {
        assert!(doubted(&["1.411", "843", "-8.297", "12.000"], false));
        assert!(doubted(&["1.411", "0,5"], true));
        for fields in [
            &["1.411", "0.843", "-8.297", "12.000", "3"][..],
            &["1.411", "2.5", "1.000", "2.000", "7"],
            &["1.411", "8.297", "9.806"],
            &["1715000000.123", "1715000001.123", "1715000002.123", "5"],
        ] {
            assert!(!doubted(fields, false), "{fields:?}");
        }
        assert!(!doubted(&["0.411", "1.411"], true));
        for (field, grouped) in [
            ("1.411,5", true),
            ("12.345.678", true),
            ("-1.411", false),
            ("17.10.2024", false),
            ("1.5", false),
            ("1,5", false),
            ("0.123.456", false),
            (".123", false),
            ("", false),
        ] {
            assert_eq!(is_grouped(field), grouped, "{field}");
        }
    }
}
