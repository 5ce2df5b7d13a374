//! Classifies the embedded windows, and says what that costs.

use embedded_storage::nor_flash::NorFlash;
use hadamrnn_device::windows::{WindowFile, WindowFileHeader, decode_sample};
use hadamrnn_runtime::room::Array;
use hadamrnn_runtime::{Model, Room, Session};

use crate::Failure;
use crate::app::App;
use crate::cycles::Cycles;
use crate::flash::SlotFlash;
use crate::stack;

/// Cycles of all steps.
struct Steps {
    count: u64,
    total: u64,
    min: u32,
    max: u32,
}

impl Steps {
    const NONE: Self = Self {
        count: 0,
        total: 0,
        min: u32::MAX,
        max: 0,
    };

    fn add(&mut self, cycles: u32) {
        self.count += 1;
        self.total += u64::from(cycles);
        self.min = self.min.min(cycles);
        self.max = self.max.max(cycles);
    }

    fn log(&self, cycles: &Cycles) {
        let mean = self.total.div_ceil(self.count.max(1));
        let time = cycles.tenths_of_us(mean);
        defmt::info!(
            "a step takes {} cycles ({} to {}), {}.{} us",
            mean,
            self.min,
            self.max,
            time / 10,
            time % 10
        );
    }
}

impl<R: Room, const SESSIONS: usize> App<R, SESSIONS> {
    /// Classifies every window of a window file by the newest model; logs the classes, the time of a step and the stack's
    /// high-water mark since [`stack::paint`].
    ///
    /// # Errors
    /// The model or the file is not valid, or the model takes other samples.
    pub fn classify<F: NorFlash>(
        &self,
        windows: &[u8],
        flash: SlotFlash<F>,
        cycles: &Cycles,
    ) -> Result<(), Failure> {
        let model = self.boot(flash)?.model;
        let mut session = Session::<R>::new(&model)?;
        let windows = WindowFile::parse(windows)?;
        self.hello(&model, windows.header());
        let mut steps = Steps::NONE;
        let mut samples = windows.samples();
        for index in 0..windows.header().windows {
            session.reset();
            for bytes in samples.by_ref().take(windows.header().steps.into()) {
                let mut sample = R::Sample::ZERO;
                let channels = windows.header().channels.into();
                let sample = sample.as_mut().get_mut(..channels).unwrap_or_default();
                decode_sample(bytes, sample);
                let (pushed, count) = cycles.count(|| session.push(sample));
                pushed?;
                steps.add(count);
            }
            defmt::info!("window {}: class {}", index, session.class());
        }
        steps.log(cycles);
        let (used, there) = stack::high_water_mark();
        let session = size_of_val(&session);
        defmt::info!(
            "the session takes {} B; the stack took {} of {} B",
            session,
            used,
            there
        );
        Ok(())
    }

    fn hello(&self, model: &Model<'_>, windows: WindowFileHeader) {
        defmt::info!(
            "{}, kernel {}: model \"{}\" with {} hidden units, {} windows of {} samples",
            self.firmware.board,
            self.firmware.kernel.name(),
            model.name(),
            model.hidden_size(),
            windows.windows,
            windows.steps
        );
    }
}
