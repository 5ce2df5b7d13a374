//! The program as its users run it: what it answers to mistakes, and that no stop loses a run.

mod common;

use std::path::Path;
use std::process::Stdio;

use burn::tensor::Device;
use hadamrnn::card::{Card, sha256_of_text};
use hadamrnn::checkpoint::Checkpoint;
use hadamrnn::nn::HostWeights;
use hadamrnn::train::chosen_network;

use common::{epochs_in, fails, hadamrnn, interrupt, path, run, text, wait_for_epochs};

const EPOCHS: &str = "14";

/// Arguments of a short training run on the shipped sample.
fn training(folder: &Path) -> Vec<&str> {
    vec![
        "train",
        "har2",
        "--out",
        path(folder),
        "--epochs",
        EPOCHS,
        "--hidden-size",
        "64",
        "--signs",
        "0.0001",
        "--keep",
        "last",
    ]
}

fn weights(folder: &Path) -> HostWeights {
    let checkpoint = Checkpoint::load(folder).expect("a checkpoint");
    chosen_network(&checkpoint, &Device::flex())
        .expect("weights")
        .weights()
}

#[test]
fn killed_and_interrupted_runs_resume_to_the_same_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, killed, interrupted] =
        ["whole", "killed", "interrupted"].map(|name| folder.path().join(name));
    let output = run(&training(&whole));
    assert!(output.status.success(), "{}", text(&output.stderr));

    let mut child = hadamrnn(&training(&killed))
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    wait_for_epochs(&killed, 3);
    child.kill().expect("SIGKILL");
    child.wait().expect("ends");
    assert!(
        epochs_in(&killed) < 14,
        "the run was over before it was killed"
    );
    let output = run(&["train", "--resume", path(&killed)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(weights(&killed), weights(&whole));
    assert_eq!(epochs_in(&killed), 14);

    let mut child = hadamrnn(&training(&interrupted))
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    wait_for_epochs(&interrupted, 2);
    interrupt(&child);
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    let output = run(&["train", "--resume", path(&interrupted)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(weights(&interrupted), weights(&whole));
}

#[test]
fn a_run_goes_through_eval_export_inspect_and_verify() {
    let folder = tempfile::tempdir().expect("a folder");
    let (run_folder, model) = (folder.path().join("run"), folder.path().join("model"));
    let args = [
        "train",
        "har6",
        "--out",
        path(&run_folder),
        "--epochs",
        "2",
        "--log2-block",
        "3",
        "--json",
    ];
    let output = run(&args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let trained: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(trained["epochs"], 2);

    let output = run(&["export", path(&run_folder), "--out", path(&model), "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let card: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(card["config"]["task"], "har6");

    let (header, again) = (
        folder.path().join("of_run.h"),
        folder.path().join("again/of_run.h"),
    );
    std::fs::create_dir(folder.path().join("again")).expect("a folder");
    let output = run(&[
        "export",
        path(&run_folder),
        "--out",
        path(&model),
        "--c",
        path(&header),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = run(&["export", path(&model), "--c", path(&again)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let header = std::fs::read_to_string(header).expect("a header");
    assert!(
        header.contains("static const uint32_t of_run_model["),
        "{header}"
    );
    assert_eq!(header, std::fs::read_to_string(again).expect("a header"));
    fails(
        &["export", path(&model), "--c", "2.h"],
        &["not a name in C"],
    );
    let other = folder.path().join("other");
    std::fs::create_dir(&other).expect("a folder");
    std::fs::copy(shipped("har2/model.hdrn"), other.join("model.hdrn")).expect("copied");
    let export = ["export", path(&run_folder), "--out", path(&other)];
    fails(&export, &["already holds another model", "--overwrite"]);
    assert!(!other.join("card.toml").exists());
    let output = run(&[&export[..], &["--overwrite"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));

    let output = run(&["eval", path(&model), "--json"]);
    let from_model: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let output = run(&["eval", path(&run_folder), "--json"]);
    let from_run: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(from_model["integer"], from_run["integer"]);
    assert!(from_run["float"].is_object() && from_model["float"].is_null());

    let output = run(&["inspect", path(&model), "--json"]);
    let inspected: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(inspected["header"]["log2_block"], 3);
    assert_eq!(inspected["sha256"], card["sha256"]);

    let output = run(&["verify", path(&model), "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(verdict["host"]["kernels"].as_array().map(Vec::len), Some(3));
    assert_eq!(verdict["host"]["golden"], serde_json::json!([16, 16]));

    // Golden vectors that the card vouches for and that do not hold are a mismatch, not an error.
    let golden = model.join("golden.json");
    let text_of_golden = std::fs::read_to_string(&golden).expect("golden");
    let changed = text_of_golden.replacen("\"state_hash\": ", "\"state_hash\": 1", 1);
    std::fs::write(&golden, &changed).expect("written");
    fails(&["verify", path(&model)], &["golden.json is damaged"]);
    let card = model.join("card.toml");
    let mut vouching = Card::read(&model).expect("a card");
    vouching.golden_sha256 = Some(sha256_of_text(&changed));
    std::fs::write(&card, vouching.to_text().expect("a card")).expect("written");
    let output = run(&["verify", path(&model), "--json"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );

    fails(
        &["train", "har6", "--out", path(&run_folder)],
        &["--resume", "--overwrite"],
    );
    fails(
        &["train", "har2", "--resume", path(&run_folder)],
        &["cannot be used with"],
    );

    let file = model.join("model.hdrn");
    let bytes = std::fs::read(&file).expect("model");
    std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("written");
    fails(&["inspect", path(&model)], &["model.hdrn", "truncated"]);
    let checkpoint = run_folder.join("checkpoint.bin");
    std::fs::write(&checkpoint, b"HDCKnonsense").expect("written");
    fails(
        &["export", path(&run_folder)],
        &["checkpoint.bin", "damaged"],
    );
}

fn shipped(name: &str) -> String {
    format!("{}/../models/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn verify_says_what_it_compared() {
    // No data set of these ships: the windows of their folders stand in.
    for name in ["dsa19", "sst2", "imdb", "smnist-4k"] {
        let folder = shipped(name);
        let output = run(&["verify", &folder]);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        for part in [
            "golden vectors: 16 of 16 hold",
            &format!("kernels: 16 of 16 windows of {folder}/windows.bin equal on fwht"),
            "float network: not compared",
            "boards: not compared",
        ] {
            assert!(said.contains(part), "{name}: {part} is not in\n{said}");
        }
    }
    let empty = tempfile::tempdir().expect("a folder");
    let empty = path(empty.path());
    fails(
        &["verify", &shipped("dsa19"), "--data-dir", empty],
        &["--data-dir", "dsa"],
    );
    fails(&["verify", "--kernel", "xnor"], &["--board"]);

    let file = shipped("har6/model.hdrn");
    let output = run(&["verify", &file, "--windows", "3"]);
    let said = text(&output.stdout);
    assert!(said.contains("golden vectors: 16 of 16 hold"), "{said}");
    assert!(said.contains("3 of 3 windows of the test split"), "{said}");

    let alone = tempfile::tempdir().expect("a folder");
    let alone = alone.path().join("alone.hdrn");
    std::fs::copy(&file, &alone).expect("copied");
    let output = run(&["verify", path(&alone), "--windows", "3"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("golden vectors: not compared"), "{said}");
    let warning = text(&output.stderr);
    assert!(warning.contains("alone.hdrn has no card.toml"), "{warning}");
}

#[test]
fn every_command_reads_a_model_folder_as_one() {
    let copy = || {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["model.hdrn", "card.toml", "windows.bin", "golden.json"] {
            let from = shipped(&format!("har2/{name}"));
            std::fs::copy(from, folder.path().join(name)).expect("copied");
        }
        folder
    };
    let swapped = copy();
    std::fs::copy(
        shipped("har6/model.hdrn"),
        swapped.path().join("model.hdrn"),
    )
    .expect("copied");
    let unreadable = copy();
    std::fs::write(unreadable.path().join("golden.json"), b"\xff\xfe[]").expect("written");
    let missing = copy();
    std::fs::remove_file(missing.path().join("golden.json")).expect("removed");
    for (folder, parts) in [
        (&swapped, ["card.toml is not the card of", "model.hdrn"]),
        (&unreadable, ["golden.json", "export the model again"]),
        (
            &missing,
            ["golden.json is missing", "Export the model again"],
        ),
    ] {
        let header = folder.path().join("out.h");
        let file = folder.path().join("model.hdrn");
        for model in [path(folder.path()), path(&file)] {
            for args in [
                &["eval", model][..],
                &["verify", model],
                &["inspect", model],
                &["export", model, "--c", path(&header)],
                &["flash", model, "--board", "qemu-m4"],
                &["send", model, "--port", "unix:/no/socket"],
                &["monitor", "--port", "unix:/no/socket", "--model", model],
            ] {
                fails(args, &parts);
            }
        }
        assert!(!header.exists());
    }
}

#[test]
fn sources_of_a_model_are_written_over_no_other_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (rust, model) = (at("gestures.rs"), at("gestures.hdrn"));
    let export = |name: &str| {
        let shipped = shipped(name);
        run(&[
            "export",
            &shipped,
            "--rust",
            path(&rust),
            "--c",
            path(&at("gestures.h")),
        ])
    };
    for (name, window) in [("har2-hidden", "64"), ("har2", "128")] {
        // The second one replaces the first, which was written by the program.
        let output = export(name);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let module = std::fs::read_to_string(&rust).expect("a module");
        assert!(
            module.contains(&format!("pub const WINDOW: usize = {window};")),
            "{module}"
        );
        let header = std::fs::read_to_string(at("gestures.h")).expect("a header");
        assert!(
            header.contains(&format!("GESTURES_WINDOW {window}\n")),
            "{header}"
        );
        let expected = std::fs::read(shipped(&format!("{name}/model.hdrn"))).expect("a model");
        assert_eq!(std::fs::read(&model).expect("a model"), expected);
    }
    let har2 = shipped("har2");
    // Files of the user's own, and another model without a module.
    for (kept, option, given) in [
        ("main.rs", "--rust", "main.rs"),
        ("main.c", "--c", "main.c"),
        ("alone.hdrn", "--rust", "alone.rs"),
    ] {
        std::fs::write(at(kept), "int main").expect("written");
        let args = ["export", &har2, option, path(&at(given))].map(String::from);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        fails(&args, &[kept, "--overwrite"]);
        assert_eq!(std::fs::read(at(kept)).expect("kept"), b"int main");
        let output = run(&[&args[..], &["--overwrite"]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    fails(
        &["export", &har2, "--rust", "match.rs"],
        &["match.rs", "keyword"],
    );
}

#[test]
fn inspect_tells_the_session_and_how_the_model_was_trained() {
    let output = run(&["inspect", &shipped("har2")]);
    let said = text(&output.stdout);
    for part in [
        "Session<RoomOf<FwhtPacked, 128, 9>>",
        "128 samples",
        "50 samples a second",
        "OTHER, SITTING_LAYING_UPSTAIRS",
        "body_acc_x, body_acc_y",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let output = run(&["inspect", &shipped("har2-hidden"), "--json"]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        said["session"],
        "Session<RoomOf<FwhtPacked, 128, 15, 128, 0, 128>>"
    );
    assert_eq!(said["usage"]["window"], 64);
    assert_eq!(said["usage"]["decimation"], 2);
    assert_eq!(said["usage"]["channels"][3]["unit"], "rad/s");
    let output = run(&["inspect", &shipped("har2"), "--clock", "64MHz", "--json"]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let cores = said["costs"]["cores"].as_array().expect("cores");
    let m4 = cores
        .iter()
        .find(|core| core["board"] == "qemu-m4")
        .expect("M4");
    let per_step = m4["instructions_per_step"].as_f64().expect("a number");
    // 3,218 were counted (docs/RESULTS.md).
    assert!((per_step / 3218.0 - 1.0).abs() < 0.02, "{per_step}");
    let window = m4["instructions_per_window"].as_f64().expect("a number");
    let ms = m4["load"]["ms_per_window"].as_f64().expect("a number");
    assert!((ms - window / 64e3).abs() < 1e-9, "{ms}");
    // A window of 128 samples at 50 a second lasts 2,560 ms.
    let share = m4["load"]["share"].as_f64().expect("a number");
    assert!((share - ms / 2560.0).abs() < 1e-9, "{share}");
    let output = run(&["inspect", &shipped("har2"), "--clock", "64MHz"]);
    let said = text(&output.stdout);
    for part in ["Cortex-M0", "RV32IMC", "ms/window", "at 64 MHz"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = path(folder.path());
    fails(&["train"], &["which task", "har2"]);
    fails(&["train", "har3"], &["har3", "har2"]);
    fails(
        &["train", "har2", "--data-dir", "/nonexistent"],
        &["--data-dir", "/nonexistent"],
    );
    fails(
        &["train", "har2", "--data-dir", empty],
        &["--data-dir", empty],
    );
    fails(
        &["train", "har2", "--hidden-size", "100"],
        &["hidden_size", "power of two"],
    );
    fails(&["train", "har2", "--input-bits", "9"], &["input_bits"]);
    let blocks = [
        "--log2-block",
        "3",
        "--input-bits",
        "3",
        "--input-rows",
        "64",
    ];
    fails(
        &[&["train", "har2"], &blocks[..]].concat(),
        &["no value of input_rows works", "log2_block"],
    );
    let model = shipped("har2");
    for name in ["hadamrnn.h", "Hadamrnn.h", "stdint.h", "version"] {
        fails(&["export", &model, "--c", name], &["name", ".h"]);
    }
    fails(&["verify", &model, "--clock", "64MHz"], &["--board"]);
    fails(
        &["verify", &model, "--board", "qemu-m4", "--clock", "fast"],
        &["\"fast\" is no clock", "64MHz"],
    );
    fails(
        &["train", "har2", "--schedule", "fast"],
        &["schedule", "cosine"],
    );
    fails(
        &["train", "har2", "--config", "/nonexistent.toml"],
        &["/nonexistent.toml"],
    );
    fails(
        &["train", "har2", "--epochs", "1", "--out", "/dev/null/run"],
        &["/dev/null/run"],
    );
    fails(&["train", "copy", "--copy-steps", "5"], &["copy"]);
    fails(&["train", "--resume", empty], &["checkpoint.bin", "run"]);
    fails(&["inspect", "/nonexistent.hdrn"], &["/nonexistent.hdrn"]);
    fails(&["inspect", empty], &["model.hdrn"]);
    fails(
        &["inspect", "/dev/null"],
        &["/dev/null", "not a regular file"],
    );
    fails(&["eval", empty], &["neither a run folder"]);
    fails(&["data", "check", "nothing"], &["nothing", "uci-har"]);
    let config = folder.path().join("config.toml");
    std::fs::write(&config, "task = \"har2\"\nsed = 3\n").expect("written");
    fails(
        &["train", "--config", path(&config)],
        &["config.toml", "sed", "did you mean seed?"],
    );
}

#[test]
fn recordings_are_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("in")).expect("made");
    let rows = |value: &str| format!("Zeit;ax (g);label\r\n1,5;{value};x\r\n");
    std::fs::write(at("in/a.csv"), rows("0,25")).expect("written");
    let (input, out) = (at("in"), at("out"));
    let import = ["data", "import", path(&input), "--out", path(&out)];
    let output = run(&[&import[..], &["--json"]].concat());
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["labels"]["x"], 1);
    assert_eq!(summary["channels"][0]["counts_per_unit"], 8192.0);
    fails(&import, &["out is there already"]);
    std::fs::write(at("in/b.csv"), format!("{}1,5;no;x\r\n", rows("0,25"))).expect("written");
    let other = at("other");
    let import = ["data", "import", path(&input), "--out", path(&other)];
    let expected = ["b.csv", "line 3", "ax (g)", "\"no\"", "--skip-bad-lines 1"];
    fails(&import, &expected);
    assert!(!other.exists());
    let unit = [&import[..], &["--unit", "furlong"]].concat();
    fails(&unit, &["--unit", "furlong", "m/s2"]);
    let pattern = [&import[..], &["--label-from", "*.csv"]].concat();
    fails(&pattern, &["--label-from", "{label}"]);
}

#[test]
fn every_command_has_help() {
    for command in [
        "demo",
        "train",
        "eval",
        "export",
        "inspect",
        "verify",
        "reproduce",
        "sweep",
        "job",
        "plot",
        "data",
    ] {
        let output = run(&[command, "--help"]);
        assert!(output.status.success());
        assert!(
            text(&output.stdout).contains("Usage: hadamrnn"),
            "{command}"
        );
    }
    assert!(text(&run(&["--version"]).stdout).starts_with("hadamrnn "));
    let sets = run(&["data", "list", "--json"]);
    let sets: serde_json::Value = serde_json::from_slice(&sets.stdout).expect("JSON");
    assert!(
        sets.as_array()
            .is_some_and(|sets| sets.iter().any(|set| set["name"] == "uci-har"))
    );
}
