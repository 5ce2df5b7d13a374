//! Teaching on the host: a class that was left out of training is taught, and evaluated by name.

mod common;

use common::{contains, fails, path, succeeds};
use hadamrnn::data::{Holdout, Split, Targets, Task};
use hadamrnn::integer::KernelName;
use hadamrnn::pipeline::{
    self, DeviceName, EvaluateOptions, RunData, ShownWindows, Silent, TeachOptions, UnknownOptions,
};
use hadamrnn::recipe::Recipe;
use hadamrnn::taught::Judge;

#[test]
fn a_class_that_was_left_out_is_taught_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Recipe::Fast.config(Task::Har6);
    config.training.epochs = 2;
    config.holdout = Holdout::Standard;
    let unknown = UnknownOptions {
        teaches: false,
        config: config.clone(),
        false_alarms: 0.1,
        seeds: vec![3],
        classes: vec!["LAYING".into()],
        folder: folder.path().join("runs"),
        data_dir: None,
        device: DeviceName::default(),
    };
    pipeline::unknown(&unknown, &mut Silent).expect("runs");
    let before = folder.path().join("runs/6-3/model");
    let options = TeachOptions {
        model: before.clone(),
        label: "LAYING".into(),
        windows: ShownWindows::Data {
            split: Split::Train,
            group: None,
            data_dir: None,
        },
        most: Some(10),
        out: folder.path().join("taught"),
    };
    let taught = pipeline::teach(&options, &mut Silent).expect("is taught");
    assert_eq!((taught.class, taught.is_new, taught.windows), (5, true, 10));
    assert_eq!(taught.classes.last().map(String::as_str), Some("LAYING"));
    assert!(
        pipeline::teach(&options, &mut Silent).is_err(),
        "it is there"
    );

    // Counted by hand: the model's class 5 is the data's class LAYING.
    let stored = pipeline::open_model(&options.out).expect("a model folder");
    let card = stored.card().expect("a card").clone();
    let model = stored.file.model().expect("valid");
    let judge = Judge::of(&model).expect("valid").expect("taught");
    let data = RunData::load(&config, None, &mut Silent).expect("the sample");
    let names = data.task.classes();
    let test = data.task.split(Split::Test);
    let Targets::Class(targets) = &test.targets else {
        panic!("one class a window");
    };
    let (mut right, mut found) = (0, 0);
    for (i, target) in targets.iter().enumerate() {
        let window = test.raw(i, &data.input_lsb);
        let answer = judge
            .answer(&model, KernelName::Fwht, &window)
            .expect("a window")
            .class;
        let name = card.classes.get(answer).map_or("LAYING", String::as_str);
        right += usize::from(names[*target as usize] == name);
        found += usize::from(name == "LAYING" && names[*target as usize] == name);
        let classified = pipeline::classify(&stored.file, &window).expect("a window");
        assert_eq!(classified.class, answer);
    }
    assert!(found > 0, "no window of the class is found");
    let of = |path| pipeline::evaluate(&EvaluateOptions::of(path), &mut Silent).expect("data");
    let evaluation = of(&options.out);
    assert_eq!(evaluation.sequences, test.len());
    let accuracy = right as f64 / test.len() as f64;
    assert!((evaluation.integer.accuracy - accuracy).abs() < 1e-12);
    assert!(
        evaluation.sequences > of(&before).sequences,
        "the class left out is there again"
    );

    let out = path(&options.out);
    contains(
        &succeeds(&["inspect", out]),
        &["LAYING (class 5, new), 10 windows"],
    );
    contains(
        &succeeds(&["verify", out]),
        &["what the model was taught does not enter"],
    );
    fails(
        &["report", out, "--out", path(&folder.path().join("r.html"))],
        &["taught LAYING"],
    );
    fails(&["decide", out], &["taught LAYING"]);
    let header = folder.path().join("m.h");
    fails(&["export", out, "--c", path(&header)], &["taught LAYING"]);

    // The same windows from a file, of a model that lies alone; it names no classes.
    let alone = folder.path().join("alone.hdrn");
    std::fs::copy(before.join("model.hdrn"), &alone).expect("copies");
    let windows = folder.path().join("shown.bin");
    let classes = targets_of(&data, "LAYING");
    let train = data.task.split(Split::Train).select(&classes);
    let bytes = hadamrnn::verify::window_file(&model, &train, &data.input_lsb, 10);
    std::fs::write(&windows, bytes.expect("windows")).expect("writes");
    let new = folder.path().join("alone-taught.hdrn");
    let args = [
        "teach",
        path(&alone),
        path(&windows),
        "--label",
        "LAYING",
        "--out",
        path(&new),
    ];
    contains(
        &succeeds(&args),
        &["with 10 windows, a new class (class 5 of 6)"],
    );
    assert_eq!(std::fs::read(&new).expect("a model"), stored.file.bytes());
    fails(
        &[
            "teach",
            "../models/har6",
            path(&windows),
            "--label",
            "x",
            "--out",
            "y",
        ],
        &["--novelty"],
    );
    fails(
        &["teach", path(&alone), path(&windows), "--label", "x"],
        &["--out"],
    );
}

/// Training windows of a class that do not overlap: every other one.
fn targets_of(data: &RunData, name: &str) -> Vec<usize> {
    let class = data
        .task
        .classes()
        .iter()
        .position(|other| other == name)
        .expect("a class");
    let train = data.task.split(Split::Train);
    let mut next = 0;
    let mut found = Vec::new();
    for (i, target) in train.targets.values().iter().enumerate() {
        if *target as usize == class && i >= next {
            found.push(i);
            next = i + 2;
        }
    }
    found
}
