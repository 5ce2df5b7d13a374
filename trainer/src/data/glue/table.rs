//! The published tables: UTF-8, one row a line, fields between tabs, a header, no quoting.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::{Task, shown};
use crate::data::archive::{self, Input, Select};
use crate::data::text;
use crate::untrusted::Budget;

/// The files of the tables.
pub(super) const NAMES: [&str; 3] = ["train.tsv", "dev.tsv", "test.tsv"];
/// Bytes of a row; the longest published one has some 3,000. Cutting a text into pieces takes a hundred times its length.
const MAX_ROW_BYTES: usize = 64 << 10;
/// Bytes of memory that a row takes beside its texts.
const ROW_COST: usize = 160;
/// One row of QQP in so many may be broken: some questions hold line breaks, which split their rows.
const QQP_BROKEN: usize = 1000;

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableRow {
    /// One sentence, or two questions.
    pub texts: Vec<String>,
    /// 0 or 1; 0 where the table has none.
    pub label: u32,
    /// The number of the row in a table without labels.
    pub index: u32,
}

/// Columns of a table, by their numbers.
struct Columns {
    header: &'static [&'static str],
    texts: &'static [usize],
    label: Option<usize>,
    index: Option<usize>,
}

/// The columns of the tables with labels, and of the one without.
fn columns(task: Task) -> Result<[Columns; 2]> {
    Ok(match task {
        Task::Sst2 => [
            Columns {
                header: &["sentence", "label"],
                texts: &[0],
                label: Some(1),
                index: None,
            },
            Columns {
                header: &["index", "sentence"],
                texts: &[1],
                label: None,
                index: Some(0),
            },
        ],
        Task::Qqp => [
            Columns {
                header: &[
                    "id",
                    "qid1",
                    "qid2",
                    "question1",
                    "question2",
                    "is_duplicate",
                ],
                texts: &[3, 4],
                label: Some(5),
                index: None,
            },
            Columns {
                header: &["id", "question1", "question2"],
                texts: &[1, 2],
                label: None,
                index: Some(0),
            },
        ],
        other => bail!("{other} is not a task of GLUE"),
    })
}

/// The three tables of a task.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tables {
    pub train: Vec<TableRow>,
    pub dev: Vec<TableRow>,
    /// Rows without labels; empty if the table is not there.
    pub test: Vec<TableRow>,
    /// Broken rows that were left out.
    pub broken: usize,
}

impl Tables {
    /// Reads the tables of `task` from the folder or archive at `path`.
    pub(super) fn read(task: Task, path: &Path, budget: &Budget) -> Result<Self> {
        let [labelled, unlabelled] = columns(task)?;
        let names = NAMES.map(str::to_owned);
        let mut texts: [Option<Vec<u8>>; 3] = Default::default();
        let select = Select::Names(&names);
        archive::visit(Input::Path(path), select, budget, &mut |index, text| {
            texts[index] = Some(text);
            Ok(())
        })
        .with_context(|| shown(path))?;
        let [train, dev, test] = texts;
        let mut broken = 0;
        let mut table = |text: Option<Vec<u8>>, columns: &Columns, name: &str| {
            let remedy = || format!("{} in {}; {}", name, shown(path), task.data_set().remedy());
            let text = text.context("the table is missing").with_context(remedy)?;
            let (rows, skipped) = parse(task, &text, columns, budget).with_context(remedy)?;
            broken += skipped;
            Ok::<_, anyhow::Error>(rows)
        };
        Ok(Self {
            train: table(train, &labelled, NAMES[0])?,
            dev: table(dev, &labelled, NAMES[1])?,
            test: match test {
                Some(test) => table(Some(test), &unlabelled, NAMES[2])?,
                None => Vec::new(),
            },
            broken,
        })
    }
}

/// The rows of a table, and how many broken ones were left out.
fn parse(
    task: Task,
    text: &[u8],
    columns: &Columns,
    budget: &Budget,
) -> Result<(Vec<TableRow>, usize)> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines = text::rows(text);
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let expected = columns.header.join("\t");
    ensure!(
        header.trim_ascii_end() == expected.as_bytes(),
        "line 1: the columns are {} instead of {}",
        text::shown(header),
        text::shown(expected.as_bytes())
    );
    let (mut rows, mut broken) = (Vec::new(), 0);
    for (line, content) in lines {
        ensure!(
            content.len() <= MAX_ROW_BYTES,
            "line {line} has {} bytes: a row has at most {MAX_ROW_BYTES}",
            content.len()
        );
        budget.take(content.len() + ROW_COST)?;
        match row(content, columns) {
            Ok(row) => rows.push(row),
            Err(Fault::Fields(_)) if task == Task::Qqp => broken += 1,
            Err(Fault::Fields(count)) => bail!(
                "line {line}: {count} fields where the table has {}",
                columns.header.len()
            ),
            Err(Fault::Other(what)) => bail!("line {line}: {what}"),
        }
    }
    ensure!(!rows.is_empty(), "the table has no rows");
    ensure!(
        broken <= rows.len().div_ceil(QQP_BROKEN),
        "{broken} of {} rows do not have {} fields",
        rows.len() + broken,
        columns.header.len()
    );
    Ok((rows, broken))
}

/// Error in a row.
enum Fault {
    /// The row has this number of fields, which is wrong.
    Fields(usize),
    Other(String),
}

fn row(line: &[u8], columns: &Columns) -> Result<TableRow, Fault> {
    let line = std::str::from_utf8(line).map_err(|_| Fault::Other("it is not UTF-8".into()))?;
    let fields: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
    if fields.len() != columns.header.len() {
        return Err(Fault::Fields(fields.len()));
    }
    let number = |at: Option<usize>, most: u32| match at {
        None => Ok(0),
        Some(at) => {
            let number: Option<u32> = fields[at].trim().parse().ok();
            number.filter(|&number| number <= most).ok_or_else(|| {
                let what = text::shown(fields[at].as_bytes());
                let name = columns.header[at];
                Fault::Other(match most {
                    1 => format!("{name} is {what}: a label is 0 or 1"),
                    _ => format!("{name} is {what}: it takes a number"),
                })
            })
        }
    };
    Ok(TableRow {
        label: number(columns.label, 1)?,
        index: number(columns.index, u32::MAX)?,
        texts: columns
            .texts
            .iter()
            .map(|&at| fields[at].to_owned())
            .collect(),
    })
}

/// Reads QQP's tables at `path` and tells what is in them.
pub(in crate::data) fn qqp_form(path: &Path) -> Result<String> {
    let tables = Tables::read(Task::Qqp, path, &Budget::of_data_set())?;
    Ok(format!(
        "{} training, {} development and {} test rows, {} broken rows left out",
        tables.train.len(),
        tables.dev.len(),
        tables.test.len(),
        tables.broken
    ))
}
