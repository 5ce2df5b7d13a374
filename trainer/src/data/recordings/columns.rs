//! The part that each column of a recording plays: label, recording, group, time, channel, or none.
//!
//! What only counts up or tells recordings apart would teach a network which recording a window is of, and a test on the same
//! recordings would show it as a success. So such columns are channels only where the user names them.

use anyhow::{Context, Result, bail, ensure};

use crate::data::numbering::is_numbering;
use crate::data::people;
use crate::data::row_digests::SOURCE;
use crate::data::time::is_time;
use crate::data::words::words;
use crate::visible;

/// Word of the columns that name recordings.
const RECORDING: &str = "recording";
/// Words of the columns that number rows or name what they belong to.
const NUMBERS: [&str; 15] = [
    "index", "idx", "id", "unnamed", "row", "rownum", "frame", "counter", "seq", "sequence",
    "packet", "sample", "sampleid", "uuid", "session",
];
/// Columns of numbers that are read, at most.
const MOST_MARKS: usize = 8;

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
    /// The columns that may hold the time, by their names: a plain `time` first.
    pub times: Vec<(usize, String)>,
    /// The column of digests of the samples before these were resampled.
    pub source: Option<usize>,
    pub channels: Vec<usize>,
    pub names: Vec<String>,
    /// The columns that number rows or what they belong to, with their names: see [`order`](crate::data::numbering::order).
    pub marks: Vec<(usize, String)>,
    /// Columns that are no channels by their names.
    pub left_out: Vec<String>,
    /// Columns among them that may tell what recordings belong to, with their names.
    pub idle: Vec<(usize, String)>,
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
            None => (0..header.len())
                .filter(|&i| i != label && kind_of(&header[i]) == Kind::Subject)
                .min_by_key(|&i| people::rank(&header[i])),
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
        let group_column = group;
        let marks = (0..header.len())
            .filter(|i| *i != label && group_column != Some(*i) && !channels.contains(i))
            .filter(|&i| kind_of(&header[i]) == Kind::Number);
        Ok(Self {
            marks: marks.map(named).take(MOST_MARKS).collect(),
            count: header.len(),
            label,
            recording: of_kind(Kind::Recording),
            group: group.map(named),
            times: times_of(header, label).into_iter().map(named).collect(),
            source: of_kind(Kind::Source),
            left_out: left_out(header, label, &channels),
            idle: (0..header.len())
                .filter(|i| {
                    let has_name = !header[*i].is_empty() && *i != label;
                    let is_asked = wanted.group.is_some() || channels.contains(i);
                    let is_number = kind_of(&header[*i]) == Kind::Number;
                    group.is_none() && has_name && !is_asked && is_number
                })
                .map(named)
                .collect(),
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

/// The columns of the time: one that is named so, then those that are named like it.
fn times_of(header: &[String], label: usize) -> Vec<usize> {
    let is_plain = |i: &usize| header[*i].eq_ignore_ascii_case("time");
    let like_it = |i: &usize| *i != label && kind_of(&header[*i]) == Kind::Time && !is_plain(i);
    let plain = (0..header.len()).find(is_plain);
    plain
        .into_iter()
        .chain((0..header.len()).filter(like_it))
        .collect()
}

/// Columns that play no part, by name; a blank name as what it is. The columns that this program writes itself are not among
/// them.
fn left_out(header: &[String], label: usize, channels: &[usize]) -> Vec<String> {
    let is_known = |i: usize| {
        i == label
            || channels.contains(&i)
            || [RECORDING, "time", SOURCE].contains(&header[i].as_str())
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
    Source,
    Number,
    Channel,
}

fn kind_of(name: &str) -> Kind {
    let words = words(name);
    let whole = words.concat();
    // `frame no` is a number, `frame x` a signal.
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
    match () {
        () if name == SOURCE => Kind::Source,
        () if words.is_empty() => Kind::Number,
        () if whole == RECORDING => Kind::Recording,
        () if people::rank(name).is_some() => Kind::Subject,
        () if is_time(name) => Kind::Time,
        () if is_any(&NUMBERS) || is_numbering(name) => Kind::Number,
        () => Kind::Channel,
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
            "patient_id",
            "Versuchsperson",
            "sujeto",
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
        assert_eq!(found.times, [(1, "time".into())]);
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
}
