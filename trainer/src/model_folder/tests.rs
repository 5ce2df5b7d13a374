use std::fs;

use tempfile::TempDir;

use super::*;
use crate::files::{Lock, write_atomically};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../models")
        .join(name)
}

/// A copy of a shipped model folder.
fn copy(name: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(shipped(name)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

fn error(path: &Path) -> String {
    format!("{:#}", StoredModel::read(path).expect_err("damaged"))
}

#[test]
fn every_shipped_folder_fits_together() {
    for entry in fs::read_dir(shipped(".")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let stored = StoredModel::read(&path).unwrap();
        let folder = stored.folder.expect("a folder");
        assert!(folder.card.windows_sha256.is_some() && folder.card.golden_sha256.is_some());
        let text = fs::read_to_string(path.join(files::CARD)).unwrap();
        assert!(
            text.starts_with("# SHA-256 of the lines below: "),
            "{path:?}"
        );
        // The model of a folder is the folder.
        let file = StoredModel::read(&path.join(files::MODEL)).unwrap();
        assert_eq!(file.folder.expect("a folder").golden, folder.golden);
    }
}

#[test]
fn a_file_is_read_alone_only_where_nothing_lies_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("any.hdrn");
    fs::copy(shipped("har2").join(files::MODEL), &alone).unwrap();
    assert!(StoredModel::read(&alone).unwrap().card().is_none());
    for name in COMPANIONS {
        let beside = folder.path().join(name);
        fs::copy(shipped("har2").join(name), &beside).unwrap();
        let text = error(&alone);
        assert!(
            text.contains("is missing") && text.contains("any.hdrn"),
            "{text}"
        );
        fs::remove_file(beside).unwrap();
    }
    let text = error(folder.path());
    assert!(text.contains("holds no model.hdrn"), "{text}");
    fs::rename(&alone, folder.path().join(files::MODEL)).unwrap();
    let text = error(folder.path());
    assert!(text.contains("card.toml is missing"), "{text}");
}

#[test]
fn a_model_of_another_card_is_refused() {
    for other in ["har2-two-layers", "pmnist-4k", "har6"] {
        let folder = copy("har2");
        let model = folder.path().join(files::MODEL);
        fs::copy(shipped(other).join(files::MODEL), &model).unwrap();
        for path in [folder.path(), &model] {
            let text = error(path);
            for part in [
                "card.toml is not the card of",
                "model.hdrn",
                "export the run again",
            ] {
                assert!(text.contains(part), "{other}: {text}");
            }
        }
    }
}

/// Reads the folder after one file was changed, and gives the error, if it is one.
fn after(folder: &TempDir, name: &str, bytes: &[u8]) -> Option<String> {
    let path = folder.path().join(name);
    let before = fs::read(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    let read = StoredModel::read(folder.path());
    fs::write(&path, before).unwrap();
    read.err().map(|error| format!("{error:#}"))
}

#[test]
fn no_damaged_file_goes_unnoticed() {
    let folder = copy("har2");
    let whole = StoredModel::read(folder.path()).unwrap().folder.unwrap();
    for name in [files::MODEL, files::CARD, files::WINDOWS, files::GOLDEN] {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        let mut damaged: Vec<Vec<u8>> = (0..60)
            .map(|i| bytes[..bytes.len() * i / 60].to_vec())
            .collect();
        for i in 0..120 {
            let mut flipped = bytes.clone();
            flipped[bytes.len() * i / 120] ^= 1 << (i % 8);
            damaged.push(flipped);
        }
        damaged.push([&bytes[..], b"\xff\xfe"].concat());
        damaged.push([b"\xff", &bytes[1..]].concat());
        damaged.push(vec![0; bytes.len()]);
        for (i, bytes) in damaged.iter().enumerate() {
            match after(&folder, name, bytes) {
                Some(text) => assert!(text.contains(name), "{i}: {text}"),
                // A card whose first line is no digest any more is one whose contents nobody has vouched for.
                None => {
                    assert_eq!(name, files::CARD, "{i}");
                    assert_eq!(
                        Card::parse(str::from_utf8(bytes).unwrap()).unwrap(),
                        whole.card
                    );
                }
            }
        }
        fs::remove_file(folder.path().join(name)).unwrap();
        let text = error(folder.path());
        assert!(text.contains(name), "{text}");
        fs::create_dir(folder.path().join(name)).unwrap();
        let text = error(folder.path());
        assert!(text.contains(name), "{text}");
        fs::remove_dir(folder.path().join(name)).unwrap();
        fs::copy(shipped("har2").join(name), folder.path().join(name)).unwrap();
    }
}

#[test]
fn cards_of_earlier_versions_are_read() {
    let folder = copy("har2");
    let card = fs::read_to_string(folder.path().join(files::CARD)).unwrap();
    let earlier: String = (card.lines().skip(1))
        .filter(|line| !line.starts_with("windows_sha256") && !line.starts_with("golden_sha256"))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(after(&folder, files::CARD, earlier.as_bytes()), None);
    fs::write(folder.path().join(files::CARD), earlier).unwrap();
    let golden = fs::read_to_string(folder.path().join(files::GOLDEN)).unwrap();
    let mut answers: Vec<Answer> = serde_json::from_str(&golden).unwrap();
    answers.pop();
    let fewer = serde_json::to_vec(&answers).unwrap();
    let text = after(&folder, files::GOLDEN, &fewer).expect("refused");
    assert!(text.contains("15 answers to the 16 windows"), "{text}");
    let text = after(&folder, files::GOLDEN, b"\xff").expect("refused");
    assert!(text.contains("golden.json is damaged"), "{text}");
    let other = fs::read(shipped("imdb").join(files::WINDOWS)).unwrap();
    let text = after(&folder, files::WINDOWS, &other).expect("refused");
    assert!(text.contains("windows of 1 channels"), "{text}");
}

#[test]
fn line_ends_and_own_changes_of_a_card() {
    let folder = copy("har2");
    for name in [files::CARD, files::GOLDEN] {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        let converted = text.replace('\n', "\r\n");
        assert_eq!(after(&folder, name, converted.as_bytes()), None, "{name}");
    }
    let card = fs::read_to_string(folder.path().join(files::CARD)).unwrap();
    let changed = card.replace("OTHER", "REST");
    assert_ne!(card, changed);
    let text = after(&folder, files::CARD, changed.as_bytes()).expect("refused");
    assert!(
        text.contains("Delete the first line if the change is yours"),
        "{text}"
    );
    let own = changed.split_once('\n').unwrap().1;
    assert_eq!(after(&folder, files::CARD, own.as_bytes()), None);
}

const CONTENTS: [(&str, &[u8]); 2] = [("a", b"new a"), ("b", b"new b")];

fn written(folder: &Path) -> bool {
    (CONTENTS.iter()).all(|(name, bytes)| fs::read(folder.join(name)).unwrap() == *bytes)
}

#[test]
fn a_folder_is_replaced_as_one() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/model");
    replace::write(&folder, &CONTENTS).unwrap();
    assert!(written(&folder));
    fs::write(folder.join("a"), "old a").unwrap();
    fs::write(folder.join(".hadamrnn-litter.tmp"), "").unwrap();
    #[cfg(unix)]
    let before = fs::File::open(&folder).unwrap();
    replace::write(&folder, &CONTENTS).unwrap();
    assert!(written(&folder));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let [before, after] = [before.metadata(), fs::metadata(&folder)];
        assert_ne!(
            before.unwrap().ino(),
            after.unwrap().ino(),
            "it is another folder"
        );
    }
    let left = fs::read_dir(folder.parent().unwrap()).unwrap();
    assert_eq!(left.count(), 1, "nothing is left beside it");
}

#[test]
fn folders_that_killed_writes_left_are_removed_and_no_others() {
    let parent = tempfile::tempdir().unwrap();
    let parent = parent.path();
    let staging = |name: &str| {
        let folder = parent.join(format!(".hadamrnn-{name}.tmp"));
        fs::create_dir_all(folder.join("new")).unwrap();
        folder
    };
    let (dead, alive, began) = (staging("dead"), staging("alive"), staging("began"));
    let users = parent.join(".hadamrnn-notes");
    fs::create_dir(&users).unwrap();
    drop(Lock::take(&dead).unwrap());
    let held = Lock::take(&alive).unwrap().unwrap();
    replace::write(&parent.join("model"), &CONTENTS).unwrap();
    assert!(!dead.exists());
    assert!(alive.exists() && began.exists() && users.exists());
    drop(held);
}

#[test]
fn a_write_that_fails_leaves_the_old_folder() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("model");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a"), "old a").unwrap();
    let contents: [(&str, &[u8]); 2] = [("a", b"new a"), ("no folder/b", b"")];
    assert!(replace::write(&folder, &contents).is_err());
    assert_eq!(fs::read(folder.join("a")).unwrap(), b"old a");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
}

#[test]
fn what_else_a_folder_holds_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "old a").unwrap();
    fs::write(folder.path().join("notes.md"), "notes").unwrap();
    fs::create_dir(folder.path().join("within")).unwrap();
    replace::write(folder.path(), &CONTENTS).unwrap();
    assert!(written(folder.path()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_stays_one() {
    let parent = tempfile::tempdir().unwrap();
    let [link, folder] = ["link", "folder"].map(|name| parent.path().join(name));
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    replace::write(&link, &CONTENTS).unwrap();
    assert!(written(&folder) && link.is_symlink());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    write_atomically(&file, b"").unwrap();
    for folder in [file.clone(), file.join("below")] {
        let error = format!("{:#}", replace::write(&folder, &CONTENTS).unwrap_err());
        assert!(error.contains(folder.to_str().unwrap()), "{error}");
    }
}
