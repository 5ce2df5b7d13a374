//! Results of a search, a line each, as they are found.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::cost::Costs;
use crate::integer::KernelName;
use crate::untrusted::{self, Kind};

/// Name of the file in the folder of a search.
pub const POINTS_NAME: &str = "points.jsonl";

/// A candidate that was trained: its integer model's accuracy and costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Number of the rung, from 1.
    pub rung: usize,
    /// Number of the candidate, from 0.
    pub candidate: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Epochs that it was trained for.
    pub epochs: u32,
    /// The candidate in a few words.
    pub name: String,
    /// Accuracy of the integer model on the validation split; none where training has diverged, or the network cannot be
    /// exported.
    pub accuracy: Option<f64>,
    /// Mean loss of the integer model there.
    pub loss: Option<f64>,
    /// Why there is no accuracy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Costs of this very model.
    pub costs: Costs,
    /// Steps of a window.
    pub steps: usize,
    /// One of so many samples is used.
    pub decimation: usize,
    /// Instructions of a window, with the reading of its answer.
    pub instructions_per_window: u64,
    /// Kernel that runs it.
    pub kernel: KernelName,
    /// Whether the target's assembly runs it.
    pub assembly: bool,
    /// Whether it keeps all limits.
    pub fits: bool,
    /// Seconds that training and evaluation took.
    pub seconds: f64,
}

impl Point {
    /// Whether it is the result of this piece of work.
    pub fn is_of(&self, rung: usize, candidate: usize, seed: u64) -> bool {
        (self.rung, self.candidate, self.seed) == (rung, candidate, seed)
    }
}

/// Points of a search, as its folder has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadPoints {
    /// The points.
    pub points: Vec<Point>,
    /// Number of the last line, from 1, where it is cut off, as of a process that was killed: it counts as not there.
    pub cut_line: Option<usize>,
}

/// Reads the points in a folder.
///
/// # Errors
/// The file cannot be read, or a line before the last one is damaged; the message has its number.
pub fn read_points(folder: &Path) -> Result<ReadPoints> {
    let path = folder.join(POINTS_NAME);
    if !path.exists() {
        return Ok(ReadPoints::default());
    }
    let text = untrusted::text(&path, Kind::CURVES)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let is_whole = text.ends_with('\n');
    let lines: Vec<&str> = text.lines().collect();
    let cut_line = (!is_whole && !lines.is_empty()).then_some(lines.len());
    let whole = cut_line.map_or(lines.len(), |line| line - 1);
    let point = |(i, line): (usize, &&str)| {
        serde_json::from_str(line).map_err(|error| {
            anyhow!(
                "line {} of {} is damaged ({error}): remove this line, and give the same command again, which trains its candidate anew",
                i + 1,
                path.display()
            )
        })
    };
    let points: Result<Vec<Point>> = lines[..whole].iter().enumerate().map(point).collect();
    Ok(ReadPoints {
        points: points?,
        cut_line,
    })
}

/// Opens the file of points to add to it; of a last line that is cut off nothing stays.
///
/// # Errors
/// The file cannot be written.
pub fn append(folder: &Path, points: &[Point]) -> Result<()> {
    let path = folder.join(POINTS_NAME);
    let write = || -> Result<()> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)?;
        drop_cut_line(&path, &file)?;
        for point in points {
            file.write_all((serde_json::to_string(point)? + "\n").as_bytes())?;
        }
        Ok(file.sync_data()?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn drop_cut_line(path: &Path, file: &File) -> Result<()> {
    let bytes = untrusted::read(path, Kind::CURVES)?;
    let whole = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    if whole < bytes.len() {
        file.set_len(whole as u64)?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::fit) fn point(
        candidate: usize,
        accuracy: f64,
        instructions: u64,
        bytes: u64,
    ) -> Point {
        Point {
            rung: 1,
            candidate,
            seed: 1,
            epochs: 3,
            name: format!("candidate {candidate}"),
            accuracy: Some(accuracy),
            loss: Some(0.5),
            failure: None,
            costs: Costs {
                instructions_per_step: instructions,
                readout_instructions: 0,
                session_bytes: 0,
                stack_bytes: 0,
                code_bytes: 0,
                model_bytes: bytes,
            },
            steps: 1,
            decimation: 1,
            instructions_per_window: instructions,
            kernel: KernelName::FwhtPacked,
            assembly: true,
            fits: true,
            seconds: 1.0,
        }
    }

    #[test]
    fn points_come_back_and_a_cut_line_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let none = read_points(folder.path()).expect("none");
        assert_eq!(none, ReadPoints::default());
        let points = [point(0, 0.5, 10, 10), point(1, 0.6, 20, 10)];
        append(folder.path(), &points[..1]).expect("written");
        let path = folder.path().join(POINTS_NAME);
        let mut file = OpenOptions::new().append(true).open(&path).expect("there");
        file.write_all(b"{\"rung\":1,").expect("written");
        let one = read_points(folder.path()).expect("one");
        assert_eq!((&one.points[..], one.cut_line), (&points[..1], Some(2)));
        append(folder.path(), &points[1..]).expect("written");
        let two = read_points(folder.path()).expect("two");
        assert_eq!((&two.points[..], two.cut_line), (&points[..], None));
        std::fs::write(&path, "{}\n{}\n").expect("written");
        let error = format!("{:#}", read_points(folder.path()).expect_err("damaged"));
        for part in [
            "line 1 of",
            POINTS_NAME,
            "missing field",
            "remove this line",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }
}
