//! Classifies what a sensor sees, as it sees it.

use embassy_time::{Delay, Duration, Ticker};
use embedded_hal::i2c::I2c;
use hadamrnn_firmware_common::imu::{CHANNELS, SampleSource};
use hadamrnn_runtime::{Kernel, Model, Session};

use crate::imu::Imu;
use crate::{About, App, Embedded, Failure};

impl<K: Kernel, const N: usize, const D: usize, const POOL: usize, const SECOND: usize>
    App<K, N, D, POOL, SECOND>
{
    /// Samples at the model's rate, sleeping in between, and logs a class every hop.
    ///
    /// # Errors
    /// The model is not valid or takes other samples, or the sensor fails.
    pub async fn stream(about: &About, embedded: &Embedded, bus: impl I2c) -> Result<(), Failure> {
        let mut source = Imu::start(bus, Delay)?;
        defmt::info!("{}: found {}", about.board, source.kind());
        let model = Model::from_bytes(embedded.model)?;
        let mut session = Session::<K, N, D, POOL, SECOND>::new(&model)?;
        if model.sample_size() != CHANNELS {
            return Err(Failure::Channels {
                expected: model.sample_size(),
                found: CHANNELS,
            });
        }
        let mut ticker = Ticker::every(Duration::from_hz(about.sample_hz.into()));
        loop {
            ticker.next().await;
            if let Some(sample) = source.poll()? {
                session.push(&sample)?;
                if session.steps() == about.window.into() {
                    defmt::info!("class {}", session.class());
                    session.reset();
                }
            }
        }
    }
}
