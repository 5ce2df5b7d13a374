//! For build scripts: turns the registry and the environment into what a firmware is built around.
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `HADAMRNN_MODEL` | the shipped HAR-2 model | model file to embed |
//! | `HADAMRNN_WINDOWS` | the shipped HAR-2 windows | window file to embed |
//!
//! Written to `OUT_DIR`: `memory.x` (flash and RAM), `config.rs` (constants and the programs), `model.bin`
//! and `windows.bin`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use hadamrnn_runtime::Model;

use crate::boards::{Board, Registry};
use hadamrnn_device::slots::Timing;
use hadamrnn_device::windows::{HEADER_LEN, WindowFile};

/// Folder of the registry and, above it, of the shipped models.
const FIRMWARE: &str = env!("CARGO_MANIFEST_DIR");
/// The shipped HAR-2 model.
pub const MODEL: &str = "../models/har2/model.hdrn";
/// The windows that ship with it.
pub const WINDOWS: &str = "../models/har2/windows.bin";

/// Configures the firmware of a board, linked by `scripts` besides its memory map.
///
/// # Errors
/// The target is not the board's, a file cannot be read, or what is embedded does not fit; the text says what to change.
pub fn firmware(name: &str, scripts: &[&str]) -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    let registry = input_file("boards.toml");
    let registry = Registry::parse(&fs::read_to_string(registry)?)?;
    let board = registry.board(name)?;
    check_target(board)?;

    // The ESP32's HAL brings its own.
    if board.target.starts_with("thumb") {
        fs::write(out.join("memory.x"), board.memory_x())?;
        println!("cargo::rustc-link-search={}", out.display());
    }
    for script in scripts {
        println!("cargo::rustc-link-arg-bins=-T{script}");
    }
    println!("cargo::rustc-link-arg-bins=--nmagic");

    let model = embed("HADAMRNN_MODEL", MODEL, &out.join("model.bin"), |file| {
        check_runs(&file, board)?;
        model_that_fits(file, board)
    })?;
    embed(
        "HADAMRNN_WINDOWS",
        WINDOWS,
        &out.join("windows.bin"),
        |file| windows_that_fit(file, board, model),
    )?;
    fs::write(out.join("config.rs"), config(board)?)?;
    Ok(())
}

/// Refuses a build for another target than the board's.
///
/// # Errors
/// Says which target the board needs.
pub fn check_target(board: &Board) -> Result<(), Box<dyn Error>> {
    let target = env::var("TARGET")?;
    if target != board.target {
        return Err(format!(
            "{} needs --target {}, not {target}",
            board.name, board.target
        )
        .into());
    }
    Ok(())
}

/// The text of `config.rs`: the constants of the registry, and what the programs are made of.
fn config(board: &Board) -> Result<String, Box<dyn Error>> {
    Ok(board.stream_constants()? + PROGRAMS)
}

const PROGRAMS: &str = r#"
/// The programs, with room for the models that the registry promises for this board.
pub const APP: hadamrnn_board::App<Room, SESSIONS> =
    hadamrnn_board::App::new(FIRMWARE, MODEL);

static MODEL: &[u8] = hadamrnn_runtime::include_model!(concat!(env!("OUT_DIR"), "/model.bin"));
/// Windows that `classify` classifies.
pub static WINDOWS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/windows.bin"));
"#;

/// Refuses a model that the board's firmware could not run.
fn check_runs(file: &[u8], board: &Board) -> Result<(), Box<dyn Error>> {
    let firmware = board
        .descriptor()
        .ok_or("the board has no [board.stream]")?;
    with_model(file, |model| firmware.check(model, Timing::default()))?
        .map_err(|fault| format!("the firmware of {} cannot run it: {fault}", board.name).into())
}

/// Reads the model in a file and gives it to `f`.
///
/// # Errors
/// It is not a model.
pub fn with_model<T>(file: &[u8], f: impl FnOnce(&Model<'_>) -> T) -> Result<T, String> {
    // Models are read in place, on a boundary of four bytes.
    let mut words = vec![0_u32; file.len().div_ceil(4)];
    let bytes = bytemuck::cast_slice_mut::<u32, u8>(&mut words);
    let bytes = &mut bytes[..file.len()];
    bytes.copy_from_slice(file);
    let model = Model::from_bytes(bytes).map_err(|error| format!("not a model: {error}"))?;
    Ok(f(&model))
}

/// Refuses a model that leaves no flash for code.
///
/// # Errors
/// Says how large a model may be.
pub fn model_that_fits(file: Vec<u8>, board: &Board) -> Result<Vec<u8>, Box<dyn Error>> {
    let (name, room) = (&board.name, board.room_for_model());
    if file.len() > room {
        let length = file.len();
        return Err(format!("{name} has room for a model of {room} bytes, not {length}").into());
    }
    Ok(file)
}

/// The whole windows that fit half of the flash beside a model of so many bytes.
///
/// # Errors
/// It is not a window file.
pub fn windows_that_fit(
    mut file: Vec<u8>,
    board: &Board,
    model: usize,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut header = WindowFile::parse(&file)?.header();
    let bytes_each = 2 * usize::from(header.channels) * usize::from(header.steps);
    let room = (board.flash_size as usize / 2).min(board.room_for_model() - model);
    let room = u16::try_from(room / bytes_each).unwrap_or(u16::MAX).max(1);
    if header.windows > room {
        header.windows = room;
        file.truncate(HEADER_LEN + usize::from(room) * bytes_each);
        file[..HEADER_LEN].copy_from_slice(&header.to_bytes());
    }
    Ok(file)
}

/// Copies the file named by a variable to where `include_bytes!` finds it, and returns its length.
///
/// # Errors
/// Names the file and the variable that chose it.
pub fn embed(
    name: &str,
    default: &str,
    to: &Path,
    change: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, Box<dyn Error>>,
) -> Result<usize, Box<dyn Error>> {
    let path = input_file(&variable(name, default));
    let shown = path.display();
    let bytes = fs::read(&path)
        .map_err(|error| format!("{shown}: {error}; {name} names the file to embed"))?;
    let bytes = change(bytes).map_err(|error| format!("{shown}: {error}"))?;
    fs::write(to, &bytes)?;
    Ok(bytes.len())
}

/// A file the build depends on; relative paths start at `firmware-examples`.
#[must_use]
pub fn input_file(path: &str) -> PathBuf {
    let path = Path::new(FIRMWARE).join(path);
    println!("cargo::rerun-if-changed={}", path.display());
    path
}

/// An environment variable the build depends on; empty counts as unset.
#[must_use]
pub fn variable(name: &str, default: &str) -> String {
    println!("cargo::rerun-if-env-changed={name}");
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| default.into())
}
