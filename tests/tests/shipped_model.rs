//! The shipped models: their golden vectors, and that no damaged copy of the smallest is taken for a model.

use std::path::{Path, PathBuf};

use hadamrnn::card::{files, sha256};
use hadamrnn::integer::{Answer, ModelFile};
use hadamrnn::model_folder::StoredModel;
use hadamrnn::verify::answers_to_window_file;
use hadamrnn_runtime::Model;
use hadamrnn_tests::documented;
use hadamrnn_tests::models::AlignedBytes;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/har2"))
}

fn model() -> ModelFile {
    ModelFile::read(&folder().join(files::MODEL)).expect("shipped")
}

/// Every model folder.
fn folders() -> Vec<PathBuf> {
    let models = folder().parent().expect("models");
    let entries = std::fs::read_dir(models).expect("a folder");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[test]
fn golden_vectors_hold() {
    for folder in folders() {
        let stored = StoredModel::read(&folder).expect("shipped");
        let beside = stored.folder.expect("a folder");
        let model = stored.file.model().expect("valid");
        let answers = answers_to_window_file(&model, &beside.windows).expect("windows");
        assert!(beside.golden.len() >= 8, "{}", folder.display());
        assert_eq!(answers, beside.golden, "{}", folder.display());
    }
}

#[test]
fn each_card_is_of_its_model() {
    for folder in folders() {
        let stored = StoredModel::read(&folder).expect("shipped");
        let card = stored.card().expect("a card");
        let model = &stored.file;
        assert_eq!(card.bytes, model.bytes().len(), "{}", folder.display());
        assert_eq!(card.sha256, sha256(model.bytes()), "{}", folder.display());
        let results = card.results;
        let lost = results.float_test.accuracy - results.integer_test.accuracy;
        assert!(lost.abs() <= 0.003, "{}: {results:?}", folder.display());
    }
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

#[test]
fn the_documented_windows_have_the_documented_answers() {
    let example = documented::models().swap_remove(0);
    let file = AlignedBytes::new(&example.bytes);
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let golden: Vec<Answer> = serde_json::from_str(documented::golden()).expect("JSON");
    let answers = answers_to_window_file(&model, &documented::windows()).expect("windows");
    assert_eq!(answers, golden);
    assert_eq!(answers[0].state_hash, example.digest);
}
