//! Options that `flash`, `send` and `monitor` share: how a model runs, which port, where firmware is.

use std::path::PathBuf;

use anyhow::{Context, Result};
use hadamrnn::link::Address;
use hadamrnn::pipeline::{FirmwareOptions, TimingOptions};

/// How a model is run on a board.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct TimingArgs {
    /// Samples in a window, of those that are used [default: that of the model folder, else the firmware's]
    #[arg(long, value_name = "N")]
    pub window: Option<u16>,
    /// Use one of so many samples of the sensor [default: the decimation of the model folder, else 1]
    #[arg(long, alias = "every", value_name = "N")]
    pub decimation: Option<u16>,
    /// Samples from one answer to the next [default: a window]
    #[arg(long, value_name = "N")]
    pub hop: Option<u16>,
}

impl TimingArgs {
    /// The options of the library.
    pub fn options(self) -> TimingOptions {
        TimingOptions {
            window: self.window,
            decimation: self.decimation,
            hop: self.hop,
        }
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
    /// The port.
    pub fn port(&self) -> Result<&Address> {
        self.port.as_ref().context(
            "which board? --port names its serial port (`ls /dev/ttyACM* /dev/ttyUSB*` shows those there are)",
        )
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
    /// The options of the library.
    pub fn options(&self) -> FirmwareOptions {
        FirmwareOptions {
            firmware_dir: self.firmware_dir.clone(),
            flash_file: self.flash_file.clone(),
        }
    }
}
