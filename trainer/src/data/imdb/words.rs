//! Texts to the ranks of their words, as Keras' `text_to_word_sequence` and its word index give them.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};

/// Characters that Keras takes for spaces between words: its default filters, and the space.
const FILTERS: &str = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n ";

/// The rank of each word, from 1.
pub(super) struct WordIndex(HashMap<String, u32>);

impl WordIndex {
    /// Reads `{"word": rank, …}`.
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let index: HashMap<String, u32> = serde_json::from_slice(json)
            .context("this is not a JSON object of words with their ranks")?;
        ensure!(!index.is_empty(), "there is no word in it");
        ensure!(
            index.values().all(|&rank| rank > 0),
            "ranks count from 1, but one is 0"
        );
        Ok(Self(index))
    }

    /// The ranks of the words of `text`; words that are not in the index are left out, as Keras does.
    pub(super) fn ranks(&self, text: &str) -> Vec<u32> {
        words(&text.to_lowercase())
            .filter_map(|word| self.0.get(word).copied())
            .collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let between = |letter: char| letter.is_ascii() && FILTERS.contains(letter);
    text.split(between).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_keras_cuts_them() {
        let text = "It's \"good\", isn't it?<br /><br />A-b_c\u{85}d \u{e9}t\u{e9}\r\n10/10";
        let expected = [
            "it's",
            "good",
            "isn't",
            "it",
            "br",
            "br",
            "a",
            "b",
            "c\u{85}d",
            "\u{e9}t\u{e9}\r",
            "10",
            "10",
        ];
        assert!(words(&text.to_lowercase()).eq(expected));
    }

    #[test]
    fn unknown_words_are_left_out() {
        let index = WordIndex::parse(br#"{"the": 1, "film": 19, "\u00e9t\u00e9": 70000}"#).unwrap();
        assert_eq!(
            index.ranks("The FILM, the nonsense \u{c9}t\u{e9}"),
            [1, 19, 1, 70_000]
        );
        assert!(index.ranks("").is_empty());
    }

    #[test]
    fn malformed_indices() {
        let message = |json: &str| {
            let error = WordIndex::parse(json.as_bytes()).err();
            format!("{:#}", error.expect("malformed"))
        };
        assert!(message("{\"a\": 1,\n \"b\"").contains("line 2"));
        assert!(message("{\"a\": -1}").contains("not a JSON object of words"));
        assert!(message("{\"a\": 0}").contains("one is 0"));
        assert!(message("{}").contains("no word"));
    }
}
