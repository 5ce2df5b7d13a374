//! The smallest program: samples of the motion sensor on the board go into an embedded model, its classes to the log.
//!
//! `cargo run --release --bin minimal` here flashes the board and shows the log.
#![no_std]
#![no_main]

use defmt_rtt as _;
use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::i2c::master::I2c;
use esp_hal::main;
use esp_hal::time::{Duration, Instant};
use hadamrnn_board::imu::Imu;
use hadamrnn_device::imu::SampleSource;

esp_bootloader_esp_idf::esp_app_desc!();

hadamrnn_runtime::model! {
    /// Sitting, lying or walking upstairs, against the rest: 50 samples a second, an answer after 128 of them.
    static MODEL: Movements = "../../../../../models/har2/model.hdrn", classes = ["other", "resting or upstairs"];
}

#[main]
fn main() -> ! {
    let p = esp_hal::init(Default::default());
    let i2c = defmt::unwrap!(I2c::new(p.I2C0, Default::default()));
    let i2c = i2c.with_sda(p.GPIO10).with_scl(p.GPIO8);
    let mut sensor = defmt::unwrap!(Imu::start(i2c, Delay::new()));

    let model = defmt::unwrap!(MODEL.model());
    let mut session = defmt::unwrap!(MODEL.session(&model));
    let mut next = Instant::now();
    loop {
        next += Duration::from_millis(20);
        while Instant::now() < next {}
        if let Some(sample) = defmt::unwrap!(sensor.poll()) {
            defmt::unwrap!(session.push(&sample));
        }
        if session.steps() == 128 {
            defmt::info!("{}", MODEL.class_name(session.class()));
            session.reset();
        }
    }
}
