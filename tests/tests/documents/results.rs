//! Tables of results in README.md, docs/RESULTS.md and models/README.md, and the picture of them: all are made of
//! docs/bench/results.json, by hand none is changed. Cards of shipped models have the same figures.
//!
//! With `HADAMRNN_BLESS` set, these tests write tables and picture anew.

mod earlier;

use std::fs;
use std::path::{Path, PathBuf};

use hadamrnn::card::Card;
use hadamrnn::data::Task;
use hadamrnn::results::{PeerRow, Results, SeededRow, ShippedRow};
use hadamrnn::visible::grouped;

use earlier::{SEEDS, earlier};

/// What stands where a row has not been measured.
const MISSING: &str = "not measured yet";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn results() -> Results {
    Results::read(&root().join("docs/bench/results.json")).expect("valid results")
}

/// A document's table: its head, and its rows.
struct Table {
    head: &'static str,
    rows: Vec<String>,
}

impl Table {
    /// The lines of the table.
    fn lines(&self) -> Vec<String> {
        let columns = self.head.matches('|').count() - 1;
        let rule = format!("|{}", "---|".repeat(columns));
        let rows = self.rows.iter().cloned();
        [self.head.to_owned(), rule]
            .into_iter()
            .chain(rows)
            .collect()
    }

    /// The document with this table in place of the one with the same head.
    ///
    /// # Panics
    /// It has none, or several.
    fn put_into(&self, document: &str) -> String {
        let lines: Vec<&str> = document.split('\n').collect();
        let is_head = |line: &&&str| **line == self.head;
        assert_eq!(lines.iter().filter(is_head).count(), 1, "{}", self.head);
        let start = lines
            .iter()
            .position(|line| *line == self.head)
            .expect("a head");
        let is_row = |line: &&&str| line.starts_with('|');
        let length = lines[start..].iter().take_while(is_row).count();
        let mut new: Vec<String> = lines.iter().map(ToString::to_string).collect();
        new.splice(start..start + length, self.lines());
        new.join("\n")
    }
}

/// Compares a file with what it must be, or writes that.
fn hold(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("HADAMRNN_BLESS").is_some() {
        fs::write(&file, expected).expect("written");
    }
    let found = fs::read_to_string(&file).expect("a document");
    let differs = (found.lines().zip(expected.lines())).find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{path} has not the figures of docs/bench/results.json: run HADAMRNN_BLESS=1 cargo test -p hadamrnn-tests --test documents \
         results\n{differs:#?}"
    );
}

/// Holds the tables of a document.
fn hold_tables(path: &str, tables: &[Table]) {
    let document = fs::read_to_string(root().join(path)).expect("a document");
    let expected = tables
        .iter()
        .fold(document, |text, table| table.put_into(&text));
    hold(path, &expected);
}

/// A size in decimal units, as "996 bytes" or "4.0 KB".
fn size(bytes: usize) -> String {
    let unit = |value: f64, unit: &str| match value < 10.0 {
        true => format!("{value:.1} {unit}"),
        false => format!("{value:.0} {unit}"),
    };
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => unit(bytes as f64 / 1e3, "KB"),
        _ => unit(bytes as f64 / 1e6, "MB"),
    }
}

/// Millions of instructions, as "0.30 M".
fn millions(instructions: u64) -> String {
    format!("{:.2} M", instructions as f64 / 1e6)
}

/// Accuracy of a row, mean and deviation; of the copying task its recall and loss.
fn accuracy(row: &SeededRow, digits: usize) -> String {
    let percent = row.percent();
    match row.task {
        Task::Copy if percent.lowest == 100.0 => format!(
            "100 % recall, cross-entropy {:.1e} ({:.1e} - {:.1e})",
            row.loss().mean,
            row.loss().lowest,
            row.loss().highest
        ),
        Task::Copy => format!("{} % recall", percent.text(digits)),
        _ => format!("{} %", percent.text(digits)),
    }
}

/// Rows of README.md: what they are of, and the names of their results, two of one line.
const README: [(&str, &[&str]); 11] = [
    ("copying memory, T = 1000", &["copy fast"]),
    (
        "permuted / sequential MNIST",
        &["pmnist fast", "smnist fast"],
    ),
    ("the same, the paper's network", &["pmnist-4k", "smnist-4k"]),
    ("IMDB", &["imdb fast"]),
    ("SST-2", &["sst2 fast"]),
    ("HAR-2", &["har2 fast"]),
    ("HAR-2, at a third of the instructions", &["har2-quick"]),
    ("HAR-2, within a kilobyte", &["har2-1k"]),
    ("HAR-6", &["har6 fast"]),
    (
        "HAR-6, at less than half of the instructions",
        &["har6-quick"],
    ),
    ("DSA-19, other people in the test split", &["dsa19 fast"]),
];

/// A cell of several results: what they have in common once, else one after the other.
fn together(cells: impl Iterator<Item = String>) -> String {
    let mut cells: Vec<String> = cells.collect();
    cells.dedup();
    cells.join(" / ")
}

fn readme_benchmarks(results: &Results) -> Table {
    let cells = |id: &str| match (results.seeded(id), earlier(id)) {
        (Some(row), _) => [
            accuracy(row, 1),
            row.seeds.len().to_string(),
            size(row.bytes),
        ],
        (None, Some(row)) => [row.accuracy.into(), SEEDS.into(), size(row.bytes)],
        (None, None) => [MISSING.into(), String::new(), String::new()],
    };
    let row = |(label, ids): &(&str, &[&str])| {
        let rows: Vec<[String; 3]> = ids.iter().map(|id| cells(id)).collect();
        let cell = |at: usize| together(rows.iter().map(|row| row[at].clone()));
        format!("| {label} | {} | {} | {} |", cell(0), cell(1), cell(2))
    };
    Table {
        head: "| task | integer accuracy, mean ± standard deviation | seeds | model |",
        rows: README.iter().map(row).collect(),
    }
}

/// The row of a shipped model.
///
/// # Panics
/// It has none.
fn shipped_row<'a>(results: &'a Results, id: &str) -> &'a ShippedRow {
    (results.shipped().iter().find(|row| row.id == id)).expect("a shipped model")
}

/// Shipped models in README.md, and what they are.
const README_SHIPPED: [(&str, &str); 3] = [
    (
        "har2-hidden",
        "one layer of 128 and a hidden readout layer, every other sample",
    ),
    (
        "har2",
        "one layer of 128, last state (the paper's form), every sample",
    ),
    ("har2-two-layers", "every other sample"),
];

fn readme_window(results: &Results) -> Table {
    let shipped = README_SHIPPED.map(|(id, what)| {
        let row = shipped_row(results, id);
        format!(
            "| `models/{id}`: {what} | {:.2} % | {} | {} |",
            100.0 * row.integer_accuracy,
            grouped(row.bytes as u64),
            millions(row.window_instructions())
        )
    });
    let of_task = results.peers().iter().filter(|row| row.task == Task::Har2);
    let peer = |row: &PeerRow| {
        let accuracy = row.accuracy.map_or(String::new(), |accuracy| {
            format!("{:.2} %", 100.0 * accuracy)
        });
        let bytes = row
            .bytes
            .map_or(String::new(), |bytes| size(bytes as usize));
        let instructions = row.instructions.map_or(String::new(), millions);
        let (name, form) = (&row.id, &row.form);
        format!("| {name}: {form} | {accuracy} | {bytes} | {instructions} |")
    };
    Table {
        head: "| | accuracy | bytes | instructions a window, its answer included |",
        rows: shipped.into_iter().chain(of_task.map(peer)).collect(),
    }
}

/// Rows of docs/RESULTS.md: task, network, goal, and the name of the result.
const BENCHMARKS: [(&str, &str, &str, &str); 15] = [
    ("copy, T = 1000", "n 128", "< 1e-5", "copy fast"),
    (
        "pMNIST",
        "n 512 in blocks of 128, binary hidden readout layer of 384, images moved in training (extension)",
        "96.5 %",
        "pmnist fast",
    ),
    ("sMNIST", "the same", "97.5 %", "smnist fast"),
    ("pMNIST, the paper's network", "n 512", "", "pmnist-4k"),
    ("sMNIST, the paper's network", "the same", "", "smnist-4k"),
    (
        "IMDB",
        "n 128, pooled, leak (extension)",
        "87.5 %",
        "imdb fast",
    ),
    (
        "SST-2",
        "n 128, pooled, leak, binary hidden readout layer of 64 (extension)",
        "83 %",
        "sst2 fast",
    ),
    (
        "HAR-2",
        "n 128, pooled, leak, binary hidden readout layer of 128 (extension)",
        "96.8 % at any size",
        "har2 fast",
    ),
    (
        "HAR-2",
        "the same of 64 units, every fourth sample, windows cut anew",
        "",
        "har2-quick",
    ),
    (
        "HAR-2",
        "as the first, hidden readout layer of 64",
        "96.8 % at any size",
        "har2-64",
    ),
    (
        "HAR-2",
        "two layers of 128, pooled, leak, 2-bit U (extension)",
        "95.6 % in 1 KB",
        "har2-1k",
    ),
    ("HAR-6", "as the first HAR-2 (extension)", "", "har6 fast"),
    (
        "HAR-6",
        "hidden readout layer of 64, every fifth sample, windows cut anew",
        "",
        "har6-quick",
    ),
    (
        "HAR-6",
        "two layers, 4-bit U (extension)",
        "",
        "har6-two-layers",
    ),
    (
        "DSA-19",
        "n 64, pooled, leak, every sixth sample (extension)",
        "85 % in 3.25 KB, 86 % at any size",
        "dsa19 fast",
    ),
];

fn benchmarks(results: &Results) -> Table {
    let row = |(task, network, goal, id): &(&str, &str, &str, &str)| {
        let Some(row) = results.seeded(id) else {
            let figures = earlier(id).map_or(format!("{MISSING} | | | "), |row| {
                let bytes = grouped(row.bytes as u64);
                format!("{} | {} | {SEEDS} | {bytes}", row.accuracy, row.range)
            });
            return format!("| {task} | {network} | `{id}` | {figures} | | {goal} | |");
        };
        let window = row.window.as_ref();
        format!(
            "| {task} | {network} | `{id}` | {} | {} | {} | {} | {} | {goal} | {} s |",
            accuracy(row, 2),
            row.percent().range(2),
            row.seeds_text(),
            grouped(row.bytes as u64),
            window.map_or(String::new(), |window| window.text()),
            row.seconds().range(0)
        )
    };
    Table {
        head: "| task | network | row | integer accuracy | range, % | seeds | bytes | instructions | goal | training |",
        rows: BENCHMARKS.iter().map(row).collect(),
    }
}

fn on_the_board(results: &Results) -> Table {
    let row = |row: &ShippedRow| {
        let numbers = [
            row.steps as u64,
            row.step_instructions,
            row.steps_instructions,
            row.readout_instructions,
            row.flash_bytes,
            row.session_bytes,
            row.stack_bytes,
        ];
        format!(
            "| {} | {} | {} | {} |",
            row.id,
            grouped(row.bytes as u64),
            row.kernel.name(),
            numbers.map(grouped).join(" | ")
        )
    };
    Table {
        head: "| model | bytes | kernel | steps | instr/step | all steps | readout | flash | session | stack |",
        rows: results.shipped().iter().map(row).collect(),
    }
}

/// Shipped models in models/README.md: folder, task, form, and the result of its recipe over seeds, if there is one.
const SHIPPED: [(&str, &str, &str, &str); 13] = [
    (
        "har2",
        "HAR-2",
        "one layer of 128, last state (the paper's form)",
        "",
    ),
    (
        "har2-two-layers",
        "HAR-2",
        "two layers of 128, pooled (extension)",
        "har2-1k",
    ),
    (
        "har2-hidden",
        "HAR-2",
        "one layer of 128, pooled, binary hidden layer of 128 in the readout (extension)",
        "har2 fast",
    ),
    ("har6-hidden", "HAR-6", "the same", "har6 fast"),
    (
        "har6",
        "HAR-6",
        "two layers of 128, pooled (extension)",
        "har6-two-layers",
    ),
    (
        "dsa19",
        "DSA-19, other people in the test split",
        "one layer of 64, pooled, every sixth sample (extension)",
        "dsa19 fast",
    ),
    (
        "pmnist",
        "permuted MNIST",
        "one layer of 512 in blocks of 128, last state, binary hidden layer of 384 in the readout (extension)",
        "pmnist fast",
    ),
    ("smnist", "MNIST, pixel by pixel", "the same", "smnist fast"),
    (
        "pmnist-4k",
        "permuted MNIST",
        "one layer of 512, last state (the paper's form)",
        "pmnist-4k",
    ),
    (
        "smnist-4k",
        "MNIST, pixel by pixel",
        "the same",
        "smnist-4k",
    ),
    (
        "imdb",
        "IMDB, 10,000 words",
        "one layer of 128, pooled (extension)",
        "imdb fast",
    ),
    (
        "sst2",
        "SST-2, bert-base-uncased tokens; GLUE's dev set",
        "the same, binary hidden layer of 64 in the readout",
        "sst2 fast",
    ),
    (
        "copy",
        "copying memory, T = 1000",
        "one layer of 128, every step (the paper's form)",
        "copy fast",
    ),
];

fn shipped(results: &Results) -> Table {
    let row = |(id, task, form, of): &(&str, &str, &str, &str)| {
        let row = shipped_row(results, id);
        let accuracy_of = match row.task {
            Task::Copy => format!(
                "{:.0} % recall, cross-entropy {:.1e}",
                100.0 * row.integer_accuracy,
                row.integer_loss
            ),
            _ => format!("{:.2} %", 100.0 * row.integer_accuracy),
        };
        let over_seeds = match results.seeded(of) {
            Some(row) => format!("{} ({} seeds)", accuracy(row, 1), row.seeds.len()),
            None if of.is_empty() => String::new(),
            None => earlier(of).map_or(MISSING.into(), |row| {
                format!("{} (seeds {SEEDS})", row.accuracy)
            }),
        };
        let bytes = grouped(row.bytes as u64);
        format!("| `{id}` | {task} | {form} | {bytes} | {accuracy_of} | {over_seeds} |")
    };
    Table {
        head: "| folder | task | form | bytes | test accuracy of this model, integer | such models over fresh seeds |",
        rows: SHIPPED.iter().map(row).collect(),
    }
}

#[test]
fn the_file_is_as_the_program_writes_it() {
    let (path, results) = (root().join("docs/bench/results.json"), results());
    if std::env::var_os("HADAMRNN_BLESS").is_some() {
        results.write(&path).expect("written");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("results.json");
    results.write(&copy).expect("written");
    let [expected, found] = [copy, path].map(|path| fs::read_to_string(path).expect("a file"));
    assert!(
        expected == found,
        "docs/bench/results.json is written in another way"
    );
}

#[test]
fn tables_of_the_readme_are_those_of_the_results() {
    let results = results();
    hold_tables(
        "README.md",
        &[readme_benchmarks(&results), readme_window(&results)],
    );
}

#[test]
fn tables_of_all_results_are_those_of_the_results() {
    let results = results();
    hold_tables(
        "docs/RESULTS.md",
        &[benchmarks(&results), on_the_board(&results)],
    );
}

#[test]
fn the_picture_is_that_of_the_results() {
    let picture = results().accuracy_against_instructions(Task::Har2);
    hold("docs/bench/har2.svg", picture.expect("drawn").svg());
}

#[test]
fn shipped_models_have_the_figures_of_the_results() {
    let results = results();
    hold_tables("models/README.md", &[shipped(&results)]);
    let rows = results.shipped();
    for row in rows {
        let card = Card::read(&root().join("models").join(&row.id)).expect("a card");
        assert!(
            row.is_of(&card),
            "models/{} has other figures than its row: {}",
            row.id,
            row.command
        );
    }
    let folders = fs::read_dir(root().join("models")).expect("a folder");
    let folders = folders.filter_map(|entry| Some(entry.ok()?.path()));
    for folder in folders.filter(|folder| folder.join("card.toml").is_file()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let has_row = rows.iter().any(|row| row.id == name);
        assert!(has_row, "models/{name} has no row of results");
        assert!(SHIPPED.iter().any(|(id, ..)| *id == name), "models/{name}");
    }
}

/// That the tests above find a figure that is changed, wherever it is.
#[test]
fn a_figure_that_is_changed_by_hand_is_found() {
    let table = readme_benchmarks(&results());
    let readme = fs::read_to_string(root().join("README.md")).expect("a document");
    let readme = table.put_into(&readme);
    for row in &table.rows {
        let digits = row.char_indices().filter(|(_, c)| c.is_ascii_digit());
        for (place, digit) in digits {
            let other = if digit == '9' { "8" } else { "9" };
            let mut changed = row.clone();
            changed.replace_range(place..=place, other);
            let document = readme.replace(row, &changed);
            assert_ne!(document, readme);
            assert_eq!(table.put_into(&document), readme, "{changed}");
        }
    }
}
