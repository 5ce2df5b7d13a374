//! What `flash`, `send` and `monitor` share: which model, which board, which port.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hadamrnn::board::FirmwareFolder;
use hadamrnn::card::{Card, files};
use hadamrnn::checkpoint;
use hadamrnn::integer::ModelFile;
use hadamrnn::link::{Address, Client, Patience};
use hadamrnn_firmware_common::boards::Board;
use hadamrnn_firmware_common::slots::Timing;
use hadamrnn_firmware_common::windows;
use indicatif::{ProgressBar, ProgressStyle};

/// How a model is run on a board.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct TimingArgs {
    /// Samples in a window, of those that are used [default: that of the model folder, else the firmware's]
    #[arg(long, value_name = "N")]
    pub window: Option<u16>,
    /// Use one of so many samples of the sensor [default: the decimation of the model folder, else 1]
    #[arg(long, value_name = "N")]
    pub every: Option<u16>,
    /// Samples from one answer to the next [default: a window]
    #[arg(long, value_name = "N")]
    pub hop: Option<u16>,
}

/// A model for a board.
pub struct BoardModel {
    /// Its bytes.
    pub file: ModelFile,
    /// How it is run.
    pub timing: Timing,
}

impl BoardModel {
    /// Reads a model folder or a model file.
    pub fn read(path: &Path, timing: TimingArgs) -> Result<Self> {
        if path.join(checkpoint::FILE_NAME).is_file() {
            bail!(
                "{0} is a run folder: make a model of it first, `hadamrnn export {0} --out DIR`",
                path.display()
            );
        }
        let model = match path.is_dir() {
            true => path.join(files::MODEL),
            false => path.to_path_buf(),
        };
        let file = ModelFile::read(&model)?;
        file.model()
            .with_context(|| format!("{}", model.display()))?;
        let folder = model
            .parent()
            .filter(|folder| folder.join(files::CARD).is_file());
        let (mut trained, mut decimation) = (None, None);
        if let Some(folder) = folder {
            decimation = u16::try_from(Card::read(folder)?.config.preparation.decimation).ok();
            let windows = std::fs::read(folder.join(files::WINDOWS)).ok();
            trained = windows.and_then(|bytes| Some(windows::Header::parse(&bytes).ok()?.steps));
        }
        let timing = Timing {
            window: timing.window.or(trained).unwrap_or(0),
            hop: timing.hop.unwrap_or(0),
            every: timing.every.or(decimation).unwrap_or(1),
        };
        Ok(Self { file, timing })
    }
}

/// The names of a model's classes and channels, from the card of its folder.
#[derive(Default)]
pub struct Names {
    pub classes: Vec<String>,
    pub channels: Vec<String>,
}

impl Names {
    /// Those of a model folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let card = Card::read(folder)?;
        Ok(Self {
            classes: card.classes,
            channels: card.channels,
        })
    }
}

/// A real board's port.
#[derive(clap::Args, Clone, Debug)]
pub struct PortArgs {
    /// Serial port of the board, such as /dev/ttyACM0, or tcp:HOST:PORT, or unix:PATH
    #[arg(long, value_name = "PORT")]
    pub port: Option<Address>,
    /// Speed of a serial port
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    pub baud: u32,
}

impl PortArgs {
    /// Opens the port.
    pub fn connect(&self, patience: Patience) -> Result<Client> {
        let port = self.port.as_ref().context(
            "which board? --port names its serial port (`ls /dev/ttyACM* /dev/ttyUSB*` shows those there are)",
        )?;
        Ok(Client::new(port.open(self.baud)?, patience))
    }
}

/// Where firmware and boards are.
#[derive(clap::Args, Clone, Debug)]
pub struct FirmwareArgs {
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    pub firmware_dir: Option<PathBuf>,
    /// File with an emulated board's flash [default: one for each board, beside its firmware]
    #[arg(long, value_name = "FILE")]
    pub flash_file: Option<PathBuf>,
}

impl FirmwareArgs {
    /// The firmware sources.
    pub fn folder(&self) -> Result<FirmwareFolder> {
        FirmwareFolder::locate(self.firmware_dir.as_deref())
    }

    /// The firmware sources and a board.
    pub fn board(&self, name: &str) -> Result<(FirmwareFolder, Board)> {
        let folder = self.folder()?;
        let board = folder.board(name)?;
        Ok((folder, board))
    }

    /// The file with an emulated board's flash.
    pub fn flash_path(&self, folder: &FirmwareFolder, board: &Board) -> Result<PathBuf> {
        match &self.flash_file {
            Some(path) => Ok(path.clone()),
            None => Ok(hadamrnn::board::home(folder, board)?.join("flash.bin")),
        }
    }
}

/// A bar that counts bytes.
pub fn byte_bar(prefix: &'static str, bytes: u64) -> Result<ProgressBar> {
    let style = "{prefix} [{bar:24}] {bytes}/{total_bytes} {elapsed}<{eta}";
    let style = ProgressStyle::with_template(style)?.progress_chars("=> ");
    Ok(ProgressBar::new(bytes)
        .with_style(style)
        .with_prefix(prefix))
}
