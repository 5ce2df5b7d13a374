//! Reading the same files with pandas.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Prints the version.
const VERSION: &str = "import pandas; print(pandas.__version__)";
/// Reads each file by `read_csv` with its defaults, and prints what it took. Starting Python does not count.
const READ: &str = "
import json, resource, sys, time
import pandas
start, cpu = time.perf_counter(), time.process_time()
frames = [pandas.read_csv(file) for file in sys.argv[1:]]
print(json.dumps({
    'seconds': time.perf_counter() - start,
    'cpu_seconds': time.process_time() - cpu,
    'peak_bytes': 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    'rows': sum(map(len, frames)),
}))
";

/// One reading of all files by pandas, without windows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Reading {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub peak_bytes: u64,
    pub rows: u64,
}

/// A Python that has pandas.
pub struct Pandas<'a> {
    python: &'a Path,
    pub version: String,
}

impl<'a> Pandas<'a> {
    /// Looks for pandas; an error says why there is none.
    pub fn find(python: &'a Path) -> Result<Self> {
        let output = Command::new(python)
            .args(["-c", VERSION])
            .output()
            .with_context(|| format!("cannot run {}", python.display()))?;
        ensure!(
            output.status.success(),
            "{} has no pandas: name a Python that has it with --python",
            python.display()
        );
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self { python, version })
    }

    /// Reads all files in a process of its own.
    pub fn read(&self, files: &[PathBuf]) -> Result<Reading> {
        let output = Command::new(self.python)
            .args(["-c", READ])
            .args(files)
            .output()
            .with_context(|| format!("cannot run {}", self.python.display()))?;
        ensure!(
            output.status.success(),
            "pandas failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        serde_json::from_slice(&output.stdout).context("pandas printed something else")
    }
}
