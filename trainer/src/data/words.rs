//! Names of columns, classes and people: their words, and their one spelling in Unicode.

use std::borrow::Cow;

use tokenizers::NormalizedString;

/// A name in Unicode's composed form (NFC): a `ü` of two characters, as some systems write it, becomes the `ü` of one.
pub(crate) fn composed(name: &str) -> Cow<'_, str> {
    match name.is_ascii() {
        true => Cow::Borrowed(name),
        false => Cow::Owned(NormalizedString::from(name).nfc().get().to_owned()),
    }
}

/// The words of a name in small letters: `Time (ms)`, `timeMs` and `time_ms` have the same. Words that the name writes in one,
/// such as `subject id`, follow as a whole.
pub(in crate::data) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in composed(name).chars() {
        let is_new = before.is_lowercase() && character.is_uppercase();
        if !character.is_alphanumeric() || is_new {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            words
                .last_mut()
                .expect("one")
                .extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}
