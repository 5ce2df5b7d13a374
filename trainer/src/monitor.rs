//! Watching a board's stream: what it says, and into a file of labelled samples.
//!
//! [`State`] is what is known so far, for a screen to draw; [`Recorder`] writes samples.

mod record;
mod state;

pub use record::{Recorder, scales_of};
pub use state::{Answered, LastClass, State, Trace, Unit};

use std::time::{Duration, Instant};

use anyhow::Result;
use hadamrnn_device::link::Ask;

use crate::link::{Client, Told};

/// Longest silence before a board is asked again to tell: it may have restarted.
const SILENCE: Duration = Duration::from_secs(5);

/// A subscription to a board's stream, which it renews when the board has restarted.
pub struct Watch {
    client: Client,
    samples: bool,
    heard: Instant,
    silence: Duration,
}

impl Watch {
    /// Asks a board to tell its classes, and its samples where they are wanted. `silence` is that of one window at most.
    ///
    /// # Errors
    /// The board does not answer.
    pub fn start(mut client: Client, samples: bool, window: Duration) -> Result<Self> {
        // Messages from here on belong to this subscription, also those before the answer.
        client.forget();
        client.step(Ask::Stream {
            classes: true,
            samples,
        })?;
        Ok(Self {
            client,
            samples,
            heard: Instant::now(),
            silence: SILENCE.max(window * 2),
        })
    }

    /// The board's next message, if it sends one within `wait`.
    ///
    /// # Errors
    /// The link is broken, or the board has fallen silent and does not answer.
    pub fn next(&mut self, wait: Duration) -> Result<Option<Told>> {
        let told = self.client.listen(wait)?;
        if told.is_some() {
            self.heard = Instant::now();
        } else if self.heard.elapsed() > self.silence {
            self.client.step(Ask::Stream {
                classes: true,
                samples: self.samples,
            })?;
            self.heard = Instant::now();
        }
        Ok(told)
    }

    /// Ends the subscription.
    ///
    /// # Errors
    /// The board does not answer.
    pub fn stop(mut self) -> Result<()> {
        let quiet = Ask::Stream {
            classes: false,
            samples: false,
        };
        self.client.step(quiet).map(drop)
    }
}
