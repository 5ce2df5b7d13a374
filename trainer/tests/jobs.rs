//! Reproducing and sweeping as users do: every stop continues to the same results, and mistakes are explained.

mod common;

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use common::{epochs_in, fails, hadamrnn, interrupt, path, run, text, wait_for_epochs};

fn json(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// A small network and few steps, on the shipped sample and on a short copy task.
const SMALL: [&str; 12] = [
    "--set",
    "network.hidden_size=32",
    "--set",
    "training.epochs=6",
    "--set",
    "training.batches_per_epoch=4",
    "--set",
    "training.batch_size=32",
    "--set",
    "copy_steps=40",
    "--set",
    "training.signs.trained=1e-4",
];

fn reproduction(out: &Path) -> Vec<&str> {
    let mut args = vec![
        "reproduce",
        "har2",
        "copy",
        "--seeds",
        "1,2",
        "--out",
        path(out),
    ];
    args.extend(SMALL);
    args
}

const JOBS: [&str; 4] = ["har2-fast-1", "har2-fast-2", "copy-fast-1", "copy-fast-2"];

/// Results of a job, without the values that differ between two runs of it: date and time taken.
fn outcome(out: &Path, job: &str) -> Value {
    let mut record = json(&out.join(job).join("results.json"));
    let mut done = record["outcome"]["done"].take();
    done.as_object_mut()
        .expect("a finished job")
        .remove("train_seconds");
    done
}

#[test]
fn a_stopped_reproduction_continues_to_the_same_results() {
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, stopped] = ["whole", "stopped"].map(|name| folder.path().join(name));
    let output = run(&reproduction(&whole));
    assert!(output.status.success(), "{}", text(&output.stderr));

    let mut child = hadamrnn(&reproduction(&stopped))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    wait_for_epochs(&stopped.join(JOBS[1]), 1);
    interrupt(&child);
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    assert!(
        stopped.join("report.md").exists(),
        "what is done is reported"
    );
    assert!(!stopped.join(JOBS[3]).join("results.json").exists());
    let first = std::fs::metadata(stopped.join(JOBS[0]).join("results.json")).expect("done");

    let output = run(&reproduction(&stopped));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let again = std::fs::metadata(stopped.join(JOBS[0]).join("results.json")).expect("done");
    let times = [first.modified(), again.modified()].map(|time| time.expect("a time"));
    assert_eq!(times[0], times[1], "a finished job is left alone");
    for job in JOBS {
        assert_eq!(outcome(&stopped, job), outcome(&whole, job), "{job}");
        assert_eq!(epochs_in(&stopped.join(job)), 6, "{job}");
    }
    let report = std::fs::read_to_string(stopped.join("report.md")).expect("a report");
    assert!(
        report.contains("| har2 fast | 2 |") && report.contains("| copy fast | 2 |"),
        "{report}"
    );
    assert!(
        report.contains("not judged: measured on the sample"),
        "{report}"
    );
    let picture = stopped.join("curves.png");
    let runs = JOBS.map(|job| stopped.join(job));
    let args = [
        "plot",
        path(&runs[0]),
        path(&runs[1]),
        "--out",
        path(&picture),
    ];
    assert!(run(&args).status.success());
    assert!(picture.exists());
}

fn sweep(out: &Path) -> Vec<&str> {
    let mut args = vec!["sweep", "--task", "har2", "--out", path(out)];
    args.extend(SMALL);
    args.extend([
        "--set",
        "training.epochs=2",
        "--grid",
        "network.log2_block=2,5",
        "--grid",
        "seed=1,2",
    ]);
    args
}

#[test]
fn a_sweep_in_processes_equals_one_job_after_the_other_and_is_merged() {
    let folder = tempfile::tempdir().expect("a folder");
    let [here, processes] = ["here", "processes"].map(|name| folder.path().join(name));
    let output = run(&sweep(&here));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut args = sweep(&processes);
    args.extend(["--jobs", "2"]);
    let output = run(&args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for job in ["log2_block=2,seed=1", "log2_block=5,seed=2"] {
        assert_eq!(outcome(&processes, job), outcome(&here, job), "{job}");
    }

    for file in [
        "results.csv",
        "results.json",
        "report.html",
        "accuracy-bytes-har2.png",
    ] {
        std::fs::remove_file(here.join(file)).expect("written by the sweep");
    }
    let output = run(&["sweep", "--merge", path(&here)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows = json(&here.join("results.json"));
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[3]["settings"]["network.log2_block"], "5");
    assert_eq!(rows[3]["group"], "log2_block=5");
    assert!(
        rows.iter()
            .all(|row| row["status"] == "done" && row["sample"] == true)
    );
    let csv = std::fs::read_to_string(here.join("results.csv")).expect("CSV");
    assert_eq!(csv.lines().count(), 5);
    assert!(here.join("accuracy-bytes-har2.png").exists());
}

#[test]
fn a_merge_leaves_out_what_is_damaged_and_the_sweep_mends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = run(&sweep(&out));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let before = outcome(&out, "log2_block=2,seed=1");
    std::fs::remove_dir_all(out.join("log2_block=2,seed=1")).expect("removed");
    std::fs::write(out.join("log2_block=2,seed=2/results.json"), "{\"date").expect("written");
    std::fs::remove_dir_all(out.join("log2_block=5,seed=1/model")).expect("removed");
    let merge = ["sweep", "--merge", path(&out)];
    let output = run(&merge);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("1 of 4 jobs done, 3 damaged"), "{told}");
    let rows = json(&out.join("results.json"));
    for (i, file) in ["config.toml", "results.json", "model.hdrn"]
        .iter()
        .enumerate()
    {
        assert_eq!(rows[i]["status"], "damaged");
        let error = rows[i]["error"].as_str().expect("an error");
        assert!(error.contains(file), "{error}");
        assert!(
            text(&output.stderr).contains(error),
            "{}",
            text(&output.stderr)
        );
    }
    assert_eq!(rows[3]["status"], "done");
    let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("## Missing or damaged"), "{report}");

    let output = run(&sweep(&out));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("4 of 4 jobs done;"), "{told}");
    assert_eq!(outcome(&out, "log2_block=2,seed=1"), before);
    assert!(run(&merge).status.success());
}

#[test]
fn a_job_that_another_process_works_on_is_busy_and_not_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("-out");
    let mut args = sweep(&out);
    args.extend(["--set", "training.epochs=1", "--emit", "parallel"]);
    assert!(run(&args).status.success());
    let busy = out.join("log2_block=2,seed=1");
    let lock = hadamrnn::jobs::Lock::take(&busy).expect("a lock");
    assert_eq!(run(&["job", path(&busy)]).status.code(), Some(75));
    args.truncate(args.len() - 2);
    for jobs in ["1", "2"] {
        let args: Vec<&str> = args.iter().copied().chain(["--jobs", jobs]).collect();
        let output = run(&args);
        assert_eq!(output.status.code(), Some(75), "{}", text(&output.stderr));
        assert!(!busy.join("results.json").exists());
    }
    drop(lock);
    assert!(run(&args).status.success());
}

#[test]
fn a_plan_from_elsewhere_stays_in_its_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut args = sweep(&out);
    args.extend(["--emit", "parallel"]);
    assert!(run(&args).status.success());
    let plan = std::fs::read_to_string(out.join("plan.json")).expect("a plan");
    for name in ["../outside", "/tmp/outside", "a\\ntouch outside"] {
        let other = plan.replace("log2_block=2,seed=1", name);
        std::fs::write(out.join("plan.json"), other).expect("written");
        fails(&args, &["plan.json", "plain name"]);
        fails(
            &["sweep", "--merge", path(&out)],
            &["plan.json", "plain name"],
        );
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1
    );
}

#[test]
fn a_failing_job_is_recorded_and_stops_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut args = vec!["sweep", "--task", "har2", "--out", path(&out)];
    args.extend(SMALL);
    // No subject is numbered 99.
    args.extend([
        "--set",
        "training.epochs=1",
        "--grid",
        "holdout={subjects = [99]},standard",
    ]);
    let output = run(&args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let rows = json(&out.join("results.json"));
    assert_eq!(rows[0]["status"], "failed");
    let error = rows[0]["error"].as_str().expect("an error");
    assert!(error.contains("99"), "{error}");
    assert_eq!(rows[1]["status"], "done");
    let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("## Failed"), "{report}");
}

#[test]
fn handed_over_jobs_do_the_same_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out of order");
    let mut args = sweep(&out);
    args.extend(["--emit", "parallel"]);
    let output = run(&args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("parallel"),
        "{}",
        text(&output.stdout)
    );
    let commands = std::fs::read_to_string(out.join("jobs.txt")).expect("a list");
    assert_eq!(commands.lines().count(), 4);
    let job = out.join("log2_block=2,seed=1");
    assert!(!job.join("results.json").exists(), "nothing has run yet");
    let status = std::process::Command::new("sh")
        .args(["-c", commands.lines().next().expect("a command")])
        .env_remove("HADAMRNN_DATA")
        .current_dir("/")
        .stderr(Stdio::null())
        .status()
        .expect("sh");
    assert!(status.success());
    assert!(json(&job.join("results.json"))["outcome"]["done"].is_object());
    let output = run(&["sweep", "--merge", path(&out)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows = json(&out.join("results.json"));
    let count = |status: &str| {
        let rows = rows.as_array().expect("rows").iter();
        rows.filter(|row| row["status"] == status).count()
    };
    assert_eq!((count("done"), count("waiting")), (1, 3));
}

#[test]
fn mistakes_are_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = path(folder.path());
    let out = folder.path().join("out");
    let out = path(&out);
    let sweep = |grid: &'static str| ["sweep", "--task", "har2", "--out", out, "--grid", grid];
    fails(
        &sweep("network.hiden_size=64"),
        &["network.hiden_size", "hidden_size"],
    );
    fails(&sweep("training.epochs=few"), &["training.epochs", "few"]);
    fails(&sweep("training.epochs"), &["key=value"]);
    fails(&["sweep", "--task", "har2", "--out", out], &["--grid"]);
    fails(&["sweep", "--out", out, "--grid", "seed=1"], &["--task"]);
    fails(&["sweep", "--task", "har2", "--grid", "seed=1"], &["--out"]);
    fails(
        &["sweep", "--merge", empty],
        &["plan.json", "hadamrnn sweep"],
    );
    fails(
        &[
            "sweep",
            "/nonexistent.toml",
            "--out",
            out,
            "--grid",
            "seed=1",
        ],
        &["/nonexistent.toml"],
    );
    fails(&["reproduce", "har3"], &["har3", "har2"]);
    fails(
        &["reproduce", "har2", "--recipe", "slow"],
        &["slow", "paper"],
    );
    fails(
        &["reproduce", "har2", "--out", "/dev/null/out"],
        &["/dev/null/out"],
    );
    fails(&["job", empty], &["config.toml", "job"]);
    fails(
        &["plot", empty, "--out", "x.svg"],
        &["metrics.jsonl", "run"],
    );
    fails(
        &["plot", empty, "--kind", "bytes", "--out", "x.svg"],
        &["plan.json"],
    );
    let one = [
        "reproduce",
        "har2",
        "--seeds",
        "1",
        "--set",
        "training.epochs=1",
    ];
    let args: Vec<&str> = one.into_iter().chain(["--out", out]).collect();
    assert!(run(&args).status.success());
    let job = folder.path().join("out/har2-fast-1");
    fails(
        &["plot", path(&job), "--out", "x.gif"],
        &["x.gif", ".svg or .png"],
    );
    let args: Vec<&str> = args
        .iter()
        .map(|&arg| arg.replace("epochs=1", "epochs=2").leak() as &str)
        .collect();
    fails(&args, &["har2-fast-1", "other settings"]);
}

#[test]
fn the_configuration_of_a_recipe_is_shown() {
    for recipe in ["paper", "fast"] {
        let output = run(&[
            "train",
            "copy",
            "--recipe",
            recipe,
            "--print-config",
            "--seed",
            "5",
        ]);
        let shown = text(&output.stdout);
        let config = hadamrnn::config::RunConfig::from_toml(&shown).expect("a configuration");
        assert_eq!(config.seed, 5);
        let trained = matches!(config.training.signs, hadamrnn::config::Signs::Trained(_));
        assert_eq!(trained, recipe == "paper");
    }
}
