//! Labels, and which recording a sample is of.

use super::*;

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
        text.contains("\ntime,label,recording,ax,source_digest\n0.000000,up,0p,"),
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
fn labels_that_contradict_their_folder_are_told() {
    let rows = |label: &str| format!("label,ax,ay\n{label},1,2\n{label},3,4\n");
    let (walk, rest) = (rows("walk"), rows("rest"));
    let files = [
        ("walk/1.csv", &*walk),
        ("walk/2.csv", &*rest),
        ("rest/1.csv", &*rest),
    ];
    let imported = of(&files).unwrap();
    let told = |note: &String| {
        note.starts_with("1 files hold another label") && note.contains("walk/2.csv, with \"rest\"")
    };
    assert!(imported.notes.iter().any(told), "{:?}", imported.notes);
    // A folder that has no file of its name.
    let imported = of(&[files[0], files[2], ("wave/1.csv", &*walk)]).unwrap();
    let told = |note: &String| note.contains("wave/1.csv, with \"walk\"");
    assert!(imported.notes.iter().any(told), "{:?}", imported.notes);
    let imported = of(&[files[0], files[2]]).unwrap();
    let told = |note: &String| note.contains("another label");
    assert!(!imported.notes.iter().any(told), "{:?}", imported.notes);
}

#[test]
fn mixed_units_of_rotation_are_told() {
    let file = |factor: f64, seed: u32| {
        let value = |i: u32| f64::from((i * i * 7 + seed) % 23) * factor;
        let row = |i: u32| format!("{},{},0.5\n", value(i), value(i + 3));
        format!("gx,gy,ax\n{}", (0..60).map(row).collect::<String>())
    };
    let notes = |factors: [f64; 2]| {
        let texts: Vec<String> = (0..4).map(|i| file(factors[i as usize % 2], i)).collect();
        let names = ["walk/1.csv", "walk/2.csv", "rest/1.csv", "rest/2.csv"];
        let files: Vec<(&str, &str)> = names
            .into_iter()
            .zip(texts.iter().map(String::as_str))
            .collect();
        of(&files).unwrap().notes
    };
    let told = |note: &String| note.contains("as rad/s and °/s do");
    assert!(notes([0.1, 5.7296]).iter().any(told));
    assert!(!notes([0.1, 0.7]).iter().any(told));
}
