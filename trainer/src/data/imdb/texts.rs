//! The published form: one text file a review, `{train,test}/{neg,pos}/ID_RATING.txt`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::words::WordIndex;
use super::{Reviews, remedy, shown};
use crate::data::archive::{self, Input, Select};
use crate::data::hex::hex;
use crate::data::{Sequences, catalog};
use crate::untrusted::{Budget, Kind};

const PARTS: [&str; 2] = ["train", "test"];
const CLASSES: [&str; 2] = ["neg", "pos"];
/// Numbers of reviews are below this; the published ones are below 12,500.
const MAX_ID: usize = 1_000_000;

/// Where a review belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// 0 training, 1 test.
    part: usize,
    id: usize,
    /// 0 negative, 1 positive.
    class: usize,
}

impl Place {
    /// The place of a file of this path, if it is a review with a class.
    fn of(path: &str) -> Option<Self> {
        let mut names = path.rsplit('/');
        let (id, rating) = names.next()?.strip_suffix(".txt")?.split_once('_')?;
        let class = names.next()?;
        let part = names.next()?;
        rating.parse::<u8>().ok()?;
        Some(Self {
            part: PARTS.iter().position(|name| *name == part)?,
            id: id.parse().ok().filter(|&id| id < MAX_ID)?,
            class: CLASSES.iter().position(|name| *name == class)?,
        })
    }

    /// Places in the order of the sequences.
    fn number(self) -> usize {
        (self.part * MAX_ID + self.id) * 2 + self.class
    }

    fn from_number(number: usize) -> Self {
        Self {
            part: number / 2 / MAX_ID,
            id: number / 2 % MAX_ID,
            class: number % 2,
        }
    }

    fn name(self) -> String {
        format!(
            "{}/{}/{}_*.txt",
            PARTS[self.part], CLASSES[self.class], self.id
        )
    }
}

/// The number of the review that is stored as `path`, if it is one with a class.
pub(super) fn number(path: &str) -> Option<usize> {
    Place::of(path).map(Place::number)
}

/// All reviews in the order of their places.
fn all(path: &Path, budget: &Budget) -> Result<Vec<(Place, Vec<u8>)>> {
    let mut reviews = Vec::new();
    archive::visit(
        Input::Path(path),
        Select::Paths(&number),
        budget,
        &mut |number, text| {
            reviews.push((number, text));
            Ok(())
        },
    )
    .with_context(|| format!("IMDB from {}", shown(path)))?;
    reviews.sort_unstable_by_key(|(number, _)| *number);
    let reviews: Vec<(Place, Vec<u8>)> = reviews
        .into_iter()
        .map(|(number, text)| (Place::from_number(number), text))
        .collect();
    for (part, part_name) in PARTS.iter().enumerate() {
        for (class, class_name) in CLASSES.iter().enumerate() {
            ensure!(
                reviews
                    .iter()
                    .any(|(place, _)| (place.part, place.class) == (part, class)),
                "{} holds no review {part_name}/{class_name}/ID_RATING.txt: the published layout is needed, a folder \
                 \"aclImdb\" with train and test in it, or a whole archive of it; {}",
                shown(path),
                remedy()
            );
        }
    }
    Ok(reviews)
}

/// The training and the test part of the reviews at `path`, with the word index at `index`.
pub(super) fn read(path: &Path, index: &Path, budget: &Budget) -> Result<Vec<Sequences>> {
    let words = WordIndex::parse(&archive::read_plain(index, Kind::WORDS, budget)?)
        .with_context(|| format!("{}: {}", shown(index), remedy()))?;
    let ranks = |(place, text): (Place, Vec<u8>)| {
        let text = std::str::from_utf8(&text).with_context(|| {
            format!(
                "{}: {} is not UTF-8; {}",
                shown(path),
                place.name(),
                remedy()
            )
        })?;
        // A copy in lower case, and at most a word for every two letters.
        budget.take(text.len())?;
        budget.take_items::<u32>(text.len() / 2 + 1)?;
        let ranks = words.ranks(text);
        Ok((place, ranks))
    };
    let reviews: Vec<(Place, Vec<u32>)> = all(path, budget)?
        .into_par_iter()
        .map(ranks)
        .collect::<Result<_>>()?;
    let mut parts = [Reviews::default(), Reviews::default()];
    for (place, ranks) in reviews {
        parts[place.part].push(&ranks, place.class as u32, budget)?;
    }
    parts.into_iter().map(Reviews::sequences).collect()
}

/// The digest of the reviews at `path`, as [`IMDB_SHA256`](crate::data::catalog::published::IMDB_SHA256) defines it.
pub(in crate::data) fn content(path: &Path) -> Result<catalog::Content> {
    let reviews = all(path, &Budget::of_data_set())?;
    let mut sha256 = Sha256::new();
    for (_, text) in &reviews {
        sha256.update(Sha256::digest(text));
    }
    Ok(catalog::Content {
        sha256: hex(&sha256.finalize()),
        what: format!("{} reviews", reviews.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let of = |path| Place::of(path).map(|place| (place.part, place.id, place.class));
        assert_eq!(of("aclImdb/train/neg/0_2.txt"), Some((0, 0, 0)));
        assert_eq!(of("test/pos/12499_10.txt"), Some((1, 12_499, 1)));
        for other in [
            "aclImdb/train/unsup/0_0.txt",
            "train/urls_pos.txt",
            "train/pos/1.txt",
            "train/pos/a_1.txt",
            "train/pos/1_b.txt",
            "pos/1_1.txt",
            "train/pos/9999999_1.txt",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        for number in [0, 1, 24_999, 2 * MAX_ID, 2 * MAX_ID + 7] {
            assert_eq!(Place::from_number(number).number(), number);
        }
    }
}
