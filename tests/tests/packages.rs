//! Packages are whole, and examples are what they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(name: &str) -> String {
    String::from_utf8(read(name)).expect("text")
}

/// The HALs of microcontrollers that boards are built on.
const HALS: [&str; 4] = ["embassy-nrf", "embassy-rp", "embassy-stm32", "esp-hal"];
/// Lines that a newcomer reads in one go.
const MOST_LINES: usize = 60;

/// The HAL in a board's manifest.
fn hal(manifest: &str) -> &'static str {
    let is_named = |hal: &&str| {
        let named = |line: &str| line.starts_with(&format!("{hal} = "));
        manifest.lines().any(named)
    };
    let mut named = HALS.into_iter().filter(is_named);
    let hal = named.next().expect("a HAL that this test knows");
    assert_eq!(named.next(), None, "{hal} and another HAL");
    hal
}

#[test]
fn every_hal_has_an_example_that_is_read_in_one_go() {
    let mut examples = vec![String::from(
        "firmware-examples/emulated/src/bin/minimal/main.rs",
    )];
    let (mut used, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for board in fs::read_dir(path("firmware-examples/boards")).expect("a folder") {
        let name = board.expect("readable").file_name();
        let folder = format!("firmware-examples/boards/{}", name.to_string_lossy());
        let hal = hal(&text(&format!("{folder}/Cargo.toml")));
        used.insert(hal);
        let example = format!("{folder}/src/bin/minimal.rs");
        if path(&example).exists() {
            shown.insert(hal);
            examples.push(example);
        }
    }
    assert_eq!(shown, used, "HALs with an example, and HALs of boards");
    assert_eq!(used, BTreeSet::from(HALS));
    for example in examples {
        let text = text(&example);
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{example} has {lines} lines");
        for part in ["hadamrnn_runtime::model!", "session.push(", ".class_name("] {
            assert!(text.contains(part), "{example} has no {part}");
        }
    }
}

/// A package has no files of other folders, so examples have copies.
#[test]
fn the_examples_take_the_shipped_model_and_its_windows() {
    for copy in ["runtime-nostd", "runtime-nostd/device"] {
        let copy = format!("{copy}/examples/har2.hdrn");
        assert_eq!(read(&copy), read("models/har2/model.hdrn"), "{copy}");
    }
    let windows = read("models/har2/windows.bin");
    let values = windows[12..].chunks_exact(2);
    let mut values = values.map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]));
    let recorded = text("runtime-nostd/examples/recorded.csv");
    assert_eq!(recorded.lines().count(), 4 * 128);
    for (i, line) in recorded.lines().enumerate() {
        let sample: Vec<i16> = line
            .split(',')
            .map(|x| x.parse().expect("a count"))
            .collect();
        let shipped: Vec<i16> = values.by_ref().take(9).collect();
        assert_eq!(sample, shipped, "line {}", i + 1);
    }
}

/// The packages that others use, by their folders.
const PACKAGES: [&str; 6] = [
    "runtime-nostd",
    "runtime-nostd/c",
    "runtime-nostd/device",
    "models",
    "firmware-examples",
    "trainer",
];

#[test]
fn every_package_carries_the_licences() {
    for package in PACKAGES {
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let copy = format!("{package}/{licence}");
            assert_eq!(text(&copy), text(licence), "{copy}");
        }
        let manifest = text(&format!("{package}/Cargo.toml"));
        for key in ["description", "keywords", "categories", "include"] {
            let has = |line: &str| line.starts_with(&format!("{key} = "));
            assert!(manifest.lines().any(has), "{package} has no {key}");
        }
        for key in ["version", "rust-version", "license"] {
            let line = format!("\n{key}.workspace = true\n");
            assert!(manifest.contains(&line), "{package} has no {key}");
        }
    }
}

/// Files that a source includes at compile time, outside of its unit tests and documentation.
fn taken_in(source: &str) -> Vec<&str> {
    let end = source.find("#[cfg(test)]").unwrap_or(source.len());
    let code = &source[..end];
    let macros = [
        "include_bytes!(\"",
        "include_str!(\"",
        "include!(\"",
        "#[path = \"",
    ];
    let mut found = Vec::new();
    for start in macros {
        for (at, _) in code.match_indices(start) {
            let line = code[..at].rfind('\n').map_or(0, |end| end + 1);
            if !code[line..at].trim_start().starts_with("//") {
                let rest = &code[at + start.len()..];
                found.extend(rest.split('"').next());
            }
        }
    }
    found
}

/// The files of the modules that a source has for tests alone.
fn test_modules(source: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(source).expect("text");
    let folder = match source.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") => source.with_file_name(""),
        _ => source.with_extension(""),
    };
    let modules = text.split("#[cfg(test)]\n").skip(1).filter_map(|after| {
        let line = after.trim_start().lines().next()?;
        let name = line
            .trim_start_matches("pub(crate) ")
            .strip_prefix("mod ")?;
        Some(folder.join(format!("{}.rs", name.strip_suffix(';')?)))
    });
    modules.collect()
}

/// A packaged crate compiles without the rest of the repository.
#[test]
fn no_package_takes_in_a_file_from_outside_of_its_folder() {
    let mut files = 0;
    for package in PACKAGES {
        let root = fs::canonicalize(path(package)).expect("a folder");
        let sources = sources(&root.join(if package == "models" { "." } else { "src" }));
        let tests: Vec<PathBuf> = sources.iter().flat_map(|x| test_modules(x)).collect();
        assert!(tests.iter().all(|test| test.exists()), "{tests:?}");
        for source in sources {
            // A folder of a test module's own has test modules alone.
            let is_of =
                |test: &PathBuf| source == *test || source.starts_with(test.with_extension(""));
            if tests.iter().any(is_of) {
                continue;
            }
            for file in taken_in(&fs::read_to_string(&source).expect("text")) {
                files += 1;
                let target = source.parent().expect("a folder").join(file);
                let target = fs::canonicalize(&target)
                    .unwrap_or_else(|error| panic!("{}: {error}", target.display()));
                let (inside, shown) = (target.starts_with(&root), source.display());
                assert!(inside, "{shown} takes in {}", target.display());
            }
        }
    }
    assert!(files >= 6, "{files} files");
    let outside = "const A: &[u8] = include_bytes!(\"../../b\");\n/// include_str!(\"no\")\n";
    assert_eq!(taken_in(outside), ["../../b"]);
}

/// Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}
