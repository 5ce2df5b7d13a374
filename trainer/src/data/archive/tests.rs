//! Tests that sizes which archives state are bounded, and that only regular files are read.

use std::fs;
use std::io::Write;

use super::packed::{open_zip_of, tar};
use super::*;

const NAMES: [&str; 2] = ["a.txt", "b.txt"];

/// The files of `input` by number, read within `budget`.
fn read(input: Input<'_>, budget: &Budget) -> Result<Vec<(usize, Vec<u8>)>> {
    let names = NAMES.map(str::to_owned);
    let mut found = Vec::new();
    visit(input, Select::Names(&names), budget, &mut |index, bytes| {
        found.push((index, bytes));
        Ok(())
    })?;
    Ok(found)
}

fn plenty() -> Budget {
    Budget::of_data_set()
}

fn tar_of(add: impl FnOnce(&mut tar::Builder<Vec<u8>>) -> io::Result<()>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    add(&mut builder).unwrap();
    builder.into_inner().unwrap()
}

fn add(
    tar: &mut tar::Builder<Vec<u8>>,
    kind: tar::EntryType,
    name: &str,
    content: &[u8],
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, name, content)
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn long_names_of_both_kinds() {
    // Above 100 bytes in front of the file, and as an attribute.
    let deep = format!("{}/a.txt", "folder/".repeat(40));
    let bytes = tar_of(|tar| {
        add(tar, tar::EntryType::Regular, &deep, b"1")?;
        tar.append_pax_extensions([("comment", &b"none"[..]), ("path", b"set/b.txt")])?;
        add(tar, tar::EntryType::Regular, "short", b"2")?;
        add(tar, tar::EntryType::Regular, "c.txt", b"3")
    });
    let found = read(Input::Bytes(&bytes), &plenty()).unwrap();
    assert_eq!(found, [(0, b"1".to_vec()), (1, b"2".to_vec())]);
}

#[test]
fn attributes_of_a_tar_are_bounded() {
    let bytes = tar_of(|tar| {
        let value = vec![b'x'; 2 << 20];
        tar.append_pax_extensions([("comment", &value[..])])?;
        add(tar, tar::EntryType::Regular, "a.txt", b"1")
    });
    let error = format!("{:#}", read(Input::Bytes(&bytes), &plenty()).unwrap_err());
    assert!(error.contains("name and attributes take 2097"), "{error}");
}

#[test]
fn sparse_files_are_refused() {
    let bytes = tar_of(|tar| add(tar, tar::EntryType::GNUSparse, "a.txt", b"1"));
    let error = format!("{:#}", read(Input::Bytes(&bytes), &plenty()).unwrap_err());
    assert!(error.contains("--sparse"), "{error}");
}

#[test]
fn a_tar_is_bounded_with_all_that_is_not_wanted() {
    let bytes = tar_of(|tar| add(tar, tar::EntryType::Regular, "other", &[0; 50_000]));
    let (names, budget) = (NAMES.map(str::to_owned), plenty());
    let read = |most| {
        let mut wanted = Wanted {
            select: Select::Names(&names),
            budget: &budget,
            seen: HashSet::new(),
            visit: &mut |_, _| Ok(()),
        };
        tar(&bytes[..], &mut wanted, most)
    };
    read(60_000).unwrap();
    let error = format!("{:#}", read(40_000).unwrap_err());
    assert!(error.contains("more than is ever read"), "{error}");
}

#[test]
fn the_table_of_a_zip_is_bounded() {
    let bytes = zip_of(&[("a.txt", &[7; 5000]), ("b.txt", b"")]);
    assert!(open_zip_of(Cursor::new(&bytes), 100).is_err());
    // The bound is on the table, not on the files.
    let mut zip = open_zip_of(Cursor::new(&bytes), 1000).unwrap();
    let mut content = Vec::new();
    zip.by_name("a.txt")
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    assert_eq!(content, [7; 5000]);
}

#[test]
fn files_of_every_form_take_of_one_budget() {
    let dir = tempfile::tempdir().unwrap();
    let content = [7; 2000];
    for name in NAMES {
        fs::write(dir.path().join(name), content).unwrap();
    }
    let both = [(NAMES[0], &content[..]), (NAMES[1], &content)];
    let zip = zip_of(&both);
    let nested = zip_of(&[("set.zip", &zip)]);
    let tar = tar_of(|tar| {
        let mut add =
            |(name, content): (&str, &[u8])| add(tar, tar::EntryType::Regular, name, content);
        both.into_iter().try_for_each(&mut add)
    });
    let inner = zip.len() as u64;
    let two = 2 * (2000 + FILE_COST as u64);
    for (input, needed) in [
        (Input::Path(dir.path()), two),
        (Input::Bytes(&zip), two),
        (Input::Bytes(&tar), two),
        (Input::Bytes(&nested), two + inner),
    ] {
        assert_eq!(read(input, &Budget::new(needed)).unwrap().len(), 2);
        // Each file would do alone.
        let error = format!("{:#}", read(input, &Budget::new(needed - 1)).unwrap_err());
        assert!(
            error.contains("b.txt") && error.contains("of memory"),
            "{error}"
        );
        assert!(!error.contains("damaged"), "{error}");
    }
}

#[test]
fn a_compressed_file_is_bounded_by_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("words.gz");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(&[b'a'; 100_000]).unwrap();
    fs::write(&path, gz.finish().unwrap()).unwrap();
    assert_eq!(
        read_plain(&path, Kind::WORDS, &plenty()).unwrap().len(),
        100_000
    );
    let error = format!(
        "{:#}",
        read_plain(&path, Kind::WORDS, &Budget::new(99_999)).unwrap_err()
    );
    assert!(
        error.contains("words.gz") && error.contains("99999 bytes of memory"),
        "{error}"
    );
}

/// A pipe in a folder is refused: reading it would wait for somebody to write to it.
#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_named_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    crate::untrusted::tests::make_pipe(&dir.path().join("a.txt"));
    let message = |result: Result<()>| format!("{:#}", result.unwrap_err());
    let by_name = message(read(Input::Path(dir.path()), &plenty()).map(drop));
    let number = |path: &str| (path == "/a.txt").then_some(0);
    let by_path = message(visit(
        Input::Path(dir.path()),
        Select::Paths(&number),
        &plenty(),
        &mut |_, _| Ok(()),
    ));
    let path = dir.path().join("a.txt");
    let itself = message(read(Input::Path(&path), &plenty()).map(drop));
    let plain = message(read_plain(&path, Kind::DATA, &plenty()).map(drop));
    for error in [by_name, by_path, itself, plain] {
        assert!(
            error.contains("a.txt cannot be opened: it is a pipe"),
            "{error}"
        );
    }
}
