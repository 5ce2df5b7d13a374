//! Parsing a whole file into runs, field by field and line after line: the plain form that the fast one is compared with.

use anyhow::{Context, Result, bail, ensure};

use crate::data::Spots;
use crate::data::numbering::mark;
use crate::data::recordings::columns::{Columns, Wanted};
use crate::data::recordings::join::FileFound;
use crate::data::recordings::labels;
use crate::data::recordings::lines::Fields;
use crate::data::recordings::parse::Names;
use crate::data::recordings::run::Run;
use crate::data::recordings::times::{self, Times};
use crate::untrusted::Budget;
use crate::visible;

/// Memory of a run beside its label, counts and times, in bytes.
const RUN_COST: usize = 160;
/// Samples that memory is taken for at once.
const ROWS: usize = 32;

/// Bytes that a spreadsheet may put before the text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a text with their numbers from 1, without their ends (`\n` or `\r\n`) and blanks around them.
fn lines(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    text.trim_ascii_end()
        .split(|&byte| byte == b'\n')
        .zip(1..)
        .map(|(line, number)| (number, line.trim_ascii()))
}

/// Parses a file.
pub(in crate::data::recordings) fn parse(
    bytes: &[u8],
    wanted: Wanted<'_>,
    budget: &Budget,
) -> Result<FileFound> {
    let mut parser: Option<Parser<'_>> = None;
    let mut fields = Fields::default();
    for (number, line) in lines(bytes) {
        let at = || format!("line {number}");
        let Some(parser) = &mut parser else {
            if !(line.is_empty() || line.starts_with(b"#")) {
                fields.split(line).with_context(at)?;
                let below = bytes.split(|&byte| byte == b'\n').skip(number as usize);
                let below = below.collect::<Vec<_>>().join(&b'\n');
                parser = Some(Parser::new(&fields, line, &below, wanted, budget).with_context(at)?);
            }
            continue;
        };
        if line.is_empty() {
            parser.before = None;
            continue;
        }
        fields.split(line).with_context(at)?;
        parser.row(&fields, line, number).with_context(at)?;
    }
    let parser = parser.context("it is empty: no header line `label,CHANNEL,CHANNEL,…`")?;
    Ok(parser.found)
}

/// Parses rows below a header.
struct Parser<'a> {
    budget: &'a Budget,
    found: FileFound,
    /// Fields of the label, recording and group of the row before, and the number of its run; none before the first row and
    /// after a gap.
    before: Option<[Vec<u8>; 3]>,
    times: Times,
}

impl<'a> Parser<'a> {
    fn new(
        fields: &Fields,
        line: &[u8],
        below: &[u8],
        wanted: Wanted<'_>,
        budget: &'a Budget,
    ) -> Result<Self> {
        let header: Vec<String> = (0..fields.len())
            .map(|i| text(fields.get(line, i)).map(String::from))
            .collect::<Result<_>>()?;
        let columns = Columns::of(&header, wanted)?;
        Ok(Self {
            budget,
            times: times::of_rows(below, &columns).0,
            found: FileFound {
                columns,
                runs: Vec::new(),
                recordings: Names::default(),
                groups: Names::default(),
                labels: Names::default(),
                unlabelled: 0,
                time: None,
                no_stamp: None,
            },
            before: None,
        })
    }

    fn row(&mut self, fields: &Fields, line: &[u8], number: u64) -> Result<()> {
        let columns = &self.found.columns;
        if fields.len() != columns.count {
            if line.starts_with(b"#") {
                // A comment.
                return Ok(());
            }
            bail!(
                "{} fields, but the header has {}",
                fields.len(),
                columns.count
            );
        }
        let label = fields.get(line, columns.label);
        if labels::is_none(label) {
            let is_blank = (0..columns.count).all(|i| fields.get(line, i).is_empty());
            self.found.unlabelled += usize::from(!is_blank);
            self.before = None;
            return Ok(());
        }
        let field =
            |column: Option<usize>| column.map_or(&[][..], |column| fields.get(line, column));
        let recording = field(columns.recording);
        let group = field(columns.group.as_ref().map(|(column, _)| *column));
        let of = [label, recording, group];
        let goes_on =
            (self.before.as_ref()).is_some_and(|before| before.iter().zip(of).all(|(a, b)| a == b));
        if !goes_on {
            self.begin(of, number)?;
        }
        self.sample(fields, line, number)
    }

    /// Begins a run.
    fn begin(&mut self, of: [&[u8]; 3], line: u64) -> Result<()> {
        let [label, recording, group] = of;
        self.budget
            .take(RUN_COST + of.iter().map(|field| field.len()).sum::<usize>())?;
        let found = &mut self.found;
        let group = match &found.columns.group {
            Some((_, name)) => {
                ensure!(
                    !labels::is_none(group),
                    "column {} is empty: name the group of every labelled row",
                    visible::name(name)
                );
                Some(found.groups.number(text(group)?))
            }
            None => None,
        };
        found.runs.push(Run {
            sources: Vec::new(),
            marks: Vec::new(),
            file: 0,
            line,
            spots: Spots::default(),
            recording: found.recordings.number(text(recording)?),
            group,
            label: found.labels.number(text(label)?),
            counts: Vec::new(),
            times: Vec::new(),
            samples: 0,
            idle: Vec::new(),
        });
        self.before = Some(of.map(<[u8]>::to_vec));
        Ok(())
    }

    /// Adds a sample to the last run.
    fn sample(&mut self, fields: &Fields, line: &[u8], number: u64) -> Result<()> {
        let found = &mut self.found;
        let Some(run) = found.runs.last_mut() else {
            return Ok(());
        };
        if run.samples.is_multiple_of(ROWS) {
            let stamp = self.times.chosen.as_ref().map_or(0, |_| size_of::<f64>());
            let marks = found.columns.marks.len() * size_of::<i64>();
            let row = found.columns.channels.len() * size_of::<i16>() + stamp + marks;
            self.budget.take(ROWS * row)?;
        }
        for (&column, name) in found.columns.channels.iter().zip(&found.columns.names) {
            run.counts.push(count(fields.get(line, column), name)?);
        }
        run.spots.tell(run.samples, number);
        run.samples += 1;
        for (column, _) in &found.columns.marks {
            run.marks.push(mark(fields.get(line, *column)));
        }
        let Some(chosen) = &self.times.chosen else {
            found.no_stamp.clone_from(&self.times.no_stamp);
            return Ok(());
        };
        let field = |column| std::str::from_utf8(fields.get(line, column)).unwrap_or_default();
        let stamp = chosen.stamp(field, false).with_context(|| {
            format!(
                "column {}: \"{}\" is no time",
                visible::name(&chosen.name),
                shown(fields.get(line, chosen.column))
            )
        })?;
        run.times.push(stamp);
        if found.time.is_none() {
            found.time = Some(self.times.column(chosen));
        }
        Ok(())
    }
}

fn text(field: &[u8]) -> Result<&str> {
    std::str::from_utf8(field).context("it is not UTF-8 text: save the file as UTF-8")
}

fn shown(field: &[u8]) -> String {
    visible::name(&String::from_utf8_lossy(field))
}

fn count(field: &[u8], channel: &str) -> Result<i16> {
    let parsed = std::str::from_utf8(field)
        .ok()
        .and_then(|text| text.parse().ok());
    parsed.with_context(|| {
        format!(
            "column {}: \"{}\" is not a raw count, a whole number in -32768..=32767; if {0} is no channel, name those that are \
             with --channels",
            visible::name(channel),
            shown(field)
        )
    })
}
