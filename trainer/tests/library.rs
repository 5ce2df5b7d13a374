//! The library as other programs use it: its examples, its errors, and what it is built of.

#[path = "../examples/classify.rs"]
#[allow(dead_code, reason = "`main` is the example's")]
mod classify;
#[path = "../examples/train_and_export.rs"]
#[allow(dead_code, reason = "`main` is the example's")]
mod train_and_export;

use std::path::Path;
use std::process::Command;

use hadamrnn::data::Task;
use hadamrnn::files::Lock;
use hadamrnn::integer::{KernelName, ModelFile};
use hadamrnn::jobs::{Attempt, Outcome};
use hadamrnn::pipeline::{
    self, ConfigOptions, DeviceName, EpochRecord, Error, EvaluateOptions, JobOptions, Observer,
    ReproduceOptions, Silent, Stage, Start, Step, TrainOptions, VerifyOptions, Workers,
};
use hadamrnn::recipe::Recipe;
use hadamrnn::train;

fn models() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models")
}

#[test]
fn the_example_names_the_class_that_the_golden_vectors_have() {
    let folder = models().join("har2");
    let stored = pipeline::open_model(&folder).expect("the shipped model");
    let beside = stored.folder.expect("a folder");
    let expected = beside.card.classes[beside.golden[0].class].clone();
    let class = classify::class_of_first_window(&folder).expect("a class");
    assert_eq!(class, expected);
}

#[test]
fn a_window_gets_the_answer_of_every_kernel() {
    for name in ["har2", "har6"] {
        let stored = pipeline::open_model(&models().join(name)).expect("a shipped model");
        let beside = stored.folder.expect("a folder");
        for (i, golden) in beside.golden.iter().enumerate() {
            let window = beside.window(i).expect("a window each");
            let answer = pipeline::classify(&stored.file, &window).expect("an answer");
            assert_eq!(answer, *golden);
        }
        assert_eq!(beside.window(beside.golden.len()), None);
        let window = beside.window(0).expect("a window");
        for wrong in [&window[1..], &[]] {
            let error = pipeline::classify(&stored.file, wrong).unwrap_err();
            assert!(matches!(error, Error::Data(_)), "{error:?}");
        }
    }
    let error = pipeline::classify(&ModelFile::new(b"no model"), &[0]).unwrap_err();
    assert!(matches!(error, Error::Model(_)), "{error:?}");
}

#[test]
fn the_example_trains_and_what_it_exports_is_better_than_chance() {
    let folder = tempfile::tempdir().expect("a folder");
    let evaluation = train_and_export::train_and_export(folder.path(), 4).expect("a model");
    assert_eq!((evaluation.task, evaluation.sequences), (Task::Har2, 227));
    assert!(evaluation.integer.accuracy > 0.7, "{evaluation:?}");
}

/// A run of a small copy task, short enough for a test.
fn training(folder: &Path, seed: u64) -> TrainOptions {
    let mut config = Recipe::Fast.config(Task::Copy);
    config.seed = seed;
    config.copy_steps = 20;
    config.training.epochs = 3;
    config.training.batches_per_epoch = 2;
    config.network.resize(16);
    TrainOptions {
        folder: folder.into(),
        start: Start::New(config),
        data_dir: None,
        device: DeviceName::default(),
    }
}

/// Asks to stop after so many steps.
struct StopAfter(u64);

impl Observer for StopAfter {
    fn step(&mut self, step: &Step) {
        self.0 = self.0.saturating_sub(step.done);
    }

    fn stop_requested(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn a_stopped_run_goes_on_and_others_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let new = training(&run, 1);
    let trained = pipeline::train(&new, &mut StopAfter(2)).expect("a run");
    assert_eq!(trained.outcome, train::Outcome::Interrupted);
    assert!(trained.checkpoint.position.epoch < 3);

    let error = pipeline::train(&new, &mut Silent).unwrap_err();
    assert!(matches!(&error, Error::Exists { folder } if *folder == run));
    assert!(error.to_string().contains("--resume"), "{error}");
    let lock = Lock::take(&run).expect("a folder");
    let error = pipeline::train(&new, &mut Silent).unwrap_err();
    assert!(matches!(&error, Error::Busy { folder } if *folder == run));
    drop(lock);

    let resume = |expected| TrainOptions {
        start: Start::Resume { expected },
        ..new.clone()
    };
    let Start::New(other) = training(&run, 2).start else {
        panic!("a new run");
    };
    let error = pipeline::train(&resume(Some(other.clone())), &mut Silent).unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    assert!(error.to_string().contains("seed = 1, not 2"), "{error}");
    let trained = pipeline::train(&resume(None), &mut Silent).expect("a run");
    assert_eq!(
        (trained.outcome, trained.checkpoint.position.epoch),
        (train::Outcome::Finished, 3)
    );

    let either = TrainOptions {
        start: Start::ResumeOrOverwrite(other.clone()),
        ..new.clone()
    };
    let trained = pipeline::train(&either, &mut Silent).expect("a run");
    assert_eq!(trained.checkpoint.run_config().expect("valid"), other);
}

/// Keeps what it is told, and insists that stages do not overlap.
#[derive(Default)]
struct Told {
    under_way: bool,
    stages: Vec<String>,
    notices: Vec<String>,
    epochs: usize,
    jobs: Vec<String>,
}

impl Observer for Told {
    fn stage_begun(&mut self, stage: &Stage) {
        assert!(!self.under_way, "{stage} begins within a stage");
        self.under_way = true;
        self.stages.push(stage.to_string());
    }

    fn stage_ended(&mut self) {
        assert!(self.under_way, "no stage is under way");
        self.under_way = false;
    }

    fn epoch(&mut self, _: &EpochRecord) {
        self.epochs += 1;
    }

    fn notice(&mut self, text: &str) {
        self.notices.push(text.into());
    }

    fn job_ended(&mut self, job: &str, attempt: &Attempt) {
        let done = matches!(attempt, Attempt::Ended(Outcome::Done(_)));
        self.jobs.push(format!("{job}: {done}"));
    }
}

#[test]
fn an_observer_is_told_of_every_stage() {
    let mut told = Told::default();
    let options = EvaluateOptions::of(models().join("har2"));
    let evaluation = pipeline::evaluate(&options, &mut told).expect("the shipped sample");
    assert_eq!(
        evaluation.float, None,
        "a model folder has no float network"
    );
    let options = VerifyOptions {
        model: Some(options.model),
        windows: 20,
        ..VerifyOptions::default()
    };
    let verdict = pipeline::verify(&options, &mut told).expect("the shipped sample");
    assert!(verdict.passed() && verdict.host.windows == 20);
    assert!(!told.under_way);
    let reading = "reading the shipped sample";
    let stages = [
        reading,
        "evaluating 227 sequences",
        reading,
        "running every kernel on the host",
    ];
    assert_eq!(told.stages, stages);
    assert!(told.notices[0].contains("--data-dir"), "{:?}", told.notices);
}

#[test]
fn jobs_are_done_here_once_and_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    let settings = [
        "training.epochs=2",
        "training.batches_per_epoch=2",
        "network.hidden_size=16",
        "copy_steps=20",
    ];
    let options = ReproduceOptions {
        tasks: vec![Task::Copy.into()],
        recipes: vec![Recipe::Fast],
        seeds: vec![1, 2],
        settings: settings.map(|text| text.parse().expect("a setting")).into(),
        ..ReproduceOptions::default()
    };
    let planned = options.jobs(None, &mut Silent).expect("valid settings");
    let plan = pipeline::write_plan(out, "a test", &planned.jobs).expect("a plan");
    let how = JobOptions::default();
    let mut told = Told::default();
    let tally = pipeline::run_plan(out, &plan, &Workers::Here(&how), &mut told).expect("jobs");
    assert_eq!((tally.done, tally.failed), (2, 0), "{:?}", told.notices);
    assert_eq!(told.jobs, ["copy-fast-1: true", "copy-fast-2: true"]);
    assert_eq!(told.epochs, 4);
    let report = pipeline::gather("Test", out, &plan, &mut told);
    assert!(!report.is_damaged());
    let again = pipeline::run_job(&out.join("copy-fast-1"), &how, &mut told).expect("a job");
    assert!(matches!(again, Attempt::Skipped));

    let other = ReproduceOptions {
        settings: vec![],
        ..options
    };
    let planned = other
        .jobs(None, &mut Silent)
        .expect("the recipe's settings");
    let error = pipeline::write_plan(out, "a test", &planned.jobs).unwrap_err();
    assert!(matches!(error, Error::Plan(_)), "{error:?}");
    let none = Workers::Processes {
        at_once: 0,
        command: &|_| Vec::new(),
    };
    let error = pipeline::run_plan(out, &plan, &none, &mut Silent).unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
}

#[test]
fn errors_are_of_the_kind_that_a_caller_can_act_on() {
    let nowhere = Path::new("/nonexistent/model");
    let error = pipeline::evaluate(&EvaluateOptions::of(nowhere), &mut Silent).unwrap_err();
    assert!(matches!(error, Error::Model(_)), "{error:?}");
    assert_eq!(error.path(), Some(nowhere));
    assert!(
        error.with_causes().contains("os error"),
        "{}",
        error.with_causes()
    );

    let error = pipeline::config_of_run(nowhere).unwrap_err();
    assert!(matches!(error, Error::Checkpoint(_)), "{error:?}");

    let mut elsewhere = EvaluateOptions::of(models().join("har2"));
    elsewhere.data_dir = Some(nowhere.into());
    let error = pipeline::evaluate(&elsewhere, &mut Silent).unwrap_err();
    assert!(matches!(error, Error::Data(_)), "{error:?}");

    let error = ConfigOptions::default().read(&mut Silent).unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    assert_eq!("xnor".parse(), Ok(KernelName::Xnor));
    assert!("no kernel".parse::<KernelName>().is_err());
}

/// The crates that the library is built of without the program's features.
#[test]
fn the_library_does_without_what_only_its_program_needs() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "hadamrnn"])
        .args(["--no-default-features", "--features", "flex"])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let crates: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        crates.contains(&"burn"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for program in [
        "clap",
        "crossterm",
        "ctrlc",
        "indicatif",
        "mimalloc",
        "ratatui",
        "signal-hook",
    ] {
        assert!(!crates.contains(&program), "{program}");
    }
}
