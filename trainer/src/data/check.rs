//! Whether a data set on disk is the published one.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::archive::{self, Input, Select};
use super::catalog::{Check, Content, ContentOf, DataSet, Part};
use super::hex::hex;
use super::{Source, dsa, glue, imdb, uci_har};
use crate::untrusted::{Budget, Kind};

/// How a part compares with what was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the published one.
    Published,
    /// It is the sample that ships with the program.
    Sample,
    /// It is well formed; no digest of the published one is known.
    WellFormed,
    /// It is something else.
    Other,
}

/// Result of the check of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How it compares.
    pub verdict: Verdict,
    /// A text for people: the content that was found, and where.
    pub text: String,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Compares every part of `set` at `source` with what was published.
///
/// # Errors
/// A part cannot be read or is malformed.
pub fn check(set: &DataSet, source: &Source) -> Result<Vec<Checked>> {
    let paths = match source {
        Source::Generated => return Ok(Vec::new()),
        Source::Sample => {
            let report = uci_har::check(source)?;
            return Ok(vec![Checked {
                verdict: Verdict::Sample,
                text: format!("{source}: {report}"),
            }]);
        }
        Source::Files(paths) => paths,
        // What is the user's own was never published.
        Source::Own { .. } => return Ok(Vec::new()),
    };
    let whole = set
        .instead
        .filter(|part| paths.len() == 1 && part.is_named(&paths[0]));
    let parts = whole.map_or(set.parts, std::slice::from_ref);
    parts
        .iter()
        .zip(paths)
        .map(|(part, path)| check_part(part, path))
        .collect()
}

/// Compares one part at `path`.
pub(super) fn check_part(part: &Part, path: &Path) -> Result<Checked> {
    let (verdict, what) = match part.check {
        Check::File(sha256) => {
            let bytes = archive::read_plain(path, Kind::ARCHIVE, &Budget::of_data_set())?;
            let found = hex(&Sha256::digest(bytes));
            (verdict(found == sha256), format!("sha256 {found}"))
        }
        Check::Inside(files) => inside(files, path)?,
        Check::Content { sha256, set } => {
            let content = content(set, path).with_context(|| path.display().to_string())?;
            (verdict(content.sha256 == sha256), content.what)
        }
        Check::FormOfQqp => {
            let what = glue::qqp_form(path).with_context(|| path.display().to_string())?;
            (Verdict::WellFormed, what)
        }
    };
    let means = match verdict {
        Verdict::Published => "as published",
        Verdict::WellFormed => "well formed; no digest of the published files is known",
        Verdict::Sample | Verdict::Other => "not as published",
    };
    let text = format!("{}: {}: {means}; {what}", path.display(), part.what);
    Ok(Checked { verdict, text })
}

/// Reads and digests the content of a set at `path`.
fn content(set: ContentOf, path: &Path) -> Result<Content> {
    match set {
        ContentOf::Imdb => imdb::content(path),
        ContentOf::UciHar => uci_har::content(path),
        ContentOf::Dsa => dsa::content(path),
    }
}

fn verdict(same: bool) -> Verdict {
    match same {
        true => Verdict::Published,
        false => Verdict::Other,
    }
}

/// Compares the digests of files in a folder or archive.
fn inside(files: &[(&str, &str)], path: &Path) -> Result<(Verdict, String)> {
    let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut found = vec![None; files.len()];
    let (select, budget) = (Select::Names(&names), Budget::of_data_set());
    archive::visit(Input::Path(path), select, &budget, &mut |index, bytes| {
        found[index] = Some(hex(&Sha256::digest(bytes)));
        Ok(())
    })?;
    let differs = |((name, sha256), found): (&(&str, &str), &Option<String>)| match found {
        Some(found) if found == sha256 => None,
        Some(found) => Some(format!("{name} differs (sha256 {found})")),
        None => Some(format!("{name} is missing")),
    };
    let different: Vec<String> = files.iter().zip(&found).filter_map(differs).collect();
    Ok(match different.is_empty() {
        true => (Verdict::Published, names.join(", ")),
        false => (Verdict::Other, different.join(", ")),
    })
}
