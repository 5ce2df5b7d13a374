//! Names of jobs. They come from files, and become paths and words of scripts.

use std::path::{Component, Path};

use anyhow::{Result, bail};

/// Longest name, in bytes; file systems take no more.
const LONGEST: usize = 255;

/// Refuses a name that is not one plain component of a path.
///
/// # Errors
/// The name is empty, longer than 255 bytes, has separators or control characters, or starts like an option or a hidden
/// file.
pub(super) fn check(name: &str) -> Result<()> {
    let fault = match name {
        "" => "is empty",
        name if name.len() > LONGEST => "is longer than 255 bytes",
        name if name.contains(['/', '\\']) => "has a separator of folders",
        name if name.contains(is_line_break) => "has a control character",
        name if name.starts_with(['.', '-']) => "starts with a dot or a dash",
        name if !is_component(name) => "is no name of a folder",
        _ => return Ok(()),
    };
    bail!("the name of the job {name:?} {fault}; it must be one plain name, such as seed=1");
}

fn is_line_break(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Whether this system, too, sees a single name; a drive's letter is none, for instance.
fn is_component(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!(components.next(), Some(Component::Normal(only)) if only == name)
        && components.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_are_one_plain_component() {
        for name in ["a", "hidden_size=64,seed=1", "b c", "it's", "ü", "a.b-c"] {
            check(name).unwrap();
        }
        let long = "a".repeat(256);
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "-option",
            "/tmp/a",
            "../a",
            "a/b",
            "a/",
            "a\\b",
            "a\nrm b",
            "a\rb",
            "a\0b",
            "a\u{1b}[2J",
            "a\u{2028}b",
            &long,
        ] {
            let error = check(name).unwrap_err().to_string();
            assert!(error.contains("seed=1"), "{name:?}: {error}");
            assert!(!error.contains(is_raw), "{error:?}");
        }
    }

    fn is_raw(character: char) -> bool {
        character.is_control()
    }
}
