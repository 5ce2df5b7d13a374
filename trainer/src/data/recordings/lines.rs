//! The lines of a comma-separated file and the fields of a line.
//!
//! A row is one line. So a line's number is right whatever ends it, a blank line is seen, and a quote that is not closed
//! cannot swallow the rows below it.

use anyhow::{Context, Result, ensure};

/// Bytes of a line: enough for 1,024 channels with long names.
pub(super) const MAX_LINE_BYTES: usize = 64 << 10;

/// Bytes that a spreadsheet may put before the text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a text with their numbers from 1, without their ends (`\n` or `\r\n`) and blanks around them.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    text.trim_ascii_end()
        .split(|&byte| byte == b'\n')
        .zip(1..)
        .map(|(line, number)| (number, line.trim_ascii()))
}

/// The fields of one line at a time, without blanks around them.
#[derive(Debug, Default)]
pub(super) struct Fields {
    quoted: csv::ByteRecord,
    /// Where the fields of a line without quotes lie.
    plain: Vec<(u32, u32)>,
    is_quoted: bool,
}

impl Fields {
    /// Takes a line apart.
    ///
    /// # Errors
    /// It is longer than [`MAX_LINE_BYTES`], or a quote is not closed in it.
    pub fn split(&mut self, line: &[u8]) -> Result<()> {
        ensure!(
            line.len() <= MAX_LINE_BYTES,
            "it has {} bytes, a row of a recording at most {MAX_LINE_BYTES}",
            line.len()
        );
        self.is_quoted = line.contains(&b'"');
        if self.is_quoted {
            return self.split_quoted(line);
        }
        self.plain.clear();
        let mut start = 0;
        for field in line.split(|&byte| byte == b',') {
            let blanks = field.len() - field.trim_ascii_start().len();
            let first = start + blanks;
            let length = field.trim_ascii().len();
            self.plain.push((first as u32, (first + length) as u32));
            start += field.len() + 1;
        }
        Ok(())
    }

    fn split_quoted(&mut self, line: &[u8]) -> Result<()> {
        let quotes = line.iter().filter(|&&byte| byte == b'"').count();
        ensure!(
            quotes.is_multiple_of(2),
            "a quote is not closed in the line: a field with a quote in it is written as \"a \"\"b\"\"\""
        );
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(line);
        reader
            .read_byte_record(&mut self.quoted)
            .context("it is no row of fields")?;
        Ok(())
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        match self.is_quoted {
            true => self.quoted.len(),
            false => self.plain.len(),
        }
    }

    /// Field `column` of `line`, which was split last; empty beyond the last one.
    pub fn get<'a>(&'a self, line: &'a [u8], column: usize) -> &'a [u8] {
        if self.is_quoted {
            return self.quoted.get(column).unwrap_or_default();
        }
        let place = self.plain.get(column);
        place.map_or(&[], |&(from, to)| &line[from as usize..to as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<String> {
        let mut fields = Fields::default();
        fields.split(line.as_bytes()).unwrap();
        let text = |i| String::from_utf8_lossy(fields.get(line.as_bytes(), i)).into_owned();
        (0..fields.len()).map(text).collect()
    }

    #[test]
    fn plain_and_quoted_fields_are_the_same() {
        assert_eq!(fields("a, b ,,c"), ["a", "b", "", "c"]);
        assert_eq!(fields("\"a\", b ,\"\",\"c\""), ["a", "b", "", "c"]);
        assert_eq!(fields("\"a, \"\"b\"\"\",1"), ["a, \"b\"", "1"]);
        assert_eq!(fields("a"), ["a"]);
        let error = Fields::default().split(b"\"walk,1,2").unwrap_err();
        assert!(error.to_string().contains("not closed"), "{error}");
    }
}
