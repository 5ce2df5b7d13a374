//! What several tests of data share.

/// A folder with these files, in folders of their own where names have some.
pub(in crate::data) fn folder<T: AsRef<str>>(files: &[(&str, T)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.as_ref()).unwrap();
    }
    folder
}
