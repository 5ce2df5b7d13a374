use std::path::Path;

use hadamrnn_runtime::format::{SECTION_NAMES, SectionLengths};

use super::*;

/// The models that ship, each with its name.
fn shipped() -> Vec<(String, ModelFile)> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let entries = std::fs::read_dir(models).unwrap();
    let folders = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    folders
        .map(|folder| {
            let file = ModelFile::read(&folder.join("model.hdrn")).unwrap();
            (folder.display().to_string(), file)
        })
        .collect()
}

/// The words of the sections, which end where the checksum starts.
fn sections(file: &ModelFile) -> Vec<u32> {
    let words: &[u32] = bytemuck::cast_slice(file.bytes());
    let lengths = SectionLengths::of(file.model().unwrap().header()).unwrap();
    let end = words.len() - 1;
    words[end - lengths.total()..end].to_vec()
}

#[test]
fn each_shipped_model_is_exported_to_its_bytes() {
    let all = shipped();
    for (name, file) in &all {
        let model = file.model().unwrap();
        let again = proven_file(*model.header(), &sections(file)).unwrap();
        assert_eq!(again.expect("proven").bytes(), file.bytes(), "{name}");
    }
    let mut versions: Vec<u16> = (all.iter())
        .map(|(_, file)| file.model().unwrap().header().version())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions, [1, 2, 3], "a model of each version ships");
}

#[test]
fn codes_and_signs_of_shipped_models_are_packed_to_their_words() {
    for (name, file) in shipped() {
        let model = file.model().unwrap();
        let (header, words) = (model.header(), sections(&file));
        let lengths = SectionLengths::of(header).unwrap().0;
        let section = |wanted: &str| {
            let at = SECTION_NAMES
                .iter()
                .position(|name| *name == wanted)
                .unwrap();
            let start: usize = lengths[..at].iter().sum();
            &words[start..start + lengths[at]]
        };
        let field = |bits| FieldWidth::from_bits(bits).unwrap();
        let (n, columns) = (model.hidden_size(), model.input_size());
        let width = field(header.input_weight_bits);
        let input = match model.tokens() {
            None => {
                let codes: Vec<i32> = (0..n * columns)
                    .map(|at| model.input_weight(at / columns, at % columns))
                    .collect();
                pack::columns(&codes, columns, width)
            }
            Some(tokens) => {
                let codes: Vec<i32> = (0..n * tokens.vocabulary as usize)
                    .map(|at| model.input_weight(at % n, at / n))
                    .collect();
                pack::rows(&codes, n, width)
            }
        };
        assert!(input == section("input weights U"), "{name}: U");
        let read = model.read_size();
        let codes: Vec<i32> = (0..model.output_size() * read)
            .map(|at| model.readout_weight(at / read, at % read))
            .collect();
        let readout = pack::rows(&codes, read, field(header.readout_weight_bits));
        assert_eq!(readout, section("output weights V"), "{name}");
        let signs: Vec<i8> = (0..n).map(|row| model.sign(row) as i8).collect();
        assert_eq!(pack::signs(&signs), section("signs"), "{name}");
    }
}

#[test]
fn advice_names_what_can_still_be_narrower() {
    let all = narrower(12, Some(10));
    for part in [
        "--state-bits",
        "--sample-bits, [export] input_bits",
        "U and V",
    ] {
        assert!(all.contains(part), "{all}");
    }
    assert_eq!(narrower(8, Some(4)), "train with fewer bits of U and V");
    assert_eq!(narrower(8, None), "train with fewer bits of U and V");
    assert!(!narrower(9, None).contains("--sample-bits"));
    assert!(narrower_above(9, true).contains("--state-bits"));
    for above in [narrower_above(8, true), narrower_above(16, false)] {
        assert_eq!(above, "train with fewer hidden units");
    }
}
