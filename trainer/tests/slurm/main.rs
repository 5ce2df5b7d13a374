//! Tests of the scripts that `sweep --emit slurm` writes, under a real Slurm. They are ignored unless asked for, as
//! Slurm is installed on few machines: `firmware-examples/setup.sh --slurm`, then
//! `cargo test --package hadamrnn --test slurm -- --ignored`.
#![cfg(target_os = "linux")]

mod cluster;
#[path = "../common/mod.rs"]
mod common;

use cluster::Cluster;
use common::{epochs_in, path, run, text, wait_for_epochs};
use hadamrnn::jobs::{Entry, Plan, Scheduler};

/// A name that every quoting must survive.
const FOLDER: &str = "it's \"out\" #1 of 100%A";

/// The commands that `sweep --emit slurm` tells, without their indentation.
fn told_commands(output: &std::process::Output) -> Vec<String> {
    let commands = text(&output.stdout);
    let commands = commands.lines().filter_map(|line| line.strip_prefix("  "));
    commands.map(String::from).collect()
}

#[test]
#[ignore = "needs Slurm: firmware-examples/setup.sh --slurm"]
fn an_interrupted_job_comes_again_and_goes_on_and_a_cancelled_one_does_not() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join(FOLDER);
    // The second job goes on until it is stopped.
    let output = run(&[
        "sweep",
        "--task",
        "copy",
        "--set",
        "network.hidden_size=16",
        "--set",
        "training.batches_per_epoch=2",
        "--set",
        "copy_steps=20",
        "--grid",
        "training.epochs=1,1000000",
        "--out",
        path(&out),
        "--emit",
        "slurm",
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let commands = told_commands(&output);
    let [submit] = &commands[..] else {
        panic!("{commands:?}");
    };
    let said = cluster.shell(submit);
    let array = said
        .split_whitespace()
        .last()
        .expect("Submitted batch job ID");
    let [short, endless] = [1, 2].map(|task| format!("{array}_{task}"));
    let job = out.join("epochs=1000000");
    wait_for_epochs(&job, 1);

    // Slurm sends this signal by itself a minute before the end of a job's time.
    cluster.shell(&format!("scancel --signal=INT {endless}"));
    cluster.until("the job comes again", |cluster| {
        let state = cluster.field(&endless, "JobState");
        assert!(
            ["RUNNING", "COMPLETING", "PENDING"].contains(&&*state),
            "{state}"
        );
        cluster.field(&endless, "Restarts") == "1" && state == "RUNNING"
    });
    wait_for_epochs(&job, epochs_in(&job) + 2);

    cluster.shell(&format!("scancel {endless}"));
    cluster.until("the queue is empty", |cluster| {
        cluster.shell("squeue -h").is_empty()
    });
    assert_eq!(cluster.field(&endless, "JobState"), "CANCELLED");
    assert_eq!(cluster.field(&short, "JobState"), "COMPLETED");
    assert!(!job.join("results.json").exists(), "no failure");
    for task in [1, 2] {
        let log = out.join(format!("slurm-{array}_{task}.log"));
        let log =
            std::fs::read_to_string(&log).unwrap_or_else(|e| panic!("{}: {e}", log.display()));
        assert!(log.contains("epochs="), "{log}");
    }
    let output = run(&["sweep", "--merge", path(&out)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("1 of 2 jobs done, 1 waiting"), "{told}");
}

/// With the default `MaxArraySize`, the jobs need two arrays: the first array is only accepted, the second one runs.
#[test]
#[ignore = "needs Slurm: firmware-examples/setup.sh --slurm"]
fn more_jobs_than_an_array_has_are_accepted_and_each_is_the_right_one() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join(FOLDER);
    std::fs::create_dir(&out).expect("a folder");
    let entry = |number: u32| Entry {
        name: format!("job {number}"),
        group: String::new(),
        settings: vec![],
    };
    let plan = Plan {
        command: "test".into(),
        jobs: (1..=1002).map(entry).collect(),
    };
    let touch = |folder: &std::path::Path| Ok(shlex::try_join(["touch", path(folder)])?);
    let start = Scheduler::Slurm
        .write(&out, &plan, touch)
        .expect("a script");
    let [first, second] = &start[..] else {
        panic!("{start:?}");
    };
    cluster.shell(&first.replace("sbatch ", "sbatch --hold "));
    cluster.shell(&second.replace("sbatch ", "sbatch --wait "));
    let mut done: Vec<String> = std::fs::read_dir(&out)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into()
        })
        .filter(|name: &String| name.starts_with("job "))
        .collect();
    done.sort();
    assert_eq!(done, ["job 1001", "job 1002"]);
}
