//! Facts that Linux tells of this process.

use anyhow::{Context, Result};

/// Parts of a second in which Linux counts the time of processes, whatever its own clock.
const TICKS_PER_SECOND: f64 = 100.0;

/// A size of `/proc/self/status`, such as `VmRSS` (held now) or `VmHWM` (held at most), in bytes.
///
/// # Errors
/// The system is not Linux, or does not tell it.
pub fn memory(field: &str) -> Result<u64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("this system does not tell memory")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    Ok(kib.with_context(|| format!("/proc/self/status has no {field}"))? * 1024)
}

/// Seconds that the processor has worked for this process, on all cores together.
///
/// # Errors
/// The system is not Linux, or does not tell it.
pub fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")
        .context("this system does not tell the time of processes")?;
    // The name of the program, in brackets, may hold blanks. The state is the first field behind it, times are the 12th and 13th.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let mut ticks = fields.split_ascii_whitespace().skip(11);
    let mut next = || ticks.next().and_then(|field| field.parse::<f64>().ok());
    let (user, system) = next().zip(next()).context("/proc/self/stat is malformed")?;
    Ok((user + system) / TICKS_PER_SECOND)
}
