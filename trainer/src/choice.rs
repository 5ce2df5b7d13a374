//! Choices from a fixed list, each a word on a command line and in messages.

use std::fmt;

/// A type with a few values, each of which has a word.
pub trait Choice: Copy + Send + Sync + 'static {
    /// Every value, in the order in which lists show them.
    const CHOICES: &'static [Self];
    /// Name of the type in messages, such as "kernel".
    const KIND: &'static str;

    /// Word of this value; no two values share one.
    fn word(self) -> &'static str;

    /// Meaning of this value in one line, for lists.
    fn meaning(self) -> &'static str;

    /// Another word that is understood for this value, where there is one. Lists do not show it.
    fn other_word(self) -> Option<&'static str> {
        None
    }
}

/// Reads a word.
///
/// # Errors
/// No value has it; the message lists the words there are.
pub fn parse<T: Choice>(word: &str) -> Result<T, UnknownWord> {
    let is_meant = |choice: &&T| choice.word() == word || choice.other_word() == Some(word);
    T::CHOICES
        .iter()
        .find(is_meant)
        .copied()
        .ok_or_else(|| UnknownWord {
            kind: T::KIND,
            word: word.into(),
            known: T::CHOICES.iter().map(|choice| choice.word()).collect(),
        })
}

/// A word that none of the choices has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    kind: &'static str,
    word: String,
    known: Vec<&'static str>,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, word, known } = self;
        let known = known.join(", ");
        write!(f, "no {kind} is named \"{word}\"; the {kind}s are {known}")
    }
}

impl std::error::Error for UnknownWord {}

/// Implements `Display` and `FromStr` of a [`Choice`] by its words.
macro_rules! words {
    ($choice:ty) => {
        impl std::fmt::Display for $choice {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::choice::Choice::word(*self))
            }
        }

        impl std::str::FromStr for $choice {
            type Err = $crate::choice::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                $crate::choice::parse(word)
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Split, Task};
    use crate::integer::KernelName;
    use crate::jobs::Scheduler;
    use crate::pipeline::DeviceName;
    use crate::recipe::Recipe;
    use std::collections::BTreeSet;

    fn check<T: Choice + PartialEq + fmt::Debug>() {
        let mut words = BTreeSet::new();
        for &choice in T::CHOICES {
            assert_eq!(parse(choice.word()), Ok(choice));
            assert!(!choice.meaning().is_empty());
            for word in [Some(choice.word()), choice.other_word()] {
                assert!(word.is_none_or(|word| words.insert(word)), "{words:?}");
            }
        }
        let error = parse::<T>("no such word").unwrap_err().to_string();
        assert!(error.contains(T::KIND) && error.contains(T::CHOICES[0].word()));
    }

    #[test]
    fn words_are_distinct_and_give_their_values() {
        check::<DeviceName>();
        check::<KernelName>();
        check::<Recipe>();
        check::<Scheduler>();
        check::<Split>();
        check::<Task>();
        assert_eq!("flex".parse(), Ok(DeviceName::Cpu));
        assert_eq!(KernelName::Xnor.to_string(), "xnor");
    }
}
