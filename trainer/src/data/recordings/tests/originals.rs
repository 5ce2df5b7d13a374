//! Recordings of other tools, taken as they are.

use std::path::Path;

use super::*;
use crate::data::import::{self, Unit};

/// Writes files of folders of classes; `row` gives a row of a class, seed and number.
fn originals(header: &str, row: impl Fn(usize, usize) -> String) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (seed, label) in ["rest", "walk", "run"]
        .into_iter()
        .cycle()
        .take(12)
        .enumerate()
    {
        write_one(place.path(), label, seed, header, &row);
    }
    place
}

fn write_one(
    place: &Path,
    label: &str,
    seed: usize,
    header: &str,
    row: impl Fn(usize, usize) -> String,
) {
    let folder = place.join(label);
    std::fs::create_dir_all(&folder).unwrap();
    let rows: String = (0..50 + seed).map(|i| row(seed, i) + "\n").collect();
    std::fs::write(
        folder.join(format!("{seed:02}.csv")),
        format!("{header}\n{rows}"),
    )
    .unwrap();
}

fn value(seed: usize, channel: usize, i: usize) -> f64 {
    f64::from(noise(4 * seed + channel, i)) / 60.0
}

/// A row as a phone writes it, in m/s² and rad/s.
fn phone(seed: usize, i: usize) -> String {
    let [x, y, z] = [0, 1, 2].map(|channel| value(seed, channel, i));
    format!("{:.3},{x},{y},{z}", 0.02 * i as f64)
}

const PHONE: &str = "time,acc_x (m/s^2),acc_y (m/s^2),gyr_x (rad/s)";

fn load_place(place: &Path, cutting: &Cutting) -> Result<Loaded> {
    load_whole(&locate(place)?, cutting, &Holdout::Standard)
}

/// The same by way of a folder that an import writes.
fn in_two_steps(place: &Path, options: &import::Options, cutting: &Cutting) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let found = import::import(place, options).unwrap();
    import::write(&found, folder.path()).unwrap();
    load_all(&folder, cutting).unwrap()
}

fn same(direct: &Loaded, two_steps: &Loaded) {
    assert_eq!(direct.data, two_steps.data);
    assert_eq!(direct.own.new, two_steps.own.new);
    assert_eq!(direct.own.overview, two_steps.own.overview);
    let without = Cutting {
        import: None,
        ..direct.own.cutting.clone()
    };
    assert_eq!(without, two_steps.own.cutting);
}

#[test]
fn originals_and_their_import_are_the_same_windows_units_and_splits() {
    let plain = import::Options::default();
    // Decimal comma, semicolons, a number of the row, values beyond 4 g.
    let wild = |seed: usize, i: usize| {
        let [x, y, z] = [0, 1, 2].map(|channel| 5.0 * value(seed, channel, i));
        format!("{i};{:.2};{x:.5};{y:.5};{z:.5}", 0.01 * i as f64).replace('.', ",")
    };
    // A label in each row, and nothing that tells time.
    let labelled = |seed: usize, i: usize| {
        let [x, y, z] = [0, 1, 2].map(|channel| value(seed, channel, i));
        format!("{x},{y},{z},{},p{}", ["a", "b", "c"][seed % 3], seed % 4)
    };
    let cases = [
        (originals(PHONE, phone), plain.clone(), None),
        (
            originals("index;seconds;ax;ay;az", wild),
            import::Options {
                unit: Unit::parse("m/s2"),
                resample_hz: Some(50.0),
                ..plain.clone()
            },
            Some(ImportOptions {
                unit: Some("m/s2".into()),
                resample_hz: Some(50.0),
                ..ImportOptions::default()
            }),
        ),
        (
            originals("ax,ay,az,activity,subject", labelled),
            import::Options {
                unit: Unit::parse("mg"),
                rate_hz: Some(25.0),
                channels: vec!["az".into(), "ax".into()],
                ..plain.clone()
            },
            Some(ImportOptions {
                unit: Some("mg".into()),
                ..ImportOptions::default()
            }),
        ),
    ];
    for (place, options, import) in &cases {
        for (steps, split_seed) in [(8, 0), (12, 3)] {
            let two = Cutting {
                split_seed,
                ..cutting(steps, steps / 2)
            };
            let direct = Cutting {
                channels: options.channels.clone(),
                rate_hz: options.rate_hz.map(|rate| rate as f32),
                import: import.clone(),
                ..two.clone()
            };
            let direct = load_place(place.path(), &direct).unwrap();
            same(
                &direct,
                &in_two_steps(
                    place.path(),
                    options,
                    &Cutting {
                        channels: options.channels.clone(),
                        ..two
                    },
                ),
            );
            assert!(!direct.data.train.is_empty() && !direct.data.test.is_empty());
            assert!(direct.own.notes[0].contains("imported: 12 files of delimited text"));
            // A run reads it alike, from the text of its configuration.
            let kept = toml::to_string(&direct.own.cutting).unwrap();
            let kept: Cutting = toml::from_str(&kept).unwrap();
            kept.validate().unwrap();
            let again = load_place(place.path(), &kept).unwrap();
            assert_eq!((again.data, again.own.cutting), (direct.data, kept));
        }
    }
}

/// The scale of an import follows all of its values; a run's does not change when others are added.
#[test]
fn what_is_added_later_leaves_a_run_as_it_is() {
    let place = originals(PHONE, phone);
    let run = load_place(place.path(), &cutting(8, 4)).unwrap();
    let loud = |seed: usize, i: usize| {
        let [x, y, z] = [0, 1, 2].map(|channel| 8.0 * value(seed, channel, i));
        format!("{:.3},{x},{y},{z}", 0.02 * i as f64)
    };
    write_one(place.path(), "walk", 99, PHONE, loud);
    let again = load_place(place.path(), &run.own.cutting).unwrap();
    assert_eq!(
        (&again.data, &again.own.cutting),
        (&run.data, &run.own.cutting)
    );
    assert!(!again.own.new.is_empty());
    let saturates = again.own.notes.iter().any(|note| note.contains("saturate"));
    assert!(saturates, "{:?}", again.own.notes);
    let anew = load_place(place.path(), &cutting(8, 4)).unwrap();
    assert!(anew.data.input_lsb[0] > run.data.input_lsb[0]);
}

#[test]
fn a_folder_of_this_program_is_read_as_it_is() {
    let own = folder(&[("a.csv", file(&[rows("x", 0, 60), rows("y", 0, 60)]))]);
    let loaded = load_all(&own, &cutting(8, 4)).unwrap();
    assert_eq!(loaded.own.cutting.import, None);
    let options = Cutting {
        import: Some(ImportOptions {
            unit: Some("g".into()),
            ..ImportOptions::default()
        }),
        ..cutting(8, 4)
    };
    let error = format!("{:#}", load_all(&own, &options).unwrap_err());
    assert!(
        error.contains("own form") && error.contains("--unit"),
        "{error}"
    );
    // Decimals in a column that is no channel are no matter.
    let beside = folder(&[(
        "a.csv",
        (0..120).fold("label,a,t\n".into(), |text, i| {
            format!("{text}{},{},20.5\n", ["x", "y"][i / 60], (i * 37) % 101)
        }),
    )]);
    let chosen = Cutting {
        channels: vec!["a".into()],
        ..cutting(8, 4)
    };
    assert_eq!(load_all(&beside, &chosen).unwrap().own.cutting.import, None);
}

#[test]
fn what_is_neither_is_refused_with_both_reasons() {
    let place = originals("acc_x (g)", |seed, i| format!("{}", value(seed, 0, i)));
    let one = place.path().join("rest/00.csv");
    for (place, parts) in [
        (
            one.as_path(),
            &["no column \"label\"", "no labels are found"][..],
        ),
        (Path::new("/nonexistent"), &["is not there"]),
    ] {
        let error = format!("{:#}", load_place(place, &cutting(8, 4)).unwrap_err());
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
    }
    for (import, part) in [
        (
            ImportOptions {
                unit: Some("furlong".into()),
                ..ImportOptions::default()
            },
            "furlong",
        ),
        (
            ImportOptions {
                label_from: Some("*.csv".into()),
                ..ImportOptions::default()
            },
            "label_from",
        ),
        (
            ImportOptions {
                resample_hz: Some(0.0),
                ..ImportOptions::default()
            },
            "resample_hz",
        ),
        (
            ImportOptions {
                counts_per_unit: vec![-1.0],
                ..ImportOptions::default()
            },
            "counts_per_unit",
        ),
    ] {
        let wrong = Cutting {
            import: Some(import),
            ..cutting(8, 4)
        };
        let error = format!("{:#}", wrong.validate().unwrap_err());
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn label_columns_are_named_in_many_languages_or_by_the_user() {
    let write = |header: &str, has_two: bool| {
        let place = tempfile::tempdir().unwrap();
        for seed in 0..12 {
            let label = ["Gehen", "Ruhe"][if has_two { seed % 2 } else { 0 }];
            let rows: String = (0..60)
                .map(|i| format!("{},{label}\n", phone(seed, i)))
                .collect();
            let file = place.path().join(format!("{seed:02}.csv"));
            std::fs::write(file, format!("{PHONE},{header}\n{rows}")).unwrap();
        }
        place
    };
    for header in ["Aktivität", "Aktivita\u{308}t", "Klasse", "étiquette"] {
        let loaded = load_place(write(header, true).path(), &cutting(20, 10)).unwrap();
        assert_eq!(loaded.data.classes, ["Gehen", "Ruhe"], "{header}");
    }
    let place = write("Zustand", true);
    let error = format!(
        "{:#}",
        load_place(place.path(), &cutting(20, 10)).unwrap_err()
    );
    assert!(
        error.contains("no labels are found") && error.contains("Zustand: --label-column"),
        "{error}"
    );
    let by_column = |column: &str| Cutting {
        import: Some(ImportOptions {
            label_column: Some(column.into()),
            ..ImportOptions::default()
        }),
        ..cutting(20, 10)
    };
    let loaded = load_place(place.path(), &by_column("Zustand")).unwrap();
    assert_eq!(loaded.data.classes, ["Gehen", "Ruhe"]);
    let kept = loaded.own.cutting.import.unwrap().label_column;
    assert_eq!(kept.as_deref(), Some("Zustand"));
    let error = load_place(place.path(), &by_column("Zustands")).unwrap_err();
    assert!(format!("{error:#}").contains("\"Zustands\", which --label-column names"));
}

#[test]
fn gaps_and_sub_folders_are_told() {
    let late = |seed: usize, i: usize| {
        let pause = if i > 30 { 3.0 } else { 0.0 };
        let [x, y, z] = [0, 1, 2].map(|channel| value(seed, channel, i));
        format!("{:.3},{x},{y},{z}", 0.02 * i as f64 + pause)
    };
    let place = originals(PHONE, late);
    let loaded = load_place(place.path(), &cutting(10, 5)).unwrap();
    assert!(
        has_note(
            &loaded,
            &["12 recordings", "12 gaps", "hadamrnn data check"]
        ),
        "{:?}",
        loaded.own.notes
    );
    let named = Cutting {
        channels: vec!["nothing".into()],
        ..cutting(10, 5)
    };
    let error = format!("{:#}", load_place(place.path(), &named).unwrap_err());
    assert!(
        error.contains("its .csv files in sub-folders (rest, run, walk)"),
        "{error}"
    );
}

#[test]
fn windows_name_the_line_of_the_original_file() {
    let place = tempfile::tempdir().unwrap();
    for (seed, label) in ["rest", "walk"].into_iter().cycle().take(12).enumerate() {
        std::fs::create_dir_all(place.path().join(label)).unwrap();
        let mut text = String::from("# made by a logger\ntime,a (g),b (g)\n");
        for i in 0..120 {
            // Comments, a malformed line and a pause lie in between.
            match i {
                20 => text += "# a remark\n",
                50 => text += "oops\n",
                80 => text += "\n",
                _ => {}
            }
            let time = 0.02 * i as f64 + if i >= 100 { 5.0 } else { 0.0 };
            let [a, b] = [0, 1].map(|channel| value(seed, channel, i) / 10.0);
            writeln!(text, "{time:.2},{a:.4},{b:.4}").unwrap();
        }
        std::fs::write(place.path().join(format!("{label}/{seed:02}.csv")), text).unwrap();
    }
    let mut cutting = cutting(8, 3);
    cutting.import = Some(ImportOptions {
        skip_bad_lines: 12,
        ..ImportOptions::default()
    });
    let loaded = load_place(place.path(), &cutting).unwrap();
    let splits = [&loaded.data.train, &loaded.data.valid, &loaded.data.test];
    let mut seen = 0;
    for (split, sequences) in splits.into_iter().enumerate() {
        for window in 0..sequences.len() {
            let origin = loaded.own.origins.get(split, window).unwrap();
            let Some(crate::data::Spot::Line(line)) = origin.spot else {
                panic!("{origin:?}");
            };
            let text = std::fs::read_to_string(place.path().join(origin.file)).unwrap();
            let row = text.lines().nth(line as usize - 1).unwrap();
            let fields: Vec<f32> = row.split(',').map(|field| field.parse().unwrap()).collect();
            for (field, value) in fields[1..].iter().zip(sequences.window(window)) {
                assert!((field - value).abs() < 1e-3, "{origin:?}: {row}: {value}");
            }
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn resampled_windows_name_the_line_nearest_in_time() {
    let place = originals(PHONE, phone);
    let mut cutting = cutting(8, 4);
    cutting.import = Some(ImportOptions {
        resample_hz: Some(25.0),
        ..ImportOptions::default()
    });
    let loaded = load_place(place.path(), &cutting).unwrap();
    for window in 0..loaded.data.train.len() {
        let origin = loaded.own.origins.get(0, window).unwrap();
        // A header, and two lines for each sample.
        let line = 2 + 2 * origin.sample as u64;
        assert_eq!(
            origin.spot,
            Some(crate::data::Spot::Line(line)),
            "{origin:?}"
        );
    }
}

#[test]
fn people_of_other_tools_are_told_by_their_column_or_by_the_user() {
    let place = |column: &str| {
        originals(&format!("{PHONE},{column}"), |seed, i| {
            format!("{},P{}", phone(seed, i), seed / 3)
        })
    };
    let by = |loaded: &Loaded| loaded.own.cutting.split.as_ref().unwrap().by;
    for column in ["Proband", "Versuchsperson", "sujet", "uid"] {
        let loaded = load_place(place(column).path(), &cutting(20, 10)).unwrap();
        assert_eq!(by(&loaded), By::Group, "{column}");
    }
    let place = place("rig");
    let loaded = load_place(place.path(), &cutting(20, 10)).unwrap();
    assert_eq!(by(&loaded), By::Recording);
    assert!(
        has_note(&loaded, &["rig has one value", "--group rig"]),
        "{:?}",
        loaded.own.notes
    );
    let by_column = |column: &str| Cutting {
        group: Some(column.into()),
        ..cutting(20, 10)
    };
    let loaded = load_place(place.path(), &by_column("rig")).unwrap();
    assert_eq!(by(&loaded), By::Group);
    assert_eq!(loaded.own.overview.units.train.len(), 2, "of four people");
    // As the run keeps it.
    let again = load_place(place.path(), &loaded.own.cutting).unwrap();
    assert_eq!(again.data.test, loaded.data.test);
    let error = load_place(place.path(), &by_column("rigg")).unwrap_err();
    assert!(
        format!("{error:#}").contains("no file has a column \"rigg\""),
        "{error:#}"
    );
}
