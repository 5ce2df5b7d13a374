//! Tests that files are written as documented, and are read back.

use hadamrnn_runtime::{Model, ModelError, format};
use hadamrnn_tests::models::{AlignedBytes, encode_plain};

use crate::damage::reseal;
use crate::examples::*;

#[test]
fn what_is_written_is_read() {
    let (plain, _) = example();
    let file = AlignedBytes::new(&example_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    assert_eq!(model.name(), "test");
    assert_eq!(
        (model.hidden_size(), model.input_size(), model.output_size()),
        (16, 1, 1)
    );
    assert_eq!(
        (model.channel(0).offset, model.channel(0).multiplier),
        (-2, 3)
    );
    for row in 0..16 {
        assert_eq!(model.input_weight(row, 0), row as i32 - 8);
        assert_eq!(model.bias(row), plain.bias[row]);
        assert_eq!(model.sign(row), plain.layer.signs[row]);
        assert_eq!(model.readout_weight(0, row), plain.readout[0][row]);
    }
    assert_eq!(model.readout_bias(0), -5);
}

#[test]
fn what_version_2_added_is_read() {
    let file = AlignedBytes::new(&example_2_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let tokens = format::Tokens {
        vocabulary: 2,
        multiplier: 300,
    };
    assert_eq!(model.tokens(), Some(tokens));
    assert_eq!(
        model.readout(),
        format::Readout::Pooled {
            shift: 6,
            steps: 300
        }
    );
    let second = model.second().expect("a second layer");
    assert_eq!(second.mixing(), format::BinaryMatrixKind::Dense);
    assert_eq!(second.layer().block_size(), 16);
    for row in 0..16 {
        assert_eq!(
            (model.input_weight(row, 0), model.input_weight(row, 1)),
            (0, row as i32 - 8)
        );
        assert_eq!(second.layer().sign(row), if row % 3 == 0 { -1 } else { 1 });
    }
}

#[test]
fn what_version_3_added_is_read() {
    let file = AlignedBytes::new(&example_3_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    assert_eq!(model.driven_rows(), 8);
    assert_eq!(
        model.hidden_readout().map(|hidden| hidden.units()),
        Some(16)
    );
    for row in 0..16 {
        assert_eq!(model.input_weight(row, 0), (row as i32 - 8).min(0));
    }
    assert_eq!(model.header().addition.bounds, model.bounds());
}

#[test]
fn what_version_4_added_is_read() {
    let file = AlignedBytes::new(&example_4_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let fading = format::Fading {
        shift: 2,
        log2_interval: 1,
    };
    assert_eq!(model.fading(), Some(fading));
    assert_eq!(model.parts().iter().count(), 0);
    assert_eq!(model.header().addition.bounds, model.bounds());
}

/// The lowest version that holds a model is written, so that older readers read what they can.
#[test]
fn models_are_written_in_the_lowest_version_and_none_passes_for_an_older_one() {
    assert_eq!(example_bytes()[4..6], [1, 0]);
    let newer = [
        (example_2_bytes(), 2, ModelError::Malformed),
        (example_3_bytes(), 3, ModelError::WeightsLength),
        (example_4_bytes(), 4, ModelError::WeightsLength),
    ];
    for (mut bytes, version, error) in newer {
        assert_eq!(bytes[4..6], [version, 0]);
        bytes[4] -= 1;
        reseal(&mut bytes);
        let file = AlignedBytes::new(&bytes);
        assert_eq!(Model::from_bytes(file.as_slice()).err(), Some(error));
    }
}

#[test]
fn weights_lie_on_a_word_boundary_for_every_length_of_name() {
    let (plain, widths) = example();
    let file = AlignedBytes::new(&encode_plain(&plain, widths));
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    for name in [
        "",
        "a",
        "ab",
        "abc",
        "abcd",
        "a name of some length, really",
    ] {
        let header = format::Header {
            name,
            ..*model.header()
        };
        let words = vec![0u32; format::SectionLengths::of(&header).expect("widths").total()];
        let mut out = vec![0; 512];
        let length = format::encode(&header, &words, &mut out).expect("room");
        let file = AlignedBytes::new(&out[..length]);
        assert_eq!(
            Model::from_bytes(file.as_slice()).expect("aligned").name(),
            name
        );
    }
}
