//! Functions that all parsers of text files use.

/// The rows of a text with their line numbers, without line ends; blank lines at the end of the file do not count.
pub(super) fn rows(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    text.trim_ascii_end()
        .split(|&byte| byte == b'\n')
        .enumerate()
        .map(|(i, row)| (i + 1, row))
}

/// A field as an error message shows it.
pub(super) fn shown(field: &[u8]) -> String {
    const MOST: usize = 32;
    match field.get(..MOST) {
        Some(start) if field.len() > MOST => format!("\"{}...\"", start.escape_ascii()),
        _ => format!("\"{}\"", field.escape_ascii()),
    }
}
