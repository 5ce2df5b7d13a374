//! WISDM, raw: `user,activity,time,x,y,z;` without a header, several to a line in places, in m/s², of a phone's or watch's clock in
//! nanoseconds since it was switched on. Rows whose time is 0 are empty.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use super::Format;
use super::context::{BadLines, Reading};
use super::recording::{Channel, Recording, TimeBase};
use super::text::{Number, Separator, lines, number, split};
use super::unit::Unit;
use crate::data::time::{self, Column, Kind};
use crate::visible;

pub(super) const WISDM: Format = Format {
    name: "WISDM",
    detect: |file| match file.text().is_some_and(is_wisdm) {
        true => 85,
        false => 0,
    },
    read: |file, reading| read(&file.name(), file.text().context("it is no text")?, reading),
};

/// A row.
struct Row<'a> {
    user: &'a str,
    activity: &'a str,
    time: f64,
    values: [f32; 3],
}

/// Rows of a line.
fn rows(line: &str) -> impl Iterator<Item = &str> {
    line.split(';').map(str::trim).filter(|row| !row.is_empty())
}

fn row(text: &str) -> Result<Row<'_>> {
    let mut fields = Vec::new();
    split(text, Separator::Character(b','), &mut fields)?;
    if let [rest @ .., ""] = fields.as_slice() {
        fields = rest.to_vec();
    }
    let &[user, activity, stamp, x, y, z] = fields.as_slice() else {
        bail!(
            "{} fields instead of user,activity,time,x,y,z",
            fields.len()
        );
    };
    let value = |name: &str, field: &str| match number(field, false) {
        Number::Value(value) if (value as f32).is_finite() => Ok(value),
        _ => bail!("{name}: \"{}\" is not a number", visible::name(field)),
    };
    ensure!(
        user.parse::<u32>().is_ok(),
        "\"{}\" is no number of a user",
        visible::name(user)
    );
    let is_word = activity.chars().next().is_some_and(char::is_alphabetic);
    ensure!(is_word, "\"{}\" is no activity", visible::name(activity));
    Ok(Row {
        user,
        activity,
        time: value("time", stamp)?,
        values: [
            value("x", x)? as f32,
            value("y", y)? as f32,
            value("z", z)? as f32,
        ],
    })
}

fn is_wisdm(text: &str) -> bool {
    let mut seen = 0;
    for (_, line) in lines(text)
        .filter(|(_, line)| !line.trim().is_empty())
        .take(20)
    {
        let all_end = line.contains(';');
        if all_end && rows(line).all(|text| row(text).is_ok()) {
            seen += 1;
        }
    }
    seen >= 3
}

fn read(name: &str, text: &str, reading: &Reading<'_>) -> Result<Vec<Recording>> {
    let mut all: BTreeMap<u32, (Recording, Vec<f64>)> = BTreeMap::new();
    let mut bad = BadLines::default();
    let mut before = None;
    let mut empty = 0_usize;
    for (at, line) in lines(text) {
        for text in rows(line) {
            let row = match row(text) {
                Ok(row) => row,
                Err(error) => {
                    bad.add(at, &error);
                    before = None;
                    continue;
                }
            };
            if row.time == 0.0 {
                empty += 1;
                before = None;
                continue;
            }
            reading
                .budget
                .take(3 * size_of::<f32>() + size_of::<f64>())?;
            let user = row.user.parse::<u32>().unwrap_or_default();
            let (recording, stamps) = all
                .entry(user)
                .or_insert_with(|| (begin(name, row.user), Vec::new()));
            if before != Some(user) {
                recording.gap();
            }
            before = Some(user);
            recording.values.extend(row.values);
            recording.line_last(at);
            recording.label_last(row.activity);
            stamps.push(row.time);
        }
    }
    reading.accept(name, &bad)?;
    if empty > 0 {
        reading.note(format!("{name}: {empty} rows of time 0 are gaps"));
    }
    let with_time = |(mut recording, stamps): (Recording, Vec<f64>)| {
        let unit = time::unit(Column::new("", Kind::Number), &[&stamps], None);
        if let Some(unit) = unit.and_then(time::Unit::seconds) {
            recording.time = TimeBase::Stamps(stamps.iter().map(|stamp| stamp * unit).collect());
        }
        recording
    };
    Ok(all.into_values().map(with_time).collect())
}

fn begin(name: &str, user: &str) -> Recording {
    let channels = ["x", "y", "z"]
        .map(|axis| Channel::new(axis, Unit::MetrePerSecondSquared))
        .to_vec();
    let mut recording = Recording::new(format!("{name}:{user}"), channels);
    recording.subject = Some(user.to_owned());
    recording
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::read_with;
    use super::super::{Options, time};
    use super::*;

    fn read_as(text: &str, skip_bad_lines: usize) -> Result<Vec<Recording>> {
        let options = Options {
            skip_bad_lines,
            ..Options::default()
        };
        read_with(&WISDM, "f.txt", text, &options).0
    }

    #[test]
    fn rows_are_those_of_their_users() {
        let text = "33,Jogging,49105962326000,-0.69,12.68,0.50;\n33,Jogging,49106012271000,5.0,11.2,0.95;33,Jogging,49106062271000,4.9,10.8,-0.08,;\n\
                    33,Jogging,49106112167000,1,9,2;\n\n7,Walking,100,1,9,2;\n33,Sitting,49106162271000,0.1,9.8,0.2;\n33,Sitting,0,0,0,0;\n\
                    33,Sitting,49106212271000,0.1,9.8,0.3;\n";
        assert!(is_wisdm(text));
        let all = read_as(text, 0).unwrap();
        assert_eq!(
            (all[0].subject.as_deref(), all[1].subject.as_deref()),
            (Some("7"), Some("33"))
        );
        assert_eq!(all[1].gaps, [4, 5]);
        let labels: Vec<&str> = all[1]
            .labels
            .iter()
            .map(|interval| interval.label.as_str())
            .collect();
        assert_eq!(labels, ["Jogging", "Sitting"]);
        assert!((time::rate_of(&all[1]).unwrap() - 20.0).abs() < 0.1);
        let bad = format!("{text}33,Jogging,1,2,3;\n");
        let error = format!("{:#}", read_as(&bad, 0).unwrap_err());
        assert!(error.contains("line 9: 5 fields"), "{error}");
        assert_eq!(read_as(&bad, 1).unwrap()[1].samples(), 6);
        assert!(!is_wisdm("1,2,3\n4,5,6\n7,8,9\n"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9a-c,.; \nµ]{0,80}") {
            let _ = (is_wisdm(&text), read_as(&text, 9));
            let _ = read_as(&format!("1,a,1,2,3,4;\n{text}"), 9);
        }
    }
}
