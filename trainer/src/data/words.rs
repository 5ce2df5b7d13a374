//! Words of the names of columns.

/// The words of a name in small letters: `Time (ms)`, `timeMs` and `time_ms` have the same. Words that the name writes in one,
/// such as `subject id`, follow as a whole.
pub(in crate::data) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars() {
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
