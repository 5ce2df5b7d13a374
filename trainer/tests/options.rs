//! Options without effect, and numbers out of their ranges, are refused by name.

mod common;

use common::{contains, fails, path, run, succeeds, text};

#[test]
fn options_are_refused_by_name() {
    for (args, parts) in [
        (
            "train har2 --copy-steps 20",
            ["--copy-steps is for the task copy", "har2"],
        ),
        (
            "train har2 --batches-per-epoch 20",
            ["--batches-per-epoch is for the task copy", "leave it out"],
        ),
        (
            "train copy --holdout none",
            ["--holdout is for tasks with data", "copy"],
        ),
        (
            "train sst2 --augment-noise 0.1",
            ["--augment-noise is for signals", "sst2"],
        ),
        (
            "train har2 --augment-shift 1",
            ["--augment-shift is for images", "har2"],
        ),
        (
            "train pmnist --print-config --augment-turn 200",
            ["augmentation.image.turn must be in 0..=180", "200"],
        ),
        (
            "train har2 --learning-rate -1",
            ["learning_rate must be", "-1"],
        ),
        (
            "train har2 --seed 9223372036854775808",
            [
                "seed must be in 0..=9223372036854775807",
                "not 9223372036854775808",
            ],
        ),
        (
            "train har2 --print-config --seed 9223372036854775808",
            ["seed must be in", "9223372036854775808"],
        ),
        (
            "reproduce har2 --seeds 9223372036854775808",
            ["seed must be in", "9223372036854775808"],
        ),
        ("fit har2 --core Cortex-M4 --jobs 0", ["--jobs", "1..=1024"]),
        (
            "fit har2 --core Cortex-M4 --us-per-sample 50",
            ["--us-per-sample 50 needs the clock", "--clock 64MHz"],
        ),
        (
            "fit har2 --core Cortex-M4 --us-per-sample 50 --clock 64",
            ["is no clock", "write 64MHz"],
        ),
        ("fit har2", ["--board", "--core"]),
        (
            "train har2 --holdout anna --out never",
            ["\"anna\"", "1 3 5"],
        ),
    ] {
        fails(&args.split(' ').collect::<Vec<_>>(), &parts);
    }
}

#[test]
fn an_export_warns_of_a_stream_whose_states_rounding_would_move() {
    let folder = tempfile::tempdir().expect("a folder");
    let (kept, leaky) = (folder.path().join("kept"), folder.path().join("leaky"));
    for (run, recipe) in [(&kept, "paper"), (&leaky, "fast")] {
        let train = ["train", "har2", "--epochs", "1", "--out", path(run)];
        succeeds(&[&train[..], &["--recipe", recipe]].concat());
    }
    let warning = "warning: the model is to run without a reset, and keeps all of its state";
    let warns = |args: &[&str]| {
        let output = run(&[&["export"], args].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr).contains(warning)
    };
    assert!(!warns(&[path(&kept)]));
    assert!(warns(&[path(&kept), "--stream", "--overwrite"]));
    assert!(!warns(&[
        path(&kept),
        "--stream",
        "--leak",
        "7",
        "--overwrite"
    ]));
    assert!(!warns(&[path(&leaky), "--stream"]));
    fails(
        &["export", path(&leaky), "--leak", "7"],
        &["[export] leak", "leave it out"],
    );
    fails(
        &["export", path(&kept), "--leak", "16"],
        &["leak must be in 1..=15, not 16"],
    );
    let inspected = succeeds(&["inspect", path(&leaky.join("model"))]);
    contains(
        &inspected,
        &["rounding in a long run", "forgotten in 58 steps"],
    );
}
