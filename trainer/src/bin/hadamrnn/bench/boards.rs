//! `hadamrnn bench boards`: builds the firmware of every real board, and holds it against its budget.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use hadamrnn::board::{FirmwareFolder, build_real};
use hadamrnn::flash::{FlashSegment, descriptor_in, firmware_parts, uf2};
use hadamrnn::untrusted::{self, Kind};
use hadamrnn_device::descriptor::Descriptor;
use hadamrnn_firmware_support::boards::Board;
use serde::Serialize;

use crate::Status;
use crate::output;
use crate::progress::Spinner;

/// The programs of a board.
const PROGRAMS: [&str; 2] = ["classify", "stream"];
/// The program that a newcomer reads first; one board of each HAL has it.
const EXAMPLE: &str = "minimal";
/// The lines of a document between which its table stands.
const MARKS: [&str; 2] = ["<!-- bench boards -->\n", "<!-- end -->\n"];

#[derive(clap::Args)]
pub struct Args {
    /// Board to build; may be given several times [default: every real board]
    #[arg(long, value_name = "NAME")]
    board: Vec<String>,
    /// Put the table into this Markdown file, in the place of the one it has
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
}

/// A program of a board, in bytes.
#[derive(Debug, Serialize)]
struct BoardRow {
    board: String,
    description: String,
    core: String,
    program: &'static str,
    flash: u64,
    flash_budget: u64,
    flash_room: u64,
    static_ram: u64,
    ram_budget: u64,
    ram_room: u64,
}

pub fn run(args: &Args) -> Result<Status> {
    let folder = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
    let mut rows = Vec::new();
    for board in boards(args, &folder)? {
        for program in PROGRAMS {
            let _spinner = Spinner::new(format!("{program} for {}", board.name));
            rows.push(build(&folder, &board, program)?);
        }
        build_example(&folder, &board)?;
    }
    if args.json {
        output::json(&rows)?;
    } else {
        output::line(table(&rows).trim_end())?;
    }
    if let Some(path) = &args.table {
        let date = hadamrnn::machine::now().date_naive();
        let text = format!("{}\nMeasured {date} with {}.\n", table(&rows), compiler()?);
        insert(path, &text)?;
    }
    let outgrown: Vec<String> = rows.iter().filter_map(BoardRow::outgrown).collect();
    for line in &outgrown {
        output::line(line)?;
    }
    Ok(match outgrown.is_empty() {
        true => Status::Success,
        false => Status::Mismatch,
    })
}

fn boards(args: &Args, folder: &FirmwareFolder) -> Result<Vec<Board>> {
    if args.board.is_empty() {
        let boards = folder.registry()?.board.into_iter();
        return Ok(boards.filter(|board| !board.is_emulated()).collect());
    }
    let named = args.board.iter().map(|name| folder.board(name));
    let named = named.collect::<Result<Vec<_>>>()?;
    for board in &named {
        ensure!(
            !board.is_emulated(),
            "{} is an emulated board: see `hadamrnn bench device`",
            board.name
        );
    }
    Ok(named)
}

/// Builds a program and measures it; it must carry the descriptor that the host's tools read, and fit the UF2 files that
/// its boot loader takes.
fn build(folder: &FirmwareFolder, board: &Board, program: &'static str) -> Result<BoardRow> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let firmware = build_real(folder, board, program, scratch.path())?;
    let what = || format!("{program} for {}", board.name);
    let parts = firmware_parts(&firmware.read()?).with_context(what)?;
    check_descriptor(board, &parts).with_context(what)?;
    if let Some(family) = board.uf2_family {
        uf2::file(&parts, family).with_context(what)?;
    }
    let size = firmware.size(board)?;
    Ok(BoardRow {
        board: board.name.clone(),
        description: board.description.clone(),
        core: board.core.clone(),
        program,
        flash: size.flash,
        flash_budget: board.flash_budget.into(),
        flash_room: board.flash_size.into(),
        static_ram: size.static_ram,
        ram_budget: board.ram_budget.into(),
        ram_room: board.ram_size.into(),
    })
}

/// Builds the example of a board that has one.
fn build_example(folder: &FirmwareFolder, board: &Board) -> Result<()> {
    let source = folder.of_board(board).join("src/bin");
    if source.join(EXAMPLE).with_extension("rs").is_file() {
        let _spinner = Spinner::new(format!("{EXAMPLE} for {}", board.name));
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        build_real(folder, board, EXAMPLE, scratch.path())?;
    }
    Ok(())
}

fn check_descriptor(board: &Board, parts: &[FlashSegment]) -> Result<()> {
    let missing = "[board.stream] is missing in boards.toml";
    let found = descriptor_in(parts, board.descriptor_address().context(missing)?)?;
    let found = found.descriptor()?;
    let expected = board.descriptor();
    let expected = expected.context(missing)?;
    let expected = Descriptor {
        version: found.version,
        ..expected
    };
    ensure!(
        found == expected,
        "its descriptor is not what boards.toml says: {found:?}, not {expected:?}"
    );
    Ok(())
}

impl BoardRow {
    /// Names the figures that exceed their budget; none where all are within it.
    fn outgrown(&self) -> Option<String> {
        let Self { board, program, .. } = self;
        let over = |what: &str, bytes: u64, budget: u64| {
            (bytes > budget).then(|| {
                format!(
                    "{program} for {board} takes {bytes} bytes of {what}, its budget is {budget}: make it smaller, or \
                     raise {what}_budget in boards.toml with a reason"
                )
            })
        };
        over("flash", self.flash, self.flash_budget)
            .or_else(|| over("ram", self.static_ram, self.ram_budget))
    }
}

/// A line for each board.
fn table(rows: &[BoardRow]) -> String {
    let mut text = String::from(
        "| board | core | flash: `classify` | `stream` | budget | there is | static RAM: `classify` | `stream` | budget | \
         there is |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for [classify, stream] in rows.as_chunks().0 {
        let kib = |bytes: u64| format!("{} K", bytes.div_ceil(1024));
        text += &format!(
            "| [{}]({}.md) | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            stream.description,
            stream.board,
            stream.core,
            output::grouped(classify.flash),
            output::grouped(stream.flash),
            kib(stream.flash_budget),
            kib(stream.flash_room),
            output::grouped(classify.static_ram),
            output::grouped(stream.static_ram),
            kib(stream.ram_budget),
            kib(stream.ram_room),
        );
    }
    text
}

/// Replaces what is between the marks.
fn insert(path: &Path, table: &str) -> Result<()> {
    let shown = path.display();
    let text =
        untrusted::text(path, Kind::RECORD).with_context(|| format!("cannot read {shown}"))?;
    let [start, end] = MARKS;
    let parts = text.split_once(start).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some(format!("{before}{start}{table}{end}{after}"))
    });
    let text = parts.with_context(|| format!("{shown} has no lines {start:?} and {end:?}"))?;
    std::fs::write(path, text).with_context(|| format!("cannot write {shown}"))
}

fn compiler() -> Result<String> {
    let output = std::process::Command::new("rustc").arg("-V").output();
    let output = output.context("cannot run rustc")?;
    let version = String::from_utf8_lossy(&output.stdout);
    Ok(version.split(" (").next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(flash: u64, static_ram: u64) -> BoardRow {
        BoardRow {
            board: "some-board".into(),
            description: "A board".into(),
            core: "Cortex-M0+".into(),
            program: "stream",
            flash,
            flash_budget: 2048,
            flash_room: 4096,
            static_ram,
            ram_budget: 512,
            ram_room: 1024,
        }
    }

    #[test]
    fn a_firmware_that_outgrows_its_budget_is_told() {
        assert_eq!(row(2048, 512).outgrown(), None);
        let told = row(2049, 512).outgrown().expect("too much flash");
        for part in [
            "stream for some-board",
            "2049 bytes of flash",
            "2048",
            "flash_budget",
        ] {
            assert!(told.contains(part), "{told}");
        }
        let told = row(2048, 513).outgrown().expect("too much RAM");
        assert!(
            told.contains("513 bytes of ram") && told.contains("ram_budget"),
            "{told}"
        );
    }

    #[test]
    fn the_table_takes_the_place_of_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("page.md");
        let page = |table: &str| format!("before\n{}{table}{}after\n", MARKS[0], MARKS[1]);
        std::fs::write(&path, page("old\n")).expect("is written");
        let table = table(&[row(2048, 512), row(1024, 511)]);
        insert(&path, &table).expect("has marks");
        assert_eq!(
            std::fs::read_to_string(&path).expect("is there"),
            page(&table)
        );
        assert!(
            table.contains("| [A board](some-board.md) | Cortex-M0+ | 2,048 | 1,024 | 2 K | 4 K |")
        );
        std::fs::write(&path, "no marks").expect("is written");
        assert!(insert(&path, &table).is_err());
    }
}
