//! When and on what something was measured, for reports.

use std::num::NonZero;

/// The date and time, UTC, to the minute.
pub fn date() -> String {
    chrono::Utc::now().format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Operating system, architecture, logical cores and, where the system tells it, the processor's name.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .as_deref()
        .and_then(processor_name)
        .map_or(String::new(), |name| format!(", {name}"));
    format!(
        "{} {}, {cores} logical cores{processor}",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

fn processor_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    let (_, name) = line.split_once(':')?;
    Some(name.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_processor_s_name_is_found() {
        let text = "processor\t: 0\nmodel name\t: Some  CPU @ 2 GHz\nmodel name\t: Other\n";
        assert_eq!(
            super::processor_name(text).as_deref(),
            Some("Some CPU @ 2 GHz")
        );
        assert_eq!(super::processor_name("Hardware : X"), None);
    }
}
