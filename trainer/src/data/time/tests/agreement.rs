//! Training and importing measure the same files alike, whatever the unit of their stamps.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::data::import::{self, Options, TimeBase};
use crate::data::{Holdout, recordings};

/// Samples of a window of these tests, and from one to the next.
const STEPS: usize = 8;

/// Rate in four digits, and gaps, of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Found {
    rate_hz: Option<f64>,
    gaps: usize,
}

impl Found {
    /// Whether it is the same, but for the step at the change of the label, which training does not see.
    fn is_like(self, other: Self) -> bool {
        let rates = self.rate_hz.zip(other.rate_hz);
        let are_alike = rates.is_some_and(|(a, b)| super::agree(a, b, 0.004));
        self.gaps == other.gaps && (are_alike || self.rate_hz == other.rate_hz)
    }
}

/// A value that is no time, of row `i`.
fn noise(i: usize) -> i64 {
    let mixed = (i as u64 + 3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as i64 % 2001 - 1000
}

/// A file of two classes whose rows have these stamps, spelt, in columns of these names.
fn file(names: &str, stamps: &[String]) -> String {
    let mut text = format!("{names},label,ax\n");
    for (i, stamp) in stamps.iter().enumerate() {
        let label = if i < stamps.len() / 2 { "up" } else { "down" };
        let _ = writeln!(text, "{stamp},{label},{}", noise(i));
    }
    text
}

/// What both `data import` and `train recordings` find, which is the same; and the import.
fn found(text: &str, rate_hz: Option<f64>) -> (Found, import::Imported) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, text).unwrap();
    let options = Options {
        rate_hz,
        ..Options::default()
    };
    let imported = import::import(&path, &options).unwrap();
    let out = folder.path().join("out");
    let summary = import::write(&imported, &out).unwrap();
    let recording = &imported.recordings[0];
    let rate_hz_found = summary.recordings[0].rate_hz.map(super::rounded);
    let found = Found {
        rate_hz: rate_hz_found.filter(|_| !matches!(recording.time, TimeBase::Unknown)),
        gaps: recording.gaps.len(),
    };
    let (of_original, windows) = trained(folder.path(), rate_hz);
    assert!(
        of_original.is_like(found),
        "{of_original:?}, imported {found:?}"
    );
    // The imported file trains as the original does; its gaps are blank lines.
    let (again, windows_again) = trained(&out, None);
    assert!(
        again.is_like(Found {
            gaps: again.gaps,
            ..found
        }),
        "{again:?}, before {found:?}"
    );
    assert_eq!(windows_again, windows);
    (found, imported)
}

/// What `train recordings` finds, without gaps at a change of the label; and the number of windows.
fn trained(folder: &std::path::Path, rate_hz: Option<f64>) -> (Found, usize) {
    let cutting = recordings::Cutting {
        steps: STEPS,
        hop: STEPS,
        rate_hz: rate_hz.map(|rate| rate as f32),
        ..recordings::Cutting::default()
    };
    let source = recordings::locate(folder).unwrap();
    let loaded = recordings::load_whole(&source, &cutting, &Holdout::Standard).unwrap();
    let notes = loaded.own.notes;
    let gaps = notes.iter().find_map(|note| {
        let rest = note.strip_prefix("note: ")?;
        let (count, _) = rest.split_once(" gaps in the time column")?;
        count.parse().ok()
    });
    let data = loaded.data;
    let is_measured = notes
        .iter()
        .any(|note| note.contains("by the time column in"));
    let rate = super::rounded(f64::from(data.sample_rate_hz));
    let found = Found {
        rate_hz: is_measured.then_some(rate),
        gaps: gaps.unwrap_or(0),
    };
    (found, data.train.len() + data.valid.len() + data.test.len())
}

/// Steps of 1,200 rows at 50 a second, with `jitter` in a thousand and pauses of `pause` seconds every so many rows.
fn stamps(every: usize, pause: f64, jitter: &[u8]) -> Vec<f64> {
    let mut at = 1000.0;
    (0..1200)
        .map(|i| {
            at += 0.02;
            if i > 0 && i % every == 0 && i != 600 {
                at += pause;
            }
            at + f64::from(jitter[i % jitter.len()]) * 2e-5
        })
        .collect()
}

#[test]
fn many_pauses_are_gaps_in_both() {
    // Bursts of 15 samples at 50 Hz with 3 s between them.
    let stamps = stamps(15, 3.0, &[0]);
    let spelt: Vec<String> = stamps.iter().map(|at| format!("{at:.3}")).collect();
    let text = file("time", &spelt);
    let (found, _) = found(&text, None);
    assert_eq!((found.rate_hz, found.gaps), (Some(50.0), 78));
}

#[test]
fn whole_seconds_are_measured_over_whole_periods_in_both() {
    let spelt: Vec<String> = (0..1200)
        .map(|i| {
            let second = 20 + (i + 13) / 50;
            format!("2024-10-17 14:{:02}:{:02}", second / 60, second % 60)
        })
        .collect();
    let text = file("time", &spelt);
    let (found, imported) = found(&text, None);
    assert_eq!((found.rate_hz, found.gaps), (Some(50.0), 0));
    // Samples that share a stamp are spread over its second.
    let TimeBase::Stamps(times) = &imported.recordings[0].time else {
        panic!("{:?}", imported.recordings[0].time);
    };
    let steps = times.windows(2).map(|pair| pair[1] - pair[0]);
    for step in steps {
        assert!((step - 0.02).abs() < 1e-6, "{step}");
    }
}

#[test]
fn packets_need_a_stated_rate_in_both() {
    let spelt: Vec<String> = (0..1200)
        .map(|i| (i / 5 * 100 + i % 5 * 2).to_string())
        .collect();
    let text = file("time_ms", &spelt);
    let (found, _) = found(&text, Some(50.0));
    let wanted = Found {
        rate_hz: Some(50.0),
        gaps: 0,
    };
    assert!(found.is_like(wanted), "{found:?}");
}

#[test]
fn the_finer_of_two_times_is_read_by_both() {
    let both = |names: &str, row: &dyn Fn(usize) -> String, said: &str| {
        let spelt: Vec<String> = (0..1200).map(row).collect();
        let text = file(names, &spelt);
        let (found, imported) = found(&text, None);
        assert_eq!((found.rate_hz, found.gaps), (Some(50.0), 1), "{names}");
        let told = |note: &String| note.contains(said);
        assert!(imported.notes.iter().any(told), "{:?}", imported.notes);
    };
    // Three seconds are missing after 300 rows.
    let ms = |i: usize| 20 * i + if i < 300 { 0 } else { 3000 };
    let day = |i: usize| format!("{:02}:{:02}", ms(i) / 60_000, ms(i) / 1000 % 60);
    both(
        "time,seconds_elapsed",
        &|i| {
            let ns = 1_700_000_000_000_000_000 + ms(i) as u64 * 1_000_000;
            format!("{ns},{:.6}", 0.118 + ms(i) as f64 / 1e3)
        },
        "the time is read from column time, not from seconds_elapsed",
    );
    both(
        "time,t_ms",
        &|i| format!("2024-10-17 14:{},{}", day(i), ms(i)),
        "the time is read from column t_ms, not from time",
    );
    both(
        "t,Zeitstempel",
        &|i| format!("{i},17.10.2024 14:{}.{:03}", day(i), ms(i) % 1000),
        "the time is read from column Zeitstempel, not from t",
    );
    // A date and a time of day are one time, over midnight too.
    both(
        "Date,Time,ms",
        &|i| {
            let second = 86_390 + ms(i) / 1000;
            let (day, second) = (second / 86_400, second % 86_400);
            let (hour, half) = match second / 3600 {
                0 => (12, "AM"),
                hour => (hour - 12, "PM"),
            };
            let (minute, second) = (second / 60 % 60, second % 60);
            format!(
                "10/{}/2024,{hour}:{minute:02}:{second:02}.{:03} {half},0",
                17 + day,
                ms(i) % 1000
            )
        },
        "the time is read from column Date and Time, not from ms",
    );
}

#[test]
fn stamps_under_another_name_are_no_channel_in_either() {
    // Milliseconds with jitter, of which some are out of order.
    let mut text = String::from("clk,label,ax\n");
    for i in 0..1200_usize {
        let late = if i % 60 == 59 { 25 } else { 0 };
        let label = if i < 600 { "up" } else { "down" };
        let stamp = 20 * i as i64 + noise(i) / 250 - late;
        let _ = writeln!(text, "{stamp},{label},{}", noise(i + 77));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), &text).unwrap();
    let channels = ["ax", "clk"].map(String::from).to_vec();
    for (channels, expected) in [(Vec::new(), 1), (channels, 2)] {
        let options = Options {
            channels: channels.clone(),
            ..Options::default()
        };
        let imported = import::import(folder.path(), &options).unwrap();
        let cutting = recordings::Cutting {
            steps: STEPS,
            hop: STEPS,
            channels,
            ..recordings::Cutting::default()
        };
        let source = recordings::locate(folder.path()).unwrap();
        let loaded = recordings::load_whole(&source, &cutting, &Holdout::Standard).unwrap();
        assert_eq!(imported.recordings[0].channels.len(), expected);
        assert_eq!(loaded.data.channel_names.len(), expected);
        for notes in [&imported.notes, &loaded.own.notes] {
            let told = |note: &String| {
                note.contains("rises in nearly every row") && note.contains(": clk; --channels")
            };
            assert_eq!(notes.iter().any(told), expected == 1, "{notes:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_unit_of_the_stamps_changes_nothing(
        every in 15_usize..400,
        pause in 0.5_f64..9.0,
        jitter in proptest::collection::vec(0_u8..200, 1..7),
        is_of_our_years in any::<bool>(),
    ) {
        let stamps = stamps(every, pause, &jitter);
        let start = if is_of_our_years { 1_700_000_000 } else { 0 };
        let spelt = |decimals: u32| -> Vec<String> {
            // Through whole microseconds, so that all units say the same.
            let of = |at: &f64| (at * 1e6).round() as u64 + start * 1_000_000;
            stamps.iter().map(|at| {
                let micros = of(at);
                match decimals {
                    6 => format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
                    3 => format!("{}.{:03}", micros / 1000, micros % 1000),
                    0 => micros.to_string(),
                    _ => format!("{micros}000"),
                }
            }).collect()
        };
        let mut first = None;
        for (decimals, named) in [(6, "time_s"), (3, "time_ms"), (0, "time_us"), (9, "time_ns")] {
            for name in [named, "time"] {
                let text = file(name, &spelt(decimals));
                let (found, _) = found(&text, None);
                let first = first.get_or_insert(found);
                prop_assert_eq!(&found, first, "{} {}", name, decimals);
            }
        }
        prop_assert_eq!(first.map(|found| found.rate_hz.map(f64::round)), Some(Some(50.0)));
    }
}
