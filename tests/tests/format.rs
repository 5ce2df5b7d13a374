//! The model format: the worked example of `docs/FORMAT.md`, and every way to damage a file.

use hadamrnn_runtime::kernel::{Fwht, Kernel};
use hadamrnn_runtime::{Model, ModelError, Session, SessionError, format};
use hadamrnn_tests::models::{AlignedBytes, Widths, encode_plain, plain_models};
use hadamrnn_tests::oracle::PlainModel;
use proptest::prelude::*;

/// The model of the worked example: 16 units, one input, one output.
fn example() -> (PlainModel, Widths) {
    let model = PlainModel {
        hidden_size: 16,
        block_size: 4,
        channels: vec![(-2, 3)],
        input: (0..16).map(|row| vec![row - 8]).collect(),
        bias: (0..16).map(|row| row - 1).collect(),
        signs: (0..16)
            .map(|row| if row % 3 == 0 { -1 } else { 1 })
            .collect(),
        readout: vec![(0..16).map(|unit| unit % 4 - 2).collect()],
        readout_bias: vec![-5],
        state_bits: 12,
        input_bits: 8,
        input_shift: 1,
        drive_shift: 9,
        gain_shift: 10,
    };
    (
        model,
        Widths {
            input: 4,
            readout: 2,
        },
    )
}

fn example_bytes() -> Vec<u8> {
    let (model, widths) = example();
    encode_plain(&model, widths)
}

/// The bytes in the first fenced block of the document that starts with the magic.
fn documented_bytes() -> Vec<u8> {
    let text = include_str!("../../docs/FORMAT.md");
    let block = text
        .split("```")
        .find(|block| block.contains("48 44 52 4e"))
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
    let bytes = example_bytes();
    let dump: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        documented_bytes(),
        bytes,
        "the encoder writes:\n{}",
        dump.join(" ")
    );
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
        assert_eq!(model.input_weight(row, 0), plain.input[row][0]);
        assert_eq!(model.bias(row), plain.bias[row]);
        assert_eq!(model.sign(row), plain.signs[row]);
        assert_eq!(model.readout_weight(0, row), plain.readout[0][row]);
    }
    assert_eq!(model.readout_bias(0), -5);
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
    let bytes = example_bytes();
    for length in 0..bytes.len() {
        let file = AlignedBytes::new(&bytes[..length]);
        assert_eq!(
            Model::from_bytes(file.as_slice()).err(),
            Some(ModelError::Truncated),
            "{length}"
        );
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
        error(&|b| b[4] = 2),
        Some(ModelError::UnsupportedVersion(2))
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

#[test]
fn each_field_out_of_range_has_its_error() {
    type Change = fn(&mut format::Header<'static>);
    let cases: [(Change, ModelError); 13] = [
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
    ];
    let file = AlignedBytes::new(&example_bytes());
    let valid = *Model::from_bytes(file.as_slice()).expect("valid").header();
    for (change, error) in cases {
        let mut header = format::Header { name: "x", ..valid };
        change(&mut header);
        let words = vec![0u32; format::SectionLengths::of(&header).expect("widths").total()];
        let mut out = vec![0; 65536];
        let length = format::encode(&header, &words, &mut out).expect("room");
        let file = AlignedBytes::new(&out[..length]);
        assert_eq!(
            Model::from_bytes(file.as_slice()).err(),
            Some(error),
            "{header:?}"
        );
    }
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
    let Ok(mut session) = Session::<Fwht, 1024, 64>::new(&model) else {
        return;
    };
    for raw in [i16::MIN, i16::MAX, -1, 0] {
        let sample = vec![raw; model.input_size()];
        session.push(&sample).expect("right length");
    }
    assert!(session.class() < model.class_count());
    assert_eq!(session.logits().count(), model.output_size());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn single_bit_flips_of_any_model_are_errors((model, widths) in plain_models(4..=5), bit: prop::sample::Index) {
        let mut bytes = encode_plain(&model, widths);
        let bit = bit.index(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        let file = AlignedBytes::new(&bytes);
        prop_assert!(Model::from_bytes(file.as_slice()).is_err());
    }

    #[test]
    fn resealed_damage_never_panics(
        (model, widths) in plain_models(4..=5),
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
        bytes[4..8].copy_from_slice(&[1, 0, 0, 0]);
        reseal(&mut bytes);
        must_be_safe(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), seal: bool) {
        if seal && bytes.len() > 16 {
            bytes[..8].copy_from_slice(b"HDRN\x01\0\0\0");
            reseal(&mut bytes);
        }
        must_be_safe(&bytes);
    }
}
