//! `hadamrnn adapt`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use hadamrnn::lessons::{Adapted, Wearer};
use hadamrnn::pipeline::{self, AdaptOptions};
use serde_json::json;

use crate::Status;
use crate::common::Common;
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Model folder; export its run with --novelty --teachable
    model: PathBuf,
    /// Windows of every class that each person teaches
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    windows: u16,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = AdaptOptions {
        model: args.model.clone(),
        windows: args.windows.into(),
        data_dir: args.common.data.data_dir.clone(),
    };
    let mut terminal = Terminal::default().with_tables(!args.common.json);
    let found = pipeline::adapt(&options, &mut terminal)?;
    terminal.finish()?;
    if found.wearers.is_empty() {
        bail!(
            "no person of the test split has more than {} windows of every class: give fewer with --windows",
            args.windows
        );
    }
    match args.common.json {
        true => output::json(&json!(found))?,
        false => print(&found)?,
    }
    Ok(Status::Success)
}

/// A row for each person, the mean, and the worst.
fn print(Adapted { wearers, left_out }: &Adapted) -> Result<()> {
    let found = &wearers[..];
    let row = |name: String, before: f64, after: f64| {
        vec![name, output::percent(before), output::percent(after)]
    };
    let mut rows = vec![["person", "before", "after"].map(String::from).to_vec()];
    rows.extend(
        (found.iter()).map(|it| row(hadamrnn::visible::name(&it.subject), it.before, it.after)),
    );
    let mean =
        |value: fn(&Wearer) -> f64| found.iter().map(value).sum::<f64>() / found.len() as f64;
    let least = |value: fn(&Wearer) -> f64| found.iter().map(value).fold(1.0, f64::min);
    rows.push(row(
        "mean".into(),
        mean(|it| it.before),
        mean(|it| it.after),
    ));
    rows.push(row(
        "worst".into(),
        least(|it| it.before),
        least(|it| it.after),
    ));
    output::table(&rows)?;
    if !left_out.is_empty() {
        output::line(&format!(
            "left out, for want of windows of a class: {}",
            hadamrnn::visible::names(left_out)
        ))?;
    }
    Ok(())
}
