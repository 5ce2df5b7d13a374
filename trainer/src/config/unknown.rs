//! Errors about settings that there are none of.

use anyhow::Error;
use toml::Table;

use super::differences::settings;

/// How alike two names must be, from 0 to 1, for one to be taken for a slip of the other.
const ALIKE: f64 = 0.85;

/// An error of reading a configuration, with the setting that was meant if it does not know one; `known` are settings that
/// there are.
pub(crate) fn explained(error: toml::de::Error, known: &Table) -> Error {
    let message = error.message();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted
        .next()
        .filter(|_| message.starts_with("unknown field"));
    let meant = unknown.and_then(|unknown| {
        let elsewhere = settings(known).into_keys().map(|path| {
            let name = path.rsplit('.').next().unwrap_or_default().to_owned();
            (name, path)
        });
        let here = quoted.map(|name| (name.to_owned(), name.to_owned()));
        // The last one of the names that are equally similar.
        elsewhere
            .chain(here)
            .map(|(name, shown)| (strsim::jaro_winkler(&name, unknown), shown))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
    });
    let text = error.to_string();
    let text = text.trim_end();
    Error::msg(match (unknown, meant) {
        (Some(unknown), Some((_, meant))) => {
            format!("there is no setting {unknown} there, did you mean {meant}? {text}")
        }
        _ => text.to_owned(),
    })
}
