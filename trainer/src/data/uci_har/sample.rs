//! The small real sample that ships with the program, and how it is made from the full set.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};

use super::check::{Content, check};
use super::{FILES_PER_PART, Source, file_names};
use crate::data::archive::{self, Input, Select};
use crate::untrusted::Budget;

/// The sample: an archive in the published layout. See `SAMPLE.md` in it for what was selected.
pub static SAMPLE: &[u8] = include_bytes!("../../../data/uci-har-sample.tar.xz");

const NOTE: &str = include_str!("../../../data/SAMPLE.md");
const ROOT: &str = "UCI HAR Dataset";
/// Files that are taken over whole: the terms of use and the names of the activities.
const WHOLE: [&str; 2] = ["README.txt", "activity_labels.txt"];
/// One row in so many is taken, of the training part and of the test part. At least two, so that no two windows
/// overlap.
const EVERY: [usize; 2] = [12, 13];
/// The files' date in the archive: that of the data set, 2012-12-10.
const DATE: u64 = 1_355_097_600;

/// Writes the shipped sample, made from the full set at `source`, to `out`.
///
/// Rows 1, 13, 25, … of each training file and rows 1, 14, 27, … of each test file are taken as they are, byte for
/// byte. Equal texts make an equal archive.
///
/// # Errors
/// `source` does not hold the full set, or `out` cannot be written.
pub fn write_sample(source: &Source, out: &Path) -> Result<()> {
    let Source::Files(paths) = source else {
        bail!("the sample is made from the full set on disk, not from {source}")
    };
    let [path] = &paths[..] else {
        bail!("UCI HAR is one folder or archive, not {source}")
    };
    let report = check(source)?;
    ensure!(
        report.content == Content::Full,
        "the sample is made from the full set; {} holds {report}",
        path.display()
    );
    let archive = pack(&selection(path)?)?;
    fs::write(out, archive).with_context(|| format!("{} cannot be written", out.display()))
}

/// The names and texts of the sample's files, in the order of the archive.
fn selection(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let columns = file_names();
    let names: Vec<String> = WHOLE
        .map(str::to_owned)
        .into_iter()
        .chain(columns)
        .collect();
    let texts = Mutex::new(vec![None; names.len()]);
    let (select, budget) = (Select::Names(&names), Budget::of_data_set());
    archive::visit(Input::Path(path), select, &budget, &mut |index, text| {
        let text = match index.checked_sub(WHOLE.len()) {
            None => text,
            Some(column) => {
                let rows = text.split_inclusive(|&byte| byte == b'\n');
                rows.step_by(EVERY[column / FILES_PER_PART])
                    .flatten()
                    .copied()
                    .collect()
            }
        };
        texts.lock().unwrap_or_else(|poison| poison.into_inner())[index] = Some(text);
        Ok(())
    })?;
    let texts = texts
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    let mut files = vec![("SAMPLE.md".to_owned(), NOTE.as_bytes().to_vec())];
    for (name, text) in names.into_iter().zip(texts) {
        let text = text.with_context(|| format!("{name} is missing from {}", path.display()))?;
        files.push((name, text));
    }
    Ok(files)
}

fn pack(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut options = lzma_rust2::XzOptions::with_preset(6);
    // These options make rows of digits smallest, by trial.
    options.lzma_options.lp = 1;
    options.lzma_options.pb = 1;
    options.lzma_options.nice_len = 32;
    let mut tar = tar::Builder::new(lzma_rust2::XzWriter::new(Vec::new(), options)?);
    for (name, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(DATE);
        tar.append_data(&mut header, format!("{ROOT}/{name}"), text.as_slice())?;
    }
    Ok(tar.into_inner()?.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::uci_har::{ACTIVITIES, read};

    #[test]
    fn the_sample_holds_all_people_and_activities() {
        assert!(SAMPLE.len() <= 3_500_000);
        let tables = read(&Source::Sample).unwrap();
        for (part, windows, people) in [(&tables.train, 613, 21), (&tables.test, 227, 9)] {
            assert_eq!(part.labels.len(), windows);
            let distinct = |values: &[u8]| {
                values
                    .iter()
                    .collect::<std::collections::BTreeSet<_>>()
                    .len()
            };
            assert_eq!(distinct(&part.subjects), people);
            assert_eq!(distinct(&part.labels), ACTIVITIES.len());
        }
        assert_eq!(check(&Source::Sample).unwrap().content, Content::Sample);
    }

    /// The files of the shipped archive, in its order.
    fn shipped() -> Vec<(String, Vec<u8>)> {
        let mut names = vec!["SAMPLE.md".to_owned()];
        names.extend(WHOLE.map(str::to_owned));
        names.extend(file_names());
        let mut files: Vec<(String, Vec<u8>)> = names
            .iter()
            .map(|name| (name.clone(), Vec::new()))
            .collect();
        let (select, budget) = (Select::Names(&names), Budget::of_data_set());
        archive::visit(Input::Bytes(SAMPLE), select, &budget, &mut |i, text| {
            files[i].1 = text;
            Ok(())
        })
        .unwrap();
        files
    }

    #[test]
    fn the_terms_are_in_it() {
        let files = shipped();
        assert_eq!(files[0].1, NOTE.as_bytes());
        assert!(String::from_utf8_lossy(&files[1].1).contains("Any commercial use is prohibited"));
    }

    #[test]
    fn packing_is_repeatable() {
        let files: Vec<_> = shipped()
            .into_iter()
            .map(|(name, text)| (name, text[..text.len().min(999)].to_vec()))
            .collect();
        assert!(pack(&files).unwrap() == pack(&files).unwrap());
    }

    #[test]
    #[ignore = "compresses for half a minute"]
    fn packing_the_shipped_texts_gives_the_shipped_archive() {
        assert!(pack(&shipped()).unwrap() == SAMPLE);
    }

    #[test]
    fn only_the_full_set_makes_a_sample() {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("sample.tar.xz");
        fs::write(&path, SAMPLE).unwrap();
        let again = out.path().join("again.tar.xz");
        let error = write_sample(&Source::file(path), &again)
            .unwrap_err()
            .to_string();
        assert!(error.contains("made from the full set"), "{error}");
        assert!(!again.exists());
    }
}
