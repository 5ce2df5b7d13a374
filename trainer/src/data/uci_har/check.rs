//! Telling the full set, the shipped sample and anything else apart, by content.
//!
//! Archives get packed anew, so not their bytes are compared but what was parsed from them. The digest of a file is the
//! SHA-256 over its values in order: little-endian float32 for a signal, one byte for a label or a subject. The digest
//! of the set is the SHA-256 over the 22 digests of its files (32 bytes each): training part first, in each part the
//! signals in the order of the channels, the labels, the subjects.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::data::catalog;
use crate::data::check::hex;

use super::{FILES_PER_PART, PublishedPart, Source, Tables, file_names, read};

/// The digest of the full set.
pub(in crate::data) const FULL_SHA256: &str =
    "f6d1f70ed7b082b1aecf2dfc03bae30c89390877e2528772297b54c433afdbf5";
/// The digest of the sample that ships with the program.
pub(super) const SAMPLE_SHA256: &str =
    "b9f3d3f0b855de49be83be2b516259b92b2ab0cd0638b3f53ffd2cde3cfb693e";
/// Windows of the full set in its two parts.
const FULL_WINDOWS: [usize; 2] = [7352, 2947];

/// The digests of the full set's files.
const FULL_FILES: [&str; 2 * FILES_PER_PART] = [
    "d993c3579238634c781b2a0186e1f018ffa12b5d84137ba819cdf0df77023a5f",
    "9912031fb66493dbab1c2be255f8b7bd957b722b4866a0a2d4343b13852a7644",
    "3a2a743549a427347028315311d88927f928ff34ad2a8500289c9d44fdf999e0",
    "bd72a7a81cd8cb55524126fbb6edb1e1bd7c6e360de844574db31bbed9486962",
    "79327f76cf814cbb93341b6fe4c84043404f40c17058ef087aa998cc0858a315",
    "5a2e001de994f7c0578df67d75d0181b1f71da6d0f0f544b84668e3f3fac2d14",
    "bb5061564cefb898a9688f141a03364270bb1d97183d292e7269240374a7fe8b",
    "e14a1d088cecc2b26015b92eae318c59aa04251d79145ef0945b69357cae25a1",
    "c62d658dbf1f62da78791afdb714fdb8283ef9dd4281aa27b896fb6e439faa41",
    "d5a9f4b97adeb07a9f71f6bc47c98ecdc5554cf670f98b8ab722e19cfcc4aae8",
    "2c395e93c9183f14405c7fbca8167fa4cff788d038a352d3d5e426ed1aa58459",
    "1a4748d29b8984016d0eb288a1518f5d66515bbefd75a74ed53f14fb7ed8973c",
    "8838f3e2354cfefda74b19a5d8f5e02ce51c932a869f537fe69f09f516fce020",
    "4e1ffd62d4efeef0c37fd7f93c765d7d95740097f2fb1d2c214b0d5be54531f8",
    "e19b6f9e0f06dd3c8876b959965769d121ebcfed56b2ed1a1c3a5ccaf99c129a",
    "5485b16684849f2315312da68386b5343da30f1c9c07e6469cd134c96240e64d",
    "120b6ec054d875c3044da1598162169125ce7e1d7f3e0113a1b3889e819d3bcc",
    "218a30081ffdf5594ae39eed4e3f89e2a1adf410ac7c4e09f3d50ebac7c6ef2e",
    "bb41db4db81cb7aba9ada6b4837b6d70fdcacac0374860a3e47f184b995ec891",
    "c3878e7affbdd9aaa10bf411356caef7030bc4126a6cf938c32c32de1096cf2d",
    "d70e696bffe8cb255e002f1cdd5125f63dff9c510609a9bb8f9c03a4a624aaa0",
    "f6aca869c2a54b67d93c6bdb2e12b7e3bceaab643d231a52b0ade48423f05dfb",
];

/// Kind of content that a source turned out to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The published data set, every value of it.
    Full,
    /// The sample that ships with the program.
    Sample,
    /// Something else in the same layout.
    Other,
}

/// The result of [`check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Kind of content of the source.
    pub content: Content,
    /// Windows of the training part.
    pub train: usize,
    /// Windows of the test part.
    pub test: usize,
    /// The digest of the set, in hexadecimal.
    pub sha256: String,
    /// The files whose values differ from the full set's.
    pub different: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let windows = format!("{} training and {} test windows", self.train, self.test);
        match self.content {
            Content::Full => write!(
                f,
                "the full UCI HAR data set: {windows}, every value as published"
            )?,
            Content::Sample => write!(f, "the shipped sample of UCI HAR: {windows}")?,
            Content::Other if [self.train, self.test] == FULL_WINDOWS => {
                write!(
                    f,
                    "not UCI HAR as published: the values differ in {}",
                    self.different.join(", ")
                )?;
            }
            Content::Other => {
                let [train, test] = FULL_WINDOWS;
                write!(
                    f,
                    "not UCI HAR as published: {windows} where the full set has {train} and {test}"
                )?;
            }
        }
        write!(f, " (sha256 of the values {})", self.sha256)
    }
}

/// Reads `source` and tells what it holds.
///
/// # Errors
/// The source cannot be read or is malformed.
pub fn check(source: &Source) -> Result<Report> {
    Ok(report(&read(source)?))
}

/// Reads the set at `path` for the catalogue to compare.
pub(in crate::data) fn content(path: &Path) -> Result<catalog::Content> {
    let report = check(&Source::file(path))?;
    Ok(catalog::Content {
        what: report.to_string(),
        sha256: report.sha256,
    })
}

pub(super) fn report(tables: &Tables) -> Report {
    let digests: Vec<[u8; 32]> = [&tables.train, &tables.test]
        .into_iter()
        .flat_map(part_digests)
        .collect();
    let sha256 = hex(Sha256::digest(digests.concat()).as_slice());
    let content = match sha256.as_str() {
        FULL_SHA256 => Content::Full,
        SAMPLE_SHA256 => Content::Sample,
        _ => Content::Other,
    };
    let differs = |(digest, full): &(&[u8; 32], &str)| hex(*digest) != **full;
    let different = digests.iter().zip(FULL_FILES).zip(file_names());
    Report {
        content,
        train: tables.train.labels.len(),
        test: tables.test.labels.len(),
        sha256,
        different: different
            .filter(|(pair, _)| differs(pair))
            .map(|(_, name)| name)
            .collect(),
    }
}

fn part_digests(part: &PublishedPart) -> Vec<[u8; 32]> {
    let signals = part.signals.par_iter().map(|signal| {
        let mut hasher = Sha256::new();
        // In blocks, so that the bytes need not be laid out all at once.
        for block in signal.chunks(super::STEPS) {
            let bytes: Vec<u8> = block.iter().flat_map(|value| value.to_le_bytes()).collect();
            hasher.update(&bytes);
        }
        hasher.finalize().into()
    });
    let mut digests: Vec<[u8; 32]> = signals.collect();
    digests.extend(
        [&part.labels, &part.subjects].map(|bytes| <[u8; 32]>::from(Sha256::digest(bytes))),
    );
    digests
}
