//! Models and boards for the tests of flashing.

use hadamrnn_firmware_support::boards::{Board, Registry};

use crate::board::FirmwareFolder;
use crate::integer::ModelFile;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// All boards.
pub fn registry() -> Registry {
    let folder = format!("{ROOT}/firmware-examples");
    let folder = FirmwareFolder::locate(Some(folder.as_ref())).expect("the sources");
    folder.registry().expect("well-formed")
}

/// A board of the registry.
pub fn board(name: &str) -> Board {
    registry().board(name).expect("in the registry").clone()
}

/// A shipped model.
pub fn har2() -> ModelFile {
    ModelFile::read(format!("{ROOT}/models/har2/model.hdrn").as_ref()).expect("shipped")
}
