//! PAMAP2: 54 columns without a header, separated by blanks: time in seconds, activity, heart rate, and of three places the
//! temperature, two accelerations, rotation, magnetic field and an orientation that is not valid.

use anyhow::{Context, Result, ensure};

use super::Format;
use super::context::{BadLines, Reading};
use super::recording::{Channel, Recording, TimeBase};
use super::text::{Number, Separator, lines, number, split};
use super::unit::Unit;
use crate::visible;

pub(super) const PAMAP2: Format = Format {
    name: "PAMAP2",
    detect: |file| match file.text().is_some_and(is_pamap2) {
        true => 85,
        false => 0,
    },
    read: |file, reading| {
        let text = file.text().context("it is no text")?;
        let mut recording = read(&file.name(), text, reading)?;
        recording.subject = file.entry.stem().strip_prefix("subject").map(str::to_owned);
        Ok(vec![recording])
    },
};

const COLUMNS: usize = 54;
const PLACES: [&str; 3] = ["hand", "chest", "ankle"];
/// Columns of a place, and those of them that are channels: not the orientation.
const OF_PLACE: usize = 17;
const SIGNALS: [(&str, Unit); 13] = [
    ("temperature", Unit::Celsius),
    ("acc16_x", Unit::MetrePerSecondSquared),
    ("acc16_y", Unit::MetrePerSecondSquared),
    ("acc16_z", Unit::MetrePerSecondSquared),
    ("acc6_x", Unit::MetrePerSecondSquared),
    ("acc6_y", Unit::MetrePerSecondSquared),
    ("acc6_z", Unit::MetrePerSecondSquared),
    ("gyro_x", Unit::RadianPerSecond),
    ("gyro_y", Unit::RadianPerSecond),
    ("gyro_z", Unit::RadianPerSecond),
    ("mag_x", Unit::MicroTesla),
    ("mag_y", Unit::MicroTesla),
    ("mag_z", Unit::MicroTesla),
];
const ACTIVITIES: [(u32, &str); 18] = [
    (1, "lying"),
    (2, "sitting"),
    (3, "standing"),
    (4, "walking"),
    (5, "running"),
    (6, "cycling"),
    (7, "Nordic walking"),
    (9, "watching TV"),
    (10, "computer work"),
    (11, "car driving"),
    (12, "ascending stairs"),
    (13, "descending stairs"),
    (16, "vacuum cleaning"),
    (17, "ironing"),
    (18, "folding laundry"),
    (19, "house cleaning"),
    (20, "playing soccer"),
    (24, "rope jumping"),
];

fn is_pamap2(text: &str) -> bool {
    let mut fields = Vec::new();
    let mut seen = 0;
    for (_, line) in lines(text).take(5) {
        let is_row = split(line, Separator::Blanks, &mut fields).is_ok()
            && fields.len() == COLUMNS
            && fields
                .iter()
                .all(|field| number(field, false) != Number::Other);
        seen += usize::from(is_row);
    }
    seen >= 3
}

fn read(name: &str, text: &str, reading: &Reading<'_>) -> Result<Recording> {
    let channels = PLACES.iter().flat_map(|place| {
        SIGNALS.map(|(signal, unit)| Channel::new(format!("{place}_{signal}"), unit))
    });
    let mut recording = Recording::new(name, channels.collect());
    let mut stamps = Vec::new();
    let mut bad = BadLines::default();
    let mut fields = Vec::new();
    for (at, line) in lines(text).filter(|(_, line)| !line.trim().is_empty()) {
        match split(line, Separator::Blanks, &mut fields).and_then(|()| row(&fields)) {
            Ok(row) => {
                reading
                    .budget
                    .take(size_of_val(&row.values[..]) + size_of::<f64>())?;
                recording.values.extend(&row.values);
                recording.line_last(at);
                stamps.push(row.time);
                if let Some(label) = row.label {
                    recording.label_last(label);
                }
            }
            Err(error) => {
                recording.gap();
                bad.add(at, &error);
            }
        }
    }
    reading.accept(name, &bad)?;
    recording.gaps.retain(|&gap| gap < stamps.len());
    recording.time = TimeBase::Stamps(stamps);
    Ok(recording)
}

struct Row {
    time: f64,
    label: Option<&'static str>,
    values: Vec<f32>,
}

fn row(fields: &[&str]) -> Result<Row> {
    ensure!(
        fields.len() == COLUMNS,
        "{} fields instead of {COLUMNS}",
        fields.len()
    );
    let value = |column: usize| {
        let field = fields[column];
        match number(field, false) {
            Number::Value(value) if (value as f32).is_finite() => Ok(value),
            Number::Missing => Ok(f64::NAN),
            _ => anyhow::bail!(
                "column {}: \"{}\" is not a number",
                column + 1,
                visible::name(field)
            ),
        }
    };
    let time = value(0)?;
    let activity = value(1)?;
    ensure!(
        time.is_finite() && activity.is_finite(),
        "no time or no activity"
    );
    let columns = (0..PLACES.len())
        .flat_map(|place| (0..SIGNALS.len()).map(move |signal| 3 + place * OF_PLACE + signal));
    let values = columns
        .map(|column| value(column).map(|value| value as f32))
        .collect::<Result<_>>()?;
    // 0 is what lies between activities.
    let label = match activity {
        0.0 => None,
        _ => {
            let known = ACTIVITIES
                .iter()
                .find(|(number, _)| f64::from(*number) == activity);
            Some(
                known
                    .with_context(|| format!("the activity {activity} is not known"))?
                    .1,
            )
        }
    };
    Ok(Row {
        time,
        label,
        values,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::read_as;
    use super::*;

    fn line(time: f64, activity: u32) -> String {
        let rest: Vec<String> = (2..54)
            .map(|i| if i == 2 { "NaN".into() } else { i.to_string() })
            .collect();
        format!("{time:.2} {activity} {}\n", rest.join(" "))
    }

    #[test]
    fn columns_are_what_the_description_says() {
        let text: String = (0..6)
            .map(|i| line(8.38 + 0.01 * f64::from(i), if i < 2 { 0 } else { 7 }))
            .collect();
        assert!(is_pamap2(&text));
        let found = read_as(&PAMAP2, "f.dat", &text).unwrap().remove(0);
        assert_eq!(found.channels.len(), 39);
        // The hand's rotation is in the columns 11 to 13, the ankle's magnetic field in 48 to 50, numbered from 1.
        let place = |name: &str| {
            found
                .channels
                .iter()
                .position(|channel| channel.name == name)
                .unwrap()
        };
        assert_eq!(found.values[place("hand_gyro_x")], 10.0);
        assert_eq!(found.values[place("ankle_mag_z")], 49.0);
        assert_eq!(found.label_of_each()[1..3], [None, Some("Nordic walking")]);
        assert!((super::super::time::rate_of(&found).unwrap() - 100.0).abs() < 0.01);
        for (text, part) in [
            (line(9.0, 8), "activity 8 is not known"),
            ("1 2 3\n".into(), "3 fields"),
            (line(9.0, 1).replace(" 9 ", " x "), "column 10: \"x\""),
        ] {
            let error = format!("{:#}", read_as(&PAMAP2, "f.dat", &text).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9a.\n ]{0,80}", at in 0_usize..200) {
            let mut whole = line(1.0, 1);
            whole.insert_str(at.min(whole.len()), &text);
            let _ = (is_pamap2(&text), read_as(&PAMAP2, "f.dat", &whole));
        }
    }
}
