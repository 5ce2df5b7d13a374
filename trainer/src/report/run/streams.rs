//! Events in streams: what the model's decision makes of answers that follow each other, and a picture of them over time.

use anyhow::Result;

use super::RunReport;
use super::data::of_split;
use super::markup::{facts, grouped, name, percent, picture, table};
use super::matrix;
use crate::events::{Outcome, StreamEvaluation};
use crate::plot::{MOST_STREAMS, Shape, timelines};

/// Classes up to which the matrix is shown.
const MOST_CLASSES: usize = 24;

/// The section's body; empty where windows follow each other in no stream.
///
/// # Errors
/// The picture cannot be drawn.
pub fn section(report: &RunReport) -> Result<String> {
    let Some(found) = report
        .streams
        .as_ref()
        .filter(|found| !found.streams.is_empty())
    else {
        return Ok(String::new());
    };
    let mut body = intro(report, found);
    body += &outcomes(found);
    body += &by_class(found);
    body += "<h3>Over time</h3>\n";
    let all = found.streams.len();
    if all > MOST_STREAMS {
        body += &format!("<p>The first {MOST_STREAMS} of {all} streams.</p>\n");
    }
    let [wide, narrow] = [Shape::Wide, Shape::Narrow].map(|shape| timelines("", found, shape));
    let label = "Classes that were there, were answered and were decided, over time";
    body += &picture(label, &wide?, &narrow?);
    if found.classes.len() < MOST_CLASSES {
        let what = match found.decided {
            Some(_) => "Decided classes",
            None => "Answers",
        };
        body += &format!("<h3>{what}, with none of them</h3>\n");
        body += &matrix::whole(&found.confusion);
    }
    Ok(body)
}

fn intro(report: &RunReport, found: &StreamEvaluation) -> String {
    let streams = match found.streams.len() {
        1 => "one stream".to_owned(),
        count => format!("{count} streams"),
    };
    let every = found.seconds.map_or(String::new(), |seconds| {
        format!(", one every {} s", short(seconds))
    });
    let mut text = format!(
        "<p>On the {}: {streams} with {} answers{every}. Windows of a person or recording follow each other as the data have them; pauses \
         between them are not in the data, and not in these figures. An event is answers of one class, one after the other. It is found \
         if its class is decided meanwhile. A false alarm is a class that is decided while it is not there, nor was so shortly \
         before.</p>\n",
        of_split(&report.split),
        grouped(found.counting().answers as u64)
    );
    if found.decided.is_none() {
        text += "<p class=\"warning\">The model has no decision: every answer counts. <code>hadamrnn decide MODEL --false-alarms 0.5/h</code> \
                 adds one, and decides by smoothing, thresholds and a least duration.</p>\n";
    }
    if found.has_metric {
        text += "<p>The model tells inputs that are none of its classes: such answers are shown as none.</p>\n";
    }
    text
}

/// The figures, of every answer and of the decision.
fn outcomes(found: &StreamEvaluation) -> String {
    let head = [
        "",
        "events",
        "found",
        "missed",
        "false alarms",
        "an hour",
        "delay",
        "right",
        "none",
    ];
    let row = |label: &str, outcome: &Outcome| {
        let share = |count: usize| percent(count as f64 / outcome.answers.max(1) as f64);
        let delay = found.seconds.map(|seconds| outcome.mean_delay() * seconds);
        vec![
            label.to_owned(),
            grouped(outcome.events as u64),
            percent(outcome.recall()),
            grouped((outcome.events - outcome.found) as u64),
            grouped(outcome.false_alarms as u64),
            found.seconds.map_or("–".into(), |_| {
                format!("{:.1}", outcome.false_alarms_an_hour())
            }),
            delay.map_or("–".into(), |delay| format!("{delay:.1} s")),
            share(outcome.right),
            share(outcome.none),
        ]
    };
    let mut rows = Vec::new();
    rows.extend(
        found
            .decided
            .as_ref()
            .map(|outcome| row("as decided", outcome)),
    );
    rows.push(row("every answer counts", &found.every_answer));
    let outcome = found.counting();
    let none = (found.seconds.is_some() && outcome.false_alarms == 0).then(|| {
        format!(
            "no false alarm in {:.2} h: the true rate is below {:.1} an hour, 19 times out of 20",
            outcome.hours,
            3.0 / outcome.hours
        )
    });
    let hours = found.seconds.map(|_| format!("{:.2} h", outcome.hours));
    table("names", &head.map(String::from), &rows)
        + &facts(&[
            ("length of the streams", hours.unwrap_or_default()),
            ("note", none.unwrap_or_default()),
        ])
}

fn by_class(found: &StreamEvaluation) -> String {
    let head = ["class", "events", "found", "missed", "false alarms"];
    let rows: Vec<Vec<String>> = (found.by_class.iter())
        .map(|row| {
            let counts = [
                row.events,
                row.found,
                row.events - row.found,
                row.false_alarms,
            ];
            let mut cells = vec![name(&row.class)];
            cells.extend(counts.map(|count| grouped(count as u64)));
            cells
        })
        .collect();
    table("names", &head.map(String::from), &rows)
}

/// Seconds without digits that say nothing.
fn short(seconds: f64) -> String {
    format!("{}", (seconds * 1000.0).round() / 1000.0)
}
