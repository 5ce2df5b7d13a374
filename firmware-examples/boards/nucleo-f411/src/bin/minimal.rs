//! The smallest program: samples of a motion sensor go into an embedded model, its classes to the log.
//!
//! The sensor is wired to SDA and SCL of the Arduino header. `cargo run --release --bin minimal` here flashes the board
//! and shows the log.
#![no_std]
#![no_main]

use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_stm32::i2c::I2c;
use embassy_time::{Delay, Duration, Ticker};
use hadamrnn_board::imu::Imu;
use hadamrnn_device::imu::SampleSource;
use panic_probe as _;

hadamrnn_runtime::model! {
    /// Sitting, lying or walking upstairs, against the rest: 50 samples a second, an answer after 128 of them.
    static MODEL: Movements = "../../../../../models/har2/model.hdrn", classes = ["other", "resting or upstairs"];
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(Default::default());
    let (scl, sda) = (p.PB8, p.PB9);
    let i2c = I2c::new_blocking(p.I2C1, scl, sda, Default::default());
    let mut sensor = defmt::unwrap!(Imu::start(i2c, Delay));

    let model = defmt::unwrap!(MODEL.model());
    let mut session = defmt::unwrap!(MODEL.session(&model));
    let mut ticker = Ticker::every(Duration::from_hz(50));
    loop {
        ticker.next().await;
        if let Some(sample) = defmt::unwrap!(sensor.poll()) {
            defmt::unwrap!(session.push(&sample));
        }
        if session.steps() == 128 {
            defmt::info!("{}", MODEL.class_name(session.class()));
            session.reset();
        }
    }
}
