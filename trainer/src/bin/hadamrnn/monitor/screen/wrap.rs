//! Text in rows of a given width.

use ratatui::text::{Line, Span};

/// The words of a text in rows of at most `width` columns; words that are longer are cut into several rows.
pub fn wrapped(text: &str, width: u16) -> Vec<String> {
    let width = usize::from(width).max(1);
    let mut rows: Vec<String> = Vec::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let columns = Span::raw(word).width();
        match rows.last_mut() {
            Some(row) if used + 1 + columns <= width => {
                row.push(' ');
                row.push_str(word);
                used += 1 + columns;
            }
            _ => {
                let parts = cut(word, width);
                used = parts
                    .last()
                    .map_or(0, |part| Span::raw(part.as_str()).width());
                rows.extend(parts);
            }
        }
    }
    rows
}

/// A word in parts of at most `width` columns.
fn cut(word: &str, width: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut used = 0;
    for character in word.chars() {
        let columns = Span::raw(character.to_string()).width();
        if used > 0 && used + columns > width {
            parts.push(String::new());
            used = 0;
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
        used += columns;
    }
    parts
}

/// Items in rows of at most `width` columns, two blanks apart; none is broken.
pub fn wrapped_items(items: Vec<Span<'static>>, width: u16) -> Vec<Line<'static>> {
    let mut rows: Vec<Line<'static>> = Vec::new();
    for item in items {
        match rows.last_mut() {
            Some(row) if row.width() + 2 + item.width() <= usize::from(width) => {
                row.push_span(Span::raw("  "));
                row.push_span(item);
            }
            _ => rows.push(Line::from(item)),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_lost() {
        let text = "warning: a-very-long-word-that-fits-nowhere and  short ones";
        for width in [1, 2, 7, 20, 200] {
            let rows = wrapped(text, width);
            assert!(
                rows.iter()
                    .all(|row| row.chars().count() <= usize::from(width))
            );
            let letters = |text: &str| text.replace(' ', "");
            assert_eq!(letters(&rows.concat()), letters(text));
        }
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert!(wrapped("", 5).is_empty());
    }

    #[test]
    fn items_stay_whole() {
        let items = ["q quit", "space pause", "recording"]
            .map(Span::raw)
            .to_vec();
        let rows = wrapped_items(items, 20);
        let rows: Vec<String> = rows.iter().map(Line::to_string).collect();
        assert_eq!(rows, ["q quit  space pause", "recording"]);
    }
}
