//! `hadamrnn eval --stream`.

use anyhow::Result;
use hadamrnn::events::{Outcome, StreamEvaluation};
use hadamrnn::files::write_over_own;
use hadamrnn::pipeline::{self, EvaluateOptions};
use hadamrnn::plot::{Shape, timelines};
use serde_json::{Value, json};

use super::{Args, of_a_run};
use crate::Status;
use crate::output;
use crate::progress::Terminal;

/// Classes up to which a matrix is printed.
const MOST_CLASSES: usize = 24;

/// Evaluates events, and prints or writes what was asked for.
pub fn run(args: &Args, options: &EvaluateOptions, mut terminal: Terminal) -> Result<Status> {
    let found = pipeline::evaluate_streams(options, &mut terminal)?;
    terminal.finish()?;
    if let Some(path) = &args.confusion {
        write_over_own(path, &found.confusion.to_csv()?, "true class".len())?;
    }
    if let Some(path) = &args.timeline {
        let title = format!("Streams of {}", of_a_run(args.split));
        timelines(&title, &found, Shape::Wide)?.save(path)?;
    }
    match args.common.json {
        true => output::json(&as_json(&found, args))?,
        false => print(&found, args)?,
    }
    Ok(Status::Success)
}

fn as_json(found: &StreamEvaluation, args: &Args) -> Value {
    json!({
        "model": args.model, "split": args.split.to_string(), "seconds": found.seconds, "metric": found.has_metric,
        "decided": found.decided.as_ref().map(|outcome| outcome_as_json(found, outcome)),
        "every_answer": outcome_as_json(found, &found.every_answer),
        "classes": found.by_class,
        "confusion": { "classes": found.confusion.classes, "counts": found.confusion.counts },
        "streams": found.streams,
    })
}

/// An outcome with what follows from it. What takes the time of an answer is null where that is not known.
fn outcome_as_json(found: &StreamEvaluation, outcome: &Outcome) -> Value {
    let mut value = json!(outcome);
    value["missed"] = json!(outcome.events - outcome.found);
    value["false_alarms_an_hour"] = json!(found.seconds.map(|_| outcome.false_alarms_an_hour()));
    value["delay_seconds"] = json!(found.seconds.map(|seconds| seconds * outcome.mean_delay()));
    value
}

fn print(found: &StreamEvaluation, args: &Args) -> Result<()> {
    let head = [
        "",
        "events",
        "found",
        "missed",
        "false alarms",
        "an hour",
        "delay",
        "answers right",
        "none",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    let decided = found
        .decided
        .as_ref()
        .map(|outcome| ("as decided", outcome));
    for (name, outcome) in decided
        .into_iter()
        .chain([("every answer counts", &found.every_answer)])
    {
        rows.push(row(name, found, outcome));
    }
    output::table(&rows)?;
    output::line("")?;
    let head = ["class", "events", "found", "missed", "false alarms"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for class in &found.by_class {
        let counts = [
            class.events,
            class.found,
            class.events - class.found,
            class.false_alarms,
        ];
        let mut row = vec![class.class.clone()];
        row.extend(counts.map(|count| count.to_string()));
        rows.push(row);
    }
    output::table(&rows)?;
    output::line("")?;
    let what = match found.decided {
        Some(_) => "decided",
        None => "answered",
    };
    output::line(&format!("what was {what} for what, by answers:"))?;
    matrix(found, args)?;
    if found.decided.is_none() {
        output::note(
            "note: the model has no decision, so every answer counts: `hadamrnn decide` adds one",
        );
    }
    Ok(())
}

/// The classes that are there, a row each, and how many answers went to each class, by number.
fn matrix(found: &StreamEvaluation, args: &Args) -> Result<()> {
    let confusion = &found.confusion;
    let count = confusion.classes.len();
    if count > MOST_CLASSES {
        if args.confusion.is_none() {
            output::line(&format!(
                "{count} classes: --confusion FILE writes the matrix"
            ))?;
        }
        return Ok(());
    }
    let mut head = vec!["true class".to_owned()];
    head.extend((1..=count).map(|number| number.to_string()));
    let mut rows = vec![head];
    for (class, name) in confusion.classes.iter().enumerate() {
        let mut row = vec![format!("{} {name}", class + 1)];
        row.extend(confusion.counts[class].iter().map(u64::to_string));
        rows.push(row);
    }
    output::table(&rows)
}

fn row(name: &str, found: &StreamEvaluation, outcome: &Outcome) -> Vec<String> {
    let share = |count: usize| output::percent(count as f64 / outcome.answers.max(1) as f64);
    let of_time = |value: String| match found.seconds {
        Some(_) => value,
        None => "-".into(),
    };
    let delay = outcome.mean_delay() * found.seconds.unwrap_or(0.0);
    let name = match found.seconds {
        Some(_) => format!("{name}, {:.2} h", outcome.hours),
        None => name.into(),
    };
    vec![
        name,
        outcome.events.to_string(),
        output::percent(outcome.recall()),
        (outcome.events - outcome.found).to_string(),
        outcome.false_alarms.to_string(),
        of_time(format!("{:.2}", outcome.false_alarms_an_hour())),
        of_time(format!("{delay:.1} s")),
        share(outcome.right),
        share(outcome.none),
    ]
}
