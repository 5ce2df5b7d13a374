//! Options that several commands share.

use std::path::PathBuf;

use crate::device::DeviceArgs;

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
    /// Folder with the data sets [default: $HADAMRNN_DATA, else the sample that ships with the program]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}
