//! Files that are too large, damaged or wrong.

use super::*;
use crate::data::recordings::windows::check_memory;

#[test]
fn memory_and_lines_are_bounded() {
    let text = file(&[rows("x", 0, 100), rows("y", 0, 100)]);
    let one = folder(&[("a.csv", text)]);
    let source = locate(one.path()).unwrap();
    let read = |bytes| {
        read::read(
            source.paths().unwrap(),
            Wanted::default(),
            &Budget::new(bytes),
        )
    };
    read(4000).unwrap();
    let error = format!("{:#}", read(1300).unwrap_err());
    assert!(
        error.contains("a.csv") && error.contains("more than 1300 bytes"),
        "{error}"
    );
    // Samples that windows share count once.
    let check = |most| check_memory(386, 800, &cutting(8, 1), &Budget::new(most));
    let size = 386 * 16 + 800 * 4;
    check(size).unwrap();
    let error = format!("{:#}", check(size - 1).unwrap_err());
    assert!(error.contains("set a larger --hop"), "{error}");
    let long = format!("label,a\nx,1\n{}\n", "y".repeat((1 << 16) + 1));
    std::fs::write(one.path().join("a.csv"), long).unwrap();
    let error = error_of(&one, &cutting(8, 4));
    assert!(
        error.contains("a.csv: line 3: it has 65537 bytes"),
        "{error}"
    );
}

/// Whatever is in a file, reading it ends with windows or an error.
#[test]
fn no_bytes_make_it_panic() {
    use rand_chacha::rand_core::{Rng, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let valid = format!(
        "label,time,subject,recording,a\nx,0,p,r,1\n\n#x,0.5,p,r,2\n\"y, \"\"z\"\"\",1e300,q,s,-3\n,,,,\nx,2024-01-01 10:00:00,p,r,4\n{}",
        (0..40)
            .map(|i| format!("x,{i},p,{},{}\ny,{i},q,1,{}\n", i / 20, i % 7, i % 5))
            .collect::<String>()
    );
    let (mut loaded, mut failed) = (0, 0);
    for _ in 0..500 {
        let mut bytes = valid.clone().into_bytes();
        for _ in 0..1 + random.next_u32() % 6 {
            let at = random.next_u32() as usize % bytes.len().max(1);
            if bytes.len() < 2 {
                continue;
            }
            match random.next_u32() % 4 {
                0 => bytes[at] = random.next_u32() as u8,
                1 => bytes[at] = b",\n\r\"#-.0e"[random.next_u32() as usize % 9],
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let one = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        std::fs::write(one.path(), bytes).unwrap();
        let source = locate(one.path()).unwrap();
        for group in [None, Some("none".to_owned())] {
            let cutting = Cutting {
                group,
                ..cutting(1, 1)
            };
            match load(&source, &cutting, &Holdout::Standard) {
                Ok(_) => loaded += 1,
                Err(_) => failed += 1,
            }
        }
    }
    assert!(loaded + failed == 1000 && failed > 200, "{loaded} {failed}");
}

#[cfg(unix)]
#[test]
fn pipes_are_no_recordings() {
    let all = ten();
    crate::untrusted::tests::make_pipe(&all.path().join("pipe.csv"));
    // Neither in a folder, where nothing is left out in silence, nor by name.
    for place in [all.path().to_path_buf(), all.path().join("pipe.csv")] {
        let source = locate(&place).unwrap();
        let error = load(&source, &cutting(8, 4), &Holdout::Standard);
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("pipe.csv: it is a pipe"), "{error}");
    }
}

#[test]
fn errors_name_file_line_and_column() {
    for (text, parts) in [
        ("a,b\n1,2\n", &["bad.csv", "line 1", "\"label\""][..]),
        ("label\nx\n", &["no column is a channel"]),
        ("label,a,a\nx,1,2\n", &["two columns are named \"a\""]),
        (
            "label,a,label\nx,1,y\n",
            &["two columns are named \"label\""],
        ),
        (
            "label,a\nx,1.5\n",
            &["line 2", "column a", "\"1.5\"", "whole number"],
        ),
        ("label,a\nx,1\nx,40000\n", &["line 3", "\"40000\""]),
        // The fault is in line 4, whatever ends the lines.
        (
            "label,a\r\nx,1\r\nx,2\r\nx,oops\r\ny,3\r\n",
            &["line 4", "\"oops\""],
        ),
        ("label,a\n\nx,2\nx,oops\ny,3\n", &["line 4", "\"oops\""]),
        ("label,a\nx,1,2\n", &["line 2", "3 fields", "has 2"]),
        ("label,a\nx,1\n\"x,1\nx,2\n", &["line 3", "not closed"]),
        ("label,a\nx,nan\n", &["line 2", "column a"]),
        (
            "label,time,a\nx,1,1\nx,noon,1\n",
            &["line 3", "column time", "\"noon\""],
        ),
        ("label,subject,a\nx,,1\n", &["line 2", "subject"]),
        (
            "label,a\nx,1\nx,2\n",
            &["bad.csv", "1 class", "nothing to tell apart"],
        ),
        (
            "label,a\nx,1\ny,2\n",
            &["bad.csv", "\"x\"", "window of 8 samples", "--steps"],
        ),
        ("", &["bad.csv", "empty"]),
    ] {
        let one = folder(&[("bad.csv", text.into())]);
        let error = error_of(&one, &cutting(8, 4));
        for part in parts {
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }
    let none = folder(&[("notes.txt", String::new())]);
    let error = load_folder(&none, &cutting(8, 4)).unwrap_err().to_string();
    assert!(error.contains("no .csv file"), "{error}");
    let two = folder(&[
        ("a.csv", "label,a\nx,1\n".into()),
        ("b.csv", "label,b\nx,1\n".into()),
    ]);
    let error = error_of(&two, &cutting(8, 4));
    assert!(error.contains("must have the same"), "{error}");
    let all = ten();
    let held = Holdout::Subjects(vec![99]);
    let error = load(&locate(all.path()).unwrap(), &cutting(8, 4), &held).unwrap_err();
    let (error, place) = (format!("{error:#}"), all.path().display().to_string());
    assert!(
        error.contains("recording \"99\" cannot be held out") && error.contains("0, 1, 2"),
        "{error}"
    );
    assert!(error.starts_with(&place), "{error}");
}
