//! Text that others wrote, as a terminal or a report may show it: names in files, on boards and in models.
//!
//! A terminal obeys what it is shown: escape sequences move the cursor, change its title or its keys; characters that set
//! the direction of writing show a text as another one. Here such characters become visible, as `\u001b`, which is
//! also how JSON writes them, so that JSON stays the same JSON.

/// Longest name that is shown, in characters.
const LONGEST_NAME: usize = 80;

/// A name: one line of at most 80 characters, and an ellipsis where there are more.
pub fn name(text: &str) -> String {
    let mut shown = String::new();
    for (i, character) in text.chars().enumerate() {
        if i == LONGEST_NAME {
            shown.push('…');
            break;
        }
        push(&mut shown, character);
    }
    shown
}

/// Names, separated by commas.
pub fn names<T: AsRef<str>>(all: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = all.into_iter().map(|text| name(text.as_ref())).collect();
    names.join(", ")
}

/// A number with a comma every three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A whole output: its line breaks and tabs stay.
pub fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            _ => push(&mut shown, character),
        }
    }
    shown
}

fn push(shown: &mut String, character: char) {
    if !is_hidden(character) {
        shown.push(character);
        return;
    }
    let mut units = [0; 2];
    for unit in character.encode_utf16(&mut units) {
        shown.push_str(&format!("\\u{unit:04x}"));
    }
}

/// Control characters, and those of Unicode that are not seen but change how others are: direction, joining, tags.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_seen() {
        for (found, shown) in [
            ("walking", "walking"),
            ("Übung \u{1f6b6}, e\u{301}", "Übung \u{1f6b6}, e\u{301}"),
            ("a\x1b[31mred", "a\\u001b[31mred"),
            ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
            ("one\ntwo\r\tthree", "one\\u000atwo\\u000d\\u0009three"),
            ("\u{9b}2J\x7f", "\\u009b2J\\u007f"),
            ("abc\u{202e}cba", "abc\\u202ecba"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(name(found), shown);
        }
        assert_eq!(names(["a", "b\n"]), "a, b\\u000a");
        assert_eq!(text("one\n\ttwo\r\x1b"), "one\n\ttwo\\u000d\\u001b");
    }

    #[test]
    fn names_are_bounded() {
        let long = "é".repeat(1000);
        assert_eq!(name(&long).chars().count(), LONGEST_NAME + 1);
        let fits = "é".repeat(LONGEST_NAME);
        assert_eq!(name(&fits), fits);
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({ "name\u{9b}": "\u{1b}[1m \u{202e} \u{e0041} \u{7f}\n" });
        let shown = text(&serde_json::to_string_pretty(&value).unwrap());
        assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{shown}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }
}
