//! Samples for an emulated board's sensor: a window file, or the user's own recording as comma-separated text.
//!
//! A recording is turned into what the board's sensor would have given: its columns are found by name, and acceleration without
//! gravity is split off by the filter of the boards' firmware where the recording has none.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_device::channels::{Channels, Places, Quantity};
use hadamrnn_device::imu::GravityFilter;
use hadamrnn_device::windows::{MAGIC, WindowFile, WindowFileHeader};
use hadamrnn_firmware_support::boards::Board;

use crate::observer::Observer;
use crate::untrusted::{self, Kind};
use crate::usage::quantities;
use crate::visible;

/// Columns that are no channels.
const NO_CHANNELS: [&str; 3] = ["label", "recording", "time"];

/// The window file at `path`, or one of the recording there, for the sensor of `board`.
///
/// # Errors
/// It cannot be read, is malformed (the message names line and column), or lacks a channel that the sensor gives.
pub(super) fn read(path: &Path, board: &Board, observer: &mut dyn Observer) -> Result<Vec<u8>> {
    let name = path.display();
    let bytes =
        untrusted::read(path, Kind::WINDOWS).with_context(|| format!("cannot read {name}"))?;
    let firmware = board.descriptor().context("the board has no slots")?;
    if bytes.starts_with(&MAGIC) {
        let windows = WindowFile::parse(&bytes);
        let header = windows.with_context(|| format!("{name} is no window file"))?;
        let header = header.header();
        ensure!(
            header.channels == firmware.channels,
            "the samples of {name} have {} values, those of {} have {}",
            header.channels,
            board.name,
            firmware.channels
        );
        return Ok(bytes);
    }
    let sensor = Sensor {
        values: firmware.channels.into(),
        gives: firmware.gives,
    };
    let (samples, names) = sensor.samples(&bytes).with_context(|| {
        format!(
            "{name} is no window file, and no recording for {}",
            board.name
        )
    })?;
    if quantities(names.iter().map(String::as_str)).is_none() {
        observer.notice(&format!(
            "note: what the columns of {name} measure is not known: they are taken in the order of the board's sensor, which \
             gives {}",
            firmware.gives
        ));
    }
    file(&samples, firmware.channels)
}

/// Samples as a window file, whose windows follow each other.
fn file(samples: &[Vec<i16>], channels: u16) -> Result<Vec<u8>> {
    let most = usize::from(u16::MAX);
    let steps = samples.len().div_ceil(most).max(1);
    let header = WindowFileHeader {
        channels,
        steps: u16::try_from(steps).context("the recording has more than 4 billion samples")?,
        // What does not fill the last window, of less than a window in 65,535, is left out.
        windows: u16::try_from(samples.len() / steps).unwrap_or(u16::MAX),
    };
    let used = steps * usize::from(header.windows);
    let values = samples.iter().take(used).flatten();
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend(values.flat_map(|value| value.to_le_bytes()));
    Ok(bytes)
}

/// A board's sensor.
#[derive(Clone, Copy)]
struct Sensor {
    values: usize,
    gives: Channels,
}

/// How the board's sample is made of a row of counts.
enum Making {
    /// Its values are at these places of the row.
    Places(Places),
    /// So are those that are not split off acceleration.
    Split {
        quantities: Vec<(Quantity, usize)>,
        acceleration: usize,
        filter: GravityFilter,
    },
    /// The row is the sample.
    AsItIs,
}

impl Sensor {
    /// The board's samples of a recording, and the names of the recording's channels.
    fn samples(self, text: &[u8]) -> Result<(Vec<Vec<i16>>, Vec<String>)> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text);
        let header = reader
            .headers()
            .context("its first line is no header")?
            .clone();
        let is_channel = |name: &&str| !NO_CHANNELS.contains(name);
        let names: Vec<String> = header
            .iter()
            .filter(is_channel)
            .map(visible::name)
            .collect();
        let mut making = self.making(&names)?;
        let mut samples = Vec::new();
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).context("a row is malformed")? {
            let line = row.position().map_or(0, csv::Position::line);
            let fields = header.iter().zip(&row).filter(|(name, _)| is_channel(name));
            let fields: Vec<(&str, &str)> = fields.collect();
            // A gap between recordings.
            if fields.iter().all(|(_, field)| field.is_empty()) {
                continue;
            }
            let counts = fields.iter().map(|(name, field)| {
                field.parse::<i16>().with_context(|| {
                    format!(
                        "line {line}, column {}: \"{}\" is no raw count, a whole number from -32768 to 32767",
                        visible::name(name),
                        visible::name(field)
                    )
                })
            });
            samples.push(making.sample(&counts.collect::<Result<Vec<i16>>>()?)?);
        }
        ensure!(!samples.is_empty(), "it has no samples");
        Ok((samples, names))
    }

    /// How samples are made of rows whose channels have these names.
    fn making(self, names: &[String]) -> Result<Making> {
        let found = quantities(names.iter().map(String::as_str));
        let Some(found) = found.filter(|_| self.gives.is_stated()) else {
            ensure!(
                names.len() == self.values,
                "it has {} channels ({}), the board's sensor gives {} values: {}",
                names.len(),
                names.join(", "),
                self.values,
                self.gives
            );
            return Ok(Making::AsItIs);
        };
        if let Some(places) = self.gives.places_in(found) {
            return Ok(Making::Places(places));
        }
        let given = self.gives.quantities().unwrap_or_default();
        let place = |quantity: Quantity| {
            let places = Channels::of(&[quantity]).places_in(found)?;
            let first = *places.first()?;
            // Axes are taken as neighbours.
            let are_neighbours = places
                .iter()
                .zip(first..)
                .all(|(&place, next)| place == next);
            are_neighbours.then_some(usize::from(first))
        };
        let mut quantities = Vec::new();
        for quantity in given {
            match (place(quantity), place(Quantity::Acceleration)) {
                (Some(place), _) => quantities.push((quantity, place)),
                (None, Some(acceleration)) if quantity == Quantity::Motion => {
                    quantities.push((quantity, acceleration));
                }
                _ => bail!(
                    "it has {found}, the board's sensor gives {}: it lacks {}",
                    self.gives,
                    Channels::of(&[quantity])
                ),
            }
        }
        let acceleration = place(Quantity::Acceleration).context("it has no acceleration")?;
        Ok(Making::Split {
            quantities,
            acceleration,
            filter: GravityFilter::default(),
        })
    }
}

impl Making {
    /// The board's sample of a row.
    fn sample(&mut self, row: &[i16]) -> Result<Vec<i16>> {
        let axes = |at: usize, count| row.get(at..at + count).context("a row is too short");
        match self {
            Self::AsItIs => Ok(row.to_vec()),
            Self::Places(places) => {
                let values = places.iter().map(|&place| axes(place.into(), 1));
                Ok(values.collect::<Result<Vec<_>>>()?.concat())
            }
            Self::Split {
                quantities,
                acceleration,
                filter,
            } => {
                let total = axes(*acceleration, 3)?.first_chunk().copied();
                let body = filter.body(total.context("a row is too short")?);
                let parts = quantities.iter().map(|&(quantity, place)| {
                    match quantity == Quantity::Motion {
                        true => Ok(&body[..]),
                        false => axes(place, quantity.names().len()),
                    }
                });
                Ok(parts.collect::<Result<Vec<_>>>()?.concat())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hadamrnn_device::channels::Quantity::{Acceleration, Motion, Rotation};

    use super::*;

    const BOARD: Sensor = Sensor {
        values: 9,
        gives: Channels::of(&[Motion, Rotation, Acceleration]),
    };

    fn samples(text: &str) -> Vec<Vec<i16>> {
        BOARD.samples(text.as_bytes()).expect("a recording").0
    }

    #[test]
    fn motion_is_split_off_as_the_firmware_does_it() {
        let text = "label,time,gx,gy,gz,ax,ay,az\nwalk,0,1,2,3,100,-200,8192\n,,,,,,,\nwalk,1,4,5,6,356,-200,8192\n";
        let expected = [
            [0, 0, 0, 1, 2, 3, 100, -200, 8192],
            [247, 0, 0, 4, 5, 6, 356, -200, 8192],
        ];
        assert_eq!(samples(text), expected);
    }

    #[test]
    fn columns_are_found_by_name() {
        let nine = "total_acc_x,total_acc_y,total_acc_z,body_acc_x,body_acc_y,body_acc_z,gx,gy,gz,label\n1,2,3,4,5,6,7,8,9,a\n";
        assert_eq!(samples(nine), [[4, 5, 6, 7, 8, 9, 1, 2, 3]]);
        let unnamed = "label,a,b,c,d,e,f,g,h,i\nx,1,2,3,4,5,6,7,8,9\n";
        assert_eq!(samples(unnamed), [[1, 2, 3, 4, 5, 6, 7, 8, 9]]);
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        for (text, parts) in [
            ("", &["channels"][..]),
            ("ax,ay,az\n1,2,3\n", &["lacks rotation"]),
            ("gx,gy,gz\n1,2,3\n", &["lacks acceleration without gravity"]),
            ("a,b\n1,2\n", &["2 channels (a, b)", "gives 9 values"]),
            ("ay,ax,az\n1,2,3\n", &["total_acc_y, total_acc_x", "lacks"]),
            ("az\n1\n", &["total_acc_z", "lacks"]),
            ("ax,ay,az,gx,gy,gz\n", &["no samples"]),
            (
                "ax,ay,az,gx,gy,gz\n1,2,3,4,5,6\n1,2,3,4,5\n",
                &["malformed"],
            ),
            (
                "ax,ay,az,gx,gy,gz\n1,2,3,4,5,6\n1,2,3,4.5,5,6\n",
                &["line 3, column gx", "4.5"],
            ),
            (
                "ax,ay,az,gx,gy,gz\n1,2,3,4,40000,6\n",
                &["line 2, column gy"],
            ),
        ] {
            let error = BOARD.samples(text.as_bytes()).expect_err(text);
            let error = format!("{error:#}");
            for part in parts {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }

    #[test]
    fn long_recordings_have_longer_windows() {
        for (count, steps, windows) in [(1, 1, 1), (65_535, 1, 65_535), (65_537, 2, 32_768)] {
            let bytes = file(&vec![vec![7]; count], 1).expect("fits");
            let header = WindowFile::parse(&bytes).expect("a window file").header();
            assert_eq!((header.steps, header.windows), (steps, windows), "{count}");
        }
    }
}
