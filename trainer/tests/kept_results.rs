//! Results that are kept: `reproduce --results`, and what draws them.

mod common;

use common::{fails, path, run, text};
use hadamrnn::results::Results;

/// A short copy task, a name, and the file that keeps its results.
fn reproduction<'a>(out: &'a str, kept: &'a str, epochs: &'a str) -> Vec<&'a str> {
    let mut args = vec![
        "reproduce",
        "copy",
        "--name",
        "small",
        "--out",
        out,
        "--results",
        kept,
    ];
    let settings = [
        "network.hidden_size=16",
        "copy_steps=20",
        "training.batch_size=4",
        "training.batches_per_epoch=2",
        epochs,
    ];
    args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    args
}

#[test]
fn results_of_a_whole_group_are_kept_with_the_command_that_gives_them_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let [out, other, kept] = ["out", "other", "results.json"].map(|name| folder.path().join(name));
    let (out, other, kept) = (path(&out), path(&other), path(&kept));
    let mut args = reproduction(out, kept, "training.epochs=1");
    args.extend(["--seeds", "7", "--seeds", "copy=101..103"]);
    let output = run(&args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(
        told.contains("small: ") && told.contains("3 seeds: put into"),
        "{told}"
    );
    let results = Results::read(kept.as_ref()).expect("results");
    let row = results.seeded("small").expect("a row");
    assert_eq!(
        (row.seeds_text().as_str(), row.recipe.as_str()),
        ("101..103", "fast")
    );
    assert!(
        row.settings
            .iter()
            .any(|setting| setting.starts_with("training.epochs = 1, not")),
        "{:?}",
        row.settings
    );
    assert!(
        row.window.is_none(),
        "there are no estimates of answers at every step"
    );
    assert_eq!(
        row.command,
        "hadamrnn reproduce copy --name small --seeds 7 --seeds 'copy=101..103' --set 'network.hidden_size=16' --set 'copy_steps=20' \
         --set 'training.batch_size=4' --set 'training.batches_per_epoch=2' --set 'training.epochs=1' --data-dir DATA"
    );
    assert!(
        folder
            .path()
            .join("out/small-102/model/model.hdrn")
            .exists()
    );
    let summary = Results::read(&folder.path().join("out/summary.json")).expect("a summary");
    let of_summary = summary.seeded("small").expect("a row");
    assert_eq!(of_summary.integer_accuracy, row.integer_accuracy);

    // The same again, from what is done; then one of other settings, which is none of this name.
    let output = run(&args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(Results::read(kept.as_ref()).expect("results"), results);
    let mut args = reproduction(other, kept, "training.epochs=2");
    args.extend(["--seeds", "101"]);
    fails(&args, &["results.json", "training.epochs = 1", "--name"]);
    assert_eq!(Results::read(kept.as_ref()).expect("results"), results);

    let picture = folder.path().join("x.svg");
    let plot = [
        "plot",
        kept,
        "--kind",
        "instructions",
        "--out",
        path(&picture),
    ];
    fails(&plot, &["which task?"]);
    let plot = [&plot[..], &["--task", "copy"]].concat();
    fails(&plot, &["results.json", "no row of task copy"]);
    std::fs::write(kept, "{\"rows\": []}").expect("written");
    fails(&args, &["results.json", "malformed", "rows"]);
}

#[test]
fn results_of_the_sample_are_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let [out, kept] = ["out", "results.json"].map(|name| folder.path().join(name));
    let output = run(&[
        "reproduce",
        "har2",
        "--seeds",
        "1",
        "--set",
        "training.epochs=1",
        "--set",
        "network.hidden_readout=",
        "--out",
        path(&out),
        "--results",
        path(&kept),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(
        told.contains("not put into") && told.contains("shipped sample"),
        "{told}"
    );
    assert!(Results::read(&kept).expect("results").seeds().is_empty());
    let config = std::fs::read_to_string(out.join("har2-fast-1/config.toml")).expect("a file");
    assert!(!config.contains("hidden_readout"), "{config}");
    let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(
        report.contains("| har2 fast | 1 |") && report.contains("≈ "),
        "{report}"
    );
}

#[test]
fn mistakes_in_seeds_and_names_are_explained() {
    let reproduce = |more: &[&'static str]| [&["reproduce", "har2"], more].concat();
    for (more, parts) in [
        (
            &["--seeds", "110..101"][..],
            &["110..101", "write 101..110"][..],
        ),
        (&["--seeds", ""], &["neither a seed nor a range"]),
        (&["--seeds", "1,2,1"], &["the seed 1 is there twice"]),
        (
            &["--seeds", "1..3", "--seeds", "2"],
            &["--seeds", "the seed 2 is there twice"],
        ),
        (&["--seeds", "1..99999999999"], &["more than 10000 seeds"]),
        (
            &["--seeds", "har6=1..2"],
            &["har6", "none of the tasks: har2"],
        ),
        (&["--config", "models/har2/card.toml"], &["--name"]),
        (
            &["har6", "--name", "x"],
            &["--name", "one task and one recipe"],
        ),
        (
            &["--recipe", "paper,fast", "--name", "x"],
            &["one task and one recipe"],
        ),
        (
            &["--set", "network.leek="],
            &["there is no setting network.leek"],
        ),
    ] {
        fails(&reproduce(more), parts);
    }
    fails(
        &[
            "sweep",
            "--task",
            "har2",
            "--out",
            "never",
            "--grid",
            "seed=3..1",
        ],
        &["seed: the range 3..1"],
    );
}
