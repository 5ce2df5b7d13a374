//! Page about recordings before training: findings, classes, channels and recordings.

use anyhow::Result;

use super::run::markup::{folded, grouped, name, page, picture, table, text};
use crate::data::import::Recording;
use crate::data::quality::{Finding, Quality, Severity, Summary};
use crate::plot::{self, Picture, Shape};

/// Findings of a severity that are shown, and rows of the table of recordings.
const MOST_FINDINGS: usize = 200;
const MOST_RECORDINGS: usize = 300;

/// All that a page tells about recordings.
#[derive(Clone, Copy, Debug)]
pub struct DataReport<'a> {
    /// Title of the page.
    pub title: &'a str,
    /// Findings and facts.
    pub quality: &'a Quality,
    /// Notes of reading.
    pub notes: &'a [String],
    /// The recordings, in their units.
    pub recordings: &'a [Recording],
}

impl DataReport<'_> {
    /// The page: one file without scripts, which loads nothing.
    ///
    /// # Errors
    /// A picture cannot be drawn.
    pub fn html(&self) -> Result<String> {
        let sections = [
            ("findings", "Findings", self.findings()),
            ("classes", "Classes", self.classes()?),
            ("channels", "Channels", self.channels()?),
            ("recordings", "Recordings", self.strips()?),
            ("reading", "Notes of reading", self.reading()),
        ];
        Ok(page(self.title, &sections))
    }

    fn summary(&self) -> &Summary {
        &self.quality.summary
    }

    fn findings(&self) -> String {
        let tile = |severity: Severity| {
            let count = self.quality.count(severity);
            let plural = if count == 1 { "" } else { "s" };
            format!("<div><b>{count}</b><span>{severity}{plural}</span></div>\n")
        };
        let severities = [Severity::Error, Severity::Warning, Severity::Note];
        let mut body = format!(
            "<div class=\"tiles\">\n{}</div>\n",
            severities.map(tile).concat()
        );
        for severity in severities {
            let all = self.quality.findings.iter();
            let all: Vec<&Finding> = all.filter(|found| found.severity == severity).collect();
            body.extend(all.iter().take(MOST_FINDINGS).map(|found| finding(found)));
            if all.len() > MOST_FINDINGS {
                let more = all.len() - MOST_FINDINGS;
                body += &format!("<p class=\"faint\">{more} more of them are not shown.</p>\n");
            }
        }
        body
    }

    fn classes(&self) -> Result<String> {
        let summary = self.summary();
        if summary.classes.is_empty() {
            return Ok(String::new());
        }
        let head = [
            "class",
            "record&shy;ings",
            "people",
            "sec&shy;onds",
            "win&shy;dows",
            "train",
            "valid",
            "test",
        ];
        let rows: Vec<Vec<String>> = (summary.classes.iter())
            .map(|class| {
                let splits = class.splits.map_or(["–"; 3].map(String::from), |splits| {
                    splits.map(|count| grouped(count as u64))
                });
                let seconds = class
                    .seconds
                    .map_or("–".into(), |seconds| format!("{seconds:.1}"));
                let people = match class.people {
                    0 => "–".into(),
                    people => people.to_string(),
                };
                let first = [
                    name(&class.name),
                    class.recordings.to_string(),
                    people,
                    seconds,
                ];
                let windows = grouped(class.windows as u64);
                first.into_iter().chain([windows]).chain(splits).collect()
            })
            .collect();
        let intro = format!(
            "<p>Windows of {} samples, one every {}.</p>\n",
            summary.steps, summary.hop
        );
        let drawn = both("Windows of each class", |shape| {
            plot::class_balance(summary, shape)
        })?;
        Ok(intro + &table("names stack", &head.map(String::from), &rows) + &drawn)
    }

    fn channels(&self) -> Result<String> {
        let summary = self.summary();
        if summary.channels.is_empty() {
            return Ok(String::new());
        }
        let head = [
            "channel",
            "unit",
            "lowest",
            "mean",
            "highest",
            "devi&shy;ation",
        ];
        let rows: Vec<Vec<String>> = (summary.channels.iter())
            .map(|channel| {
                let numbers = [channel.min, channel.mean, channel.max, channel.deviation];
                let numbers = numbers.map(|number| format!("{number:.4}"));
                let first = [name(&channel.name), name(channel.unit)];
                first.into_iter().chain(numbers).collect()
            })
            .collect();
        let drawn = both("Values of each channel, by class", |shape| {
            plot::channel_histograms(summary, shape)
        })?;
        Ok(table("names stack", &head.map(String::from), &rows) + &drawn)
    }

    fn strips(&self) -> Result<String> {
        if self.recordings.is_empty() {
            return Ok(String::new());
        }
        let drawn = both("Recordings", |shape| {
            plot::recording_strips(self.summary(), self.recordings, shape)
        })?;
        let shown = self.recordings.iter().take(MOST_RECORDINGS);
        let rows: Vec<Vec<String>> = shown
            .map(|recording| {
                let person = recording.subject.as_deref().map_or("–".into(), name);
                let samples = grouped(recording.samples() as u64);
                vec![
                    name(&recording.name),
                    person,
                    samples,
                    recording.gaps.len().to_string(),
                ]
            })
            .collect();
        let head = ["recording", "person", "samples", "gaps"].map(String::from);
        let listed = table("names stack", &head, &rows);
        let title = format!("{} recordings", self.recordings.len());
        let more = match self.recordings.len().saturating_sub(MOST_RECORDINGS) {
            0 => String::new(),
            more => format!("<p class=\"faint\">{more} more are not listed.</p>\n"),
        };
        Ok(drawn + &folded(&title, &(listed + &more)))
    }

    fn reading(&self) -> String {
        if self.notes.is_empty() {
            return String::new();
        }
        let items = self.notes.iter().take(MOST_FINDINGS);
        let items: String = items
            .map(|note| format!("<li>{}</li>\n", text(note)))
            .collect();
        format!("<ul class=\"notes\">\n{items}</ul>\n")
    }
}

/// A finding with its remedy.
fn finding(found: &Finding) -> String {
    let class = match found.severity {
        Severity::Note => "",
        _ => " class=\"warning\"",
    };
    format!(
        "<p{class}><b>{} ({})</b>: {}<br><span class=\"faint\">{}</span></p>\n",
        found.severity,
        found.check,
        text(&found.text),
        text(&found.remedy)
    )
}

/// A picture in both shapes.
fn both(label: &str, draw: impl Fn(Shape) -> Result<Picture>) -> Result<String> {
    Ok(picture(label, &draw(Shape::Wide)?, &draw(Shape::Narrow)?))
}
