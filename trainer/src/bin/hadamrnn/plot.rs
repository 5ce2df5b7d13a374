//! `hadamrnn plot`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use hadamrnn::data::Task;
use hadamrnn::pipeline;
use hadamrnn::plot::{Curve, Picture, learning_curves};
use hadamrnn::results::Results;
use hadamrnn::run_log;

use crate::Status;
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Run folders; for --kind bytes one folder of `reproduce` or `sweep`, for --kind instructions one file of results
    #[arg(required = true)]
    folder: Vec<PathBuf>,
    /// Picture to write, its format by its name: .svg or .png
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Kind of picture
    #[arg(long, value_enum, default_value_t = Kind::Curves)]
    kind: Kind,
    /// Task to draw, where the folder has several
    #[arg(long)]
    task: Option<Task>,
    /// Title of the picture
    #[arg(long)]
    title: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Loss and validation accuracy over the epochs
    Curves,
    /// Test accuracy of the integer models against their bytes, beside what others published
    Bytes,
    /// Test accuracy against instructions of a window on a Cortex-M4, of a file that `reproduce --results` has written; narrow, and
    /// dark on dark pages
    Instructions,
}

pub fn run(args: &Args) -> Result<Status> {
    let picture = match args.kind {
        Kind::Curves => curves(args)?,
        Kind::Bytes => bytes(args)?,
        Kind::Instructions => instructions(args)?,
    };
    picture.save(&args.out)?;
    output::line(&format!("{}", args.out.display()))?;
    Ok(Status::Success)
}

fn curves(args: &Args) -> Result<Picture> {
    let curve = |folder: &PathBuf| {
        let epochs = run_log::read(folder)?;
        if !epochs.damaged.is_empty() {
            let numbers: Vec<String> = epochs.damaged.iter().map(usize::to_string).collect();
            let path = folder.join(run_log::FILE_NAME);
            let (path, numbers) = (path.display(), numbers.join(", "));
            output::note(&format!(
                "note: {path} cannot be read in line {numbers}: these epochs are not drawn"
            ));
        }
        Ok(Curve {
            name: folder_name(folder),
            lines: epochs.lines,
        })
    };
    let curves: Result<Vec<Curve>> = args.folder.iter().map(curve).collect();
    let picture = learning_curves(args.title.as_deref().unwrap_or("Learning curves"), &curves?);
    picture.with_context(|| listed(&args.folder))
}

fn listed(folders: &[PathBuf]) -> String {
    let names: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    names.join(", ")
}

fn folder_name(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let name = absolute.file_name().unwrap_or(folder.as_os_str());
    name.to_string_lossy().into_owned()
}

fn instructions(args: &Args) -> Result<Picture> {
    let [file] = &args.folder[..] else {
        bail!("--kind instructions draws one file of results");
    };
    let task = args.task.context("which task? Give --task")?;
    let results = Results::read(file)?;
    let picture = results.accuracy_against_instructions(task);
    picture.with_context(|| file.display().to_string())
}

fn bytes(args: &Args) -> Result<Picture> {
    let [folder] = &args.folder[..] else {
        bail!("--kind bytes draws one folder of `hadamrnn reproduce` or `hadamrnn sweep`");
    };
    let plan = pipeline::read_plan(folder)?;
    let report = pipeline::gather("", folder, &plan, &mut Terminal::default());
    let task = match (args.task, &report.tasks()[..]) {
        (Some(task), _) => task,
        (None, [task]) => *task,
        (None, tasks) => {
            let names: Vec<&str> = tasks.iter().map(|task| task.name()).collect();
            bail!(
                "{}: which task? Give --task with one of {}",
                folder.display(),
                names.join(", ")
            );
        }
    };
    report
        .accuracy_against_bytes(task, args.title.as_deref())
        .with_context(|| folder.display().to_string())?
        .with_context(|| format!("{} has no finished job of task {task}", folder.display()))
}
