//! The page about a run: its figures are those of `eval`, its names are escaped, and it needs no other file.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use common::{fails, path, run, text};
use serde_json::Value;

/// Names that are markup, and one that is long.
const CLASSES: [&str; 3] = ["<b>rest</b>", "walk & \"run\"", "jump"];

/// A folder of recordings by five people, and of a run on them.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        for person in 0..5_u32 {
            for (class, name) in CLASSES.iter().enumerate() {
                let mut rows = String::from("label,subject,ax,<i>ay\n");
                let name = name.replace('"', "\"\"");
                for i in 0..240_u32 {
                    let speed = 0.05 + 0.04 * class as f32;
                    let angle = (i + 7 * person) as f32 * speed;
                    let noise = (i * 31 + person).wrapping_mul(2_654_435_761) >> 23;
                    let (x, y) = (800.0 * angle.sin(), 800.0 * angle.cos());
                    let (x, y) = (x as i32 + noise as i32, y as i32 - noise as i32);
                    writeln!(rows, "\"{name}\",<u>p{person},{x},{y}").expect("text");
                }
                let file = data.join(format!("c{class}-p{person}.csv"));
                std::fs::write(file, rows).expect("written");
            }
        }
        let desk = Self { folder };
        let (data, run) = (desk.at("data"), desk.at("run"));
        let args = [
            "train",
            "recordings",
            "--data-dir",
            path(&data),
            "--out",
            path(&run),
        ];
        let settings = "--steps 20 --hop 10 --hidden-size 64 --epochs 2";
        succeeds(&[&args[..], &settings.split(' ').collect::<Vec<_>>()].concat());
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The result of a command on a model, as JSON.
    fn json(&self, command: &str, model: &Path, more: &[&str]) -> Value {
        let data = self.at("data");
        let args = [command, path(model), "--json", "--data-dir", path(&data)];
        let printed = succeeds(&[&args, more].concat());
        serde_json::from_str(&printed).expect("JSON")
    }
}

fn succeeds(args: &[&str]) -> String {
    let output = run(args);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn percent(share: &Value) -> String {
    format!("{:.2} %", 100.0 * share.as_f64().expect("a number"))
}

/// The part of a page from an address to the next section.
fn section<'a>(page: &'a str, address: &str) -> &'a str {
    let start = page
        .find(&format!("<section id=\"{address}\">"))
        .expect("a section");
    let rest = &page[start..];
    &rest[..rest.find("</section>").expect("its end")]
}

/// Numbers in the cells of each row of a section's first table.
fn cells(section: &str) -> Vec<Vec<u64>> {
    let body = section.split("<tbody>").nth(1).expect("a table");
    let rows = body
        .split("</tbody>")
        .next()
        .expect("its end")
        .split("</tr>");
    let number = |cell: &str| {
        let text = cell.split_once('>').map_or("", |(_, text)| text);
        let text = text.split('<').next().unwrap_or("").replace(',', "");
        text.parse().unwrap_or(0)
    };
    rows.filter(|row| row.contains("<td"))
        .map(|row| row.split("<td").skip(1).map(number).collect())
        .collect()
}

/// Checks that the page tells what `eval` tells of the same model and split.
fn agree(page: &str, eval: &Value) {
    let summary = section(page, "summary");
    for share in [
        &eval["integer"]["accuracy"],
        &eval["balanced_accuracy"],
        &eval["guess"][1],
    ] {
        assert!(
            summary.contains(&format!("<b>{}</b>", percent(share))),
            "{share} in {summary}"
        );
    }
    if !eval["float"].is_null() {
        assert!(summary.contains(&percent(&eval["float"]["accuracy"])));
    }
    let counts = eval["confusion"]["counts"].as_array().expect("a matrix");
    let counts: Vec<Vec<u64>> = counts
        .iter()
        .map(|row| {
            row.as_array()
                .expect("a row")
                .iter()
                .map(|count| count.as_u64().unwrap())
                .collect()
        })
        .collect();
    let matrix = section(page, "confusion").split("names matrix").nth(1);
    assert_eq!(cells(matrix.expect("a matrix")), counts);
    let classes = section(page, "classes");
    let rows: Vec<&str> = classes.split("<tr>").skip(2).collect();
    for (class, row) in rows.iter().enumerate() {
        let (right, all) = (counts[class][class], counts[class].iter().sum::<u64>());
        let answered: u64 = counts.iter().map(|row| row[class]).sum();
        for (right, all) in [(right, all), (right, answered)] {
            let share = match all {
                0 => "–".into(),
                _ => format!("{:.2} %", 100.0 * right as f64 / all as f64),
            };
            assert!(row.contains(&share), "{share} is missing in {row}");
        }
    }
    let rows = &eval["recordings"]["classes"];
    let table = cells(section(page, "data"));
    for (class, row) in rows.as_array().expect("rows").iter().enumerate() {
        let count = |name: &str| row[name].as_u64().unwrap_or(0);
        let [train, valid, test] = ["train", "valid", "test"].map(count);
        let expected = [
            count("recordings"),
            train + valid + test,
            train,
            valid,
            test,
        ];
        assert_eq!(table[class][1..6], expected, "class {class}");
    }
    let wrong: u64 = (0..counts.len())
        .flat_map(|class| (0..counts.len()).map(move |answer| (class, answer)))
        .filter(|(class, answer)| class != answer)
        .map(|(class, answer)| counts[class][answer])
        .sum();
    let all: u64 = counts.iter().flatten().sum();
    let told = format!("{wrong} of {all} windows;");
    assert!(
        wrong == 0 || section(page, "wrong").contains(&told),
        "{told}"
    );
}

/// Checks that a page is one file whose names are text.
fn stands_alone(page: &str) {
    for markup in [
        "<script", "<b>rest", "<i>ay", "<u>p", "<img", "@import", "url(",
    ] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert!(page.contains("&lt;b&gt;rest&lt;/b&gt;"));
    let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!elsewhere.contains("http"), "loads something");
    for tag in ["section", "table", "svg", "figure", "div", "details"] {
        let opened =
            page.matches(&format!("<{tag} ")).count() + page.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn figures_are_those_of_eval_for_runs_and_models_and_every_split() {
    let desk = Desk::new();
    let folder = desk.at("run");
    for split in ["test", "valid"] {
        let eval = desk.json("eval", &folder, &["--split", split]);
        let told = desk.json("report", &folder, &["--split", split]);
        for key in [
            "integer",
            "float",
            "confusion",
            "balanced_accuracy",
            "guess",
            "sequences",
        ] {
            assert_eq!(told[key], eval[key], "{key}");
        }
        let page = std::fs::read_to_string(folder.join("report.html")).expect("the page");
        assert_eq!(told["bytes"], page.len());
        agree(&page, &eval);
        stands_alone(&page);
        assert!(page.contains(&format!("measured on the {split} split")));
        for part in [
            "1 person</h3>",
            "recordings, the worst first",
            "c0-p",
            ".csv, line ",
        ] {
            assert!(page.contains(part), "{part}");
        }
    }
    let (data, model) = (desk.at("data"), desk.at("models"));
    std::fs::create_dir(&model).expect("a folder");
    for name in ["mine", "other"] {
        let out = model.join(name);
        let args = [
            "export",
            path(&folder),
            "--data-dir",
            path(&data),
            "--out",
            path(&out),
        ];
        succeeds(&args);
    }
    let mine = model.join("mine");
    desk.json("report", &mine, &[]);
    let page = std::fs::read_to_string(model.join("mine-report.html")).expect("the page");
    agree(&page, &desk.json("eval", &mine, &[]));
    stands_alone(&page);
    assert!(
        page.contains("This model, and 1 other that lies in"),
        "the other one"
    );
    assert!(section(&page, "costs").contains("other"));
    assert!(section(&page, "curves").contains("no curves"));
}

#[test]
fn commands_of_the_page_make_the_model_again() {
    let desk = Desk::new();
    let task = desk.at("task.toml");
    std::fs::write(&task, "name = \"desk\"\ndata = \"data\"\n").expect("written");
    // A task file names the data.
    let args = ["report", "run", "--data-dir", "task.toml"];
    let in_desk = |args: &[&str]| {
        let mut command = common::hadamrnn(args);
        let output = command.current_dir(desk.folder.path()).output();
        let output = output.expect("the program");
        assert!(
            output.status.success(),
            "{args:?}: {}",
            text(&output.stderr)
        );
    };
    in_desk(&args);
    let page = std::fs::read_to_string(desk.at("run/report.html")).expect("the page");
    let model = section(&page, "model");
    let commands: Vec<String> = (model.split("<code>").skip(1))
        .filter_map(|part| part.split("</code>").next())
        .filter(|code| code.starts_with("hadamrnn "))
        .map(|code| code.replace("&#39;", "'").replace("&amp;", "&"))
        .collect();
    assert_eq!(commands.len(), 2, "{model}");
    for command in &commands {
        let words = shlex::split(command).expect("words");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        in_desk(&words[1..]);
    }
    let bytes = |path: &str| std::fs::read(desk.at(path)).expect("a model");
    in_desk(&["export", "run", "--data-dir", "data", "--out", "first"]);
    assert_eq!(
        bytes("run-again/model/model.hdrn"),
        bytes("first/model.hdrn")
    );
    // The card of a model is a configuration, too.
    in_desk(&[
        "train",
        "--config",
        "first/card.toml",
        "--data-dir",
        "task.toml",
        "--out",
        "third",
    ]);
    let wrong = desk.at("config.toml");
    std::fs::write(&wrong, "[recordings]\n").expect("written");
    let run = desk.at("run");
    fails(
        &["eval", path(&run), "--data-dir", path(&wrong)],
        &["config.toml", "data"],
    );
}

#[test]
fn a_benchmark_has_a_page_without_recordings() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("page.html");
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/har2-hidden");
    let printed = succeeds(&["report", model, "--json", "--out", path(&out)]);
    let told: Value = serde_json::from_str(&printed).expect("JSON");
    let eval: Value = serde_json::from_str(&succeeds(&["eval", model, "--json"])).expect("JSON");
    assert_eq!(told["integer"], eval["integer"]);
    let page = std::fs::read_to_string(&out).expect("the page");
    assert!(section(&page, "summary").contains(&percent(&eval["integer"]["accuracy"])));
    assert!(page.contains("the sample that ships with hadamrnn"));
    assert!(page.contains("person") && !page.contains("recordings, the worst"));
}

#[test]
fn what_has_no_report_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    fails(
        &["report", path(folder.path())],
        &["neither a run folder", "model folder"],
    );
    fails(&["report", path(&folder.path().join("none"))], &["none"]);
    std::fs::write(
        folder.path().join("plan.json"),
        "{\"command\": \"x\", \"jobs\": []}",
    )
    .expect("written");
    fails(
        &["report", path(folder.path())],
        &["several jobs", "one of them"],
    );
}
