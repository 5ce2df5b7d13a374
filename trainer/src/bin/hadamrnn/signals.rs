//! Signals that ask the program to stop.
//!
//! One that was ignored when the program started stays ignored: so `nohup` keeps it through the end of a login, and a
//! Ctrl-C leaves alone what a script has put into the background. What it starts inherits that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use hadamrnn::jobs::INTERRUPTED;

use crate::output;

/// Set by Ctrl-C, by SIGTERM and at the end of a login: save and stop.
#[derive(Clone)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Catches the signals. A second one ends the program at once.
    pub fn install() -> Result<Self> {
        let flag = Self(Arc::new(AtomicBool::new(false)));
        let seen = flag.0.clone();
        catch(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(INTERRUPTED.into());
            }
            output::note("stopping after this step; press Ctrl-C again to stop without saving");
        })?;
        Ok(flag)
    }

    /// Catches the signals, for what is always at a point where it may stop.
    pub fn install_quietly() -> Result<Self> {
        let flag = Self(Arc::new(AtomicBool::new(false)));
        let seen = flag.0.clone();
        catch(move || seen.store(true, Ordering::SeqCst))?;
        Ok(flag)
    }

    /// Whether a signal came.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(unix)]
fn catch(action: impl FnMut() + Send + 'static) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    let mut action = action;
    let caught = [SIGHUP, SIGINT, SIGTERM].into_iter();
    let mut signals = Signals::new(caught.filter(|&signal| !is_ignored(signal)))
        .context("cannot catch signals")?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || signals.forever().for_each(|_| action()))
        .context("cannot start a thread")?;
    Ok(())
}

#[cfg(not(unix))]
fn catch(action: impl FnMut() + Send + 'static) -> Result<()> {
    ctrlc::set_handler(action).context("cannot catch Ctrl-C")
}

/// Whether this program ignores `signal`. Then a shell that it starts does, too, and survives sending it to itself.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let shell = std::process::Command::new("/bin/sh")
        .args(["-c", &format!("kill -{signal} $$")])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    shell.is_ok_and(|status| status.success())
}
