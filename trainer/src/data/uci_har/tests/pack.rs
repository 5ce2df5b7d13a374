//! A small data set in every form in which one may come.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use zip::write::SimpleFileOptions;

use crate::data::archive::{self, Input, Select};
use crate::data::uci_har::{SAMPLE, file_names};
use crate::untrusted::Budget;

pub(super) const ROOT: &str = "UCI HAR Dataset";

/// The texts of a data set, by name.
pub(super) type Texts = BTreeMap<String, Vec<u8>>;

/// The first two rows of each file of the sample.
pub(super) static SMALL: LazyLock<Texts> = LazyLock::new(|| {
    let names = file_names();
    let mut texts = Texts::new();
    let (select, budget) = (Select::Names(&names), Budget::of_data_set());
    archive::visit(Input::Bytes(SAMPLE), select, &budget, &mut |i, text| {
        texts.insert(
            names[i].clone(),
            text.split_inclusive(|&byte| byte == b'\n')
                .take(2)
                .flatten()
                .copied()
                .collect(),
        );
        Ok(())
    })
    .unwrap();
    texts
});

/// The small set with a change made to one of its files.
pub(super) fn changed(name: &str, change: impl FnOnce(String) -> String) -> Texts {
    let mut texts = SMALL.clone();
    let text = texts.get_mut(name).unwrap();
    *text = change(String::from_utf8(text.clone()).unwrap()).into_bytes();
    texts
}

pub(super) fn tar(texts: &Texts) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in texts {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, format!("{ROOT}/{name}"), text.as_slice())
            .unwrap();
    }
    tar.into_inner().unwrap()
}

pub(super) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

pub(super) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut xz =
        lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    xz.write_all(bytes).unwrap();
    xz.finish().unwrap()
}

pub(super) fn zip_of<'a>(files: impl IntoIterator<Item = (String, &'a [u8])>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(super) fn zip(texts: &Texts) -> Vec<u8> {
    zip_of(texts.iter().flat_map(|(name, text)| {
        let shadow = name.replace("/y_", "/._y_");
        [
            (format!("{ROOT}/{name}"), text.as_slice()),
            (format!("__MACOSX/{ROOT}/{shadow}"), b"attributes"),
        ]
    }))
}

/// The archive as UCI delivers it: inside another archive, beside a description.
pub(super) fn nested_zip(texts: &Texts) -> Vec<u8> {
    let inner = zip(texts);
    zip_of([
        ("UCI HAR Dataset.names".to_owned(), &b"Human Activity"[..]),
        (format!("{ROOT}.zip"), &inner),
    ])
}

pub(super) fn folder(texts: &Texts, parent: &Path) -> PathBuf {
    let root = parent.join(ROOT);
    for (name, text) in texts {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}
