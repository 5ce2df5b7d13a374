//! The program of README.md, compiled and run: over the model that it names, which `hadamrnn export --rust` wrote.

use std::error::Error;
use std::path::{Path, PathBuf};

use hadamrnn::model_folder::StoredModel;
use hadamrnn::rust_module;
use hadamrnn::usage::Usage;

mod movements;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn stored() -> StoredModel {
    StoredModel::read(&root().join("models/har2-hidden")).expect("a model folder")
}

/// A sensor that has recorded samples, and then none.
struct Imu {
    samples: std::vec::IntoIter<Vec<i16>>,
}

impl Imu {
    fn read_counts(&mut self) -> Result<Vec<i16>, &'static str> {
        self.samples.next().ok_or("the recording is over")
    }
}

/// The text between these two lines, without its indentation, stands in README.md.
#[rustfmt::skip]
fn classify(imu: &mut Imu, mut show: impl FnMut(&'static str)) -> Result<(), Box<dyn Error>> {
    // README: from here
    let model = movements::MODEL.model()?;                 // proves that no input overflows, copies nothing
    let mut session = movements::MODEL.session(&model)?;   // less than a kilobyte of RAM
    for index in 0.. {
        let sample = imu.read_counts()?;                   // raw sensor counts, RATE_HZ times a second
        if index % movements::DECIMATION == 0 {
            session.push(&sample)?;                        // standardisation is in the model
        }
        if session.steps() as usize == movements::WINDOW {
            show(movements::MODEL.class_name(session.class()));
            session.reset();
        }
    }
    // README: to here
    Ok(())
}

#[test]
fn the_program_of_the_readme_stands_there_and_gives_the_right_classes() {
    let source = include_str!("readme.rs");
    let (_, rest) = source
        .split_once("// README: from here\n")
        .expect("a start");
    let (program, _) = rest.split_once("    // README: to here").expect("an end");
    let program: Vec<&str> = (program.lines())
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .collect();
    let readme = include_str!("../../../README.md");
    assert!(
        readme.contains(&program.join("\n")),
        "{}",
        program.join("\n")
    );
    assert!(readme.contains("mod movements;"));

    let folder = stored().folder.expect("a folder");
    let channels = usize::from(folder.shape.channels);
    let windows = (0..folder.golden.len()).map(|i| folder.window(i).expect("a window"));
    // Samples that are not used would change every class.
    let unused = vec![i16::MAX; channels];
    let samples: Vec<Vec<i16>> = (windows.flat_map(|window| {
        let samples = window.chunks(channels).map(<[i16]>::to_vec);
        samples
            .flat_map(|sample| [sample, unused.clone()])
            .collect::<Vec<_>>()
    }))
    .collect();
    let mut imu = Imu {
        samples: samples.into_iter(),
    };
    let mut shown = Vec::new();
    let end = classify(&mut imu, |name| shown.push(name)).expect_err("it ends");
    assert_eq!(end.to_string(), "the recording is over");
    let golden = folder.golden.iter().map(|answer| answer.class);
    let golden: Vec<&str> = golden.map(|class| movements::CLASS_NAMES[class]).collect();
    assert_eq!(shown, golden);
    assert!(
        movements::CLASS_NAMES
            .iter()
            .all(|name| shown.contains(name))
    );
}

/// The module beside this file is what the exporter writes today: so it compiles as it is.
#[test]
fn the_module_is_what_export_writes() {
    let stored = stored();
    let usage = Usage::of(&stored).expect("valid");
    let text = rust_module::module("movements", &stored.file, &usage).expect("a module");
    let folder = root().join("tests/tests/documents/readme");
    if std::env::var_os("HADAMRNN_BLESS").is_some() {
        std::fs::write(folder.join("movements.rs"), &text).expect("written");
    }
    let committed = std::fs::read_to_string(folder.join("movements.rs")).expect("the module");
    assert_eq!(
        committed, text,
        "run HADAMRNN_BLESS=1 cargo test -p hadamrnn-tests --test documents"
    );
    let beside = std::fs::read(folder.join("movements.hdrn")).expect("the model");
    assert_eq!(beside, stored.file.bytes());
    let constants = (
        movements::WINDOW,
        movements::HOP,
        movements::DECIMATION,
        movements::RATE_HZ,
    );
    assert_eq!(constants, (64, 32, 2, 50.0));
    assert_eq!(
        movements::CHANNELS.len(),
        movements::MODEL.model().expect("valid").sample_size()
    );
    assert_eq!(
        (movements::CHANNELS[0], movements::CHANNEL_UNITS[0]),
        ("body_acc_x", "g")
    );
    assert_eq!(movements::CHANNEL_LSB[0], 1.0 / 8192.0);
}
