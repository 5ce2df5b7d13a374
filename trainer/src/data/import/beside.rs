//! Files that lie beside recordings and hold none.

use super::File;
use super::text::{Separator, lines, split};
use crate::data::words::words;

/// Names of Sensor Logger's files of events and of slow or other sensors.
const EVENTS: [&str; 17] = [
    "metadata",
    "annotation",
    "location",
    "battery",
    "network",
    "pedometer",
    "activity",
    "brightness",
    "microphone",
    "camera",
    "light",
    "barometer",
    "compass",
    "bluetooth",
    "heartrate",
    "wifi",
    "headphone",
];

/// Whether a file says something about recordings, but is none: phyphox' `meta`, Sensor Logger's events.
pub(super) fn is_beside(file: &File<'_>) -> bool {
    if file.bytes.is_empty() {
        return true;
    }
    let Some(text) = file.text() else {
        return false;
    };
    let Some((_, header)) = lines(text).find(|(_, line)| !line.trim().is_empty()) else {
        return false;
    };
    let mut fields = Vec::new();
    let by = |separator: u8, fields: &mut Vec<_>| {
        split(header, Separator::Character(separator), fields).is_ok()
    };
    for separator in [b',', b';', b'\t'] {
        if !by(separator, &mut fields) {
            continue;
        }
        match fields.as_slice() {
            ["property", "value", ..] | ["event", "experiment time", ..] => return true,
            ["time", "seconds_elapsed", ..] => {
                return EVENTS.contains(&words(file.entry.stem()).concat().as_str());
            }
            all if is_metadata(all) => return true,
            _ => {}
        }
    }
    false
}

fn is_metadata(header: &[&str]) -> bool {
    header.contains(&"recording time") && header.contains(&"device name")
}

/// Directions of a phone's axes: those of iOS and Android are opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axes {
    Android,
    Ios,
}

/// The directions that Sensor Logger's `Metadata.csv` tells, if `file` is one: those of Android if the values were standardised.
pub(super) fn axes(file: &File<'_>) -> Option<Axes> {
    let mut rows = lines(file.text()?);
    let by = Separator::Character(b',');
    let (mut header, mut values) = (Vec::new(), Vec::new());
    split(rows.next()?.1, by, &mut header).ok()?;
    split(rows.next()?.1, by, &mut values).ok()?;
    if !is_metadata(&header) {
        return None;
    }
    let value = |name: &str| {
        let place = header
            .iter()
            .position(|other| other.eq_ignore_ascii_case(name))?;
        values.get(place).copied()
    };
    let is_standard =
        value("standardisation").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let is_ios = value("platform")?.to_lowercase().starts_with("ios");
    Some(if is_ios && !is_standard {
        Axes::Ios
    } else {
        Axes::Android
    })
}
