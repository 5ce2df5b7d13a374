//! `hadamrnn init`.

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use hadamrnn::pipeline::{self, Answers, Defaults, InitOptions, Question};

use crate::Status;
use crate::output;
use crate::progress::Terminal;
use crate::reading::ReadingArgs;

#[derive(clap::Args)]
pub struct Args {
    /// Recordings: a folder, file or archive
    place: PathBuf,
    /// File to write [default: task.toml in the folder of the recordings]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Take every default instead of asking. Without it, answers may come from a pipe, a line for each question
    #[arg(long)]
    yes: bool,
    /// Replace a task file that is there
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    reading: ReadingArgs,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = InitOptions {
        place: args.place.clone(),
        out: args.out.clone(),
        overwrite: args.overwrite,
        reading: args.reading.settings(),
    };
    let answers: &mut dyn Answers = match args.yes {
        true => &mut Defaults,
        false => &mut Asked,
    };
    let written = pipeline::init(&options, answers, &mut Terminal::default())?;
    let [train, valid, test] = written.windows;
    output::line(&format!(
        "{}: {train} windows to train on, {valid} to choose by, {test} to test",
        written.file.display()
    ))?;
    let file = output::quoted(&written.file);
    output::line(&format!("next: hadamrnn data check {file}"))?;
    output::line(&format!("      hadamrnn train {file}"))?;
    Ok(Status::Success)
}

/// Asks at the terminal, or takes the lines of a pipe as answers.
struct Asked;

impl Answers for Asked {
    fn answer(&mut self, question: &Question) -> Result<String> {
        output::line(&format!("{} [{}]", question.text, question.default))?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        ensure!(
            read.context("cannot read the answer")? > 0,
            "the standard input ended before all was answered, and nothing is written: give a line for each question, an empty one for \
             its default, or take all defaults with --yes"
        );
        Ok(line)
    }

    fn refuse(&mut self, why: &anyhow::Error) -> Result<()> {
        // The next line of a pipe answers the next question.
        ensure!(io::stdin().is_terminal(), "{why:#}: nothing is written");
        output::line(&format!("  {why:#}"))
    }
}
