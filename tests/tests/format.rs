//! The model format: the worked example of `docs/FORMAT.md`, and every way to damage a file.

use hadamrnn_runtime::kernel::{Fwht, Kernel};
use hadamrnn_runtime::{Model, ModelError, Session, SessionError, format};
use hadamrnn_tests::models::{AlignedBytes, Widths, encode_plain, header_and_words, models};
use hadamrnn_tests::oracle::{
    PlainInput, PlainLayer, PlainMixing, PlainModel, PlainReadout, PlainSecond,
};
use proptest::prelude::*;

/// Minus in every third place from the first.
fn every_third(count: usize) -> Vec<i32> {
    (0..count)
        .map(|row| if row % 3 == 0 { -1 } else { 1 })
        .collect()
}

/// The first worked example: 16 units, one input, one output.
fn example() -> (PlainModel, Widths) {
    let model = PlainModel {
        input: PlainInput::Numbers {
            channels: vec![(-2, 3)],
            copies: vec![false],
            weights: (0..16).map(|row| vec![row - 8]).collect(),
            bits: 8,
            shift: 1,
        },
        bias: (0..16).map(|row| row - 1).collect(),
        drive_shift: 9,
        layer: PlainLayer {
            hidden_size: 16,
            block_size: 4,
            signs: every_third(16),
            leak: 0,
            state_bits: 12,
            gain_shift: 10,
        },
        second: None,
        readout_kind: PlainReadout::LastState,
        readout: vec![(0..16).map(|unit| unit % 4 - 2).collect()],
        readout_bias: vec![-5],
    };
    let widths = Widths {
        input: 4,
        readout: 2,
    };
    (model, widths)
}

/// The second worked example: the first with two tokens, a leak, a second layer of the kind, and a pooled readout.
fn example_2(mixing: PlainMixing) -> (PlainModel, Widths) {
    let (first, widths) = example();
    let layer = PlainLayer {
        leak: 3,
        ..first.layer.clone()
    };
    let model = PlainModel {
        input: PlainInput::Tokens {
            table: vec![vec![0; 16], (0..16).map(|row| row - 8).collect()],
            multiplier: 300,
        },
        second: Some(PlainSecond {
            layer: PlainLayer {
                block_size: 16,
                leak: 0,
                ..layer.clone()
            },
            mixing,
            multiplier: 5,
            bias: (0..16).map(|row| 256 * row - 1).collect(),
        }),
        layer,
        readout_kind: PlainReadout::Pooled(6),
        ..first
    };
    (model, widths)
}

/// Row `i` has its minus signs where `i` has set bits, over and over.
fn dense() -> PlainMixing {
    let row = |i: usize| {
        (0..16)
            .map(|j| if i >> (j % 4) & 1 == 1 { -1 } else { 1 })
            .collect()
    };
    PlainMixing::Dense((0..16).map(row).collect())
}

fn example_2_bytes() -> Vec<u8> {
    let (model, widths) = example_2(dense());
    encode_plain(&model, widths)
}

fn example_bytes() -> Vec<u8> {
    let (model, widths) = example();
    encode_plain(&model, widths)
}

/// The bytes in the fenced blocks of the document that start with the magic, in order.
fn documented_bytes(example: usize) -> Vec<u8> {
    let text = include_str!("../../docs/FORMAT.md");
    let block = text
        .split("```")
        .filter(|block| block.contains("48 44 52 4e"))
        .nth(example)
        .expect("a block of bytes");
    let hex = |line: &str| -> Vec<u8> {
        let bytes = line.split('|').next().unwrap_or_default();
        bytes
            .split_whitespace()
            .map_while(|byte| u8::from_str_radix(byte, 16).ok())
            .collect()
    };
    block.lines().flat_map(hex).collect()
}

#[test]
fn the_documented_bytes_are_what_the_encoder_writes() {
    for (example, bytes) in [example_bytes(), example_2_bytes()].iter().enumerate() {
        let dump: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            &documented_bytes(example),
            bytes,
            "the encoder writes:\n{}",
            dump.join(" ")
        );
    }
}

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
    assert_eq!(second.mixing(), format::Mixing::Dense);
    assert_eq!(second.layer().block_size(), 16);
    for row in 0..16 {
        assert_eq!(
            (model.input_weight(row, 0), model.input_weight(row, 1)),
            (0, row as i32 - 8)
        );
        assert_eq!(second.layer().sign(row), if row % 3 == 0 { -1 } else { 1 });
    }
}

/// The lowest version that holds a model is written, so that older readers read what they can.
#[test]
fn models_of_version_1_are_still_written_so_and_nothing_of_version_2_passes_for_it() {
    assert_eq!(example_bytes()[4..6], [1, 0]);
    let mut bytes = example_2_bytes();
    assert_eq!(bytes[4..6], [2, 0]);
    bytes[4] = 1;
    reseal(&mut bytes);
    let file = AlignedBytes::new(&bytes);
    assert_eq!(
        Model::from_bytes(file.as_slice()).err(),
        Some(ModelError::Malformed)
    );
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

#[test]
fn every_truncation_is_an_error() {
    for bytes in [example_bytes(), example_2_bytes()] {
        for length in 0..bytes.len() {
            let file = AlignedBytes::new(&bytes[..length]);
            assert_eq!(
                Model::from_bytes(file.as_slice()).err(),
                Some(ModelError::Truncated),
                "{length}"
            );
        }
    }
}

#[test]
fn each_kind_of_damage_has_its_error() {
    let bytes = example_bytes();
    let error = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = bytes.clone();
        change(&mut changed);
        let file = AlignedBytes::new(&changed);
        Model::from_bytes(file.as_slice()).err()
    };
    assert_eq!(error(&|b| b[0] = b'h'), Some(ModelError::BadMagic));
    assert_eq!(
        error(&|b| b[4] = 3),
        Some(ModelError::UnsupportedVersion(3))
    );
    assert_eq!(error(&|b| b[40] ^= 1), Some(ModelError::Checksum));
    assert_eq!(error(&|b| b.push(0)), Some(ModelError::TrailingBytes));
    assert_eq!(error(&|b| b.truncate(5)), Some(ModelError::Truncated));
    assert_eq!(
        error(&|b| *b = b"GIF89a and so on".to_vec()),
        Some(ModelError::BadMagic)
    );
    let words = vec![0u32; bytes.len() / 4 + 2];
    let mut shifted: Vec<u8> = bytemuck::cast_slice(&words).to_vec();
    let offset = shifted.as_ptr().align_offset(4) + 1;
    shifted[offset..offset + bytes.len()].copy_from_slice(&bytes);
    let shifted = &shifted[offset..offset + bytes.len()];
    assert_eq!(
        Model::from_bytes(shifted).err(),
        Some(ModelError::Misaligned)
    );
}

/// What reading a model of this header and zero weights gives.
fn error_of(header: &format::Header<'_>) -> Option<ModelError> {
    let words = vec![0u32; format::SectionLengths::of(header).expect("widths").total()];
    let mut out = vec![0; 256 + 4 * words.len()];
    let length = format::encode(header, &words, &mut out).expect("room");
    let file = AlignedBytes::new(&out[..length]);
    Model::from_bytes(file.as_slice()).err()
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
            (|h| h.drive_shift = 21, ModelError::Shift),
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
    use format::{Mixing, Readout};
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
        second_of(h).mixing = Mixing::Hadamard;
        second_of(h).hidden_size = 32;
    };
    assert_errors(valid, &[(mixed_sizes, ModelError::SecondLayer)]);
}

#[test]
fn capacities_and_kinds_that_do_not_fit_are_errors() {
    let file = AlignedBytes::new(&example_2_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let error = Session::<Fwht, 16, 0, 8, 16>::new(&model).err();
    let (needed, capacity) = (16, 8);
    assert_eq!(error, Some(SessionError::PoolCapacity { needed, capacity }));
    let error = Session::<Fwht, 16, 0, 16, 8>::new(&model).err();
    assert_eq!(
        error,
        Some(SessionError::SecondCapacity { needed, capacity })
    );
    let mut session = Session::<Fwht, 16, 0, 16, 16>::new(&model).expect("fits");
    session.push_token(1).expect("in the vocabulary");
    let error = SessionError::Token {
        vocabulary: 2,
        found: 2,
    };
    assert_eq!(session.push_token(2), Err(error));
    assert_eq!(session.push(&[1]), Err(SessionError::InputKind));
    let error = SessionError::SampleLength {
        expected: 1,
        found: 2,
    };
    assert_eq!(session.push_raw(&[1, 1]), Err(error));
    assert_eq!(session.steps(), 1, "a refused sample changes nothing");
    let file = AlignedBytes::new(&example_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let mut session = Session::<Fwht, 16, 1>::new(&model).expect("fits");
    assert_eq!(session.push_token(0), Err(SessionError::InputKind));
}

/// Capacities that a model does not use cost nothing: the default session is the first layer's state alone.
#[test]
fn a_session_pays_only_for_what_its_model_uses() {
    use hadamrnn_runtime::kernel::FwhtPacked;
    let plain = size_of::<Session<'static, FwhtPacked, 128, 9>>();
    assert_eq!(
        plain - size_of::<usize>(),
        (2 * 128 + 4 + 2 + 2usize).next_multiple_of(align_of::<usize>())
    );
    let pooled = size_of::<Session<'static, FwhtPacked, 128, 9, 128>>();
    assert_eq!(pooled - plain, 4 * 128);
    let two = size_of::<Session<'static, FwhtPacked, 128, 9, 0, 128>>();
    assert_eq!(two - plain, (2 + 4) * 128);
}

#[test]
fn sessions_that_are_too_small_and_samples_of_the_wrong_length_are_errors() {
    let file = AlignedBytes::new(&example_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let error = Session::<Fwht, 8, 1>::new(&model).err();
    assert_eq!(
        error,
        Some(SessionError::HiddenCapacity {
            needed: 16,
            capacity: 8
        })
    );
    let error = Session::<Fwht, 16, 0>::new(&model).err();
    assert_eq!(
        error,
        Some(SessionError::InputCapacity {
            needed: 1,
            capacity: 0
        })
    );
    let mut session = Session::<Fwht, 16, 4>::new(&model).expect("fits");
    session.push(&[5]).expect("one channel");
    let before: Vec<i16> = session.states().collect();
    assert_eq!(
        session.push(&[1, 2]),
        Err(SessionError::SampleLength {
            expected: 1,
            found: 2
        })
    );
    assert_eq!(
        session.states().collect::<Vec<_>>(),
        before,
        "a refused sample changes nothing"
    );
    assert_eq!(session.steps(), 1);
    session.reset();
    assert!(session.states().all(|state| state == 0));
    assert_eq!(Fwht::NAME, "fwht");
}

/// Puts the right length and checksum on damaged bytes, so that the damage gets past them.
fn reseal(bytes: &mut [u8]) {
    let length = bytes.len() as u32;
    if let Some(field) = bytes.get_mut(8..12) {
        field.copy_from_slice(&length.to_le_bytes());
    }
    if let Some(end) = bytes.len().checked_sub(4) {
        let crc = format::crc32(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
    }
}

/// What is accepted must run without panicking or overflowing (tests are built with overflow checks).
fn must_be_safe(bytes: &[u8]) {
    let file = AlignedBytes::new(bytes);
    let Ok(model) = Model::from_bytes(file.as_slice()) else {
        return;
    };
    let Ok(mut session) = Session::<Fwht, 1024, 64, 1024, 1024>::new(&model) else {
        return;
    };
    for raw in [i16::MIN, i16::MAX, -1, 0] {
        let sample = vec![raw; model.sample_size()];
        match session.push_raw(&sample) {
            Ok(()) => {}
            Err(SessionError::Token { .. }) if model.tokens().is_some() => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(session.class() < model.class_count());
    assert_eq!(session.logits().count(), model.output_size());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn single_bit_flips_of_any_model_are_errors((model, widths) in models(4..=5), bit: prop::sample::Index) {
        let mut bytes = encode_plain(&model, widths);
        let bit = bit.index(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        let file = AlignedBytes::new(&bytes);
        prop_assert!(Model::from_bytes(file.as_slice()).is_err());
    }

    #[test]
    fn resealed_damage_never_panics(
        (model, widths) in models(4..=5),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in 0usize..8,
    ) {
        let mut bytes = encode_plain(&model, widths);
        for (index, value) in changes {
            let index = index.index(60.min(bytes.len()));
            bytes[index] = value;
        }
        bytes.truncate(bytes.len() - cut);
        bytes[..4].copy_from_slice(b"HDRN");
        bytes[6..8].copy_from_slice(&[0, 0]);
        bytes[4] = 1 + bytes[4] % 2;
        bytes[5] = 0;
        reseal(&mut bytes);
        must_be_safe(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        seal: bool,
        version in 1u8..=2,
    ) {
        if seal && bytes.len() > 16 {
            bytes[..8].copy_from_slice(b"HDRN\x01\0\0\0");
            bytes[4] = version;
            reseal(&mut bytes);
        }
        must_be_safe(&bytes);
    }
}
