//! The shipped HAR-2 model: its golden vectors, and that no damaged copy of it is taken for a model.

use std::path::Path;

use hadamrnn::card::{Card, files, sha256};
use hadamrnn::integer::{Answer, ModelFile};
use hadamrnn::verify::answers_to_window_file;
use hadamrnn_runtime::Model;
use hadamrnn_tests::models::AlignedBytes;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/har2"))
}

fn model() -> ModelFile {
    ModelFile::read(&folder().join(files::MODEL)).expect("shipped")
}

#[test]
fn golden_vectors_hold() {
    let golden = std::fs::read_to_string(folder().join(files::GOLDEN)).expect("shipped");
    let golden: Vec<Answer> = serde_json::from_str(&golden).expect("JSON");
    let windows = std::fs::read(folder().join(files::WINDOWS)).expect("shipped");
    let model = model();
    let answers =
        answers_to_window_file(&model.model().expect("valid"), &windows).expect("windows");
    assert!(golden.len() >= 8);
    assert_eq!(answers, golden);
}

#[test]
fn the_card_is_of_this_model() {
    let card = Card::read(folder()).expect("shipped");
    assert_eq!(card.bytes, model().bytes().len());
    assert_eq!(card.sha256, sha256(model().bytes()));
    let results = card.results;
    assert!(results.integer_test.accuracy >= 0.91, "{results:?}");
    assert!(
        (results.float_test.accuracy - results.integer_test.accuracy).abs() <= 0.003,
        "{results:?}"
    );
}

#[test]
fn every_truncation_is_an_error() {
    let file = model();
    for length in 0..file.bytes().len() {
        let cut = AlignedBytes::new(&file.bytes()[..length]);
        assert!(
            Model::from_bytes(cut.as_slice()).is_err(),
            "{length} bytes are taken for a model"
        );
    }
}

#[test]
fn every_single_bit_flip_is_an_error() {
    let bytes = model().bytes().to_vec();
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let flipped = AlignedBytes::new(&flipped);
        assert!(
            Model::from_bytes(flipped.as_slice()).is_err(),
            "a flip of bit {bit} goes unnoticed"
        );
    }
}
