//! The loader on miniature sets in both forms and, by hand, on the published texts.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::data::npz::tests::pack;

const INDEX: &str =
    r#"{"the": 1, "film": 19, "good": 49, "bad": 75, "rare": 9996, "rarer": 9997, "br": 7}"#;

/// Texts by their paths.
const TEXTS: [(&str, &str); 10] = [
    ("train/neg/0_1.txt", "The bad film."),
    ("train/pos/0_9.txt", "Good!<br />Good, RARE zzz rarer"),
    ("train/neg/3_2.txt", "bad"),
    ("train/pos/1_10.txt", ""),
    ("train/unsup/0_0.txt", "the"),
    ("test/neg/0_1.txt", "bad bad"),
    ("test/pos/0_7.txt", "good good"),
    ("test/neg/1_1.txt", "the"),
    ("test/pos/1_7.txt", "film"),
    ("train/urls_pos.txt", "http"),
];

/// A set on disk; gives its source.
fn write(dir: &Path, texts: &[(&str, &str)]) -> Source {
    for (name, text) in texts {
        let path = dir.join("aclImdb").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(dir.join("imdb_word_index.json"), INDEX).unwrap();
    super::super::locate(Task::Imdb, Some(dir)).unwrap()
}

fn padded(last: &[u16]) -> Vec<u16> {
    let mut all = vec![0; STEPS - last.len()];
    all.extend(last);
    all
}

#[test]
fn texts_become_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let source = write(dir.path(), &TEXTS);
    let data = load(&source, &Holdout::Standard).unwrap();
    assert_eq!(data.train.len(), 4);
    assert_eq!(data.train.targets, Targets::Class(vec![0, 1, 1, 0]));
    let rows = [
        &[1, 4, 78, 22][..],
        &[1, 52, 10, 52, 9999, 2],
        &[1],
        &[1, 78],
    ];
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(data.train.tokens(i), padded(row));
    }
    // Each half of the test part has the two reviews of one number.
    for (split, rows) in [
        (&data.valid, [&[1, 78, 78][..], &[1, 52, 52]]),
        (&data.test, [&[1, 4], &[1, 22]]),
    ] {
        assert_eq!(split.targets, Targets::Class(vec![0, 1]));
        assert!((0..2).all(|i| split.tokens(i) == padded(rows[i])));
    }
}

#[test]
fn archives_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let source = write(dir.path(), &TEXTS);
    let expected = load(&source, &Holdout::Standard).unwrap();
    let packed = tempfile::tempdir().unwrap();
    let file = fs::File::create(packed.path().join("aclImdb_v1.tar.gz")).unwrap();
    let gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    tar.append_dir_all("aclImdb", dir.path().join("aclImdb"))
        .unwrap();
    tar.into_inner().unwrap().finish().unwrap();
    let source = write(packed.path(), &[]);
    assert_eq!(load(&source, &Holdout::Standard).unwrap(), expected);
}

#[test]
fn long_reviews_keep_their_end() {
    let mut reviews = Reviews::default();
    let ranks: Vec<u32> = (1..=500).collect();
    let budget = Budget::new(2000);
    reviews.push(&ranks[..499], 0, &budget).unwrap();
    reviews.push(&ranks, 1, &budget).unwrap();
    assert!(reviews.push(&ranks, 1, &budget).is_err());
    let sequences = reviews.sequences().unwrap();
    assert_eq!(sequences.tokens(0)[..2], [START, 4]);
    assert_eq!(sequences.tokens(1)[..2], [4, 5]);
    assert_eq!(sequences.tokens(1)[STEPS - 1], 503);
    assert_eq!([number(9996), number(9997), number(u32::MAX)], [9999, 2, 2]);
}

#[test]
fn holdouts_leave_the_test_split() {
    let dir = tempfile::tempdir().unwrap();
    let source = write(dir.path(), &TEXTS);
    let standard = load(&source, &Holdout::Standard).unwrap();
    for (holdout, held) in [
        (Holdout::None, 0),
        (
            Holdout::Random {
                percent: 25,
                seed: 1,
            },
            1,
        ),
    ] {
        let data = load(&source, &holdout).unwrap();
        assert_eq!([data.train.len(), data.valid.len()], [4 - held, held]);
        assert_eq!(data.test, standard.test);
    }
}

/// A pickled NumPy array of lists, as NumPy writes it with protocol 2 (Keras' file) or 3.
fn pickle(lists: &[&[i32]], protocol: u8) -> Vec<u8> {
    let mut bytes = vec![0x80, protocol];
    bytes
        .extend(b"cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02");
    bytes.extend(match protocol {
        2 => &b"c_codecs\nencode\nX\x01\x00\x00\x00bX\x06\x00\x00\x00latin1\x86R"[..],
        _ => b"C\x01b",
    });
    bytes.extend(b"\x87q\x04Rq\x05(K\x01K");
    bytes.push(lists.len() as u8);
    bytes.extend(b"\x85q\x06cnumpy\ndtype\nq\x07X\x02\x00\x00\x00O8q\x08K\x00K\x01\x87q\tRq\n");
    bytes.extend(
        b"(K\x03X\x01\x00\x00\x00|q\x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x0cb\x89](",
    );
    for list in lists {
        bytes.extend(b"](");
        for number in *list {
            bytes.push(b'J');
            bytes.extend(number.to_le_bytes());
        }
        bytes.push(b'e');
    }
    bytes.extend(b"etb.");
    bytes
}

fn labels(labels: &[i64]) -> Vec<u8> {
    labels
        .iter()
        .flat_map(|label| label.to_le_bytes())
        .collect()
}

fn keras(dir: &Path, lists: &[u8], kind: &str, train_labels: &[i64]) -> PathBuf {
    let path = dir.join("imdb.npz");
    let test = pickle(&[&[1], &[2], &[3], &[4]], 3);
    let train_labels = labels(train_labels);
    let bytes = pack(&[
        ("x_train", kind, "(2,)", lists),
        ("y_train", "<i8", "(2,)", &train_labels),
        ("x_test", "|O", "(4,)", &test),
        ("y_test", "<i8", "(4,)", &labels(&[0, 1, 1, 0])),
    ]);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn the_form_of_keras() {
    for protocol in [2, 3] {
        let dir = tempfile::tempdir().unwrap();
        let path = keras(
            dir.path(),
            &pickle(&[&[14, 9996], &[88_584]], protocol),
            "|O",
            &[1, 0],
        );
        let source = super::super::locate(Task::Imdb, Some(dir.path())).unwrap();
        assert_eq!(source, Source::file(path));
        let data = load(&source, &Holdout::Standard).unwrap();
        assert_eq!(data.train.tokens(0), padded(&[1, 17, 9999]));
        assert_eq!(data.train.tokens(1), padded(&[1, 2]));
        assert_eq!(data.train.targets, Targets::Class(vec![1, 0]));
        assert_eq!(data.valid.tokens(1), padded(&[1, 5]));
        assert_eq!(data.test.targets, Targets::Class(vec![1, 0]));
    }
}

/// NumPy may save the labels with other widths on another machine, or in another version.
#[test]
fn labels_of_other_widths() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = pack(&[
        ("x_train", "|O", "(2,)", &pickle(&[&[14], &[2]], 3)),
        ("y_train", "<i4", "(2,)", &[1, 0, 0, 0, 0, 0, 0, 0]),
        (
            "x_test",
            "|O",
            "(4,)",
            &pickle(&[&[1], &[2], &[3], &[4]], 3),
        ),
        ("y_test", "|u1", "(4,)", &[0, 1, 1, 0]),
    ]);
    fs::write(dir.path().join("imdb.npz"), bytes).unwrap();
    let source = super::super::locate(Task::Imdb, Some(dir.path())).unwrap();
    let data = load(&source, &Holdout::Standard).unwrap();
    assert_eq!(data.train.targets, Targets::Class(vec![1, 0]));
    assert_eq!(data.train.tokens(0), padded(&[1, 17]));
    assert_eq!(data.test.targets, Targets::Class(vec![1, 0]));
}

#[test]
fn malformed_files_of_keras() {
    let good = pickle(&[&[1], &[2]], 3);
    let cases = [
        (
            good[..good.len() - 1].to_vec(),
            "|O",
            [0, 1],
            "x_train is not a pickle of lists",
        ),
        (
            b"\x80\x03K\x01.".to_vec(),
            "|O",
            [0, 1],
            "x_train is not a pickle of lists: it is not an array of lists",
        ),
        (
            pickle(&[&[1]], 3),
            "|O",
            [0, 1],
            "x_train has 1 reviews, y_train has 2 labels",
        ),
        (
            pickle(&[&[1], &[0]], 3),
            "|O",
            [0, 1],
            "x_train, row 1: ranks are from 1 up",
        ),
        (
            pickle(&[&[1], &[-2]], 2),
            "|O",
            [0, 1],
            "x_train, row 1: ranks are from 1 up",
        ),
        (
            good.clone(),
            "|O",
            [0, 2],
            "y_train, row 1: a label is 0 or 1",
        ),
        (good.clone(), "<i8", [0, 1], "of type <i8 instead of |O"),
    ];
    for (lists, kind, labels, what) in cases {
        let dir = tempfile::tempdir().unwrap();
        let path = keras(dir.path(), &lists, kind, &labels);
        let error = load(&Source::file(path), &Holdout::Standard).unwrap_err();
        let message = format!("{error:#}");
        assert!(
            message.contains(what) && message.contains("data fetch imdb"),
            "{message}"
        );
    }
}

#[test]
fn malformed_texts() {
    let dir = tempfile::tempdir().unwrap();
    let source = write(dir.path(), &TEXTS);
    let message = |source: &Source| format!("{:#}", load(source, &Holdout::Standard).unwrap_err());
    fs::write(dir.path().join("aclImdb/train/neg/3_2.txt"), b"a\xff").unwrap();
    let error = message(&source);
    assert!(error.contains("train/neg/3_*.txt is not UTF-8"), "{error}");
    fs::write(dir.path().join("aclImdb/train/neg/3_1.txt"), b"a").unwrap();
    assert!(
        message(&source).contains("is there twice"),
        "{}",
        message(&source)
    );
    fs::write(dir.path().join("imdb_word_index.json"), "[1]").unwrap();
    let error = message(&source);
    assert!(error.contains("imdb_word_index.json"), "{error}");
    let few = tempfile::tempdir().unwrap();
    let error = message(&write(few.path(), &TEXTS[..4]));
    assert!(
        error.contains("no review test/neg/ID_RATING.txt"),
        "{error}"
    );
}

#[test]
#[ignore = "needs the published texts in the folder named by HADAMRNN_DATA"]
fn the_full_set() {
    let source = super::super::locate(Task::Imdb, None).unwrap();
    let data = load(&source, &Holdout::Standard).unwrap();
    for (split, count) in [
        (&data.train, 25_000),
        (&data.valid, 12_500),
        (&data.test, 12_500),
    ] {
        assert_eq!(split.class_counts(2), [count / 2; 2]);
        assert!((0..count).all(|i| {
            let ids = split.tokens(i);
            let start = ids.iter().position(|&id| id != 0).unwrap();
            start == 0 || ids[start] == START
        }));
    }
}
