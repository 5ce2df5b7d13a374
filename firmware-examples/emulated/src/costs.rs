//! Gathers what [`Report::Cost`] says.

use hadamrnn_firmware_support::report::Report;

use crate::stack;

/// Instructions and bytes, over all windows.
pub struct Costs {
    total: u64,
    pushes: u64,
    window: u64,
    step_min: u32,
    step_max: u32,
    readout: u32,
    load: u32,
    stack: u32,
    session: u32,
}

impl Costs {
    /// Costs before the first count, for a session of `session` bytes of a model that was read in `load` instructions.
    #[must_use]
    pub const fn new(session: usize, load: u32) -> Self {
        Self {
            total: 0,
            pushes: 0,
            window: 0,
            step_min: u32::MAX,
            step_max: 0,
            readout: 0,
            load,
            stack: 0,
            session: session as u32,
        }
    }

    /// Takes the depth of the stack.
    pub const fn stack(&mut self, bytes: u32) {
        self.stack = bytes;
    }

    /// Takes the instructions of one push.
    pub fn step(&mut self, count: u32) {
        self.pushes += 1;
        self.step_min = self.step_min.min(count);
        self.step_max = self.step_max.max(count);
    }

    /// Takes the instructions of a window's pushes together, and of its readout.
    pub fn window(&mut self, total: u64, readout: u32) {
        self.total += total;
        self.window = self.window.max(total);
        self.readout = self.readout.max(readout);
    }

    /// The message for the host, logged too.
    #[must_use]
    pub fn report(&self) -> Report {
        let per_step = self.total.div_ceil(self.pushes.max(1));
        let per_step = u32::try_from(per_step).unwrap_or(u32::MAX);
        defmt::info!(
            "{} instructions per step ({} to {}), {} per window, {} B session, {} B stack",
            per_step,
            self.step_min,
            self.step_max,
            self.window,
            self.session,
            self.stack
        );
        Report::Cost {
            instructions_per_window: self.window,
            instructions_per_step: per_step,
            step_min: self.step_min,
            step_max: self.step_max,
            readout: self.readout,
            load: self.load,
            session_bytes: self.session,
            stack_bytes: self.stack,
            static_ram: stack::static_ram(),
        }
    }
}
