//! The loader against every form of archive, malformed files and damaged archives.

mod pack;
mod tasks;

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;

use pack::*;

use super::*;

fn read_bytes(bytes: &[u8]) -> Result<Tables> {
    read_input(Input::Bytes(bytes), &Budget::of_data_set())
}

fn message(texts: &Texts) -> String {
    format!("{:#}", read_bytes(&tar(texts)).unwrap_err())
}

#[test]
fn all_forms_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let root = folder(&SMALL, dir.path());
    let expected = read(&Source::file(root.clone())).unwrap();
    assert_eq!(expected.train.labels.len(), 2);
    assert_eq!(expected.test.signals[8].len(), 2 * STEPS);
    assert_eq!(
        read(&Source::file(dir.path().to_owned())).unwrap(),
        expected
    );
    let tar = tar(&SMALL);
    for (name, bytes) in [
        ("a.tar.gz", gz(&tar)),
        ("a.tar.xz", xz(&tar)),
        ("a.zip", zip(&SMALL)),
        ("nested.zip", nested_zip(&SMALL)),
        (
            "deeper.zip",
            zip_of([("a.ZIP".to_owned(), nested_zip(&SMALL).as_slice())]),
        ),
        ("the ending does not matter.txt", tar),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, &bytes).unwrap();
        assert!(read(&Source::file(path)).unwrap() == expected, "{name}");
        assert!(read_bytes(&bytes).unwrap() == expected, "{name}");
    }
}

#[test]
fn windows_are_read_one_by_one_whether_they_overlap_or_not() {
    // In the published set 7.9 % of the windows that follow each other in one person do not overlap by half.
    let signal = "train/Inertial Signals/body_acc_x_train.txt";
    let window = |first: u16| (first..).map(|i| f32::from(i) / 4096.0).take(STEPS);
    for second in [64, 0, 100, 5000] {
        let line = |first: u16| -> String {
            window(first)
                .map(|value| format!(" {value:e}"))
                .collect::<String>()
                + "\n"
        };
        let texts = changed(signal, |_| line(0) + &line(second));
        let tables = read_bytes(&tar(&texts)).unwrap();
        let expected: Vec<f32> = window(0).chain(window(second)).collect();
        assert_eq!(tables.train.signals[0], expected, "{second}");
        let parts = split::parts(&tables).unwrap();
        let data = split::dataset(Task::Har6, parts, &Holdout::None).unwrap();
        assert_eq!(data.train.len() + data.test.len(), 4);
    }
}

#[test]
fn malformed_files_are_named_with_line_and_field() {
    let signal = "train/Inertial Signals/total_acc_y_train.txt";
    let second = |bad: &'static str| {
        move |text: String| {
            let (first, second) = text.split_once('\n').unwrap();
            format!("{first}\n{bad}{second}")
        }
    };
    let cases = [
        (
            signal,
            message(&changed(signal, second(" x"))),
            ", line 2, field 1: \"x\" is not a number",
        ),
        (
            signal,
            message(&changed(signal, second("1 NaN"))),
            ", line 2, field 2: \"NaN\" is not a finite number",
        ),
        (
            signal,
            message(&changed(signal, second("1"))),
            ", line 2: 129 values where a window has 128",
        ),
        (
            signal,
            message(&changed(signal, |text| text[..3000].to_owned())),
            ", line 2: ",
        ),
        (
            "test/y_test.txt",
            message(&changed("test/y_test.txt", second("7 "))),
            ", line 2, field 1: \"7 ",
        ),
        (
            "test/y_test.txt",
            message(&changed("test/y_test.txt", |_| "0\n1".into())),
            ", line 1, field 1: \"0\" is not a label from 1 to 6",
        ),
        (
            "train/subject_train.txt",
            message(&changed("train/subject_train.txt", |_| "1\n31".into())),
            ", line 2, field 1: \"31\" is not a subject from 1 to 30",
        ),
        (
            "test/y_test.txt has 2",
            message(&changed("test/subject_test.txt", |_| "2".into())),
            "test/subject_test.txt has 1 rows",
        ),
        (
            signal,
            message(&changed(signal, |text| text.repeat(2))),
            " has 4 rows, train/y_train.txt has 2",
        ),
    ];
    for (file, message, what) in cases {
        assert!(
            message.contains(file) && message.contains(what),
            "{message}"
        );
        assert!(message.contains("hadamrnn data fetch uci-har"), "{message}");
    }
}

#[test]
fn missing_and_repeated_files() {
    let mut texts = SMALL.clone();
    texts.remove("test/y_test.txt");
    assert!(
        message(&texts).starts_with("test/y_test.txt is missing: the published layout is needed")
    );
    texts.retain(|name, _| name.starts_with("train"));
    let expected = "test/Inertial Signals/body_acc_x_test.txt is missing (and 10 more files)";
    assert!(message(&texts).starts_with(expected));
    let mut texts = SMALL.clone();
    texts.insert("copy/test/y_test.txt".to_owned(), b"1\n".to_vec());
    assert!(
        message(&texts).contains("test/y_test.txt is there twice"),
        "{}",
        message(&texts)
    );
    let dir = tempfile::tempdir().unwrap();
    let error = format!(
        "{:#}",
        read(&Source::file(dir.path().to_owned())).unwrap_err()
    );
    assert!(error.contains("(and 21 more files)"), "{error}");
    let error = format!(
        "{:#}",
        read(&Source::file(dir.path().join("none.zip"))).unwrap_err()
    );
    assert!(error.contains("none.zip cannot be opened"), "{error}");
}

#[test]
fn what_is_no_archive_is_said_so() {
    for (bytes, shown) in [
        (&b""[..], "nothing (0 bytes)"),
        (b"<html>\n", "\"<html>\\n\""),
    ] {
        let message = format!("{:#}", read_bytes(bytes).unwrap_err());
        assert!(
            message.contains(&format!("not an archive: it starts with {shown}")),
            "{message}"
        );
    }
}

/// Reading a damaged archive must fail or give what the whole one gives.
fn harmless(bytes: &[u8]) -> bool {
    static WHOLE: LazyLock<Tables> = LazyLock::new(|| read_bytes(&tar(&SMALL)).unwrap());
    read_bytes(bytes).map_or(true, |tables| tables == *WHOLE)
}

#[test]
fn truncated_archives() {
    let tar = tar(&SMALL);
    for (bytes, least) in [
        (gz(&tar), 1),
        (xz(&tar), 1),
        (zip(&SMALL), 1),
        (nested_zip(&SMALL), 1),
        (tar, 2000),
    ] {
        // A tar ends in blocks of zeros, which may be missing.
        for cut in (0..60)
            .map(|i| i * bytes.len() / 60)
            .chain([bytes.len() - least])
        {
            let error = format!("{:#}", read_bytes(&bytes[..cut]).unwrap_err());
            assert!(
                ["truncated or damaged", "not an archive", "a whole archive"]
                    .iter()
                    .any(|text| error.contains(text)),
                "{cut}: {error}"
            );
        }
    }
}

static ARCHIVES: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let tar = tar(&SMALL);
    [gz(&tar), xz(&tar), zip(&SMALL), nested_zip(&SMALL)]
});

proptest! {
    #[test]
    fn damaged_archives_never_panic_nor_deceive(kind in 0..4_usize, at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut bytes = ARCHIVES[kind].clone();
        *at.get_mut(&mut bytes) ^= flip;
        prop_assert!(harmless(&bytes));
    }

    #[test]
    fn arbitrary_bytes_never_panic(magic in 0..6_usize, mut bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let magics: [&[u8]; 6] = [b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00", b"\xfd7zXZ\0", b"ustar"];
        let at = if magic == 5 { 257 } else { 0 };
        bytes.splice(at.min(bytes.len())..(at + magics[magic].len()).min(bytes.len()), magics[magic].iter().copied());
        prop_assert!(read_bytes(&bytes).is_err());
    }

    #[test]
    fn a_tar_of_arbitrary_texts_never_panics(
        index in 0..22_usize,
        text in proptest::collection::vec(prop::sample::select(b"0123456789 .-+e\r\nNaif\xff".to_vec()), 0..2100),
    ) {
        let mut texts = SMALL.clone();
        texts.insert(file_names()[index].clone(), text);
        prop_assert!(harmless(&tar(&texts)));
    }
}
