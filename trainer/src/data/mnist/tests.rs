//! The loader on miniature files and, by hand, on the published ones.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::*;

/// An image file whose pixel `j` of image `i` is `(i + j) % 256`.
fn images(count: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = [0x803, count, 28, 28]
        .iter()
        .flat_map(|word: &u32| word.to_be_bytes())
        .collect();
    bytes.extend((0..count as usize).flat_map(|i| (0..STEPS).map(move |j| (i + j) as u8)));
    bytes
}

fn labels(digits: &[u8]) -> Vec<u8> {
    let count = (digits.len() as u32).to_be_bytes();
    [&0x801_u32.to_be_bytes()[..], &count, digits].concat()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

/// The four files in `dir`, compressed or not.
fn small(dir: &Path, pack: impl Fn(&[u8]) -> Vec<u8>, ending: &str) -> Source {
    let contents = [
        images(12),
        labels(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2]),
        images(2),
        labels(&[9, 0]),
    ];
    let names = [
        "train-images-idx3",
        "train-labels-idx1",
        "t10k-images-idx3",
        "t10k-labels-idx1",
    ];
    for (name, content) in names.iter().zip(contents) {
        fs::write(dir.join(format!("{name}-ubyte{ending}")), pack(&content)).unwrap();
    }
    crate::data::locate(Task::Smnist, Some(dir)).unwrap()
}

#[test]
fn both_orders_of_both_forms() {
    let (raw, packed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = small(raw.path(), <[u8]>::to_vec, "");
    let plain = load(Task::Smnist, &source, &Holdout::Standard).unwrap();
    let source = small(packed.path(), gz, ".gz");
    assert_eq!(
        load(Task::Smnist, &source, &Holdout::Standard).unwrap(),
        plain
    );
    let lengths = [plain.train.len(), plain.valid.len(), plain.test.len()];
    assert_eq!(lengths, [10, 2, 2]);
    assert_eq!(plain.valid.targets, Targets::Class(vec![1, 2]));
    let counts: Vec<i16> = (0..STEPS as i16).map(|j| (11 + j) % 256).collect();
    assert_eq!(plain.valid.raw(1, &plain.input_lsb), counts);
    let permuted = load(Task::Pmnist, &source, &Holdout::None).unwrap();
    assert_eq!((permuted.train.len(), permuted.valid.len()), (12, 0));
    for (j, at) in permutation().into_iter().enumerate() {
        assert_eq!(permuted.test.window(1)[j], plain.test.window(1)[at]);
    }
}

#[test]
fn malformed_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let source = small(dir.path(), <[u8]>::to_vec, "");
    let message = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let error = load(Task::Smnist, &source, &Holdout::Standard).unwrap_err();
        fs::write(&path, good).unwrap();
        format!("{error:#}")
    };
    let wide = [0x803_u32, 1, 28, 29].map(u32::to_be_bytes).concat();
    let packed = gz(&labels(&[1; 2]));
    let cases = [
        ("train-images-idx3-ubyte", vec![], "shorter than 4 bytes"),
        (
            "train-images-idx3-ubyte",
            images(12)[..14].to_vec(),
            "header of 16 bytes is cut off",
        ),
        (
            "train-images-idx3-ubyte",
            images(12)[..999].to_vec(),
            "983 bytes follow the header, which announces 9408",
        ),
        (
            "train-images-idx3-ubyte",
            labels(&[1; 12]),
            "starts with 0x00000801 where IDX has 0x00000803",
        ),
        ("t10k-images-idx3-ubyte", wide, "28 x 29"),
        ("t10k-images-idx3-ubyte", images(3), "has 3 images"),
        ("t10k-labels-idx1-ubyte", labels(&[3, 10]), "label 1 is 10"),
        (
            "t10k-labels-idx1-ubyte",
            packed[..packed.len() - 5].to_vec(),
            "truncated or damaged",
        ),
    ];
    for (name, bytes, what) in cases {
        let message = message(name, &bytes);
        assert!(
            message.contains(name) && message.contains(what),
            "{message}"
        );
        let remedy = message.contains("hadamrnn data fetch mnist");
        assert!(remedy || what.contains("truncated"), "{message}");
    }
}

#[test]
fn missing_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    small(dir.path(), gz, ".gz");
    fs::remove_file(dir.path().join("t10k-labels-idx1-ubyte.gz")).unwrap();
    let error = crate::data::locate(Task::Pmnist, Some(dir.path())).unwrap_err();
    let message = format!("{error:#}");
    assert!(message.contains("no mnist (test labels)"), "{message}");
    assert!(message.contains("hadamrnn data fetch mnist"), "{message}");
}

#[test]
#[ignore = "needs the published files in the folder named by HADAMRNN_DATA"]
fn the_full_set() {
    let source = crate::data::locate(Task::Smnist, None).unwrap();
    let data = load(Task::Smnist, &source, &Holdout::Standard).unwrap();
    let lengths = [data.train.len(), data.valid.len(), data.test.len()];
    assert_eq!(lengths, [50_000, 10_000, 10_000]);
    assert_eq!(
        data.test.class_counts(10),
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    );
    let sum: f64 = [&data.train, &data.valid]
        .iter()
        .flat_map(|part| part.values.numbers().into_owned())
        .map(f64::from)
        .sum();
    assert!((sum / (60_000.0 * 784.0) - 0.1307).abs() < 5e-5);
}
