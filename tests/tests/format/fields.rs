//! Every field out of its range has an error of its own.

use hadamrnn_runtime::{Bounds, Model, ModelError, format};
use hadamrnn_tests::models::header_and_words;

use crate::examples::*;

/// The error of reading a model of this header and zero weights, if it is one.
fn error_of(header: &format::Header<'_>) -> Option<ModelError> {
    let words = vec![0u32; format::SectionLengths::of(header).expect("widths").total()];
    Model::from_bytes(file(header, &words).as_slice()).err()
}

type Change = fn(&mut format::Header<'static>);

fn assert_errors(valid: format::Header<'static>, cases: &[(Change, ModelError)]) {
    for (change, error) in cases {
        let mut header = valid;
        change(&mut header);
        assert_eq!(error_of(&header), Some(*error), "{header:?}");
    }
}

#[test]
fn each_field_out_of_range_has_its_error() {
    let (model, widths) = example();
    let (valid, _) = header_and_words(&model, widths);
    assert_errors(
        valid,
        &[
            (|h| h.hidden_size = 24, ModelError::HiddenSize),
            (|h| h.hidden_size = 2048, ModelError::HiddenSize),
            (|h| h.log2_block = 0, ModelError::BlockSize),
            (|h| h.log2_block = 5, ModelError::BlockSize),
            (|h| h.input_size = 0, ModelError::InputSize),
            (|h| h.output_size = 0, ModelError::OutputSize),
            (|h| h.state_bits = 7, ModelError::StateBits),
            (|h| h.state_bits = 17, ModelError::StateBits),
            (|h| h.input_bits = 17, ModelError::InputBits),
            (|h| h.input_shift = 0, ModelError::Shift),
            (|h| h.gain_shift = 16, ModelError::Shift),
            (|h| h.layer_input_shift = 21, ModelError::Shift),
            (|h| h.logit_scale = f32::NAN, ModelError::LogitScale),
        ],
    );
}

fn tokens_of<'a>(header: &'a mut format::Header<'static>) -> &'a mut format::Tokens {
    header.extension.tokens.as_mut().expect("tokens")
}

fn second_of<'a>(header: &'a mut format::Header<'static>) -> &'a mut format::Second {
    header.extension.second.as_mut().expect("a second layer")
}

#[test]
fn each_field_of_version_2_out_of_range_has_its_error() {
    use format::{BinaryMatrixKind, Readout};
    let (model, widths) = example_2(dense());
    let (valid, _) = header_and_words(&model, widths);
    assert_eq!(error_of(&valid), None);
    assert_errors(
        valid,
        &[
            (|h| h.extension.leak = 16, ModelError::Leak),
            (|h| h.extension.copies = 1, ModelError::Tokens),
            (|h| tokens_of(h).vocabulary = 0, ModelError::Tokens),
            (|h| tokens_of(h).vocabulary = 65_537, ModelError::Tokens),
            (|h| tokens_of(h).multiplier = 0, ModelError::Tokens),
            (|h| tokens_of(h).multiplier = 0x8000, ModelError::Tokens),
            (|h| h.input_size = 2, ModelError::Tokens),
            (|h| h.input_bits = 8, ModelError::Tokens),
            (|h| h.input_shift = 1, ModelError::Tokens),
            (
                |h| {
                    h.readout = Readout::Pooled {
                        shift: 17,
                        steps: 1,
                    }
                },
                ModelError::Pool,
            ),
            (
                |h| h.readout = Readout::Pooled { shift: 6, steps: 0 },
                ModelError::Pool,
            ),
            (|h| second_of(h).hidden_size = 48, ModelError::HiddenSize),
            (|h| second_of(h).log2_block = 0, ModelError::BlockSize),
            (|h| second_of(h).state_bits = 17, ModelError::StateBits),
            (|h| second_of(h).gain_shift = 3, ModelError::Shift),
            (|h| second_of(h).leak = 16, ModelError::Leak),
            (|h| second_of(h).multiplier = 0, ModelError::SecondLayer),
            (
                |h| second_of(h).multiplier = 0x8000,
                ModelError::SecondLayer,
            ),
        ],
    );
    let mixed_sizes: Change = |h| {
        second_of(h).mixing = BinaryMatrixKind::Hadamard;
        second_of(h).hidden_size = 32;
    };
    assert_errors(valid, &[(mixed_sizes, ModelError::SecondLayer)]);
}

fn hidden_of<'a>(header: &'a mut format::Header<'static>) -> &'a mut format::HiddenReadout {
    let hidden = header.addition.hidden_readout.as_mut();
    hidden.expect("a hidden readout layer")
}

#[test]
fn each_field_of_version_3_out_of_range_has_its_error() {
    let (model, widths) = example_3();
    let (valid, _) = header_and_words(&model, widths);
    // The weights of these files are zero, which the last check would find.
    assert_eq!(error_of(&valid), Some(ModelError::Bounds));
    assert_errors(
        valid,
        &[
            (|h| h.addition.driven_rows = 4, ModelError::DrivenRows),
            (|h| h.addition.driven_rows = 16, ModelError::DrivenRows),
            (|h| h.addition.driven_rows = 24, ModelError::DrivenRows),
            // Two blocks of eight have one word of rows each: four of each are half a word.
            (|h| h.log2_block = 3, ModelError::DrivenRows),
            // No layer, yet numbers of one.
            (|h| hidden_of(h).hidden_size = 0, ModelError::Malformed),
            (|h| hidden_of(h).hidden_size = 24, ModelError::HiddenReadout),
            (
                |h| hidden_of(h).hidden_size = 1040,
                ModelError::HiddenReadout,
            ),
            (|h| hidden_of(h).multiplier = 0, ModelError::HiddenReadout),
            (
                |h| hidden_of(h).multiplier = 0x8000,
                ModelError::HiddenReadout,
            ),
            (|h| hidden_of(h).shift = 31, ModelError::HiddenReadout),
            (|h| hidden_of(h).bits = 7, ModelError::HiddenReadout),
            (|h| hidden_of(h).bits = 17, ModelError::HiddenReadout),
        ],
    );
}

fn fading_of<'a>(header: &'a mut format::Header<'static>) -> &'a mut format::Fading {
    header.addition.fading.as_mut().expect("a fading pool")
}

#[test]
fn each_field_of_version_4_out_of_range_has_its_error() {
    let (model, widths) = example_4();
    let (valid, _) = header_and_words(&model, widths);
    assert_eq!(error_of(&valid), Some(ModelError::Bounds));
    assert_errors(
        valid,
        &[
            // An interval of a pool that does not fade.
            (|h| fading_of(h).shift = 0, ModelError::Malformed),
            (|h| fading_of(h).shift = 16, ModelError::Pool),
            (|h| fading_of(h).log2_interval = 17, ModelError::Pool),
            // States of 12 bits leave room for a time constant of 2^20 steps.
            (
                |h| (fading_of(h).shift, fading_of(h).log2_interval) = (10, 11),
                ModelError::Pool,
            ),
            (|h| h.readout = format::Readout::LastState, ModelError::Pool),
            (|h| h.readout = format::Readout::EveryStep, ModelError::Pool),
        ],
    );
    let mut most = valid;
    *fading_of(&mut most) = format::Fading {
        shift: 10,
        log2_interval: 10,
    };
    assert_eq!(error_of(&most), Some(ModelError::Bounds));
}

#[test]
fn bounds_that_are_not_those_of_the_weights_are_refused() {
    let (model, widths) = example_3();
    let (valid, words) = header_and_words(&model, widths);
    let error =
        |header: &format::Header<'_>| Model::from_bytes(file(header, &words).as_slice()).err();
    assert_eq!(error(&valid), None);
    let bounds = valid.addition.bounds;
    for off_by_one in [
        Bounds {
            layer_input: bounds.layer_input - 1,
            ..bounds
        },
        Bounds {
            step: bounds.step + 1,
            ..bounds
        },
        Bounds {
            second_step: 1,
            ..bounds
        },
        Bounds {
            hidden: bounds.hidden - 1,
            ..bounds
        },
        Bounds {
            logit: bounds.logit - 1,
            ..bounds
        },
    ] {
        let mut header = valid;
        header.addition.bounds = off_by_one;
        assert_eq!(error(&header), Some(ModelError::Bounds), "{off_by_one:?}");
    }
}
