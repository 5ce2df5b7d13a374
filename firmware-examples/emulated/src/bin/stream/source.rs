//! A recorded stream, over and over.

use hadamrnn_emulated::embedded::WINDOWS;
use hadamrnn_emulated::samples::Samples;

use crate::config::CHANNELS;

/// The samples of a window file, one after the other.
#[derive(Default)]
pub struct Recorded {
    samples: Option<Samples<'static>>,
    left: u32,
}

impl Recorded {
    /// The next sample; after the last one the first.
    ///
    /// # Errors
    /// The window file is malformed or of another number of channels.
    pub fn next(&mut self) -> Result<[i16; CHANNELS as usize], &'static str> {
        const MALFORMED: &str = "the windows are no window file, or of other channels";
        let samples = match &mut self.samples {
            Some(samples) if self.left > 0 => samples,
            none => {
                let opened = Samples::open(WINDOWS, CHANNELS.into()).map_err(|_| MALFORMED)?;
                let header = opened.header();
                self.left = u32::from(header.steps) * u32::from(header.windows);
                none.insert(opened)
            }
        };
        let mut sample = [0; CHANNELS as usize];
        samples.next(&mut sample).map_err(|_| MALFORMED)?;
        self.left = self.left.saturating_sub(1);
        Ok(sample)
    }
}
