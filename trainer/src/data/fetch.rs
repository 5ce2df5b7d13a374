//! Downloading a data set from its official source: resumed where it broke off, checked by content, moved into place
//! when whole.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::catalog::{self, Part};
use super::check::{Verdict, check_part};
use super::locate;

#[cfg(test)]
mod tests;

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes on disk.
    pub done: u64,
    /// Bytes in all, where the server tells.
    pub total: Option<u64>,
}

/// Downloads the parts of the data set called `name` into the data folder `dir` and checks them; returns their paths.
///
/// Each part is saved as [`Part::saved_as`], where [`locate()`](super::locate()) finds it. Until it is whole it is
/// called `….part`; calling again goes on from there. A part that is there already is checked only.
///
/// # Errors
/// The name is unknown, the network fails (the message tells how to get the file by hand), or the content is not the
/// published one.
pub fn fetch(
    name: &str,
    dir: &Path,
    progress: &mut dyn FnMut(&Part, Progress),
) -> Result<Vec<PathBuf>> {
    let set = catalog::find(name)?;
    ensure!(
        !set.is_generated(),
        "{name} is generated: there is nothing to download"
    );
    let fetch_part = |part: &Part| {
        let target = dir.join(part.saved_as);
        let download = Download {
            url: part.url,
            target: &target,
            check: &|path| verify(part, path),
            wait: SECOND,
        };
        download
            .run(&mut |done| progress(part, done))
            .with_context(|| {
                format!(
                    "{} ({}) could not be fetched. Without a network: {}",
                    set.name,
                    part.what,
                    locate::by_hand(part, dir)
                )
            })?;
        Ok(target)
    };
    set.parts.iter().map(fetch_part).collect()
}

fn verify(part: &Part, path: &Path) -> Result<()> {
    let checked = check_part(part, path)?;
    ensure!(checked.verdict != Verdict::Other, "{checked}");
    Ok(())
}

const SECOND: Duration = Duration::from_secs(1);
/// Attempts in a row that may bring nothing new.
const ATTEMPTS: u32 = 3;
/// A connection that is silent for so long is given up.
const SILENCE: Duration = Duration::from_secs(60);

struct Download<'a> {
    url: &'a str,
    target: &'a Path,
    check: &'a dyn Fn(&Path) -> Result<()>,
    /// The pause after the first vain attempt; it doubles with each.
    wait: Duration,
}

/// Why an attempt ended early.
enum Failure {
    /// A failure that may not occur in another attempt.
    Passing(anyhow::Error),
    /// A failure that would occur in every attempt.
    Lasting(anyhow::Error),
}

use Failure::{Lasting, Passing};

/// The range of a reply: where it starts and how long the whole file is.
fn content_range(value: &str) -> (Option<u64>, Option<u64>) {
    let Some((range, total)) = value
        .strip_prefix("bytes ")
        .and_then(|rest| rest.split_once('/'))
    else {
        return (None, None);
    };
    (
        range
            .split_once('-')
            .and_then(|(start, _)| start.parse().ok()),
        total.parse().ok(),
    )
}

impl Download<'_> {
    fn run(&self, progress: &mut dyn FnMut(Progress)) -> Result<()> {
        let target = self.target.display();
        if self.target.is_file() {
            return (self.check)(self.target).with_context(|| {
                format!("{target} is there but its content is not the published one: delete it to fetch it anew")
            });
        }
        if let Some(folder) = self.target.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        let mut part = self.target.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        self.complete(&part, progress)?;
        if let Err(error) = (self.check)(&part) {
            // Going on from wrong bytes would never end well.
            let _ = fs::remove_file(&part);
            return Err(error.context(format!(
                "what {} delivered is not the published content and was deleted: try again, or see the official page",
                self.url
            )));
        }
        fs::rename(&part, self.target)
            .with_context(|| format!("{} cannot be renamed to {target}", part.display()))
    }

    /// Attempts until the part is whole or nothing new comes.
    fn complete(&self, part: &Path, progress: &mut dyn FnMut(Progress)) -> Result<()> {
        let (mut best, mut vain) = (size(part), 0);
        loop {
            let error = match self.attempt(part, progress) {
                Ok(()) => return Ok(()),
                Err(Lasting(error)) => return Err(error),
                Err(Passing(error)) => error,
            };
            let now = size(part);
            vain = if now > best { 0 } else { vain + 1 };
            best = best.max(now);
            if vain == ATTEMPTS {
                let kept = match now {
                    0 => String::new(),
                    _ => format!(
                        "; {now} bytes are kept in {}: run it again to go on from there",
                        part.display()
                    ),
                };
                return Err(error.context(format!(
                    "{} failed {ATTEMPTS} times in a row{kept}",
                    self.url
                )));
            }
            thread::sleep(self.wait * (1 << vain));
        }
    }

    /// One request for what is missing of `part`.
    fn attempt(&self, part: &Path, progress: &mut dyn FnMut(Progress)) -> Result<(), Failure> {
        let have = size(part);
        let mut request = agent(self.url).get(self.url);
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| Passing(error.into()))?;
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let (start, total) = header("content-range").map_or((None, None), content_range);
        let length = header("content-length").and_then(|value| value.parse::<u64>().ok());
        let restart = |why: &str| match fs::remove_file(part) {
            Ok(()) => Passing(anyhow::anyhow!("{why}: starting anew")),
            Err(error) => Lasting(
                anyhow::Error::new(error).context(format!("{} cannot be removed", part.display())),
            ),
        };
        let (mut done, total) = match response.status().as_u16() {
            200 => (0, length),
            206 if start == Some(have) => (have, total),
            206 => return Err(restart("the server sent another range than asked for")),
            416 if total == Some(have) => return Ok(()),
            416 if have > 0 => {
                return Err(restart("the server has less than what is here already"));
            }
            status @ (408 | 429 | 500..) => {
                return Err(Passing(anyhow::anyhow!("the server answers {status}")));
            }
            status => {
                let text = "the file may have moved, see the official page";
                return Err(Lasting(anyhow::anyhow!(
                    "the server answers {status} for {}: {text}",
                    self.url
                )));
            }
        };
        let mut file = open(part, done > 0).map_err(Lasting)?;
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 64 << 10];
        loop {
            progress(Progress { done, total });
            let count = body
                .read(&mut buffer)
                .map_err(|error| Passing(error.into()))?;
            if count == 0 {
                break;
            }
            let written = file.write_all(&buffer[..count]);
            written
                .with_context(|| format!("{} cannot be written", part.display()))
                .map_err(Lasting)?;
            done += count as u64;
        }
        match total {
            Some(total) if done < total => Err(Passing(anyhow::anyhow!(
                "the connection ended after {done} of {total} bytes"
            ))),
            _ => file
                .sync_all()
                .context("the download cannot be written")
                .map_err(Lasting),
        }
    }
}

fn agent(url: &str) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .https_only(url.starts_with("https:"))
        .timeout_connect(Some(SILENCE / 2))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .user_agent(concat!("hadamrnn/", env!("CARGO_PKG_VERSION")));
    // This machine is reached without a proxy.
    let config = if url.starts_with("http://127.0.0.1") {
        config.proxy(None)
    } else {
        config
    };
    config.build().new_agent()
}

fn open(part: &Path, append: bool) -> Result<File> {
    let mut options = OpenOptions::new();
    let options = if append {
        options.append(true)
    } else {
        options.write(true).create(true).truncate(true)
    };
    options
        .open(part)
        .with_context(|| format!("{} cannot be written", part.display()))
}

fn size(path: &Path) -> u64 {
    if let Ok(data) = fs::metadata(path) {
        data.len()
    } else {
        0
    }
}
