//! "None of these", from a run without a class to a model that tells it.

mod common;

use hadamrnn::data::{Holdout, Split, Task};
use hadamrnn::evaluate::integer_scores;
use hadamrnn::integer::{self, KernelName, Scored};
use hadamrnn::novelty;
use hadamrnn::pipeline::{self, DeviceName, Error, ExportOptions, RunData, Silent, UnknownOptions};
use hadamrnn::recipe::Recipe;

/// A short run on the sample that ships with the program.
fn options(folder: &std::path::Path) -> UnknownOptions {
    let mut config = Recipe::Fast.config(Task::Har6);
    config.training.epochs = 2;
    config.holdout = Holdout::Standard;
    UnknownOptions {
        config,
        false_alarms: 0.1,
        teaches: false,
        seeds: vec![3],
        classes: vec!["LAYING".into()],
        folder: folder.into(),
        data_dir: None,
        device: DeviceName::default(),
    }
}

#[test]
fn a_class_that_was_left_out_is_told_from_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    let found = pipeline::unknown(&options, &mut Silent).expect("runs");
    let [found] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((found.class.as_str(), found.seed), ("LAYING", 3));
    assert!(found.told.auroc > 0.6, "{found:?}");

    // The run in the folder knows five classes, and its export has a metric on request alone.
    let run = folder.path().join("6-3");
    let with = pipeline::open_model(&run.join("model"))
        .expect("a model")
        .file;
    let plain = ExportOptions {
        run: run.clone(),
        out: Some(folder.path().join("plain")),
        ..ExportOptions::default()
    };
    let plain = pipeline::export(&plain, &mut Silent).expect("a model");
    assert_eq!(plain.card.classes.len(), 5);
    let plain = pipeline::open_model(&plain.folder).expect("a model").file;
    let (with, plain) = (with.model().expect("valid"), plain.model().expect("valid"));
    assert!(novelty::metric(&plain).is_err());
    let metric = novelty::metric(&with).expect("a metric");
    let config = pipeline::config_of_run(&run).expect("a run");
    let data = RunData::load(&config, None, &mut Silent).expect("data");
    let valid = data.task.split(Split::Valid);
    let kernel = KernelName::best_for(&with);
    let answers = [&with, &plain]
        .map(|model| integer::answers(model, kernel, &valid, &data.input_lsb).expect("answers"));
    assert_eq!(answers[0], answers[1]);
    let scores = integer_scores(&with, kernel, Some(&metric), &valid, &data.input_lsb);
    let scores = scores.expect("scores");
    let is_above = |score: &&Scored| score.novelty.expect("a score") > metric.threshold();
    let above = scores.iter().filter(is_above).count();
    let share = above as f64 / scores.len() as f64;
    assert!((0.05..=0.1).contains(&share), "{above} of {}", scores.len());
}

#[test]
fn what_cannot_be_measured_is_refused_before_the_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let with = |change: fn(&mut UnknownOptions)| {
        let mut options = options(folder.path());
        change(&mut options);
        pipeline::unknown(&options, &mut Silent).expect_err("refused")
    };
    for (error, part) in [
        (
            with(|it| it.classes = vec!["SWIMMING".into()]),
            "SWIMMING is none of the classes WALKING",
        ),
        (
            with(|it| it.classes = vec!["SITTING".into(); 2]),
            "the class SITTING is named twice",
        ),
        (with(|it| it.seeds.clear()), "no seed"),
        (
            with(|it| it.config.holdout = Holdout::None),
            "--holdout standard",
        ),
        (with(|it| it.false_alarms = 1.0), "above 0 and below 1"),
    ] {
        assert!(matches!(error, Error::Config(_)), "{error:?}");
        let text = format!("{:#}", anyhow::Error::from(error));
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_validation_split_cannot_be_set_away() {
    common::fails(
        &["unknown", "har6", "--set", "holdout=none"],
        &["--set holdout", "holdout=standard"],
    );
}
