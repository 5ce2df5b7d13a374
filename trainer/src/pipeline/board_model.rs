//! A model for a board, and how it is run there.

use std::path::Path;

use anyhow::Context;
use hadamrnn_device::channels::{Channels, Quantity};
use hadamrnn_device::descriptor::{Descriptor, SINGLE_VALUES};
use hadamrnn_device::slots::Timing;

use super::error::{Error, Fault, Result, Sort};
use super::model::open_model;
use super::place::is_run;
use crate::counts;
use crate::data::import::Unit;
use crate::integer::ModelFile;
use crate::observer::Observer;
use crate::usage::{Channel, Usage, are_out_of_order, quantities};
use crate::visible;

/// Rates that differ by no more than this, relatively, are the same: clocks and measured rates are not exact.
const SAME_RATE: f32 = 0.02;

/// How a model is run on a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimingOptions {
    /// Samples in a window, of those that are used; none is that of the model folder, else the firmware's.
    pub window: Option<u16>,
    /// One of so many samples of the sensor is used; none is so many that as many a second are used as in training, else 1.
    pub decimation: Option<u16>,
    /// Samples from one answer to the next; none is a window.
    pub hop: Option<u16>,
}

/// A model for a board.
pub(super) struct BoardModel {
    /// Its bytes.
    pub(super) file: ModelFile,
    /// Settings of how it is run.
    options: TimingOptions,
    /// How it was trained to be used.
    usage: Usage,
}

impl BoardModel {
    /// Reads a model folder or a model file.
    ///
    /// # Errors
    /// [`Error::Model`]: it is a run folder, or no valid model.
    pub(super) fn read(path: &Path, options: TimingOptions) -> Result<Self> {
        if is_run(path) {
            let fault = Fault::new(format_args!(
                "{0} is a run folder: make a model of it first, `hadamrnn export {0} --out DIR`",
                path.display()
            ));
            return Err(Error::Model(fault.at(path)));
        }
        let stored = open_model(path)?;
        let usage = Usage::of(&stored).sort_at(Error::Model, path)?;
        Ok(Self {
            file: stored.file,
            options,
            usage,
        })
    }

    /// A model that is to be used like this.
    pub(super) const fn new(file: ModelFile, usage: Usage) -> Self {
        Self {
            file,
            options: TimingOptions {
                window: None,
                decimation: None,
                hop: None,
            },
            usage,
        }
    }

    /// How it is run on a board with this firmware: at the rate and over the channels that it was trained for.
    ///
    /// # Errors
    /// [`Error::Board`]: the board has another rate, or its sensor lacks a channel.
    pub(super) fn timing_on(
        &self,
        firmware: &Descriptor<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Timing> {
        self.compare_counts(firmware, observer);
        let window = u16::try_from(self.usage.window.unwrap_or(0));
        let window = window.context("the window of the model is beyond 65,535 samples");
        Ok(Timing {
            window: self.options.window.unwrap_or(window.sort(Error::Model)?),
            hop: self.options.hop.unwrap_or(0),
            decimation: self.every(firmware, observer)?,
            inputs: self.inputs(firmware, observer)?,
        })
    }

    /// One of so many samples of the board is used: as many a second as in training.
    fn every(&self, firmware: &Descriptor<'_>, observer: &mut dyn Observer) -> Result<u16> {
        let trained = u16::try_from(self.usage.decimation.unwrap_or(1));
        let trained = trained.context("the decimation in the card is beyond 65,535");
        let trained = trained.sort(Error::Model)?;
        let Some(rate) = self.usage.used_rate_hz().filter(|_| firmware.rate > 0) else {
            return Ok(self.options.decimation.unwrap_or(trained));
        };
        let (board, name) = (f32::from(firmware.rate), visible::name(firmware.board));
        let fitting = (board / rate).round().clamp(1.0, f32::from(u16::MAX)) as u16;
        let decimation = self.options.decimation.unwrap_or(fitting);
        let used = board / f32::from(decimation.max(1));
        if (used / rate - 1.0).abs() <= SAME_RATE {
            return Ok(decimation);
        }
        let of_which = match decimation {
            1 => String::new(),
            decimation => format!(", of which one in {decimation} makes {used}"),
        };
        let fault = format!(
            "the model was trained on {rate} samples a second, and {name} gives {board}{of_which}"
        );
        if self.options.decimation.is_some() {
            // It was asked for.
            observer.notice(&format!("warning: {fault}: its answers may be wrong"));
            return Ok(decimation);
        }
        Err(Error::Board(Fault::new(format_args!(
            "{fault}: record at the board's rate, or train on every so many samples that the board's rate is a multiple of what is \
             left ([preparation] decimation). `--decimation {decimation}` runs it all the same"
        ))))
    }

    /// Warns of counts that are of another size than the firmware's. Emulated boards replay windows in the model's own counts.
    fn compare_counts(&self, firmware: &Descriptor<'_>, observer: &mut dyn Observer) {
        let is_emulated = firmware.board.starts_with("qemu-");
        self.compare_units(is_emulated, observer);
        let differs = |channel: &&Channel| counts::differ_from_firmware(channel.lsb, channel.unit);
        let channels = &self.usage.channels;
        if let Some(channel) = channels.iter().find(differs).filter(|_| !is_emulated) {
            observer.notice(&format!(
                "warning: the model reads counts of other sizes than the firmware of {} gives (one of {} is {} {} for the model): its \
                 answers will be wrong. Export it with --counts firmware",
                visible::name(firmware.board),
                visible::name(&channel.name),
                channel.lsb,
                channel.unit.unwrap_or_default()
            ));
        }
    }

    /// Tells of channels whose unit is not that of what they measure by their names, and of counts that have none.
    fn compare_units(&self, is_emulated: bool, observer: &mut dyn Observer) {
        for channel in &self.usage.channels {
            let unit = channel.unit.and_then(Unit::named);
            let (Some(unit), Some(measured)) = (unit, unit_of_name(&channel.name)) else {
                continue;
            };
            if unit != Unit::Unknown && unit != Unit::Counts && measured.factor_to(unit).is_none() {
                observer.notice(&format!(
                    "warning: channel {} of the model is in {unit}, but boards take what is named so for a value in {measured}: name \
                     channels after what they measure",
                    visible::name(&channel.name)
                ));
            }
        }
        let plain = |channel: &&Channel| {
            channel.unit == Some("counts") && unit_of_name(&channel.name).is_some()
        };
        if let Some(channel) = (self.usage.channels.iter())
            .find(plain)
            .filter(|_| !is_emulated)
        {
            observer.notice(&format!(
                "note: the model was trained on counts that tell no unit, such as those of {}: its answers are right if they are the \
                 firmware's, 1/8192 g and 70 m°/s, as `hadamrnn monitor --record` gives them",
                visible::name(&channel.name)
            ));
        }
    }

    /// The inputs to be found among the channels of the board's sensor; unstated where the model takes them as they come.
    fn inputs(&self, firmware: &Descriptor<'_>, observer: &mut dyn Observer) -> Result<Channels> {
        let names: Vec<&str> = (self.usage.channels.iter())
            .map(|channel| channel.name.as_str())
            .collect();
        if names.is_empty() {
            return Ok(Channels::UNSTATED);
        }
        let gives = firmware.gives;
        let takes = quantities(names.iter().copied());
        let is_found = |takes: &Channels| takes.places_in(gives).is_some();
        let board = visible::name(firmware.board);
        if let Some(takes) = takes.filter(is_found) {
            if takes == gives {
                return Ok(Channels::UNSTATED);
            }
            // The registry's descriptors have no version.
            let is_older = firmware.version != [0; 3] && firmware.version < SINGLE_VALUES;
            if takes.quantities().is_none() && is_older {
                let [major, minor, patch] = firmware.version;
                return Err(Error::Board(Fault::new(format_args!(
                    "the model takes {takes}, and the firmware of {board}, version {major}.{minor}.{patch}, knows whole quantities \
                     alone: write newer firmware, or train on all axes of a quantity, x y z"
                ))));
            }
            return Ok(takes);
        }
        let said = match gives.is_stated() {
            true => format!("the sensor of {board} gives {gives}"),
            false => format!(
                "the firmware of {board} does not say what the {} values of its sensor are",
                firmware.channels
            ),
        };
        let shown: Vec<String> = names.iter().map(|name| visible::name(name)).collect();
        let differ = format!("the model takes {}; {said}", shown.join(", "));
        if gives.is_stated() && are_out_of_order(names.iter().copied()) {
            return Err(Error::Board(Fault::new(format_args!(
                "{differ}, and cannot be told of more than three single channels in this order: train with --channels in the order \
                 acceleration, gravity, acceleration without gravity, rotation, magnetic field, each x y z"
            ))));
        }
        let is_lacking = takes.is_some() && gives.is_stated();
        if is_lacking || names.len() != usize::from(firmware.channels) {
            return Err(Error::Board(Fault::new(format_args!(
                "{differ}: train on channels that the board has, named after what they measure (acc_x, gyr_x, mag_x, ...), or take \
                 firmware for another sensor"
            ))));
        }
        observer.notice(&format!(
            "note: {differ}: they are taken in this order, see to it that it is right"
        ));
        Ok(Channels::UNSTATED)
    }
}

/// The unit of what a channel measures by its name, if boards give it.
fn unit_of_name(name: &str) -> Option<Unit> {
    let is_axis = name.ends_with(['x', 'y', 'z', 'X', 'Y', 'Z']);
    let stem = &name[..name.len() - usize::from(is_axis)];
    let axes = ["x", "y", "z"].map(|axis| format!("{stem}{axis}"));
    let found = quantities(axes.iter().filter(|_| is_axis).map(String::as_str))?;
    match found.quantities()?.first()? {
        Quantity::Acceleration | Quantity::Gravity | Quantity::Motion => Some(Unit::G),
        Quantity::Rotation => Some(Unit::DegreePerSecond),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use Quantity::{Acceleration, Motion, Rotation};
    use hadamrnn_firmware_support::boards::Registry;

    use super::*;
    use crate::usage::Channel;

    /// Keeps what it is told.
    #[derive(Default)]
    struct Notices(Vec<String>);

    impl Observer for Notices {
        fn notice(&mut self, text: &str) {
            self.0.push(text.into());
        }
    }

    fn har2(rate: f32, decimation: usize, channels: &str, options: TimingOptions) -> BoardModel {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/har2");
        let mut model = BoardModel::read(&folder, options).expect("a model folder");
        model.usage.rate_hz = Some(rate);
        model.usage.decimation = Some(decimation);
        let channel = |name: &str| Channel {
            name: name.into(),
            lsb: 1.0,
            unit: None,
        };
        model.usage.channels = channels.split(' ').map(channel).collect();
        model
    }

    const NINE: &str = "body_acc_x body_acc_y body_acc_z gx gy gz ax ay az";
    const SIX: &str = "acc_x acc_y acc_z gyr_x gyr_y gyr_z";

    /// How the model is run on qemu-m4, of 50 samples a second, and what was noticed.
    fn on(model: &BoardModel, gives: Option<Channels>) -> (Result<Timing>, String) {
        let registry = Registry::built_in().expect("the registry");
        let board = registry.board("qemu-m4").expect("the board");
        let mut firmware = board.descriptor().expect("a descriptor");
        firmware.gives = gives.unwrap_or(firmware.gives);
        let mut notices = Notices::default();
        let timing = model.timing_on(&firmware, &mut notices);
        (timing, notices.0.concat())
    }

    #[test]
    fn a_rate_is_met_exactly_or_refused() {
        let open = TimingOptions::default();
        for (rate, decimation, expected) in [
            (50.0, 1, Some(1)),
            (49.6, 1, Some(1)),
            (50.0, 2, Some(2)),
            (25.0, 1, Some(2)),
            (100.0, 2, Some(1)),
            (100.0, 4, Some(2)),
            (100.0, 1, None),
            (40.0, 1, None),
            (20.0, 1, None),
            (62.61, 1, None),
        ] {
            let (timing, notices) = on(&har2(rate, decimation, NINE, open), None);
            assert_eq!(notices, "");
            match (timing, expected) {
                (Ok(timing), Some(decimation)) => {
                    assert_eq!(timing.decimation, decimation, "{rate}")
                }
                (Err(error), None) => {
                    let error = error.with_causes();
                    for part in [
                        &rate.to_string(),
                        "gives 50",
                        "[preparation] decimation",
                        "--decimation",
                    ] {
                        assert!(error.contains(part), "{error}");
                    }
                }
                (timing, _) => panic!("{rate} / {decimation}: {:?}", timing.ok()),
            }
        }
        let asked = TimingOptions {
            decimation: Some(3),
            ..open
        };
        let (timing, notices) = on(&har2(100.0, 1, NINE, asked), None);
        assert_eq!(timing.expect("was asked for").decimation, 3);
        assert!(notices.contains("may be wrong"), "{notices}");
    }

    #[test]
    fn channels_are_found_by_name_or_refused() {
        let inputs = |channels, gives| {
            let (timing, notices) = on(&har2(50.0, 1, channels, TimingOptions::default()), gives);
            let inputs = timing.map(|timing| timing.inputs);
            (inputs.map_err(|error| error.with_causes()), notices)
        };
        let none = String::new;
        assert_eq!(inputs(NINE, None), (Ok(Channels::UNSTATED), none()));
        let six = Channels::of(&[Acceleration, Rotation]);
        assert_eq!(inputs(SIX, None), (Ok(six), none()));
        let z = Channels::of_values(&[2]).expect("one value");
        assert_eq!(inputs("acc_z", None), (Ok(z), none()));
        let registry = Registry::built_in().expect("the registry");
        let board = registry.board("qemu-m4").expect("the board");
        let mut older = board.descriptor().expect("a descriptor");
        older.version = [0, 1, 0];
        let timing = |channels| {
            let model = har2(50.0, 1, channels, TimingOptions::default());
            model.timing_on(&older, &mut Notices::default())
        };
        let error = timing("acc_z").expect_err("it refuses single values");
        let error = error.with_causes();
        assert!(
            error.contains("version 0.1.0, knows whole quantities"),
            "{error}"
        );
        timing(SIX).expect("whole quantities");
        let turned = Channels::of_values(&[1, 0, 2]).expect("three values");
        assert_eq!(inputs("ay ax az", None), (Ok(turned), none()));
        for channels in ["gx gy ax ay", "gz gy gx az ay ax"] {
            let (error, _) = inputs(channels, None);
            let error = error.expect_err(channels);
            assert!(
                error.contains("in this order") && error.contains("--channels"),
                "{error}"
            );
        }
        let turned = Channels::of(&[Acceleration, Rotation, Motion]);
        let expected = Channels::of(&[Motion, Rotation, Acceleration]);
        assert_eq!(inputs(NINE, Some(turned)), (Ok(expected), none()));
        // Firmware of before it could tell, and names that say nothing.
        let silent = Some(Channels::UNSTATED);
        for (channels, gives) in [(NINE, silent), ("a b c d e f g h i", None)] {
            let (found, notices) = inputs(channels, gives);
            assert_eq!(found, Ok(Channels::UNSTATED));
            assert!(notices.contains("in this order"), "{notices}");
        }
        for (channels, gives) in [
            ("mx my mz ax ay az", None),
            ("mx my mz gx gy gz ax ay az", None),
            (SIX, silent),
            ("a b c", None),
        ] {
            let (error, _) = inputs(channels, gives);
            let error = error.expect_err(channels);
            let (first, _) = channels.split_once(' ').expect("several");
            for part in [first, "named after what they measure"] {
                assert!(error.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn counts_of_another_size_are_told_for_boards_with_a_sensor() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/har2");
        let mut model =
            BoardModel::read(&folder, TimingOptions::default()).expect("a model folder");
        let registry = Registry::built_in().expect("the registry");
        let notices = |model: &BoardModel, board: &str| {
            let board = registry.board(board).expect("the board");
            let mut notices = Notices::default();
            let timing = model.timing_on(&board.descriptor().expect("a descriptor"), &mut notices);
            timing.expect("runs");
            notices.0.concat()
        };
        // UCI HAR has 15 thousandths of a degree a second in a count, the firmware 70.
        let told = notices(&model, "pico");
        assert!(
            told.contains("body_gyro_x") && told.contains("--counts firmware"),
            "{told}"
        );
        assert_eq!(notices(&model, "qemu-m4"), "", "its samples are the data's");
        for channel in &mut model.usage.channels {
            channel.lsb = channel.unit.and_then(counts::of_firmware).expect("a unit");
        }
        assert_eq!(notices(&model, "pico"), "");
    }

    #[test]
    fn units_that_are_not_those_of_the_names_are_told() {
        let mut model = har2(50.0, 1, SIX, TimingOptions::default());
        let mut told = |units: [&'static str; 2], board: &str| {
            for (i, channel) in model.usage.channels.iter_mut().enumerate() {
                channel.unit = Some(units[i / 3]);
                channel.lsb = counts::of_firmware(units[i / 3]).unwrap_or(1.0);
            }
            let registry = Registry::built_in().expect("the registry");
            let firmware = registry.board(board).expect("the board");
            let mut notices = Notices::default();
            model.compare_counts(&firmware.descriptor().expect("a descriptor"), &mut notices);
            notices.0.concat()
        };
        assert_eq!(told(["g", "°/s"], "pico"), "");
        assert_eq!(told(["m/s²", "rad/s"], "pico"), "");
        let turned = told(["°/s", "°/s"], "pico");
        assert!(turned.contains("acc_x of the model is in °/s"), "{turned}");
        let counts = told(["counts", "counts"], "pico");
        assert!(counts.contains("tell no unit"), "{counts}");
        assert_eq!(told(["counts", "counts"], "qemu-m4"), "");
    }
}
