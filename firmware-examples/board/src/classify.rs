//! Classifies the embedded windows, and says what that costs.

use hadamrnn_firmware_common::stack;
use hadamrnn_firmware_common::windows::{Header, Windows, decode_sample};
use hadamrnn_runtime::{Kernel, Model, Session};

use crate::cycles::Cycles;
use crate::{About, App, Embedded, Failure};

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

impl<K: Kernel, const N: usize, const D: usize, const POOL: usize, const SECOND: usize>
    App<K, N, D, POOL, SECOND>
{
    /// Classifies every embedded window; logs the classes, the time of a step and the stack's high-water mark since
    /// [`stack::paint`].
    ///
    /// # Errors
    /// What is embedded is not valid, or does not belong together.
    pub fn classify(about: &About, embedded: &Embedded, cycles: &Cycles) -> Result<(), Failure> {
        let model = Model::from_bytes(embedded.model)?;
        let mut session = Session::<K, N, D, POOL, SECOND>::new(&model)?;
        let windows = Windows::parse(embedded.windows)?;
        let header = windows.header();
        let channels = usize::from(header.channels);
        if channels != model.sample_size() {
            return Err(Failure::Channels {
                expected: model.sample_size(),
                found: channels,
            });
        }
        hello(about, &model, header);
        let mut samples = windows.samples();
        let mut steps = Steps::NONE;
        for index in 0..header.windows {
            session.reset();
            for bytes in samples.by_ref().take(header.steps.into()) {
                let mut sample = [0; D];
                let sample = &mut sample[..channels];
                decode_sample(bytes, sample);
                let (pushed, count) = cycles.count(|| session.push_raw(sample));
                pushed?;
                steps.add(count);
            }
            defmt::info!("window {}: class {}", index, session.class());
        }
        steps.log(cycles);
        let (used, there) = stack::high_water_mark();
        let session = size_of_val(&session);
        defmt::info!("the session takes {} B; the stack took {} of {} B", session, used, there);
        Ok(())
    }
}

fn hello(about: &About, model: &Model<'_>, windows: Header) {
    defmt::info!(
        "{}, kernel {}: model \"{}\" with {} hidden units, {} windows of {} samples",
        about.board,
        about.kernel,
        model.name(),
        model.hidden_size(),
        windows.windows,
        windows.steps
    );
}
