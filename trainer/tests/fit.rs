//! The cost estimates against what the emulated cores measured, and the search itself.

use std::path::{Path, PathBuf};

use hadamrnn::board::FirmwareFolder;
use hadamrnn::config::RunConfig;
use hadamrnn::cost::{CostTable, Costs, Shape, faded, full_blocks, measure, sample_models};
use hadamrnn::data::{Sequences, Targets, Task};
use hadamrnn::fit::{Limits, POINTS_NAME, read_points};
use hadamrnn::integer::{KernelName, ModelFile};
use hadamrnn::pipeline::{
    self, Effort, Error, FirmwareOptions, FitOptions, FitTarget, Fitted, FlashOptions, FlashTarget,
    Observer, Silent, TimingOptions,
};
use hadamrnn::verify;
use hadamrnn_firmware_support::boards::Registry;
use hadamrnn_runtime::format::Fading;

/// Share by which an estimate may be off.
const TOLERANCE: f64 = 0.02;
/// Steps of a window, the fewest that sensors have in practice: the fewer, the more its readout weighs.
const STEPS: usize = 16;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn is_near(estimate: u64, measured: u64) -> bool {
    (estimate as f64 - measured as f64).abs() <= TOLERANCE * measured as f64 + 1.0
}

/// A row of `docs/bench/device.json`.
#[derive(serde::Deserialize)]
struct Row {
    board: String,
    kernel: KernelName,
    known: bool,
    hidden: usize,
    instructions_per_step: u64,
    readout_instructions: u64,
    session_bytes: u64,
    stack_bytes: u64,
    code_bytes: u64,
    model_bytes: u64,
}

#[derive(serde::Deserialize)]
struct Rows {
    rows: Vec<Row>,
}

/// The shape of the models that `bench device` runs: that of the shipped one, with other hidden sizes in one block.
fn device_shape(hidden: usize) -> Shape {
    let file = ModelFile::read(&root().join("models/har2/model.hdrn")).expect("the shipped model");
    let shape = Shape::of(&file.model().expect("valid")).expect("covered");
    let log2_block = hidden.ilog2() as usize;
    Shape {
        hidden,
        log2_block,
        driven_rows: hidden,
        state_bits: 12.min(19 - log2_block) as u8,
        name: "bench".len(),
        ..shape
    }
}

/// Bytes that frames on the stack are multiples of: an estimate is that of the deepest model of its kind.
const FRAME: u64 = 8;

/// Share by which a step of the row with 512 units is longer than its estimate where the core has no instruction that saturates: its
/// random weights take states of 10 bits to their limits, which cost more there (docs/KERNELS.md). Trained models are scaled
/// to stay within.
const AT_LIMITS: f64 = 0.09;

/// Whether an estimate of a row's instructions is right.
fn is_right(row: &Row, estimate: u64, measured: u64) -> bool {
    let saturates_slowly = ["qemu-m0", "qemu-rv32", "qemu-rv32-zbb"].contains(&&*row.board);
    if row.hidden == 512 && saturates_slowly {
        return estimate < measured && estimate as f64 > measured as f64 * (1.0 - AT_LIMITS);
    }
    is_near(estimate, measured)
}

#[test]
fn estimates_are_those_of_every_row_of_the_device_table() {
    let text = std::fs::read_to_string(root().join("docs/bench/device.json")).expect("the table");
    let rows: Rows = serde_json::from_str(&text).expect("rows");
    let table = CostTable::built_in().expect("the built-in table");
    // The kernel that candidates run on, in firmware that reads its model; there are no estimates for the others.
    let packed = |row: &&Row| row.kernel == KernelName::FwhtPacked && !row.known;
    assert_eq!(rows.rows.iter().filter(packed).count(), 28);
    let mut wrong = Vec::new();
    for row in rows.rows.iter().filter(packed) {
        let shape = device_shape(row.hidden);
        let costs = table.costs_of_case(&row.board, row.kernel, &shape);
        let costs = costs.unwrap_or_else(|| panic!("no estimate for {} {}", row.board, row.kernel));
        for (what, estimate, measured) in [
            (
                "instructions a step",
                costs.instructions_per_step,
                row.instructions_per_step,
            ),
            (
                "window",
                costs.window(STEPS),
                row.instructions_per_step * STEPS as u64 + row.readout_instructions,
            ),
            ("session", costs.session_bytes, row.session_bytes),
            ("ram", costs.ram(), row.session_bytes + row.stack_bytes),
            ("code", costs.code_bytes, row.code_bytes),
            ("model", costs.model_bytes, row.model_bytes),
        ] {
            let holds = match what {
                "model" | "session" => estimate == measured,
                "ram" => is_near(estimate, measured) || estimate.abs_diff(measured) <= FRAME,
                "code" => is_near(estimate, measured),
                _ => is_right(row, estimate, measured),
            };
            if !holds {
                wrong.push(format!(
                    "{} {} n = {}: {what} {estimate}, measured {measured}",
                    row.board, row.kernel, row.hidden
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Needs the emulators and the compilers of boards. A pool that fades every step costs the most of one that does not.
#[test]
fn estimates_of_pools_that_fade_are_those_of_the_emulated_cores() {
    let folder = FirmwareFolder::locate(Some(&root().join("firmware-examples"))).expect("sources");
    let table = CostTable::built_in().expect("the built-in table");
    let kernel = KernelName::FwhtPacked;
    let random = sample_models(96, 78).expect("models");
    let pooled = random.iter().filter(|it| it.shape.pooled && it.shape.fast);
    let pooled = pooled.max_by_key(|it| it.shape.hidden).expect("a model");
    let units = pooled.shape.hidden as u64;
    assert!(units >= 64, "{units} units");
    for (name, log2_interval) in [
        ("qemu-m0", 0),
        ("qemu-m4", 0),
        ("qemu-m4", 3),
        ("qemu-rv32", 1),
    ] {
        let fading = Fading {
            shift: 2,
            log2_interval,
        };
        let model = faded(pooled, fading).expect("a model").expect("room");
        let estimate = |shape: &Shape| table.costs(name, kernel, shape).expect("an estimate");
        let (with, without) = (estimate(&model.shape), estimate(&pooled.shape));
        assert!(
            with.instructions_per_step
                > without.instructions_per_step + ((units * 5) >> log2_interval),
            "{name}: what fades costs more"
        );
        let channels = model.shape.channels;
        let values: Vec<f32> = model.window.iter().map(|&raw| raw.into()).collect();
        let steps = values.len() / channels;
        let windows = Sequences::new(channels, steps, values, Targets::Class(vec![0]), Vec::new());
        let windows = windows.expect("a window");
        let lsb = vec![1.0; channels];
        let found = verify::board(&folder, name, kernel, &model.file, &windows, &lsb);
        let found = found.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert!(found.passed(), "{name}: {:?}", found.first_difference);
        let measured = found.cost.with_readout();
        assert!(
            is_near(with.window(steps), measured),
            "{name}, every 2^{log2_interval} steps: {} instructions a window, measured {measured}",
            with.window(steps)
        );
        assert_eq!(
            with.session_bytes,
            u64::from(found.cost.session_bytes),
            "{name}"
        );
        assert_eq!(with.model_bytes, model.file.bytes().len() as u64, "{name}");
    }
}

/// Needs the emulators and the compilers of boards.
#[test]
fn estimates_of_random_models_are_those_of_the_emulated_cores() {
    let folder = FirmwareFolder::locate(Some(&root().join("firmware-examples"))).expect("sources");
    let table = CostTable::built_in().expect("the built-in table");
    // Not the models that the factors were fitted to.
    let random = sample_models(64, 77).expect("models");
    let models = [random, full_blocks(77).expect("models")].concat();
    let mut wrong = Vec::new();
    for name in ["qemu-m0", "qemu-m4", "qemu-rv32"] {
        let board = folder.emulated_board(name).expect("a board");
        let kernel = KernelName::FwhtPacked;
        let measured = measure(&folder, &board, kernel, &models).expect("measured");
        for it in &measured {
            let costs = table.costs_of_case(name, kernel, &it.shape);
            let costs = costs.expect("an estimate");
            let cost = &it.cost;
            let step = u64::from(cost.instructions_per_step);
            let window = step * STEPS as u64 + u64::from(cost.readout_instructions);
            let session = u64::from(cost.session_bytes);
            // No candidate of a search, see `CostTable::covers`.
            if !CostTable::covers(&board.target, &it.shape) {
                continue;
            }
            if !is_near(costs.window(STEPS), window) || costs.session_bytes != session {
                wrong.push(format!(
                    "{name}: {} instructions a window, measured {window}; a step {}, measured {step}; session {}, measured {session}: {:?}",
                    costs.window(STEPS),
                    costs.instructions_per_step,
                    costs.session_bytes,
                    it.shape
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A search small enough for a test: on the sample that ships with the program.
fn options(folder: &Path, target: FitTarget) -> FitOptions {
    let mut config = RunConfig::for_task(Task::Har2);
    config.training.epochs = 2;
    config.training.auxiliary = 0.0;
    FitOptions {
        config,
        target,
        limits: Limits {
            instructions_per_window: Some(300_000),
            ..Limits::default()
        },
        clock: None,
        effort: Effort {
            candidates: 4,
            finalists: 2,
            seeds: 2,
            test_seeds: 2,
            ..Effort::default()
        },
        folder: folder.into(),
        data_dir: None,
        // This is about the search.
        measure: false,
        firmware_dir: None,
        workers: 2,
        time: None,
        device: pipeline::DeviceName::default(),
    }
}

fn core() -> FitTarget {
    FitTarget::Core("Cortex-M4".into())
}

/// Asks to stop after so many points.
struct StopsAfter(usize);

impl Observer for StopsAfter {
    fn fit(&mut self, progress: &hadamrnn::fit::Progress) {
        if progress.done > 0 {
            self.0 = self.0.saturating_sub(1);
        }
    }

    fn stop_requested(&self) -> bool {
        self.0 == 0
    }
}

/// Writes the model of a search into a UF2 file for a board, as `flash` does: firmware that cannot run it is an error.
fn flash(model: &Path, board: &str) {
    let options = FlashOptions {
        model: Some(model.into()),
        target: FlashTarget::Board(board.into()),
        uf2: Some(model.with_extension("uf2")),
        slots: None,
        descriptor: None,
        probe: None,
        firmware: false,
        timing: TimingOptions::default(),
        sources: FirmwareOptions::default(),
    };
    pipeline::flash(&options, &mut Silent).expect("the firmware takes it");
}

/// What a search brings, without its times.
fn outcome(fitted: Fitted) -> (String, f64, usize) {
    match fitted {
        Fitted::Chosen(result) => (result.chosen.name, result.test_accuracy, result.front.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stopped_search_goes_on_to_the_same_model_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let pico = || FitTarget::Board("pico".into());
    let expected = outcome(pipeline::fit(&options(&whole, pico()), &mut Silent).expect("a model"));
    flash(&whole.join("model"), "pico");
    for file in [
        "fit.json",
        "front.md",
        "front.svg",
        "model/model.hdrn",
        POINTS_NAME,
    ] {
        assert!(whole.join(file).is_file(), "{file}");
    }
    let mut part = FitOptions {
        workers: 1,
        ..options(&stopped, pico())
    };
    let fitted = pipeline::fit(&part, &mut StopsAfter(2)).expect("stops");
    assert!(matches!(fitted, Fitted::Interrupted));
    let kept = read_points(&stopped).expect("points").points;
    assert!((2..=3).contains(&kept.len()), "{}", kept.len());
    // Other settings are refused, and nothing is lost.
    part.limits.ram = Some(9999);
    part.effort.candidates = 5;
    let error = pipeline::fit(&part, &mut Silent)
        .expect_err("another search")
        .with_causes();
    for words in [
        "any number of bytes of RAM, not 9999 bytes of RAM",
        "candidates = 4, not 5",
        "another --out",
    ] {
        assert!(error.contains(words), "{error}");
    }
    part.limits.ram = None;
    part.effort.candidates = 4;
    assert_eq!(
        outcome(pipeline::fit(&part, &mut Silent).expect("a model")),
        expected
    );
    let points = read_points(&stopped).expect("points").points;
    assert!(kept.iter().all(|point| points.contains(point)));
    let models = [&whole, &stopped]
        .map(|folder| std::fs::read(folder.join("model/model.hdrn")).expect("a model"));
    assert_eq!(models[0], models[1]);
    for point in points.iter().filter(|point| point.fits) {
        assert!(point.instructions_per_window <= 300_000, "{}", point.name);
    }
    bytes_are_those_of_the_file(&whole, pico());
    points_of_other_candidates_are_refused(&part);
}

/// What was known before training, what the search says, and the file are of the same length.
fn bytes_are_those_of_the_file(folder: &Path, target: FitTarget) {
    let file = std::fs::metadata(folder.join("model/model.hdrn")).expect("a model");
    let text = std::fs::read_to_string(folder.join("fit.json")).expect("a result");
    let result: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let number = |value: &serde_json::Value| value["costs"]["model_bytes"].as_u64();
    assert_eq!(number(&result["chosen"]), Some(file.len()));
    assert_eq!(number(&result["tests"][0]), Some(file.len()));
    let judged = pipeline::fit_candidates(&options(folder, target), &mut Silent);
    let chosen = result["chosen"]["candidate"].as_u64().expect("a number") as usize;
    assert_eq!(
        judged.expect("candidates")[chosen].1.model_bytes,
        file.len()
    );
}

/// A search of another version of the program does not go on as if it were one of this.
fn points_of_other_candidates_are_refused(options: &FitOptions) {
    let path = options.folder.join(POINTS_NAME);
    let text = std::fs::read_to_string(&path).expect("points");
    std::fs::write(&path, text.replace("\"name\":\"n ", "\"name\":\"other ")).expect("written");
    let error = pipeline::fit(options, &mut Silent).expect_err("others");
    assert!(error.to_string().contains("another version"), "{error}");
}

#[test]
fn a_folder_of_something_else_is_not_searched_in() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["checkpoint.bin", "model", "model.hdrn", POINTS_NAME] {
        let place = folder.path().join(name.replace('.', "-"));
        std::fs::create_dir(&place).expect("made");
        std::fs::write(place.join(name), "mine").expect("written");
        let error = pipeline::fit(&options(&place, core()), &mut Silent).expect_err("taken");
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.to_string().contains("another --out"), "{error}");
        assert_eq!(std::fs::read(place.join(name)).expect("kept"), b"mine");
        assert!(!place.join("fit.toml").exists());
    }
}

/// Bytes before there are weights are those of a model with them, for every kind of candidate.
#[test]
fn bytes_of_candidates_are_exact() {
    let folder = tempfile::tempdir().expect("a folder");
    for (limits, count) in [
        (Limits::default(), 60),
        (
            Limits {
                model_bytes: Some(700),
                ..Limits::default()
            },
            20,
        ),
    ] {
        let options = FitOptions {
            limits,
            effort: Effort {
                candidates: count,
                ..Effort::default()
            },
            ..options(folder.path(), core())
        };
        let judged = pipeline::fit_candidates(&options, &mut Silent).expect("candidates");
        assert_eq!(judged.len(), count);
        for (candidate, costs) in &judged {
            let shape = Shape::of_config(&candidate.config, candidate.steps, 9, 1);
            let file = shape.expect("covered").placeholder().expect("a model");
            assert_eq!(
                costs.model_bytes,
                file.bytes().len() as u64,
                "{}",
                candidate.name
            );
        }
    }
}

#[test]
fn jobs_bring_the_points_of_a_rung() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, by_jobs) = (folder.path().join("whole"), folder.path().join("jobs"));
    let expected = outcome(pipeline::fit(&options(&whole, core()), &mut Silent).expect("a model"));
    let options = options(&by_jobs, core());
    let mut rounds = 0;
    loop {
        match pipeline::fit_by_jobs(&options, &mut Silent).expect("a round") {
            Fitted::Waiting { jobs, .. } => {
                rounds += 1;
                for job in jobs {
                    pipeline::fit_job(&options, &job.name, &mut Silent).expect("a point");
                }
            }
            fitted => {
                assert_eq!(outcome(fitted), expected);
                break;
            }
        }
    }
    assert!(rounds >= 2, "{rounds}");
    let error = pipeline::fit_job(&options, "rung-9", &mut Silent).expect_err("no such job");
    assert!(matches!(error, Error::Plan(_)), "{error:?}");
}

#[test]
fn limits_that_nothing_meets_name_the_one_that_binds_and_the_nearest_model() {
    let folder = tempfile::tempdir().expect("a folder");
    for (limits, expected) in [
        (
            Limits {
                instructions_per_window: Some(100),
                ..Limits::default()
            },
            "100 instructions a window",
        ),
        (
            Limits {
                flash: Some(2000),
                ..Limits::default()
            },
            "2000 bytes of flash",
        ),
        (
            Limits {
                ram: Some(20),
                ..Limits::default()
            },
            "20 bytes of RAM",
        ),
        (
            Limits {
                model_bytes: Some(60),
                ..Limits::default()
            },
            "60 bytes of the model",
        ),
        (
            Limits {
                instructions_per_sample: Some(1),
                ..Limits::default()
            },
            "1 instructions a sample (0.016 µs) are allowed",
        ),
    ] {
        // However few are asked for.
        let candidates = 1 + usize::from(limits.ram.is_some()) * 30;
        let options = FitOptions {
            limits,
            clock: Some("64MHz".parse().expect("a clock")),
            effort: Effort {
                candidates,
                ..Effort::default()
            },
            ..options(&folder.path().join("nothing"), core())
        };
        let error = pipeline::fit(&options, &mut Silent)
            .expect_err("nothing fits")
            .with_causes();
        for part in [expected, "nearest is n ", "bytes of RAM on Cortex-M4"] {
            assert!(error.contains(part), "{error}");
        }
        // Nothing was begun, so other limits may follow in the same folder.
        assert!(!options.folder.join(POINTS_NAME).exists());
    }
}

/// With few candidates a model that keeps tight limits is found, too.
#[test]
fn tight_limits_find_a_model_with_one_candidate() {
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 1..6 {
        let options = FitOptions {
            limits: Limits {
                instructions_per_window: Some(14_000),
                model_bytes: Some(300),
                ..Limits::default()
            },
            effort: Effort {
                candidates: 1,
                seed,
                ..Effort::default()
            },
            ..options(folder.path(), core())
        };
        let judged = pipeline::fit_candidates(&options, &mut Silent).expect("a candidate");
        let [(candidate, costs)] = &judged[..] else {
            panic!("{}", judged.len());
        };
        assert!(costs.model_bytes <= 300 && costs.window(candidate.steps) <= 14_000);
    }
}

/// Recordings at 100 samples a second for boards that take 50: their task file.
fn at_100_hz(folder: &Path) -> PathBuf {
    for (class, frequency) in [("slow", 0.05f64), ("fast", 0.4)] {
        std::fs::create_dir(folder.join(class)).expect("made");
        for number in 0..8 {
            let row = |i: u32| {
                let at = f64::from(i);
                // Of a strength of its own: recordings with equal samples stay in one split.
                let (phase_of, strength) = (f64::from(number), 1.0 + 0.1 * f64::from(number));
                let value = |phase: f64| strength * (frequency * at + phase + phase_of).sin();
                let time = at / 100.0;
                format!(
                    "{time:.4},{:.4},{:.4},{:.4}\n",
                    value(0.0),
                    value(1.0),
                    value(2.0)
                )
            };
            let rows: String = (0..1200).map(row).collect();
            let text = format!("time (s),ax (m/s^2),ay (m/s^2),az (m/s^2)\n{rows}");
            std::fs::write(folder.join(class).join(format!("r{number}.csv")), text)
                .expect("written");
        }
    }
    let path = folder.join("task.toml");
    let text = "name = \"fast\"\ndata = \".\"\n[recordings]\nsteps = 256\nhop = 128\nchannels = [\"ax\", \"ay\", \"az\"]\n";
    std::fs::write(&path, text).expect("written");
    path
}

/// The rate of own recordings is in the data, not in the configuration: still none is trained that `flash` would refuse by it.
#[test]
fn candidates_of_own_recordings_have_rates_that_the_board_can_make() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("made");
    let task = at_100_hz(&data).display().to_string();
    let setup = pipeline::ConfigOptions {
        task: Some(task.parse().expect("a task file")),
        file: None,
        recipe: None,
    };
    let setup = setup.read(&mut Silent).expect("a task");
    let decimations = |target| {
        let options = FitOptions {
            config: setup.config.clone(),
            data_dir: setup.data_dir(None).expect("there"),
            limits: Limits::default(),
            effort: Effort {
                candidates: 30,
                ..Effort::default()
            },
            ..options(&folder.path().join("search"), target)
        };
        let judged = pipeline::fit_candidates(&options, &mut Silent).expect("candidates");
        let of = |(candidate, _): &(hadamrnn::fit::Candidate, Costs)| {
            candidate.config.preparation.decimation
        };
        judged.iter().map(of).collect::<Vec<usize>>()
    };
    // Firmware of one's own takes any.
    assert!(
        decimations(core())
            .iter()
            .any(|decimation| decimation % 2 == 1)
    );
    let found = decimations(FitTarget::Board("qemu-m4".into()));
    assert!(found.len() > 10, "{found:?}");
    assert!(
        found.iter().all(|decimation| decimation % 2 == 0),
        "{found:?}"
    );
}

/// Tells of what `fit` says.
#[derive(Default)]
struct Notices(Vec<String>);

impl Observer for Notices {
    fn notice(&mut self, text: &str) {
        self.0.push(text.into());
    }
}

#[test]
fn however_short_the_time_a_model_is_found_and_the_search_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = FitOptions {
        time: Some(std::time::Duration::from_millis(1)),
        effort: Effort {
            candidates: 12,
            ..options(folder.path(), core()).effort
        },
        ..options(&folder.path().join("search"), core())
    };
    let mut counts = Vec::new();
    for _ in 0..2 {
        let mut notices = Notices::default();
        let fitted = pipeline::fit(&options, &mut notices).expect("a model");
        assert!(matches!(fitted, Fitted::Chosen(_)), "{fitted:?}");
        let told = notices.0.concat();
        assert!(told.contains("--time ended rung 1 after"), "{told}");
        counts.push(read_points(&options.folder).expect("points").points.len());
    }
    assert!(
        (5..9).contains(&counts[0]) && counts[1] > counts[0],
        "{counts:?}"
    );
}

#[test]
fn unknown_boards_and_tasks_of_tokens_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (target, part) in [
        (FitTarget::Board("pic".into()), "pico"),
        (FitTarget::Core("Z80".into()), "Cortex-M4"),
    ] {
        let error =
            pipeline::fit(&options(folder.path(), target), &mut Silent).expect_err("unknown");
        assert!(error.to_string().contains(part), "{error}");
    }
    let mut tokens = options(folder.path(), core());
    tokens.config = RunConfig::for_task(Task::Imdb);
    let error = pipeline::fit(&tokens, &mut Silent).expect_err("tokens");
    assert!(error.to_string().contains("tokens"), "{error}");
}

/// Every candidate that would be trained for a board is one that its firmware takes, by the checks of `flash`.
#[test]
fn every_board_takes_the_candidates_of_its_search() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::built_in().expect("the registry");
    let mut with_firmware = 0;
    for board in &registry.board {
        let options = FitOptions {
            limits: Limits::default(),
            effort: Effort {
                candidates: 40,
                ..Effort::default()
            },
            ..options(
                &folder.path().join(&board.name),
                FitTarget::Board(board.name.clone()),
            )
        };
        let judged = pipeline::fit_candidates(&options, &mut Silent).expect("candidates");
        assert!(!judged.is_empty(), "{}", board.name);
        for (candidate, costs) in &judged {
            check(board, &candidate.config, costs);
        }
        with_firmware += usize::from(board.stream.is_some());
    }
    assert!(with_firmware >= 8, "{with_firmware}");
}

/// Fails unless a random model of a candidate's configuration is one that the firmware takes.
fn check(board: &hadamrnn_firmware_support::boards::Board, config: &RunConfig, costs: &Costs) {
    assert!(
        costs.flash() <= u64::from(board.flash_size),
        "{}",
        board.name
    );
    assert!(costs.ram() <= u64::from(board.ram_size), "{}", board.name);
    let Some(stream) = &board.stream else {
        return;
    };
    let (room, network) = (stream.capacities, &config.network);
    let inputs = 9 + config.preparation.copies.len();
    assert!(
        network.hidden_size <= usize::from(room.hidden),
        "{}",
        board.name
    );
    assert!(inputs <= usize::from(room.inputs), "{}", board.name);
    assert!(
        network.read_size() <= usize::from(room.read.max(room.hidden)),
        "{}",
        board.name
    );
    if let Some(layer) = &network.hidden_readout {
        assert!(
            layer.hidden_size <= usize::from(room.read),
            "{}",
            board.name
        );
    }
    assert!(
        costs.model_bytes < u64::from(stream.slot_size),
        "{}",
        board.name
    );
}
