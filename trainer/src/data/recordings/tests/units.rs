//! Units of imported recordings, from files to data sets and runs.

use super::*;
use crate::data::import::{self, Unit};

/// Files of three channels of noise in m/s² and rad/s, of two classes, as a phone writes them.
fn phone() -> tempfile::TempDir {
    let originals = tempfile::tempdir().unwrap();
    for (seed, label) in ["rest", "walk"].into_iter().cycle().take(6).enumerate() {
        let mut text = String::from("time,ax (m/s^2),ay (m/s^2),gx (rad/s)\n");
        for i in 0..40 {
            let [x, y, z] = [0, 1, 2].map(|channel| f64::from(noise(3 * seed + channel, i)));
            writeln!(
                text,
                "{},{},{},{}",
                0.02 * i as f64,
                x / 40.0,
                y / 40.0,
                z / 100.0
            )
            .unwrap();
        }
        let folder = originals.path().join(label);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{seed}.csv")), text).unwrap();
    }
    originals
}

fn imported() -> tempfile::TempDir {
    let (originals, folder) = (phone(), tempfile::tempdir().unwrap());
    let found = import::import(originals.path(), &import::Options::default()).unwrap();
    import::write(&found, folder.path()).unwrap();
    folder
}

#[test]
fn an_import_is_read_in_its_units() {
    let folder = imported();
    let loaded = load_all(&folder, &cutting(8, 8)).unwrap();
    let metre = Unit::MetrePerSecondSquared;
    assert_eq!(
        loaded.own.cutting.units,
        [metre, metre, Unit::RadianPerSecond]
    );
    let lsb = loaded.data.input_lsb.clone();
    // ±20 m/s² are within 4 g, ±8 rad/s within 2,290 °/s.
    assert!((lsb[0] - 9.80665 / 8192.0).abs() < 1e-9, "{lsb:?}");
    assert!((lsb[2] - 0.07_f32.to_radians()).abs() < 1e-9, "{lsb:?}");
    let note = loaded
        .own
        .notes
        .iter()
        .find(|note| note.contains("physical units"));
    assert!(note.is_some(), "{:?}", loaded.own.notes);
    // The counts are those in the files.
    let mut without = cutting(8, 8);
    without.split = loaded.own.cutting.split.clone();
    without.channels = loaded.own.cutting.channels.clone();
    without.classes = loaded.own.cutting.classes.clone();
    let counts = load_all(&folder, &without).unwrap();
    assert_eq!(counts.data.input_lsb, [1.0; 3]);
    assert!(
        counts.own.cutting.units.is_empty(),
        "a run of before stays as it is"
    );
    assert!(
        counts
            .own
            .notes
            .iter()
            .any(|note| note.contains("without units"))
    );
    for (a, b) in [
        (&loaded.data.train, &counts.data.train),
        (&loaded.data.test, &counts.data.test),
    ] {
        assert!(!a.is_empty() && a.len() == b.len());
        for i in 0..a.len() {
            assert_eq!(a.raw(i, &lsb), b.raw(i, &[1.0; 3]));
            for (value, count) in a.window(i).iter().zip(b.window(i)).step_by(3) {
                assert!((value - count * lsb[0]).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn a_run_keeps_its_units_and_refuses_others() {
    let folder = imported();
    let run = load_all(&folder, &cutting(8, 8)).unwrap().own.cutting;
    assert_eq!(load_all(&folder, &run).unwrap().own.cutting, run);
    let in_g = Cutting {
        units: vec![Unit::G, Unit::G, Unit::DegreePerSecond],
        ..run.clone()
    };
    let loaded = load_all(&folder, &in_g).unwrap();
    assert!((loaded.data.input_lsb[0] * 8192.0 - 1.0).abs() < 1e-6);
    // The same files without what tells their scale.
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if path.extension().is_some_and(|end| end == "csv") {
            let (_, below) = text.split_once('\n').unwrap();
            std::fs::write(path, below).unwrap();
        }
    }
    let error = format!("{:#}", load_all(&folder, &run).unwrap_err());
    for part in ["channel ax", "tells no unit", "recordings.toml"] {
        assert!(error.contains(part), "{error}");
    }
    std::fs::remove_file(folder.path().join("recordings.toml")).unwrap();
    let error = format!("{:#}", load_all(&folder, &run).unwrap_err());
    for part in ["channel ax in m/s²", "tell no unit", "counts are 1 g"] {
        assert!(error.contains(part), "{error}");
    }
    let counts = load_all(&folder, &cutting(8, 8)).unwrap();
    assert_eq!(counts.own.cutting.units, [Unit::Counts; 3]);
}

#[test]
fn units_of_a_configuration_are_checked() {
    let mut wrong = cutting(8, 8);
    wrong.units = vec![Unit::G];
    let error = wrong.validate().unwrap_err().to_string();
    assert!(error.contains("units"), "{error}");
    let parsed: Result<Cutting, _> = toml::from_str("channels = [\"a\"]\nunits = [\"m/s2\"]\n");
    assert_eq!(parsed.unwrap().units, [Unit::MetrePerSecondSquared]);
    let parsed: Result<Cutting, _> = toml::from_str("channels = [\"a\"]\nunits = [\"mg\"]\n");
    assert!(parsed.unwrap_err().to_string().contains("no unit"));
}
