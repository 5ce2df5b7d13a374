//! Files that are not what they seem: refused or told.

use super::*;

/// Rows at 50 a second of three axes, gravity being 1 on the last; `row` changes stamp and values.
fn file(header: &str, row: impl Fn(u64, [f64; 3]) -> String) -> String {
    let wave = |i: u64, c: u64| ((i * (7 + c)) as f64).sin() / 10.0;
    let rows = (0..200).map(|i| row(i, [wave(i, 0), wave(i, 1), 1.0 + wave(i, 2)]) + "\n");
    format!("{header}\n{}", rows.collect::<String>())
}

fn timed(header: &str, factor: f64) -> String {
    file(header, |i, [x, y, z]| {
        format!(
            "{},{:.5},{:.5},{:.5}",
            20 * i,
            factor * x,
            factor * y,
            factor * z
        )
    })
}

fn whole(factor: f64) -> String {
    file("t_ms,ax,ay,az", |i, row| {
        let [x, y, z] = row.map(|value| (factor * value).round());
        format!("{},{x},{y},{z}", 20 * i)
    })
}

fn notes(files: &[(&str, &str)]) -> Vec<String> {
    of(files).unwrap().notes
}

fn rate(text: &str, options: &Options) -> (f64, usize, Vec<String>) {
    let folder = folder(&[("x/a.csv", text)]);
    let imported = import(folder.path(), options).unwrap();
    let recording = &imported.recordings[0];
    (
        rate_of(recording).unwrap(),
        recording.gaps.len(),
        imported.notes,
    )
}

#[test]
fn units_are_compared_with_gravity() {
    let (mg, counts) = (whole(1000.0), whole(8192.0));
    let refused = error(&[("x/a.csv", &mg), ("y/b.csv", &counts)]);
    assert!(
        refused.contains("as of mg") && refused.contains("--unit"),
        "{refused}"
    );
    of(&[("x/a.csv", &counts), ("y/b.csv", &counts)]).unwrap();
    let header = "t_ms,ax (m/s²),ay (m/s²),az (m/s²)";
    let (right, wrong) = (timed(header, 9.81), timed(header, 1.0));
    let refused = error(&[("x/a.csv", &right), ("y/b.csv", &wrong)]);
    assert!(
        refused.contains("y/b") && refused.contains("g in place of m/s²"),
        "{refused}"
    );
    let told = notes(&[("x/a.csv", &wrong), ("y/b.csv", &wrong)]);
    assert!(
        told.iter().any(|note| note.contains("g in place of m/s²")),
        "{told:?}"
    );
    let told = notes(&[("x/a.csv", &right)]);
    assert!(
        told.iter().all(|note| !note.contains("in place of")),
        "{told:?}"
    );
}

#[test]
fn numbers_for_missing_values_are_refused() {
    let header = "t_ms,ax (g),ay (g),az (g)";
    let with = |value: &str| {
        file(header, |i, [x, y, z]| match i % 50 {
            7 => format!("{},{value},{value},{value}", 20 * i),
            _ => format!("{},{x:.4},{y:.4},{z:.4}", 20 * i),
        })
    };
    let refused = error(&[("x/a.csv", &with("-9999"))]);
    assert!(
        refused.contains("channel ax holds -9999 in 4 samples") && refused.contains("x/a"),
        "{refused}"
    );
    assert!(
        notes(&[("x/a.csv", &with("327.67"))])
            .iter()
            .any(|note| note.contains("holds 327.67"))
    );
    let gaps = of(&[("x/a.csv", &with(""))]).unwrap();
    assert_eq!(gaps.recordings[0].gaps.len(), 4);
}

#[test]
fn days_of_spreadsheets_are_a_time() {
    let text = file("time,ax,ay,az", |i, [x, y, z]| {
        format!(
            "{:.10},{x:.4},{y:.4},{z:.4}",
            45_000.123_456 + i as f64 / 26.0 / 86_400.0
        )
    });
    let (rate, gaps, _) = rate(&text, &Options::default());
    assert!((rate - 26.0).abs() < 0.05 && gaps == 0, "{rate} {gaps}");
}

#[test]
fn lost_samples_and_repeated_rows_do_not_change_the_rate() {
    let lossy = |i: u64| 20 * (i + (0..i).filter(|i| i * i % 13 % 7 == 3).count() as u64);
    let text = file("t_ms,ax,ay,az", |i, [x, y, z]| {
        format!("{},{x:.4},{y:.4},{z:.4}", lossy(i))
    });
    let (hz, gaps, told) = rate(&text, &Options::default());
    assert!((hz - 50.0).abs() < 0.01 && gaps > 10, "{hz} {gaps}");
    assert!(
        told.iter()
            .any(|note| note.contains("are missing, one by one")),
        "{told:?}"
    );
    let resampled = Options {
        resample_hz: Some(50.0),
        ..Options::default()
    };
    let (hz, gaps, told) = rate(&text, &resampled);
    assert!((hz - 50.0).abs() < 0.01 && gaps < 3, "{hz} {gaps}");
    assert!(told.iter().any(|note| note.contains("made up")), "{told:?}");
    let twice = file("t_ms,ax,ay,az", |i, [x, y, z]| {
        let row = format!("{},{x:.4},{y:.4},{z:.4}", 20 * i);
        if i % 2 == 0 {
            row
        } else {
            format!("{row}\n{row}")
        }
    });
    let (hz, gaps, told) = rate(&twice, &Options::default());
    assert!((hz - 50.0).abs() < 0.01 && gaps == 0, "{hz} {gaps}");
    assert!(
        told.iter()
            .any(|note| note.contains("100 rows") && note.contains("logged twice"))
    );
}

#[test]
fn points_of_thousands_are_refused() {
    let header = "t_ms;ax;ay;az";
    let grouped = |value: f64| {
        let value = (8192.0 * value).round() as i64;
        match value.abs() {
            ..1000 => value.to_string(),
            size => format!("{}.{:03}", value / 1000, size % 1000),
        }
    };
    let text = file(header, |i, row| {
        let [x, y, z] = row.map(grouped);
        format!("{};{x};{y};{z}", 20 * i)
    });
    let refused = error(&[("x/a.csv", &text)]);
    assert!(
        refused.contains("thousands") && refused.contains("a.csv"),
        "{refused}"
    );
    let comma = file(header, |i, [x, y, z]| {
        format!(
            "{};{};{};{}",
            20 * i,
            grouped(z) + ",5",
            grouped(x),
            grouped(y)
        )
    });
    let refused = error(&[("x/a.csv", &comma)]);
    assert!(refused.contains("thousands"), "{refused}");
    let mixed = file(header, |i, [x, y, _]| {
        format!("{};{x:.2};{y:.2};1.{:03}", 20 * i, 400 + i).replacen('.', ",", 2)
    });
    let refused = error(&[("x/a.csv", &mixed)]);
    assert!(
        refused.contains("\"1.400\"") && refused.contains("thousands"),
        "{refused}"
    );
}

#[test]
fn different_rates_and_none_are_told() {
    let header = "t_ms,ax (g),ay (g),az (g)";
    let of = |step: u64| {
        file(header, |i, [x, y, z]| {
            format!("{},{x:.5},{y:.5},{z:.5}", step * i)
        })
    };
    let untimed = file("ax (g),ay (g),az (g)", |_, [x, y, z]| {
        format!("{x:.5},{y:.5},{z:.5}")
    });
    let told = notes(&[
        ("x/a.csv", &of(20)),
        ("x/b.csv", &of(21)),
        ("y/c.csv", &untimed),
    ]);
    let has = |parts: &[&str]| {
        told.iter()
            .any(|note| parts.iter().all(|part| note.contains(part)))
    };
    assert!(
        has(&["x/b has 47.62", "x/a has 50", "--resample"]),
        "{told:?}"
    );
    assert!(
        has(&["1 recordings tell no rate", "y/c", "--rate"]),
        "{told:?}"
    );
}
