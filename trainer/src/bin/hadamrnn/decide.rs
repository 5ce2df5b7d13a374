//! `hadamrnn decide`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use hadamrnn::events::Outcome;
use hadamrnn::pipeline::{self, DecideOptions, DecidedModel};
use serde_json::json;

use crate::Status;
use crate::common::Common;
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Model folder
    model: PathBuf,
    /// False alarms, at most, that the validation split may give: 0.5/h, 2/day
    #[arg(long, value_name = "RATE", value_parser = rate, default_value = "1/h")]
    false_alarms: f64,
    /// Smooth logits over some 2^N answers: 0 to 8, or less where the model's logits are large
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=8))]
    smoothing: u32,
    /// Answers, one after the other, that must speak for a class before it is decided
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    answers: u16,
    /// Answers from the start of an event in which no other starts
    #[arg(long, value_name = "N", default_value_t = 0)]
    hold_off: u16,
    /// Seconds from an answer to the next [default: by the hop and the rate of the model's data]
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Show what the decision would do, and leave the model as it is
    #[arg(long)]
    dry_run: bool,
    /// Take the decision off the model
    #[arg(long, conflicts_with_all = ["dry_run", "false_alarms", "smoothing", "answers", "hold_off", "seconds"])]
    remove: bool,
    #[command(flatten)]
    common: Common,
}

/// Events an hour.
fn rate(text: &str) -> Result<f64, String> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "h"));
    let hours = match unit.trim() {
        "h" | "hour" => 1.0,
        "d" | "day" => 24.0,
        "min" => 1.0 / 60.0,
        other => return Err(format!("{other}: a rate is a number with /h, /day or /min")),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number / hours),
        _ => Err(format!(
            "{number}: a rate is a number of 0 or more, such as 0.5/h"
        )),
    }
}

pub fn run(args: &Args) -> Result<Status> {
    if args.remove {
        pipeline::remove_decision(&args.model)?;
        match args.common.json {
            true => output::json(&json!({ "model": args.model, "removed": true }))?,
            false => output::line(&format!("{}: without a decision", args.model.display()))?,
        }
        return Ok(Status::Success);
    }
    let options = DecideOptions {
        model: args.model.clone(),
        false_alarms: args.false_alarms,
        smoothing: args.smoothing,
        answers: args.answers,
        hold_off: args.hold_off,
        seconds: args.seconds,
        writes: !args.dry_run,
        data_dir: args.common.data.data_dir.clone(),
    };
    let mut terminal = Terminal::default().with_tables(!args.common.json);
    let found = pipeline::decide(&options, &mut terminal)?;
    terminal.finish()?;
    ensure!(
        found.test.answers > 0,
        "the test split is empty: what the decision does is not known"
    );
    match args.common.json {
        true => output::json(&as_json(&found, args))?,
        false => print(&found, args)?,
    }
    Ok(Status::Success)
}

fn as_json(found: &DecidedModel, args: &Args) -> serde_json::Value {
    let rules: Vec<_> = (found.rules.iter().zip(&found.classes))
        .map(|(rule, class)| {
            json!({
                "class": class, "threshold": rule.threshold, "answers": rule.answers, "hold_off": rule.hold_off,
            })
        })
        .collect();
    json!({
        "model": args.model, "written": !args.dry_run, "seconds": found.seconds, "smoothing": args.smoothing,
        "false_alarms_asked": args.false_alarms,
        "rules": rules, "valid": found.valid, "test": found.test, "raw_test": found.raw_test,
    })
}

fn print(found: &DecidedModel, args: &Args) -> Result<()> {
    let mut rows = vec![
        ["class", "threshold", "answers", "hold-off"]
            .map(String::from)
            .to_vec(),
    ];
    for (rule, class) in found.rules.iter().zip(&found.classes) {
        rows.push(vec![
            class.clone(),
            rule.threshold.to_string(),
            rule.answers.to_string(),
            rule.hold_off.to_string(),
        ]);
    }
    output::table(&rows)?;
    output::line("")?;
    let head = [
        "",
        "events",
        "found",
        "false alarms",
        "an hour",
        "delay",
        "answers right",
        "none",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for (name, outcome) in [
        ("validation split", &found.valid),
        ("test split", &found.test),
        ("test split, every answer counts", &found.raw_test),
    ] {
        rows.push(row(name, outcome, found.seconds));
    }
    output::table(&rows)?;
    let rate = found.test.false_alarms_an_hour();
    if rate > args.false_alarms {
        output::note(&format!(
            "warning: the test split gives {rate:.2} false alarms an hour, more than the {:.2} that were asked for: the {:.2} h of the \
             validation split, by which the thresholds were chosen, are too short or of other people. More --smoothing or --answers, \
             or longer recordings for validation",
            args.false_alarms, found.valid.hours
        ));
    }
    if found.test.found == 0 {
        output::note("warning: no event of the test split is found by this decision");
    }
    output::line(&match args.dry_run {
        true => format!("{} is as it was", args.model.display()),
        false => format!("{} has the decision", args.model.display()),
    })
}

fn row(name: &str, outcome: &Outcome, seconds: f64) -> Vec<String> {
    let share = |count: usize| output::percent(count as f64 / outcome.answers.max(1) as f64);
    vec![
        format!("{name}, {:.2} h", outcome.hours),
        outcome.events.to_string(),
        output::percent(outcome.recall()),
        outcome.false_alarms.to_string(),
        format!("{:.2}", outcome.false_alarms_an_hour()),
        format!("{:.1} s", outcome.mean_delay() * seconds),
        share(outcome.right),
        share(outcome.none),
    ]
}
