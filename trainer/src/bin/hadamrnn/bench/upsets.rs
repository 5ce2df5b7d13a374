//! `hadamrnn bench upsets`: flips bits on emulated boards, and counts what becomes of the answers.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use hadamrnn::board::{FirmwareFolder, Pattern, Request, Tally, random_upsets, run_upsets};
use hadamrnn::files::write_atomically;
use hadamrnn::integer::KernelName;
use hadamrnn::model_folder::StoredModel;
use hadamrnn_firmware_support::report::{GuardCosts, Target, Upset};
use serde::Serialize;

use crate::Status;
use crate::output;
use crate::progress::Spinner;

#[derive(clap::Args)]
pub struct Args {
    /// Model folder, with the windows that are answered [default: models/har2 beside the firmware's sources]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Board to disturb; may be given several times
    #[arg(long, value_name = "NAME", default_values = ["qemu-m0", "qemu-m4", "qemu-rv32"])]
    board: Vec<String>,
    /// Upsets on each board, the same number of each kind
    #[arg(long, value_name = "N", default_value_t = 6000, value_parser = clap::value_parser!(u32).range(12..=10_000_000))]
    count: u32,
    /// Seed of their places and times
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write upsets.json and upsets.md into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
}

/// Upsets on a board.
#[derive(Serialize)]
struct OnBoard {
    board: String,
    rows: Vec<Row>,
    costs: GuardCosts,
}

/// Upsets of a kind.
#[derive(Serialize)]
struct Row {
    target: Target,
    pattern: Pattern,
    #[serde(flatten)]
    tally: Tally,
}

#[derive(Serialize)]
struct Results<'a> {
    date: String,
    model: String,
    seed: u64,
    boards: &'a [OnBoard],
}

pub fn run(args: &Args) -> Result<Status> {
    let folder = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
    let home = match &args.model {
        Some(home) => home.clone(),
        None => folder.path().join("../models/har2"),
    };
    let stored = StoredModel::read(&home)?;
    let shown = stored.folder.as_ref().with_context(|| {
        format!(
            "{} lies without the windows of a model folder",
            stored.path.display()
        )
    })?;
    let upsets = random_upsets(args.count as usize, args.seed);
    let list: Vec<Upset> = upsets.iter().map(|(_, upset)| *upset).collect();
    let mut boards = Vec::new();
    for name in &args.board {
        let board = folder.emulated_board(name)?;
        let scratch = tempfile::tempdir().context("cannot make a folder for the emulator")?;
        let request = Request {
            folder: &folder,
            board: &board,
            kernel: KernelName::FwhtPacked,
            model: &stored.file,
            windows: &shown.windows,
            known: false,
        };
        let spinner = Spinner::new(format!("{} upsets on {name}", list.len()));
        let (costs, happened) = run_upsets(&request, &list, scratch.path())?;
        drop(spinner);
        let mut rows = Vec::new();
        for target in Target::ALL {
            for pattern in Pattern::ALL {
                let tally = Tally::of(&upsets, &happened, |(of, upset)| {
                    *of == pattern && upset.target == target
                });
                rows.push(Row {
                    target,
                    pattern,
                    tally,
                });
            }
        }
        boards.push(OnBoard {
            board: name.clone(),
            rows,
            costs,
        });
    }
    let text = table(&boards)?;
    output::line(text.trim_end())?;
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let results = Results {
            date: hadamrnn::machine::now().date_naive().to_string(),
            model: home
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            seed: args.seed,
            boards: &boards,
        };
        let json = serde_json::to_string_pretty(&results)? + "\n";
        for (name, text) in [("upsets.json", &json), ("upsets.md", &text)] {
            let path = out.join(name);
            write_atomically(&path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    // What a check must find is found, or the checks are broken.
    let escaped: u32 = boards
        .iter()
        .flat_map(|it| &it.rows)
        .map(|row| row.tally.escaped)
        .sum();
    if escaped > 0 {
        output::line(&format!(
            "{escaped} changed answers were not found by the check of their target"
        ))?;
        return Ok(Status::Mismatch);
    }
    Ok(Status::Success)
}

/// The tables, in Markdown.
fn table(boards: &[OnBoard]) -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "| board | where | bits | injected | refused | same logits | same class | another class | fault | hang | found by its check | \
         not found, answer changed | found by the norm |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for it in boards {
        for Row {
            target,
            pattern,
            tally,
        } in &it.rows
        {
            let target = match target {
                Target::FileAtRest => "model file, before it is read",
                Target::FileInUse => "model file, while it runs",
                Target::Model => "model in RAM",
                Target::Session => "session",
            };
            let bits = match pattern {
                Pattern::One => "1",
                Pattern::Two => "2",
                Pattern::Burst => "3 to 8 neighbours",
            };
            let Tally {
                injected,
                refused,
                same,
                degraded,
                wrong,
                faults,
                hangs,
                found,
                norm,
                escaped,
            } = tally;
            writeln!(
                text,
                "| {} | {target} | {bits} | {injected} | {refused} | {same} | {degraded} | {wrong} | {faults} | {hangs} | {found} | \
                 {escaped} | {norm} |",
                it.board
            )?;
        }
    }
    text.push_str(
        "\n| board | file, bytes | one round of `Scrub` | model in RAM, bytes | `Model::is_still` | session, bytes | \
         `Session::checksum` | `Session::saturated` | squared norm | a sample |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for it in boards {
        let GuardCosts {
            scrub,
            model,
            checksum,
            saturated,
            norm,
            sample,
            bytes: [file, in_ram, session],
        } = it.costs;
        writeln!(
            text,
            "| {} | {file} | {scrub} | {in_ram} | {model} | {session} | {checksum} | {saturated} | {norm} | {sample} |",
            it.board
        )?;
    }
    Ok(text)
}
