//! Boards: building firmware around a model, running it under emulation, reading its report.
//!
//! The registry is `firmware-examples/boards.toml`, which is also part of this program: only where firmware is built must its
//! sources be there. How cargo finds `core` for a bare-metal target is the business of
//! `firmware-examples/cargo-target.sh`, which this module calls.

mod build;
mod cases;
mod emulate;
mod endless;
mod guarded;
mod logs;
mod stream;
mod upsets;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use hadamrnn_firmware_support::boards::{Board, Registry};

use crate::untrusted::{self, Kind};

pub use build::{Firmware, FirmwareSize, Request, build_real};
pub use cases::{Case, CaseRun, run_cases};
pub use emulate::{BoardRun, Cost};
pub use endless::run_endless;
pub use guarded::run_guarded;
pub use stream::{Emulator, FlashFile, Launch, build_stream, home};
pub use upsets::{Happened, Pattern, Tally, random_upsets, run_upsets};

/// The board registry: that of `sources` where they are given, else the one that this program was built with.
///
/// # Errors
/// `boards.toml` cannot be read or has an unknown or missing key.
pub fn registry(sources: Option<&FirmwareFolder>) -> Result<Registry> {
    match sources {
        Some(folder) => folder.registry(),
        None => Registry::built_in().context("the built-in boards.toml is malformed"),
    }
}

/// Where the firmware sources are.
#[derive(Clone, Debug)]
pub struct FirmwareFolder(PathBuf);

impl FirmwareFolder {
    /// `explicit`, else `firmware-examples` here or in a folder above. It is code: firmware is built and run by what is in
    /// it.
    ///
    /// # Errors
    /// Neither has a `boards.toml`.
    pub fn locate(explicit: Option<&Path>) -> Result<Self> {
        let is_firmware = |folder: &PathBuf| folder.join("boards.toml").is_file();
        if let Some(folder) = explicit {
            let folder = folder.to_path_buf();
            return is_firmware(&folder)
                .then_some(Self(folder.clone()))
                .with_context(|| format!("{} has no boards.toml", folder.display()));
        }
        let here = std::env::current_dir().context("the current folder is gone")?;
        here.ancestors()
            .map(|folder| folder.join("firmware-examples"))
            .find(is_firmware)
            .map(Self)
            .context(
                "firmware is built from its sources, and there is no folder firmware-examples here or above: run inside the \
                 project, or give --firmware-dir",
            )
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of a real board's own workspace.
    pub fn of_board(&self, board: &Board) -> PathBuf {
        self.0.join("boards").join(&board.name)
    }

    /// The board registry.
    ///
    /// # Errors
    /// `boards.toml` cannot be read or has an unknown or missing key.
    pub fn registry(&self) -> Result<Registry> {
        let path = self.0.join("boards.toml");
        let text = untrusted::text(&path, Kind::SETTINGS)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Registry::parse(&text).with_context(|| format!("{} is malformed", path.display()))
    }

    /// The board called `name`.
    ///
    /// # Errors
    /// There is none; the message lists the boards there are.
    pub fn board(&self, name: &str) -> Result<Board> {
        self.find(|registry| registry.board(name))
    }

    /// The emulated board called `name`.
    ///
    /// # Errors
    /// There is none; the message lists the emulated boards there are.
    pub fn emulated_board(&self, name: &str) -> Result<Board> {
        self.find(|registry| registry.emulated_board(name))
    }

    /// The emulated board called `name`, which has model slots and a link.
    ///
    /// # Errors
    /// There is none, or it has no slots; the message lists those that have.
    pub fn emulated_board_with_slots(&self, name: &str) -> Result<Board> {
        self.find(|registry| registry.emulated_board_with_slots(name))
    }

    fn find(&self, board: impl Fn(&Registry) -> Result<&Board, String>) -> Result<Board> {
        let registry = self.registry()?;
        board(&registry)
            .cloned()
            .map_err(|message| anyhow!(message))
    }

    /// All emulated boards.
    ///
    /// # Errors
    /// The errors of [`registry`](Self::registry).
    pub fn emulated_boards(&self) -> Result<Vec<Board>> {
        Ok(self.registry()?.emulated().cloned().collect())
    }
}
