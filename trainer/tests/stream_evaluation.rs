//! Events of streams, from a run to a decision, its evaluation, its report, and back.

mod common;

use common::{contains, fails, path, run, succeeds, text};
use serde_json::Value;

/// The result of a command, as JSON.
fn json(args: &[&str]) -> Value {
    let output = run(&[args, &["--json"]].concat());
    assert!(
        output.status.success(),
        "{args:?}: {}",
        text(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_decision_is_evaluated_reported_verified_and_taken_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let [run, model, picture, matrix, page] =
        ["run", "model", "t.svg", "c.csv", "page.html"].map(at);
    let [run, model, picture, matrix, page] =
        [&run, &model, &picture, &matrix, &page].map(|place| path(place));
    let train = "train har6 --epochs 3 --seed 1 --holdout standard --out";
    succeeds(&[&train.split(' ').collect::<Vec<_>>()[..], &[run]].concat());
    succeeds(&["export", run, "--novelty", "0.1", "--out", model]);

    let plain = json(&["eval", model, "--stream"]);
    assert!(plain["decided"].is_null() && plain["metric"] == true);
    assert_eq!(plain["seconds"], 1.28);
    let printed = succeeds(&["eval", model, "--stream"]);
    contains(
        &printed,
        &["every answer counts", "the model has no decision"],
    );

    let decide = [
        "decide",
        model,
        "--false-alarms",
        "30/h",
        "--answers",
        "2",
        "--smoothing",
        "1",
    ];
    let chosen = json(&decide);
    assert_eq!(chosen["false_alarms_asked"], 30.0);
    let found = json(&[
        "eval",
        model,
        "--stream",
        "--timeline",
        picture,
        "--confusion",
        matrix,
    ]);
    for (key, value) in chosen["test"].as_object().expect("an outcome") {
        assert_eq!(&found["decided"][key], value, "{key}");
    }
    for (key, value) in chosen["raw_test"].as_object().expect("an outcome") {
        assert_eq!(&found["every_answer"][key], value, "{key}");
    }
    let counts = found["confusion"]["counts"].as_array().expect("a matrix");
    let counts = counts.iter().flat_map(|row| row.as_array().expect("a row"));
    let all: u64 = counts.map(|count| count.as_u64().expect("a count")).sum();
    assert_eq!(Some(all), found["decided"]["answers"].as_u64());
    let of_classes = |key: &str| -> u64 {
        let rows = found["classes"].as_array().expect("rows");
        rows.iter()
            .map(|row| row[key].as_u64().expect("a count"))
            .sum()
    };
    for key in ["events", "found", "false_alarms"] {
        assert_eq!(
            Some(of_classes(key)),
            found["decided"][key].as_u64(),
            "{key}"
        );
    }
    let read = |place: &str| std::fs::read_to_string(place).expect("written");
    contains(
        &read(picture),
        &["there", "answered", "decided", "person", "SITTING"],
    );
    contains(&read(matrix), &["true class", "STANDING", "none"]);

    json(&["report", model, "--out", page]);
    let recall = found["decided"]["found"].as_f64().expect("a count")
        / found["decided"]["events"].as_f64().expect("a count");
    let recall = format!("{:.2} %", 100.0 * recall);
    contains(
        &read(page),
        &["Events in streams", "as decided", &recall, "over time"],
    );

    let verified = json(&["verify", model]);
    assert_eq!(
        verified["host"]["parts"],
        serde_json::json!(["metric", "decision"])
    );
    assert_eq!(
        verified["host"]["judged_equal"],
        verified["host"]["windows"]
    );
    let printed = succeeds(&["verify", model]);
    contains(
        &printed,
        &["metric and decision: ", "novelty score and decided class"],
    );
    let inspected = json(&["inspect", model]);
    assert_eq!(inspected["decision"]["smoothing"], 1);
    assert!(inspected["metric"]["threshold"].is_u64());

    let removed = json(&["decide", model, "--remove"]);
    assert_eq!(removed["removed"], true);
    assert!(json(&["eval", model, "--stream"])["decided"].is_null());
    fails(&["decide", model, "--remove"], &["has no decision"]);
}

#[test]
fn what_is_no_stream_is_refused() {
    let imdb = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/copy");
    fails(&["eval", imdb, "--stream"], &["stream of a sensor", "copy"]);
    let har2 = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/har2");
    fails(&["eval", har2, "--timeline", "x.svg"], &["--stream"]);
    fails(
        &["eval", har2, "--stream", "--timeline", "x.gif"],
        &[".svg or .png"],
    );
}

#[test]
fn a_readout_that_fades_without_a_leak_is_warned_of_before_the_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let leaks = folder.path().join("leaks.toml");
    std::fs::write(&leaks, "[network]\nleak = 3\n").expect("written");
    let out = |name: &str| folder.path().join(name);
    let train = "train har2 --recipe paper --readout fading --epochs 1 --hidden-size 32 --out";
    let train: Vec<&str> = train.split(' ').collect();
    let warning = "warning: the readout fades, and a layer without a leak";
    let printed = succeeds(&[&train[..], &[path(&out("without"))]].concat());
    contains(&printed, &[warning, "leak = 3"]);
    let with = [path(&out("with")).to_owned(), path(&leaks).to_owned()];
    let printed = succeeds(&[&train[..], &[&with[0], "--config", &with[1]]].concat());
    assert!(!printed.contains(warning), "{printed}");
}
