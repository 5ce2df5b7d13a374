//! Test windows: those embedded in flash or, where a `windows.bin` lies in the emulator's working
//! directory, those of that file, read sample by sample. So a board with little flash can run a
//! long test, and a firmware can run other windows without a rebuild.

use core::ffi::CStr;

use hadamrnn_device::windows::{HEADER_LEN, WindowFile, WindowFileHeader, decode_sample};
use semihosting::fs::File;
use semihosting::io::Read;

use crate::config::INPUTS;
use crate::failure::Failure;

/// Most channels of a sample from a file.
const MOST_CHANNELS: usize = if INPUTS > 48 { INPUTS } else { 48 };

/// A stream of samples.
pub struct Samples<'a> {
    header: WindowFileHeader,
    source: Source<'a>,
}

enum Source<'a> {
    Flash(core::slice::ChunksExact<'a, u8>),
    File(File),
}

impl<'a> Samples<'a> {
    /// The file if there is one, else the embedded windows; for a model of so many inputs.
    pub fn open(embedded: &'a [u8], inputs: usize) -> Result<Self, Failure> {
        if let Ok(file) = File::open(c"windows.bin") {
            return Self::read(file, inputs);
        }
        let windows = WindowFile::parse(embedded)?;
        let source = Source::Flash(windows.samples());
        Self::new(windows.header(), source, inputs)
    }

    /// The window file that starts where `file` is; for a model of so many inputs.
    pub fn read(mut file: File, inputs: usize) -> Result<Self, Failure> {
        let mut bytes = [0; HEADER_LEN];
        read_exact(&mut file, &mut bytes)?;
        Self::new(WindowFileHeader::parse(&bytes)?, Source::File(file), inputs)
    }

    fn new(header: WindowFileHeader, source: Source<'a>, inputs: usize) -> Result<Self, Failure> {
        let found = usize::from(header.channels);
        if found != inputs {
            return Err(Failure::Channels {
                found,
                expected: inputs,
            });
        }
        Ok(Self { header, source })
    }

    /// The file, at the first byte that is not read yet.
    pub fn into_file(self) -> Option<File> {
        match self.source {
            Source::Flash(_) => None,
            Source::File(file) => Some(file),
        }
    }

    /// Shape of the windows.
    pub fn header(&self) -> WindowFileHeader {
        self.header
    }

    /// The next sample.
    pub fn next(&mut self, out: &mut [i16]) -> Result<(), Failure> {
        match &mut self.source {
            Source::Flash(samples) => {
                let sample = samples.next().ok_or(Failure::TooFewSamples)?;
                decode_sample(sample, out);
            }
            Source::File(file) => {
                let mut bytes = [0; 2 * MOST_CHANNELS];
                let length = 2 * usize::from(self.header.channels);
                let bytes = bytes.get_mut(..length).ok_or(Failure::TooFewSamples)?;
                read_exact(file, bytes)?;
                decode_sample(bytes, out);
            }
        }
        Ok(())
    }
}

/// The little-endian number that a file of the emulator's working directory has.
pub fn number(path: &CStr) -> Result<u32, Failure> {
    let mut file = File::open(path).map_err(|_| Failure::TooFewSamples)?;
    let mut bytes = [0; 4];
    read_exact(&mut file, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Fills `bytes` from a file.
///
/// # Errors
/// The file ends before.
pub fn read_exact(file: &mut File, mut bytes: &mut [u8]) -> Result<(), Failure> {
    while !bytes.is_empty() {
        match file.read(bytes) {
            Ok(count) if count > 0 => bytes = bytes.get_mut(count..).unwrap_or_default(),
            _ => return Err(Failure::TooFewSamples),
        }
    }
    Ok(())
}
