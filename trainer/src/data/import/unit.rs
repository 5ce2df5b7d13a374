//! Units of channels, as files spell them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::columns::axis;
use crate::data::words::words;
use crate::visible;

/// Standard gravity, in m/s².
pub const STANDARD_GRAVITY: f64 = 9.806_65;

/// The unit of a channel's values. Files of settings have its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Unit {
    /// Counts of a sensor's converter.
    Counts,
    /// Standard gravity.
    G,
    /// m/s².
    MetrePerSecondSquared,
    /// rad/s.
    RadianPerSecond,
    /// °/s.
    DegreePerSecond,
    /// µT.
    MicroTesla,
    /// °C.
    Celsius,
    /// None, or one that no file told.
    Unknown,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.name().into()
    }
}

impl TryFrom<String> for Unit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::named(&text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|unit| unit.name()).collect();
            format!(
                "\"{}\" is no unit that values are kept in: {}",
                visible::name(&text),
                known.join(", ")
            )
        })
    }
}

impl Unit {
    /// All units.
    pub const ALL: [Self; 8] = [
        Self::Counts,
        Self::G,
        Self::MetrePerSecondSquared,
        Self::RadianPerSecond,
        Self::DegreePerSecond,
        Self::MicroTesla,
        Self::Celsius,
        Self::Unknown,
    ];

    /// The unit of this name, or of another spelling of it; none of a multiple such as mg.
    pub fn named(text: &str) -> Option<Self> {
        let of_name = Self::ALL.into_iter().find(|unit| unit.name() == text);
        of_name.or_else(|| match Self::parse(text)? {
            (unit, 1.0) => Some(unit),
            _ => None,
        })
    }

    /// The usual spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::G => "g",
            Self::MetrePerSecondSquared => "m/s²",
            Self::RadianPerSecond => "rad/s",
            Self::DegreePerSecond => "°/s",
            Self::MicroTesla => "µT",
            Self::Celsius => "°C",
            Self::Unknown => "unknown",
        }
    }

    /// The unit that a text spells, with the factor that its values are to be multiplied by: `mg` is 0.001 g. None where it is
    /// no known spelling.
    pub fn parse(text: &str) -> Option<(Self, f64)> {
        let plain: String = text
            .trim()
            .chars()
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .map(|c| match c {
                '²' => '2',
                'μ' => 'µ',
                '·' | '*' => '.',
                c => c,
            })
            .filter(|c| *c != '^')
            .collect();
        Some(match plain.as_str() {
            "counts" | "count" | "raw" | "lsb" | "adc" => (Self::Counts, 1.0),
            "g" | "gn" | "g0" => (Self::G, 1.0),
            "mg" | "milli-g" => (Self::G, 1e-3),
            "m/s2" | "m/s/s" | "m.s-2" | "ms-2" | "mss" | "ms2" | "mps2" | "m/sec2" | "m/s**2"
            | "m/s..2" => (Self::MetrePerSecondSquared, 1.0),
            "cm/s2" => (Self::MetrePerSecondSquared, 0.01),
            "rad/s" | "rads" | "rps" | "rad/sec" | "rad.s-1" | "rads-1" => {
                (Self::RadianPerSecond, 1.0)
            }
            "°/s" | "deg/s" | "dps" | "deg/sec" | "degrees/s" | "degree/s" | "º/s" => {
                (Self::DegreePerSecond, 1.0)
            }
            "mdps" => (Self::DegreePerSecond, 1e-3),
            "µt" | "ut" | "microtesla" => (Self::MicroTesla, 1.0),
            "mt" => (Self::MicroTesla, 1e3),
            "nt" => (Self::MicroTesla, 1e-3),
            "gauss" => (Self::MicroTesla, 100.0),
            "mgauss" => (Self::MicroTesla, 0.1),
            "°c" | "degc" | "celsius" | "c" | "ºc" => (Self::Celsius, 1.0),
            "n/a" | "none" | "-" | "1" | "" => (Self::Unknown, 1.0),
            _ => return None,
        })
    }

    /// The factor from this unit to another of the same quantity.
    pub fn factor_to(self, other: Self) -> Option<f64> {
        Some(match (self, other) {
            (a, b) if a == b => 1.0,
            (Self::G, Self::MetrePerSecondSquared) => STANDARD_GRAVITY,
            (Self::MetrePerSecondSquared, Self::G) => 1.0 / STANDARD_GRAVITY,
            (Self::RadianPerSecond, Self::DegreePerSecond) => 180.0 / std::f64::consts::PI,
            (Self::DegreePerSecond, Self::RadianPerSecond) => std::f64::consts::PI / 180.0,
            _ => return None,
        })
    }
}

/// The unit that `text` spells of a channel of this name, as [`Unit::parse`] gives it; `G` of a magnetic channel is gauss.
pub(super) fn of_channel(name: &str, text: &str) -> Option<(Unit, f64)> {
    match Unit::parse(text)? {
        (Unit::G, factor) if is_magnetic(name) => Some((Unit::MicroTesla, 100.0 * factor)),
        other => Some(other),
    }
}

/// Whether a channel is an axis of a magnetometer by its name. `acc_mag` and `mag` may be magnitudes of acceleration.
fn is_magnetic(name: &str) -> bool {
    let words = words(name);
    let is = |start: &str| words.iter().any(|word| word.starts_with(start));
    let has = |all: &[&str]| words.iter().any(|word| all.contains(&word.as_str()));
    let is_axis = axis(name).is_some_and(|(sensor, _)| !sensor.is_empty());
    !is("acc")
        && (is("magnet")
            || has(&["mx", "my", "mz", "magx", "magy", "magz"])
            || (is_axis && has(&["mag", "m"])))
}

/// A column's name without the unit that it carries in brackets or as a last word: `Acc x (m/s^2)`, `gyro_x_dps`. The
/// factor is that of [`Unit::parse`].
pub(super) fn of_column(name: &str) -> (String, Unit, f64) {
    let name = name.trim();
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
        let inside = (name.strip_suffix(close)).and_then(|start| start.rsplit_once(open));
        if let Some((plain, unit)) = inside
            && let Some((unit, factor)) = of_channel(plain.trim(), unit)
        {
            return (plain.trim().to_owned(), unit, factor);
        }
    }
    let last = name.rsplit_once('_');
    if let Some((plain, word)) = last
        && !plain.is_empty()
        && word.len() > 1
        // A count of something, such as `step_count`, is no sensor's.
        && !word.eq_ignore_ascii_case("count")
        && let Some((unit, factor)) = of_channel(plain, word)
    {
        return (plain.to_owned(), unit, factor);
    }
    (name.to_owned(), Unit::Unknown, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_however_they_are_spelt() {
        for (column, name, unit, factor) in [
            (
                "Acceleration x (m/s^2)",
                "Acceleration x",
                Unit::MetrePerSecondSquared,
                1.0,
            ),
            (
                "Accel_X (m/s²)",
                "Accel_X",
                Unit::MetrePerSecondSquared,
                1.0,
            ),
            (
                "Gyroscope x (deg/s)",
                "Gyroscope x",
                Unit::DegreePerSecond,
                1.0,
            ),
            ("ax [mg]", "ax", Unit::G, 1e-3),
            ("gx_dps", "gx", Unit::DegreePerSecond, 1.0),
            ("mag x (μT)", "mag x", Unit::MicroTesla, 1.0),
            ("mag_x (G)", "mag_x", Unit::MicroTesla, 100.0),
            (
                "Magnetometer Y [mG]",
                "Magnetometer Y",
                Unit::MicroTesla,
                0.1,
            ),
            ("mz_mG", "mz", Unit::MicroTesla, 0.1),
            ("acc_mag (g)", "acc_mag", Unit::G, 1.0),
            ("temp (°C)", "temp", Unit::Celsius, 1.0),
            ("acc_x", "acc_x", Unit::Unknown, 1.0),
            ("a_g", "a_g", Unit::Unknown, 1.0),
            ("x (left)", "x (left)", Unit::Unknown, 1.0),
            ("step_count", "step_count", Unit::Unknown, 1.0),
        ] {
            assert_eq!(
                of_column(column),
                (name.to_owned(), unit, factor),
                "{column}"
            );
        }
    }

    #[test]
    fn units_of_one_quantity_convert() {
        let there = Unit::G.factor_to(Unit::MetrePerSecondSquared).unwrap();
        let back = Unit::MetrePerSecondSquared.factor_to(Unit::G).unwrap();
        assert!((there * back - 1.0).abs() < 1e-15 && (there - 9.80665).abs() < 1e-12);
        assert_eq!(Unit::Counts.factor_to(Unit::G), None);
    }
}
