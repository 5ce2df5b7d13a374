//! Samples for an emulated board's sensor: a window file, the user's own recording as comma-separated text, or recordings of another
//! tool.
//!
//! Values whose unit is told become the counts that the firmware's sensors would give: 1/8192 g and 70 m°/s. A recording is turned into what the board's sensor would have given: its columns are found by name, and acceleration without
//! gravity is split off by the filter of the boards' firmware where the recording has none.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_device::channels::{Channels, Places, Quantity};
use hadamrnn_device::imu::GravityFilter;
use hadamrnn_device::windows::{MAGIC, WindowFile, WindowFileHeader};
use hadamrnn_firmware_support::boards::Board;

use crate::data::import::{self, Options, Unit, counts_of_firmware, scales_in_line};
use crate::observer::Observer;
use crate::untrusted::{self, Kind};
use crate::usage::quantities;
use crate::visible;

/// Columns that are no channels.
const NO_CHANNELS: [&str; 5] = ["label", "recording", "time", "time_s", "subject"];
/// Rates that differ by no more than this, relatively, are the same.
const SAME_RATE: f64 = 0.05;

/// The window file at `path`, or one of the recordings there, for the sensor of `board`.
///
/// # Errors
/// It cannot be read, is malformed (the message names line and column), or lacks a channel that the sensor gives. Where `model`
/// says what the model reads, it may lack others: they are zeros.
pub(super) fn read(
    path: &Path,
    board: &Board,
    model: Option<Channels>,
    observer: &mut dyn Observer,
) -> Result<Vec<u8>> {
    let name = path.display();
    let firmware = board.descriptor().context("the board has no slots")?;
    let sensor = Sensor {
        values: firmware.channels.into(),
        gives: firmware.gives,
        model,
    };
    let of_tool = || sensor.imported(path, firmware.rate.into());
    if path.is_dir() {
        let recorded =
            of_tool()?.context("no channel is in a unit that the board's sensor gives")?;
        recorded.tell(path, firmware.gives, observer);
        return file(&recorded.samples, firmware.channels);
    }
    let bytes =
        untrusted::read(path, Kind::WINDOWS).with_context(|| format!("cannot read {name}"))?;
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
    let own = sensor.samples(&bytes);
    let recorded = match (own, path) {
        (Ok(own), _) => Recorded {
            other_rate: other_rate(path, firmware.rate.into()),
            ..own
        },
        (Err(own), _) => match of_tool() {
            Ok(Some(imported)) => imported,
            _ => {
                return Err(own.context(format!(
                    "{name} is no window file, and no recording for {}",
                    board.name
                )));
            }
        },
    };
    recorded.tell(path, firmware.gives, observer);
    file(&recorded.samples, firmware.channels)
}

/// Samples of a board's sensor, made of recordings.
#[derive(Debug, Default)]
struct Recorded {
    samples: Vec<Vec<i16>>,
    /// Names of the recordings' channels.
    names: Vec<String>,
    /// Values beyond the counts of the firmware.
    saturated: usize,
    /// Samples a second, where they are not the board's.
    other_rate: Option<(f64, f64)>,
    /// Quantities of the board's sensor that the recordings lack, and the model does not read.
    absent: Vec<Quantity>,
}

impl Recorded {
    fn tell(&self, path: &Path, gives: Channels, observer: &mut dyn Observer) {
        let name = path.display();
        if quantities(self.names.iter().map(String::as_str)).is_none() {
            observer.notice(&format!(
                "note: what the columns of {name} measure is not known: they are taken in the order of the board's sensor, which \
                 gives {gives}"
            ));
        }
        if !self.absent.is_empty() {
            let absent: Vec<String> = (self.absent.iter())
                .map(|&quantity| Channels::of(&[quantity]).to_string())
                .collect();
            observer.notice(&format!(
                "note: {name} has no {}, which the model does not read: zeros are streamed in its place",
                absent.join(" and no ")
            ));
        }
        if self.saturated > 0 {
            observer.notice(&format!(
                "warning: {} values of {name} are beyond the counts of the firmware, ±4 g and ±2,290 °/s, and saturate",
                self.saturated
            ));
        }
        if let Some((own, board)) = self.other_rate {
            observer.notice(&format!(
                "warning: {name} has {own:.4} samples a second, and the board's sensor gives {board}: they are streamed one for one, so \
                 the board sees another speed"
            ));
        }
    }
}

/// The rate of a recording by its time and that of the board's sensor, if they differ.
fn other_rate(path: &Path, board: f64) -> Option<(f64, f64)> {
    // What cannot be imported tells no time.
    let imported = import::import(path, &Options::default()).ok()?;
    let rates = imported.recordings.iter().filter_map(import::rate_of);
    differing(rates, board)
}

/// The first of the rates that is not the board's, beside it.
fn differing(mut rates: impl Iterator<Item = f64>, board: f64) -> Option<(f64, f64)> {
    let own = rates.find(|own| (own / board - 1.0).abs() > SAME_RATE);
    own.map(|own| (own, board))
}

/// The firmware's count of a value, saturated, and whether it is.
fn firmware_count(value: f64, unit: Unit) -> Option<(i16, bool)> {
    let count = (value * counts_of_firmware(unit)?).round();
    // A float-to-integer cast saturates.
    let held = count as i16;
    Some((held, f64::from(held) != count))
}

/// Whether the file at `path` is a window file.
pub(in crate::pipeline) fn is_window_file(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    let read = untrusted::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == MAGIC
}

/// A column's name without the unit in brackets behind it, and whether it is a channel that has one.
fn without_unit(name: &str) -> (&str, bool) {
    let Some(at) = name.find(['(', '[']) else {
        return (name, false);
    };
    let stem = name[..at].trim_end();
    (stem, !NO_CHANNELS.contains(&stem))
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
    /// Values that the model reads, as far as it is known; none for all.
    model: Option<Channels>,
}

/// How the board's sample is made of a row of counts.
enum Making {
    /// Its values are at these places of the row.
    Places(Places),
    /// Its quantities come from the row, or are zeros.
    Parts(Vec<(Quantity, Origin)>),
    /// The row is the sample.
    AsItIs,
}

/// Where a quantity of the board's sample comes from.
#[derive(Debug)]
enum Origin {
    /// The row, from this place on.
    Row(usize),
    /// Acceleration, which lies in the row from this place on: gravity is taken off it.
    Split(usize, Box<GravityFilter>),
    /// Nowhere: it is zeros.
    Absent,
}

impl Sensor {
    /// The board's samples of recordings of another tool, one after the other; none where a channel is in no unit that the
    /// firmware's sensors give.
    fn imported(self, path: &Path, rate: f64) -> Result<Option<Recorded>> {
        let imported = import::import(path, &Options::default())?;
        let mut recorded = Recorded::default();
        for recording in &imported.recordings {
            recorded.names = (recording.channels.iter())
                .map(|channel| channel.name.clone())
                .collect();
            let other = differing(import::rate_of(recording).into_iter(), rate);
            recorded.other_rate = recorded.other_rate.or(other);
            let mut making = self.making(&recorded.names)?;
            recorded.absent = making.absent();
            for number in 0..recording.samples() {
                let values = recording.sample(number).iter().zip(&recording.channels);
                let counts: Option<Vec<(i16, bool)>> = values
                    .map(|(value, channel)| firmware_count((*value).into(), channel.unit))
                    .collect();
                let Some(counts) = counts else {
                    return Ok(None);
                };
                recorded.saturated += counts.iter().filter(|(_, saturated)| *saturated).count();
                let row: Vec<i16> = counts.into_iter().map(|(count, _)| count).collect();
                recorded.samples.push(making.sample(&row)?);
            }
        }
        Ok(Some(recorded))
    }

    /// The board's samples of a recording.
    fn samples(self, text: &[u8]) -> Result<Recorded> {
        let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let told = scales_in_line(String::from_utf8_lossy(first).trim_end()).context("line 1")?;
        let scale = |name: &str| told.iter().find(|scale| scale.channel == name);
        let mut saturated = 0;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(text);
        let header = reader
            .headers()
            .context("its first line is no header")?
            .clone();
        // Time may have a unit beside counts. Channels that have units are for the import.
        let is_plain = header.iter().all(|name| !without_unit(name).1);
        let is_channel = |name: &&str| {
            !(NO_CHANNELS.contains(name) || is_plain && NO_CHANNELS.contains(&without_unit(name).0))
        };
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
            let mut counts = counts.collect::<Result<Vec<i16>>>()?;
            for (count, (name, _)) in counts.iter_mut().zip(&fields) {
                if let Some(scale) = scale(name)
                    && let Some((other, is_beyond)) =
                        firmware_count(f64::from(*count) / scale.counts_per_unit, scale.unit)
                {
                    *count = other;
                    saturated += usize::from(is_beyond);
                }
            }
            samples.push(making.sample(&counts)?);
        }
        ensure!(!samples.is_empty(), "it has no samples");
        Ok(Recorded {
            samples,
            names,
            saturated,
            other_rate: None,
            absent: making.absent(),
        })
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
        let mut parts = Vec::new();
        for quantity in given {
            let origin = match (place(quantity), place(Quantity::Acceleration)) {
                (Some(place), _) => Origin::Row(place),
                (None, Some(acceleration)) if quantity == Quantity::Motion => {
                    Origin::Split(acceleration, Box::default())
                }
                _ if self.is_unread(quantity) => Origin::Absent,
                _ => bail!(
                    "it has {found}, the board's sensor gives {}: it lacks {}",
                    self.gives,
                    Channels::of(&[quantity])
                ),
            };
            parts.push((quantity, origin));
        }
        Ok(Making::Parts(parts))
    }

    /// Whether the model is known to read no value of a quantity.
    fn is_unread(self, quantity: Quantity) -> bool {
        let read = self.model.and_then(Channels::to_values);
        let values = Channels::of(&[quantity]).to_values();
        read.zip(values)
            .is_some_and(|(read, values)| values.iter().all(|value| !read.contains(value)))
    }
}

impl Making {
    /// Quantities that are zeros.
    fn absent(&self) -> Vec<Quantity> {
        let Self::Parts(parts) = self else {
            return Vec::new();
        };
        let absent = parts
            .iter()
            .filter(|(_, origin)| matches!(origin, Origin::Absent));
        absent.map(|(quantity, _)| *quantity).collect()
    }

    /// The board's sample of a row.
    fn sample(&mut self, row: &[i16]) -> Result<Vec<i16>> {
        let axes = |at: usize, count| row.get(at..at + count).context("a row is too short");
        match self {
            Self::AsItIs => Ok(row.to_vec()),
            Self::Places(places) => {
                let values = places.iter().map(|&place| axes(place.into(), 1));
                Ok(values.collect::<Result<Vec<_>>>()?.concat())
            }
            Self::Parts(parts) => {
                let parts = parts.iter_mut().map(|(quantity, origin)| {
                    let count = quantity.names().len();
                    Ok(match origin {
                        Origin::Row(place) => axes(*place, count)?.to_vec(),
                        Origin::Split(place, filter) => {
                            let total = axes(*place, 3)?.first_chunk().copied();
                            filter.body(total.context("a row is too short")?).to_vec()
                        }
                        Origin::Absent => vec![0; count],
                    })
                });
                Ok(parts.collect::<Result<Vec<_>>>()?.concat())
            }
        }
    }
}

#[cfg(test)]
mod tests;
