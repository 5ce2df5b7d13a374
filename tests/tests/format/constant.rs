//! Tests that the reader that runs in the compiler agrees with the reader that runs on a device.

use hadamrnn_runtime::format::{Header, crc32};
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked};
use hadamrnn_runtime::{Capacities, Model, ModelError, embedded};
use hadamrnn_tests::models::{AlignedBytes, encode_plain, models};
use proptest::prelude::*;

use crate::examples::*;

/// Both readers tell the same of a file, as far as a header tells it.
fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    let file = AlignedBytes::new(bytes);
    match (Header::read(bytes), Model::from_bytes(file.as_slice())) {
        (Ok(header), Ok(model)) => prop_assert_eq!(&header, model.header()),
        (Ok(_), Err(error)) => prop_assert!(
            matches!(
                error,
                ModelError::Overflow | ModelError::Bounds | ModelError::WeightsLength
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
        prop_assert_eq!(embedded::needs::<Fwht>(file.as_slice(), 0), needs);
        let packed = embedded::needs::<FwhtPacked>(file.as_slice(), model.class_count());
        prop_assert_eq!(packed.is_ok(), model.runs_on::<FwhtPacked>());
    }
}

#[test]
fn what_cannot_be_embedded_is_told_with_its_reason() {
    let bytes = example_bytes();
    let reason = |bytes: &[u8], names| embedded::needs::<Fwht>(bytes, names).unwrap_err();
    assert_eq!(
        reason(b"board = 1\nname = 2", 0),
        ModelError::BadMagic.text()
    );
    assert_eq!(reason(&bytes[..40], 0), ModelError::Truncated.text());
    let mut damaged = bytes.clone();
    damaged[20] ^= 1;
    assert_eq!(reason(&damaged, 0), ModelError::Checksum.text());
    assert!(reason(&bytes, 77).contains("as many classes"));
    for bytes in [example_bytes(), example_2_bytes(), example_3_bytes()] {
        assert!(embedded::needs::<Fwht>(&bytes, 0).is_ok());
    }
}
