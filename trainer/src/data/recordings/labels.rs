//! Labels of recordings: which are none, their order, and those that look like slips of others.

use std::cmp::Ordering;
use std::collections::HashMap;

/// Words for a missing value, in small letters.
const NONE: [&[u8]; 4] = [b"", b"nan", b"null", b"<na>"];

/// Whether a field of the label column names no class.
pub(super) fn is_none(field: &[u8]) -> bool {
    NONE.iter().any(|word| field.eq_ignore_ascii_case(word))
}

/// The classes in order, each once: by value where all are numbers, else by name.
pub(in crate::data) fn in_order<'a>(labels: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut classes: Vec<String> = labels.into_iter().map(String::from).collect();
    classes.sort_unstable();
    classes.dedup();
    let number = |class: &String| {
        class
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    if classes.iter().all(|class| number(class).is_some()) {
        classes.sort_by(|a, b| {
            let values = number(a).zip(number(b));
            values.map_or(Ordering::Equal, |(a, b)| a.total_cmp(&b))
        });
    }
    classes
}

/// Pairs of classes whose names are the same but for capitals, blanks, signs between words, or a `#` in front.
pub(in crate::data) fn alike(classes: &[String]) -> Vec<(&str, &str)> {
    let plain = |class: &String| match class.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => class
            .chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect(),
    };
    let mut known: HashMap<String, &str> = HashMap::new();
    let mut pairs = Vec::new();
    for class in classes {
        let plain = plain(class);
        match known.get(&plain).filter(|_| !plain.is_empty()) {
            Some(other) => pairs.push((*other, class.as_str())),
            None => drop(known.insert(plain, class)),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_by_value_and_words_by_name() {
        assert_eq!(
            in_order(["10", "2", "0", "2", "-1.5"]),
            ["-1.5", "0", "2", "10"]
        );
        assert_eq!(in_order(["10", "2", "a"]), ["10", "2", "a"]);
        assert_eq!(in_order(["walk", "rest", "walk"]), ["rest", "walk"]);
    }

    #[test]
    fn slips_are_found() {
        let classes = in_order([
            "walk",
            "Walk",
            "rest",
            "#rest",
            "stairs up",
            "stairs_up",
            "run",
        ]);
        let mut pairs = alike(&classes);
        pairs.sort_unstable();
        assert_eq!(
            pairs,
            [
                ("#rest", "rest"),
                ("Walk", "walk"),
                ("stairs up", "stairs_up")
            ]
        );
        assert_eq!(alike(&in_order(["1", "1.0", "2"])), [("1", "1.0")]);
        assert!(alike(&in_order(["+", "-", "1", "-1"])).is_empty());
    }

    #[test]
    fn missing_labels() {
        for (field, expected) in [
            ("", true),
            ("NaN", true),
            ("null", true),
            ("none", false),
            ("nano", false),
        ] {
            assert_eq!(is_none(field.as_bytes()), expected, "{field}");
        }
    }
}
