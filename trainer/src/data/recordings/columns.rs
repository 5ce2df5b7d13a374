//! The part that each column of a recording plays: label, recording, group, time, channel, or none.
//!
//! What only counts up or tells recordings apart would teach a network which recording a window is of, and a test on the same
//! recordings would show it as a success. So such columns are channels only where the user names them.

use anyhow::{Context, Result, bail, ensure};

use super::time::Unit;
use crate::visible;

/// Number of steps from row to row from which on a column is judged by its values.
const ENOUGH_STEPS: u64 = 20;
/// Rises of a column that counts.
const ENOUGH_RISES: u64 = 3;
/// Rises for each time that a counter starts again from its lowest value.
const RISES_PER_WRAP: u64 = 8;

/// Word of the columns that name recordings.
const RECORDING: &str = "recording";
/// Words of the columns that name people.
const SUBJECTS: [&str; 7] = [
    "subject",
    "person",
    "participant",
    "volunteer",
    "user",
    "subjectid",
    "userid",
];
/// Words of the columns that number rows or name what they belong to.
const NUMBERS: [&str; 15] = [
    "index", "idx", "id", "unnamed", "row", "rownum", "frame", "counter", "seq", "sequence",
    "packet", "sample", "sampleid", "uuid", "session",
];
/// Words of the columns that hold a time.
const TIMES: [&str; 12] = [
    "time",
    "timestamp",
    "timestamps",
    "datetime",
    "date",
    "clock",
    "elapsed",
    "epoch",
    "millis",
    "micros",
    "uptime",
    "unixtime",
];

/// Wishes of the user's about columns, and those of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// The channels in their order; empty leaves the choice to names and values.
    pub channels: &'a [String],
    /// The column that groups recordings; absent a column that is named like a person.
    pub group: Option<&'a str>,
}

/// Where the columns of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// Number of columns.
    pub count: usize,
    pub label: usize,
    pub recording: Option<usize>,
    /// The column of the group and its name.
    pub group: Option<(usize, String)>,
    /// The column of the time and its name.
    pub time: Option<(usize, String)>,
    pub channels: Vec<usize>,
    pub names: Vec<String>,
    /// Columns that are no channels by their names.
    pub left_out: Vec<String>,
}

impl Columns {
    /// Finds the columns by their names.
    ///
    /// # Errors
    /// There is no label or no channel, two channels have one name, or a wanted column is not there.
    pub fn of(header: &[String], wanted: Wanted<'_>) -> Result<Self> {
        let label = label_of(header)?;
        let exact = |name: &str| header.iter().position(|column| column == name);
        let of_kind = |kind| (0..header.len()).find(|&i| i != label && kind_of(&header[i]) == kind);
        let group = match wanted.group {
            Some(NO_GROUP) => None,
            Some(name) => Some(exact(name).with_context(|| {
                format!(
                    "no column \"{}\" to group recordings by among {}",
                    visible::name(name),
                    visible::names(header)
                )
            })?),
            None => of_kind(Kind::Subject),
        };
        let named = |column: usize| (column, header[column].clone());
        let channels = match wanted.channels {
            [] => (0..header.len())
                .filter(|&i| i != label && group != Some(i) && kind_of(&header[i]) == Kind::Channel)
                .collect(),
            names => (names.iter())
                .map(|name| wanted_channel(header, name, label))
                .collect::<Result<Vec<usize>>>()?,
        };
        let names: Vec<String> = channels.iter().map(|&i| header[i].clone()).collect();
        ensure!(
            !names.is_empty(),
            "no column is a channel among {}: name those that are with --channels",
            visible::names(header)
        );
        for (i, name) in names.iter().enumerate() {
            ensure!(
                !names[..i].contains(name),
                "two columns are named \"{}\"",
                visible::name(name)
            );
        }
        Ok(Self {
            count: header.len(),
            label,
            recording: of_kind(Kind::Recording),
            group: group.map(named),
            time: time_of(header, label).map(named),
            left_out: left_out(header, label, &channels),
            channels,
            names,
        })
    }
}

/// The word in place of a group for none.
pub(super) const NO_GROUP: &str = "none";

fn label_of(header: &[String]) -> Result<usize> {
    let all: Vec<usize> = (0..header.len())
        .filter(|&i| header[i].eq_ignore_ascii_case("label"))
        .collect();
    match all[..] {
        [label] => Ok(label),
        [] => bail!("no column \"label\" among {}", visible::names(header)),
        _ => bail!("two columns are named \"label\""),
    }
}

fn wanted_channel(header: &[String], name: &str, label: usize) -> Result<usize> {
    let mut all = (0..header.len()).filter(|&i| header[i] == name && i != label);
    let first = all.next().with_context(|| {
        format!(
            "no column \"{}\" for a channel among {}",
            visible::name(name),
            visible::names(header)
        )
    })?;
    ensure!(
        all.next().is_none(),
        "two columns are named \"{}\"",
        visible::name(name)
    );
    Ok(first)
}

/// The column of the time: one that is named so, else the first that is named like it.
fn time_of(header: &[String], label: usize) -> Option<usize> {
    let plain = header
        .iter()
        .position(|name| name.eq_ignore_ascii_case("time"));
    plain.or_else(|| (0..header.len()).find(|&i| i != label && kind_of(&header[i]) == Kind::Time))
}

/// Columns that play no part, by name; a blank name as what it is. The columns that this program writes itself are not among
/// them.
fn left_out(header: &[String], label: usize, channels: &[usize]) -> Vec<String> {
    let is_known = |i: usize| {
        i == label || channels.contains(&i) || [RECORDING, "time"].contains(&header[i].as_str())
    };
    let name = |i: usize| match header[i].is_empty() {
        true => "(no name)".to_owned(),
        false => header[i].clone(),
    };
    (0..header.len())
        .filter(|&i| !is_known(i))
        .map(name)
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Recording,
    Subject,
    Time,
    Number,
    Channel,
}

/// The words of a name in small letters: `Time (ms)`, `timeMs` and `time_ms` have the same. Words that the name writes in one,
/// such as `subject id`, follow as a whole.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars() {
        let is_new = before.is_lowercase() && character.is_uppercase();
        if !character.is_alphanumeric() || is_new {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            words
                .last_mut()
                .expect("one")
                .extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn kind_of(name: &str) -> Kind {
    let words = words(name);
    let whole = words.concat();
    // `user id` is a person, `user acceleration x` is a signal.
    let is_number = |word: &String| {
        word.parse::<u32>().is_ok()
            || ["id", "name", "number", "no", "nr", "code"].contains(&word.as_str())
    };
    let is_any = |all: &[&str]| {
        let starts = words
            .first()
            .is_some_and(|word| all.contains(&word.as_str()));
        all.contains(&whole.as_str()) || (starts && words[1..].iter().all(is_number))
    };
    let ends_in_id = words.len() > 1 && words.last().is_some_and(|word| word == "id");
    let is_unit = |word: &String| Unit::named(word).is_some();
    let short_time = (words.first())
        .is_some_and(|word| matches!(word.as_str(), "t" | "ts") || (is_unit(word) && word != "s"));
    let time = words.iter().any(|word| TIMES.contains(&word.as_str()))
        || (short_time && words[1..].iter().all(is_unit))
        || words.first().is_some_and(|word| word == "seconds");
    match () {
        () if words.is_empty() => Kind::Number,
        () if whole == RECORDING => Kind::Recording,
        () if is_any(&SUBJECTS) => Kind::Subject,
        () if time => Kind::Time,
        () if is_any(&NUMBERS) || ends_in_id => Kind::Number,
        () => Kind::Channel,
    }
}

/// A reason why a column is no channel by its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoChannel {
    /// It counts in every row of samples.
    Counts,
    /// It has one value in each row of samples, and others in others.
    TellsApart,
}

impl NoChannel {
    /// The reason for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Counts => "only counts up or down",
            Self::TellsApart => "does not change within a recording or an interval of one label",
        }
    }
}

/// How a column goes, over all rows of samples.
#[derive(Clone, Copy, Debug)]
struct Course {
    /// The value of the very first row.
    first: Option<i16>,
    is_one_value: bool,
    is_constant_in_each: bool,
    counts_up: bool,
    counts_down: bool,
    rises: u64,
    falls: u64,
}

/// A column in one row of samples.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    last: i16,
    least: i16,
    most: i16,
    rises: u64,
    falls: u64,
    smallest_rise: i32,
    smallest_fall: i32,
}

impl Stretch {
    fn new(value: i16) -> Self {
        Self {
            last: value,
            least: value,
            most: value,
            rises: 0,
            falls: 0,
            smallest_rise: i32::MAX,
            smallest_fall: i32::MAX,
        }
    }

    fn add(&mut self, value: i16) {
        let step = i32::from(value) - i32::from(self.last);
        if step > 0 {
            self.rises += 1;
            self.smallest_rise = self.smallest_rise.min(step);
        } else if step < 0 {
            self.falls += 1;
            self.smallest_fall = self.smallest_fall.min(-step);
        }
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.last = value;
    }
}

/// Judges columns by their values, row of samples after row of samples.
pub(super) struct Judge {
    courses: Vec<Course>,
    steps: u64,
}

impl Judge {
    pub fn new(columns: usize) -> Self {
        let course = Course {
            first: None,
            is_one_value: true,
            is_constant_in_each: true,
            counts_up: true,
            counts_down: true,
            rises: 0,
            falls: 0,
        };
        Self {
            courses: vec![course; columns],
            steps: 0,
        }
    }

    /// Takes the values `[rows][columns]` of samples in a row.
    pub fn add(&mut self, values: &[i16]) {
        let mut rows = values.chunks_exact(self.courses.len().max(1));
        let Some(first) = rows.next() else { return };
        let mut stretches: Vec<Stretch> = first.iter().map(|&value| Stretch::new(value)).collect();
        for row in rows {
            self.steps += 1;
            for (stretch, &value) in stretches.iter_mut().zip(row) {
                stretch.add(value);
            }
        }
        for (course, (stretch, &first)) in self.courses.iter_mut().zip(stretches.iter().zip(first))
        {
            course.add(first, stretch);
        }
    }

    /// For each column, why it is no channel, if so.
    pub fn verdict(&self) -> Vec<Option<NoChannel>> {
        let verdict = |course: &Course| match () {
            () if self.steps < ENOUGH_STEPS => None,
            () if course.counts() => Some(NoChannel::Counts),
            () if course.is_constant_in_each && !course.is_one_value => Some(NoChannel::TellsApart),
            () => None,
        };
        self.courses.iter().map(verdict).collect()
    }
}

impl Course {
    fn add(&mut self, first: i16, stretch: &Stretch) {
        let known = *self.first.get_or_insert(first);
        let is_constant = stretch.least == stretch.most;
        self.is_one_value &= is_constant && first == known;
        self.is_constant_in_each &= is_constant;
        self.rises += stretch.rises;
        self.falls += stretch.falls;
        let range = i32::from(stretch.most) - i32::from(stretch.least);
        // A counter that starts again steps over half its range or more.
        let only_wraps =
            |count: u64, smallest: i32| count == 0 || 2 * i64::from(smallest) >= i64::from(range);
        self.counts_up &= only_wraps(stretch.falls, stretch.smallest_fall);
        self.counts_down &= only_wraps(stretch.rises, stretch.smallest_rise);
    }

    fn counts(&self) -> bool {
        let enough = |steps: u64, wraps: u64| {
            steps >= ENOUGH_RISES && wraps.saturating_mul(RISES_PER_WRAP) <= steps
        };
        (self.counts_up && enough(self.rises, self.falls))
            || (self.counts_down && enough(self.falls, self.rises))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(header: &str, wanted: Wanted<'_>) -> Result<Columns> {
        let header: Vec<String> = header.split(',').map(String::from).collect();
        Columns::of(&header, wanted)
    }

    #[test]
    fn names_of_times_numbers_and_people_are_no_channels() {
        for name in [
            "timestamp",
            "Time",
            "t_ms",
            "t",
            "ts",
            "Time (s)",
            "seconds_elapsed",
            "timeMs",
            "time [us]",
            "unix_time",
            "index",
            "Unnamed: 0",
            "",
            "id",
            "sample_id",
            "frame",
            "Subject",
            "subject_id",
            "user",
            "person",
            "us",
        ] {
            let found = columns(&format!("label,x,{name}"), Wanted::default()).unwrap();
            assert_eq!(found.names, ["x"], "{name}");
            assert_eq!(found.left_out.len(), 1, "{name}");
        }
        for name in [
            "ax",
            "T",
            "temperature",
            "gyro_x",
            "s1",
            "acc x (g)",
            "tx",
            "mag_s",
            "userAcceleration.x",
        ] {
            let found = columns(&format!("Label,x,{name}"), Wanted::default()).unwrap();
            // A temperature that is named like a time is told, not trained on.
            let expected: &[&str] = if name == "T" { &["x"] } else { &["x", name] };
            assert_eq!(found.names, expected, "{name}");
        }
    }

    #[test]
    fn what_the_user_names_is_taken() {
        let header = "label,time,Subject,rig,x,y";
        let channels = ["y".to_owned(), "time".into()];
        let wanted = Wanted {
            channels: &channels,
            group: Some("rig"),
        };
        let found = columns(header, wanted).unwrap();
        assert_eq!(found.names, ["y", "time"]);
        assert_eq!(found.group, Some((3, "rig".into())));
        assert_eq!(found.time, Some((1, "time".into())));
        let group = |group| {
            columns(
                header,
                Wanted {
                    channels: &[],
                    group,
                },
            )
        };
        assert_eq!(group(None).unwrap().group, Some((2, "Subject".into())));
        assert_eq!(group(Some("none")).unwrap().group, None);
        let error = group(Some("rigg")).unwrap_err().to_string();
        assert!(
            error.contains("\"rigg\"") && error.contains("rig, x"),
            "{error}"
        );
        let channels = ["z".to_owned()];
        let wanted = Wanted {
            channels: &channels,
            group: None,
        };
        let error = columns(header, wanted).unwrap_err().to_string();
        assert!(error.contains("no column \"z\""), "{error}");
    }

    /// Noise without a period that a test could fall into.
    fn noise(i: i64) -> i16 {
        ((i * 7919 + (i * i) % 1009 * 31) % 2001 - 1000) as i16
    }

    #[test]
    fn counters_and_marks_are_told_from_signals() {
        let mut judge = Judge::new(8);
        for recording in 0..4_i64 {
            let rows = (0..300_i64).flat_map(|i| {
                [
                    (i + 1000 * recording) as i16,
                    (i % 256) as i16,
                    (-3 * i) as i16,
                    (10 + recording) as i16,
                    noise(i + 977 * recording),
                    7,
                    ((i as f64 / 40.0).sin() * 900.0) as i16,
                    (i / 100) as i16,
                ]
            });
            judge.add(&rows.collect::<Vec<_>>());
        }
        let counts = Some(NoChannel::Counts);
        assert_eq!(
            judge.verdict(),
            [
                counts,
                counts,
                counts,
                Some(NoChannel::TellsApart),
                None,
                // A channel that never moved is one: it gets no weight, and is named.
                None,
                None,
                counts,
            ]
        );
    }
}
