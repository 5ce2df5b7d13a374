//! Modules stand on floors: none imports one that imports it, but for a module and its own children.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module by its names from the crate's root on, which is `[]`.
type Module = Vec<String>;

/// The modules of a crate that are files, with their text.
fn modules(root: &Path) -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let below = path.strip_prefix(root).expect("below the root");
                let names = below.with_extension("");
                let names = names.iter().map(|name| name.to_string_lossy().into_owned());
                let names = names.filter(|name| name != "lib" && name != "mod");
                let module: Module = names.collect();
                // Tests may import what they like, and the program is another crate.
                let is_other = |name: &String| name == "tests" || name == "bin";
                if !module.iter().any(is_other) {
                    let text = fs::read_to_string(&path).expect("a source file");
                    found.insert(module, text);
                }
            }
        }
    }
    found
}

/// The code without comments and unit tests.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..end].lines();
    let lines = lines.map(|line| line.split("//").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads all paths at the start of `text`, with braces resolved.
fn paths(text: &str) -> Vec<Module> {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        return split_group(group).into_iter().flat_map(paths).collect();
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let mut tails = match rest.trim_start().strip_prefix("::") {
        Some(rest) => paths(rest),
        None => vec![],
    };
    if tails.is_empty() {
        tails.push(vec![]);
    }
    let with_name = |tail: Module| [vec![name.to_string()], tail].concat();
    tails.into_iter().map(with_name).collect()
}

/// The parts of a group of imports, of which the opening brace is gone.
fn split_group(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, vec![]);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&text[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

/// The modules that the code of `from` names.
fn imports(from: &Module, code: &str, modules: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            // `$crate::`, `hadamrnn_crate::`, and the second one of `super::super::`.
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | ':')) {
                continue;
            }
            for path in paths(&code[at..]) {
                let mut module = match start {
                    "crate::" => vec![],
                    _ => from.clone(),
                };
                for name in path {
                    if name == "super" {
                        module.pop();
                    } else if name != "crate" {
                        module.push(name);
                        if !modules.contains_key(&module) {
                            module.pop();
                            break;
                        }
                    }
                }
                found.insert(module);
            }
        }
    }
    found
}

/// The circles among the children of one module, each child with all that is below it.
fn circles(modules: &BTreeMap<Module, String>) -> Vec<String> {
    // For each parent: which child imports which.
    let mut edges: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, text) in modules {
        for to in imports(from, &code(text), modules) {
            let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(same), to.get(same)) {
                let children = edges.entry(from[..same].to_vec()).or_default();
                children.entry(a.clone()).or_default().insert(b.clone());
            }
        }
    }
    let mut found = vec![];
    for (parent, mut children) in edges {
        // Takes away, floor by floor, what imports nothing that is left.
        while let Some(floor) = children.iter().find_map(|(child, imports)| {
            let is_left = |other: &String| children.contains_key(other);
            (!imports.iter().any(is_left)).then(|| child.clone())
        }) {
            children.remove(&floor);
        }
        if !children.is_empty() {
            found.push(format!("in {parent:?}: {children:?}"));
        }
    }
    found
}

#[test]
fn no_crate_has_an_import_circle() {
    for (sources, at_least) in [
        ("../runtime-nostd/src", 50),
        ("../runtime-nostd/device/src", 15),
        ("../firmware-examples/src", 8),
        ("../trainer/src", 100),
    ] {
        let modules = modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources));
        let count = modules.len();
        assert!(count >= at_least, "{sources}: {count} modules");
        assert_eq!(circles(&modules), [""; 0], "{sources}");
    }
}

/// The sources of a crate, by name.
fn sources(files: &[(&str, &str)]) -> BTreeMap<Module, String> {
    let module = |name: &str| name.split("::").map(String::from).collect();
    let files = files.iter();
    files
        .map(|(name, text)| (module(name), (*text).to_string()))
        .collect()
}

#[test]
fn circles_are_found() {
    let child = sources(&[
        ("a", "use b::X; mod b;"),
        ("a::b", "use super::Y;\nuse super::super::Z;"),
    ]);
    assert_eq!(circles(&child), [""; 0], "a module and its child");
    let two = sources(&[
        ("a", "use crate::{c::{self, D}, b::X};"),
        ("b", "// use crate::c;\nfn f() { crate::a::g() }"),
        ("c", "use crate::b;"),
    ]);
    let expected = r#"in []: {"a": {"b", "c"}, "b": {"a"}, "c": {"b"}}"#;
    assert_eq!(circles(&two), [expected]);
    let through_children = sources(&[
        ("a", ""),
        ("a::x", "use crate::b;"),
        ("a::y", ""),
        ("b", "use crate::a::y;"),
    ]);
    let expected = r#"in []: {"a": {"b"}, "b": {"a"}}"#;
    assert_eq!(circles(&through_children), [expected], "through children");
    let siblings = sources(&[("a::x", "use super::y::Z;"), ("a::y", "use super::x;")]);
    let expected = r#"in ["a"]: {"x": {"y"}, "y": {"x"}}"#;
    assert_eq!(circles(&siblings), [expected]);
}
