//! Test windows: those embedded in flash or, where a `windows.bin` lies in the emulator's working
//! directory, those of that file, read sample by sample. So a board with little flash can run a
//! long test, and a firmware can run other windows without a rebuild.

use hadamrnn_firmware_common::windows::{HEADER_LEN, Header, Windows, decode_sample};
use semihosting::fs::File;
use semihosting::io::Read;

use crate::config::INPUTS;
use crate::failure::Failure;

/// A stream of samples.
pub struct Samples<'a> {
    header: Header,
    source: Source<'a>,
}

enum Source<'a> {
    Flash(core::slice::ChunksExact<'a, u8>),
    File(File),
}

impl<'a> Samples<'a> {
    /// The file if there is one, else the embedded windows; for a model of so many inputs.
    pub fn open(embedded: &'a [u8], inputs: usize) -> Result<Self, Failure> {
        let samples = if let Ok(mut file) = File::open(c"windows.bin") {
            let mut bytes = [0; HEADER_LEN];
            read_exact(&mut file, &mut bytes)?;
            Self {
                header: Header::parse(&bytes)?,
                source: Source::File(file),
            }
        } else {
            let windows = Windows::parse(embedded)?;
            Self {
                header: windows.header(),
                source: Source::Flash(windows.samples()),
            }
        };
        let found = usize::from(samples.header.channels);
        if found != inputs {
            return Err(Failure::Channels {
                found,
                expected: inputs,
            });
        }
        Ok(samples)
    }

    /// Shape of the windows.
    pub fn header(&self) -> Header {
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
                let mut bytes = [0; 2 * INPUTS];
                let length = 2 * usize::from(self.header.channels);
                let bytes = bytes.get_mut(..length).ok_or(Failure::TooFewSamples)?;
                read_exact(file, bytes)?;
                decode_sample(bytes, out);
            }
        }
        Ok(())
    }
}

fn read_exact(file: &mut File, mut bytes: &mut [u8]) -> Result<(), Failure> {
    while !bytes.is_empty() {
        match file.read(bytes) {
            Ok(count) if count > 0 => bytes = bytes.get_mut(count..).unwrap_or_default(),
            _ => return Err(Failure::TooFewSamples),
        }
    }
    Ok(())
}
