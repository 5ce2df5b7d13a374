//! Tests of when an entry of the cache is used and when it is made anew.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::data::{Targets, Values};

fn parts() -> Vec<Sequences> {
    let ids = vec![1, 65_535, 0, 7];
    let tokens = Values::Tokens {
        ids,
        vocabulary: 65_536,
    };
    let numbers = vec![0.5, -0.0, f32::MIN_POSITIVE, 1e9];
    let classes = Targets::Class(vec![4, 5]);
    let each = Targets::PerStep(vec![0, 1, 2, 3]);
    vec![
        Sequences::new(2, 1, numbers, classes.clone(), vec![9, 8]).unwrap(),
        Sequences::new(1, 2, tokens, each, vec![]).unwrap(),
        Sequences::new(1, 2, Vec::<f32>::new(), Targets::Class(vec![]), vec![]).unwrap(),
    ]
}

/// A cache folder and a source beside it.
struct Case {
    dir: tempfile::TempDir,
    built: Cell<u32>,
}

impl Case {
    fn new() -> Self {
        let case = Self {
            dir: tempfile::tempdir().unwrap(),
            built: Cell::new(0),
        };
        case.write("source", &vec![1; LEAST_BYTES as usize]);
        case
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// How often the sequences were built when `source` is loaded once more.
    fn load(&self, kind: &str, source: &str) -> u32 {
        let build = || {
            self.built.set(self.built.get() + 1);
            Ok(parts())
        };
        let source = self.dir.path().join(source);
        let folder = self.dir.path().join("cache");
        let wanted = |path: &str| ["/a/b", "/a/c"].iter().position(|name| *name == path);
        let select = Select::Paths(&wanted);
        let loaded = cached_in(&folder, kind, &[source], select, build).unwrap();
        assert_eq!(loaded, parts());
        self.built.get()
    }

    fn entries(&self) -> Vec<PathBuf> {
        archive::entries(&self.dir.path().join("cache")).unwrap()
    }
}

#[test]
fn equal_content_is_built_once() {
    let case = Case::new();
    assert_eq!([case.load("a", "source"), case.load("a", "source")], [1, 1]);
    case.write("copy", &vec![1; LEAST_BYTES as usize]);
    assert_eq!(case.load("a", "copy"), 1);
    assert_eq!(case.load("b", "copy"), 2);
    case.write("copy", &vec![2; LEAST_BYTES as usize]);
    assert_eq!(case.load("a", "copy"), 3);
    assert_eq!(case.entries().len(), 3);
}

#[test]
fn folders_by_their_files() {
    let case = Case::new();
    case.write("set/a/b", &vec![1; LEAST_BYTES as usize]);
    assert_eq!([case.load("a", "set"), case.load("a", "set")], [1, 1]);
    case.write("set/a/c", b"more");
    assert_eq!([case.load("a", "set"), case.load("a", "set")], [2, 2]);
    // Files that are not read do not matter, nor does the place of the folder.
    case.write("set/a/d", b"more");
    assert_eq!(case.load("a", "set"), 2);
    fs::rename(case.dir.path().join("set"), case.dir.path().join("moved")).unwrap();
    assert_eq!(case.load("a", "moved"), 2);
}

#[test]
fn folders_by_content_alone() {
    let case = Case::new();
    case.write("set/a/b", &vec![1; LEAST_BYTES as usize]);
    case.write("set/a/c", b"walk rest");
    assert_eq!(case.load("a", "set"), 1);
    let path = case.dir.path().join("set/a/c");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    case.write("set/a/c", b"rest walk");
    let file = fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(before).unwrap();
    let now = fs::metadata(&path).unwrap();
    assert_eq!((now.len(), now.modified().unwrap()), (9, before));
    assert_eq!([case.load("a", "set"), case.load("a", "set")], [2, 2]);
    // Equal bytes in other files are other data.
    case.write("set/a/c", &vec![1; LEAST_BYTES as usize]);
    case.write("set/a/b", b"rest walk");
    assert_eq!(case.load("a", "set"), 3);
}

#[test]
fn what_changes_while_it_is_read_is_not_kept() {
    let case = Case::new();
    let folder = case.dir.path().join("cache");
    let source = case.dir.path().join("source");
    let build = || {
        case.write("source", &vec![2; LEAST_BYTES as usize]);
        Ok(parts())
    };
    let none = |_: &str| None;
    cached_in(&folder, "a", &[source], Select::Paths(&none), build).unwrap();
    assert!(!folder.exists());
}

#[test]
fn little_and_missing_sources_are_not_cached() {
    let case = Case::new();
    case.write("little", &vec![1; LEAST_BYTES as usize - 1]);
    assert_eq!([case.load("a", "little"), case.load("a", "little")], [1, 2]);
    assert_eq!([case.load("a", "none"), case.load("a", "none")], [3, 4]);
    assert!(!case.dir.path().join("cache").exists());
}

#[test]
fn damaged_entries_are_made_anew() {
    let case = Case::new();
    case.load("a", "source");
    let entry = case.entries().remove(0);
    let good = fs::read(&entry).unwrap();
    for (n, bad) in [
        &good[..good.len() - 1],
        &[],
        &[good.clone(), vec![0]].concat(),
    ]
    .into_iter()
    .enumerate()
    {
        fs::write(&entry, bad).unwrap();
        assert_eq!(case.load("a", "source") as usize, n + 2);
        assert!(fs::read(&entry).unwrap() == good);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_done_without() {
    let case = Case::new();
    case.write("cache", b"a file is in the way");
    assert_eq!([case.load("a", "source"), case.load("a", "source")], [1, 2]);
}

proptest! {
    #[test]
    fn any_flipped_bit_is_seen(at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = format::encode(&parts()).unwrap();
        prop_assert_eq!(format::decode(&bytes), Some(parts()));
        *at.get_mut(&mut bytes) ^= 1_u8 << bit;
        prop_assert_eq!(format::decode(&bytes), None);
    }

    #[test]
    fn arbitrary_bytes_with_a_right_checksum_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let crc = crc32fast::hash(&bytes);
        bytes.extend(crc.to_le_bytes());
        let _ = format::decode(&bytes);
    }
}
