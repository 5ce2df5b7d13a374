//! Whole imports, from files to files that train.

use std::path::Path;

use super::*;
use crate::data::{Holdout, recordings};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn of(files: &[(&str, &str)]) -> Result<Imported> {
    import(folder(files).path(), &Options::default())
}

fn error(files: &[(&str, &str)]) -> String {
    format!("{:#}", of(files).unwrap_err())
}

fn labels(imported: &Imported) -> Vec<(&str, Vec<&str>)> {
    imported
        .recordings
        .iter()
        .map(|recording| {
            let labels = recording
                .labels
                .iter()
                .map(|interval| interval.label.as_str());
            (recording.name.as_str(), labels.collect())
        })
        .collect()
}

/// Rows of three channels at 50 a second, in m/s².
fn phone(header: &str, first: u64, count: u64) -> String {
    let row = |i: u64| {
        let wave = (i as f64 / 5.0).sin();
        format!(
            "{},{:.3},{:.4},{:.4},{:.4}\n",
            first + 20_000_000 * i,
            0.118 + i as f64 * 0.02,
            9.8 + wave,
            0.1 * wave,
            -wave
        )
    };
    format!("{header}\n{}", (0..count).map(row).collect::<String>())
}

const AXES: &str = "time,seconds_elapsed,z,y,x";

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
            decimal(time * 2.0),
            decimal(-time)
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
fn what_may_be_an_oversight_is_said() {
    let imported = of(&[("a.csv", "label,ax\nWalk,0.5\nwalk,1\n")]).unwrap();
    for part in [
        "differ by case alone are different classes: Walk, walk",
        "no unit is told for ax",
    ] {
        assert!(
            imported.notes.iter().any(|note| note.contains(part)),
            "{:?}",
            imported.notes
        );
    }
}

#[test]
fn labels_come_from_names_files_or_folders() {
    let rows = "ax,ay\n1,2\n3,4\n";
    let files = [
        ("walk-1.csv", rows),
        ("rest-1.csv", rows),
        ("deep/rest-2.csv", rows),
    ];
    let folder = folder(&files);
    let options = Options {
        label_from: Some("{label}-*.csv".parse().unwrap()),
        ..Options::default()
    };
    let imported = import(folder.path(), &options).unwrap();
    assert_eq!(
        labels(&imported),
        [
            ("deep/rest-2", vec!["rest"]),
            ("rest-1", vec!["rest"]),
            ("walk-1", vec!["walk"])
        ]
    );
    let options = Options {
        label_from: Some("{label}_*.csv".parse().unwrap()),
        ..Options::default()
    };
    let error = format!("{:#}", import(folder.path(), &options).unwrap_err());
    assert!(
        error.contains("deep/rest-2.csv") && error.contains("--label-from"),
        "{error}"
    );
    let imported = of(&[("walk/1.csv", rows), ("rest/1.csv", rows)]).unwrap();
    assert_eq!(
        labels(&imported),
        [("rest/1", vec!["rest"]), ("walk/1", vec!["walk"])]
    );
    // Labels in the files go before folders.
    let imported = of(&[
        ("day1/1.csv", "label,a\nx,1\n"),
        ("day2/1.csv", "label,a\ny,1\n"),
    ])
    .unwrap();
    assert_eq!(
        labels(&imported),
        [("day1/1", vec!["x"]), ("day2/1", vec!["y"])]
    );
    let imported = of(&[("a.csv", rows)]).unwrap();
    assert!(
        imported
            .notes
            .iter()
            .any(|note| note.contains("no labels are found")),
        "{:?}",
        imported.notes
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    for (files, parts) in [
        (
            &[
                ("a.csv", "label,ax,ay\nx,1,2\n"),
                ("b.csv", "label,ax,gy\nx,1,2\n"),
            ][..],
            &[
                "a and b have different channels: the first alone has ay, the second alone gy",
                "--channels",
            ][..],
        ),
        (
            &[
                ("a.csv", "label,ax (g)\nx,1\n"),
                ("b.csv", "label,ax (rad/s)\nx,1\n"),
            ],
            &["channel ax is in rad/s here and in g there"],
        ),
        (
            &[("a.csv", "name,town\nx,y\n")],
            &["a.csv", "no recording that can be read"],
        ),
        (
            &[
                ("a.csv", "label,a\nx,1\n"),
                ("b.csv", "label,a\nx,1\ny,?!\n"),
            ],
            &["b.csv", "line 3", "\"?!\""],
        ),
        (
            &[("notes.md", "nothing"), ("b.py", "no")],
            &["no file is of a known format", "notes.md", "delimited text"],
        ),
        (
            &[
                ("a.csv", "ax,ay,az\n0.1,0.2,1.01\n"),
                ("b.csv", "ax,ay,az\n0.1,0.2,9.79\n"),
            ],
            &["the files tell no unit", "as of m/s²"],
        ),
    ] {
        let error = error(files);
        for part in parts {
            assert!(error.contains(part), "{files:?}: {error}");
        }
    }
    let mixed = folder(&[
        ("a.csv", "ax,ay,az\n0.1,0.2,1.01\n"),
        ("b.csv", "ax,ay,az\n0.1,0.2,9.79\n"),
    ]);
    let stated = Options {
        unit: Unit::parse("g"),
        ..Options::default()
    };
    let error_of_mixed = import(mixed.path(), &stated).unwrap_err().to_string();
    assert!(
        error_of_mixed.contains("and they differ"),
        "{error_of_mixed}"
    );
    let android = "device name,recording time,platform,standardisation\nX,2023,android,false\n";
    let ios = "device name,recording time,platform,standardisation\nX,2023,ios,false\n";
    let (one, two) = (phone(AXES, 0, 9), phone(AXES, 0, 9));
    let files = |second: &'static str| {
        error(&[
            ("a/Accelerometer.csv", &one),
            ("a/Metadata.csv", android),
            ("b/Accelerometer.csv", &two),
            ("b/Metadata.csv", second),
        ])
    };
    assert!(files(ios).contains("their axes are opposite"));
    let standard: &'static str =
        "device name,recording time,platform,standardisation\nX,2023,ios,true\n";
    let same = of(&[
        ("a/Accelerometer.csv", &one),
        ("a/Metadata.csv", android),
        ("b/Metadata.csv", standard),
    ]);
    assert_eq!(same.unwrap().recordings.len(), 1);
}

#[test]
fn units_convert_and_may_be_stated() {
    let imported = of(&[
        ("a.csv", "label,ax (g)\nx,1\n"),
        ("b.csv", "label,ax (m/s^2)\nx,19.6133\n"),
    ])
    .unwrap();
    assert!((imported.recordings[1].values[0] - 2.0).abs() < 1e-6);
    let folder = folder(&[("a.csv", "label,ax,gx (dps)\nx,500,7\n")]);
    let options = Options {
        unit: Unit::parse("mg"),
        ..Options::default()
    };
    let imported = import(folder.path(), &options).unwrap();
    assert_eq!(imported.recordings[0].channels[0].unit, Unit::G);
    assert_eq!(imported.recordings[0].values, [0.5, 7.0]);
}

#[test]
fn rates_are_measured_stated_or_made() {
    let rows: String = (0..100).map(|i| format!("{},{i},x\n", i * 10)).collect();
    let folder = folder(&[
        ("a.csv", &format!("time_ms,a,label\n{rows}")),
        (
            "b.csv",
            "time_ms,a,label\n0,1,x\n10,2,x\n3000,3,x\n3010,4,x\n3020,5,x\n3030,6,x\n",
        ),
    ]);
    let with = |options: Options| import(folder.path(), &options);
    let imported = with(Options::default()).unwrap();
    assert_eq!(imported.recordings[1].gaps, [2]);
    let error = format!(
        "{:#}",
        with(Options {
            rate_hz: Some(50.0),
            ..Options::default()
        })
        .unwrap_err()
    );
    assert!(
        error.contains("it has 100.0000 samples a second by its time, not 50"),
        "{error}"
    );
    let imported = with(Options {
        resample_hz: Some(50.0),
        ..Options::default()
    })
    .unwrap();
    assert_eq!(imported.recordings[0].samples(), 50);
    assert_eq!(imported.recordings[0].values[..3], [0.0, 2.0, 4.0]);
    assert!(
        imported
            .notes
            .iter()
            .any(|note| note.contains("without a filter")),
        "{:?}",
        imported.notes
    );
    let timeless = self::folder(&[("a.csv", "a,label\n1,x\n2,x\n")]);
    let with = |options: Options| import(timeless.path(), &options);
    assert!(
        with(Options {
            resample_hz: Some(50.0),
            ..Options::default()
        })
        .is_err()
    );
    let stated = with(Options {
        rate_hz: Some(50.0),
        ..Options::default()
    })
    .unwrap();
    assert_eq!(stated.recordings[0].time, TimeBase::Rate(50.0));
}

#[test]
fn channels_are_chosen_and_those_without_values_left_out() {
    let rows = "label,a,heart,b (g)\nx,1,,0.5\nx,2,80,0.25\nx,3,,0.5\nx,,,0.5\nx,4,,1\n";
    let folder = folder(&[("a.csv", rows)]);
    let imported = import(folder.path(), &Options::default()).unwrap();
    let first = &imported.recordings[0];
    assert_eq!((first.channels.len(), &first.gaps[..]), (2, &[3][..]));
    assert_eq!(first.values, [1.0, 0.5, 2.0, 0.25, 3.0, 0.5, 4.0, 1.0]);
    let channels = |names: &[&str]| Options {
        channels: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Options::default()
    };
    let imported = import(folder.path(), &channels(&["b (g)", "heart"])).unwrap();
    assert_eq!(imported.recordings[0].values, [0.25, 80.0]);
    let error = format!(
        "{:#}",
        import(folder.path(), &channels(&["c"])).unwrap_err()
    );
    assert!(
        error.contains("no channel \"c\" among a, heart, b"),
        "{error}"
    );
}

#[test]
fn files_are_written_as_they_are_read_again() {
    let text = "time_ms,label,Subject,ax (g),T\n0,#1 up; fast,anna,0.5,20.5\n20,#1 up; fast,anna,-0.25,21\n\n40,,anna,1,20\n60,down,anna,1,20\n80,down,anna,1,20\n";
    let folder = folder(&[("in/a b.csv", text), ("in/A-b.csv", text)]);
    let imported = import(&folder.path().join("in"), &Options::default()).unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let summary = write(&imported, &out).unwrap();
    let files: Vec<&str> = summary
        .recordings
        .iter()
        .map(|written| written.file.as_str())
        .collect();
    assert_eq!(files, ["A-b.csv", "a-b-2.csv"]);
    let written = std::fs::read_to_string(out.join("A-b.csv")).unwrap();
    let mut lines = written.lines();
    assert!(
        lines.next().unwrap().contains("ax: 8192 counts are 1 g"),
        "{written}"
    );
    let rest: Vec<&str> = lines.collect();
    assert_eq!(
        rest,
        [
            "time,label,subject,ax",
            "0.000000,\"#1 up; fast\",anna,4096",
            "0.020000,\"#1 up; fast\",anna,-2048",
            "",
            "0.040000,,anna,8192",
            "0.060000,down,anna,8192",
            "0.080000,down,anna,8192",
        ]
    );
    let summary: toml::Table =
        toml::from_str(&std::fs::read_to_string(out.join("recordings.toml")).unwrap()).unwrap();
    assert_eq!(summary["labels"]["down"].as_integer(), Some(4));
    // What was written is read as what it was.
    let again = import(
        &out,
        &Options {
            unit: None,
            ..Options::default()
        },
    )
    .unwrap();
    assert_eq!(again.recordings[0].subject.as_deref(), Some("anna"));
    assert_eq!(again.recordings[0].values, [0.5, -0.25, 1.0, 1.0, 1.0]);
    assert_eq!(again.recordings[0].channels[0].unit, Unit::G);
    assert_eq!(again.recordings[0].gaps, [2]);
}

#[test]
fn nothing_is_left_where_nothing_can_be_written() {
    let folder = folder(&[("a.csv", "label,a\nx,1\n"), ("file", "")]);
    let imported = import(&folder.path().join("a.csv"), &Options::default()).unwrap();
    assert!(write(&imported, &folder.path().join("file/out")).is_err());
    assert!(write(&imported, folder.path()).is_err());
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2);
    assert!(!Path::new("file/out").exists());
}

#[test]
fn a_recording_in_several_files_stays_one() {
    let day = |first: i32| {
        let rows = (0..3).map(|person| {
            let row = |i: i32| {
                let (label, value) = (
                    ["up", "down"][(i / 50 % 2) as usize],
                    (i * i * 31 + i * 7 + person) % 997,
                );
                format!("{},{person}p,{label},{}\n", i * 20, value * (1 + first))
            };
            (0..200).map(row).collect::<String>()
        });
        format!("time_ms,recording,label,ax\n{}", rows.collect::<String>())
    };
    let folder = folder(&[("in/day0.csv", &day(0)), ("in/day1.csv", &day(1))]);
    let options = Options {
        resample_hz: Some(25.0),
        ..Options::default()
    };
    let imported = import(&folder.path().join("in"), &options).unwrap();
    assert_eq!(imported.recordings.len(), 6);
    let told = |note: &String| note.contains("names 3 recordings over all files");
    assert!(imported.notes.iter().any(told), "{:?}", imported.notes);
    let out = folder.path().join("out");
    write(&imported, &out).unwrap();
    let text = std::fs::read_to_string(out.join("day0-0p.csv")).unwrap();
    assert!(
        text.contains("\ntime,label,recording,ax\n0.000000,up,0p,0\n"),
        "{text}"
    );
    let cutting = recordings::Cutting {
        steps: 10,
        hop: 10,
        ..recordings::Cutting::default()
    };
    let source = recordings::locate(&out).unwrap();
    let loaded = recordings::load_whole(&source, &cutting, &Holdout::Standard).unwrap();
    let units = loaded.own.overview.units;
    // Three recordings of people, not six of people and days.
    let mut names = [units.train, units.valid, units.test].concat();
    names.sort();
    assert_eq!(names, ["0p", "1p", "2p"]);
}

#[test]
fn files_without_labels_beside_others_are_told() {
    let rows = "ax,ay\n1,2\n3,4\n";
    let with = "label,ax,ay\nwalk,1,2\nwalk,3,4\n";
    let imported = of(&[("walk/1.csv", with), ("rest/2.csv", rows)]).unwrap();
    assert_eq!(
        labels(&imported),
        [("rest/2", vec!["rest"]), ("walk/1", vec!["walk"])]
    );
    let told = |imported: &Imported, part: &str| {
        let found = imported.notes.iter().any(|note| note.contains(part));
        assert!(found, "{:?}", imported.notes);
    };
    told(&imported, "rest/2.csv: it holds no label");
    let imported = of(&[("day1/1.csv", with), ("day2/2.csv", rows)]).unwrap();
    assert_eq!(labels(&imported)[1], ("day2/2", vec![]));
    told(&imported, "so it is of no class");
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

#[test]
fn imports_of_different_scales_are_brought_to_one() {
    let rows = |largest: &str| format!("label,ax (g)\nx,1\ny,{largest}\n");
    let folder = folder(&[
        ("a.csv", &rows("2")),
        ("b.csv", &rows("15")),
        ("c.csv", &rows("3")),
    ]);
    let at = |name: &str| folder.path().join(name);
    for name in ["a", "b", "c"] {
        let imported = import(&at(&format!("{name}.csv")), &Options::default()).unwrap();
        let summary = write(&imported, &at("out").join(name)).unwrap();
        let told = summary
            .notes
            .iter()
            .any(|note| note.contains("not that of the firmware"));
        assert_eq!(told, name == "b", "{:?}", summary.notes);
    }
    // Imported again they have one scale, and the values they had.
    let again = import(&at("out"), &Options::default()).unwrap();
    let values: Vec<&[f32]> = (again.recordings.iter())
        .map(|recording| recording.values.as_slice())
        .collect();
    assert_eq!(values, [[1.0, 2.0], [1.0, 15.0], [1.0, 3.0]]);
    let summary = write(&again, &at("all")).unwrap();
    assert_eq!(
        (
            summary.channels[0].unit,
            summary.channels[0].counts_per_unit
        ),
        (Unit::G, 2048.0)
    );
}
