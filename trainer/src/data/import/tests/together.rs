//! Channels, units and scales of recordings that go together, or do not.

use super::*;

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

#[test]
fn files_of_sensors_beside_each_other_have_the_same_channels_in_every_recording() {
    let rows = |axis: &str| {
        let rows: String = (0..30)
            .map(|i| format!("{},{},1,{}\n", 20 * i, i * i % 7, i * i % 5))
            .collect();
        format!("t_ms,{axis}x,{axis}y,{axis}z\n{rows}")
    };
    let (acc, gyro) = (rows("a"), rows("g"));
    let files = [
        ("walk/walk0_acc.csv", &*acc),
        ("walk/walk0_gyro.csv", &*gyro),
        ("walk/walk1_acc.csv", &*acc),
        ("walk/walk1_gyro.csv", &*gyro),
        ("rest/rest0_acc.csv", &*acc),
        ("rest/rest0_gyro.csv", &*gyro),
    ];
    let imported = of(&files).unwrap();
    let names: Vec<&str> = (imported.recordings[0].channels.iter())
        .map(|channel| channel.name.as_str())
        .collect();
    let sensors = [
        "acc_ax", "acc_ay", "acc_az", "gyro_gx", "gyro_gy", "gyro_gz",
    ];
    assert_eq!(names, sensors);
    assert_eq!(imported.recordings.len(), 3);
}

#[test]
fn an_empty_folder_is_called_so() {
    let error = error(&[]);
    assert!(error.ends_with("holds no files of recordings"), "{error}");
}
