//! Runs a shipped model on a recorded window, as a board would, and names the class.
//!
//!     cargo run --example classify [MODEL FOLDER]

use std::error::Error;
use std::path::{Path, PathBuf};

use hadamrnn::pipeline;

fn main() -> Result<(), Box<dyn Error>> {
    let shipped = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/har2");
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(shipped, PathBuf::from);
    println!("{}", class_of_first_window(&folder)?);
    Ok(())
}

/// Name of the class that the model in `folder` gives the first of the windows beside it.
pub fn class_of_first_window(folder: &Path) -> Result<String, Box<dyn Error>> {
    let model = pipeline::open_model(folder)?;
    let beside = model
        .folder
        .ok_or("the model lies alone, without windows")?;
    // Raw counts of a sensor, [steps][channels], as a board reads them.
    let window = beside.window(0).ok_or("there are no windows")?;
    let answer = pipeline::classify(&model.file, &window)?;
    Ok(beside.card.classes[answer.class].clone())
}
