//! Builds firmware around a model and measures it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_firmware_support::boards::Board;
use hadamrnn_runtime::{Capacities, Model};
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, Section};
use serde::Serialize;

use super::FirmwareFolder;
use crate::integer::{KernelName, ModelFile};
use crate::untrusted::{self, Kind};

/// A firmware to build.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Folder of the firmware's sources.
    pub folder: &'a FirmwareFolder,
    /// Board to build for: an emulated one.
    pub board: &'a Board,
    /// Kernel of the firmware.
    pub kernel: KernelName,
    /// Model that is built in.
    pub model: &'a ModelFile,
    /// A window file to embed.
    pub windows: &'a [u8],
    /// Whether the model is known to the compiler: then `nopanic` and `classify` contain no reader of model files.
    pub known: bool,
}

/// A built firmware.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// The ELF file.
    pub elf: PathBuf,
}

/// Bytes that a firmware takes on its board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FirmwareSize {
    /// Code, constants and initial values.
    pub flash: u64,
    /// Statics; the stack comes on top.
    pub static_ram: u64,
}

impl Request<'_> {
    /// Builds binary `name` of the emulated firmware. `scratch` holds the embedded files while building.
    ///
    /// # Errors
    /// The toolchain is missing or the build fails; the message has the compiler's last lines.
    pub fn build(&self, name: &str, scratch: &Path) -> Result<Firmware> {
        let model = self.model.model()?;
        self.check_room(&model)?;
        let (model_path, windows_path) = (
            scratch.join("model.hdrn"),
            scratch.join("embedded-windows.bin"),
        );
        write(&model_path, self.model.bytes())?;
        write(&windows_path, self.windows)?;
        let configure = |cargo: &mut Command| {
            cargo
                .env("HADAMRNN_KERNEL", self.kernel.name())
                .env("HADAMRNN_MODEL", &model_path)
                .env("HADAMRNN_WINDOWS", &windows_path);
            if self.known {
                cargo.args(["--features", "known"]);
            }
            if name == "nopanic" {
                cargo.arg("--no-default-features");
                if !model.has_fast_path() {
                    cargo.args(["--features", "fallback"]);
                }
            }
        };
        build_emulated(self.folder, self.board, name, configure, scratch)
    }

    fn check_room(&self, model: &Model<'_>) -> Result<()> {
        let (bytes, room) = (self.model.bytes().len(), self.board.room_for_model());
        ensure!(
            bytes <= room,
            "{} has flash for a model of {room} bytes beside the firmware, this one has {bytes}: choose a board with \
             more flash, or export fewer bits",
            self.board.name
        );
        let (bytes, room) = (
            session_bytes(model, self.kernel),
            self.board.room_for_session(),
        );
        ensure!(
            bytes <= room,
            "{} has RAM for a session of {room} bytes beside the stack, this one takes {bytes}: choose a board with \
             more RAM, or another kernel",
            self.board.name
        );
        Ok(())
    }
}

/// Builds binary `name` of the emulated firmware, as `configure` says, and puts the ELF file into `to`.
pub(super) fn build_emulated(
    folder: &FirmwareFolder,
    board: &Board,
    name: &str,
    configure: impl FnOnce(&mut Command),
    to: &Path,
) -> Result<Firmware> {
    let mut cargo = cargo_target(folder, board, "build");
    cargo
        .args([
            "--release",
            "--quiet",
            "--package",
            "hadamrnn-emulated",
            "--bin",
            name,
        ])
        .env("DEFMT_LOG", "info")
        .env("HADAMRNN_BOARD", &board.name);
    configure(&mut cargo);
    let dir = cargo_target(folder, board, "dir");
    built(folder, board, name, cargo, dir, to)
}

/// Builds binary `name` of a real board's own workspace, and puts the ELF file into `to`.
///
/// # Errors
/// The board has no such workspace, or the build fails; the message has the compiler's last lines.
pub fn build_real(
    folder: &FirmwareFolder,
    board: &Board,
    name: &str,
    to: &Path,
) -> Result<Firmware> {
    let home = folder.of_board(board);
    let manifest = std::path::absolute(home.join("Cargo.toml"))?;
    ensure!(
        manifest.is_file(),
        "{} has no firmware: there is no {}",
        board.name,
        manifest.display()
    );
    let target = std::path::absolute(folder.path().join("target/boards"))?;
    let command = |subcommand| {
        let mut cargo = cargo_target(folder, board, subcommand);
        cargo
            .current_dir(&home)
            .env("HADAMRNN_MANIFEST", &manifest)
            .env("CARGO_TARGET_DIR", &target);
        cargo
    };
    let mut cargo = command("build");
    cargo.args(["--release", "--quiet", "--locked", "--bin", name]);
    built(folder, board, name, cargo, command("dir"), to)
}

/// Runs `cargo`, asks `dir` for the folder it builds into, and copies binary `name` to `to`.
fn built(
    folder: &FirmwareFolder,
    board: &Board,
    name: &str,
    mut cargo: Command,
    mut dir: Command,
    to: &Path,
) -> Result<Firmware> {
    // All boards of a target build to the same path: nobody else may build before the file is copied.
    let _turn = turn(folder)?;
    run(&mut cargo).with_context(|| format!("cannot build firmware {name} for {}", board.name))?;
    let built = run(&mut dir)?;
    let built = Path::new(built.trim())
        .join(&board.target)
        .join("release")
        .join(name);
    let elf = to.join(format!("{name}.elf"));
    std::fs::copy(&built, &elf).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(Firmware { elf })
}

/// Waits until no other program or thread builds firmware.
fn turn(folder: &FirmwareFolder) -> Result<std::fs::File> {
    let target = folder.path().join("target");
    let path = target.join(".building");
    std::fs::create_dir_all(&target)
        .and_then(|()| std::fs::File::create(&path))
        .and_then(|file| file.lock().map(|()| file))
        .with_context(|| format!("cannot lock {}", path.display()))
}

impl FirmwareFolder {
    /// The compiler that builds firmware for `board`, with its version.
    ///
    /// # Errors
    /// There is no compiler for the board's target; the message names the set-up script.
    pub fn compiler(&self, board: &Board) -> Result<String> {
        let which = run(&mut cargo_target(self, board, "which"))?;
        let which = which.trim();
        // Where it comes from matters only where that is not rustup.
        Ok(which.strip_prefix("rustup: ").unwrap_or(which).to_string())
    }
}

fn cargo_target(folder: &FirmwareFolder, board: &Board, subcommand: &str) -> Command {
    let script = folder.path().join("cargo-target.sh");
    let mut command = Command::new("sh");
    command
        .arg(std::path::absolute(&script).unwrap_or(script))
        .args([&board.target, subcommand]);
    // Settings of the cargo that runs this program are for the host.
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "RUSTC",
        "CARGO",
    ] {
        command.env_remove(variable);
    }
    if !board.rustflags.is_empty() {
        let target = board.target.to_uppercase().replace(['-', '.'], "_");
        let variable = format!("CARGO_TARGET_{target}_RUSTFLAGS");
        command.env(variable, &board.rustflags);
    }
    command
}

/// About as many bytes as a session takes, on the stack too, beside what the stack holds for every model.
fn session_bytes(model: &Model<'_>, kernel: KernelName) -> usize {
    let capacities = Capacities::needed_by(model);
    capacities.session_bytes(kernel.unit_bytes()) + capacities.stack_bytes()
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Runs a command to its end and returns its standard output.
fn run(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(30)..].join("\n");
        bail!("the command ended with {}:\n{last}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Firmware {
    /// The ELF file's bytes.
    ///
    /// # Errors
    /// It is gone.
    pub fn read(&self) -> Result<Vec<u8>> {
        untrusted::read(&self.elf, Kind::FIRMWARE)
            .with_context(|| format!("cannot read {}", self.elf.display()))
    }

    /// Bytes of flash and RAM that the firmware takes, from the segments of its ELF file.
    ///
    /// # Errors
    /// The file is not ELF.
    pub fn size(&self, board: &Board) -> Result<FirmwareSize> {
        let bytes = self.read()?;
        let file = object::File::parse(&*bytes)
            .with_context(|| format!("{} is not ELF", self.elf.display()))?;
        let ram =
            u64::from(board.ram_origin)..u64::from(board.ram_origin) + u64::from(board.ram_size);
        // Stack and heap are what is left of the RAM, though some linker scripts have sections for them.
        let is_static = |section: &Section<'_, '_>| {
            ram.contains(&section.address()) && !matches!(section.name(), Ok(".stack" | ".heap"))
        };
        Ok(FirmwareSize {
            flash: file.segments().map(|segment| segment.file_range().1).sum(),
            static_ram: file
                .sections()
                .filter(is_static)
                .map(|section| section.size())
                .sum(),
        })
    }

    /// Names of functions of `core`'s panic machinery that are linked in.
    ///
    /// # Errors
    /// The file is not ELF.
    pub fn panic_symbols(&self) -> Result<Vec<String>> {
        let bytes = self.read()?;
        let file = object::File::parse(&*bytes)
            .with_context(|| format!("{} is not ELF", self.elf.display()))?;
        let names = file
            .symbols()
            .filter_map(|symbol| symbol.name().ok().map(String::from));
        // Mangled: core::panicking::…, core::option::unwrap_failed, core::slice::index::slice_…_fail and the like.
        let marks = [
            "4core9panicking",
            "unwrap_failed",
            "expect_failed",
            "slice_index",
            "_fail",
        ];
        Ok(names
            .filter(|name| marks.iter().any(|mark| name.contains(mark)))
            .collect())
    }
}
