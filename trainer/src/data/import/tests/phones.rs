//! Recordings of phones: a folder or zip a recording, a file a sensor.

use super::*;

#[test]
fn a_folder_per_class_of_phone_recordings_trains() {
    let mut files = Vec::new();
    for class in ["walk", "rest"] {
        for i in 0..4_u64 {
            let first = 1_700_000_000_000_000_000 + i * 1_000_000_000_000;
            let run = format!("{class}/{class}-{i}");
            files.push((
                format!("{run}/TotalAcceleration.csv"),
                phone(AXES, first, 400),
            ));
            files.push((
                format!("{run}/Gyroscope.csv"),
                phone(AXES, first + 3_000_000, 400),
            ));
            files.push((
                format!("{run}/Metadata.csv"),
                "version,device name,recording time,platform\n3,X,2023,android\n".into(),
            ));
            files.push((format!("{run}/Annotation.csv"), String::new()));
            files.push((format!("{run}/._Gyroscope.csv"), "\0\x05\x16\x07".into()));
        }
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = folder(&files);
    let imported = import(folder.path(), &Options::default()).unwrap();
    assert_eq!(imported.formats, BTreeMap::from([("Sensor Logger", 16)]));
    assert_eq!(imported.left_out.len(), 16);
    assert_eq!(imported.recordings.len(), 8);
    let first = &imported.recordings[0];
    assert_eq!(
        (first.name.as_str(), labels(&imported)[0].1.as_slice()),
        ("rest/rest-0", &["rest"][..])
    );
    let channels: Vec<(&str, Unit)> = first
        .channels
        .iter()
        .map(|channel| (channel.name.as_str(), channel.unit))
        .collect();
    let (acceleration, rotation) = (Unit::MetrePerSecondSquared, Unit::RadianPerSecond);
    assert_eq!(
        channels,
        [
            ("totalacceleration_x", acceleration),
            ("totalacceleration_y", acceleration),
            ("totalacceleration_z", acceleration),
            ("gyroscope_x", rotation),
            ("gyroscope_y", rotation),
            ("gyroscope_z", rotation),
        ]
    );
    let out = folder.path().join("new/out");
    let summary = write(&imported, &out).unwrap();
    assert!((summary.recordings[0].rate_hz.unwrap() - 50.0).abs() < 0.01);
    assert_eq!(summary.labels["walk"], 4 * 399);
    // 9.8 m/s² are 1 g, 8,192 counts, but the values go beyond ±4 g nowhere.
    assert!((summary.channels[0].counts_per_unit - 8192.0 / 9.80665).abs() < 1e-9);
    let cutting = recordings::Cutting {
        steps: 50,
        hop: 50,
        ..recordings::Cutting::default()
    };
    let source = recordings::locate(&out).unwrap();
    let dataset = recordings::load(&source, &cutting, &Holdout::Standard).unwrap();
    assert_eq!(dataset.train.steps, 50);
    // A second time there is something already.
    let again = write(&imported, &out).unwrap_err().to_string();
    assert!(again.contains("is there already"), "{again}");
}

/// A phyphox file at 100.25 a second, from `first` seconds on, with short columns padded at the end.
fn phyphox(sensor: &str, unit: &str, first: f64, count: u32) -> String {
    let quoted = |axis: &str| format!("\"{sensor} {axis} ({unit})\"");
    let header = format!(
        "\"Time (s)\";{};{};{}\n",
        quoted("x"),
        quoted("y"),
        quoted("z")
    );
    let decimal = |value: f64| format!("{value:.9E}").replace('.', ",");
    let row = |i: u32| {
        let time = first + f64::from(i) / 100.25;
        let last = if i + 2 >= count {
            "NaN".to_owned()
        } else {
            decimal(9.81)
        };
        format!(
            "{};{};{};{last}\n",
            decimal(time),
            decimal(time.sin()),
            decimal(-time.sin())
        )
    };
    header + &(0..count).map(row).collect::<String>()
}

#[test]
fn a_phyphox_zip_is_one_recording() {
    let acceleration = phyphox("Acceleration", "m/s^2", 0.0602, 300);
    let rotation = phyphox("Gyroscope", "rad/s", 0.0478, 300);
    let zip = source::tests::zip(&[
        ("Accelerometer.csv", acceleration.as_bytes()),
        ("Gyroscope.csv", rotation.as_bytes()),
        (
            "meta/device.csv",
            b"\"property\";\"value\"\n\"version\";\"1.1\"\n",
        ),
        (
            "meta/time.csv",
            b"\"event\";\"experiment time\";\"system time\"\n\"START\";0E0;1,7E9\n",
        ),
    ]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("walk-1.zip"), zip).unwrap();
    let options = Options {
        label_from: Some("{label}-*".parse().unwrap()),
        ..Options::default()
    };
    let imported = import(folder.path(), &options).unwrap();
    assert_eq!(imported.formats, BTreeMap::from([("phyphox", 2)]));
    assert_eq!(labels(&imported), [("walk-1", vec!["walk"])]);
    let recording = &imported.recordings[0];
    let names: Vec<&str> = recording
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "Acceleration_x",
            "Acceleration_y",
            "Acceleration_z",
            "Gyroscope_x",
            "Gyroscope_y",
            "Gyroscope_z"
        ]
    );
    assert!((time::rate_of(recording).unwrap() - 100.25).abs() < 0.01);
    // Both say their time; the padded samples at the end are none.
    assert!(
        (290..=298).contains(&recording.samples()),
        "{}",
        recording.samples()
    );
    assert!((recording.sample(7)[0] - recording.sample(7)[3]).abs() < 1e-4);
}

#[test]
fn folders_that_are_recordings_or_people_are_no_classes() {
    let (one, two) = (phone(AXES, 0, 9), phone(AXES, 0, 9));
    let files = [
        ("rec1/Accelerometer.csv", one.as_str()),
        ("rec2/Accelerometer.csv", &two),
    ];
    let imported = of(&files).unwrap();
    assert!(
        labels(&imported)
            .iter()
            .all(|(_, labels)| labels.is_empty())
    );
    let rows = "ax,ay\n1,2\n3,4\n";
    let error = error(&[
        ("anna/walk.csv", rows),
        ("anna/run.csv", rows),
        ("bert/walk.csv", rows),
        ("bert/run.csv", rows),
    ]);
    for part in [
        "anna, bert",
        "run, walk",
        "'{label}/*'",
        "'{subject}/{label}.*'",
    ] {
        assert!(error.contains(part), "{error}");
    }
}
