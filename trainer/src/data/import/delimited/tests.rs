use proptest::prelude::*;

use super::*;
use crate::data::import::recording::{Channel, TimeBase};
use crate::data::import::tests::read_with;
use crate::data::import::unit::Unit;
use crate::data::import::{Options, time};
use crate::untrusted::Budget;

fn read_as(text: &str, options: &Options) -> (Result<Vec<Recording>>, Vec<String>) {
    read_with(&DELIMITED, "file.csv", text, options)
}

fn one(text: &str) -> Recording {
    let (found, _) = read_as(text, &Options::default());
    let mut found = found.unwrap_or_else(|error| panic!("{text:?}: {error:#}"));
    assert_eq!(found.len(), 1, "{text:?}");
    found.remove(0)
}

fn error(text: &str) -> String {
    let (found, _) = read_as(text, &Options::default());
    format!("{:#}", found.unwrap_err())
}

/// The rows that every dialect below says.
const ROWS: [(&str, [f32; 3]); 6] = [
    ("walk", [8297.0, -1009.0, 843.0]),
    ("walk", [8379.0, -1039.0, 866.0]),
    ("walk", [8300.0, -900.0, 800.0]),
    ("rest", [10.0, -9.0, 8192.0]),
    ("rest", [12.0, -8.0, 8190.0]),
    ("rest", [11.0, -7.0, 8195.0]),
];

fn said(recording: &Recording) -> Vec<(String, Vec<f32>)> {
    let labels = recording.label_of_each();
    (0..recording.samples())
        .map(|i| {
            (
                labels[i].unwrap_or_default().to_owned(),
                recording.sample(i).to_vec(),
            )
        })
        .collect()
}

fn body(sep: &str, value: impl Fn(f32) -> String, tail: &str) -> String {
    let row = |(label, values): &(&str, [f32; 3])| {
        let values: Vec<String> = values.iter().map(|&v| value(v)).collect();
        format!("{label}{sep}{}{tail}\n", values.join(sep))
    };
    ROWS.iter().map(row).collect()
}

#[test]
fn every_dialect_says_the_same() {
    let plain = body(",", |v| format!("{v}"), "");
    let whole = |v: f32| format!("{v}");
    let all = [
        format!("label,ax,ay,az\n{plain}"),
        format!("label,ax,ay,az\n{plain}").replace('\n', "\r\n"),
        format!("label,ax,ay,az\n{plain}").replace('\n', "\r"),
        format!("label;ax;ay;az\n{}", body(";", whole, "")),
        format!("label\tax\tay\taz\n{}", body("\t", whole, "")),
        format!("label ax ay az\n{}", body("  ", whole, "")),
        format!(
            "label;ax;ay;az\n{}",
            body(";", |v| format!("{v:.3}").replace('.', ","), "")
        ),
        format!("label,ax,ay,az\n{}", body(",", |v| format!("{v:.1}"), "")),
        format!("label,ax,ay,az\n{}", body(",", |v| format!("{v:.6e}"), "")),
        format!("label,ax,ay,az\n{}", body(",", |v| format!("{v:+}"), "")),
        format!("label,ax,ay,az\n{}", body(",", whole, ",")),
        format!("label,ax,ay,az,\n{}", body(",", whole, ",")),
        format!("label,ax,ay,az,\n{}", body(",", whole, "")),
        format!("label, ax, ay, az\n{}", body(",  ", whole, "")),
        format!("label,ax,ay,az\n{}", plain.replace('\n', "\n\n")),
        format!("label,ax,ay,az\n{plain},,,\n,,,\n"),
        format!("label,ax,ay,az\n{plain}   \n"),
        format!("label,ax,ay,az\n{}", plain.trim_end()),
        format!("label,ax,ay,az\n,counts,counts,counts\n{plain}"),
        format!("label,ax,ay,az\nunit,counts,counts,counts\n{plain}"),
        format!("sep=,\nlabel,ax,ay,az\n{plain}"),
        format!(
            "\"label\",\"ax\",\"ay\",\"az\"\n{}",
            plain
                .replace(',', "\",\"")
                .replace("\n", "\"\n")
                .replace("walk", "\"walk")
                .replace("rest", "\"rest")
        ),
        format!("Label,ax,ay,az\n{plain}"),
        format!("class,ax,ay,az\n{plain}"),
        format!("Activity,ax,ay,az\n{plain}"),
        format!("#label,ax,ay,az\n{plain}"),
        format!("# of a logger\nlabel,ax,ay,az\n{plain}"),
        format!("Logger X,1\nlabel,ax,ay,az\n{plain}"),
    ];
    let expected: Vec<(String, Vec<f32>)> = ROWS
        .iter()
        .map(|(label, values)| ((*label).to_owned(), values.to_vec()))
        .collect();
    for text in all {
        let found = one(&text);
        assert_eq!(said(&found), expected, "{text:?}");
        assert!(found.gaps.is_empty() || text.ends_with(",,,\n"), "{text:?}");
    }
    let numbered: String = plain
        .lines()
        .enumerate()
        .map(|(i, line)| format!("{i},{line}\n"))
        .collect();
    for name in ["", "Unnamed: 0", "index", "id"] {
        assert_eq!(
            said(&one(&format!("{name},label,ax,ay,az\n{numbered}"))),
            expected,
            "{name:?}"
        );
    }
}

#[test]
fn encodings_say_the_same() {
    let text = format!(
        "label,ax,ay,az (m/s²)\n{}",
        body(",", |v| format!("{v}"), "")
    );
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    for bytes in [&[0xff, 0xfe][..], &[]]
        .map(|mark| [mark, &utf16].concat())
        .into_iter()
        .chain([latin])
    {
        let found = one(&crate::data::import::text::decode(&bytes));
        assert_eq!(
            found.channels[2],
            Channel::new("az", Unit::MetrePerSecondSquared)
        );
        assert_eq!(found.samples(), 6);
    }
}

#[test]
fn stamps_rates_and_breaks_are_found() {
    // A column of dates that hardly change, one of milliseconds since 1970, and a break that is a blank line.
    let mut text = String::from("Date;Timestamp;ax;Label\n");
    for i in 0..40_u64 {
        if i == 20 {
            text.push('\n');
        }
        text.push_str(&format!(
            "2024-10-17 14:57:32;{};{i};walk\n",
            1_729_166_252_869 + 10 * i
        ));
    }
    let found = one(&text);
    assert!((time::rate_of(&found).unwrap() - 100.0).abs() < 0.01);
    assert_eq!(found.gaps, [20]);
    assert_eq!(found.channels.len(), 1);
    // The header again is a break too.
    assert_eq!(one("label,a\nx,1\nx,2\nlabel,a\nx,3\n").gaps, [2]);
    // A number of samples is no time.
    let (found, notes) = read_as("time,a\n0,5\n1,6\n2,5\n3,6\n4,9\n", &Options::default());
    assert_eq!(found.unwrap()[0].time, TimeBase::Unknown);
    assert!(notes[0].contains("time counts samples"), "{notes:?}");
    let (found, _) = read_as(
        "time,a\n0,5\n1,6\n2,5\n3,6\n5,5\n6,5\n7,5\n8,6\n",
        &Options::default(),
    );
    assert_eq!(found.unwrap()[0].gaps, [4]);
    let dates: String = (0..9)
        .map(|i| format!("2024-01-01T00:00:00.{i}00Z,{i}\n"))
        .collect();
    let TimeBase::Stamps(stamps) = one(&format!("timestamp,a\n{dates}")).time else {
        panic!("stamps")
    };
    assert!((stamps[8] - stamps[0] - 0.8).abs() < 1e-6);
}

#[test]
fn missing_values_are_not_numbers() {
    let found = one("label,a,b\nx,1,2\nx,nan,3\nx,,4\n,5,6\nnan,7,8\nx,9,10\n");
    assert!(found.values[2].is_nan() && found.values[4].is_nan());
    let labels = found.label_of_each();
    assert_eq!(
        labels,
        [Some("x"), Some("x"), Some("x"), None, None, Some("x")]
    );
    assert_eq!(found.values[6..], [5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
}

#[test]
fn subjects_and_recordings_are_told_apart() {
    let text = "recording,Subject,a,label\nr1,anna,1,x\nr2,anna,2,x\nr1,anna,3,x\nr1,bert,4,x\n";
    let (found, _) = read_as(text, &Options::default());
    let found = found.unwrap();
    let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["file:r1:anna", "file:r2:anna", "file:r1:bert"]);
    let subjects: Vec<Option<&str>> = found.iter().map(|found| found.subject.as_deref()).collect();
    assert_eq!(subjects, [Some("anna"), Some("anna"), Some("bert")]);
    assert_eq!(
        (&found[0].values[..], &found[0].gaps[..]),
        (&[1.0, 3.0][..], &[1][..])
    );
    assert_eq!(
        (&found[1].values[..], &found[1].gaps[..]),
        (&[2.0][..], &[][..])
    );
    assert_eq!(found[2].values, [4.0]);
}

#[test]
fn labels_keep_their_words() {
    let labels = |text: &str| -> Vec<String> {
        one(text)
            .labels
            .into_iter()
            .map(|interval| interval.label)
            .collect()
    };
    assert_eq!(labels("label,a\n1.0,5\n11.0,6\n"), ["1", "11"]);
    assert_eq!(
        labels("label,a\n#1 walk,5\nWalk,6\nwalk,7\n"),
        ["#1 walk", "Walk", "walk"]
    );
    assert_eq!(
        labels("label,a\n\"up, fast\",5\n\"é \"\"x\"\"\",6\n"),
        ["up, fast", "é \"x\""]
    );
    // Of two columns the one that is named `label`.
    assert_eq!(
        labels("activity,label,a\n1,walk,5\n2,rest,6\n"),
        ["walk", "rest"]
    );
    assert!(error("label,a,Label\nx,1,x\ny,1,y\n").contains("two columns are named"));
}

#[test]
fn malformed_lines_are_named_and_counted() {
    for text in [
        "label,a\nx,1\nx,2\nx,oops\ny,3\ny,no\n",
        "label,a\r\nx,1\r\nx,2\r\nx,oops\r\ny,3\r\ny,no\r\n",
    ] {
        let error = error(text);
        for part in [
            "line 4",
            "column a",
            "\"oops\"",
            "2 malformed lines",
            "--skip-bad-lines 2",
        ] {
            assert!(error.contains(part), "{error}");
        }
        let options = Options {
            skip_bad_lines: 2,
            ..Options::default()
        };
        let (found, notes) = read_as(text, &options);
        let found = found.unwrap();
        assert_eq!(
            (&found[0].values[..], &found[0].gaps[..]),
            (&[1.0, 2.0, 3.0][..], &[2][..])
        );
        assert!(
            notes
                .iter()
                .any(|note| note.contains("2 malformed lines left out")),
            "{notes:?}"
        );
        let options = Options {
            skip_bad_lines: 1,
            ..Options::default()
        };
        assert!(read_as(text, &options).0.is_err());
    }
    let start = "label,a,b\nx,1,2\nx,3,4\nx,5,6\n";
    for (line, part) in [
        ("\"x,1,2\n", "a quote is not closed"),
        ("x,1,-\n", "column b: \"-\" is not a number"),
        ("x,1\n", "2 fields, but the header has 3"),
        ("x,1,2,3\n", "4 fields"),
        ("x,1\0,2\n", "column a"),
        ("x,1e39,2\n", "too large"),
        ("x,inf,2\n", "\"inf\" is not a number"),
    ] {
        let error = error(&format!("{start}{line}{}", "x,7,8\n".repeat(9)));
        assert!(error.contains("line 5") && error.contains(part), "{error}");
    }
    let error_of_long = error(&format!("label,a\nx,1\nx,{}\n", "1".repeat(70_000)));
    assert!(
        error_of_long.contains("line 3 has 70002 bytes"),
        "{error_of_long}"
    );
    assert!(error("label,name\n1,walk\n2,rest\n").contains("no column is a channel"));
}

#[test]
fn files_without_a_header_are_read_as_they_are() {
    let text = "0.00,1,2\n0.02,3,4\n0.04,5,6\n0.06,5,6\n0.08,5,6\n";
    let (found, notes) = read_as(text, &Options::default());
    assert_eq!(found.unwrap()[0].channels.len(), 3);
    assert!(notes[0].contains("no header line"), "{notes:?}");
    let channels = ["time", "ax", "ay"].map(String::from).to_vec();
    let (found, _) = read_as(
        text,
        &Options {
            channels,
            ..Options::default()
        },
    );
    let found = found.unwrap().remove(0);
    assert_eq!(found.channels[0].name, "ax");
    assert!(matches!(found.time, TimeBase::Stamps(_)));
}

#[test]
fn fields_may_carry_their_unit() {
    let found = one("label;ax;T\nx;5 mg;12,5 °C\nx;-2mg;13 °C\nx;;13,5°C\n");
    assert_eq!(found.channels[0], Channel::new("ax", Unit::G));
    assert_eq!(found.channels.len(), 1, "T is named like a time");
    assert_eq!(found.values[..2], [0.005, -0.002]);
    let found = one("label,temp\nx,20.5 °C\nx,21 °C\n");
    assert_eq!(found.channels[0], Channel::new("temp", Unit::Celsius));
    for (text, parts) in [
        (
            "label,ax\nx,5 g\nx,0.98 m/s2\n",
            &[
                "line 3",
                "column ax",
                "\"0.98 m/s2\" is in m/s2, but others are in g",
            ][..],
        ),
        (
            "label,ax\nx,5 g\nx,5\n",
            &[
                "line 3",
                "column ax",
                "\"5\" has no unit, but others are in g",
            ],
        ),
        (
            "label,ax (mg)\nx,5 g\n",
            &["column ax (mg)", "not the unit of its header"],
        ),
        (
            "label,ax\nx,5 g\nx,5 apples\n",
            &["line 3", "column ax", "\"5 apples\" is not a number"],
        ),
    ] {
        let error = error(text);
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn memory_is_bounded() {
    let text = format!("label,a\n{}", "x,1\n".repeat(1000));
    let options = Options::default();
    let budget = Budget::new(10_000);
    let error = read("file", &text, &Reading::new(&options, &budget)).unwrap_err();
    assert!(
        format!("{error:#}").contains("more than 10000 bytes"),
        "{error:#}"
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "[ -~\n\r\tµ\"]{0,120}", spoilt in any::<(usize, char)>()) {
        let _ = read_as(&text, &Options { skip_bad_lines: 1000, ..Options::default() });
        let mut real: Vec<char> = "sep=;\ntime;label;subject;ax;ay\n0,1;x;a;1,5;2\n\n0,2;x;a;1;2e3\n0,3;\"y\";b;1;2\n".chars().collect();
        let place = spoilt.0 % real.len();
        real[place] = spoilt.1;
        let (found, _) = read_as(&real.iter().collect::<String>(), &Options::default());
        for recording in found.unwrap_or_default() {
            prop_assert_eq!(recording.values.len() % recording.channels.len(), 0);
        }
    }
}
