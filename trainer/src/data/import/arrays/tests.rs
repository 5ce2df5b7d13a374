//! Arrays of our own.

use proptest::prelude::*;

use super::*;
use crate::data::import::source::Entry;
use crate::data::import::{Imported, Options, import};
use crate::data::npz::tests::pack;

fn npy(kind: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn of(name: &str, bytes: &[u8]) -> Result<Imported> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    import(&path, &Options::default())
}

fn i16s(values: &[i16]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

#[test]
fn arrays_in_either_order_say_the_same() {
    let rows = of(
        "a.npy",
        &npy("<i2", false, "(3, 2)", &i16s(&[1, 2, 3, 4, 5, 6])),
    )
    .unwrap();
    let columns = of(
        "a.npy",
        &npy("<i2", true, "(3, 2)", &i16s(&[1, 3, 5, 2, 4, 6])),
    )
    .unwrap();
    assert_eq!(rows.recordings, columns.recordings);
    assert_eq!(rows.recordings[0].sample(1), [3.0, 4.0]);
    let big: Vec<u8> = [1.5_f64, f64::NAN, 2.5]
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    let found = of("a.npy", &npy(">f8", false, "(3,)", &big)).unwrap();
    assert_eq!(
        (
            &found.recordings[0].values[..],
            &found.recordings[0].gaps[..]
        ),
        (&[1.5, 2.5][..], &[1][..])
    );
}

#[test]
fn windows_and_their_labels_are_found() {
    // Two windows of three samples and two channels; channels first in the second array.
    let values: Vec<i16> = (0..12).collect();
    let names: Vec<u8> = ["up", "go"]
        .iter()
        .flat_map(|name| name.chars().flat_map(|c| (c as u32).to_le_bytes()))
        .collect();
    let bytes = pack(&[
        ("X_train", "<i2", "(2, 3, 2)", &i16s(&values)),
        ("y_train", "<U2", "(2,)", &names),
        ("X_test", "<i2", "(2, 2, 3)", &i16s(&values)),
        ("y_test", "|u1", "(2,)", &[7, 8]),
    ]);
    let found = of("a.npz", &bytes).unwrap();
    let shown: Vec<(&str, &str)> = found
        .recordings
        .iter()
        .map(|r| (r.name.as_str(), r.labels[0].label.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("a:X_test:00000", "7"),
            ("a:X_test:00001", "8"),
            ("a:X_train:00000", "up"),
            ("a:X_train:00001", "go")
        ]
    );
    assert_eq!(found.recordings[2].values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(found.recordings[0].values, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("2 windows of 3 samples and 2 channels; too short to tell")),
        "{:?}",
        found.notes
    );
    // A label a sample.
    let bytes = pack(&[
        ("data", "<i2", "(3, 2)", &i16s(&values[..6])),
        ("activity", "|S1", "(3,)", b"aab"),
    ]);
    let found = of("a.npz", &bytes).unwrap();
    assert_eq!(
        found.recordings[0].label_of_each(),
        [Some("a"), Some("a"), Some("b")]
    );
}

#[test]
fn arrays_that_are_none_are_refused() {
    for (bytes, part) in [
        (
            npy("<f4", false, "(9999, 9999)", &[0; 8]),
            "8 bytes do not fill",
        ),
        (npy("<c8", false, "(1, 1)", &[0; 8]), "type <c8"),
        (npy("<f2", false, "(1, 1)", &[0; 2]), "type <f2"),
        (npy("<i2", false, "(1, 1, 1, 1)", &[0; 2]), "its shape is"),
        (
            npy("<f4", false, "(1,)", &f32::INFINITY.to_le_bytes()),
            "infinite",
        ),
    ] {
        let error = format!("{:#}", of("a.npy", &bytes).unwrap_err());
        assert!(error.contains("a.npy") && error.contains(part), "{error}");
    }
    let error = format!(
        "{:#}",
        of("a.npz", &pack(&[("y", "|u1", "(2,)", &[7, 8])])).unwrap_err()
    );
    assert!(error.contains("no array of samples among y"), "{error}");
}

#[test]
fn arrays_of_subjects_name_people() {
    let windows = i16s(&(0..12).map(|i| i * i).collect::<Vec<_>>());
    let bytes = pack(&[
        ("X", "<i2", "(2, 3, 2)", &windows),
        ("y", "|u1", "(2,)", &[7, 8]),
        ("subject", "|S4", "(2,)", b"annabert"),
    ]);
    let found = of("a.npz", &bytes).unwrap().recordings;
    let people: Vec<Option<&str>> = found.iter().map(|r| r.subject.as_deref()).collect();
    assert_eq!(people, [Some("anna"), Some("bert")]);
    assert_eq!(found[1].labels[0].label, "8");
    // A person a sample, by the ends of the names.
    let bytes = pack(&[
        ("X_test", "<i2", "(3, 2)", &windows[..12]),
        ("y_test", "|u1", "(3,)", &[7, 7, 8]),
        ("person_test", "|u1", "(3,)", &[2, 2, 1]),
        ("person_train", "|u1", "(3,)", &[9, 9, 9]),
    ]);
    let found = of("a.npz", &bytes).unwrap().recordings;
    let shown: Vec<(&str, usize)> = (found.iter())
        .map(|r| (r.subject.as_deref().unwrap(), r.samples()))
        .collect();
    assert_eq!(shown, [("1", 1), ("2", 2)]);
}

#[test]
fn windows_of_fortran_order_and_small_integers_are_read_by_index() {
    // Windows, samples, channels: 2, 4, 3. The value says where it is.
    let at = |w: i16, s: i16, c: i16| 100 * w + 10 * s + c;
    let (mut rows, mut columns) = (Vec::new(), Vec::new());
    for w in 0..2 {
        for s in 0..4 {
            rows.extend((0..3).map(|c| at(w, s, c)));
        }
    }
    for c in 0..3 {
        for s in 0..4 {
            columns.extend((0..2).map(|w| at(w, s, c)));
        }
    }
    let of = |fortran: bool, values: &[i16], shape: &str| {
        let bytes = npy("<i2", fortran, shape, &i16s(values));
        let found = of("a.npy", &bytes).unwrap().recordings;
        found.into_iter().map(|r| r.values).collect::<Vec<_>>()
    };
    let found = of(false, &rows, "(2, 4, 3)");
    assert_eq!(found, of(true, &columns, "(2, 4, 3)"));
    assert_eq!(found[1][..6], [100.0, 101.0, 102.0, 110.0, 111.0, 112.0]);
    // The lowest of 16 bits too.
    assert_eq!(
        of(false, &[i16::MIN, i16::MAX, 0, 1], "(2, 2)")[0][..2],
        [-32768.0, 32767.0]
    );
}

#[test]
fn windows_that_overlap_are_one_recording() {
    // Two people's streams in windows of 16 with 8 in common, and one that overlaps none.
    let value = |i: i32| ((i * i * 31 + i * 7) % 997) as i16;
    let window = |first: i32| (first..first + 16).flat_map(move |i| [value(i), value(i + 500)]);
    let starts = [0, 8, 16, 100, 108, 300];
    let values: Vec<i16> = starts.into_iter().flat_map(window).collect();
    let bytes = pack(&[
        ("X", "<i2", "(6, 16, 2)", &i16s(&values)),
        ("y", "|u1", "(6,)", &[1, 1, 2, 1, 2, 2]),
    ]);
    let found = of("a.npz", &bytes).unwrap();
    let stated: Vec<Option<&str>> = (found.recordings.iter())
        .map(|r| r.stated_name.as_deref())
        .collect();
    let [a, b, c] = [Some("a:X:00000"), Some("a:X:00003"), Some("a:X:00005")];
    assert_eq!(stated, [a, a, a, b, b, c]);
    let told = |note: &String| note.contains("5 of them overlap others, by 8 samples and more");
    assert!(found.notes.iter().any(told), "{:?}", found.notes);
}

proptest! {
    #[test]
    fn no_bytes_panic(place in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
        let options = Options::default();
        let budget = crate::untrusted::Budget::of_data_set();
        let reading = Reading::new(&options, &budget);
        let zip = pack(&[("X", "<i2", "(1, 2, 2)", &i16s(&[1, 2, 3, 4])), ("y", "<U1", "(1,)", &[65, 0, 0, 0])]);
        for (format, mut bytes) in [(NPY, npy("<i2", true, "(2, 2)", &i16s(&[1, 2, 3, 4]))), (NPZ, zip)] {
            let place = place % bytes.len();
            bytes[place] = byte;
            bytes.truncate(cut % (bytes.len() + 1));
            let entry = Entry::of_bytes("x", &bytes);
            let file = File::new(&entry, &bytes);
            let _ = ((format.detect)(&file), (format.read)(&file, &reading));
        }
    }
}
