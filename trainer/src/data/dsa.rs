//! UCI Daily and Sports Activities: 19 activities of 8 people, from five sensor units on the body.
//!
//! 60 segments of 125 steps at 25 Hz for each activity and person, 45 channels. The published layout is read from a
//! folder or an archive: a file a segment, `aAA/pP/sSS.txt`, a row a step. A compact `dsa.npz.xz` with the same values is
//! read as well (`dsa/compact.rs` describes it).
//!
//! # Splits
//! People 1 to 4 are trained on, 5 to 8 are the test split. Person 4 is the standard validation split, the last of the
//! training people, chosen before any model was trained.
//!
//! # Channels and sensor counts
//! Torso, right arm, left arm, right leg, left leg; each with accelerometer x y z (m/s²), gyroscope x y z (rad/s) and
//! magnetometer x y z (in the field of the earth). A count is that of a common 9-axis sensor (MPU-9250 and its
//! successors) at the smallest full scale that holds every value of the set: ±16 g at 2048 counts per g, since the
//! accelerometers reach 120.5 m/s² (12.3 g), and ±2000 °/s at 16.4 counts per °/s, since the gyroscopes reach 28.5 rad/s
//! (1633 °/s). The magnetometers reach 4.0 units; 4096 counts per unit hold ±8.
//!
//! # As published
//! The last 25 steps are zero in every segment of activities 5 and 6 of persons 1 and 6, and in segments 23 to 60 of
//! activity 18 of person 6.

mod compact;
mod digest;
mod parse;
#[cfg(test)]
mod tests;
mod texts;

use std::path::Path;

use anyhow::{Context, Result, bail};

pub(super) use digest::content;

use super::archive::Select;
use super::{Dataset, Holdout, Sequences, Source, Targets, Task, cache, catalog, holdout};
use crate::untrusted::Budget;

/// Steps per segment.
pub const STEPS: usize = 125;
/// Channels.
pub const CHANNELS: usize = 45;
/// Steps per second.
pub const SAMPLE_RATE_HZ: f32 = 25.0;
/// People, numbered from 1.
pub const SUBJECTS: usize = 8;
/// Segments of an activity of a person.
pub const SEGMENTS: usize = 60;
/// Numbers of the persons in the training part.
pub const TRAINING_SUBJECTS: [u32; 4] = [1, 2, 3, 4];
/// The person held out by [`Holdout::Standard`].
pub const STANDARD_HOLDOUT: [u32; 1] = [4];
/// People below this are trained on, the others are tested on.
const FIRST_TEST_SUBJECT: u32 = 5;

/// The activities, in the order of their numbers 1 to 19.
pub const ACTIVITIES: [&str; 19] = [
    "SITTING",
    "STANDING",
    "LYING_ON_BACK",
    "LYING_ON_RIGHT_SIDE",
    "ASCENDING_STAIRS",
    "DESCENDING_STAIRS",
    "STANDING_IN_ELEVATOR",
    "MOVING_IN_ELEVATOR",
    "WALKING_IN_PARKING_LOT",
    "TREADMILL_WALK_FLAT",
    "TREADMILL_WALK_INCLINED",
    "TREADMILL_RUN",
    "STEPPER",
    "CROSS_TRAINER",
    "BIKE_HORIZONTAL",
    "BIKE_VERTICAL",
    "ROWING",
    "JUMPING",
    "BASKETBALL",
];

const UNITS: [&str; 5] = ["torso", "right_arm", "left_arm", "right_leg", "left_leg"];
const SENSORS: [&str; 9] = [
    "acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z", "mag_x", "mag_y", "mag_z",
];

/// Acceleration that one count of an accelerometer stands for at ±16 g, in m/s².
pub const ACC_LSB: f32 = (9.806_65 / 2048.0) as f32;
/// Rotation that one count of a gyroscope stands for at ±2000 °/s, in rad/s.
pub const GYRO_LSB: f32 = (std::f64::consts::PI / 180.0 / 16.4) as f32;
/// Units of the earth's field per count of a magnetometer.
pub const MAG_LSB: f32 = 1.0 / 4096.0;

/// Values of a segment.
const SEGMENT: usize = STEPS * CHANNELS;
/// Segments in all.
const COUNT: usize = ACTIVITIES.len() * SUBJECTS * SEGMENTS;

/// Where a segment belongs; all count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    activity: usize,
    subject: usize,
    segment: usize,
}

impl Place {
    /// Segments in the order of activity, person and segment.
    fn number(self) -> usize {
        (self.activity * SUBJECTS + self.subject) * SEGMENTS + self.segment
    }

    fn from_number(number: usize) -> Self {
        Self {
            activity: number / SEGMENTS / SUBJECTS,
            subject: number / SEGMENTS % SUBJECTS,
            segment: number % SEGMENTS,
        }
    }

    /// The place of a file of this path, if it is a segment.
    fn of(path: &str) -> Option<Self> {
        let mut names = path.rsplit('/');
        let mut number = |prefix: &str, suffix: &str, digits: usize, most: usize| {
            let name = names.next()?.strip_suffix(suffix)?.strip_prefix(prefix)?;
            let number: usize = name.parse().ok()?;
            (name.len() == digits && (1..=most).contains(&number)).then(|| number - 1)
        };
        let segment = number("s", ".txt", 2, SEGMENTS)?;
        let subject = number("p", "", 1, SUBJECTS)?;
        let activity = number("a", "", 2, ACTIVITIES.len())?;
        Some(Self {
            activity,
            subject,
            segment,
        })
    }

    fn name(self) -> String {
        format!(
            "a{:02}/p{}/s{:02}.txt",
            self.activity + 1,
            self.subject + 1,
            self.segment + 1
        )
    }
}

/// The number of the segment that is stored as `path`, if it is one.
fn number(path: &str) -> Option<usize> {
    Place::of(path).map(Place::number)
}

/// All values, `[COUNT][STEPS][CHANNELS]`, in the order of [`Place::number`].
fn read(path: &Path) -> Result<Vec<f32>> {
    let budget = Budget::of_data_set();
    let compact = catalog::DSA.instead.is_some_and(|part| part.is_named(path));
    let values = match compact {
        true => compact::read(path, &budget),
        false => texts::read(path, &budget),
    };
    values.with_context(|| format!("Daily and Sports Activities from {}", path.display()))
}

/// Reads [`Task::Dsa19`] from `source`.
///
/// # Errors
/// The source cannot be read, a file is missing, or one is malformed (the message names file, line and field);
/// `holdout` names subjects that are not in the training part, or all of them.
pub fn load(source: &Source, holdout: &Holdout) -> Result<Dataset> {
    let parts = cache::cached("dsa", source, Select::Paths(&number), || {
        let [path] = source.paths()? else {
            bail!("Daily and Sports Activities is one folder, archive or file");
        };
        Ok(vec![sequences(read(path)?)?])
    })?;
    let [all] = &parts[..] else {
        bail!("Daily and Sports Activities has one part");
    };
    let (train, test): (Vec<usize>, Vec<usize>) =
        (0..all.len()).partition(|&i| all.groups[i] < FIRST_TEST_SUBJECT);
    let (train, valid) = holdout::split_subjects(all.select(&train), holdout, &STANDARD_HOLDOUT)?;
    let channel = |unit| SENSORS.map(|sensor| format!("{unit}_{sensor}"));
    Ok(Dataset {
        name: Task::Dsa19.name().to_owned(),
        train,
        valid,
        test: all.select(&test),
        classes: ACTIVITIES.map(str::to_owned).to_vec(),
        channel_names: UNITS.into_iter().flat_map(channel).collect(),
        input_lsb: [[ACC_LSB; 3], [GYRO_LSB; 3], [MAG_LSB; 3]]
            .concat()
            .repeat(UNITS.len()),
        sample_rate_hz: SAMPLE_RATE_HZ,
    })
}

fn sequences(values: Vec<f32>) -> Result<Sequences> {
    let places = || (0..COUNT).map(Place::from_number);
    let classes = places().map(|place| place.activity as u32).collect();
    let people = places().map(|place| place.subject as u32 + 1).collect();
    Sequences::new(CHANNELS, STEPS, values, Targets::Class(classes), people)
}

fn remedy() -> String {
    catalog::DSA.remedy()
}
