//! Parts beside the network of a model that is there already.

use anyhow::{Context, Result};
use hadamrnn_runtime::format::{CRC_BYTES, Part, SectionLengths, encode_with_parts};

use crate::integer::ModelFile;

/// The model of `file` with `part`, in the place of one of the same number if there is one.
///
/// # Errors
/// The file is not a model that this version runs, or the part is out of range.
pub fn with_part(file: &ModelFile, part: Part<'_>) -> Result<ModelFile> {
    let model = file.model()?;
    let mut parts: Vec<Part<'_>> = (model.parts().iter())
        .filter(|other| other.id != part.id)
        .collect();
    parts.push(part);
    parts.sort_by_key(|part| part.id);
    let stored: usize = (model.parts().iter()).map(|part| part.words.len()).sum();
    let mut header = *model.header();
    // A file of an early version has not stated them.
    header.addition.bounds = model.bounds();
    let lengths = SectionLengths::of(&header).context("the model has no sections")?;
    // The sections lie before the contents of the parts, at the end of the file.
    let sections: Vec<u32> = (file.bytes().as_chunks().0.iter().rev())
        .skip(CRC_BYTES / 4 + stored)
        .take(lengths.total())
        .map(|word| u32::from_le_bytes(*word))
        .collect();
    let sections: Vec<u32> = sections.into_iter().rev().collect();
    let added: usize = parts.iter().map(|part| 1 + part.words.len()).sum();
    let mut bytes = vec![0; 256 + 4 * (sections.len() + added)];
    let length = encode_with_parts(&header, &sections, &parts, &mut bytes)?;
    let file = ModelFile::new(&bytes[..length]);
    file.model()
        .context("the model with the part is refused by the runtime")?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn parts_are_added_and_replaced_and_change_nothing_else() {
        for name in ["har2", "har6-hidden", "har2-two-layers"] {
            let path = format!("../models/{name}/model.hdrn");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            let plain = ModelFile::read(&path).unwrap();
            let add = |file: &ModelFile, id, words: &[u32]| {
                let part = Part {
                    id,
                    critical: false,
                    words,
                };
                with_part(file, part).unwrap()
            };
            let other = add(&add(&plain, 40, &[7]), 30, &[1, 2]);
            let replaced = add(&add(&other, 40, &[8, 9]), 30, &[3]);
            let (before, after) = (plain.model().unwrap(), replaced.model().unwrap());
            assert_eq!(after.parts().get(40), Some(&[8, 9][..]));
            assert_eq!(after.parts().get(30), Some(&[3][..]));
            assert_eq!(before.bounds(), after.bounds());
            let window = vec![77; 8 * before.sample_size()];
            let kernel = crate::integer::KernelName::best_for(&before);
            let answers = [&before, &after].map(|model| kernel.answer(model, &window).unwrap());
            assert_eq!(answers[0], answers[1], "{name}");
        }
    }
}
