//! Emulated boards to be flashed, sent to and cut off.
#![allow(dead_code, reason = "every test program uses a part")]

use std::path::{Path, PathBuf};

use hadamrnn::board::{self, Firmware, FirmwareFolder, FlashFile, Launch};
use hadamrnn::flash::{self, Device, Installed};
use hadamrnn::integer::ModelFile;
use hadamrnn::link::{Client, Patience};
use hadamrnn_device::slots::{Fault, Running, Timing};
use hadamrnn_firmware_support::boards::Board;

pub const TIMING: Timing = Timing {
    window: 128,
    hop: 0,
    decimation: 1,
    ..Timing::OPEN
};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn model(name: &str) -> ModelFile {
    ModelFile::read(&root().join("models").join(name).join("model.hdrn")).expect("a shipped model")
}

pub fn recorded() -> Vec<u8> {
    std::fs::read(root().join("models/har2/windows.bin")).expect("the shipped windows")
}

/// An emulated board, its firmware, and its flash in a folder of the test's own.
pub struct Bench {
    pub board: Board,
    pub firmware: Firmware,
    pub folder: tempfile::TempDir,
    pub windows: Vec<u8>,
}

impl Bench {
    pub fn new(name: &str) -> Self {
        let sources = root().join("firmware-examples");
        let sources = FirmwareFolder::locate(Some(&sources)).expect("the firmware sources");
        let board = sources.board(name).expect("in the registry");
        let firmware = board::build_stream(&sources, &board).expect("builds");
        Self {
            board,
            firmware,
            folder: tempfile::tempdir().expect("a folder"),
            windows: recorded(),
        }
    }

    pub fn flash(&self) -> FlashFile {
        let path = self.folder.path().join("flash.bin");
        FlashFile::open(&path, &self.board).expect("a flash file")
    }

    pub fn install(&self, flash: &mut FlashFile, name: &str, timing: Timing) -> Installed {
        let firmware = self.board.descriptor().expect("has slots");
        flash::install(flash, &firmware, &model(name), timing).expect("fits")
    }

    pub fn launch(&self, flash: FlashFile) -> (board::Emulator, Client) {
        let launch = Launch {
            board: &self.board,
            firmware: &self.firmware,
            windows: Some(&self.windows),
            rate: Some(0),
            flash_delay: 5_000,
        };
        let (emulator, wire) = launch.start(flash).expect("starts");
        (emulator, Client::new(wire, Patience::default()))
    }

    /// The model that the board would boot from this flash.
    pub fn boots(&self, flash: &mut FlashFile) -> (Option<u32>, [Option<Fault>; 2]) {
        let firmware = self.board.descriptor().expect("has slots");
        let slots = [0, 1].map(|index| flash.read_slot(index, firmware.slot_size).expect("reads"));
        let boot = flash::look(&slots, &firmware).expect("slots");
        (crc(boot.running), boot.slots.map(Result::err))
    }
}

pub fn crc(running: Running) -> Option<u32> {
    match running {
        Running::BuiltIn => None,
        Running::Slot { header, .. } => Some(header.crc),
    }
}
