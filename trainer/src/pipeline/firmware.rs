//! The sources of firmware, and the flash of emulated boards.

use std::path::PathBuf;

use hadamrnn_firmware_support::boards::Board;

use super::error::{Error, Result, Sort};
use crate::board::{self, Firmware, FirmwareFolder};
use crate::observer::{Observer, Stage, staged};

/// Where firmware and the flash of emulated boards are.
#[derive(Clone, Debug, Default)]
pub struct FirmwareOptions {
    /// Folder of the firmware sources; none is `firmware-examples` here or above.
    pub firmware_dir: Option<PathBuf>,
    /// File with an emulated board's flash; none is one for each board, beside its firmware.
    pub flash_file: Option<PathBuf>,
}

impl FirmwareOptions {
    /// The firmware sources.
    pub(super) fn folder(&self) -> Result<FirmwareFolder> {
        FirmwareFolder::locate(self.firmware_dir.as_deref()).sort(Error::Board)
    }

    /// The firmware sources, where they are needed or named.
    pub(super) fn folder_if(&self, needed: bool) -> Result<Option<FirmwareFolder>> {
        let wanted = needed || self.firmware_dir.is_some();
        wanted.then(|| self.folder()).transpose()
    }

    /// The file with an emulated board's flash.
    pub(super) fn flash_path(&self, board: &Board) -> Result<PathBuf> {
        use anyhow::Context;
        if let Some(path) = &self.flash_file {
            return Ok(path.clone());
        }
        let folder = FirmwareFolder::locate(self.firmware_dir.as_deref());
        let folder = folder.with_context(|| {
            format!(
                "the flash of {} lies beside its firmware, unless --flash-file names it",
                board.name
            )
        });
        let folder = folder.sort(Error::Board)?;
        let home = board::home(&folder, board).sort(Error::Board)?;
        Ok(home.join("flash.bin"))
    }
}

/// Builds a board's `stream` firmware.
pub(super) fn build_stream(
    folder: &FirmwareFolder,
    board: &Board,
    observer: &mut dyn Observer,
) -> Result<Firmware> {
    let stage = Stage::BuildingFirmware {
        board: board.name.clone(),
    };
    staged(observer, &stage, || board::build_stream(folder, board)).sort(Error::Board)
}
