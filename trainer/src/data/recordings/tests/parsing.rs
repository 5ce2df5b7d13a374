//! The parser of blocks against the naive one of whole files: equal results, or equal messages.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::data::recordings::read::{Merge, read_in_blocks};

/// All that files hold, by the naive parser.
fn naive(files: &[PathBuf], wanted: Wanted<'_>, budget: &Budget) -> Result<Found> {
    let mut all = Merge::default();
    for file in files {
        let bytes = std::fs::read(file)?;
        let found = naive::parse(&bytes, wanted, budget);
        all.add(file, found.with_context(|| file.display().to_string())?)?;
    }
    Ok(all.finish())
}

fn shown(found: &Result<Found>) -> String {
    match found {
        Ok(found) => format!("{found:?}"),
        Err(error) => format!("error: {error:#}"),
    }
}

fn one_of<'a>(random: &mut ChaCha8Rng, all: &[&'a str]) -> &'a str {
    all[random.random_range(0..all.len())]
}

/// A field of a column, mostly of the kind that belongs there.
fn field(random: &mut ChaCha8Rng, column: &str, row: usize, steady: &[usize; 3]) -> String {
    let kind = match random.random_range(0..1000) {
        0 => "odd",
        _ => column,
    };
    match kind {
        "label" => one_of(
            random,
            &["walk", "rest", "\"a, b\"", "", "#x", "nan", "é"][steady[0]..][..1],
        )
        .into(),
        "recording" => ["1", "2", ""][steady[1]].into(),
        "subject" => ["p", "q", "r s"][steady[2]].into(),
        "time" => match steady[1] {
            0 => format!("{}", row * 20),
            1 => format!("{}.{:02}", row / 50, row % 50 * 2),
            _ => format!("2026-11-30 10:00:{:02}.{:03}", row / 50 % 60, row % 50 * 20),
        },
        "note" => one_of(random, &["", "ok", "o k", " x ", "\"q\"", "1"]).into(),
        "odd" => one_of(
            random,
            &[
                "",
                " ",
                "-",
                "+5",
                "-0",
                "00012",
                "32768",
                "-32768",
                "1.0",
                "1e3",
                "\"7\"",
                " 7",
                "7 ",
                "nan",
                ".",
                "5.",
                "\u{1}",
                "inf",
                "123456789012345",
                "1234567890123456",
                "0.000001",
                "noon",
                "#",
                "\t",
                "7\r",
            ],
        )
        .into(),
        _ => random
            .random_range(-40_000..40_000_i32)
            .clamp(-32_768, 32_767)
            .to_string(),
    }
}

/// A file of recordings with all that the parser knows, and some that it refuses.
fn random_file(random: &mut ChaCha8Rng) -> Vec<u8> {
    let columns = [
        "label",
        "time",
        "a",
        "subject",
        "b",
        "note",
        "recording",
        "c",
        "time_us",
    ];
    let mut columns: Vec<&str> = (columns.into_iter())
        .filter(|column| ["label", "a"].contains(column) || random.random_range(0..2) == 0)
        .collect();
    let turn = random.random_range(0..columns.len());
    columns.rotate_left(turn);
    let end = one_of(random, &["\n", "\r\n"]);
    let mut text = String::new();
    if random.random_range(0..4) == 0 {
        text += one_of(random, &["\u{feff}", "# a comment\n", "\n", "\u{feff}\n"]);
    }
    text += &columns.join(",");
    let mut steady = [0; 3];
    for row in 0..random.random_range(0..60) {
        text += end;
        if random.random_range(0..8) == 0 {
            steady = [7, 3, 3].map(|most| random.random_range(0..most));
        }
        match random.random_range(0..40) {
            0 => text += one_of(random, &["", "  ", "# note", "#,", ",,", "\t"]),
            _ => {
                let fields = columns
                    .iter()
                    .map(|column| field(random, column, row, &steady));
                let fields: Vec<String> = fields.collect();
                text += &fields.join(one_of(random, &[",", ",", ",", ", ", " ,"]));
            }
        }
    }
    text += one_of(random, &["", end, "\n \n", "\r"]);
    text.into_bytes()
}

/// Changes some bytes.
fn spoil(random: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.random_range(0..4) {
        if bytes.len() < 2 {
            return;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..4) {
            0 => bytes[at] = random.random_range(0..=255),
            1 => bytes[at] = b",\n\r\"#-.0 "[random.random_range(0..9)],
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
    }
}

#[test]
fn blocks_hold_what_whole_files_do() {
    let mut random = ChaCha8Rng::seed_from_u64(13);
    let folder = tempfile::tempdir().unwrap();
    let (mut read, mut failed) = (0, 0);
    for round in 0..1500 {
        let count = random.random_range(1..=2);
        let files: Vec<PathBuf> = (0..count)
            .map(|i| folder.path().join(format!("{i}.csv")))
            .collect();
        let mut bytes = random_file(&mut random);
        for file in &files {
            if random.random_range(0..2) > 0 {
                spoil(&mut random, &mut bytes);
            }
            std::fs::write(file, &bytes).unwrap();
        }
        let channels = ["time", "a"].map(String::from);
        let wanted = Wanted {
            channels: &channels[random.random_range(0..=2)..],
            group: [None, Some("none"), Some("label")]
                [random.random_range(0..10_usize).saturating_sub(7)],
        };
        let expected = shown(&naive(&files, wanted, &Budget::of_data_set()));
        for size in [1, random.random_range(2..300), 1 << 20] {
            let found = read_in_blocks(&files, wanted, &Budget::of_data_set(), size);
            assert_eq!(
                shown(&found),
                expected,
                "round {round}, blocks of {size} bytes"
            );
        }
        match expected.starts_with("error") {
            true => failed += 1,
            false => read += 1,
        }
    }
    assert!(read > 300 && failed > 300, "{read} read, {failed} failed");
}

#[test]
fn a_run_goes_on_over_blocks_and_lines_keep_their_numbers() {
    let rows: String = (0..300).map(|i| format!("x,{i}\r\n")).collect();
    let text = format!("label,a\r\n{rows}\r\n{rows}y,1\r\ny,oops\r\n");
    let one = folder(&[("a.csv", text.clone())]);
    let files = [one.path().join("a.csv")];
    let read = |size| read_in_blocks(&files, Wanted::default(), &Budget::of_data_set(), size);
    for size in [1, 64, 1 << 20] {
        let error = format!("{:#}", read(size).unwrap_err());
        assert!(error.contains("line 604: column a: \"oops\""), "{error}");
    }
    std::fs::write(&files[0], text.replace("oops", "2")).unwrap();
    for size in [1, 64, 1 << 20] {
        let runs = read(size).unwrap().runs;
        let found: Vec<(u64, usize)> = runs.iter().map(|run| (run.line, run.samples)).collect();
        assert_eq!(found, [(2, 300), (303, 300), (603, 2)]);
        assert_eq!(runs[0].counts, (0..300).collect::<Vec<i16>>());
    }
}
