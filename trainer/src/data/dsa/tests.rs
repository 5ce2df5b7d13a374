//! The loader on single segments and, by hand, on the full set.

use std::fs;

use super::*;

/// A segment whose value at step `t` and channel `c` is `(100 t + c) / 1000`.
fn text() -> String {
    (0..STEPS)
        .map(|t| {
            let row: Vec<String> = (0..CHANNELS)
                .map(|c| format!("{}", (100 * t + c) as f64 / 1000.0))
                .collect();
            row.join(",") + "\n"
        })
        .collect()
}

#[test]
fn places() {
    let of = |path| Place::of(path).map(|place| (place.activity, place.subject, place.segment));
    assert_eq!(of("data/a01/p1/s01.txt"), Some((0, 0, 0)));
    assert_eq!(of("/a19/p8/s60.txt"), Some((18, 7, 59)));
    for other in [
        "a00/p1/s01.txt",
        "a20/p1/s01.txt",
        "a01/p9/s01.txt",
        "a01/p1/s61.txt",
        "a1/p1/s01.txt",
        "a01/p1/s1.txt",
        "a01/p1/s01.csv",
        "p1/s01.txt",
    ] {
        assert_eq!(of(other), None, "{other}");
    }
    for number in 0..COUNT {
        let place = Place::from_number(number);
        assert_eq!(place.number(), number);
        assert_eq!(Place::of(&place.name()), Some(place));
    }
}

#[test]
fn a_segment_and_back() {
    let values = parse::segment("s", text().as_bytes()).unwrap();
    assert_eq!(values.len(), SEGMENT);
    assert_eq!(values[3 * CHANNELS + 7], 0.307);
    assert_eq!(digest::text(&values), text());
    let crlf = parse::segment("s", text().replace('\n', "\r\n").as_bytes());
    assert_eq!(crlf.unwrap(), values);
}

#[test]
fn malformed_segments_are_named_with_line_and_field() {
    let cases = [
        (
            text().replacen(",0.102", ",x", 1),
            "a01, line 2, field 3: \"x\" is not a finite number",
        ),
        (
            text().replacen(",0.102", ",nan", 1),
            "a01, line 2, field 3: \"nan\" is not a finite",
        ),
        (
            text().replacen(",0.102", "", 1),
            "a01, line 2: 44 values where a step has 45",
        ),
        (
            text().replacen('\n', "\n\n", 1),
            "a01, line 2, field 1: \"\" is not a finite number",
        ),
        (text().repeat(2), "a01: 250 lines where a segment has 125"),
    ];
    for (text, what) in cases {
        let message = parse::segment("a01", text.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(message.starts_with(what), "{message}");
        assert!(message.contains("hadamrnn data fetch dsa"), "{message}");
    }
}

#[test]
fn missing_segments_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    for place in ["a01/p1/s01.txt", "a01/p1/s02.txt", "a02/p3/s60.txt"] {
        let path = dir.path().join("dsa/data").join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text()).unwrap();
    }
    let source = crate::data::locate(Task::Dsa19, Some(&dir.path().join("dsa"))).unwrap();
    assert_eq!(source, Source::file(dir.path().join("dsa/data")));
    let message = format!("{:#}", load(&source, &Holdout::Standard).unwrap_err());
    assert!(
        message.contains("a01/p1/s03.txt is missing (9117 of 9120"),
        "{message}"
    );
}

#[test]
fn a_damaged_compact_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dsa.npz");
    let planes = crate::data::npz::tests::pack(&[("planes", "|u1", "(3, 2)", &[0; 6])]);
    for (bytes, what) in [
        (&planes[..planes.len() - 5], "truncated or damaged"),
        (
            &planes,
            "the array planes: it is of type |u1 and shape [3, 2]",
        ),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = load(&Source::file(&path), &Holdout::Standard).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains(what), "{message}");
        assert!(message.contains("hadamrnn data fetch dsa"), "{message}");
    }
}

#[test]
#[ignore = "needs the full data set in the folder named by HADAMRNN_DATA"]
fn the_full_set() {
    let source = crate::data::locate(Task::Dsa19, None).unwrap();
    let Source::Files(paths) = &source else {
        panic!("it is read from files")
    };
    assert_eq!(
        content(&paths[0]).unwrap().sha256,
        crate::data::catalog::published::DSA_SHA256
    );
    let data = load(&source, &Holdout::Standard).unwrap();
    for (split, people) in [(&data.train, 3), (&data.valid, 1), (&data.test, 4)] {
        assert_eq!(split.class_counts(19), [people * SEGMENTS; 19]);
    }
    for split in [&data.train, &data.valid, &data.test] {
        for i in 0..split.len() {
            let raw = split.raw(i, &data.input_lsb);
            assert!(!raw.contains(&i16::MAX) && !raw.contains(&i16::MIN));
        }
    }
}
