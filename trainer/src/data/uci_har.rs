//! UCI HAR: six activities of 30 people, from the accelerometer and gyroscope of a phone at the waist.
//!
//! The published layout is read from a folder or an archive: windows of 128 steps at 50 Hz, one per row of each of the
//! 18 files of inertial signals. Most overlap the one before by half, but 7.9 % do not, and some of these breaks lie inside an
//! activity: windows are read one by one, and nothing puts them together again. Its own split into training and test people is kept.
//!
//! # Channels and sensor counts
//! `body_acc` x y z (g, gravity removed), `body_gyro` x y z (rad/s), `total_acc` x y z (g). A count is that of a common
//! 6-axis sensor (MPU-6050 and its successors) at the smallest full scale that holds every value of the set: ±4 g at
//! 8192 counts per g, since total_acc reaches 2.2 g, and ±500 °/s (±8.7 rad/s) at 65.5 counts per °/s, since the
//! gyroscope reaches 6.0 rad/s. `body_acc` uses the accelerometer's count.

mod check;
mod parse;
mod sample;
mod split;
#[cfg(test)]
mod tests;

use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, bail, ensure};

pub(super) use check::content;
pub use check::{Content, Report, check};
pub use sample::{SAMPLE, write_sample};
pub use split::{STANDARD_HOLDOUT, TRAINING_SUBJECTS};

use super::archive::{self, Input, Select};
use super::{Dataset, Holdout, Source, Task, cache};
use crate::untrusted::Budget;

/// Steps per window.
pub const STEPS: usize = 128;
/// Channels, in the order of [`SIGNALS`].
pub const CHANNELS: usize = 9;
/// Steps per second.
pub const SAMPLE_RATE_HZ: f32 = 50.0;

/// The signals, in the order of the channels.
pub const SIGNALS: [&str; CHANNELS] = [
    "body_acc_x",
    "body_acc_y",
    "body_acc_z",
    "body_gyro_x",
    "body_gyro_y",
    "body_gyro_z",
    "total_acc_x",
    "total_acc_y",
    "total_acc_z",
];

/// The activities, in the order of their labels 1 to 6.
pub const ACTIVITIES: [&str; 6] = [
    "WALKING",
    "WALKING_UPSTAIRS",
    "WALKING_DOWNSTAIRS",
    "SITTING",
    "STANDING",
    "LAYING",
];

/// Number of people; they are numbered from 1.
pub const SUBJECTS: u8 = 30;

/// Acceleration that one count of an accelerometer stands for at ±4 g, in g.
pub const ACC_LSB: f32 = 1.0 / 8192.0;
/// Rotation that one count of a gyroscope stands for at ±500 °/s, in rad/s.
pub const GYRO_LSB: f32 = (std::f64::consts::PI / 180.0 / 65.5) as f32;

/// Physical units per count, by channel.
pub const INPUT_LSB: [f32; CHANNELS] = [
    ACC_LSB, ACC_LSB, ACC_LSB, GYRO_LSB, GYRO_LSB, GYRO_LSB, ACC_LSB, ACC_LSB, ACC_LSB,
];

/// One of the two published parts, as its files hold it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublishedPart {
    /// The signals in the order of [`SIGNALS`], each `[N][STEPS]`.
    pub signals: [Vec<f32>; CHANNELS],
    /// Labels 1 to 6, `[N]`.
    pub labels: Vec<u8>,
    /// Subjects 1 to 30, `[N]`.
    pub subjects: Vec<u8>,
}

/// Both published parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// 7352 windows of 21 people in the full set.
    pub train: PublishedPart,
    /// 2947 windows of 9 people in the full set.
    pub test: PublishedPart,
}

const PARTS: [&str; 2] = ["train", "test"];
/// Signals, labels, subjects.
const FILES_PER_PART: usize = CHANNELS + 2;

/// The files that are read: of each part the signals, the labels, the subjects.
fn file_names() -> Vec<String> {
    let of_part = |part: &str| {
        let signals = SIGNALS.map(|signal| format!("{part}/Inertial Signals/{signal}_{part}.txt"));
        signals.into_iter().chain([
            format!("{part}/y_{part}.txt"),
            format!("{part}/subject_{part}.txt"),
        ])
    };
    PARTS.into_iter().flat_map(of_part).collect()
}

/// Reads and parses all files of `source` in one pass, on all cores.
///
/// # Errors
/// The source cannot be read, a file is missing, or one is malformed; the message names file, line and field.
pub fn read(source: &Source) -> Result<Tables> {
    let budget = Budget::of_data_set();
    let tables = match source {
        Source::Files(paths) => match &paths[..] {
            [path] => read_input(Input::Path(path), &budget),
            _ => bail!("UCI HAR is one folder or archive"),
        },
        Source::Sample => read_input(Input::Bytes(SAMPLE), &budget),
        Source::Own { .. } | Source::Generated => {
            bail!("UCI HAR is a published data set, not {source}")
        }
    };
    tables.with_context(|| format!("UCI HAR from {source}"))
}

/// A parsed file.
enum Column {
    Signal(Vec<f32>),
    Whole(Vec<u8>),
}

fn read_input(input: Input<'_>, budget: &Budget) -> Result<Tables> {
    let names = file_names();
    let parsed: Mutex<Vec<Option<Result<Column>>>> =
        Mutex::new(names.iter().map(|_| None).collect());
    let store = |index: usize, column: Result<Column>| {
        if let Some(slot) = parsed
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
            .get_mut(index)
        {
            *slot = Some(column);
        }
    };
    // One thread decompresses; the others parse what it has finished.
    rayon::scope(|scope| {
        archive::visit(input, Select::Names(&names), budget, &mut |index, text| {
            let (name, store) = (&names[index], &store);
            scope.spawn(move |_| store(index, column(index, name, &text, budget)));
            Ok(())
        })
    })?;
    let parsed = parsed
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    let missing: Vec<&str> = parsed
        .iter()
        .zip(&names)
        .filter(|(slot, _)| slot.is_none())
        .map(|(_, name)| name.as_str())
        .collect();
    if let Some(first) = missing.first() {
        let more = match missing.len() {
            1 => String::new(),
            n => format!(" (and {} more files)", n - 1),
        };
        bail!(
            "{first} is missing{more}: the published layout is needed, a folder \"UCI HAR Dataset\" with train and test in it, or a whole archive of it"
        );
    }
    let mut columns = parsed
        .into_iter()
        .flatten()
        .collect::<Result<Vec<Column>>>()?
        .into_iter();
    let tables = Tables {
        train: part(&mut columns)?,
        test: part(&mut columns)?,
    };
    check_rows(&tables, &names)?;
    Ok(tables)
}

fn column(index: usize, name: &str, text: &[u8], budget: &Budget) -> Result<Column> {
    Ok(match index % FILES_PER_PART {
        CHANNELS => Column::Whole(parse::whole_numbers(
            name,
            text,
            "label",
            ACTIVITIES.len() as u8,
        )?),
        n if n > CHANNELS => Column::Whole(parse::whole_numbers(name, text, "subject", SUBJECTS)?),
        _ => Column::Signal(parse::signal(name, text, budget)?),
    })
}

fn part(columns: &mut impl Iterator<Item = Column>) -> Result<PublishedPart> {
    let mut part = PublishedPart::default();
    for signal in &mut part.signals {
        let Some(Column::Signal(values)) = columns.next() else {
            return Err(out_of_order());
        };
        *signal = values;
    }
    for whole in [&mut part.labels, &mut part.subjects] {
        let Some(Column::Whole(values)) = columns.next() else {
            return Err(out_of_order());
        };
        *whole = values;
    }
    Ok(part)
}

fn out_of_order() -> anyhow::Error {
    anyhow!("the files were parsed out of order")
}

/// Every file of a part must have as many rows as its labels.
fn check_rows(tables: &Tables, names: &[String]) -> Result<()> {
    for (part, names) in [&tables.train, &tables.test]
        .into_iter()
        .zip(names.chunks(FILES_PER_PART))
    {
        let signals = part.signals.iter().map(|signal| signal.len() / STEPS);
        let rows = signals.chain([part.labels.len(), part.subjects.len()]);
        for (rows, name) in rows.zip(names) {
            ensure!(
                rows == part.labels.len(),
                "{name} has {rows} rows, {} has {}: a row is missing from one of them; {}",
                names[CHANNELS],
                part.labels.len(),
                parse::REMEDY
            );
        }
    }
    Ok(())
}

/// Reads `task` ([`Task::Har2`] or [`Task::Har6`]) from `source`.
///
/// # Errors
/// The errors of [`read`]; or the task is another one; or `holdout` names subjects that are not in the training part,
/// or all of them.
pub fn load(task: Task, source: &Source, holdout: &Holdout) -> Result<Dataset> {
    let names = file_names();
    let parts = cache::cached("uci-har", source, Select::Names(&names), || {
        split::parts(&read(source)?)
    })?;
    split::dataset(task, parts, holdout)
}
