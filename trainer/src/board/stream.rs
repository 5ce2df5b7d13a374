//! The emulated board with slots and a serial link: its firmware `stream`, its flash in a file, its port as a socket.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_firmware_support::boards::Board;
use tempfile::TempDir;

use super::build::{build_emulated, build_real};
use super::{Firmware, FirmwareFolder, logs};
use crate::link::{Address, Wire};
use crate::untrusted::check_regular;

/// Builds the firmware `stream` of a board, emulated or real, into the board's folder ([`home`]).
///
/// # Errors
/// The board has no slots, or the build fails.
pub fn build_stream(folder: &FirmwareFolder, board: &Board) -> Result<Firmware> {
    ensure!(
        board.stream.is_some(),
        "{} has no firmware with model slots: [board.stream] is missing in boards.toml",
        board.name
    );
    let home = home(folder, board)?;
    if !board.is_emulated() {
        return build_real(folder, board, "stream", &home);
    }
    let configure = |cargo: &mut Command| {
        cargo.args(["--features", "stream"]);
        for variable in ["HADAMRNN_KERNEL", "HADAMRNN_MODEL", "HADAMRNN_WINDOWS"] {
            cargo.env_remove(variable);
        }
    };
    build_emulated(folder, board, "stream", configure, &home)
}

/// The folder of a board's firmware, and of an emulated board's flash, beside the firmware's other build output.
///
/// # Errors
/// It cannot be made.
pub fn home(folder: &FirmwareFolder, board: &Board) -> Result<PathBuf> {
    let path = folder.path().join("target/stream").join(&board.name);
    std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(path)
}

/// The flash of an emulated board: a file that survives the emulator. Open, nobody else can have it open.
#[derive(Debug)]
pub struct FlashFile {
    pub(crate) file: File,
    pub(crate) slot_size: u32,
    path: PathBuf,
}

impl FlashFile {
    /// Opens the flash of `board`, or makes it with both slots erased.
    ///
    /// # Errors
    /// It cannot be opened, or an emulator runs with it.
    pub fn open(path: &Path, board: &Board) -> Result<Self> {
        let name = path.display();
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options
            .open(path)
            .with_context(|| format!("cannot open {name}"))?;
        file.try_lock().with_context(|| {
            format!("{name} is in use: an emulator runs with this flash; stop it, or reach its board with --port")
        })?;
        let metadata = file.metadata();
        let metadata = metadata.with_context(|| format!("cannot read {name}"))?;
        check_regular(&metadata).with_context(|| format!("cannot write {name}"))?;
        let region = board.slots_in_file().context("the board has no slots")?;
        let flash = Self {
            file,
            slot_size: region.slot_size,
            path: path.to_path_buf(),
        };
        match metadata.len() {
            0 => flash
                .erase()
                .with_context(|| format!("cannot write {name}"))?,
            Board::SLOTS_FILE => {}
            length => bail!(
                "{name} is no flash of an emulated board: it has {length} bytes, not {}",
                Board::SLOTS_FILE
            ),
        }
        Ok(flash)
    }

    /// A sparse file but for the slots, which are at its start.
    fn erase(&self) -> std::io::Result<()> {
        self.file.set_len(Board::SLOTS_FILE)?;
        let erased = vec![0xff; 2 * self.slot_size as usize];
        self.file.write_all_at(&erased, 0)
    }
}

/// Settings of an emulator's start.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The board: an emulated one that has slots.
    pub board: &'a Board,
    /// Its firmware `stream`.
    pub firmware: &'a Firmware,
    /// A window file to stream, over and over; else the embedded one.
    pub windows: Option<&'a [u8]>,
    /// Samples a second, 0 for as many as can be; else the board's rate.
    pub rate: Option<u32>,
    /// Turns of a loop for each word that is written to flash: real flash takes its time.
    pub flash_delay: u32,
}

/// A running emulator; ends when dropped.
pub struct Emulator {
    child: Child,
    folder: TempDir,
    elf: PathBuf,
    flash: Option<FlashFile>,
}

const SOCKET: &str = "link";

impl Launch<'_> {
    /// Starts the emulator with this flash, and gives the board's link too.
    ///
    /// # Errors
    /// The emulator is missing or ends at once.
    pub fn start(&self, flash: FlashFile) -> Result<(Emulator, Box<dyn Wire>)> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        if let Some(windows) = self.windows {
            std::fs::write(folder.path().join("windows.bin"), windows)
                .context("cannot write the windows for the emulator")?;
        }
        let output = |name| File::create(folder.path().join(name));
        let (stdout, stderr) = output("stdout.bin")
            .and_then(|stdout| Ok((stdout, output("stderr.txt")?)))
            .context("cannot write the emulator's output")?;
        let mut settings = vec![format!("delay={}", self.flash_delay)];
        settings.extend(self.rate.map(|rate| format!("rate={rate}")));
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let link = format!("unix:{SOCKET},server=on,wait=off");
        let elf = std::path::absolute(&self.firmware.elf)?;
        let path = std::path::absolute(&flash.path)?;
        let args = self
            .board
            .qemu_stream_args(text(&elf)?, text(&path)?, &link, &settings);
        let child = Command::new(&self.board.qemu)
            .args(args)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            // Not of the terminal's group: Ctrl-C is for this program, which ends the emulator itself.
            .process_group(0)
            .spawn()
            .with_context(|| {
                let program = &self.board.qemu;
                format!("cannot run {program}: firmware-examples/setup.sh installs it")
            })?;
        let mut emulator = Emulator {
            child,
            folder,
            elf,
            flash: Some(flash),
        };
        let wire = emulator.connect()?;
        Ok((emulator, wire))
    }
}

/// A path in an option of the emulator, where commas separate.
fn text(path: &Path) -> Result<&str> {
    let text = path.to_str().filter(|text| !text.contains(','));
    text.with_context(|| {
        format!(
            "{}: QEMU takes no commas or non-UTF-8 in paths",
            path.display()
        )
    })
}

impl Emulator {
    /// Where the board's link is.
    pub fn address(&self) -> Address {
        Address::Unix(self.folder.path().join(SOCKET))
    }

    /// Ends the emulator between two instructions, as a power cut does, and gives the flash back.
    ///
    /// # Errors
    /// It cannot be ended.
    pub fn cut_power(mut self) -> Result<FlashFile> {
        self.end().context("cannot stop the emulator")?;
        self.flash.take().context("the flash is gone")
    }

    /// The firmware's log so far.
    ///
    /// # Errors
    /// It cannot be read or decoded.
    pub fn log(&self) -> Result<Vec<String>> {
        logs::decode(&self.elf, &self.folder.path().join("stdout.bin"))
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Opens the board's port, which the emulator does not have at once.
    fn connect(&mut self) -> Result<Box<dyn Wire>> {
        const LIMIT: Duration = Duration::from_secs(30);
        let start = Instant::now();
        loop {
            let error = match self.address().open(0) {
                Ok(wire) => return Ok(wire),
                Err(error) => error,
            };
            let ended = self.child.try_wait();
            if let Some(status) = ended.context("cannot wait for the emulator")? {
                let errors = std::fs::read_to_string(self.folder.path().join("stderr.txt"));
                let errors = errors.unwrap_or_default();
                bail!("the emulator ended with {status}: {}", errors.trim());
            }
            if start.elapsed() > LIMIT {
                return Err(error.context("the emulator does not open its port"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.end();
    }
}
