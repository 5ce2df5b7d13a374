//! Putting a model into a slot of a board: by its debug probe, as a UF2 file, or into an emulator's flash.

#[cfg(feature = "probe")]
mod chip;

use std::path::{Path, PathBuf};

use anyhow::Context;
use hadamrnn_firmware_support::boards::Board;

use super::board_model::{BoardModel, TimingOptions};
use super::error::{Error, Fault, Result, Sort};
use super::firmware::{FirmwareOptions, build_stream};
use crate::board::{self, Firmware, FirmwareFolder, FlashFile};
use crate::flash::{self, FlashSegment, Installed, firmware_parts, model_parts, uf2};
use crate::observer::Observer;

/// Options of [`flash()`]: the model, its target and how it is run.
#[derive(Clone, Debug)]
pub struct FlashOptions {
    /// Model folder or model file.
    pub model: Option<PathBuf>,
    /// Board or chip.
    pub target: FlashTarget,
    /// UF2 file to write for a board, instead of using a probe.
    pub uf2: Option<PathBuf>,
    /// Address of the first slot, for a chip.
    pub slots: Option<u32>,
    /// Address of the firmware's descriptor, for a chip.
    pub descriptor: Option<u32>,
    /// Debug probe, where there are several: `VID:PID` or `VID:PID:SERIAL`.
    pub probe: Option<String>,
    /// Whether the board's `stream` firmware is built and written, too.
    pub firmware: bool,
    /// How the model is run.
    pub timing: TimingOptions,
    /// Where firmware and the flash of emulated boards are.
    pub sources: FirmwareOptions,
}

/// Place that a model is put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlashTarget {
    /// Name of a board of the registry, real or emulated.
    Board(String),
    /// Chip by its probe-rs name.
    Chip(String),
}

/// Outcome of [`flash()`].
#[derive(Clone, Debug, Default)]
pub struct Flashed {
    /// The model in its slot, where one was written or there already.
    pub installed: Option<Installed>,
    /// Its place for people: a chip, or the file of an emulated board's flash.
    pub place: String,
    /// The UF2 file that was written.
    pub uf2: Option<PathBuf>,
}

/// Flashes a model, firmware, or both. The observer gets a heading when firmware is built or written.
///
/// # Errors
/// [`Error::Model`]: there is no model, or it is damaged; [`Error::Board`]: the board is unknown, its firmware cannot be
/// built or cannot run the model, or it cannot be reached or written; [`Error::Io`].
pub fn flash(options: &FlashOptions, observer: &mut dyn Observer) -> Result<Flashed> {
    let model = match &options.model {
        Some(path) => Some(BoardModel::read(path, options.timing)?),
        None => None,
    };
    let work = Work {
        options,
        model: model.as_ref(),
    };
    let name = match &options.target {
        FlashTarget::Chip(chip) => return work.on_chip(chip, None, observer),
        FlashTarget::Board(name) => name,
    };
    let folder = options.sources.folder_if(options.firmware)?;
    let registry = board::registry(folder.as_ref()).sort(Error::Board)?;
    let board = registry.board(name).map_err(|message| {
        Error::Board(Fault::new(format_args!(
            "{message}; --firmware-dir names a folder with another boards.toml"
        )))
    })?;
    if let Some(path) = &options.uf2 {
        return work.to_uf2(path, folder.as_ref(), board, observer);
    }
    if board.is_emulated() {
        let board = registry.emulated_board_with_slots(name);
        let board = board.map_err(|message| Error::Board(Fault::new(message)))?;
        return work.to_emulated(folder.as_ref(), board, observer);
    }
    if board.chip.is_empty() {
        return Err(Error::Board(Fault::new(format_args!(
            "{name} has no chip in boards.toml that a probe could flash"
        ))));
    }
    work.on_chip(&board.chip, Some((folder.as_ref(), board)), observer)
}

/// A flashing under way.
struct Work<'a> {
    options: &'a FlashOptions,
    model: Option<&'a BoardModel>,
}

impl Work<'_> {
    /// Builds a board's firmware, where it was asked for, which the sources are at hand for then.
    fn build(
        &self,
        folder: Option<&FirmwareFolder>,
        board: &Board,
        observer: &mut dyn Observer,
    ) -> Result<Option<Firmware>> {
        let folder = folder.filter(|_| self.options.firmware);
        folder
            .map(|folder| build_stream(folder, board, observer))
            .transpose()
    }

    /// Into the file that is an emulated board's flash.
    fn to_emulated(
        &self,
        folder: Option<&FirmwareFolder>,
        board: &Board,
        observer: &mut dyn Observer,
    ) -> Result<Flashed> {
        if let Some(firmware) = self.build(folder, board, observer)? {
            observer.heading(&format!("firmware: {}", firmware.elf.display()));
        }
        let Some(model) = self.model else {
            return Ok(Flashed::default());
        };
        let path = self.options.sources.flash_path(board)?;
        let descriptor = board.descriptor().context("the board has no slots");
        let descriptor = descriptor.sort(Error::Board)?;
        // All before the file is made.
        let timing = model.timing_on(&descriptor, observer)?;
        let checked = descriptor.check(&model.file.model().sort(Error::Model)?, timing);
        let refused = || format!("the firmware of {} cannot run this model", board.name);
        checked.with_context(refused).sort(Error::Board)?;
        let install = || -> anyhow::Result<Installed> {
            let mut file = FlashFile::open(&path, board)?;
            flash::install(&mut file, &descriptor, &model.file, timing)
        };
        Ok(Flashed {
            installed: Some(install().sort_at(Error::Board, &path)?),
            place: path.display().to_string(),
            uf2: None,
        })
    }

    /// Writes a UF2 file for the boot loader.
    fn to_uf2(
        &self,
        path: &Path,
        folder: Option<&FirmwareFolder>,
        board: &Board,
        observer: &mut dyn Observer,
    ) -> Result<Flashed> {
        let family = board.uf2_family.ok_or_else(|| {
            Error::Board(Fault::new(format_args!(
                "{} takes no UF2 files (no uf2_family in boards.toml): flash it by a probe",
                board.name
            )))
        })?;
        let firmware = self.build(folder, board, observer)?;
        let bytes = self.uf2(firmware.as_ref(), board, family, observer)?;
        let written = std::fs::write(path, &bytes)
            .with_context(|| format!("cannot write {}", path.display()));
        written.sort_at(Error::Io, path)?;
        Ok(Flashed {
            uf2: Some(path.into()),
            ..Flashed::default()
        })
    }

    fn uf2(
        &self,
        firmware: Option<&Firmware>,
        board: &Board,
        family: u32,
        observer: &mut dyn Observer,
    ) -> Result<Vec<u8>> {
        let mut parts: Vec<FlashSegment> = Vec::new();
        if let Some(firmware) = firmware {
            let bytes = firmware.read().sort(Error::Board)?;
            parts.extend(firmware_parts(&bytes).sort(Error::Board)?);
        }
        if let Some(model) = self.model {
            let descriptor = board.descriptor();
            let stream = descriptor.zip(board.stream.as_ref());
            let stream = stream.context("the board has no slots");
            let (descriptor, stream) = stream.sort(Error::Board)?;
            let sector = stream.erase_size;
            let timing = model.timing_on(&descriptor, observer)?;
            let made = model_parts(&descriptor, sector, &model.file, timing);
            parts.extend(made.sort(Error::Board)?.1);
        }
        uf2::file(&parts, family).sort(Error::Board)
    }

    /// Through a debug probe. `board` comes with the firmware sources, where they are at hand.
    #[cfg(feature = "probe")]
    fn on_chip(
        &self,
        chip: &str,
        board: Option<(Option<&FirmwareFolder>, &Board)>,
        observer: &mut dyn Observer,
    ) -> Result<Flashed> {
        // Built first: nothing is touched when that fails.
        let firmware = match board {
            Some((folder, board)) => self.build(folder, board, observer)?,
            None => None,
        };
        chip::write(self, chip, board, firmware.as_ref(), observer).sort(Error::Board)
    }

    #[cfg(not(feature = "probe"))]
    fn on_chip(
        &self,
        chip: &str,
        _: Option<(Option<&FirmwareFolder>, &Board)>,
        _: &mut dyn Observer,
    ) -> Result<Flashed> {
        Err(Error::Board(Fault::new(format_args!(
            "this program was built without probe support, which flashing {chip} needs: build it with `cargo build --release \
             --features probe`, or use --uf2 or `hadamrnn send`"
        ))))
    }
}
