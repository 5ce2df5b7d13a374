//! Date and machine of a measurement, for reports.

use std::num::NonZero;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

/// The date and time. The clock may be wrong, even before 1970, which `Utc::now` does not survive.
pub fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// The date and time, UTC, to the minute.
pub fn date() -> String {
    minute(now())
}

fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
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
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_clock_before_1970_is_shown_as_it_is() {
        let time = SystemTime::UNIX_EPOCH - Duration::from_millis(90_500);
        assert_eq!(super::minute(time.into()), "1969-12-31 23:58 UTC");
    }

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
