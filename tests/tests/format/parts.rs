//! Parts beside the network: found by number, skipped where they are unknown, refused where that must not be.

use hadamrnn_runtime::format::{EncodeError, Part, crc32, encode_with_parts, part};
use hadamrnn_runtime::{Model, ModelError};
use hadamrnn_tests::models::{AlignedBytes, encode_plain, encode_with, header_and_words};
use proptest::prelude::*;

use crate::examples::example;

/// Any parts, by rising numbers, none of them critical.
pub fn parts() -> impl Strategy<Value = Vec<(u16, Vec<u32>)>> {
    let words = prop::collection::vec(any::<u32>(), 0..8);
    prop::collection::btree_map(1u16..0x8000, words, 1..6).prop_map(|map| map.into_iter().collect())
}

/// The parts as a writer takes them.
pub fn borrowed(parts: &[(u16, Vec<u32>)]) -> Vec<Part<'_>> {
    fn part((id, words): &(u16, Vec<u32>)) -> Part<'_> {
        Part {
            id: *id,
            critical: false,
            words,
        }
    }
    parts.iter().map(part).collect()
}

/// The error of reading the first example with these parts, if it is one, after a change of the words from the table on.
fn error_of(parts: &[Part<'_>], change: impl Fn(&mut [u8])) -> Option<ModelError> {
    let (model, widths) = example();
    let mut bytes = encode_with(&model, widths, parts);
    let end = bytes.len() - 4;
    let (_, words) = header_and_words(&model, widths);
    let stored: usize = parts.iter().map(|part| 1 + part.words.len()).sum();
    let table = end - 4 * (words.len() + stored);
    change(&mut bytes[table..end]);
    let crc = crc32(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_le_bytes());
    Model::from_bytes(AlignedBytes::new(&bytes).as_slice()).err()
}

const fn of(id: u16, critical: bool, words: &'static [u32]) -> Part<'static> {
    Part {
        id,
        critical,
        words,
    }
}

#[test]
fn an_unknown_part_is_skipped_unless_it_is_critical() {
    let known = of(part::DECISION, true, &[1, 2, 3]);
    assert_eq!(error_of(&[known, of(99, false, &[5])], |_| ()), None);
    let error = error_of(&[known, of(99, true, &[5])], |_| ());
    assert_eq!(error, Some(ModelError::UnknownPart(99)));
    let text = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(text.contains("99"), "{text}");
}

#[test]
fn parts_out_of_order_or_of_another_length_are_refused() {
    let two = [of(7, false, &[1]), of(8, false, &[2])];
    assert_eq!(error_of(&two, |_| ()), None);
    // Numbers that repeat, fall, or are zero.
    for id in [8u8, 9, 0] {
        assert_eq!(error_of(&two, |t| t[0] = id), Some(ModelError::Parts));
    }
    for length in [0u8, 2, 255] {
        assert_eq!(error_of(&two, |t| t[2] = length), Some(ModelError::Parts));
    }
    let room = &mut vec![0; 512];
    let (model, widths) = example();
    let (header, words) = header_and_words(&model, widths);
    for wrong in [
        [of(8, false, &[1]), of(8, false, &[2])],
        [of(9, false, &[1]), of(8, false, &[2])],
        [of(0, false, &[1]), of(8, false, &[2])],
        [of(1, false, &[1]), of(0x8000, false, &[2])],
    ] {
        let written = encode_with_parts(&header, &words, &wrong, room);
        assert_eq!(written, Err(EncodeError::Parts));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn parts_are_found_by_number_and_change_nothing_else(
        parts in parts(),
        absent in 1u16..0x8000,
    ) {
        let (plain, widths) = example();
        let with = AlignedBytes::new(&encode_with(&plain, widths, &borrowed(&parts)));
        let without = AlignedBytes::new(&encode_plain(&plain, widths));
        let model = Model::from_bytes(with.as_slice()).expect("valid");
        for (id, words) in &parts {
            prop_assert_eq!(model.parts().get(*id), Some(words.as_slice()));
        }
        if parts.iter().all(|(id, _)| *id != absent) {
            prop_assert_eq!(model.parts().get(absent), None);
        }
        let listed: Vec<_> = model.parts().iter().map(|part| (part.id, part.words.to_vec())).collect();
        prop_assert_eq!(&listed, &parts);
        let other = Model::from_bytes(without.as_slice()).expect("valid");
        prop_assert_eq!(model.bounds(), other.bounds());
        prop_assert_eq!(model.sign(3), other.sign(3));
        prop_assert_eq!(model.readout_weight(0, 5), other.readout_weight(0, 5));
    }
}
