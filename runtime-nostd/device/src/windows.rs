//! Window files: test inputs (no labels) for firmware, in raw sensor units.
//!
//! Everything is little-endian:
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `HDWN` |
//! | 4 | 2 | version, 1 |
//! | 6 | 2 | channels per sample |
//! | 8 | 2 | steps (samples) per window |
//! | 10 | 2 | windows |
//! | 12 | 2 · windows · steps · channels | `i16` samples, `[window][step][channel]` |
//!
//! The file ends with the last sample. Worked example, one window of one step with the channels
//! 1 and -2: `48 44 57 4e  01 00  02 00  01 00  01 00  01 00 fe ff`.

use core::fmt;

/// Length of [`WindowFileHeader`] in the file.
pub const HEADER_LEN: usize = 12;
/// First bytes of a window file.
pub const MAGIC: [u8; 4] = *b"HDWN";
/// The version this code reads and writes.
pub const VERSION: u16 = 1;

/// Shape of a window file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowFileHeader {
    /// Values per sample.
    pub channels: u16,
    /// Samples per window.
    pub steps: u16,
    /// Windows in the file.
    pub windows: u16,
}

/// Why a window file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowsError {
    /// Shorter than a header.
    NoHeader,
    /// The first four bytes are not [`MAGIC`].
    Magic,
    /// A version this code does not know.
    Version(u16),
    /// A header field is zero.
    Empty,
    /// The number of sample bytes is not what the header says.
    Length {
        /// Sample bytes the header asks for.
        expected: u64,
        /// Sample bytes there are.
        found: u64,
    },
}

impl fmt::Display for WindowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoHeader => write!(
                f,
                "window file is shorter than its {HEADER_LEN}-byte header"
            ),
            Self::Magic => f.write_str("not a window file (no HDWN magic)"),
            Self::Version(v) => write!(f, "window file version {v}, this code reads {VERSION}"),
            Self::Empty => f.write_str("window file without windows, steps or channels"),
            Self::Length { expected, found } => {
                write!(
                    f,
                    "window file has {found} bytes of samples, its header says {expected}"
                )
            }
        }
    }
}

impl core::error::Error for WindowsError {}

impl WindowFileHeader {
    /// Reads a header from the first bytes of a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, WindowsError> {
        let bytes = bytes
            .first_chunk::<HEADER_LEN>()
            .ok_or(WindowsError::NoHeader)?;
        let [m0, m1, m2, m3, v0, v1, c0, c1, s0, s1, w0, w1] = *bytes;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(WindowsError::Magic);
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != VERSION {
            return Err(WindowsError::Version(version));
        }
        let header = Self {
            channels: u16::from_le_bytes([c0, c1]),
            steps: u16::from_le_bytes([s0, s1]),
            windows: u16::from_le_bytes([w0, w1]),
        };
        if header.channels == 0 || header.steps == 0 || header.windows == 0 {
            return Err(WindowsError::Empty);
        }
        Ok(header)
    }

    /// The header as file bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let [m0, m1, m2, m3] = MAGIC;
        let [v0, v1] = VERSION.to_le_bytes();
        let [c0, c1] = self.channels.to_le_bytes();
        let [s0, s1] = self.steps.to_le_bytes();
        let [w0, w1] = self.windows.to_le_bytes();
        [m0, m1, m2, m3, v0, v1, c0, c1, s0, s1, w0, w1]
    }

    /// Bytes of samples after the header; fits, as three `u16` and one bit are 49 bits.
    #[must_use]
    pub fn sample_bytes(&self) -> u64 {
        2 * u64::from(self.channels) * u64::from(self.steps) * u64::from(self.windows)
    }
}

/// A whole window file in memory (flash, for firmware).
#[derive(Clone, Copy, Debug)]
pub struct WindowFile<'a> {
    header: WindowFileHeader,
    samples: &'a [u8],
}

impl<'a> WindowFile<'a> {
    /// Checks a file and borrows its samples.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WindowsError> {
        let header = WindowFileHeader::parse(bytes)?;
        let samples = bytes.get(HEADER_LEN..).unwrap_or(&[]);
        let found = samples.len() as u64;
        if found != header.sample_bytes() {
            return Err(WindowsError::Length {
                expected: header.sample_bytes(),
                found,
            });
        }
        Ok(Self { header, samples })
    }

    /// The shape.
    #[must_use]
    pub fn header(&self) -> WindowFileHeader {
        self.header
    }

    /// Every sample of every window, as the bytes [`decode_sample`] takes.
    pub fn samples(&self) -> core::slice::ChunksExact<'a, u8> {
        self.samples
            .chunks_exact(2 * usize::from(self.header.channels))
    }
}

/// Decodes the little-endian values of one sample; the shorter of both slices decides how many.
pub fn decode_sample(bytes: &[u8], out: &mut [i16]) {
    for (value, &[lo, hi]) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *value = i16::from_le_bytes([lo, hi]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKED: [u8; 16] = [
        0x48, 0x44, 0x57, 0x4e, 1, 0, 2, 0, 1, 0, 1, 0, 1, 0, 0xfe, 0xff,
    ];

    #[test]
    fn worked_example() {
        let windows = WindowFile::parse(&WORKED).unwrap();
        assert_eq!(
            windows.header(),
            WindowFileHeader {
                channels: 2,
                steps: 1,
                windows: 1
            }
        );
        assert_eq!(windows.header().to_bytes(), WORKED[..HEADER_LEN]);
        let mut sample = [0; 2];
        decode_sample(windows.samples().next().unwrap(), &mut sample);
        assert_eq!(sample, [1, -2]);
        assert_eq!(windows.samples().count(), 1);
    }

    #[test]
    fn order_is_window_step_channel() {
        let header = WindowFileHeader {
            channels: 3,
            steps: 2,
            windows: 2,
        };
        let mut file = header.to_bytes().to_vec();
        (0..12i16).for_each(|v| file.extend(v.to_le_bytes()));
        let mut sample = [0; 3];
        let fourth = WindowFile::parse(&file).unwrap().samples().nth(3).unwrap();
        decode_sample(fourth, &mut sample);
        assert_eq!(sample, [9, 10, 11], "second window, second step");
    }

    #[test]
    fn every_truncation_and_extension_is_an_error() {
        for len in 0..WORKED.len() {
            let error = WindowFile::parse(&WORKED[..len]).unwrap_err();
            let expected = if len < HEADER_LEN {
                WindowsError::NoHeader
            } else {
                WindowsError::Length {
                    expected: 4,
                    found: (len - HEADER_LEN) as u64,
                }
            };
            assert_eq!(error, expected, "{len} bytes");
        }
        let longer = [&WORKED[..], &[0]].concat();
        assert_eq!(
            WindowFile::parse(&longer).unwrap_err(),
            WindowsError::Length {
                expected: 4,
                found: 5
            }
        );
    }

    #[test]
    fn wrong_headers_are_told_apart() {
        let with = |at: usize, value: u8| {
            let mut bytes = WORKED;
            bytes[at] = value;
            WindowFile::parse(&bytes).map(|_| ()).unwrap_err()
        };
        assert_eq!(with(0, b'X'), WindowsError::Magic);
        assert_eq!(with(4, 2), WindowsError::Version(2));
        assert_eq!(with(5, 1), WindowsError::Version(257));
        for at in [6, 8, 10] {
            assert_eq!(with(at, 0), WindowsError::Empty);
        }
        // The largest shape must not wrap into a short length.
        let huge = [&MAGIC[..], &[1, 0], &[0xff; 6]].concat();
        let expected = 2 * 0xffff_u64.pow(3);
        assert_eq!(
            WindowFile::parse(&huge).unwrap_err(),
            WindowsError::Length { expected, found: 0 }
        );
    }
}
