//! What `flash`, `send` and `monitor` share: which model, which board, which port.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn::board::FirmwareFolder;
use hadamrnn::card::files;
use hadamrnn::checkpoint;
use hadamrnn::integer::ModelFile;
use hadamrnn::link::{Address, BoardStatus, Client, Patience};
use hadamrnn::model_folder::StoredModel;
use hadamrnn::visible;
use hadamrnn_device::slots::{ModelId, Timing};
use hadamrnn_firmware_support::boards::Board;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

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
        let StoredModel { file, folder, .. } = StoredModel::read(path)?;
        let trained = folder.as_ref().map(|folder| folder.shape.steps);
        let decimation = folder.map(|folder| folder.card.config.preparation.decimation);
        let decimation = decimation
            .map(u16::try_from)
            .transpose()
            .context("the decimation in the card is beyond 65,535")?;
        let timing = Timing {
            window: timing.window.or(trained).unwrap_or(0),
            hop: timing.hop.unwrap_or(0),
            every: timing.every.or(decimation).unwrap_or(1),
        };
        Ok(Self { file, timing })
    }
}

/// The names of a model's classes and channels, from the card of its folder.
pub struct Names {
    pub classes: Vec<String>,
    pub channels: Vec<String>,
    /// The model that they are of.
    pub model: ModelId,
    /// Its name.
    pub name: String,
}

impl Names {
    /// Those of a model folder.
    pub fn read(path: &Path) -> Result<Self> {
        let StoredModel { file, folder, .. } = StoredModel::read(path)?;
        let card = match folder {
            Some(folder) => folder.card,
            None => bail!(
                "{} has no {} beside it, which would name its classes and channels",
                path.display(),
                files::CARD
            ),
        };
        let model = file.model()?;
        Ok(Self {
            model: ModelId::of(file.bytes()),
            name: model.name().into(),
            classes: card.classes,
            channels: card.channels,
        })
    }

    /// Whether a board runs the model that they are of. Where old firmware cannot tell, names and numbers of classes have
    /// to do.
    pub fn check(&self, client: &mut Client, status: &BoardStatus) -> Result<()> {
        let found = client.model(status.running)?;
        let is_alike =
            status.name == self.name && usize::from(status.classes) == self.classes.len();
        ensure!(
            is_alike && found.is_none_or(|found| found == self.model),
            "the board runs {}, but --model names {}: send that model to the board (`hadamrnn send`), give the folder of the \
             one that it runs, or leave --model out",
            described(&status.name, status.classes.into(), found),
            described(&self.name, self.classes.len(), Some(self.model))
        );
        if found.is_none() {
            output::note(
                "note: this firmware cannot tell which model is built into it; the names are those of --model, which has the \
                 same name and as many classes",
            );
        }
        Ok(())
    }
}

fn described(name: &str, classes: usize, id: Option<ModelId>) -> String {
    let id = id.map_or("unknown".into(), |id| format!("{:08x}", id.crc));
    format!(
        "\"{}\" ({classes} classes, CRC-32C {id})",
        visible::name(name)
    )
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

    /// The firmware sources, where they are needed or named.
    pub fn folder_if(&self, needed: bool) -> Result<Option<FirmwareFolder>> {
        let wanted = needed || self.firmware_dir.is_some();
        wanted.then(|| self.folder()).transpose()
    }

    /// The file with an emulated board's flash.
    pub fn flash_path(&self, board: &Board) -> Result<PathBuf> {
        match &self.flash_file {
            Some(path) => Ok(path.clone()),
            None => {
                let folder = self.folder().with_context(|| {
                    format!(
                        "the flash of {} lies beside its firmware, unless --flash-file names it",
                        board.name
                    )
                })?;
                Ok(hadamrnn::board::home(&folder, board)?.join("flash.bin"))
            }
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
