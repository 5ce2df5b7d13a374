//! Host against every emulated board: each logit and each hidden state of each step, exact.

mod kinds;

use std::path::Path;
use std::process::{Command, Stdio};

use hadamrnn::board::{FirmwareFolder, Request};
use hadamrnn::config::RunConfig;
use hadamrnn::data::{Sequences, Source, Split, Task};
use hadamrnn::events::decision_words;
use hadamrnn::integer::{KernelName, ModelFile};
use hadamrnn::model_folder::StoredModel;
use hadamrnn::novelty;
use hadamrnn::task_data::TaskData;
use hadamrnn::verify;
use hadamrnn_runtime::decision::Rule;
use hadamrnn_runtime::format::part;

const KERNELS: [(&str, &[KernelName]); 7] = [
    ("qemu-m0", &KernelName::ALL),
    ("qemu-m3", &[KernelName::FwhtPacked]),
    ("qemu-m4", &KernelName::ALL),
    ("qemu-m7", &[KernelName::FwhtPacked]),
    ("qemu-m33", &[KernelName::FwhtPacked]),
    ("qemu-rv32", &KernelName::ALL),
    // Only here does a board count bits by an instruction.
    ("qemu-rv32-zbb", &[KernelName::Xnor, KernelName::FwhtPacked]),
];

/// Windows compared on each board with the kernel of its firmware.
const WINDOWS: usize = 200;
/// Windows compared with each further kernel.
const FEW_WINDOWS: usize = 12;

#[test]
fn every_board_computes_what_the_host_computes() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = FirmwareFolder::locate(Some(&root.join("firmware-examples")))
        .expect("the firmware sources");
    let model = ModelFile::read(&root.join("models/har2/model.hdrn")).expect("the shipped model");
    let config = RunConfig::for_task(Task::Har2);
    let data = TaskData::load(&config, Some(&Source::Sample)).expect("the shipped sample");
    let test = data.split(Split::Test);
    assert!(
        test.len() >= WINDOWS,
        "the sample has {} test windows",
        test.len()
    );
    let names: Vec<String> = folder
        .emulated_boards()
        .expect("boards.toml")
        .into_iter()
        .map(|board| board.name)
        .collect();
    assert_eq!(
        names,
        KERNELS.map(|(name, _)| name),
        "an emulated board of the registry is not tested"
    );
    for (board, kernels) in KERNELS {
        for (i, &kernel) in kernels.iter().enumerate() {
            let count = if i == 0 { test.len() } else { FEW_WINDOWS };
            let windows = test.select(&(0..count).collect::<Vec<_>>());
            let verdict =
                verify::board(&folder, board, kernel, &model, &windows, &data.input_lsb())
                    .unwrap_or_else(|error| panic!("{board} {}: {error:#}", kernel.name()));
            assert!(
                verdict.passed(),
                "{board} {}: {:?}",
                kernel.name(),
                verdict.first_difference
            );
            assert_eq!(verdict.panic_symbols, [""; 0], "{board} {}", kernel.name());
            assert_eq!(verdict.windows, count);
            assert!(verdict.cost.instructions_per_step > 0);
        }
    }
}

fn folder() -> FirmwareFolder {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-examples"));
    FirmwareFolder::locate(Some(path)).expect("the firmware sources")
}

#[test]
fn every_kind_of_model_runs_on_boards() {
    let folder = folder();
    for (board, kernel, kind) in [
        ("qemu-m0", KernelName::FwhtPacked, "two layers of tokens"),
        ("qemu-m4", KernelName::FwhtPacked, "folded tokens"),
        ("qemu-m4", KernelName::Fwht, "two layers, dense"),
        ("qemu-m33", KernelName::Xnor, "two layers, Hadamard"),
        ("qemu-rv32", KernelName::FwhtPacked, "two layers of tokens"),
    ] {
        let (_, config) = (kinds::kinds().into_iter())
            .find(|(name, _)| *name == kind)
            .expect("a kind");
        let data = kinds::sequences(&config);
        let model = kinds::exported(&kinds::weights(config, 7), &data, &kinds::widths(12));
        let lsb = [kinds::LSB; kinds::CHANNELS];
        let verdict = verify::board(&folder, board, kernel, &model, &data, &lsb)
            .unwrap_or_else(|error| panic!("{board} {kind}: {error:#}"));
        assert!(
            verdict.passed(),
            "{board} {kind}: {:?}",
            verdict.first_difference
        );
        assert_eq!(verdict.windows, kinds::WINDOWS);
        assert_eq!(verdict.panic_symbols, [""; 0], "{board} {kind}");
    }
}

#[test]
fn a_model_too_large_for_a_board_is_refused() {
    let config = kinds::large_vocabulary();
    let data = kinds::sequences(&config);
    let model = kinds::exported(&kinds::weights(config, 7), &data, &kinds::widths(12));
    let error = verify::board(&folder(), "qemu-m0", KernelName::Fwht, &model, &data, &[]);
    let error = format!("{:#}", error.expect_err("refused"));
    assert!(
        error.contains("qemu-m0 has flash for a model of 196608 bytes"),
        "{error}"
    );
}

/// The hidden readout layer is on the stack while logits are read: with it, the session leaves too little of it.
#[test]
fn a_model_whose_readout_would_overflow_the_stack_is_refused() {
    let config = kinds::large_hidden_readout();
    let data = kinds::sequences(&config);
    let model = kinds::exported(&kinds::weights(config, 7), &data, &kinds::widths(12));
    let lsb = [kinds::LSB; kinds::CHANNELS];
    let error = verify::board(&folder(), "qemu-m0", KernelName::Fwht, &model, &data, &lsb);
    let error = format!("{:#}", error.expect_err("refused"));
    let bytes = (4 * 64 + (4 + 4) * 512 + 4 * 512) + 4 * 1024;
    assert!(
        error.contains("qemu-m0 has RAM for a session of 10240 bytes")
            && error.contains(&format!("this one takes {bytes}")),
        "{error}"
    );
}

/// A shipped network of two classes with a metric, fitted to the sample that ships with it, and a decision.
fn judging(data: &TaskData) -> ModelFile {
    let model = folder().path().join("../models/har2/model.hdrn");
    let plain = ModelFile::read(&model).expect("the shipped model");
    let (train, held_out) = (data.split(Split::Train), data.split(Split::Test));
    let windows = novelty::Windows {
        train: &train,
        held_out: &held_out,
        input_lsb: &data.input_lsb(),
    };
    let with_metric = novelty::with_metric(&plain, windows, 0.3, false).expect("fits");
    let rule = Rule {
        threshold: 400,
        answers: 2,
        hold_off: 2,
    };
    let words = decision_words(1, &[rule; 2]);
    (with_metric.with_part(part::DECISION, Some(&words))).expect("fits")
}

#[test]
fn every_board_decides_and_scores_as_the_host_does() {
    const COUNT: usize = 60;
    let folder = folder();
    let config = RunConfig::for_task(Task::Har2);
    let data = TaskData::load(&config, Some(&Source::Sample)).expect("the shipped sample");
    let file = judging(&data);
    let windows = data
        .split(Split::Test)
        .select(&(0..COUNT).collect::<Vec<_>>());
    let lsb = data.input_lsb();
    let model = file.model().expect("valid");
    let host = verify::judge(&model, KernelName::Fwht, &windows, &lsb).expect("judges");
    let metric = novelty::metric(&model).expect("a metric");
    let threshold = metric.threshold();
    let unknown = host
        .iter()
        .filter(|it| it.novelty > Some(threshold))
        .count();
    let decided = |class| host.iter().filter(|it| it.decided == Some(class)).count();
    assert!(unknown > 0 && unknown < COUNT, "{unknown} are unknown");
    for class in [None, Some(0), Some(1)] {
        assert!(decided(class) > 0, "{class:?} is never decided");
    }
    for (board, kernels) in KERNELS {
        let kernel = kernels[0];
        let verdict = verify::board(&folder, board, kernel, &file, &windows, &lsb);
        let verdict = verdict.unwrap_or_else(|error| panic!("{board}: {error:#}"));
        assert_eq!(verdict.judged_equal, Some(COUNT), "{board}");
        assert!(verdict.passed(), "{board}: {:?}", verdict.first_difference);
        assert_eq!(verdict.panic_symbols, [""; 0], "{board}");
    }
}

/// The board runs the model of a module that `export --rust` has written.
#[test]
fn an_embedded_model_runs_on_a_board() {
    let folder = folder();
    let board = folder.emulated_board("qemu-m4").expect("the board");
    let model = folder.path().join("../models/har2-hidden/model.hdrn");
    let model = ModelFile::read(&model).expect("the shipped model");
    let windows = std::fs::read(folder.path().join("../models/har2-hidden/windows.bin"));
    let windows = windows.expect("the shipped windows");
    let scratch = tempfile::tempdir().expect("a folder");
    let request = Request {
        folder: &folder,
        board: &board,
        kernel: KernelName::FwhtPacked,
        model: &model,
        windows: &windows,
        known: false,
    };
    let firmware = request.build("embed", scratch.path()).expect("builds");
    let run = firmware.run(&board, &windows, scratch.path());
    let run = run.expect("runs");
    let model = model.model().expect("valid");
    let host = verify::answers_to_window_file(&model, &windows).expect("valid");
    assert_eq!(run.answers, host);
    for answer in host {
        let name = ["OTHER", "SITTING_LAYING_UPSTAIRS"][answer.class];
        assert!(run.log.iter().any(|line| line.contains(name)), "{name}");
    }
}

/// Firmware whose compiler knows the model answers as the host does, and contains no panic.
#[test]
fn models_that_the_compiler_knows_run_on_boards() {
    let folder = folder();
    for (board, name) in [
        ("qemu-m0", "har2"),
        ("qemu-m3", "har2-hidden"),
        ("qemu-m4", "har2-two-layers"),
        ("qemu-m33", "dsa19"),
        ("qemu-rv32", "har2"),
    ] {
        let board = folder.emulated_board(board).expect("the board");
        let shipped = StoredModel::read(&folder.path().join("../models").join(name));
        let shipped = shipped.expect("a shipped model");
        let beside = shipped.folder.as_ref().expect("a folder");
        let scratch = tempfile::tempdir().expect("a folder");
        let request = Request {
            folder: &folder,
            board: &board,
            kernel: KernelName::FwhtPacked,
            model: &shipped.file,
            windows: &beside.windows,
            known: true,
        };
        let firmware = request.build("classify", scratch.path()).expect("builds");
        let run = firmware.run(&board, &beside.windows, scratch.path());
        assert_eq!(
            run.expect("runs").answers,
            beside.golden,
            "{name} on {}",
            board.name
        );
        let inference = request.build("nopanic", scratch.path()).expect("links");
        assert_eq!(
            inference.panic_symbols().expect("ELF"),
            [""; 0],
            "{name} on {}",
            board.name
        );
    }
}

/// The program that a newcomer reads first. It prints the name of each recorded window's class.
#[test]
fn the_smallest_program_prints_the_right_classes() {
    let folder = folder();
    let board = folder.emulated_board("qemu-m4").expect("the board");
    let path = folder.path().join("../models/har2");
    let stored = StoredModel::read(&path).expect("the shipped model");
    let beside = stored.folder.expect("a folder");
    let scratch = tempfile::tempdir().expect("a folder");
    let request = Request {
        folder: &folder,
        board: &board,
        kernel: KernelName::FwhtPacked,
        model: &stored.file,
        windows: &beside.windows,
        known: false,
    };
    let firmware = request.build("minimal", scratch.path()).expect("builds");
    let elf = firmware.elf.to_str().expect("a path of text");
    // It ends by itself, and after two minutes in any case.
    let output = Command::new("timeout")
        .args(["120", &board.qemu])
        .args(board.qemu_args(elf))
        .stdin(Stdio::null())
        .output()
        .expect("the emulator");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {text}", output.status);
    let expected = beside.golden.iter();
    let expected: Vec<_> = expected
        .map(|answer| ["other", "resting or upstairs"][answer.class])
        .collect();
    assert!(expected.contains(&"other") && expected.contains(&"resting or upstairs"));
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_wrong_answer_is_noticed() {
    // The comparison must fail if the board gets other windows than the host: here one sample differs.
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let model = ModelFile::read(&root.join("models/har2/model.hdrn")).expect("the shipped model");
    let config = RunConfig::for_task(Task::Har2);
    let data = TaskData::load(&config, Some(&Source::Sample)).expect("the shipped sample");
    let lsb = data.input_lsb();
    let windows = data.split(Split::Test).select(&[0]);
    let mut values = windows.values.numbers().to_vec();
    values[0] += 1.0;
    let changed = Sequences {
        values: values.into(),
        ..windows.clone()
    };
    let model = model.model().expect("valid");
    let answer = |windows| {
        hadamrnn::integer::answers(&model, KernelName::Fwht, windows, &lsb).expect("runs")
    };
    assert_ne!(
        answer(&windows)[0].state_hash,
        answer(&changed)[0].state_hash
    );
}
