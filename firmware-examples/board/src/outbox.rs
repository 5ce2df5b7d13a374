//! A buffer of frames to be sent to the host.

use hadamrnn_device::link::{MAX_FRAME, Port};

/// Gathers the frames of one turn of the main loop: at most an answer, a sample, and a class with its
/// decision, or what a lesson has come to.
#[derive(Default)]
pub struct Outbox(heapless::Vec<u8, { 3 * MAX_FRAME }>);

impl Outbox {
    /// The gathered bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Port for Outbox {
    /// Always none: this port only sends.
    fn read(&mut self) -> Option<u8> {
        None
    }

    /// Takes a frame, or drops it where there is no room.
    fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.extend_from_slice(bytes);
    }
}
