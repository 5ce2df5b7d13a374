//! Measured rows: as a file, as a table, and against those of an earlier day.

use std::fmt::Write as _;

use hadamrnn::clock::Clock;
use hadamrnn::integer::KernelName;
use serde::{Deserialize, Serialize};

use crate::output::grouped;

/// Share by which a figure may grow before a check fails.
pub const TOLERANCE: f64 = 0.02;
/// Steps of a window of UCI HAR.
pub const WINDOW: u64 = 128;

/// Everything that one run of `bench device` measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Emulator and compiler.
    pub tools: Vec<String>,
    /// UTC, year-month-day.
    pub date: String,
    pub rows: Vec<DeviceRow>,
}

/// One model size with one kernel on one board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceRow {
    pub board: String,
    pub core: String,
    pub kernel: KernelName,
    /// Whether the model is known to the compiler, or read when the firmware starts.
    #[serde(default)]
    pub known: bool,
    pub hidden: usize,
    /// Exact, a mean over the steps, rounded up.
    pub instructions_per_step: u64,
    pub readout_instructions: u64,
    /// To read the model when the firmware starts; 0 where the compiler has done it.
    #[serde(default)]
    pub load_instructions: u64,
    /// Hidden state and all else that is kept between steps.
    pub session_bytes: u64,
    /// Deepest stack of a step and a readout.
    pub stack_bytes: u64,
    /// Flash of a firmware that only infers, less the bytes of the model's file.
    pub code_bytes: u64,
    /// The model file.
    pub model_bytes: u64,
}

impl DeviceRow {
    /// The figures that a later run may not raise, with their names.
    fn figures(&self) -> [(&'static str, u64); 6] {
        [
            ("instructions per step", self.instructions_per_step),
            ("readout instructions", self.readout_instructions),
            ("load instructions", self.load_instructions),
            ("session bytes", self.session_bytes),
            ("stack bytes", self.stack_bytes),
            ("code bytes", self.code_bytes),
        ]
    }

    /// Where the firmware has the model from.
    pub fn model(&self) -> &'static str {
        match self.known {
            true => "compiled in",
            false => "read",
        }
    }

    fn is_of(&self, other: &Self) -> bool {
        (&self.board, self.kernel, self.known, self.hidden)
            == (&other.board, other.kernel, other.known, other.hidden)
    }
}

impl Results {
    /// Compilers and emulators of this run that `older` was not measured with.
    pub fn tools_not_in(&self, older: &Self) -> Vec<String> {
        let is_other = |tool: &&String| !older.tools.contains(tool);
        self.tools.iter().filter(is_other).cloned().collect()
    }

    /// Every figure that grew by more than the tolerance, and every row of `self.rows`' boards that is missing in `older`.
    pub fn worse_than(&self, older: &Self) -> Vec<String> {
        let mut worse = Vec::new();
        for row in &self.rows {
            let name = format!("{} {} n = {}", row.board, row.kernel.name(), row.hidden);
            let Some(old) = older.rows.iter().find(|old| old.is_of(row)) else {
                worse.push(format!("{name}: not in the file to check against"));
                continue;
            };
            for ((figure, new), (_, old)) in row.figures().into_iter().zip(old.figures()) {
                if new as f64 > old as f64 * (1.0 + TOLERANCE) {
                    worse.push(format!("{name}: {figure} rose from {old} to {new}"));
                }
            }
        }
        worse
    }

    /// A table in Markdown; with a clock also the time of a window and its answer, at one cycle an instruction.
    pub fn markdown(&self, clock: Option<Clock>) -> String {
        let mut text = format!("Measured {} with {}.\n\n", self.date, self.tools.join(", "));
        let (head, rule) = match clock {
            Some(clock) => (format!(" ms/window at {clock} |"), "---|"),
            None => (String::new(), ""),
        };
        let columns = "| core | kernel | model | n | instr/step | all steps | readout | load | code | file | session | stack |";
        let _ = writeln!(
            text,
            "{columns}{head}\n|---|---|---|---|---|---|---|---|---|---|---|---|{rule}"
        );
        for row in &self.rows {
            let numbers = [
                row.instructions_per_step,
                row.instructions_per_step * WINDOW,
                row.readout_instructions,
                row.load_instructions,
                row.code_bytes,
                row.model_bytes,
                row.session_bytes,
                row.stack_bytes,
            ];
            let mut cells: Vec<String> = numbers.into_iter().map(grouped).collect();
            let window = row.instructions_per_step * WINDOW + row.readout_instructions;
            cells.extend(clock.map(|clock| format!("{:.3}", clock.milliseconds(window as f64))));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                row.core,
                row.kernel.name(),
                row.model(),
                row.hidden,
                cells.join(" | ")
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(instructions_per_step: u64) -> Results {
        Results {
            tools: vec!["an emulator".into()],
            date: "2026-01-02".into(),
            rows: vec![DeviceRow {
                board: "qemu-m4".into(),
                core: "Cortex-M4".into(),
                kernel: KernelName::Fwht,
                known: false,
                hidden: 64,
                instructions_per_step,
                readout_instructions: 10,
                load_instructions: 60,
                session_bytes: 20,
                stack_bytes: 30,
                code_bytes: 40,
                model_bytes: 50,
            }],
        }
    }

    #[test]
    fn two_per_cent_more_pass_and_three_do_not() {
        let old = results(1000);
        assert_eq!(results(900).worse_than(&old), [""; 0]);
        assert_eq!(results(1020).worse_than(&old), [""; 0]);
        assert_eq!(
            results(1030).worse_than(&old),
            ["qemu-m4 fwht n = 64: instructions per step rose from 1000 to 1030"]
        );
    }

    #[test]
    fn a_clock_adds_the_time_of_a_window() {
        let results = results(1000);
        assert!(!results.markdown(None).contains("ms"));
        let table = results.markdown(Some("64MHz".parse().expect("a clock")));
        // 128,000 instructions of steps and 10 of the readout.
        assert!(
            table.contains("| ms/window at 64 MHz |\n") && table.contains("| 30 | 2.000 |\n"),
            "{table}"
        );
    }

    #[test]
    fn another_compiler_or_emulator_is_named() {
        let old = results(1000);
        let mut new = results(2000);
        assert_eq!(new.tools_not_in(&old), [""; 0]);
        new.tools.push("another emulator".into());
        assert_eq!(new.tools_not_in(&old), ["another emulator"]);
    }

    #[test]
    fn a_row_that_was_never_measured_is_reported() {
        let mut old = results(1000);
        old.rows[0].hidden = 128;
        assert_eq!(results(1000).worse_than(&old).len(), 1);
    }
}
