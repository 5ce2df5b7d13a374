//! Options that several commands share.

use std::path::PathBuf;

use hadamrnn::pipeline::{self, BoardOptions, DeviceName};

use crate::choices::choice;

/// Where the data are, what computes, and how results are printed.
#[derive(clap::Args)]
pub struct Common {
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args, Clone, Debug)]
pub struct DataArgs {
    /// Folder with the data sets, or your recordings: a folder, a file, an archive or their task file [default: $HADAMRNN_DATA, else the sample that ships with the program]
    #[arg(long, value_name = "DIR", value_parser = data_place)]
    pub data_dir: Option<PathBuf>,
}

#[derive(clap::Args, Clone, Debug)]
pub struct DeviceArgs {
    /// Device to compute floats on; those but `cpu` need a build with the feature of that name
    #[arg(long, value_parser = choice::<DeviceName>(), default_value_t = DeviceName::default())]
    pub device: DeviceName,
}

/// Reads a place of data; that of a task file is the one that it names.
fn data_place(text: &str) -> Result<PathBuf, String> {
    pipeline::data_place(text.as_ref()).map_err(|error| format!("{:#}", anyhow::Error::from(error)))
}

impl DeviceArgs {
    /// These arguments as they are given on a command line; nothing if they are the usual ones.
    pub fn given(&self) -> String {
        match self.device == DeviceName::default() {
            true => String::new(),
            false => format!(" --device {}", self.device),
        }
    }
}

/// Boards of a command, and where their firmware is built.
pub fn boards(names: &[String], firmware_dir: Option<&PathBuf>) -> BoardOptions {
    BoardOptions {
        names: names.to_vec(),
        firmware_dir: firmware_dir.cloned(),
    }
}
