//! Tests that the reader that runs in the compiler agrees with the reader that runs on a device.

use hadamrnn_runtime::format::{Header, crc32};
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked};
use hadamrnn_runtime::{Capacities, Model, ModelError, embedded};
use hadamrnn_tests::models::{AlignedBytes, encode_plain, encode_with, models};
use proptest::prelude::*;

use crate::examples::*;
use crate::parts::{borrowed, parts};

/// Most words of a model that the tests make.
const WORDS: usize = 1 << 14;

/// The compiler's reading and proofs of a file give what a device's do: the same model, or the same error.
fn prove_alike(bytes: &[u8]) -> Result<(), TestCaseError> {
    let file = AlignedBytes::new(bytes);
    let (count, length) = (embedded::word_count(bytes), embedded::name_length(bytes));
    prop_assert!(count <= WORDS);
    let words = embedded::words::<WORDS>(bytes);
    let name = match length {
        0 => Vec::new(),
        // Behind the prefix, and one byte or two that tell its length.
        length => {
            let start = 13 + usize::from(length > 127);
            bytes[start..start + length].to_vec()
        }
    };
    let known = embedded::model(bytes, &name, &words[..count]);
    let loaded = Model::from_bytes(file.as_slice());
    prop_assert_eq!(
        known.map(|model| format!("{model:?}")),
        loaded.map(|model| format!("{model:?}"))
    );
    Ok(())
}

/// Both readers tell the same of a file, as far as a header tells it.
fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    prove_alike(bytes)?;
    let file = AlignedBytes::new(bytes);
    match (Header::read(bytes), Model::from_bytes(file.as_slice())) {
        (Ok(header), Ok(model)) => prop_assert_eq!(&header, model.header()),
        (Ok(_), Err(error)) => prop_assert!(
            matches!(
                error,
                ModelError::Overflow
                    | ModelError::Bounds
                    | ModelError::WeightsLength
                    | ModelError::Parts
                    | ModelError::UnknownPart(_)
            ),
            "{}",
            error
        ),
        (Err(error), found) => prop_assert_eq!(found.err(), Some(error)),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn both_readers_agree_on_files_and_damaged_ones(
        (model, widths) in models(4..=5),
        at: prop::sample::Index,
        bits: u8,
        length: prop::sample::Index,
    ) {
        let mut bytes = encode_plain(&model, widths);
        prop_assert!(Header::read(&bytes).is_ok());
        agree(&bytes)?;
        agree(&bytes[..length.index(bytes.len())])?;
        // The fields are in the first bytes.
        let at = at.index(64.min(bytes.len()));
        bytes[at] ^= bits;
        agree(&bytes)?;
        let end = bytes.len() - 4;
        let crc = crc32(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
        agree(&bytes)?;
    }

    #[test]
    fn the_room_of_an_embedded_model_is_what_it_needs((model, widths) in models(4..=7)) {
        let file = AlignedBytes::new(&encode_plain(&model, widths));
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        let needs = Ok(Capacities::needed_by(&model));
        prop_assert_eq!(embedded::needs::<Fwht>(&model, 0), needs);
        let packed = embedded::needs::<FwhtPacked>(&model, model.class_count());
        prop_assert_eq!(packed.is_ok(), model.runs_on::<FwhtPacked>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn both_readers_agree_on_parts_and_damage_of_them(
        (model, widths) in models(4..=4),
        parts in parts(),
        at: prop::sample::Index,
        bits: u8,
    ) {
        let mut bytes = encode_with(&model, widths, &borrowed(&parts));
        agree(&bytes)?;
        let at = 64.min(bytes.len()) + at.index(bytes.len() - 64.min(bytes.len()));
        bytes[at] ^= bits;
        let end = bytes.len() - 4;
        let crc = crc32(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
        agree(&bytes)?;
    }
}

#[test]
fn names_of_classes_are_counted() {
    for bytes in [
        example_bytes(),
        example_2_bytes(),
        example_3_bytes(),
        example_4_bytes(),
    ] {
        let file = AlignedBytes::new(&bytes);
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        assert!(embedded::needs::<Fwht>(&model, 0).is_ok());
        assert!(embedded::needs::<Fwht>(&model, model.class_count()).is_ok());
        let reason = embedded::needs::<Fwht>(&model, 77).expect_err("too many");
        assert!(reason.contains("as many classes"), "{reason}");
    }
}
