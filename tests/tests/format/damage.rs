//! Damaged files: every one is an error, and none panics.

use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::{Model, ModelError, RoomOf, Session, SessionError, format};
use hadamrnn_tests::models::{AlignedBytes, encode_plain, models};
use proptest::prelude::*;

use crate::examples::*;

#[test]
fn every_truncation_is_an_error() {
    for bytes in [
        example_bytes(),
        example_2_bytes(),
        example_3_bytes(),
        example_4_bytes(),
    ] {
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
        error(&|b| b[4] = 5),
        Some(ModelError::UnsupportedVersion(5))
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

/// Padding is what it takes to reach a four-byte boundary, in zeros: nothing can hide in it.
#[test]
fn padding_that_is_longer_or_not_zero_is_malformed() {
    // The padding with its length before it, and the length of the weights after it.
    let cases: [(Vec<u8>, &[u8], &[u8]); 3] = [
        (example_bytes(), &[1, 0], &[0x38]),
        (example_2_bytes(), &[2, 0, 0], &[0xa0, 1]),
        (example_3_bytes(), &[0], &[0xb0, 1]),
    ];
    for (good, padding, length) in cases {
        let pattern = [padding, length].concat();
        let at = good
            .windows(pattern.len())
            .position(|bytes| bytes == pattern);
        let at = at.expect("the documented bytes");
        let error = |padding: &[u8]| {
            let mut bytes = good.clone();
            bytes.splice(
                at..at + pattern.len() - length.len(),
                padding.iter().copied(),
            );
            reseal(&mut bytes);
            Model::from_bytes(AlignedBytes::new(&bytes).as_slice()).err()
        };
        assert_eq!(error(padding), None);
        let longer = [&[padding[0] + 4], &padding[1..], &[0; 4]].concat();
        assert_eq!(error(&longer), Some(ModelError::Malformed));
        for zero in 1..padding.len() {
            let mut other = padding.to_vec();
            other[zero] = 1;
            assert_eq!(error(&other), Some(ModelError::Malformed));
        }
    }
}

/// Puts the right length and checksum on damaged bytes, so that the damage gets past them.
pub fn reseal(bytes: &mut [u8]) {
    let length = bytes.len() as u32;
    if let Some(field) = bytes.get_mut(8..12) {
        field.copy_from_slice(&length.to_le_bytes());
    }
    if let Some(end) = bytes.len().checked_sub(4) {
        let crc = format::crc32(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
    }
}

/// An accepted model must run without panicking or overflowing (tests are built with overflow checks).
fn must_be_safe(bytes: &[u8]) {
    let file = AlignedBytes::new(bytes);
    let Ok(model) = Model::from_bytes(file.as_slice()) else {
        return;
    };
    let Ok(mut session) = Session::<RoomOf<Fwht, 1024, 64, 1024, 1024, 1024>>::new(&model) else {
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
        bytes[4] = 1 + bytes[4] % 3;
        bytes[5] = 0;
        reseal(&mut bytes);
        must_be_safe(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        seal: bool,
        version in 1u8..=4,
    ) {
        if seal && bytes.len() > 16 {
            bytes[..8].copy_from_slice(b"HDRN\x01\0\0\0");
            bytes[4] = version;
            reseal(&mut bytes);
        }
        must_be_safe(&bytes);
    }
}
