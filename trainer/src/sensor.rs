//! Counts of common sensors: `lsm6dso@4g,2000dps` is a sensor with its full scales.

mod table;

use std::fmt;

use anyhow::{Context, Result, bail, ensure};

use crate::data::import::Unit;
use crate::visible;
use table::{Range, SENSORS, Sensor};

/// µT of a gauss.
const MICROTESLA_PER_GAUSS: f64 = 100.0;

/// Counts of a channel of a sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelCounts {
    /// Counts that stand for 1 of the unit.
    pub per_unit: f64,
    /// Largest value that the sensor gives, in the unit.
    pub full_scale: f64,
}

/// A quantity that sensors measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Acceleration,
    Rotation,
    Field,
}

impl Quantity {
    const ALL: [Self; 3] = [Self::Acceleration, Self::Rotation, Self::Field];

    /// The quantity of a unit, and how much of the table's unit 1 of it is.
    fn of(unit: Unit) -> Option<(Self, f64)> {
        Some(match unit {
            Unit::G | Unit::MetrePerSecondSquared => (Self::Acceleration, unit.factor_to(Unit::G)?),
            Unit::DegreePerSecond | Unit::RadianPerSecond => {
                (Self::Rotation, unit.factor_to(Unit::DegreePerSecond)?)
            }
            Unit::MicroTesla => (Self::Field, 1.0 / MICROTESLA_PER_GAUSS),
            Unit::Counts | Unit::Celsius | Unit::Unknown => return None,
        })
    }

    fn ranges(self, sensor: &Sensor) -> &'static [Range] {
        match self {
            Self::Acceleration => sensor.acceleration,
            Self::Rotation => sensor.rotation,
            Self::Field => sensor.field,
        }
    }

    /// The spelling of its unit in a setting.
    fn word(self) -> &'static str {
        match self {
            Self::Acceleration => "g",
            Self::Rotation => "dps",
            Self::Field => "gauss",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Acceleration => "acceleration",
            Self::Rotation => "rotation",
            Self::Field => "magnetic field",
        }
    }
}

/// Sensors with their full scales, as a setting names them: `lsm6dso@4g,2000dps`, several of them joined by `+`.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorSetting {
    text: String,
    /// The range of each quantity, where it is known.
    ranges: [Option<Range>; 3],
    /// Quantities of which no range was named, with the sensor's ranges.
    open: Vec<(Quantity, &'static str, &'static [Range])>,
}

impl fmt::Display for SensorSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl SensorSetting {
    /// Reads a setting.
    ///
    /// # Errors
    /// A sensor or a range is not known; the message lists those that are.
    pub fn parse(text: &str) -> Result<Self> {
        let mut all = Self {
            text: text.to_owned(),
            ranges: [None; 3],
            open: Vec::new(),
        };
        for part in text.split('+') {
            all.add(part.trim())?;
        }
        Ok(all)
    }

    /// Adds a sensor.
    fn add(&mut self, text: &str) -> Result<()> {
        let (name, ranges) = text.split_once('@').unwrap_or((text, ""));
        let plain: String = (name.chars().filter(char::is_ascii_alphanumeric))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let sensor = SENSORS.iter().find(|sensor| sensor.name == plain);
        let sensor = sensor.with_context(|| {
            format!(
                "no sensor \"{}\" is known, such as lsm6dso@4g,2000dps; known are {}. --counts-per-unit states the counts of others",
                visible::name(name),
                known()
            )
        })?;
        let mut named = [None; 3];
        for range in ranges
            .split(',')
            .map(str::trim)
            .filter(|range| !range.is_empty())
        {
            let (quantity, scale) = parse_range(range).with_context(|| {
                format!(
                    "\"{}\" is no range of a sensor, such as 4g, 2000dps or 4gauss",
                    visible::name(range)
                )
            })?;
            let all = quantity.ranges(sensor);
            let found = all.iter().find(|(full, _)| *full == scale);
            let found = found.with_context(|| {
                format!("{} has no range {range}: {}", sensor.name, listed(sensor))
            })?;
            ensure!(
                named[quantity as usize].replace(*found).is_none(),
                "{} has two ranges of {}",
                visible::name(text),
                quantity.name()
            );
        }
        for quantity in Quantity::ALL {
            let all = quantity.ranges(sensor);
            let range = match (named[quantity as usize], all) {
                (Some(range), _) => range,
                (None, [only]) => *only,
                (None, []) => continue,
                (None, all) => {
                    self.open.push((quantity, sensor.name, all));
                    continue;
                }
            };
            ensure!(
                self.ranges[quantity as usize].replace(range).is_none(),
                "{} has two sensors of {}",
                visible::name(&self.text),
                quantity.name()
            );
        }
        Ok(())
    }

    /// Counts of a channel in a unit.
    ///
    /// # Errors
    /// The unit is of no quantity that the sensor measures, or its range was not named.
    pub fn counts(&self, channel: &str, unit: Unit) -> Result<ChannelCounts> {
        let channel = visible::name(channel);
        let shown = visible::name(&self.text);
        let Some((quantity, factor)) = Quantity::of(unit) else {
            bail!(
                "--sensor {shown}: channel {channel} is in {unit}, of which the counts of a sensor are not known: --counts-per-unit \
                 states them"
            );
        };
        if let Some((full, per_unit)) = self.ranges[quantity as usize] {
            return Ok(ChannelCounts {
                per_unit: per_unit * factor,
                full_scale: full / factor,
            });
        }
        match self.open.iter().find(|(open, ..)| *open == quantity) {
            Some((_, name, ranges)) => bail!(
                "--sensor {shown}: name the range of {} for channel {channel}, such as {name}@{}: there are {}",
                quantity.name(),
                words(quantity, &ranges[..1]),
                words(quantity, ranges)
            ),
            None => bail!(
                "--sensor {shown} has no {} for channel {channel}: join a sensor that has, such as {shown}+{}, or state the counts with \
                 --counts-per-unit",
                quantity.name(),
                example(quantity)
            ),
        }
    }
}

/// The quantity and full scale of `4g`, `2000dps` or `4gauss`.
fn parse_range(text: &str) -> Option<(Quantity, f64)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, unit) = text.split_at(end);
    let quantity = match unit.trim().to_ascii_lowercase().as_str() {
        "g" => Quantity::Acceleration,
        "dps" | "°/s" | "deg/s" => Quantity::Rotation,
        "gauss" | "gs" => Quantity::Field,
        _ => return None,
    };
    Some((quantity, number.parse().ok()?))
}

fn words(quantity: Quantity, ranges: &[Range]) -> String {
    let words = ranges
        .iter()
        .map(|(full, _)| format!("{full}{}", quantity.word()));
    words.collect::<Vec<_>>().join(", ")
}

/// All ranges of a sensor.
fn listed(sensor: &Sensor) -> String {
    let all = Quantity::ALL.into_iter();
    let all = all.map(|quantity| words(quantity, quantity.ranges(sensor)));
    let all: Vec<String> = all.filter(|words| !words.is_empty()).collect();
    all.join("; ")
}

/// Names of all sensors.
pub fn known() -> String {
    let names: Vec<&str> = SENSORS.iter().map(|sensor| sensor.name).collect();
    names.join(", ")
}

/// A sensor of a quantity.
fn example(quantity: Quantity) -> String {
    let sensor = SENSORS
        .iter()
        .find(|sensor| !quantity.ranges(sensor).is_empty());
    sensor.map_or(String::new(), |sensor| {
        format!(
            "{}@{}",
            sensor.name,
            words(quantity, &quantity.ranges(sensor)[..1])
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str, unit: Unit) -> Result<ChannelCounts> {
        SensorSetting::parse(text)?.counts("ax", unit)
    }

    #[test]
    fn counts_are_those_of_the_data_sheet() {
        for (text, unit, per_unit, full_scale) in [
            ("lsm6dso@4g,2000dps", Unit::G, 1000.0 / 0.122, 4.0),
            (
                "LSM6DSO@4g,2000dps",
                Unit::DegreePerSecond,
                1000.0 / 70.0,
                2000.0,
            ),
            ("mpu-6050@8g", Unit::G, 4096.0, 8.0),
            ("mpu6050@500dps", Unit::DegreePerSecond, 65.5, 500.0),
            ("lis3mdl@4gauss", Unit::MicroTesla, 68.42, 400.0),
            ("bno055", Unit::MicroTesla, 16.0, 1300.0),
            ("lis2mdl", Unit::MicroTesla, 1.0 / 0.15, 5000.0),
            ("lis3dh@4g + lis2mdl", Unit::G, 8000.0, 4.0),
        ] {
            let found = counts(text, unit).unwrap();
            assert!(
                (found.per_unit / per_unit - 1.0).abs() < 1e-12,
                "{text}: {found:?}"
            );
            assert!(
                (found.full_scale / full_scale - 1.0).abs() < 1e-12,
                "{text}: {found:?}"
            );
        }
        let metres = counts("bno055@4g", Unit::MetrePerSecondSquared).unwrap();
        assert!((metres.per_unit - 100.0).abs() < 1e-9, "{metres:?}");
        let radians = counts("bmi270@2000dps", Unit::RadianPerSecond).unwrap();
        assert!((radians.full_scale.to_degrees() - 2000.0).abs() < 1e-9);
    }

    /// A digit at the end of a range and its sensitivity make about 16 bits, or fewer where the sensor has fewer.
    #[test]
    fn ranges_fill_their_counts() {
        for sensor in SENSORS {
            for quantity in Quantity::ALL {
                for (full, per_unit) in quantity.ranges(sensor) {
                    let most = full * per_unit;
                    let what = format!("{} {full}{}", sensor.name, quantity.word());
                    assert!((500.0..=33_600.0).contains(&most), "{what}: {most}");
                }
                let ranges = quantity.ranges(sensor);
                assert!(
                    ranges
                        .windows(2)
                        .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 >= pair[1].1)
                );
            }
            let any = Quantity::ALL
                .iter()
                .any(|quantity| !quantity.ranges(sensor).is_empty());
            assert!(any, "{}", sensor.name);
        }
        assert!(SENSORS.len() >= 30);
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        for (text, unit, parts) in [
            (
                "lsm9000@4g",
                Unit::G,
                &["\"lsm9000\"", "lsm6dso", "qmc5883l", "--counts-per-unit"][..],
            ),
            (
                "lsm6dso@3g",
                Unit::G,
                &["no range 3g", "2g, 4g, 8g, 16g; 125dps"],
            ),
            ("lsm6dso@4", Unit::G, &["\"4\" is no range"]),
            ("lsm6dso@4g,8g", Unit::G, &["two ranges of acceleration"]),
            (
                "lsm6dso@4g+bmi270@4g",
                Unit::G,
                &["two sensors of acceleration"],
            ),
            (
                "lsm6dso@4g",
                Unit::DegreePerSecond,
                &["name the range of rotation", "2000dps"],
            ),
            (
                "lis3dh@4g",
                Unit::DegreePerSecond,
                &["no rotation", "lis3dh@4g+lsm6dso@125dps"],
            ),
            (
                "lsm6dso@4g",
                Unit::Celsius,
                &["ax is in °C", "--counts-per-unit"],
            ),
            ("", Unit::G, &["no sensor \"\""]),
        ] {
            let error = format!("{:#}", counts(text, unit).unwrap_err());
            for part in parts {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }
}
