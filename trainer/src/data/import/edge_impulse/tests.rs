use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::data::import::source::Entry;
use crate::data::import::{Imported, Options, import};

fn content(
    interval: f64,
    sensors: &serde_json::Value,
    values: &serde_json::Value,
) -> serde_json::Value {
    json!({
        "protected": {"ver": "v1", "alg": "none", "iat": 1_678_637_901},
        "signature": "0",
        "payload": {"device_name": "a", "device_type": "MOBILE_CLIENT", "interval_ms": interval, "sensors": sensors, "values": values},
    })
}

fn three() -> serde_json::Value {
    json!([{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}, {"name": "accZ", "units": "m/s2"}])
}

fn as_cbor(value: &serde_json::Value) -> ciborium::Value {
    use ciborium::Value;
    match value {
        serde_json::Value::Array(all) => Value::Array(all.iter().map(as_cbor).collect()),
        serde_json::Value::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| (Value::Text(key.clone()), as_cbor(value)));
            Value::Map(entries.collect())
        }
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole.into()),
            None => Value::Float(number.as_f64().unwrap()),
        },
        _ => Value::Null,
    }
}

fn cbor(value: &serde_json::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&as_cbor(value), &mut bytes).unwrap();
    bytes
}

fn of(files: &[(&str, Vec<u8>)]) -> Result<Imported> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    import(folder.path(), &Options::default())
}

/// The labels of each recording, with their first samples and those after the last.
type Found<'a> = Vec<(&'a str, Vec<(usize, usize, &'a str)>)>;

fn labels(imported: &Imported) -> Found<'_> {
    let mut all = Vec::new();
    for recording in &imported.recordings {
        let labels = recording
            .labels
            .iter()
            .map(|at| (at.start, at.end, at.label.as_str()));
        all.push((recording.name.as_str(), labels.collect()));
    }
    all
}

#[test]
fn json_and_cbor_say_the_same() {
    let value = content(
        0.0625,
        &three(),
        &json!([[-0.7, -0.4, 9.8], [1, null, 3], [4, 5, 6]]),
    );
    for bytes in [value.to_string().into_bytes(), cbor(&value)] {
        let imported = of(&[("circle.3r7u.ingestion-5c4b.json", bytes)]).unwrap();
        assert_eq!(
            imported.formats.keys().collect::<Vec<_>>(),
            [&"Edge Impulse"]
        );
        let recording = &imported.recordings[0];
        assert_eq!(recording.time, TimeBase::Rate(16_000.0));
        assert_eq!(
            recording.channels[2],
            Channel::new("accZ", Unit::MetrePerSecondSquared)
        );
        assert_eq!(recording.values, [-0.7, -0.4, 9.8, 4.0, 5.0, 6.0]);
        assert_eq!(recording.gaps, [1]);
        assert_eq!(labels(&imported)[0].1, [(0, 2, "circle")]);
    }
    let one = content(
        10.0,
        &json!([{"name": "a", "units": "N/A"}]),
        &json!([1, 2.5, 3]),
    );
    let imported = of(&[("x.json", one.to_string().into_bytes())]).unwrap();
    assert_eq!(imported.recordings[0].values, [1.0, 2.5, 3.0]);
    assert!(imported.recordings[0].labels.is_empty());
}

#[test]
fn labels_stand_in_three_files_with_paths_of_two_kinds() {
    let file = content(10.0, &json!([{"name": "a"}]), &json!([[1], [2], [3], [4]]))
        .to_string()
        .into_bytes();
    let info = |entries: serde_json::Value| {
        json!({"version": 1, "files": entries})
            .to_string()
            .into_bytes()
    };
    let tagged = |path: &str, label: &str| json!({"path": path, "category": "training", "label": {"type": "label", "label": label}});
    let parts = json!({"path": "testing/c.1.json", "label": {"type": "multi-label", "labels": [
        {"startIndex": 2, "endIndex": 3, "label": "y"}, {"startIndex": 0, "endIndex": 0, "label": "x"}]}});
    let files = |inner: &str| {
        vec![
            (
                "info.labels",
                info(json!([
                    tagged("training/a.1.json", "up"),
                    tagged("training/b.1.json", "down"),
                    parts
                ])),
            ),
            (
                "training/info.labels",
                info(json!([
                    tagged(&format!("{inner}a.1.json"), "up"),
                    tagged(&format!("{inner}b.1.json"), "down")
                ])),
            ),
            ("testing/info.labels", info(json!([]))),
            ("training/a.1.json", file.clone()),
            ("training/b.1.json", file.clone()),
            ("testing/c.1.json", file.clone()),
        ]
    };
    for inner in ["", "training/"] {
        let imported = of(&files(inner)).unwrap();
        assert_eq!(
            labels(&imported),
            [
                ("testing/c.1", vec![(0, 1, "x"), (2, 4, "y")]),
                ("training/a.1", vec![(0, 4, "up")]),
                ("training/b.1", vec![(0, 4, "down")]),
            ]
        );
    }
    // The inner ones alone, as where only one folder was copied.
    let some: Vec<_> = files("training/").into_iter().skip(1).collect();
    assert_eq!(labels(&of(&some).unwrap())[1].1, [(0, 4, "up")]);
    let mut other = files("");
    other[1].1 = info(json!([tagged("a.1.json", "left")]));
    let error = format!("{:#}", of(&other).unwrap_err());
    assert!(
        error.contains("training/a.1.json has another label"),
        "{error}"
    );
}

#[test]
fn what_is_malformed_is_named() {
    let sensors = three();
    for (value, part) in [
        (
            content(10.0, &sensors, &json!([[1, 2, 3], [1, 2]])),
            "values[1] has 2 values, but there are 3 sensors",
        ),
        (content(10.0, &sensors, &json!([1, 2, 3])), "plain numbers"),
        (
            content(-1.0, &sensors, &json!([[1, 2, 3]])),
            "interval_ms is -1",
        ),
        (content(10.0, &json!([]), &json!([])), "sensors is empty"),
        (
            content(10.0, &sensors, &json!(["Ref-BINARY-image/jpeg"])),
            "a number or a row of numbers",
        ),
        (
            content(10.0, &sensors, &json!([[1e300, 2, 3]])),
            "too large",
        ),
        (
            content(10.0, &json!([{"name": "a"}]), &json!([[1], 2])),
            "mixes rows and numbers",
        ),
    ] {
        for bytes in [value.to_string().into_bytes(), cbor(&value)] {
            let error = format!("{:#}", of(&[("x.json", bytes)]).unwrap_err());
            assert!(error.contains("x.json") && error.contains(part), "{error}");
        }
    }
    let whole = content(10.0, &sensors, &json!([[1, 2, 3]]));
    for bytes in [whole.to_string().into_bytes(), cbor(&whole)] {
        let error = format!(
            "{:#}",
            of(&[("x.json", bytes[..bytes.len() - 3].to_vec())]).unwrap_err()
        );
        assert!(error.contains("no whole"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(place in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
        let value = content(10.0, &three(), &json!([[1, 2, 3], [4.5, null, 6]]));
        let options = Options::default();
        let budget = crate::untrusted::Budget::of_data_set();
        let reading = Reading::new(&options, &budget);
        for mut bytes in [value.to_string().into_bytes(), cbor(&value)] {
            let place = place % bytes.len();
            bytes[place] = byte;
            bytes.truncate(cut % (bytes.len() + 1));
            let entry = Entry::of_bytes("x.json", &bytes);
            let file = File::new(&entry, &bytes);
            let _ = (detect(&file), read(&file, &reading));
        }
    }
}
