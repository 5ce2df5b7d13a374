//! Units of time stamps.

use crate::data::words::words;

/// Unit of a column of time stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Unit {
    /// Days, as spreadsheets count them.
    Days,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
    Microseconds,
    /// Steps of 100 ns, as .NET and Windows count them, since the year 1 or 1601.
    Ticks,
    Nanoseconds,
    /// Numbers of samples, which tell no rate.
    Samples,
}

impl Unit {
    /// Units that are told by steps from stamp to stamp.
    pub const TOLD_BY_STEPS: [Self; 4] = [
        Self::Seconds,
        Self::Milliseconds,
        Self::Microseconds,
        Self::Nanoseconds,
    ];

    /// The unit that a word of a column's name is, in small letters.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "day" | "days" => Self::Days,
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Hours,
            "min" | "mins" | "minute" | "minutes" => Self::Minutes,
            "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "seg" => Self::Seconds,
            "ms" | "msec" | "milli" | "millis" | "millisecond" | "milliseconds" | "timems" => {
                Self::Milliseconds
            }
            "us" | "µs" | "μs" | "usec" | "micro" | "micros" | "microsecond" | "microseconds"
            | "timeus" => Self::Microseconds,
            "ns" | "nsec" | "nano" | "nanos" | "nanosecond" | "nanoseconds" | "timens" => {
                Self::Nanoseconds
            }
            _ => return None,
        })
    }

    /// The unit that a column's name ends in or has in brackets: `time_ms`, `Time (s)`, `seconds_elapsed`.
    pub fn in_name(name: &str) -> Option<Self> {
        let words = words(name);
        let all = || words.iter().rev().filter_map(|word| Self::named(word));
        // `min` is the least of something too.
        let is_coarse = |unit: &Self| matches!(unit, Self::Days | Self::Hours | Self::Minutes);
        all().find(|unit| !is_coarse(unit)).or_else(|| all().next())
    }

    /// The name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Hours => "hours",
            Self::Minutes => "minutes",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Ticks => "ticks of 100 ns",
            Self::Nanoseconds => "nanoseconds",
            Self::Samples => "samples",
        }
    }

    /// Seconds of one unit; none of samples.
    pub fn seconds(self) -> Option<f64> {
        match self {
            Self::Days => Some(86_400.0),
            Self::Hours => Some(3600.0),
            Self::Minutes => Some(60.0),
            Self::Seconds => Some(1.0),
            Self::Milliseconds => Some(1e-3),
            Self::Microseconds => Some(1e-6),
            Self::Ticks => Some(1e-7),
            Self::Nanoseconds => Some(1e-9),
            Self::Samples => None,
        }
    }

    /// Samples a second of samples that are `period` units apart; 0 of samples.
    pub fn rate(self, period: f64) -> f64 {
        // The inverse is exact where the unit is not: 1e-3 is no binary number.
        let per_second = match self {
            Self::Milliseconds => 1e3,
            Self::Microseconds => 1e6,
            Self::Ticks => 1e7,
            Self::Nanoseconds => 1e9,
            other => other.seconds().map_or(0.0, |seconds| 1.0 / seconds),
        };
        per_second / period
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stand_in_names() {
        for (name, unit) in [
            ("time_ms", Some(Unit::Milliseconds)),
            ("Time (s)", Some(Unit::Seconds)),
            ("Zeit (s)", Some(Unit::Seconds)),
            ("seconds_elapsed", Some(Unit::Seconds)),
            ("t [µs]", Some(Unit::Microseconds)),
            ("time (min)", Some(Unit::Minutes)),
            ("Time [h]", Some(Unit::Hours)),
            ("elapsed_minutes", Some(Unit::Minutes)),
            ("min_time_ms", Some(Unit::Milliseconds)),
            ("timestamp", None),
        ] {
            assert_eq!(Unit::in_name(name), unit, "{name}");
        }
    }
}
