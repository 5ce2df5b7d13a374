//! Runs firmware under QEMU and reads its report.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_firmware_support::boards::Board;
use hadamrnn_firmware_support::report::{self, Report};
use serde::Serialize;

use super::{Firmware, logs};
use crate::integer::{Answer, Judged};

/// Firmware that has not ended by then hangs.
const LIMIT: Duration = Duration::from_secs(600);
/// The report, in the emulator's folder.
pub(super) const REPORT: &str = "report.bin";
/// The emulator's output: frames of the log.
const OUTPUT: &str = "stdout.bin";
/// A report is a few dozen bytes a window.
const LARGEST_REPORT: u64 = 64 << 20;

/// Instructions and memory that a board measured of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Instructions of all pushes of the dearest window, without the reading of its answer; see
    /// [`with_readout`](Self::with_readout).
    pub instructions_per_window: u64,
    /// Instructions of one push, mean over all, rounded up.
    pub instructions_per_step: u32,
    /// Instructions to read logits and class.
    pub readout_instructions: u32,
    /// Instructions to read the model when the firmware starts: its checksum, all other checks and the proofs. 0 where the
    /// compiler has done it, none where it was not counted.
    pub load_instructions: Option<u32>,
    /// Bytes of the session: hidden state and scratch.
    pub session_bytes: u32,
    /// Deepest stack below the main loop.
    pub stack_bytes: u32,
}

/// Answers, costs and log that a board reported.
#[derive(Clone, Debug)]
pub struct BoardRun {
    /// Answers, one a window, in order.
    pub answers: Vec<Answer>,
    /// What the model's metric and decision say of each window; none of a model that has neither.
    pub judged: Vec<Judged>,
    /// Exact instruction counts.
    pub cost: Cost,
    /// The firmware's log lines.
    pub log: Vec<String>,
}

impl Cost {
    /// Instructions of a window: all its steps and the reading of its answer.
    pub fn with_readout(&self) -> u64 {
        self.instructions_per_window + u64::from(self.readout_instructions)
    }
}

impl Firmware {
    /// Runs the firmware on the window file `windows`; `scratch` is the emulator's working directory.
    ///
    /// # Errors
    /// The emulator is missing, the firmware hangs or fails, or its report is incomplete.
    pub fn run(&self, board: &Board, windows: &[u8], scratch: &Path) -> Result<BoardRun> {
        std::fs::write(scratch.join("windows.bin"), windows)
            .context("cannot write the windows for the emulator")?;
        let (messages, log) = self.emulate(board, scratch)?;
        Ok(BoardRun {
            log,
            ..board_run(messages)?
        })
    }

    /// Runs the firmware in the emulator's working directory `scratch`; gives the messages of its report, and its log.
    pub(super) fn emulate(&self, board: &Board, scratch: &Path) -> Result<(Messages, Vec<String>)> {
        let (report, output) = (scratch.join(REPORT), scratch.join(OUTPUT));
        let child = self.start(board, scratch)?;
        let status = wait(child).with_context(|| format!("{} on {}", board.qemu, board.name))?;
        let log = logs::decode(&self.elf, &output)
            .unwrap_or_else(|error| vec![format!("(log not decoded: {error:#})")]);
        let messages = read_report(&report).and_then(|messages| {
            ensure!(status.success(), "the emulator failed");
            Ok(messages)
        });
        let messages = messages.with_context(|| {
            let errors = std::fs::read_to_string(scratch.join("stderr.txt")).unwrap_or_default();
            format!(
                "{}: emulator ended with {status}\n{}\n{errors}",
                board.name,
                log.join("\n")
            )
        })?;
        Ok((messages, log))
    }

    /// Starts the emulator in `scratch`, with no report there from before.
    pub(super) fn start(&self, board: &Board, scratch: &Path) -> Result<Child> {
        let report = scratch.join(REPORT);
        if report.exists() {
            std::fs::remove_file(&report).context("cannot remove an old report")?;
        }
        let elf = self
            .elf
            .to_str()
            .context("the firmware's path is not UTF-8")?;
        let stdout = std::fs::File::create(scratch.join(OUTPUT))
            .context("cannot write the emulator's output")?;
        let stderr = std::fs::File::create(scratch.join("stderr.txt"))
            .context("cannot write the emulator's output")?;
        Command::new(&board.qemu)
            .args(board.qemu_args(elf))
            .current_dir(scratch)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .with_context(|| {
                format!(
                    "cannot run {}: firmware-examples/setup.sh installs it",
                    board.qemu
                )
            })
    }
}

/// Waits for the end of a process, and kills it at the limit.
fn wait(mut child: Child) -> Result<std::process::ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the emulator")? {
            return Ok(status);
        }
        if start.elapsed() > LIMIT {
            child
                .kill()
                .and_then(|()| child.wait().map(drop))
                .context("cannot stop the emulator")?;
            bail!("the firmware did not end within {} s", LIMIT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The messages of a report, in order.
pub(super) type Messages = Vec<Report>;

/// Decodes a report; an error message in it is an error.
fn read_report(path: &Path) -> Result<Messages> {
    let length = std::fs::metadata(path)
        .context("the firmware wrote no report")?
        .len();
    ensure!(
        length <= LARGEST_REPORT,
        "the report is {length} bytes long"
    );
    let mut bytes = std::fs::read(path).context("cannot read the report")?;
    let mut messages = Vec::new();
    for message in report::decode(&mut bytes) {
        match message.context("the report cannot be decoded")? {
            Report::Error { kind, message } => bail!("the firmware failed: {kind:?}: {message}"),
            Report::Hello { format, .. } if format != report::FORMAT => bail!(
                "the report has version {format}, this program reads {}",
                report::FORMAT
            ),
            message => messages.push(message),
        }
    }
    Ok(messages)
}

/// Checks that a report is complete and collects it.
fn board_run(messages: Messages) -> Result<BoardRun> {
    let (mut answers, mut judged) = (Vec::new(), Vec::new());
    let (mut found_cost, mut expected) = (None, None);
    for message in messages {
        if let Some(cost) = cost(&message) {
            found_cost = Some(cost);
        }
        match &message {
            Report::Hello { windows, .. } => expected = Some(usize::from(*windows)),
            Report::Window { index, .. } => ensure!(
                *index as usize == answers.len(),
                "window {index} is reported out of order"
            ),
            Report::Judged { novelty, decided } => judged.push(Judged {
                novelty: *novelty,
                decided: decided.map(|class| class.map(usize::from)),
            }),
            Report::Done { windows } => {
                ensure!(
                    *windows as usize == answers.len() && expected == Some(answers.len()),
                    "windows are missing"
                );
                let cost = found_cost.context("the report has no instruction counts")?;
                return Ok(BoardRun {
                    answers,
                    judged,
                    cost,
                    log: Vec::new(),
                });
            }
            _ => {}
        }
        answers.extend(answer(&message));
    }
    bail!("the report ends early, after {} windows", answers.len())
}

/// All answers of a report, which are to be `expected`.
pub(super) fn answers(messages: &[Report], expected: u32) -> Result<Vec<Answer>> {
    let answers: Vec<Answer> = messages.iter().filter_map(answer).collect();
    let is_done = matches!(messages.last(), Some(Report::Done { windows }) if *windows == expected);
    ensure!(
        is_done && answers.len() == expected as usize,
        "the report ends early, after {} of {expected} answers",
        answers.len()
    );
    Ok(answers)
}

/// The answer in a message, if it is one.
pub(super) fn answer(message: &Report) -> Option<Answer> {
    match message {
        Report::Window {
            class,
            logits,
            state_hash,
            ..
        } => Some(Answer {
            class: usize::from(*class),
            logits: logits.to_vec(),
            state_hash: *state_hash,
        }),
        _ => None,
    }
}

/// The costs in a message, if it has them.
pub(super) fn cost(message: &Report) -> Option<Cost> {
    match *message {
        Report::Cost {
            instructions_per_window,
            instructions_per_step,
            readout,
            load,
            session_bytes,
            stack_bytes,
            ..
        } => Some(Cost {
            instructions_per_window,
            instructions_per_step,
            readout_instructions: readout,
            load_instructions: Some(load),
            session_bytes,
            stack_bytes,
        }),
        _ => None,
    }
}
