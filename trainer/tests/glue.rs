//! A task of GLUE from its published form to the table that the GLUE site takes.

mod common;

use std::path::Path;

use common::{fails, path, run, text};

/// Pieces are numbered by line.
const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nfilm\n";

/// Sentences of six words, good ones with label 1, and an unlabelled part that repeats the training part's.
fn write_set(dir: &Path) {
    let folder = dir.join("SST-2");
    std::fs::create_dir(&folder).expect("a folder");
    let word = |label: usize, i: usize| {
        if i == label {
            "film "
        } else {
            ["bad ", "good "][label]
        }
    };
    let sentence =
        |row: usize| -> String { (0..6).map(|i| word(row % 2, (i + row) % 7)).collect() };
    let labelled = |rows: usize| -> String {
        let rows = (0..rows).map(|row| format!("{}\t{}\n", sentence(row), row % 2));
        "sentence\tlabel\n".to_owned() + &rows.collect::<String>()
    };
    let test = (0..6).map(|row| format!("{row}\t{}\n", sentence(row)));
    let test = "index\tsentence\n".to_owned() + &test.collect::<String>();
    for (name, table) in [
        ("train.tsv", labelled(200)),
        ("dev.tsv", labelled(20)),
        ("test.tsv", test),
    ] {
        std::fs::write(folder.join(name), table).expect("written");
    }
    std::fs::write(dir.join("vocab.txt"), VOCABULARY).expect("written");
}

#[test]
fn a_submission_holds_the_integer_model_s_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    write_set(folder.path());
    let data = path(folder.path());
    let [run_folder, model, table] =
        ["run", "model", "SST-2.tsv"].map(|name| folder.path().join(name));
    let mut train = vec![
        "train",
        "sst2",
        "--data-dir",
        data,
        "--out",
        path(&run_folder),
    ];
    train.extend([
        "--epochs",
        "40",
        "--batch-size",
        "20",
        "--weight-decay",
        "0",
        "--hidden-size",
        "32",
        "--learning-rate",
        "0.02",
    ]);
    train.extend([
        "--input-rows",
        "16",
        "--hidden-readout",
        "16",
        "--holdout",
        "none",
    ]);
    train.extend(["--keep", "last"]);
    let output = run(&train);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = run(&[
        "export",
        path(&run_folder),
        "--data-dir",
        data,
        "--out",
        path(&model),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let output = run(&["inspect", path(&model), "--json"]);
    let inspected: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(inspected["driven_rows"], 16);
    assert_eq!(inspected["hidden_readout"]["hidden_size"], 16);

    let submission = ["--data-dir", data, "--submission", path(&table)];
    for source in [&run_folder, &model] {
        let output = run(&[&["eval", path(source)][..], &submission].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("6 predictions"));
        let written = std::fs::read_to_string(&table).expect("a table");
        assert_eq!(
            written,
            "index\tprediction\n0\t0\n1\t1\n2\t0\n3\t1\n4\t0\n5\t1\n"
        );
        std::fs::remove_file(&table).expect("removed");
    }
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/har2");
    fails(
        &[&["eval", shipped][..], &submission].concat(),
        &["--submission is for the tasks of GLUE"],
    );
}
