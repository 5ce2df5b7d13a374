//! Names of columns that hold a time.

use super::unit::Unit;
use crate::data::words::words;

/// Words of such names, in the languages of loggers and spreadsheets.
const TIMES: [&str; 43] = [
    "time",
    "timestamp",
    "timestamps",
    "datetime",
    "localtime",
    "date",
    "clock",
    "elapsed",
    "epoch",
    "millis",
    "micros",
    "uptime",
    "unixtime",
    "zeit",
    "zeitstempel",
    "uhrzeit",
    "datum",
    "temps",
    "heure",
    "horodatage",
    "tiempo",
    "hora",
    "fecha",
    "tempo",
    "ora",
    "tid",
    "tidpunkt",
    "tidsstempel",
    "tidsstämpel",
    "tijd",
    "tijdstip",
    "tijdstempel",
    "czas",
    "čas",
    "cas",
    "aika",
    "aikaleima",
    "idő",
    "zaman",
    "waktu",
    "время",
    "时间",
    "時間",
];

/// Whether a column of this name holds a time: `Time (s)`, `t_ms`, `seconds_elapsed`, `Zeit`.
pub(in crate::data) fn is_time(name: &str) -> bool {
    let words = words(name);
    let is_unit = |word: &String| Unit::named(word).is_some();
    // They are signals too: the least, a height, a side.
    let is_more = |word: &str| matches!(word, "s" | "min" | "mins" | "h" | "sek" | "seg");
    let starts = words.first().is_some_and(|word| {
        matches!(word.as_str(), "t" | "ts") || (is_unit(word) && !is_more(word))
    });
    words.iter().any(|word| TIMES.contains(&word.as_str()))
        || (starts && words[1..].iter().all(is_unit))
        || words.first().is_some_and(|word| word == "seconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_name() {
        for name in [
            "time",
            "Timestamp",
            "Time (s)",
            "t_ms",
            "timeMs",
            "seconds_elapsed",
            "Date",
            "ts",
            "unix_time",
            "ms",
            "time (min)",
            "t_h",
            "us",
            "T",
            "Zeit (s)",
            "Temps",
            "tiempo",
            "tid",
            "CZAS",
            "Uhrzeit",
            "Tempo [ms]",
            "Время",
            "时间",
        ] {
            assert!(is_time(name), "{name}");
        }
        for name in [
            "ax",
            "temperature",
            "temp",
            "s1",
            "min",
            "h",
            "tx",
            "mag_s",
            "userAcceleration.x",
            "data",
            "",
        ] {
            assert!(!is_time(name), "{name}");
        }
    }
}
