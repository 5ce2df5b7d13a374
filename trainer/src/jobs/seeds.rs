//! Seeds as a command line lists them: numbers and ranges, as `1,2,101..110`.

use std::str::FromStr;

/// Most seeds of a list.
pub const MOST: usize = 10_000;

/// A list of seeds: at least one, none of them twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(Vec<u64>);

/// Text that is no list of seeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSeeds {
    /// A part is neither a number nor a range; an empty part is one of these.
    #[error("\"{0}\" is neither a seed nor a range of seeds: write 7, or 101..110 for ten of them")]
    Form(String),
    /// A range ends before it begins.
    #[error("the range {0}..{1} ends before it begins: write {1}..{0}")]
    Reversed(u64, u64),
    /// A seed is there twice.
    #[error("the seed {0} is there twice: its results would count twice")]
    Twice(u64),
    /// There are more than 10,000.
    #[error("these are more than {MOST} seeds")]
    TooMany,
}

impl Seeds {
    /// The list of these seeds, in this order.
    ///
    /// # Errors
    /// There are more than 10,000, or one is there twice.
    pub fn new(seeds: Vec<u64>) -> Result<Self, NoSeeds> {
        if seeds.len() > MOST {
            return Err(NoSeeds::TooMany);
        }
        let mut seen = std::collections::BTreeSet::new();
        match seeds.iter().find(|&&seed| !seen.insert(seed)) {
            Some(&seed) => Err(NoSeeds::Twice(seed)),
            None => Ok(Self(seeds)),
        }
    }

    /// The seeds, in their order.
    pub fn into_inner(self) -> Vec<u64> {
        self.0
    }
}

impl FromStr for Seeds {
    type Err = NoSeeds;

    /// Reads numbers and ranges, both ends of which belong to them, separated by commas.
    fn from_str(text: &str) -> Result<Self, NoSeeds> {
        let mut seeds = Vec::new();
        for part in text.split(',') {
            let (first, last) = range(part)?;
            // Before the memory for them is taken.
            if last - first >= (MOST - seeds.len().min(MOST)) as u64 {
                return Err(NoSeeds::TooMany);
            }
            seeds.extend(first..=last);
        }
        Self::new(seeds)
    }
}

/// First and last seed of a part of a list.
fn range(part: &str) -> Result<(u64, u64), NoSeeds> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let ends = match part.split_once("..") {
        Some((first, last)) => number(first).zip(number(last)),
        None => number(part).map(|seed| (seed, seed)),
    };
    match ends {
        Some((first, last)) if first > last => Err(NoSeeds::Reversed(first, last)),
        Some(ends) => Ok(ends),
        None => Err(NoSeeds::Form(part.trim().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<u64>, NoSeeds> {
        text.parse().map(Seeds::into_inner)
    }

    #[test]
    fn ranges_hold_both_ends_and_mix_with_numbers() {
        assert_eq!(read("7"), Ok(vec![7]));
        assert_eq!(read("101..103"), Ok(vec![101, 102, 103]));
        assert_eq!(read("9, 1..2 ,5..5"), Ok(vec![9, 1, 2, 5]));
        let largest = u64::MAX;
        assert_eq!(read(&format!("{largest}..{largest}")), Ok(vec![largest]));
        assert_eq!(read("1..10000").map(|seeds| seeds.len()), Ok(MOST));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, error) in [
            ("", NoSeeds::Form(String::new())),
            ("1,,2", NoSeeds::Form(String::new())),
            ("a", NoSeeds::Form("a".into())),
            ("-1", NoSeeds::Form("-1".into())),
            ("1..", NoSeeds::Form("1..".into())),
            ("1..2..3", NoSeeds::Form("1..2..3".into())),
            ("1..=3", NoSeeds::Form("1..=3".into())),
            ("110..101", NoSeeds::Reversed(110, 101)),
            ("1,1", NoSeeds::Twice(1)),
            ("101..110,105", NoSeeds::Twice(105)),
            ("0..18446744073709551615", NoSeeds::TooMany),
            ("1..9999,10001..10003", NoSeeds::TooMany),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }
}
