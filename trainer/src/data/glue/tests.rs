//! The loader on miniature tables and, by hand, on the published ones of SST-2.

use std::fs;

use super::*;

/// Pieces 0 to 12; the line of a piece is its number.
const VOCABULARY: &str =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ngood\nfilm\n##s\n?\ncafe\n.\nbad\n";
const QQP_HEADER: &str = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n";

/// A set on disk; gives its source.
fn write(dir: &Path, task: Task, tables: &[(&str, &str)]) -> Source {
    let folder = dir.join(if task == Task::Qqp { "QQP" } else { "SST-2" });
    fs::create_dir_all(&folder).unwrap();
    for (name, table) in tables {
        fs::write(folder.join(name), table).unwrap();
    }
    fs::write(dir.join("vocab.txt"), VOCABULARY).unwrap();
    crate::data::locate(task, Some(dir)).unwrap()
}

fn sst2(dir: &Path) -> Source {
    let row = |i: usize| match i {
        0 => "Good films . \t1\n".to_owned(),
        1 => "a \"B\u{c1}D\" film \t0\n".to_owned(),
        // Sentences of six words, each of them different.
        _ => {
            let word = |bit: usize| ["good ", "bad "][i >> bit & 1];
            (0..6).map(word).collect::<String>() + "\t0\n"
        }
    };
    let phrases = "good good good \t1\nbad bad good good bad \t0\n";
    let train = (0..20).map(row).collect::<String>() + phrases;
    let tables = [
        ("train.tsv", format!("sentence\tlabel\n{train}")),
        ("dev.tsv", "sentence\tlabel\nCaf\u{e9}?\t1\r\n".to_owned()),
        ("test.tsv", "index\tsentence\n0\ta\n7\tfilm\n".to_owned()),
    ];
    let tables = tables
        .each_ref()
        .map(|(name, table)| (*name, table.as_str()));
    write(dir, Task::Sst2, &tables)
}

fn padded(pieces: &[u16], padding: Padding) -> Vec<u16> {
    let zeros = vec![0; STEPS - pieces.len()];
    match padding {
        Padding::Left => [&zeros, pieces].concat(),
        Padding::Right => [pieces, &zeros].concat(),
    }
}

#[test]
fn sentences_become_pieces() {
    let dir = tempfile::tempdir().unwrap();
    let source = sst2(dir.path());
    for padding in [Padding::Left, Padding::Right] {
        let data = load(Task::Sst2, &source, &Holdout::Standard, padding).unwrap();
        assert_eq!(
            [data.train.len(), data.valid.len(), data.test.len()],
            [19, 2, 1]
        );
        assert_eq!(data.train.targets.values()[..3], [1, 0, 0]);
        let first = padded(&[2, 6, 7, 8, 11, 3], padding);
        assert_eq!(data.train.tokens(0), first);
        // Quotes are no quoting, and accents are taken off.
        assert_eq!(
            data.train.tokens(1),
            padded(&[2, 5, 1, 12, 1, 7, 3], padding)
        );
        assert_eq!(data.test.tokens(0), padded(&[2, 10, 9, 3], padding));
        // Sentences 10 and 20, and the second phrase, which is of the latter alone.
        assert_eq!(data.valid.targets, Targets::Class(vec![0, 0]));
        let tenth = padded(&[2, 12, 6, 6, 12, 6, 6, 3], padding);
        assert_eq!(data.valid.tokens(0), tenth);
    }
}

#[test]
fn questions_have_two_separators_between() {
    let dir = tempfile::tempdir().unwrap();
    let long = "film ".repeat(200);
    let train = format!(
        "{QQP_HEADER}1\t2\t3\tgood film?\ta bad film?\t0\n4\t5\t6\ta\t{long}\t1\nhalf of a\tbroken row\n"
    );
    let source = write(
        dir.path(),
        Task::Qqp,
        &[
            ("train.tsv", &train),
            ("dev.tsv", &format!("{QQP_HEADER}1\t2\t3\ta\ta\t1\n")),
        ],
    );
    let data = load(Task::Qqp, &source, &Holdout::None, Padding::Right).unwrap();
    let first = [2, 6, 7, 9, 3, 3, 5, 12, 7, 9, 3];
    assert_eq!(data.train.tokens(0), padded(&first, Padding::Right));
    let cut = data.train.tokens(1);
    assert_eq!(cut[..6], [2, 5, 3, 3, 7, 7]);
    assert_eq!(cut[STEPS - 2..], [7, 3]);
    assert_eq!(data.train.targets, Targets::Class(vec![0, 1]));
    let Source::Files(paths) = &source else {
        panic!("it is read from files")
    };
    let form = qqp_form(&paths[0]).unwrap();
    assert_eq!(
        form,
        "2 training, 1 development and 0 test rows, 1 broken rows left out"
    );
    let error = Submission::load(Task::Qqp, &source, Padding::Right).unwrap_err();
    assert!(error.to_string().contains("has no test.tsv"));
    let broken = format!("{train}another\nbroken row\n");
    fs::write(dir.path().join("QQP/train.tsv"), broken).unwrap();
    let error = load(Task::Qqp, &source, &Holdout::None, Padding::Right).unwrap_err();
    let message = format!("{error:#}");
    assert!(
        message.contains("3 of 5 rows do not have 6 fields"),
        "{message}"
    );
}

#[test]
fn malformed_tables_are_named_with_line() {
    let dir = tempfile::tempdir().unwrap();
    let source = sst2(dir.path());
    let message = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let error = load(Task::Sst2, &source, &Holdout::Standard, Padding::Right).unwrap_err();
        fs::write(&path, good).unwrap();
        format!("{error:#}")
    };
    let cases: [(&str, &[u8], &str); 8] = [
        ("train.tsv", b"", "line 1: the columns are"),
        (
            "train.tsv",
            b"sentence,label\na,1\n",
            "line 1: the columns are \"sentence,label\"",
        ),
        ("train.tsv", b"sentence\tlabel\n", "no rows"),
        (
            "dev.tsv",
            b"sentence\tlabel\na\t1\nb\n",
            "line 3: 1 fields where the table has 2",
        ),
        (
            "dev.tsv",
            b"sentence\tlabel\na\t2\n",
            "line 2: label is \"2\": a label is 0 or 1",
        ),
        (
            "dev.tsv",
            b"sentence\tlabel\na\xff\t1\n",
            "line 2: it is not UTF-8",
        ),
        (
            "test.tsv",
            b"index\tsentence\nx\ta\n",
            "line 2: index is \"x\": it takes a number",
        ),
        (
            "test.tsv",
            b"index\tsentence\n1\ta\tb\n",
            "line 2: 3 fields",
        ),
    ];
    for (name, bytes, what) in cases {
        let message = message(&format!("SST-2/{name}"), bytes);
        assert!(
            message.contains(name) && message.contains(what),
            "{message}"
        );
        assert!(message.contains("hadamrnn data fetch sst2"), "{message}");
    }
    for (vocabulary, what) in [
        (
            "[UNK]\n[PAD]\n",
            "the first line of the vocabulary is not [PAD]",
        ),
        ("[PAD]\n[UNK]\n[CLS]\n", "the vocabulary has no [SEP]"),
    ] {
        let message = message("vocab.txt", vocabulary.as_bytes());
        assert!(
            message.contains("vocab.txt") && message.contains(what),
            "{message}"
        );
    }
    fs::remove_file(dir.path().join("SST-2/dev.tsv")).unwrap();
    let error = load(Task::Sst2, &source, &Holdout::Standard, Padding::Right).unwrap_err();
    assert!(format!("{error:#}").contains("dev.tsv in"), "{error:#}");
}

#[test]
fn a_submission() {
    let dir = tempfile::tempdir().unwrap();
    let submission = Submission::load(Task::Sst2, &sst2(dir.path()), Padding::Left).unwrap();
    assert_eq!(
        submission.sequences.tokens(1),
        padded(&[2, 7, 3], Padding::Left)
    );
    let path = dir.path().join("SST-2.tsv");
    submission.write(&path, &[1, 0]).unwrap();
    let table = fs::read_to_string(&path).unwrap();
    assert_eq!(table, "index\tprediction\n0\t1\n7\t0\n");
    assert!(submission.write(&path, &[1]).is_err());
}

#[test]
#[ignore = "needs the published tables and vocabulary in the folder named by HADAMRNN_DATA"]
fn the_full_sst2() {
    let source = crate::data::locate(Task::Sst2, None).unwrap();
    let data = load(Task::Sst2, &source, &Holdout::None, Padding::Right).unwrap();
    assert_eq!(data.train.class_counts(2), [29_780, 37_569]);
    let validated = load(Task::Sst2, &source, &Holdout::Standard, Padding::Right).unwrap();
    let sizes = [validated.train.len(), validated.valid.len()];
    assert_eq!(sizes, [60_845, 688]);
    assert_eq!(data.test.class_counts(2), [428, 444]);
    let Values::Tokens { vocabulary, .. } = data.train.values else {
        panic!("it is made of tokens")
    };
    assert_eq!(vocabulary, 30_522);
    let submission = Submission::load(Task::Sst2, &source, Padding::Right).unwrap();
    assert_eq!(submission.sequences.len(), 1821);
    assert!(submission.indices.into_iter().eq(0..1821));
    // "it 's a charming and often affecting journey . " as transformers' tokenizer gives it.
    let expected = [
        101, 2009, 1005, 1055, 1037, 11951, 1998, 2411, 12473, 4990, 1012, 102, 0,
    ];
    assert_eq!(data.test.tokens(0)[..13], expected);
}
