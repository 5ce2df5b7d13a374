//! The list of places with `unsafe` in `ARCHITECTURE.md` is complete, and every entry has some.

use std::path::{Path, PathBuf};

const DOCUMENT: &str = include_str!("../../../ARCHITECTURE.md");

/// Paths in code spans of the first column of the table.
fn documented() -> Vec<&'static str> {
    let (_, section) = DOCUMENT
        .split_once("\n## Where `unsafe` is\n")
        .expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let places = rows.filter_map(|row| row.split('|').next());
    places
        .flat_map(|places| places.split('`'))
        .filter(|span| span.contains('/'))
        .collect()
}

/// Rust files of the repository, but for what was built.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// Whether a line has the keyword outside of comments and texts.
fn has_unsafe(source: &str) -> bool {
    let forms = [
        "unsafe {",
        "unsafe fn",
        "unsafe impl",
        "unsafe extern",
        "#[unsafe(",
    ];
    source.lines().any(|line| {
        let code = line.split("//").next().unwrap_or_default();
        let code = code.split('"').next().unwrap_or_default();
        forms.iter().any(|form| code.contains(form))
    })
}

#[test]
fn every_place_of_unsafe_code_is_documented() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files = Vec::new();
    sources(root, &mut files);
    let mut unused = documented();
    for file in files {
        if !has_unsafe(&std::fs::read_to_string(&file).expect("text")) {
            continue;
        }
        let relative = file.strip_prefix(root).expect("below");
        let is_of = |place: &&str| relative.starts_with(place);
        assert!(documented().iter().any(is_of), "{}", relative.display());
        unused.retain(|place| !relative.starts_with(place));
    }
    assert!(unused.is_empty(), "no unsafe code in {unused:?}");
}
