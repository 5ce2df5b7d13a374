//! The report: a file `report.bin` in the emulator's working directory, through semihosting.

use core::ffi::CStr;

use hadamrnn_firmware_support::report::{MAX_FRAME, Report};
use semihosting::fs::{File, OpenOptions};
use semihosting::io::{self, Seek, SeekFrom, Write};
use semihosting::process;

/// Name of the report.
pub const PATH: &CStr = c"report.bin";

/// Frames are gathered before they are written: each semihosting call stops the emulator.
pub struct ReportFile {
    file: File,
    pending: heapless::Vec<u8, 1024>,
}

impl ReportFile {
    /// Creates the report, empty.
    pub fn create() -> io::Result<Self> {
        Ok(Self {
            file: File::create(PATH)?,
            pending: heapless::Vec::new(),
        })
    }

    /// Appends a message.
    pub fn send(&mut self, report: &Report) -> io::Result<()> {
        let mut buffer = [0; MAX_FRAME];
        // Every message fits: a test of `report` pins the largest ones.
        let frame = report
            .encode(&mut buffer)
            .map_err(|_| io::ErrorKind::InvalidInput)?;
        if self.pending.extend_from_slice(frame).is_ok() {
            return Ok(());
        }
        self.flush()?;
        self.pending
            .extend_from_slice(frame)
            .map_err(|_| io::ErrorKind::InvalidInput.into())
    }

    /// Writes what is pending.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// Opens a file to append to it, and gives its length.
pub fn append(path: &CStr) -> io::Result<(File, u64)> {
    let mut file = OpenOptions::new()
        .write(true)
        .append(true)
        .create(true)
        .open(path)?;
    // QEMU writes at the start of a file that was opened to append.
    let length = file.seek(SeekFrom::End(0))?;
    Ok((file, length))
}

/// Appends a message to the report from where no [`ReportFile`] is at hand, and ends the emulator
/// with status 1.
pub fn fail(report: &Report) -> ! {
    let mut buffer = [0; MAX_FRAME];
    if let Ok(frame) = report.encode(&mut buffer)
        && let Ok((mut file, _)) = append(PATH)
    {
        // If this fails, there is no other way to report it; the exit status says enough.
        let _ = file.write_all(frame);
    }
    process::exit(1)
}
