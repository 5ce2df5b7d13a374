//! Columns that number samples, repetitions or devices, and play no other part: their values tell where a sample does not go on from
//! the one before.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::words::words;
use crate::visible;

/// Words of columns that number what was recorded, some in German.
const NUMBERED: [&str; 31] = [
    "rep",
    "reps",
    "repetition",
    "trial",
    "segment",
    "series",
    "session",
    "set",
    "take",
    "window",
    "episode",
    "exp",
    "experiment",
    "run",
    "try",
    "attempt",
    "versuch",
    "wiederholung",
    "gestureid",
    "device",
    "sensor",
    "node",
    "imu",
    "mac",
    "placement",
    "packet",
    "packetid",
    "seq",
    "sequence",
    "counter",
    "chunk",
];
/// Words behind others that make a number of them.
const NUMBERS: [&str; 5] = ["id", "idx", "index", "number", "num"];
/// Words of columns that several samples in a row may share, as they came together.
const PACKETS: [&str; 6] = ["packet", "block", "chunk", "buffer", "frame", "page"];
/// Steps from row to row by which a column is judged.
const ENOUGH_STEPS: usize = 16;
/// Devices that take turns, at most.
const MOST_DEVICES: usize = 16;
/// Rows within which each device comes again.
const TURN: usize = 2 * MOST_DEVICES;
/// One of so many steps changes the value where devices take turns, at least; and at most where rows are of repetitions.
const TURNS: usize = 3;
const STRETCHES: usize = 8;
/// Shares in a hundred of what most steps do.
const MOST: usize = 80;
const NEARLY_ALL: usize = 95;
/// Steps of this many usual ones lack a sample.
const GAP: f64 = 1.5;
/// Steps with which counters of 16 and 32 bits begin again.
const WRAPS: [i64; 2] = [-0xffff, -0xffff_ffff];

/// Whether a column of this name numbers what samples belong to.
pub(in crate::data) fn is_numbering(name: &str) -> bool {
    let words = words(name);
    let is_number = |word: &String| NUMBERS.contains(&word.as_str()) || word.parse::<u32>().is_ok();
    let starts = words
        .first()
        .is_some_and(|word| NUMBERED.contains(&word.as_str()));
    let ends = words.len() > 1
        && words
            .last()
            .is_some_and(|word| NUMBERS.contains(&word.as_str()));
    ends || (starts && words[1..].iter().all(is_number))
}

/// The value of a field: a whole number, or a digest of a text.
pub(in crate::data) fn mark(field: &[u8]) -> i64 {
    let text = std::str::from_utf8(field).ok();
    let whole = |text: &str| match text.parse::<i64>() {
        Ok(number) => Some(number),
        Err(_) => (text.parse::<f64>().ok())
            .filter(|number| number.fract() == 0.0 && number.abs() < 1e15)
            .map(|number| number as i64),
    };
    text.and_then(whole).unwrap_or_else(|| {
        let mut hasher = DefaultHasher::new();
        field.hash(&mut hasher);
        (hasher.finish() >> 2) as i64 | i64::MIN
    })
}

/// Relation of the rows of a column to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::data) enum Order {
    /// They go on, or the column does not tell.
    GoesOn,
    /// Few values take turns, as where rows of several devices are mixed.
    TakesTurns,
    /// They are broken before these rows, each as the number of its run and the row within.
    Breaks(Vec<(usize, usize)>),
}

/// A message about a column in which rows of several devices take turns.
pub(in crate::data) fn taking_turns(column: &str, file: &str) -> String {
    format!(
        "{}: the values of column {} take turns from row to row, so samples of several devices are mixed into one recording. Write the rows \
         of each device to a file of its own; or sort them by the column and call it recording; or, if it is a signal, name it among \
         --channels",
        visible::name(file),
        visible::name(column)
    )
}

/// The steps of a column from row to row.
struct Steps {
    all: Vec<i64>,
    changes: usize,
}

impl Steps {
    fn share(&self, is_one: impl Fn(i64) -> bool, hundredths: usize) -> bool {
        let count = self.all.iter().filter(|&&step| is_one(step)).count();
        count * 100 >= self.all.len() * hundredths
    }
}

/// The order of a column by its values, run of samples by run.
pub(in crate::data) fn order(name: &str, runs: &[&[i64]]) -> Order {
    let steps = || runs.iter().flat_map(|run| run.windows(2));
    let all: Vec<i64> = steps().map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let changes = all.iter().filter(|&&step| step != 0).count();
    let steps = Steps { all, changes };
    if changes == 0 {
        return Order::GoesOn;
    }
    if takes_turns(runs, &steps) {
        // A counter of a few bits takes turns with itself.
        let counts = steps.share(|step| step == 1, MOST);
        return if counts {
            Order::GoesOn
        } else {
            Order::TakesTurns
        };
    }
    let of_packets = words(name)
        .iter()
        .any(|word| PACKETS.contains(&word.as_str()));
    let is_break: Box<dyn Fn(i64) -> bool> = match usual(&steps) {
        Some(usual) => Box::new(move |step| {
            !(1.0..=GAP * usual).contains(&(step as f64)) && !WRAPS.contains(&step)
        }),
        None if of_packets && steps.share(|step| matches!(step, 0 | 1), NEARLY_ALL) => {
            Box::new(|step| !matches!(step, 0 | 1) && !WRAPS.contains(&step))
        }
        None if changes * STRETCHES <= steps.all.len() => Box::new(|step| step != 0),
        None => return Order::GoesOn,
    };
    let found = runs.iter().enumerate().flat_map(|(number, run)| {
        let pairs = run.windows(2).zip(1..);
        pairs.map(move |(pair, at)| (pair[1].wrapping_sub(pair[0]), (number, at)))
    });
    let breaks: Vec<(usize, usize)> = found
        .filter(|(step, _)| is_break(*step))
        .map(|(_, place)| place)
        .collect();
    match breaks.is_empty() {
        true => Order::GoesOn,
        false => Order::Breaks(breaks),
    }
}

/// The usual step of a column that counts up.
fn usual(steps: &Steps) -> Option<f64> {
    let rises = steps.share(|step| step > 0, MOST);
    let mut sorted = steps.all.clone();
    sorted.sort_unstable();
    let median = *sorted.get(sorted.len() / 2)?;
    let is_usual = |step: i64| (step as f64) <= GAP * median as f64 && step > 0;
    (rises && steps.share(is_usual, MOST)).then_some(median as f64)
}

/// Whether few values come again and again.
fn takes_turns(runs: &[&[i64]], steps: &Steps) -> bool {
    if steps.all.len() < ENOUGH_STEPS || steps.changes * TURNS < steps.all.len() {
        return false;
    }
    let values: HashSet<i64> = runs.iter().flat_map(|run| run.iter().copied()).collect();
    if values.len() > MOST_DEVICES {
        return false;
    }
    let comes_again = |run: &&[i64], at: usize| {
        let before = &run[at.saturating_sub(TURN)..at - 1];
        run[at] != run[at - 1] && before.contains(&run[at])
    };
    let again: usize = (runs.iter())
        .map(|run| (1..run.len()).filter(|&at| comes_again(run, at)).count())
        .sum();
    // The first of each comes for the first time.
    let firsts = runs.len() * values.len();
    again + firsts.min(steps.changes / 2) >= steps.changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, values: impl Iterator<Item = i64>) -> Order {
        let values: Vec<i64> = values.collect();
        order(name, &[&values])
    }

    fn breaks(rows: &[usize]) -> Order {
        Order::Breaks(rows.iter().map(|&row| (0, row)).collect())
    }

    #[test]
    fn devices_that_take_turns_are_told() {
        for values in [
            &[1, 2][..],
            &[7, 8, 9],
            &[1, 1, 2, 2],
            &[2, 1, 1, 2, 1, 2],
            &[0, 1, 2, 3],
        ] {
            let turns = values.iter().copied().cycle().take(100);
            assert_eq!(of("device", turns), Order::TakesTurns, "{values:?}");
        }
        let texts = ["left", "right"].map(|text| mark(text.as_bytes()));
        let turns = texts.into_iter().cycle().take(64);
        assert_eq!(of("device", turns), Order::TakesTurns);
        // Eight values in order are those of a counter of three bits.
        assert_eq!(of("seq", (0..160).map(|i| i % 8)), Order::GoesOn);
        assert_eq!(of("device", (0..100).map(|i| i / 50)), breaks(&[50]));
        assert_eq!(of("device", std::iter::repeat_n(7, 100)), Order::GoesOn);
    }

    #[test]
    fn repetitions_and_counters_break() {
        assert_eq!(of("rep", (0..120).map(|i| 41 + i / 40)), breaks(&[40, 80]));
        assert_eq!(of("index", (0..120).map(|i| i % 40)), breaks(&[40, 80]));
        assert_eq!(of("index", 5..400), Order::GoesOn);
        assert_eq!(of("t", (0..99).map(|i| 20 * i)), Order::GoesOn);
        let lost = |i: i64| i + i64::from(i >= 30) + 5 * i64::from(i >= 70);
        assert_eq!(of("packet", (0..120).map(lost)), breaks(&[30, 70]));
        assert_eq!(
            of("seq", (65_500..65_600).map(|i| i & 0xffff)),
            Order::GoesOn
        );
        // Four samples a packet, of which one is lost.
        let packets = |i: i64| i / 4 + i64::from(i >= 40);
        assert_eq!(of("packet", (0..120).map(packets)), breaks(&[40]));
        // Digests, and noise.
        assert_eq!(of("id", (0..99).map(|i| mark(&[i]))), Order::GoesOn);
        assert_eq!(of("x", (0..990).map(|i| i * i * 7919 % 997)), Order::GoesOn);
    }

    #[test]
    fn names_of_numbers_are_told() {
        for name in [
            "rep",
            "Trial 2",
            "gesture_id",
            "series_id",
            "sensor_id",
            "node",
            "k_idx",
        ] {
            assert!(is_numbering(name), "{name}");
        }
        for name in [
            "ax",
            "gesture",
            "set point",
            "sensor temperature",
            "x1",
            "run speed",
        ] {
            assert!(!is_numbering(name), "{name}");
        }
        assert_eq!([mark(b"7"), mark(b"7.0"), mark(b"-2")], [7, 7, -2]);
        assert!(mark(b"a") < -1 << 60 && mark(b"a") != mark(b"b"));
    }
}
